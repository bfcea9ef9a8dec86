# SPDX-License-Identifier: Apache-2.0
"""test_bench: furui bench report says what became worse, and its page is whole; peers and scale run and keep their rows.

No time is looked at: ratios are made up, and what was measured only has to be there."""

import csv
import json
import os
import subprocess
import tempfile

import service
from service import B, ROOT, SLOW, Case
from test_report import Page

FURUI = os.path.join(B, "furui")
SAMPLES = os.path.join(ROOT, "docs/samples/index")
HEAD = "date,machine,commit,load_before,corpus,bundle,simd,us_per_mail,mails_per_core_s,us_walk,us_tokens,yardstick_ns"
INPROC = [HEAD,
          # The yardstick doubled with the cost: the machine is slower, the program is not.
          "2026-01-01,box,aaaaaaa,0.1,slower,s.bundle,avx2,50.0,20000,5,20,1.0",
          "2026-01-02,box,bbbbbbb,0.1,slower,s.bundle,avx2,101.0,10000,10,40,2.0",
          "2026-01-01,box,aaaaaaa,0.1,worse,s.bundle,avx2,50.0,20000,5,20,1.0",
          "2026-01-02,box,bbbbbbb,0.1,worse,s.bundle,avx2,60.0,16666,5,20,1.0",
          "2026-01-01,box,aaaaaaa,0.1,better,s.bundle,avx2,50.0,20000,5,20,1.0",
          "2026-01-02,box,bbbbbbb,0.1,better,s.bundle,avx2,25.0,40000,5,20,1.0",
          "2026-01-01,other,aaaaaaa,0.1,elsewhere,s.bundle,avx2,10.0,90000,5,20,1.0",
          "2026-01-02,box,bbbbbbb,0.1,elsewhere,s.bundle,avx2,25.0,40000,5,20,1.0",
          "2026-01-01,box,aaaaaaa,0.1,no yardstick,s.bundle,avx2,10.0,90000,5,20",
          "2026-01-02,box,bbbbbbb,0.1,no yardstick,s.bundle,avx2,25.0,40000,5,20,1.0",
          # Measured again at the same commit: the last one speaks, and is not compared with the first.
          "2026-01-01,box,aaaaaaa,0.1,again,s.bundle,avx2,50.0,20000,5,20,1.0",
          "2026-01-02,box,bbbbbbb,0.1,again,s.bundle,avx2,90.0,10000,5,20,1.0",
          "2026-01-02,box,bbbbbbb,0.1,again,s.bundle,avx2,51.0,19000,5,20,1.0",
          "2026-01-02,box,bbbbbbb,0.1,seventh,s.bundle,avx2,51.0,19000,5,20,1.0"]
KERNELS = ["date,machine,commit,corpus,kernel,input,variant,ns_per_byte,gb_per_s",
           "2026-01-01,box,aaaaaaa,made,xxh3,mail,,0.05,20",
           "2026-01-01,box,aaaaaaa,made,\"grams, weigh\",text,avx2,1,1.0",
           "2026-01-02,box,bbbbbbb,made,xxh3,mail,,0.1,10",
           "2026-01-02,box,bbbbbbb,made,\"grams, weigh\",text,avx2,1.25,0.8",
           "2026-01-02,box,bbbbbbb,made,\"grams, weigh\",text,scalar,5,0.2"]
HOSTILE = ["date,machine,commit,<script>alert(1)</script>,\"two\nlines \"\"quoted\"\"\"",
           "2026-01-02,box,bbbbbbb,\"<img src=x onerror=alert(1)>\",\"a,b\"", ""]


class Bench(Case):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="furui-bench-")
        self.addCleanup(self.dir.cleanup)

    def run_it(self, *words, status=0):
        run = subprocess.run([FURUI, "bench", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             timeout=250 * SLOW, env=dict(os.environ, RESULTS=self.dir.name))
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return run.stdout

    def write(self, name, lines):
        with open(os.path.join(self.dir.name, name + ".csv"), "w") as f:
            f.write("\n".join(lines) + "\n")

    def rows(self, name):
        with open(os.path.join(self.dir.name, name + ".csv"), newline="") as f:
            return list(csv.DictReader(f))


class Report(Bench):
    def setUp(self):
        super().setUp()
        for name, lines in (("inproc", INPROC), ("kernels", KERNELS), ("unheard-of", HOSTILE)):
            self.write(name, lines)
        self.page = os.path.join(self.dir.name, "page.html")

    def test_verdicts_are_of_ratios(self):
        got = json.loads(self.run_it("report", "--results", self.dir.name, "--json", status=1))
        verdict = {r["of"].split(",")[0]: r["verdict"] for r in got["readings"] if r["file"] == "inproc"}
        self.assertEqual(verdict, {"slower": "same", "worse": "worse", "better": "better", "elsewhere": "none",
                                   "no yardstick": "none", "again": "same", "seventh": "none"})
        kernels = {r["of"]: r["verdict"] for r in got["readings"] if r["file"] == "kernels"}
        self.assertEqual(kernels, {"made, xxh3, mail": "same", "made, grams, weigh, text, avx2": "better",
                                   "made, grams, weigh, text, scalar": "none"})
        self.assertEqual((got["worse"], got["better"], got["same"], got["none"]), (1, 2, 3, 4))

    def test_text_says_by_how_much(self):
        said = self.run_it("report", "--results", self.dir.name, status=1)
        self.assertIn("worse, s.bundle, avx2: CPU time a mail in one process, by the yardstick: 50, now 60: "
                      "WORSE by 20%", said)
        self.assertIn("better by 50%", said)
        self.assertNotIn("elsewhere", said)
        self.assertIn("elsewhere", self.run_it("report", "--results", self.dir.name, "--all", status=1))
        self.assertIn("0 worse", self.run_it("report", "--results", self.dir.name, "--within", "25"))

    def test_page_is_whole_and_harmless(self):
        self.run_it("report", "--results", self.dir.name, "--html", self.page, status=1)
        with open(self.page, encoding="utf-8") as f:
            page = Page(f.read())
        self.assertEqual(page.wrong, [])
        self.assertEqual(page.svgs, 3 + 6 + 6 + 3)  # plots, and keys of their colours
        self.assertIn("The first 6 are drawn; there are more.", page.words)
        self.assertEqual([row[-1] for row in page.tables["verdicts"][1:]],
                         ["WORSE by 20%", "better by 50%", "better by 38%"])
        self.assertEqual(len(page.tables["rows-inproc"]), 1 + 8)
        self.assertEqual(page.tables["rows-unheard-of"][0], ["<script>alert(1)</script>", "two\\x0alines \"quoted\""])
        goals = [row for row in page.tables["goals"] if row[0] == "4-grams hashed and weighed"]
        self.assertEqual([row[1:] for row in goals], [["0.8", "≥ 0.3", "GB/s", "yes"], ["4", "≥ 3", "times scalar", "yes"]])

    def test_what_is_no_csv_is_named(self):
        for name, lines in (("open", ["a,b", "\"never closed"]), ("wide", ["a,b", "1,2,3"]), ("empty", [])):
            self.write("bad", lines)
            if not lines:
                open(os.path.join(self.dir.name, "bad.csv"), "w").close()
            self.run_it("report", "--results", self.dir.name, status=65)
        self.run_it("report", "--results", self.dir.name + "/none", status=66)
        self.run_it("report", "--results", status=64)
        os.remove(os.path.join(self.dir.name, "bad.csv"))
        self.run_it("report", "--results", self.dir.name, "--html", self.dir.name + "/none/page", status=74)

    def test_the_results_of_this_tree_can_be_read(self):
        said = json.loads(subprocess.run([FURUI, "bench", "report", "--json"], cwd=ROOT, stdout=subprocess.PIPE,
                                         check=False).stdout)
        self.assertTrue(said["readings"])


class Run(Bench):
    def test_peers(self):
        said = self.run_it("peers", "--index", SAMPLES, "--only", "furui", "--only", "furui-service", "--only",
                           "bogofilter", "--only", "rspamd-bayes", "--json")
        got = json.loads(said.splitlines()[-1])
        self.assertEqual(got["failed"], {})
        rows = {row["peer"]: row for row in self.rows("peers")}
        self.assertEqual(set(rows) | set(got["skipped"]), {"furui", "furui-service", "bogofilter", "rspamd-bayes"})
        self.assertEqual(list(rows)[:2], ["furui", "furui-service"])
        self.assertEqual([r["peer"] for r in got["peers"]], list(rows))
        for name in got["skipped"]:
            self.assertIn("skipped: %s: " % name, said)
        for row in rows.values():
            self.assertEqual((row["corpus"], row["mails"]), ("samples", "6"))
            self.assertGreater(float(row["mails_per_core_s"]), 0)
            self.assertTrue(row["date"] and row["machine"] and row["commit"] and float(row["yardstick_ns"]) > 0)

    def test_what_is_not_installed_is_named(self):
        run = subprocess.run(["/usr/bin/python3", os.path.join(ROOT, "bench/peers"), "--index", SAMPLES, "--only",
                              "bogofilter", "--only", "spamassassin"], capture_output=True, text=True, timeout=60 * SLOW,
                             env=dict(os.environ, RESULTS=self.dir.name, PATH=self.dir.name, B=B), check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("skipped: bogofilter: bogofilter not installed", run.stdout)
        self.assertIn("skipped: spamassassin: spamd and sa-learn not installed", run.stdout)

    def test_scale(self):
        said = self.run_it("scale", "--index", SAMPLES, "--seconds", "1", "--workers-max", "1", "--keys-max", "10000",
                           "--only", "workers", "--only", "size", "--only", "keys", "--json")
        growth = json.loads(said.splitlines()[-1])["growth"]
        self.assertEqual(set(growth), {"workers", "size", "keys"})
        rows = self.rows("scale")
        self.assertEqual([r["at"] for r in rows if r["what"] == "size" and r["way"] == "process"],
                         ["1024", "4096", "16384", "65536", "262144", "1048576"])
        self.assertEqual([r["at"] for r in rows if r["what"] == "keys"], ["10000"])
        for row in rows:
            self.assertGreater(float(row["us_per_mail"]), 0)
            self.assertGreaterEqual(float(row["mail_bytes"]), 0.99 * int(row["at"]) if row["what"] == "size" else 1)

    def test_outage(self):
        run = subprocess.run(["/usr/bin/python3", os.path.join(ROOT, "bench/outage"), "--only", "stopped", "--only", "slow",
                              "--rate", "50", "--seconds", "4", "--outage", "1", "--deadline-ms", "60000", "samples", SAMPLES],
                             capture_output=True, text=True, timeout=200 * SLOW,
                             env=dict(os.environ, RESULTS=self.dir.name, B=B), check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        for row, mode in zip(self.rows("outage"), ("stopped", "slow")):
            self.assertEqual((row["mode"], row["sent"], row["verdicts"], row["lost"], row["doubled"]),
                             (mode, "200", "200", "0", "0"))
            self.assertGreater(float(row["counted_share"]), 0.999)

    def test_reputation_cost(self):
        subprocess.run(["/usr/bin/python3", os.path.join(ROOT, "bench/reputation-cost"), "--rounds", "1", "--seconds", "1",
                        "--senders", "20", "samples", SAMPLES], stdout=subprocess.PIPE, timeout=200 * SLOW,
                       env=dict(os.environ, RESULTS=self.dir.name, B=B), check=True)
        rows = {row["what"]: row for row in self.rows("reputation")}
        self.assertLessEqual({"used_memory", "ip", "net", "from", "sender", "ticket"}, set(rows))
        self.assertGreater(float(rows["used_memory"]["redis_us"]), 0)
        self.assertEqual(rows["ip"]["keys"], rows["sender"]["keys"])
        self.assertTrue(0 < int(rows["ip"]["keys"]) <= int(rows["ip"]["different"]))

    def test_rows_of_before_keep_their_columns(self):
        self.write("peers", ["date,machine,commit,corpus,older", "2026-01-01,box,aaaaaaa,samples,kept"])
        self.run_it("peers", "--index", SAMPLES, "--only", "furui")
        first, second = self.rows("peers")
        self.assertEqual((first["older"], first["peer"], second["older"], second["peer"]), ("kept", "", "", "furui"))

    def test_usage(self):
        for what in ("peers", "scale"):
            self.run_it(what, status=64)
            self.run_it(what, "--index", "/nowhere/index", status=66)
            self.run_it(what, "--only", "nothing", status=64)
            self.assertIn("usage: furui bench " + what, self.run_it(what, "--help"))
            shown = subprocess.run([os.path.join(ROOT, "bench", what), "--help"], stdout=subprocess.PIPE, text=True,
                                   check=True).stdout
            self.assertIn("usage: bench/" + what, shown)
        self.assertIn("ns_per_byte", self.run_it("yardstick", "--json"))


if __name__ == "__main__":
    service.main()
