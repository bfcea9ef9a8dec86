#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The programs of bench/feedback, on mails of our own and few of them: they run, count right, and write their rows."""

import csv
import email
import json
import os
import subprocess
import sys
import tempfile
import unittest

import service
from service import B, ROOT, SLOW

sys.path.insert(0, os.path.join(ROOT, "bench/feedback"))
import variants  # noqa: E402

HAM = ["the minutes of our meeting about the garden are attached, please bring your notes along on friday evening",
       "thanks for the photos of the mountain hut, we should go there again before autumn comes to the valley",
       "the library has written that three books are overdue, could somebody return them on the way to the station",
       "rehearsal begins half an hour later than usual because the conductor comes from the other side of the country"]
SPAM = ["cheap watches and pills without prescription, order before midnight and save ninety percent on everything",
        "congratulations winner, claim the lottery prize of one million dollars by sending your bank account today"]


def letters(n):
    """[(label, mail)]: every third spam, each with a word of its own."""
    for i in range(n):
        spam = i % 3 == 2
        text = (SPAM if spam else HAM)[i % (2 if spam else 4)]
        sender = "offer@shop%d.example" % i if spam else "anna@club.example" if i % 2 else "ben@choir.example"
        yield "spam" if spam else "ham", (
            "Received: from a.example (a.example [8.8.%d.%d])\n\tby mx.example.net; Sat, 1 Jan 2022 00:00:00 +0000\n"
            "Return-Path: <%s>\nFrom: <%s>\nTo: <c@example.net>\nSubject: letter %d\n"
            "Date: Sat, 1 Jan 2022 00:00:00 +0000\nMessage-ID: <%d@example.org>\n\n%s\nnumber%d\n"
            % (i % 7 if spam else 200, i, sender, sender, i, i, text, i))


class Feedback(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="furui-e2e-")
        self.addCleanup(self.dir.cleanup)
        self.index = os.path.join(self.dir.name, "index")
        with open(self.index, "w") as index:
            for n, (label, text) in enumerate(letters(36)):
                index.write("%s %d\n" % (label, n))
                with open(os.path.join(self.dir.name, str(n)), "w") as f:
                    f.write(text)

    def run_it(self, name, *words, status=0):
        run = subprocess.run(["/usr/bin/python3", os.path.join(ROOT, "bench/feedback", name), *words],
                             capture_output=True, text=True, timeout=250 * SLOW, check=False,
                             env=dict(os.environ, RESULTS=self.dir.name, B=B))
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return run.stdout

    def rows(self):
        with open(os.path.join(self.dir.name, "feedback.csv"), newline="") as f:
            return list(csv.DictReader(f))

    def test_campaign(self):
        said = self.run_it("campaign", "--index", self.index, "--name", "made", "--template", "boss", "--template",
                           "coin", "--level", "slots", "--variants", "9", "--ham", "2", "--reports", "0,3",
                           "--within", "0.1", "--seen", "8", "--keep", os.path.join(self.dir.name, "kept"),
                           "--set", "reports.stream_max=5000", "--json")
        rows = self.rows()
        self.assertEqual([(r["template"], r["reports"]) for r in rows],
                         [(t, n) for t in ("boss", "coin") for n in ("0", "3")] + [("all", "0"), ("all", "3")])
        for template in ("boss", "coin", "all"):
            of = [r for r in rows if r["template"] == template]
            each = 2 if template == "all" else 1
            # All variants but the three that were reported follow, and all ham but what came before the third.
            self.assertEqual(sum(int(r["followed"]) for r in of), 6 * each)
            self.assertLessEqual(sum(int(r["ham"]) for r in of), 18 * each)
            self.assertEqual({r["variants"] for r in of}, {str(9 * each)})
        for r in rows:
            self.assertEqual((r["what"], r["corpus"], r["degraded"]), ("campaign", "made", "0"))
            self.assertIn("reports.stream_max=5000", r["settings"])
            self.assertTrue(r["bundle"].startswith("starter.bundle ") and r["commit"] and r["machine"] and r["date"])
        self.assertEqual(len(json.loads(said.splitlines()[-1])["rows"]), len(rows))
        self.assertEqual(len(os.listdir(os.path.join(self.dir.name, "kept/boss-slots"))), 9)

    def test_poison(self):
        self.run_it("poison", "--index", self.index, "--attack", "flip", "--attack", "target", "--trust", "equal",
                    "--reporters", "4", "--share", "60", "--hostile", "50", "--batch", "6", "--seen", "8",
                    "--target-ham", "9")
        none, flip, target = self.rows()
        self.assertEqual([r["attack"] for r in (none, flip, target)], ["none", "flip", "target"])
        self.assertEqual((none["recall_ratio"], none["fp_ratio"], none["holds"]), ("1", "1", "yes"))
        self.assertEqual(none["hostile_reports"], "0")
        self.assertEqual(flip["reports"], none["reports"])
        self.assertGreater(int(flip["hostile_reports"]), 0)
        for r in (none, flip, target):
            self.assertEqual((r["counted_spam"], r["counted_ham"], r["target_ham"]), ("6", "12", "6"))
            self.assertIn("redis.cache_ms=0", r["settings"])

    def test_immediate(self):
        audit, scores = os.path.join(self.dir.name, "audit"), os.path.join(self.dir.name, "scores")
        with open(audit, "w") as f:
            f.write("# lines\n3 a label that is wrong\n")
        self.run_it("immediate", "--index", self.index, "--first", "30", "--exclude", audit, "--scores", scores)
        (row,) = self.rows()
        self.assertEqual((row["mails"], row["spam"], row["excluded"], row["degraded"]), ("29", "9", "1", "0"))
        for column in ("roca_pct", "offline_roca_pct", "untaught_roca_pct", "mails_per_s"):
            self.assertNotEqual(row[column], "")
        with open(scores) as f:
            self.assertEqual([line.split()[0] for line in f], [label for label, _ in letters(30)])

    def test_variants_differ_and_can_be_made_again(self):
        words = variants.Words(text.encode() for _, text in letters(9))
        for name in variants.TEMPLATES:
            for level in variants.LEVELS:
                a, b = (variants.Campaign(name, level, words, seed) for seed in (1, 1))
                made = [a.make() for _ in range(20)]
                self.assertEqual(made, [b.make() for _ in range(20)])
                self.assertEqual(len({v.raw for v in made}), 20)
                self.assertEqual(len({v.envelope["mail_from"] for v in made}), 20)
                self.assertGreater(len({v.envelope["client_ip"].rsplit(".", 1)[0] for v in made}), 18)
        for seed in range(5):
            said = email.message_from_bytes(variants.Campaign("boss", "slots", words, seed).make().raw)
            self.assertIn(b"keep it between us, it is a surprise", said.get_payload(decode=True))

    def test_usage(self):
        for name in ("campaign", "poison", "immediate"):
            self.assertIn("usage: bench/feedback/" + name, self.run_it(name, "--help"))
            self.run_it(name, status=64)
            self.run_it(name, "--index", self.index, "--set", "nonsense", status=64)
            self.run_it(name, "--index", "/nowhere/index", status=66)


if __name__ == "__main__":
    service.main()
