# SPDX-License-Identifier: Apache-2.0
"""test_show: `furui show` on our samples and on hostile mail: what it says holds, adds up, and stays within its lines."""

import glob
import json
import os
import subprocess
import tempfile
import unicodedata

import service
from service import B, BUNDLE, ROOT, SLOW, Case, Service, mail

FURUI = os.path.join(B, "furui")
SAMPLES = sorted(glob.glob(os.path.join(ROOT, "docs/samples/mails/*.eml")))
OTHERS = sorted(glob.glob(os.path.join(ROOT, "tests/mail/*.eml")))
SECTIONS = ["why: each", "oddities", "authentication", "header, decoded", "parts", "links", "shape: counts", "shape: numbers"]
HOSTILE = (b"From: \x1b[31mred\x1b[0m \xe2\x80\xae <a@example.org>\r\nSubject: \x9b31m =?utf-8?B?G10wO3RpdGxlBw==?= \xe2\x80\x8b\r\n"
           b"\x1b[2J: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=\x1bx\r\n\r\n"
           b"<a href=\"http://x.example/\x1b]0;t\x07\">go</a>\x1b[2J\x00\xff<p style=\"display:none\">\x1b[5m</p>" + b"w" * 5000 +
           b"\r\n--b\r\nContent-Type: application/\x1bz; name=\"\xe2\x80\xaecod.\x1b[1mexe\"\r\n\r\nMZ\r\n--b--\r\n")


def show(*words, stdin=b"", **more):
    done = subprocess.run([FURUI, "show", *words], input=stdin, capture_output=True, timeout=120 * SLOW, **more)
    return done.returncode, done.stdout, done.stderr.decode()


def cells(line):
    return sum(0 if unicodedata.category(c) in ("Mn", "Me") else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


class Show(Case):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="furui-show-")
        self.addCleanup(folder.cleanup)
        self.dir = folder.name

    def write(self, name, content):
        path = os.path.join(self.dir, name)
        with open(path, "wb") as f:
            f.write(content)
        return path

    def text(self, *words, **more):
        status, out, err = show(*words, **more)
        self.assertEqual((status, err), (0, ""))
        return out.decode()

    def json(self, *words, **more):
        return [json.loads(line) for line in self.text("--json", *words, **more).splitlines()]

    def check_lines(self, text):
        for line in text.splitlines():
            self.assertLessEqual(cells(line), 100, line)
            bad = [c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs")]
            self.assertEqual(bad, [], line)

    def test_text_of_each_sample(self):
        for path in SAMPLES + OTHERS:
            for more in ((), ("--all",)):
                text = self.text(*more, path)
                self.check_lines(text)
                at = -1
                for section in SECTIONS:
                    self.assertIn("\n" + section, text[max(at, 0):], path)
                    at = text.index("\n" + section, max(at, 0))

    def test_shares_add_up(self):
        for path in SAMPLES + OTHERS:
            o = self.json(path)[0]
            w, v = o["weights"], o["verdict"]
            self.assertFalse(w["cut"])
            self.assertAlmostEqual(sum(f["weight"] for f in w["features"]), w["sum"], places=4)
            self.assertAlmostEqual(sum(f["sum"] for f in w["views"]), w["sum"], places=4)
            self.assertAlmostEqual(w["base"] + w["sum"] + w["rest"], v["score"], places=4)
            self.assertLess(abs(w["rest"]), 0.001 * (1 + abs(v["score"])))
            sizes = [abs(f["weight"]) for f in w["features"]]
            self.assertEqual(sizes, sorted(sizes, reverse=True))
            want = "spam" if v["p"] >= 0.9 else "unsure" if v["p"] >= 0.5 else "ham"
            self.assertEqual(v["class"], want)

    def test_shares_add_up_as_printed(self):
        for more in ((), ("--all",)):
            lines = self.text(*more, SAMPLES[0]).split("\nwhy: ")[1].split("\n\n")[0].splitlines()[1:]
            shares = [float(line.split()[0]) for line in lines]
            self.assertAlmostEqual(sum(shares[:-1]), shares[-1], delta=0.0006 * len(shares))

    def test_same_score_as_eval_and_service(self):
        scores = os.path.join(self.dir, "scores")
        subprocess.run([FURUI, "eval", "--index", os.path.join(ROOT, "docs/samples/index"), "--scores", scores], check=True,
                       capture_output=True)
        with open(scores) as f:
            want = {os.path.basename(line.split()[1]): float(line.split()[2]) for line in f}
        got = self.json(*SAMPLES)
        self.assertEqual(len(got), len(want))
        with Service(redis_server="off") as s:
            s.start()
            for o in got:
                score = o["verdict"]["score"]
                self.assertAlmostEqual(score, want[os.path.basename(o["path"])], places=5)
                with open(o["path"], "rb") as f:
                    v = s.classify(f.read(), explain=True)
                self.assertAlmostEqual(score, v["score"], places=5)
                self.assertEqual([x["word"] for x in o["oddities"]], v.get("oddities", []))
                self.assertEqual(o["weights"]["features"][0]["what"], v["reasons"][0][0])

    def test_what_is_in_a_mail(self):
        o = self.json(os.path.join(ROOT, "docs/samples/mails/spam-en-phish.eml"))[0]
        self.assertEqual(o["from"], {"address": "support@login-check.example", "name": "Mail Administrator",
                                     "domain": "login-check.example"})
        self.assertEqual([(p["type"], p["subtype"], p["charset"], p["encoding"]) for p in o["parts"]],
                         [("text", "html", "utf-8", "quoted-printable")])
        self.assertIn("Dear valued user", o["text"])
        self.assertIn("quarterly gardening", o["hidden"])
        self.assertIn("dear valued user", o["normalised"]["text"])
        self.assertEqual([(u["place"], u["domain"]) for u in o["links"]], [("href", "login-check.example")])
        self.assertIn("hidden-text", [x["word"] for x in o["oddities"]])
        self.assertTrue(all(x["sentence"] != x["word"] for x in o["oddities"]))
        self.assertEqual([h["name"] for h in o["header"]][:2], ["Return-Path", "Received"])
        self.assertEqual((o["counts"]["html-parts"], o["numbers"]["html"]), (1, 1))
        path = self.write("list.eml", b"List-Unsubscribe: <https://list.example.org/leave>\r\n" + mail())
        self.assertEqual([(u["place"], u["url"]) for u in self.json(path)[0]["links"]], [("list", "https://list.example.org/leave")])
        self.assertIn("https://list.example.org/leave", self.text(path))
        o = self.json(os.path.join(ROOT, "docs/samples/mails/ham-ja-meeting-iso2022jp.eml"))[0]
        self.assertIn("iso-2022-jp", [h.get("charset", "").lower() for h in o["header"]])

    def test_authentication(self):
        path = self.write("m.eml", b"Authentication-Results: mx.example.net; dkim=pass header.d=news.example.org; dmarc=fail\r\n" + mail())
        self.assertEqual(self.json(path)[0]["auth"], {})
        self.assertIn("nobody who is trusted", self.text(path))
        self.assertIn("of mx.example.net, below 0 Received fields: a host that is not trusted", self.text(path))
        below = self.write("below.eml", b"Received: from x by y; Sat, 1 Jan 2022 00:00:00 +0000\r\nAuthentication-Results: MX.example.net;"
                                        b" dkim=pass\r\nARC-Authentication-Results: spf=pass\r\n" + mail())
        o = self.json("--trust", "mx.example.net", below)[0]
        self.assertEqual([(f["arc"], f["id"], f["trusted"], f["received_above"]) for f in o["auth_fields"]],
                         [(False, "MX.example.net", True, 1), (True, "", False, 1)])
        self.assertEqual(o["auth"], {})
        self.assertIn("below 1 Received field: out of reach", self.text("--trust", "mx.example.net", below))
        self.assertIn("below 1 Received field: believed", self.text("--trust", "mx.example.net", "--own-received", "1", below))
        o = self.json("--trust", "mx.example.net", "--spf", "softfail", path)[0]
        self.assertEqual(o["auth"], {"spf": {"result": "softfail"}, "dmarc": {"result": "fail"},
                                     "dkim": {"result": "pass", "domain": "news.example.org", "aligned": True}})
        config = self.write("f.ini", b"[mail]\ntrusted_authserv = mx.example.net\n[policy]\nunsure_at = 0\nspam_at = 0\n")
        o = self.json("--config", config, path)[0]
        self.assertEqual((o["auth"]["dmarc"]["result"], o["verdict"]["class"]), ("fail", "spam"))
        self.assertIn("aligned with From's domain", self.text("--config", config, path))

    def test_nothing_reaches_the_terminal(self):
        path = self.write("hostile.eml", HOSTILE)
        for more in ((), ("--all",)):
            text = self.text(*more, path)
            self.check_lines(text)
            self.assertIn("<U+001B>", text)
            self.assertIn("<U+202E>", text)
        for c in self.text("--json", path).rstrip("\n"):
            self.assertNotEqual(unicodedata.category(c), "Cc")
        bad = self.write("\x1b[31m.eml", b"x")
        self.assertIn("<U+001B>", self.text(bad))
        self.assertNotIn("\x1b", show(bad + "\x1b")[2])

    def test_long_texts_are_cut(self):
        path = self.write("long.eml", mail(body="long words " * 1000))
        cut, whole = self.text(path), self.text("--all", path)
        self.assertIn("more bytes]", cut)
        self.assertIn("smaller shares", cut)
        self.assertNotIn("more bytes]", whole)
        self.assertNotIn("smaller shares", whole)
        self.assertGreater(len(whole), 2 * len(cut))

    def test_ways_to_name_a_mail(self):
        whole = mail(7)
        path = self.write("m.eml", whole)
        box = self.write("in.mbox", b"".join(b"From a@example.org Sat Jan  1 00:00:00 2022\n" + mail(n).replace(b"\r\n", b"\n") + b"\n"
                                             for n in range(3)))
        self.assertEqual(self.json("-", stdin=whole)[0]["verdict"], self.json(path)[0]["verdict"])
        self.assertEqual([o["number"] for o in self.json(box)], [1, 2, 3])
        o = self.json(box + ":2")
        self.assertEqual([(x["path"], x["number"]) for x in o], [(box, 2)])
        self.assertIn("letter 1", [h.get("value") for h in o[0]["header"]])
        self.assertEqual(len(self.json(self.dir)), 4)
        status, _, err = show(box + ":4")
        self.assertEqual(status, 66)
        self.assertIn("no such mail", err)

    def test_empty_and_odd_input(self):
        for content in (b"", b"\n", b"\0", b"x", b"\xff" * 3000, b"a: b\n" * 3000, b"(" * 20000):
            path = self.write("odd.eml", content)
            self.check_lines(self.text(path))
            self.assertEqual(self.json(path)[0]["bytes"], len(content))

    def test_faults(self):
        good = SAMPLES[0]
        for status, words in ((64, ()), (64, ("--nonsense", good)), (64, ("--trust", "a b", good)), (65, ("--bundle", good, good)),
                              (65, ("--config", good, good)), (65, ("--bundle", "/nowhere", good)), (66, ("/nowhere/x.eml",))):
            got, out, err = show(*words)
            self.assertEqual((got, out), (status, b""), words)
            self.assertTrue(err)
        status, out, err = show("/nowhere/x.eml", good)  # the other is shown
        self.assertEqual(status, 66)
        self.assertIn(b"verdict", out)
        self.assertIn("/nowhere/x.eml", err)
        with open(BUNDLE, "rb") as f:
            broken = self.write("broken.bundle", f.read()[:100000])
        self.assertEqual(show("--bundle", broken, good)[0], 65)
        with open("/dev/full", "w") as full:
            self.assertEqual(subprocess.run([FURUI, "show", good], stdout=full, stderr=subprocess.DEVNULL).returncode, 74)
        self.assertEqual(show("--help")[0], 0)


if __name__ == "__main__":
    service.main()
