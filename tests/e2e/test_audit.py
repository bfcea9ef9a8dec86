# SPDX-License-Identifier: Apache-2.0
"""test_audit: furui train --audit finds labels that were made wrong, like mails with both, and signs that give away."""

import json
import os
import random
import subprocess
import tempfile

import service
from service import B, SLOW, Case

FURUI = os.path.join(B, "furui")
WORDS = {"spam": "winner prize claim pills casino cheap offer bonus click urgent lottery refund".split(),
         "ham": "meeting patch review lunch report agenda minutes draft version thanks invoice school".split(),
         "both": "the a this that on in for with about your our from to of today tomorrow week please".split()}


def furui(*words):
    done = subprocess.run([FURUI, *words], capture_output=True, text=True, timeout=120 * SLOW)
    return done.returncode, done.stdout, done.stderr


class Audit(Case):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="furui-audit-")
        self.addCleanup(self.dir.cleanup)
        self.rng = random.Random(1)

    def path(self, *names):
        return os.path.join(self.dir.name, *names)

    def words(self, label, n=60):
        return " ".join(self.rng.choice(WORDS[label] if self.rng.random() < 0.4 else WORDS["both"]) for _ in range(n))

    def mail(self, label, n=60, head="", host="example.org"):
        return "%sFrom: %s@%s\nTo: b@example.net\nSubject: %s\n\n%s\n" % (
            head, self.rng.choice("abcdefgh"), host, self.words(label, 3), self.words(label, n))

    def corpus(self, name, mails):
        """mails: (label, text)."""
        os.makedirs(self.path(name, "mails"))
        with open(self.path(name, "index"), "w") as index:
            for i, (label, text) in enumerate(mails, 1):
                with open(self.path(name, "mails", str(i)), "w") as f:
                    f.write(text)
                index.write("%s mails/%d\n" % (label, i))
        return self.path(name, "index")

    def audit(self, *words):
        status, out, err = furui("train", "--audit", "--json", *words)
        self.assertEqual((status, err), (0, ""))
        return json.loads(out)

    def test_wrong_labels_are_found_though_their_twins_are_wrong_too(self):
        mails = [(label, self.mail(label)) for label in ["spam", "ham"] * 150]
        other = {"spam": "ham", "ham": "spam"}
        wrong = self.rng.sample(range(len(mails)), 15)
        for i in wrong:
            mails[i] = (other[mails[i][0]], mails[i][1])
        lines = {i + 1 for i in wrong}
        for _ in range(2):  # byte for byte; and one with another greeting, all under the wrong label
            text = self.mail("spam")
            for copy in [text, text, text, text.replace("\n\n", "\n\nhello ann ")]:
                mails.append(("ham", copy))
                lines.add(len(mails))
        index = self.corpus("a", mails)
        report = self.audit("--index", index)
        worst = [m["line"] for m in report["disputed"]][:len(lines)]
        self.assertGreaterEqual(len(lines & set(worst)), len(lines) - 2, (worst, lines))
        first = report["disputed"][0]
        self.assertEqual((first["in"], first["path"], first["label"]),
                         (index, "mails/%d" % first["line"], mails[first["line"] - 1][0]))
        disputes = [m["dispute"] for m in report["disputed"]]
        self.assertEqual(disputes, sorted(disputes, reverse=True))
        self.assertTrue(all((m["p"] > 0.5) == (m["label"] == "ham") for m in report["disputed"]))
        self.assertEqual(report["contrary"], [], "twins of one label are no contradiction")
        self.assertEqual(self.audit("--index", index), report, "the same mails gave another report")

    def test_like_mails_with_both_labels(self):
        mails = [(label, self.mail(label)) for label in ["spam", "ham"] * 40]
        same, text, near = (self.mail("spam", 150) for _ in range(3))
        mails += [("spam", same), ("spam", same), ("ham", same), ("spam", same)]
        mails += [("spam", text), ("ham", text.replace("Subject: ", "Subject: fwd "))]
        mails += [("ham", near), ("spam", near.replace("\n\n", "\n\ndear bob "))]
        index = self.corpus("a", mails)
        found = {g["kind"]: g for g in self.audit("--index", index)["contrary"]}
        self.assertEqual({k: sorted(m["line"] for m in g["mails"]) for k, g in found.items()},
                         {"same mail": [81, 82, 83, 84], "same text": [85, 86], "nearly the same text": [87, 88]})
        self.assertEqual((found["same mail"]["spam"], found["same mail"]["ham"]), (3, 1))

        # The list names the rarer label of a group, both where it is not clearly so, and eval takes it as it is.
        lists = self.path("list")
        status, out, err = furui("train", "--audit", "--index", index, "--disputed", lists)
        self.assertEqual((status, err), (0, ""))
        self.assertIn("3 groups of like mails with both labels", out)
        self.assertIn("3 spam and 1 ham: same mail", out)
        with open(lists) as f:
            listed = {int(line.split()[0]) for line in f if not line.startswith("#")}
        self.assertTrue({83, 85, 86, 87, 88} <= listed, listed)
        self.assertFalse({81, 82, 84} & listed, listed)
        status, out, err = furui("eval", "--json", "--folds", "2", "--index", index, "--exclude", lists)
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(json.loads(out)["excluded"], len(listed))

    def test_signs_that_give_a_label_away(self):
        head = {"ham": "Received: from x by mx.one.example; Mon, %d Jun 2024 10:00:00 +0000\nX-Mailer: Pine 4.2\n",
                "spam": "Received: from x by mx.two.example; Mon, %d Jul 2024 10:00:00 +0000\n"}
        plain = "Received: from x by mx.three.example; Mon, %d Aug 2024 10:00:00 +0000\n"
        told = self.corpus("a", [(label, self.mail(label, head=head[label] % (i % 28 + 1)))
                                 for i, label in enumerate(["spam", "ham"] * 40)])
        untold = self.corpus("b", [(label, self.mail(label, head=plain % (i // 2 % 28 + 1)))
                                   for i, label in enumerate(["spam", "ham"] * 40)])
        spam = self.corpus("c", [("spam", self.mail("spam", host="example.com")) for _ in range(40)])
        signs = self.audit("--source", "told", "--index", told)["signs"]
        found = {(s["kind"], s["what"], s["for"], s["right"]) for s in signs if s["tells"] == "label"}
        for want in [("Received by", "mx.one.example", "ham", 1), ("Received by", "mx.two.example", "spam", 1),
                     ("mailer", "pine", "ham", 1), ("header field", "x-mailer", "ham", 1)]:
            self.assertIn(want, found)
        one = next(s for s in signs if s["what"] == "mx.one.example")
        self.assertEqual((one["ham"], one["spam"]), ({"with": 40, "of": 40}, {"with": 0, "of": 40}))
        text = furui("train", "--audit", "--index", told)[1]
        self.assertIn("says little about others", text)
        self.assertEqual(self.audit("--index", untold)["signs"], [])
        self.assertIn("no single sign tells much", furui("train", "--audit", "--index", untold)[1])

        # Dates alone.
        dated = self.corpus("d", [(label, self.mail(label, head="Date: Mon, %d %s 2023 10:00:00 +0000\n" % (
            i // 2 % 28 + 1, "May" if label == "ham" else "Jun"))) for i, label in enumerate(["spam", "ham"] * 40)])
        signs = self.audit("--index", dated)["signs"]
        self.assertEqual({(s["kind"], s["what"], s["for"], s["right"]) for s in signs},
                         {("date", "2023-05-01 to 2023-05-28", "ham", 1),
                          ("date", "2023-06-01 to 2023-06-28", "spam", 1)})

        # Sources, one of them with one label only.
        words = ["--source", "b", "--index", untold, "--source", "c", "--index", spam]
        signs = self.audit(*words)["signs"]
        self.assertIn(("b", "Received by", "mx.three.example"),
                      {(s["source"], s["kind"], s["what"]) for s in signs if s["tells"] == "source"})
        self.assertIn("source c against all others (it holds spam only):", furui("train", "--audit", *words)[1])

        # Counts hold no headers, but labels are judged all the same.
        counts = self.path("counts")
        whole = self.audit("--index", told, "--counts", counts)
        again = self.audit("--continue", counts)
        self.assertEqual([m["line"] for m in again["disputed"]], [m["line"] for m in whole["disputed"]])
        self.assertEqual((whole["headers_read"], again["headers_read"]), (80, 0))
        self.assertIn("80 mails came as counts", furui("train", "--audit", "--continue", counts)[1])

    def test_what_cannot_be_audited_is_told(self):
        few = self.corpus("few", [(label, self.mail(label)) for label in ["spam", "ham"] * 4])
        ham = self.corpus("ham", [("ham", self.mail("ham")) for _ in range(30)])
        for index, says in (few, "8 different mails are too few"), (ham, "30 ham and 0 spam: both are needed"):
            status, out, err = furui("train", "-q", "--audit", "--index", index)
            self.assertEqual((status, out), (65, ""))
            self.assertIn(says, err)
        for words, says in [(["--audit", "--index", few, "-o", self.path("x")], "--audit trains nothing"),
                            (["--json", "--index", few, "-o", self.path("x")], "--json goes with --audit"),
                            (["--audit", "--disputed", "x", "--index", few], "--disputed stands behind the --index"),
                            (["--index", few, "--disputed", "x", "-o", self.path("x")],
                             "--disputed goes with --audit")]:
            status, out, err = furui("train", *words)
            self.assertEqual((status, out), (64, ""))
            self.assertIn(says, err)
        full = self.corpus("full", [(label, self.mail(label)) for label in ["spam", "ham"] * 20])
        with open("/dev/full", "w") as nowhere:
            self.assertEqual(subprocess.run([FURUI, "train", "--audit", "--json", "--index", full], stdout=nowhere,
                                            stderr=subprocess.DEVNULL, timeout=60 * SLOW).returncode, 74)
        status, _, err = furui("train", "-q", "--audit", "--index", full, "--disputed", self.path("none", "list"))
        self.assertEqual(status, 74)
        self.assertIn("none/list: ", err)


if __name__ == "__main__":
    service.main()
