# SPDX-License-Identifier: Apache-2.0
"""test_eval: protocols, folds, days, wrong labels and slices of `furui eval`, on small corpora of our own making."""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile

from service import B, SLOW, Case, main

FURUI = os.path.join(B, "furui")
WORDS = {"spam": "winner prize claim pills casino cheap offer bonus click urgent".split(),
         "ham": "meeting patch review lunch report agenda minutes draft version thanks".split()}
FIGURES = ["mails", "ham", "spam", "roca_pct", "roca_low_pct", "roca_high_pct", "lam_pct", "caught_at_0.1_pct",
           "caught_at_0.05_pct", "caught_at_0.01_pct", "missed_at_0.1_pct", "missed_at_0.05_pct", "missed_at_0.01_pct",
           "ham_called_ham_pct", "ham_called_unsure_pct", "ham_called_spam_pct", "spam_called_ham_pct",
           "spam_called_unsure_pct", "spam_called_spam_pct", "calibration_error", "log_loss"]


def no_number(word):
    raise ValueError("%s is no JSON" % word)


class Eval(Case):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="furui-eval-test-")
        self.addCleanup(self.dir.cleanup)
        self.index = self.corpus("a", 1, 60)

    def path(self, *names):
        return os.path.join(self.dir.name, *names)

    def corpus(self, name, seed, n, header="Received: from x by y; {day} Nov 2026 08:00:00 +0000\n", labels="spam ham",
               lean=0.4):
        """Mails whose words lean towards their label, three a day from the 1st of November on."""
        rng = random.Random(seed)
        os.makedirs(self.path(name, "mails"))
        with open(self.path(name, "index"), "w") as index:
            for i in range(n):
                label = rng.choice(labels.split())
                words = [rng.choice(WORDS[label] if rng.random() < lean else WORDS["ham"] + WORDS["spam"])
                         for _ in range(30)]
                with open(self.path(name, "mails", str(i)), "w") as mail:
                    mail.write(header.format(day=1 + i // 3, label=label) + "From: %s@example.org\nTo: %s@example.net\n"
                               "Subject: %s\n\n%s\n" % (rng.choice("abcdef"), rng.choice("uvwxyz"), " ".join(words[:4]),
                                                        " ".join(words)))
                index.write("%s mails/%d\n" % (label, i))
        return self.path(name, "index")

    def run_eval(self, *words, **more):
        done = subprocess.run([FURUI, "eval", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=120 * SLOW, **more)
        return done.returncode, done.stdout, done.stderr

    def figures(self, *words):
        status, out, err = self.run_eval(*words, "--json")
        self.assertEqual((status, err), (0, ""))
        return json.loads(out, parse_constant=no_number)

    def test_protocols_learn_so_many_labels(self):
        scores = self.path("scores")
        with open(self.index) as f:
            all_lines = [line.split() for line in f]
        for words, learnt, judged in [
                (["--protocol", "delayed:7"], 53, 60), (["--protocol", "first:20"], 20, 60),
                (["--protocol", "active:12"], 12, 60), (["--protocol", "partial:50%"], None, 60),
                (["--folds", "3"], 60, 60), (["--train-until", "70%"], 42, 18), (["--train-until", "0.5"], 30, 30),
                (["--train-until", "2026-11-15"], 42, 18), (["--train-until", "2026-11-15T09:00Z"], 45, 15)]:
            got = self.figures("--index", self.index, *words, "--scores", scores)
            self.assertEqual(got["mails"], judged, words)
            self.assertEqual(got["flipped"], 0)
            if learnt is None:
                self.assertTrue(0 < got["learnt"] < 60, got)
            else:
                self.assertEqual(got["learnt"], learnt, words)
            self.assertEqual([k for k in FIGURES if k not in got], [])
            with open(scores) as f:
                self.assertEqual([line.split()[:2] for line in f], all_lines[-judged:], words)

    def test_wrong_labels_are_learnt_but_not_judged_by(self):
        clean = self.figures("--index", self.index, "--protocol", "immediate")
        noisy = self.figures("--index", self.index, "--protocol", "immediate", "--flip", "20%")
        other = self.figures("--index", self.index, "--protocol", "first:60", "--flip", "0.2")
        upside_down = self.figures("--index", self.index, "--protocol", "immediate", "--flip", "100%")
        self.assertTrue(3 <= noisy["flipped"] <= 25, noisy["flipped"])
        self.assertEqual((noisy["flipped"], noisy["roca_pct"]), (other["flipped"], other["roca_pct"]))
        self.assertEqual((clean["spam"], clean["ham"]), (noisy["spam"], noisy["ham"]))
        self.assertEqual(upside_down["flipped"], 60)
        self.assertLess(clean["roca_pct"], noisy["roca_pct"])
        self.assertGreater(upside_down["roca_pct"], 60)

    def test_slices(self):
        one_label, audit = self.corpus("b", 2, 20, labels="ham"), self.path("audit")
        with open(audit, "w") as f:
            f.write("1 wrong\n5\n")
        words = ["--index", self.index, "--index", one_label, "--exclude", audit]
        got = self.figures(*words)
        self.assertEqual((got["mails"], got["excluded"], got["protocol"]), (78, 2, "bundle"))
        self.assertEqual([(s["name"], s["mails"]) for s in got["sources"]], [(self.index, 60), (one_label, 18)])
        for slices in "sources", "languages", "kinds":
            self.assertEqual(sum(s["mails"] for s in got[slices]), 78)
            self.assertEqual([k for k in FIGURES for s in got[slices] if k not in s], [])
        self.assertEqual([s["name"] for s in got["languages"]], ["English"])
        self.assertEqual(got["kinds"][0]["name"], "plain")
        for key in "roca_pct", "roca_low_pct", "lam_pct", "missed_at_0.1_pct", "spam_called_ham_pct":
            self.assertIsNone(got["sources"][1][key])
        status, out, err = self.run_eval(*words)
        self.assertEqual((status, err), (0, ""))
        self.assertIn("%% when 0.1%% of ham is called spam: 0 of %d\n" % got["ham"], out)
        rows = [line.split() for line in out.splitlines()]
        self.assertIn(["source"], rows)
        self.assertEqual([row[1:9] for row in rows if row and row[0].endswith("/b")], [["18", "0"] + ["-"] * 6])
        self.assertNotIn("nan", out.lower().replace(self.dir.name.lower(), ""))
        # of one label there is no figure, and so no row, of the other
        status, out, err = self.run_eval("--index", one_label)
        self.assertEqual((status, err), (0, ""))
        self.assertIn("that takes mails of both labels\n", out)
        self.assertIn("\nham called  ", out)
        self.assertNotRegex(out, "-%|spam called  ")
        # a list belongs to the index before it
        got = self.figures("--index", self.index, "--exclude", audit, "--index", one_label)
        self.assertEqual([s["mails"] for s in got["sources"]], [58, 20])

    def test_places(self):
        """A directory of ham and an mbox of spam are judged as the index that lists them."""
        mails = {"ham": [], "spam": []}
        with open(self.index) as f:
            for line in f:
                label, name = line.split()
                with open(self.path("a", name)) as mail:
                    mails[label].append(mail.read())
        os.mkdir(self.path("ham"))
        for i, mail in enumerate(mails["ham"]):
            with open(self.path("ham", "%03d" % i), "w") as f:
                f.write(mail)
        with open(self.path("spam.mbox"), "w") as f:
            f.writelines("From x Sun Nov  1 08:00:00 2026\n%s\n" % mail for mail in mails["spam"])
        places = ["--ham", self.path("ham"), "--spam", self.path("spam.mbox")]
        want, got = self.figures("--index", self.index), self.figures(*places)
        self.assertEqual((got["ham"], got["spam"]), (want["ham"], want["spam"]))
        self.assertAlmostEqual(got["roca_pct"], want["roca_pct"], delta=1)
        self.assertEqual([s["name"] for s in got["sources"]], [self.path("ham")])
        got = self.figures(*places, "--ham", self.path("ham"))
        self.assertEqual([s["mails"] for s in got["sources"]], [60, want["ham"]])
        got = self.figures(*places, "--folds", "2", "--flip", "30%", "--half-life", "9", "--table-bits", "16")
        self.assertTrue(5 <= got["flipped"] <= 30, got["flipped"])
        self.assertEqual(self.figures(*places, "--train-until", "2026-11-15")["mails"], 18)

    def test_foreign_verdicts_tell_only_as_is(self):
        told = self.corpus("told", 3, 150, header="X-Spam-Status: {label}\n", lean=0)
        plain = self.figures("--index", told, "--train-until", "50%")
        as_is = self.figures("--index", told, "--train-until", "50%", "--as-is")
        self.assertGreater(plain["roca_pct"], 20)
        self.assertLess(as_is["roca_pct"], 10)

    def test_scores_are_written_whole_or_not_at_all(self):
        scores, link = self.path("scores"), self.path("link")
        self.figures("--index", self.index, "--scores", scores)
        with open(scores) as f:
            before = f.read()
        self.assertEqual(len(before.splitlines()), 60)
        os.chmod(scores, 0o600)
        os.symlink("scores", link)

        def small():
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

        for path in (scores, link):
            status, _, err = self.run_eval("--index", self.index, "--scores", path, preexec_fn=small)
            self.assertEqual((status, err), (74, "furui eval: %s: cannot write: File too large\n" % path))
            with open(scores) as f:
                self.assertEqual(f.read(), before)
        self.assertEqual(sorted(os.listdir(self.dir.name)), ["a", "link", "scores"])
        self.figures("--index", self.index, "--protocol", "immediate", "--scores", link)
        with open(scores) as f:
            self.assertNotEqual(f.read(), before)
        self.assertTrue(os.path.islink(link))
        self.assertEqual(os.stat(scores).st_mode & 0o777, 0o600)
        status, out, _ = self.run_eval("--index", self.index, "--scores", "/dev/stdout")
        self.assertEqual((status, before in out), (0, True))

    def test_what_is_read_is_not_written_over(self):
        with open(self.index) as f:
            before = f.read()
        os.link(self.index, self.path("same"))
        for words in (["--index", self.index, "--scores", self.index], ["--index", self.index, "--html", self.path("same")],
                      ["--ham", self.path("same"), "--scores", self.index]):
            status, _, err = self.run_eval(*words)
            self.assertEqual((status, "is read; what is written would replace it" in err), (64, True), err)
        self.assertEqual(self.run_eval("--index", self.index, "--scores", "")[0], 74)
        with open(self.index) as f:
            self.assertEqual(f.read(), before)

    def test_a_name_cannot_forge_a_score(self):
        name = "x 1.0\nham y\x1b[2J"
        os.makedirs(self.path("d"))
        with open(self.path("d", name), "w") as f:
            f.write("From: a@example.org\n\nhello\n")
        self.figures("--spam", self.path("d"), "--scores", self.path("scores"))
        with open(self.path("scores")) as f:
            lines = f.read().splitlines()
        self.assertEqual(len(lines), 1)
        self.assertTrue(lines[0].startswith("spam %s/x 1.0\\x0aham y\\x1b[2J " % self.path("d")), lines)

    def test_wrong_usage(self):
        for words, says in [
                (["--protocol", "soon"], "no protocol 'soon'"), (["--protocol", "delayed"], "delayed needs a number"),
                (["--protocol", "delayed:"], "not a whole number"), (["--protocol", "delayed:-1"], "not a whole number"),
                (["--protocol", "delayed:100001"], "from 0 to 100000"), (["--protocol", "active:0"], "not a whole number"),
                (["--protocol", "active:9x"], "not a whole number"), (["--protocol", "immediate:3"], "takes no number"),
                (["--protocol", "partial"], "names no share"), (["--protocol", "partial:0%"], "names no share"),
                (["--protocol", "partial:120%"], "names no share"), (["--folds", "1"], "from 2 to 100"),
                (["--folds", "many"], "not a whole number"), (["--train-until", "2026-02-30"], "not '2026-02-30'"),
                (["--train-until", "soon"], "not 'soon'"), (["--train-until", "100%"], "not '100%'"),
                (["--train-until", "2026-11-15T25:00"], "not '2026-11-15T25:00'"),
                (["--train-until", "2026-11-15x"], "not '2026-11-15x'"),
                (["--protocol", "immediate", "--flip", "120%"], "not '120%'"),
                (["--protocol", "immediate", "--flip", "nan"], "not 'nan'"),
                (["--flip", "5%"], "learns nothing"), (["--folds", "3", "--protocol", "immediate"], "give one of"),
                (["--folds", "3", "--train-until", "50%"], "give one of"),
                (["--exclude", "x", "--exclude", "y"], "two lists"),
                (["--half-life", "30"], "say how --folds and --train-until train"),
                (["--ham", "x", "--exclude", "y"], "names lines of an --index"),
                (["--ham", "x", "--protocol", "immediate"], "order of arrival"),
                (["--spam", "x", "--train-until", "50%"], "order of arrival")]:
            status, out, err = self.run_eval("--index", self.index, *words)
            self.assertEqual((status, out, err.count("\n")), (64, "", 1), (words, err))
            self.assertIn(says, err)
        status, _, err = self.run_eval(*["--index", self.index] * 65)
        self.assertEqual((status, err), (64, "furui eval: more than 64 indexes\n"))

    def test_what_cannot_be_trained_on(self):
        undated, ham = self.corpus("undated", 4, 10, header=""), self.corpus("ham", 5, 12, labels="ham")
        for index, words, says in [
                (undated, ["--train-until", "2026-11-05"], "%s: no mail has a date" % undated),
                (self.index, ["--train-until", "2026-10-01"], "no mail to train on"),
                (self.index, ["--train-until", "2027-01-01"], "no mail is left to judge"),
                (ham, ["--train-until", "50%"], "6 ham and 0 spam: both are needed"),
                (undated, ["--folds", "11"], "10 different mails for 11 folds"),
                (ham, ["--folds", "2"], "fold 1 of 2: ")]:
            status, out, err = self.run_eval("--index", index, *words)
            self.assertEqual((status, out), (65, ""), err)
            self.assertIn(says, err)
        status, _, err = self.run_eval("--index", self.index, "--folds", "2",
                                       env=dict(os.environ, TMPDIR=self.path("none")))
        self.assertEqual((status, "No such file or directory" in err), (74, True), err)


if __name__ == "__main__":
    sys.exit(main())
