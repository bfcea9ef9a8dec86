# SPDX-License-Identifier: Apache-2.0
"""variants: campaigns of our own writing, each in thousands of variants that differ as those of a sender do who wants
each mail to look like no other.

In every variant these rotate: sender (name, address, domain), link domains and paths, client address and network,
names, amounts, numbers, boundaries, ids in hex, mailer, order of fields. To, Date and the host that took the mail in
are those of ham, so that nothing but the sender's own doing tells a variant from other traffic. A level says how much
its text differs besides:

  slots     not at all: the same sentences
  synonyms  each sentence in one of several wordings, sentences left out
  words     the same, and 10% of words replaced by words of other mail
  storm     20% replaced, and 30% as many words of other mail put behind

Texts stand in campaigns/*.txt: {a|b} is a choice, <what> is filled in, * begins a sentence that may be left out.
Japanese words are parted by "/", which goes away."""

import base64
import collections
import email.header
import glob
import html
import os
import random
import re

Level = collections.namedtuple("Level", "synonyms replaced behind")
LEVELS = {"slots": Level(False, 0, 0), "synonyms": Level(True, 0, 0), "words": Level(True, 10, 0),
          "storm": Level(True, 20, 30)}
Template = collections.namedtuple("Template", "form subjects text")
Variant = collections.namedtuple("Variant", "raw envelope")

HERE = os.path.dirname(os.path.abspath(__file__))


def read_template(path):
    """A file of campaigns/: its form, its subjects, an empty line, sentences, a line each; an indented line belongs to
    the sentence above it."""
    with open(path, encoding="utf-8") as f:
        head, _, text = f.read().partition("\n\n")
    said = [line.split(" ", 1) for line in head.split("\n")]
    return Template(said[0][1], [value for _, value in said[1:]], text.strip().replace("\n  ", " ").split("\n"))


TEMPLATES = {os.path.basename(path)[:-4]: read_template(path)
             for path in sorted(glob.glob(os.path.join(HERE, "campaigns/*.txt")))}

FIRST = """Hana Tom Maria Jon Petra Ali Sven Lucy Omar Nadia Paul Ines Karl Rosa Emil Vera Hugo Nora Ivan Lena Marc Sara
Dan Judith Leo Clara Felix Anna Victor Mina Otto Elsa Ravi Zoe Amir Tess""".split()
LAST = """Moor Hill Berg Stone Weber Rossi Nagy Silva Lund Marsh Novak Perez Tanaka Kim Baker Frost Holt Lang Mercer
Nash Orr Pike Quist Reid Sharp Thorn Udall Voss Wynn York Zeller Abbot Cole Drake""".split()
CITY = "London Leeds Porto Turin Lyon Graz Ghent Malmo Gdansk Brno Split Cork Bergen Oulu Vigo Bari Aarhus".split()
TOP = "com net org info biz us ru cn de it fr pl nl eu in br".split()
MAILER = ["", "X-Mailer: Microsoft Outlook Express 6.00.2900.2180", "X-Mailer: Microsoft Office Outlook 11",
          "User-Agent: Thunderbird 2.0.0.6", "X-Mailer: The Bat! (v3.5)", "X-Mailer: Apple Mail (2.752.3)"]
KANJI = """会社 時間 今日 電話 天気 料理 学校 旅行 写真 音楽 友達 仕事 駅前 図書館 週末 会議 資料 予定 家族 子供 散歩 映画 新聞
野菜 電車 店長 部長 連絡先 住所 来月 昨日 夕方 午前 練習 試合 計画 報告書 変更 相談 準備 参加 場所 地図 荷物""".split()
FROM_KANA = "さくら あおい ゆうき はると みさき れん ひなた そうた ゆい かえで".split()


class Words:
    """What is as in the traffic around: words, To, Date, the host that took the mail in, line ends."""

    def __init__(self, raws):
        self.words, self.to, self.dates, self.hosts = [], [], [], []
        crlf = 0
        for raw in raws:
            crlf += 1 if b"\r\n" in raw[:1000] else -1
            header, _, body = re.sub(rb"\r\n", b"\n", raw[:65536]).partition(b"\n\n")
            for name, to in ((rb"To", self.to), (rb"Date", self.dates)):
                found = re.search(rb"^" + name + rb":[ \t]*([^\n]{5,200})\n(?![ \t])", header + b"\n", re.M | re.I)
                if found:
                    to.append(found[1].decode("latin-1"))
            by = re.search(rb"^Received:[^;]*?\sby\s+([\w.-]{3,200})", header, re.M | re.I)
            if by:
                self.hosts.append(by[1].decode())
            found = re.findall(rb"(?<![\w=/.@<%-])[a-z]{3,12}(?![\w=/.@>%-])", body[:4000])
            self.words += [w.decode() for w in found[:120]]
        self.words = self.words or ["word"]
        self.hosts = self.hosts or ["mx.example.net"]
        self.newline = b"\r\n" if crlf > 0 else b"\n"
        self.to = self.to or ["<user@example.net>"]
        self.dates = self.dates or ["Sat, 1 Jan 2022 00:00:00 +0000"]


class Campaign:
    """`make()` gives the next variant of a template at a level."""

    def __init__(self, name, level, words, seed):
        self.template, self.level, self.words = TEMPLATES[name], LEVELS[level], words
        self.dice = random.Random("%s %s %d" % (name, level, seed))
        self.japanese = self.template.form == "japanese"

    # --- what rotates ---

    def hex(self, least, most):
        return "%0*x" % (n := self.dice.randint(least, most), self.dice.getrandbits(4 * n))

    def word(self):
        return self.dice.choice(self.words.words)

    def domain(self):
        glue = self.dice.choice(["", "-", "", str(self.dice.randint(2, 99))])
        return "%s%s%s.%s" % (self.word(), glue, self.word(), self.dice.choice(TOP))

    def link(self):
        path = self.dice.choice(["/", "/%s/" % self.word(), "/%s.php" % self.word(),
                                 "/%s/%s" % (self.word(), self.hex(4, 9))])
        query = self.dice.choice(["", "?%s=%s" % (self.word(), self.hex(4, 16)), "?" + self.hex(6, 20)])
        return "http://%s%s%s%s" % (self.dice.choice(["", "www.", self.word() + "."]), self.domain(), path, query)

    def address(self):
        return "%s%s@%s" % (self.word(), self.dice.choice(["", "." + self.word(), self.hex(2, 4)]), self.domain())

    def network(self):
        """An address anywhere in the world."""
        first = self.dice.choice([n for n in range(1, 224) if n not in (10, 100, 127, 169, 172, 192, 198, 203)])
        return "%d.%d.%d.%d" % (first, *(self.dice.randrange(256) for _ in range(3)))

    def slot(self, what):
        dice = self.dice
        if what == "first" and self.japanese:
            return dice.choice(FROM_KANA)
        return {"first": lambda: dice.choice(FIRST), "last": lambda: dice.choice(LAST),
                "city": lambda: dice.choice(CITY), "link": self.link,
                "name": lambda: "%s %s" % (dice.choice(FIRST), dice.choice(LAST)),
                "address": self.address, "number": lambda: dice.choice(["%d" % dice.randrange(10 ** 4, 10 ** 9),
                                                                        self.hex(6, 10).upper()]),
                "small": lambda: str(dice.randint(2, 96)), "percent": lambda: "%.1f" % dice.uniform(2, 12),
                "amount": lambda: (dice.choice(["%d", "$%d", "%d USD", "EUR %d"])
                                   % (dice.randint(2, 99) * 10 ** dice.randint(1, 3)))}[what]()

    # --- text ---

    def spin(self, text):
        pick = self.dice.choice if self.level.synonyms else lambda words: words[0]
        text = re.sub(r"\{([^{}]*)\}", lambda m: pick(m[1].split("|")), text)
        return re.sub(r"<(\w+)>", lambda m: self.slot(m[1]), text)

    def replace(self, word):
        """A word, or another in its place; what was filled in stays."""
        if self.dice.random() * 100 >= self.level.replaced or not re.fullmatch(r"[^\W\d_]+[,.?]?", word):
            return word
        tail = word[-1] if word[-1] in ",.?" else ""
        return (self.dice.choice(KANJI) if self.japanese else self.word()) + tail

    def lines(self):
        """The text's sentences."""
        out, glue = [], "/" if self.japanese else " "
        for line in self.template.text:
            may_go = line.startswith("*")
            if may_go and self.level.synonyms and self.dice.random() < 0.3:
                continue
            spun = self.spin(line.lstrip("*"))
            if self.japanese and "://" in spun:
                text, _, link = spun.partition("http:")
                spun = "".join(self.replace(w) for w in text.split("/")) + "http:" + link
            elif self.japanese:
                spun = "".join(self.replace(w) for w in spun.split(glue))
            else:
                spun = " ".join(self.replace(w) for w in spun.split(glue))
            out.append(spun)
        n = sum(max(1, len(line) // 3) if self.japanese else len(line.split()) for line in out)
        n = n * self.level.behind // 100
        while n > 0:
            k = min(n, self.dice.randint(5, 12))
            out.append(("" if self.japanese else " ").join(self.dice.choice(KANJI) if self.japanese else self.word()
                                                          for _ in range(k)))
            n -= k
        return out

    # --- mail ---

    def page(self, lines):
        """The same as HTML, in markup that differs."""
        dice = self.dice
        tag = dice.choice(["p", "div", "td", "p", "li"])
        out = []
        for line in lines:
            def anchor(m):
                more = dice.choice(["", ' target="_blank"', ' id="%s"' % self.hex(3, 8)])
                said = dice.choice(["here", "continue", "open", "view", "more"])
                return '<a href="%s"%s>%s</a>' % (html.escape(m[0]), more, said)
            style = dice.choice(["", ' class="%s"' % self.hex(3, 8), ' style="color:#%s"' % self.hex(6, 6)[:6],
                                 ' style="font-size:%dpx"' % dice.randint(11, 17)])
            out.append("<%s%s>%s</%s>" % (tag, style, re.sub(r"http://\S+", anchor, line), tag))
        inner = "\n".join(out)
        wrap = dice.choice(["%s", "<div id=\"%s\">%%s</div>" % self.hex(4, 8), "<center>%s</center>"])
        if tag == "td":
            inner = "<table width=%d>%s</table>" % (dice.randint(420, 680), re.sub(r"(<td)", r"<tr>\1", inner))
        return "<html><head><title>%s</title></head><body>%s</body></html>" % (self.word(), wrap % inner)

    def part(self, kind, text, charset):
        raw = text.encode(charset, "replace")
        fields = 'Content-Type: text/%s; charset="%s"' % (kind, charset)
        if charset == "utf-8" or charset != "iso-2022-jp" and self.dice.random() < 0.3:
            code = base64.encodebytes(raw).decode()
            return fields + "\nContent-Transfer-Encoding: base64\n\n" + code
        fields += "\nContent-Transfer-Encoding: " + ("7bit" if raw.isascii() else "8bit")
        return fields + "\n\n" + raw.decode("latin-1") + "\n"

    def body(self):
        """Content fields, an empty line, the content."""
        form, lines = self.template.form, self.lines()
        if self.japanese:
            charset = self.dice.choice(["iso-2022-jp", "utf-8"])
            return self.part("plain", "\n".join(lines), charset)
        charset = self.dice.choice(["us-ascii", "iso-8859-1", "utf-8", "windows-1252"])
        plain = "\n".join(lines)
        if form == "plain":
            return self.part("plain", plain, charset)
        if form == "html":
            return self.part("html", self.page(lines), charset)
        line = self.dice.choice(["----=_", "=_", "--", "b1_"]) + self.hex(12, 30)
        return 'Content-Type: multipart/alternative; boundary="%s"\n\n--%s\n%s\n--%s\n%s\n--%s--\n' % (
            line, line, self.part("plain", plain, charset), line, self.part("html", self.page(lines), charset), line)

    def make(self):
        dice = self.dice
        ip, sender = self.network(), self.address()
        name = self.slot("name")
        host = "%s.%s" % (self.word(), self.domain())
        subject = self.spin(dice.choice(self.template.subjects))
        if not subject.isascii():
            subject = email.header.Header(subject, dice.choice(["utf-8", "iso-2022-jp"])).encode()
        received = "Received: from %s (%s [%s])\n\tby %s with %s id %s; %s" % (
            dice.choice([host, self.word(), "[%s]" % ip]), host, ip, dice.choice(self.words.hosts),
            dice.choice(["SMTP", "ESMTP"]), self.hex(8, 12).upper(), dice.choice(self.words.dates))
        fields = ["From: %s <%s>" % (dice.choice([name, '"%s"' % name, name.split()[0]]), sender),
                  "To: " + dice.choice(self.words.to), "Subject: " + subject, "Date: " + dice.choice(self.words.dates),
                  "Message-ID: <%s%s@%s>" % (self.hex(6, 20),
                                             dice.choice(["", "." + self.hex(4, 8), "$" + self.hex(8, 8)]),
                                             dice.choice([sender.split("@")[1], host])),
                  "MIME-Version: 1.0"]
        mailer = dice.choice(MAILER)
        if mailer:
            fields.append(mailer)
        if dice.random() < 0.5:
            fields.append("X-%s: %s" % (self.word().capitalize(), self.hex(8, 40)))
        dice.shuffle(fields)
        raw = "\n".join([received] + fields) + "\n" + self.body()
        return Variant(raw.encode("latin-1", "replace").replace(b"\n", self.words.newline),
                       {"client_ip": ip, "mail_from": sender})
