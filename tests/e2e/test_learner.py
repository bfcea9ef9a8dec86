# SPDX-License-Identifier: Apache-2.0
"""The operator's hand on the learner: what is known of a reporter, and orders that all hosts obey, through the real
commands and processes."""

import itertools
import json
import os
import signal
import subprocess
import unittest

import service as harness
from service import B, SLOW, Service, alive, mail, wait_until

import furui


def run(service, *words):
    """`furui WORDS…` at that service's door: status, what it said, what it complained of."""
    done = subprocess.run([os.path.join(B, "furui"), *words, "--state-dir", service.state], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60 * SLOW)
    return done.returncode, done.stdout, done.stderr


def show(service):
    status, said, complaint = run(service, "learner", "show", "--json")
    return json.loads(said) if status == 0 else {}


def reporter(service, who, *words):
    status, said, complaint = run(service, "reporter", "show", "--json", who, *words)
    if status:
        raise AssertionError(complaint)
    return json.loads(said)


def stat(service):
    with furui.Client(service.endpoint) as client:
        return json.loads(client.stat())["learner"]


WORDS = "stock offer breakfast lantern orchard velvet kettle meadow compass harbour".split()


def lesson(n):
    """A mail of words that all of these share, and no text of another."""
    text = " ".join(WORDS[(n * 7 + i * 3) % len(WORDS)] for i in range(30))
    return mail(n, sender="x@d%d.example" % n, body="%s %d\r\n" % (text, n))


LETTERS = 3


def letters(client):
    """Ham of other words: of one class alone nothing is learnt."""
    for n in range(LETTERS):
        client.report("ham", mail(1000 + n, sender="y@e%d.example" % n), reporter="boss@example.net")


class Learner(unittest.TestCase):
    def serve(self, **settings):
        service = Service(**settings)
        service.__enter__()
        self.addCleanup(service.__exit__, None, None, None)
        service.start()
        wait_until(lambda: stat(service)["state"] == "up" and stat(service)["redis"], 20, "the learner")
        return service

    def ok(self, service, *words):
        status, said, complaint = run(service, *words)
        self.assertEqual((status, complaint), (0, ""), said)
        return said

    def test_a_reporter(self):
        service = self.serve(reports_trusted="boss@example.net", reports_unlimited="loud@example.net",
                             reports_reporter_a_minute=6)  # so few that they do not come back within the test
        none = reporter(service, "hana@example.net")
        self.assertEqual((none["standing"], none["weight"], none["words"], none["left"]), ("newcomer", 0.2, 0, 6))
        self.assertEqual(reporter(service, "boss@example.net")["standing"], "trusted")
        self.assertEqual(reporter(service, "loud@example.net")["unlimited"], True)
        with furui.Client(service.endpoint, deadline_ms=20000 * SLOW) as client:
            for n in range(5):
                client.report("spam", mail(n, sender="x@d%d.example" % n), reporter="boss@example.net")
                client.report("spam", mail(n, sender="x@d%d.example" % n), reporter="Hana@example.net")
            client.report("ham", mail(0, sender="x@d0.example"), reporter="liar@example.net")
        wait_until(lambda: reporter(service, "hana@example.net")["words"] == 5, 20, "five words")
        wait_until(lambda: reporter(service, "liar@example.net")["words"] == 1, 20, "his word")
        hana, liar = reporter(service, "HANA@example.net", "--tenant", "acme"), reporter(service, "liar@example.net")
        self.assertEqual((hana["agreed"], hana["disagreed"], hana["weight"], hana["standing"]), (5, 0, 0.6, "known"))
        self.assertLess(hana["left"], 6)
        self.assertEqual(hana["tenant_left"], hana["tenant_a_minute"])
        self.assertEqual((liar["agreed"], liar["disagreed"], liar["weight"]), (0, 1, 0.111111))
        text = self.ok(service, "reporter", "show", "hana@example.net", "liar@example.net")
        self.assertIn("= (agreed 5 + 1) / (agreed 5 + 4 x disagreed 0 + 5)", text)
        self.assertIn("= (agreed 0 + 1) / (agreed 0 + 4 x disagreed 1 + 5)", text)

    def test_orders_are_obeyed_on_all_hosts(self):
        one = self.serve()
        two = self.serve(redis_server="unix:" + os.path.join(one.state, "redis.sock"),
                         redis_secret_file=os.path.join(one.state, "secret"))
        self.assertIn("frozen, at ", self.ok(one, "learner", "freeze", "--by", "hana", "--note", "篩: a flood"))
        for service in (one, two):
            wait_until(lambda: stat(service)["frozen"], 20, "the freeze to be met")  # noqa: B023
        there = show(two)
        self.assertEqual((there["frozen"], there["frozen_note"]), (True, "篩: a flood"))
        self.assertTrue(there["frozen_by"].startswith("hana (uid "))
        self.assertEqual(run(two, "learner", "freeze")[::2], (1, "furui learner: refused: it is frozen already\n"))
        self.ok(two, "learner", "rewind", "-1h", "--note", "5")
        self.assertIn("thawed", self.ok(two, "learner", "thaw"))
        wait_until(lambda: not stat(one)["frozen"], 20, "the thaw to be met")
        self.assertEqual([(o["do"], o.get("note")) for o in show(one)["orders"]],
                         [("thaw", None), ("rewind", "5"), ("freeze", "篩: a flood")])
        self.assertEqual(show(one)["skips"], show(two)["skips"])
        self.assertEqual(run(one, "learner", "thaw")[::2], (1, "furui learner: refused: it is not frozen\n"))
        status, _, complaint = run(one, "learner", "rewind", "2100-01-01")
        self.assertEqual(status, 1)
        self.assertIn("nothing was learnt since that place", complaint)

    def test_frozen_it_stands_still(self):
        service = self.serve(reports_trusted="boss@example.net", reports_sample_s=0)
        client = furui.Client(service.endpoint, deadline_ms=20000 * SLOW)
        self.addCleanup(client.close)

        def say(says, first):
            for n in range(first, first + 5):
                client.report(says, lesson(n), reporter="boss@example.net")
            wait_until(lambda: show(service).get("reports") == LETTERS + first + 5, 20, "five reports")

        def live():
            return client.classify(lesson(99), dry_run=True)["parts"].get("live", 0)

        self.assertEqual((live(), show(service)["content"]), (0, "learns"))
        letters(client)
        say("spam", 0)
        wait_until(lambda: live() > 0, 20, "the live model to speak")
        self.ok(service, "learner", "freeze")
        say("ham", 5)
        frozen = show(service)
        self.assertEqual((frozen["content"], frozen["learnt"]), ("frozen", LETTERS + 5))
        self.assertGreater(live(), 0)
        wait_until(lambda: reporter(service, "boss@example.net")["words"] == LETTERS + 10, 20,
                   "his words to count")
        self.ok(service, "learner", "thaw")
        say("ham", 10)
        self.assertEqual(show(service)["learnt"], LETTERS + 10)  # what came while it was frozen is not learnt later
        wait_until(lambda: live() < 0, 20, "the live model to say otherwise")

    def test_back_to_where_it_was(self):
        settings = {"reports_trusted": "boss@example.net", "reports_sample_s": 0}
        one = self.serve(**settings)
        two = self.serve(redis_server="unix:" + os.path.join(one.state, "redis.sock"),
                         redis_secret_file=os.path.join(one.state, "secret"), **settings)
        clients = [furui.Client(s.endpoint, deadline_ms=20000 * SLOW) for s in (one, two)]
        for client in clients:
            self.addCleanup(client.close)

        def say(says, first):
            for n in range(first, first + 5):
                clients[n % 2].report(says, lesson(n), reporter="boss@example.net")
            for service in (one, two):
                wait_until(lambda: show(service).get("reports") == LETTERS + first + 5, 20, "five reports")  # noqa: B023

        def live(client):
            return client.classify(lesson(99), dry_run=True)["parts"].get("live", 0)

        letters(clients[0])
        say("spam", 0)
        before = show(one)["place"]
        say("ham", 5)
        self.assertEqual((show(one)["learnt"], show(two)["learnt"]), (LETTERS + 10, LETTERS + 10))
        for client in clients:
            wait_until(lambda: live(client) < 0, 20, "ham to be learnt")  # noqa: B023
        self.assertIn("rewound to %s, at " % before, self.ok(two, "learner", "rewind", before, "--note", "a mistake"))
        one.end_learner(signal.SIGKILL)  # wherever it is on its way
        for service, client in zip((one, two), clients):
            # One that comes back reads the past again, and has learnt as much on the way.
            wait_until(lambda: (now := show(service)).get("reports") == LETTERS + 10 and not now["rewinding"]  # noqa: B023
                       and now["learnt"] == LETTERS + 5, 20, "the way back")
            self.assertEqual(reporter(service, "boss@example.net")["words"], LETTERS + 10)
            wait_until(lambda: live(client) > 0, 20, "workers to see it")  # noqa: B023
        self.assertEqual([o["do"] for o in show(one)["orders"]], ["rewind"])
        say("ham", 10)  # it goes on from there
        self.assertEqual([show(s)["learnt"] for s in (one, two)], [LETTERS + 10, LETTERS + 10])
        self.assertEqual(show(one)["skips"], show(two)["skips"])
        two.stop()
        old = one.learner()
        os.kill(old, signal.SIGTERM)
        wait_until(lambda: not alive(old), 20, "the first learner to go")
        snapshots = []
        for service in (one, two):
            with open(os.path.join(service.state, "live/snapshot"), "rb") as f:
                snapshots.append(f.read())
        self.assertEqual(snapshots[0], snapshots[1])

    def test_a_guard_calls_for_a_person(self):
        service = self.serve(reports_trusted="boss@example.net", reports_unlimited="boss@example.net",
                             reports_sample_s=1, reports_guard_flips=1, reports_guard_step=0, engine_workers=8)
        numbers = itertools.count()

        def seen():
            harness.Flood(service.endpoint, [lesson(next(numbers)) for _ in range(100)])
            return show(service)["samples"] >= 64  # fewer decide nothing

        wait_until(seen, 60, "samples of the traffic")
        with furui.Client(service.endpoint, deadline_ms=20000 * SLOW) as client:
            for n in range(100):  # everybody's mail is spam, says one who is believed
                client.report("spam", lesson(1000000 + n), reporter="boss@example.net")
                if stat(service)["frozen"]:
                    break
        now = wait_until(lambda: (now := show(service)).get("frozen") and now, 20, "the guard")
        self.assertEqual((now["content"], now["frozen_by"]), ("frozen", "guard"))
        self.assertRegex(now["frozen_note"], r"% of \d+ mails that nobody reported changed their class")
        self.assertIn("by=guard", service.log())
        self.ok(service, "learner", "freeze", "--note", "seen")  # a person's word stands above it
        self.assertEqual(show(service)["frozen_note"], "seen")
        self.ok(service, "learner", "thaw")
        self.assertEqual([o["do"] for o in show(service)["orders"]], ["thaw", "freeze", "freeze"])

    def test_wrong_usage(self):
        with Service() as nobody:
            os.makedirs(nobody.state, exist_ok=True)
            cases = (
                (("learner", "show"), 69, "is the service on this host?"),
                (("learner", "rewind"), 64, "back to where?"),
                (("learner", "rewind", "tomorrow"), 64, "'tomorrow' is no place"),
                (("learner", "rewind", "2026-11"), 64, "'2026-11' is no place"),
                (("learner", "rewind", "-2y"), 64, "'-2y' is no place"),
                (("learner", "rewind", "--note", "-2h"), 64, "back to where?"),
                (("learner", "rewind", "-2h", "2026-11-22"), 64, "takes one place: '2026-11-22'"),
                (("learner", "freeze", "now"), 64, "takes no argument but options: 'now'"),
                (("learner", "freeze", "--note", "x" * 300), 64, "--note: at most 255 bytes"),
                (("learner", "melt"), 64, "'melt' is none of show, freeze, thaw, rewind"),
                (("reporter", "show"), 64, "which reporter?"),
                (("reporter", "show", "x" * 2000), 64, "a reporter's name: at most"),
                (("reporter",), 64, "'--state-dir' is not show"),
            )
            for words, status, why in cases:
                got = run(nobody, *words)
                self.assertEqual(got[0], status, words)
                self.assertIn(why, got[2])

    def test_redis_and_learner_away(self):
        service = self.serve()
        redis = service.redis()
        os.kill(redis, signal.SIGSTOP)
        try:
            status, said, _ = run(service, "learner", "freeze", "--note", "in the dark")
            self.assertEqual(status, 3)
            self.assertIn("kept, not obeyed yet: it waits in this host's journal", said)
            self.assertEqual(show(service)["frozen"], False)
            service.end_learner(signal.SIGKILL)  # what was kept survives it
        finally:
            os.kill(redis, signal.SIGCONT)
        wait_until(lambda: show(service).get("frozen"), 20, "the order to be obeyed")
        self.assertEqual(show(service)["frozen_note"], "in the dark")
        old = service.learner()
        os.kill(old, signal.SIGSTOP)
        asked = subprocess.Popen([os.path.join(B, "furui"), "learner", "show", "--state-dir", service.state],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with furui.Client(service.endpoint, deadline_ms=20000 * SLOW) as client:
            self.assertIn("p", client.classify(mail(1)))  # mail does not wait for it
        os.kill(old, signal.SIGKILL)
        said, complaint = asked.communicate(timeout=60 * SLOW)
        # it may have come to the door only when the learner was gone, or back
        if asked.returncode:
            self.assertEqual(asked.returncode, 75)
            self.assertRegex(complaint, "the learner (ended before it answered|is not there)")
        wait_until(lambda: show(service).get("frozen"), 20, "the learner to know it still")


if __name__ == "__main__":
    harness.main()
