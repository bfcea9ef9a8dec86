# SPDX-License-Identifier: Apache-2.0
"""test_load: furui bench load and soak against real services: what was sent adds up, whatever is done to them.

Nothing here depends on how quick a machine is: rates are low, and latencies are only there."""

import glob
import json
import os
import signal
import subprocess
import tempfile
import time

import service
from service import ROOT, SLOW, Case, Service, alive, wait_until

FURUI = os.path.join(service.B, "furui")
SAMPLES = os.path.join(ROOT, "docs/samples/mails")
QUICK = ["--seconds", "1", "--warm-up", "0", "--workers", "1"]
KINDS = ["busy", "late", "too_big", "bad_request", "denied", "poison", "unanswered"]


def bench(*words):
    """Exit status, the JSON object, and what was complained of."""
    run = subprocess.run([FURUI, "bench", *words, "--json"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                         timeout=120 * SLOW)
    last = run.stdout.splitlines()[-1:]
    return run.returncode, json.loads(last[0]) if last else None, run.stderr


def until_under_way(endpoint, mails):
    """Wait until a load has had answers to so many mails."""
    def judged():
        totals = service.stat_of(endpoint)["totals"]
        return totals["ham"] + totals["unsure"] + totals["spam"]

    begun = judged()
    wait_until(lambda: judged() >= begun + mails, 30, "%d mails to be judged" % mails)


class Load(Case):
    def check(self, part, counted=True):
        """What every measurement says."""
        self.assertEqual(list(part["refused"]), KINDS)
        self.assertEqual(part["sent"], part["verdicts"] + sum(part["refused"].values()))
        self.assertLessEqual(part["p50_us"], part["p99_us"])
        self.assertLessEqual(part["p99_us"], part["p999_us"])
        self.assertLessEqual(part["p999_us"], part["max_us"])
        self.assertIn("cpu_us_per_mail", part["generator"])
        if counted:
            self.assertEqual(sorted(part["cpu_us_per_mail"]), ["engine", "redis", "workers"])
            self.assertIn("mails_per_core_s", part)
            self.assertIn("mb_per_core_s", part)

    def test_a_rate_sends_what_is_due(self):
        for more, rate in (([], 100), (["--clients", "200", "--poisson"], 100), (["--batch", "4", "--clients", "3"], 200),
                           (["--explain", "--batch", "64"], 640)):
            status, out, err = bench("load", "--rate", str(rate), *QUICK, *more, SAMPLES)
            self.assertEqual((status, err), (0, ""))
            self.assertEqual(out["mode"], "rate")
            self.check(out)
            self.assertEqual(out["sent"], out["verdicts"])
            if "--poisson" in more:
                self.assertTrue(50 < out["sent"] < 150, out["sent"])
            else:  # every mail that is due within the window, and no other
                self.assertEqual(out["sent"], rate, more)

    def test_in_flight_and_null_workers(self):
        status, out, err = bench("load", "--in-flight", "16", "--null", *QUICK, SAMPLES)
        self.assertEqual((status, err), (0, ""))
        self.check(out)
        self.check(out["null"])
        self.assertGreater(out["verdicts"], 0)
        self.assertGreater(out["null"]["verdicts"], 0)
        self.assertAlmostEqual(out["null_ratio"], out["goodput_per_s"] / out["null"]["goodput_per_s"], places=3)
        self.assertEqual(out["null"]["cpu_us_per_mail"]["redis"], 0)
        self.assertTrue(0 < out["transport_share"] < 1, out["transport_share"])

    def test_search(self):
        """Whatever the machine, some rate holds a minute at 99 %."""
        status, out, err = bench("load", "--p99-ms", "60000", *QUICK, SAMPLES)
        self.assertIn(status, (0, 1), err)
        self.assertEqual(out["mode"], "search")
        for part in ("peak", "half", "overload", "null"):
            self.check(out[part])
        self.check(out)
        self.assertAlmostEqual(out["half"]["rate_per_s"], out["rate_per_s"] / 2, places=0)
        self.assertAlmostEqual(out["overload"]["rate_per_s"], out["peak"]["goodput_per_s"] * 2, places=0)
        self.assertAlmostEqual(out["null_ratio"], out["peak"]["goodput_per_s"] / out["null"]["goodput_per_s"], places=3)

    def test_a_service_that_runs(self):
        with Service(engine_workers=1) as s:
            tcp = "tcp://127.0.0.1:%d" % service.free_port()
            s.configure(engine_listen="%s, %s" % (s.endpoint, tcp))
            s.start()
            for endpoint in (s.endpoint, tcp):
                status, out, err = bench("load", "--endpoint", endpoint, "--rate", "100", "--seconds", "1", "--warm-up", "0",
                                         SAMPLES)
                self.assertEqual((status, err), (0, ""))
                self.check(out)
                self.assertEqual((out["sent"], out["verdicts"], out["workers"]), (100, 100, 1))
            self.assertTrue(alive(s.process.pid))

    def test_no_coordinated_omission(self):
        """A service that stands still for a second makes each mail of that second late, not only the one it has."""
        with Service(engine_workers=1) as s:
            s.start()
            run = subprocess.Popen([FURUI, "bench", "load", "--endpoint", s.endpoint, "--rate", "50", "--seconds", "6",
                                    "--warm-up", "0", "--json", SAMPLES], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            until_under_way(s.endpoint, 50)
            s.process.send_signal(signal.SIGSTOP)
            time.sleep(1)
            s.process.send_signal(signal.SIGCONT)
            out = json.loads(run.communicate(timeout=60 * SLOW)[0])
            self.check(out)
            self.assertEqual(out["verdicts"], 300)
            self.assertGreater(out["p99_us"], 800000)  # of 50 mails; of one, the rest would hide it

    def test_refusals_are_counted(self):
        with Service(engine_workers=1, engine_queue_mails=8, engine_credit=1) as s:
            s.start()
            status, out, err = bench("load", "--endpoint", s.endpoint, "--in-flight", "2000", "--seconds", "1", "--warm-up",
                                     "0", SAMPLES)
            self.assertEqual((status, err), (1, ""))
            self.check(out)
            self.assertGreater(out["refused"]["busy"], 0)
            self.assertEqual(out["sent"], out["verdicts"] + out["refused"]["busy"])

    def test_a_service_that_dies(self):
        with Service(engine_workers=1) as s:
            s.start()
            run = subprocess.Popen([FURUI, "bench", "load", "--endpoint", s.endpoint, "--rate", "100", "--seconds", "600",
                                    SAMPLES], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            until_under_way(s.endpoint, 50)
            s.process.kill()
            err = run.communicate(timeout=60 * SLOW)[1]
            self.assertEqual(run.returncode, 69)
            self.assertIn(b"the service has gone", err)

    def test_an_interrupt_leaves_nothing(self):
        for words, status in ((["load", "--rate", "50", "--seconds", "600"], 130), (["soak", "--warm-up", "0"], 0)):
            with tempfile.TemporaryDirectory() as tmp:
                run = subprocess.Popen([FURUI, "bench", *words, SAMPLES], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, env=dict(os.environ, TMPDIR=tmp))
                try:
                    front = wait_until(lambda: glob.glob(tmp + "/furui-bench.*/front"), 30, "the service")[0]
                    until_under_way("ipc://" + front, 50)
                    below = service.descendants(run.pid)
                    self.assertGreater(len(below), 2)
                    run.send_signal(signal.SIGINT)
                    out = run.communicate(timeout=60 * SLOW)[0]
                finally:
                    run.kill()
                self.assertEqual(run.returncode, status, words)
                self.assertIn(b"goodput", out)  # of what was measured so far
                wait_until(lambda: not any(alive(pid) for pid, _ in below), 10, "the service to end")
                self.assertEqual(os.listdir(tmp), [])

    def test_soak(self):
        with tempfile.TemporaryDirectory() as tmp:
            path = os.path.join(tmp, "soak.csv")
            status, out, err = bench("soak", "--rate", "50", "--for", "4s", "--warm-up", "1s", "--workers", "2", "--csv", path,
                                     SAMPLES)
            self.assertEqual((status, err), (0, ""))
            self.check(out)
            self.assertEqual((out["mode"], out["samples"], out["ended"]), ("soak", 4, 0))
            self.assertEqual(len(out["private_mb"]), 2)
            self.assertLess(out["private_most_mb"], 16 * SLOW)
            for series in ("engine_rss_mb", "workers_rss_mb", "workers_private_mb", "redis_rss_mb", "p50_us", "p99_us"):
                self.assertGreater(out["trend"][series]["first"], 0, series)
                self.assertIsInstance(out["trend"][series]["noise"], bool)
            with open(path) as f:
                rows = [line.strip().split(",") for line in f]
            self.assertEqual([row[0] for row in rows], ["second", "0", "1", "2", "3", "4"])
            verdicts = [int(row[1]) for row in rows[1:]]
            self.assertGreaterEqual(out["verdicts"], sum(verdicts[1:]))  # and what was under way at the end
            self.assertLessEqual(out["verdicts"], 50 * 5)

    def test_a_soak_tells_of_a_worker_that_ended(self):
        with Service(engine_workers=2) as s:
            s.start()
            run = subprocess.Popen([FURUI, "bench", "soak", "--endpoint", s.endpoint, "--rate", "20", "--for", "8s",
                                    "--warm-up", "0", "--json", SAMPLES], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            until_under_way(s.endpoint, 20)
            os.kill(s.workers()[0], signal.SIGKILL)
            out = json.loads(run.communicate(timeout=60 * SLOW)[0])
            self.assertEqual((run.returncode, out["ended"]), (1, 1))
            self.check(out)
            self.assertEqual(out["sent"], out["verdicts"])

    def test_bad_usage(self):
        for words, what in ((["load"], "either --index or mails"),
                            (["load", "--index", "x", SAMPLES], "either --index or mails"),
                            (["load", "--rate", "0", SAMPLES], "--rate"),
                            (["load", "--clients", "1001", SAMPLES], "--clients"),
                            (["load", "--batch", "65", SAMPLES], "--batch"),
                            (["load", "--rate", "5", "--in-flight", "5", SAMPLES], "choose one"),
                            (["load", "--in-flight", "5", "--poisson", SAMPLES], "--poisson"),
                            (["load", "--null", "--no-null", SAMPLES], "contradict"),
                            (["load", "--endpoint", "ipc://x", "--null", SAMPLES], "--null"),
                            (["load", "--endpoint", "ipc://x", "--workers", "3", SAMPLES], "--workers"),
                            (["load", "--service-pid", "1", SAMPLES], "--endpoint"),
                            (["load", "--nonsense", SAMPLES], "nonsense"),
                            (["soak", "--for", "5y", SAMPLES], "5y"),
                            (["soak", "--for", "0s", SAMPLES], "0s"),
                            (["soak"], "either --index or mails"),
                            (["laod", SAMPLES], "laod")):
            run = subprocess.run([FURUI, "bench", *words], capture_output=True, text=True, timeout=20 * SLOW)
            self.assertEqual((run.returncode, run.stdout), (64, ""), words)
            self.assertIn(what, run.stderr, words)
            self.assertIn("--help'", run.stderr, words)
        status, _, err = bench("load", os.path.join(SAMPLES, "none"))
        self.assertEqual(status, 66, err)
        status, _, err = bench("load", "--bundle", os.path.join(SAMPLES, "none"), SAMPLES)
        self.assertEqual(status, 69)
        self.assertIn("none", err)


if __name__ == "__main__":
    service.main()
