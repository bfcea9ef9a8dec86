# SPDX-License-Identifier: Apache-2.0
"""The learner's way through the stream, through real processes: a host that comes new, one that goes back and is killed
on its way, and one whose settings change while reports come in."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

import service as harness
from service import B, SLOW, Service, alive, die_with_parent, mail, wait_until

import furui

STREAM = "furui:2:{reports}"


def stat(service):
    with furui.Client(service.endpoint) as client:
        return json.loads(client.stat())["learner"]


def show(service):
    done = subprocess.run([os.path.join(B, "furui"), "learner", "show", "--json", "--state-dir", service.state],
                          capture_output=True, text=True, timeout=60 * SLOW)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def learner_goes(service, how):
    old = service.learner()
    os.kill(old, how)
    wait_until(lambda: not alive(old), 20, "the learner to go")


def snapshot(service):
    with open(os.path.join(service.state, "live/snapshot"), "rb") as f:
        return f.read()


def lesson(n):
    return mail(n, sender="x@d%d.example" % (n % 7), body="meadow lantern orchard velvet kettle harbour %d\r\n" % n)


class Course(unittest.TestCase):
    def redis(self):
        """A redis-server of our own: where, and what to ask it with."""
        folder = tempfile.mkdtemp(prefix="furui-course-")
        self.addCleanup(shutil.rmtree, folder, True)
        sock = os.path.join(folder, "sock")
        process = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", sock, "--dir", folder, "--save", "",
                                    "--logfile", os.path.join(folder, "log")], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

        def ask(*words):
            done = subprocess.run(["redis-cli", "-s", sock, *words], stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=20 * SLOW)
            return done.stdout.strip() if done.returncode == 0 else ""

        wait_until(lambda: ask("PING") == "PONG", 20, "redis-server")
        return "unix:" + sock, ask

    def serve(self, **settings):
        service = Service(reports_trusted="boss@example.net", reports_sample_s=0, **settings)
        service.__enter__()
        self.addCleanup(service.__exit__, None, None, None)
        service.start()
        wait_until(lambda: stat(service)["state"] == "up", 20, "the learner")
        return service

    def say(self, service, first, last, says="spam"):
        with furui.Client(service.endpoint, deadline_ms=20000 * SLOW) as client:
            for n in range(first, last):
                client.report(says, lesson(n), reporter="boss@example.net")

    def until_place(self, services, reports):
        wait_until(lambda: all(show(s).get("reports") == reports for s in services), 20, "%d reports" % reports)

    def test_a_host_that_comes_new(self):
        where, ask = self.redis()
        shared = {"redis_server": where, "reports_share_s": 1, "reports_snapshot_s": 1}
        one = self.serve(**shared)
        self.say(one, 0, 30)
        wait_until(lambda: "snapshot_shared" in one.log() and show(one).get("reports") == 30, 20, "a shared snapshot")
        wait_until(lambda: "\nms=" in ask("GET", STREAM + ":snapshot"), 20, "its note")
        place = show(one)["place"]
        wait_until(lambda: "\nms=%s\n" % place.split("-")[0] in ask("GET", STREAM + ":snapshot"), 20, "the newest one")
        ask("XTRIM", STREAM, "MAXLEN", "3")
        self.say(one, 30, 35)
        two = self.serve(redis_secret_file=os.path.join(one.state, "secret"), **shared)
        self.until_place((one, two), 35)
        self.assertIn("snapshot_taken_over", two.log())
        self.assertNotIn("missed", show(two))
        groups = ask("XINFO", "GROUPS", STREAM)
        for service in (one, two):
            with open(os.path.join(service.state, "reports/host")) as f:
                self.assertIn(f.read().strip(), groups)
        self.say(two, 35, 40)
        self.until_place((one, two), 40)
        for service in (one, two):
            learner_goes(service, signal.SIGTERM)
        self.assertEqual(snapshot(one), snapshot(two))
        # of another installation: it believes nothing of that, and says so
        three = self.serve(**shared)
        wait_until(lambda: "shared_snapshot_refused" in three.log(), 20, "a refusal")
        wait_until(lambda: stat(three)["missed_ms"] > 0, 20, "it to say that it missed something")

    def test_it_goes_back(self):
        service = self.serve()
        with furui.Client(service.endpoint, deadline_ms=20000 * SLOW) as client:
            for n in range(10):  # what is learnt counts as far as both classes are known
                client.report("ham", mail(n, body="breakfast compass pencil %d\r\n" % n), reporter="boss@example.net")
        self.say(service, 0, 10)
        self.until_place([service], 20)
        place = show(service)["place"]
        with furui.Client(service.endpoint, deadline_ms=20000 * SLOW) as client:
            def live():
                return client.classify(lesson(99), dry_run=True)["parts"].get("live", 0)

            wait_until(lambda: stat(service)["published"] == 20, 20, "workers to have all that was said")
            before = live()
            self.assertGreater(before, 0)
            self.say(service, 10, 40, "ham")
            wait_until(lambda: live() < 0, 20, "the live model to say otherwise")
            rewind = subprocess.run([os.path.join(B, "furui"), "learner", "rewind", place, "--state-dir", service.state],
                                    capture_output=True, text=True, timeout=60 * SLOW)
            self.assertEqual((rewind.returncode, rewind.stderr), (0, ""))
            for _ in range(3):  # whatever ends on the way
                service.end_learner(signal.SIGKILL)

            def is_back():
                now = show(service)
                return (now.get("learnt"), now.get("reports"), now.get("rewinding")) == (20, 50, False)

            wait_until(is_back, 20, "the learner to be where it was")
            wait_until(lambda: abs(live() - before) < 0.01, 20, "what was learnt before to speak again")
        self.assertTrue(is_back())
        self.say(service, 40, 45)
        self.until_place([service], 55)
        self.assertEqual(show(service)["learnt"], 25)

    def test_no_report_is_refused_while_settings_change(self):
        service = self.serve(reports_traps="nobody@example.net")
        told = 0
        with furui.Client(service.endpoint, deadline_ms=20000 * SLOW) as client:
            for round in range(3):
                before = service.learner()
                service.configure(reports_reporter_a_minute=10000 + round)
                service.process.send_signal(signal.SIGHUP)
                for n in range(200 if round == 1 else 1000):  # 256 that nobody waits for may wait for the next learner
                    if round == 1:
                        client.classify(lesson(n), rcpt_to=["nobody@example.net"])  # reports itself
                    else:
                        client.report("spam", lesson(n), reporter="boss@example.net")  # raises when refused
                    told += 1
                    if n > 50 and stat(service)["pid"] not in (0, before):
                        break
                service.learner(but=before)
        self.until_place([service], told)


if __name__ == "__main__":
    harness.main()
