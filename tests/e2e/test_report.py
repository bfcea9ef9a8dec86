# SPDX-License-Identifier: Apache-2.0
"""test_report: the page of furui eval --html is whole, harmless and says what --json says; --compare finds what is."""

import html.parser
import json
import math
import os
import random
import re
import tempfile
import xml.etree.ElementTree

import service
from service import Case
from test_models import furui

WORDS = {"spam": "winner prize claim pills casino cheap offer bonus click urgent".split(),
         "ham": "meeting patch review lunch report agenda minutes draft version thanks".split()}
VOID = {"meta", "link", "img", "br", "hr", "input", "base", "embed", "source"}
HOSTILE = [b"<script>alert(1)</script>", b"\"'><img src=x onerror=alert(1)>&amp;", b"\xff\xfe\x1b[31m",
           b"\xe2\x80\xaegpj.exe", b"x" * 200, "日本語 のメール".encode()]


class Page(html.parser.HTMLParser):
    """Tables by id as rows of text, the text itself, and whatever a page must not have."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tables, self.wrong, self.words = [], {}, [], []
        self.table, self.svgs = None, 0
        self.feed(text)
        self.close()
        if self.open:
            self.wrong.append("never closed: %s" % self.open)
        for svg in re.findall(r"<svg.*?</svg>", text, re.S):
            xml.etree.ElementTree.fromstring(svg)
        xml.etree.ElementTree.fromstring(text.split("\n", 1)[1])  # all of it is XML as well

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.table = self.tables.setdefault(dict(attrs).get("id"), [])
        if tag == "tr":
            self.table.append([])
        if tag in ("td", "th"):
            self.table[-1].append("")

    def handle_startendtag(self, tag, attrs):
        self.svgs += tag == "svg"
        if tag in ("script", "link", "img", "iframe", "object", "embed", "base", "form", "a", "use", "image"):
            self.wrong.append("<%s>" % tag)
        for name, value in attrs:
            if name.startswith("on") or name in ("href", "src", "xlink:href", "style"):
                self.wrong.append("%s=%s in <%s>" % (name, value, tag))
            if value and re.search(r"nan|inf\b", value):
                self.wrong.append("%s=%s in <%s>" % (name, value, tag))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append("</%s> out of place" % tag)

    def handle_data(self, data):
        self.words.append(data)
        if "style" in self.open and re.search(r"url\(|@import", data):
            self.wrong.append("the style sheet loads something")
        if self.table and self.table[-1] and self.open and {"td", "th"} & set(self.open):
            self.table[-1][-1] += data

    def rows(self, table):
        """{first cell: the others by column name}."""
        head, rows = self.tables[table][0], self.tables[table][1:]
        return {row[0]: dict(zip(head[1:], row[1:])) for row in rows}


def number(cell):
    """The first number of a cell; None for a dash."""
    if cell == "–":
        return None
    return float(re.match(r"[-+]?[\d.]+", cell.replace("\u202f", ""))[0])


class Report(Case):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="furui-report-")
        self.addCleanup(self.dir.cleanup)
        self.page = self.path("page.html")

    def path(self, *names):
        return os.path.join(self.dir.name, *names)

    def corpus(self, name, seed, n, labels=("spam", "ham"), names=()):
        rng = random.Random(seed)
        folder = self.path(name).encode()
        os.makedirs(os.path.join(folder, b"mails"))
        with open(os.path.join(folder, b"index"), "wb") as index:
            for i in range(n):
                label = rng.choice(labels)
                lean = WORDS[label if rng.random() < 0.8 else "ham"]
                words = [rng.choice(lean if rng.random() < 0.4 else WORDS["ham"] + WORDS["spam"]) for _ in range(40)]
                path = b"mails/%d" % i + (b" " + names[i % len(names)].replace(b"/", b"|") if names else b"")
                with open(os.path.join(folder, path), "w") as mail:
                    mail.write("From: %s@example.org\nTo: b@example.net\nSubject: %s\n\n%s\n" % (
                        rng.choice("abcdef"), " ".join(words[:4]), " ".join(words)))
                index.write(label.encode() + b" " + path + b"\n")
        return self.path(name, "index")

    def eval(self, *words):
        status, out, err = furui("eval", "--json", "--html", self.page, *words)
        self.assertEqual((status, err), (0, ""))
        return json.loads(out), self.read()

    def read(self):
        with open(self.page, encoding="utf-8") as f:
            page = Page(f.read())
        self.assertEqual(page.wrong, [])
        return page

    def check(self, cell, want, places):
        got = number(cell)
        if want is None or got is None:
            self.assertEqual((got, cell), (want, "–"))
        else:
            self.assertAlmostEqual(got, want, delta=0.5 * 10 ** -places + 1e-6)

    def test_the_page_says_what_json_says(self):
        figures, page = self.eval("-i", self.corpus("a", 1, 60), "-i", self.corpus("b", 2, 40),
                                  "-i", self.corpus("only-ham", 3, 15, ["ham"]), "--protocol", "immediate")
        rows = page.rows("figures")
        for name, key, places in [
                ("1-ROCA%", "roca_pct", 4), ("lam%", "lam_pct", 3), ("spam missed at 0.1%", "missed_at_0.1_pct", 2),
                ("spam missed at 0.05%", "missed_at_0.05_pct", 2), ("spam missed at 0.01%", "missed_at_0.01_pct", 2),
                ("ham called ham", "ham_called_ham_pct", 2), ("ham called unsure", "ham_called_unsure_pct", 2),
                ("ham called spam", "ham_called_spam_pct", 2), ("spam called ham", "spam_called_ham_pct", 2),
                ("spam called unsure", "spam_called_unsure_pct", 2), ("spam called spam", "spam_called_spam_pct", 2),
                ("calibration error", "calibration_error", 4), ("Brier score", "brier", 4),
                ("log loss", "log_loss", 4)]:
            self.check(rows[name]["value"], figures[key], places)
        low, high = rows["1-ROCA%"]["95% interval"].split(" to ")
        self.check(low, figures["roca_low_pct"], 4)
        self.check(high, figures["roca_high_pct"], 4)
        for table, key in ("by-source", "sources"), ("by-language", "languages"), ("by-kind", "kinds"):
            rows = page.rows(table)
            self.assertEqual(list(rows), [s["name"] for s in figures[key]])
            for one in figures[key]:
                row = rows[one["name"]]
                for name, of, places in [
                        ("ham", "ham", 0), ("spam", "spam", 0), ("1-ROCA%", "roca_pct", 4),
                        ("spam missed at 0.1%", "missed_at_0.1_pct", 2), ("ham called spam", "ham_called_spam_pct", 2),
                        ("spam called ham", "spam_called_ham_pct", 2), ("calibration error", "calibration_error", 4)]:
                    self.check(row[name], one[of], places)
        self.assertGreaterEqual(page.svgs, 4)
        text = "".join(page.words)
        for title in "ROC curve", "Calibration", "Calibration at both ends", "Scores of ham and spam":
            self.assertIn(title, text)
        self.assertEqual(text.count("How to read it."), 4)
        self.assertNotIn("nan", text.split("</style>")[-1].split("Verdicts on")[1])

    def test_paths_are_only_ever_words(self):
        names = HOSTILE * 2
        index = self.corpus("<b onclick=x>&'\"", 4, 40, names=names)
        figures, page = self.eval("-i", index, "--protocol", "immediate", "--unsure-at", "0", "--spam-at", "1")
        text = "".join(page.words)
        self.assertIn("<script>alert(1)<|script>", text)  # as words
        self.assertIn("\\xff\\xfe\\x1b[31m", text)
        self.assertIn("\\xe2\\x80\\xaegpj.exe", text)
        self.assertIn("日本語 のメール", text)
        self.assertIn("<b onclick=x>&'\"", text)
        for c in "\u202e\x1b\x00":
            self.assertNotIn(c, text)

    def test_few_mails_and_one_class(self):
        for n, labels in (1, ["ham"]), (1, ["spam"]), (10, ["ham", "spam"]), (30, ["ham"]), (30, ["spam"]):
            with self.subTest(n=n, labels=labels):
                figures, page = self.eval("-i", self.corpus("%d%s" % (n, labels[0] + labels[-1]), 5, n, labels),
                                          "--protocol", "immediate")
                text = "".join(page.words)
                self.assertEqual("There is no ROC curve" in text, len(labels) == 1)
                self.check(page.rows("figures")["1-ROCA%"]["value"], figures["roca_pct"], 4)
        with open(self.path("none"), "w") as f:
            f.write("1 this\n")
        figures, page = self.eval("-i", self.corpus("alone", 6, 1), "-x", self.path("none"), "--protocol", "immediate")
        self.assertEqual(figures["mails"], 0)
        self.assertIn("No mail counts", "".join(page.words))

    def test_a_page_is_whole_or_the_old_one(self):
        index = self.corpus("a", 7, 30)
        with open(self.page, "w") as f:
            f.write("the old page")
        before = sorted(os.listdir(self.dir.name))
        status, _, err = furui("eval", "-i", index, "--protocol", "immediate", "--html", self.page, limit_bytes=8192)
        self.assertEqual(status, 74)
        self.assertIn("page.html: cannot write: File too large", err)
        self.assertEqual(sorted(os.listdir(self.dir.name)), before)
        with open(self.page) as f:
            self.assertEqual(f.read(), "the old page")
        for where in self.path("no", "where.html"), self.dir.name:
            status, out, err = furui("eval", "-i", index, "--protocol", "immediate", "--html", where)
            self.assertEqual((status, out, err.count("\n")), (74, "", 1))
            self.assertIn(where, err)

    # --- --compare -------------------------------------------------------------------------------------------------

    def scores(self, name, mails):
        with open(self.path(name), "w") as f:
            f.writelines("%s %s %.6f\n" % m for m in mails)
        return self.path(name)

    def compare(self, a, b, *more):
        status, out, err = furui("eval", "--compare", a, b, "--json", "--html", self.page, *more)
        self.assertEqual((status, err), (0, ""))
        return json.loads(out), self.read()

    def pair(self, n, worse, seed=8):
        """Two files of scores; B's have `worse` as much noise more."""
        rng = random.Random(seed)
        a, b = [], []
        for i in range(n):
            label = "spam" if rng.random() < 0.6 else "ham"
            score = rng.gauss(4 if label == "spam" else -4, 2)
            a.append((label, "mail <%d> &" % i, score + rng.gauss(0, 0.3)))
            b.append((label, "mail <%d> &" % i, score + rng.gauss(0, 0.3 + worse)))
        return a, b

    @staticmethod
    def called(score, spam_at=0.9, unsure_at=0.5):
        p = 1 / (1 + math.exp(-max(-700, min(700, score))))
        return "spam" if p >= spam_at else "unsure" if p >= unsure_at else "ham"

    def test_compare_counts_what_there_is(self):
        a, b = self.pair(3000, 2.5)
        c, page = self.compare(self.scores("a", a), self.scores("b", b))
        flips = {x[1]: (x[0], self.called(x[2]), self.called(y[2])) for x, y in zip(a, b)
                 if self.called(x[2]) != self.called(y[2])}
        self.assertEqual({f["path"]: (f["label"], f["a"]["called"], f["b"]["called"]) for f in c["flips"]}, flips)
        only = {}
        for (label, _, x), (_, _, y) in zip(a, b):
            x, y = ((self.called(s) == "spam") == (label == "spam") for s in (x, y))
            for key in label, "both":
                only.setdefault(key, [0, 0])
                only[key][0] += x and not y
                only[key][1] += y and not x
        for key, (x, y) in only.items():
            test = c["mcnemar_spam"][key]
            self.assertEqual((test["only_a_right"], test["only_b_right"]), (x, y))
            exact = min(1, 2 * sum(math.comb(x + y, k) for k in range(min(x, y) + 1)) / 2 ** (x + y))
            self.assertAlmostEqual(test["p"], exact, delta=1e-9)
        self.assertEqual(c["better"], "A")
        self.assertIn("A is significantly better", c["sentence"])
        self.assertIn(c["sentence"], "".join(page.words))
        rows = page.rows("figures")
        for name, key, places in ("1-ROCA%", "roca_pct", 4), ("spam missed at 0.1%", "missed_at_0.1_pct", 2):
            self.check(rows[name]["A"], c[key]["a"], places)
            self.check(rows[name]["B"], c[key]["b"], places)
            self.check(rows[name]["B − A"], c[key]["difference"], places)
            low, high = rows[name]["95% interval"].split(" to ")
            self.check(low, c[key]["low"], places)
            self.check(high, c[key]["high"], places)
        shown = page.tables["flips-worse"][1:] + page.tables["flips-better"][1:]
        self.assertTrue(shown and all(row[-1] in flips for row in shown))
        status, out, err = furui("eval", "--compare", self.path("a"), self.path("b"))
        self.assertIn("\n(p above are corrected for their number, by Holm's rule; p below stand alone)\n", out)
        self.assertEqual((status, err), (0, ""))
        self.assertIn(c["sentence"], " ".join(out.split()))
        self.assertIn("mails whose verdict flips: %d\n" % len(flips), out)

    def test_compare_is_not_fooled_by_chance(self):
        a, b = self.pair(3000, 0)
        c, page = self.compare(self.scores("a", a), self.scores("b", b))
        self.assertEqual(c["better"], "neither")
        self.assertIn("No significant difference", c["sentence"])
        c, page = self.compare(self.path("a"), self.path("a"))
        self.assertEqual((c["better"], c["flips"]), ("neither", []))
        self.assertIn("No difference", c["sentence"])
        swapped, _ = self.compare(self.path("b"), self.path("a"))
        again, _ = self.compare(self.path("a"), self.path("b"))
        self.assertEqual(swapped["roca_pct"]["difference"], -again["roca_pct"]["difference"])
        self.assertEqual(swapped["roca_pct"]["low"], -again["roca_pct"]["high"])

    def test_compare_of_25000_mails(self):
        a, b = self.pair(25000, 1)
        c, page = self.compare(self.scores("a", a), self.scores("b", b))
        self.assertEqual(c["mails"], 25000)
        self.assertEqual(len(page.tables["flips-worse"]), 201)
        self.assertLess(os.path.getsize(self.page), 250000)

    def test_compare_of_few_mails_and_one_class(self):
        a, b = self.pair(10, 1)
        self.assertEqual(self.compare(self.scores("a", a), self.scores("b", b))[0]["mails"], 10)
        for label in "ham", "spam":
            with self.subTest(label=label):
                c, page = self.compare(self.scores("a", [x for x in a if x[0] == label]),
                                       self.scores("b", [x for x in b if x[0] == label]))
                self.assertIsNone(c["roca_pct"]["p"])
                self.assertIn("There is no ROC curve", "".join(page.words))

    def test_compare_of_scores_that_no_axis_expects(self):
        for name, scores in [("level", [0] * 40), ("huge", [-1e308, 1e308, 0, 5] * 10), ("far", [1e9] * 40),
                             ("shares", [i / 40 for i in range(40)]), ("close", [7 + i * 1e-9 for i in range(40)])]:
            for turned in False, True:
                with self.subTest(name=name, turned=turned):
                    a = [("spam" if i % 2 else "ham", "m%d" % i, s) for i, s in enumerate(scores)]
                    b = [(label, path, -s if turned else s) for label, path, s in a]
                    c, page = self.compare(self.scores("a", a), self.scores("b", b))
                    self.assertEqual(len(c["flips"]), sum(self.called(x[2]) != self.called(y[2]) for x, y in zip(a, b)))

    def test_compare_bundles_on_an_index(self):
        index, other = self.corpus("a", 9, 60), self.corpus("b", 10, 60)
        for name, source in ("a.bundle", index), ("b.bundle", other):
            self.assertEqual(furui("train", "-q", "--index", source, "-o", self.path(name))[0], 0)
        a, b, s = self.path("a.bundle"), self.path("b.bundle"), self.path("scores")
        self.assertEqual(furui("eval", "-i", index, "-b", a, "--scores", s)[0], 0)
        with open(self.path("audit"), "w") as f:
            f.write("2\n5\n")
        c, page = self.compare(a, b, "-i", index, "-x", self.path("audit"), "-i", other)
        self.assertEqual(c["mails"], 118)
        self.assertEqual(list(page.rows("by-source")), [index, other])
        self.assertIn("by-language", page.tables)
        for f in c["flips"]:
            self.assertIn(f["source"], (index, other))
        for side, bundle in ("a", a), ("b", b):
            self.assertEqual(c[side]["model"], json.loads(furui("model", "info", "--json", bundle)[1])["id"])
            self.assertIn("%s (model %s)" % (bundle, c[side]["model"]), "".join(page.words))
        c, page = self.compare(s, a, "-i", index)  # a bundle agrees with what it said
        self.assertEqual((c["better"], c["flips"], c["roca_pct"]["difference"]), ("neither", [], 0))
        c, page = self.compare(s, s, "-i", index, "-x", self.path("audit"))
        self.assertEqual(c["mails"], 58)
        self.assertEqual(self.compare(s, s, "-x", self.path("audit"))[0]["mails"], 58)

    def test_compare_refuses_what_cannot_be_compared(self):
        good = self.scores("good", [("spam", "x", 1), ("ham", "y z", -1)])
        for name, text, says in [
                ("shorter", "spam x 1\n", "shorter has 1 mails, but"),
                ("other", "spam x 1\nham w -1\n", "other:2: the mail is 'ham w', but 'ham y z' in"),
                ("labels", "spam x 1\nspam y z -1\n", "labels:2: the mail is 'spam y z'"),
                ("no-score", "spam x 1\nham\n", "no-score:2: no path"),
                ("words", "spam x 1\nham y z\n", "words:2: not a line of label, path and score"),
                ("nan", "spam x nan\nham y z 1\n", "nan:1: not a line"),
                ("infinite", "spam x 1\nham y z -inf\n", "infinite:2: not a line"),
                ("empty", "", "empty: names no mail"),
                ("bytes", "\x01\x02\x00", "neither a bundle nor a file of scores")]:
            with self.subTest(name=name):
                with open(self.path(name), "w") as f:
                    f.write(text)
                status, out, err = furui("eval", "--compare", good, self.path(name))
                self.assertEqual((status, out, err.count("\n")), (66, "", 1), err)
                self.assertIn(says, err)
        for words, says in [
                (["--compare", good], "takes two"), (["--compare", good, good, good], "unexpected argument"),
                (["--compare", good, good, "--protocol", "immediate"], "--compare judges by its own two"),
                (["--compare", service.BUNDLE, good], "there is none"),
                (["--compare", good, good, "--scores", "x"], "--compare judges by its own two")]:
            with self.subTest(words=words):
                status, out, err = furui("eval", *words)
                self.assertEqual((status, out), (64, ""))
                self.assertIn(says, err)
        self.assertEqual(furui("eval", "--compare", good, self.path("missing"))[0], 66)
        os.mkfifo(self.path("pipe"))  # nobody will write to it
        for words in ["eval", "--compare", good, self.path("pipe")], ["model", "info", self.path("pipe")]:
            status, _, err = furui(*words)
            self.assertEqual((status, "not a regular file" in err), (66, True), (words, err))


if __name__ == "__main__":
    service.main()
