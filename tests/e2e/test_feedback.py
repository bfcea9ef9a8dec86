# SPDX-License-Identifier: Apache-2.0
"""Reports, through real processes: what a user says moves verdicts, counts once, is taken back, and survives whatever
ends in between; two hosts that share a Redis end with the same state, byte by byte."""

import itertools
import json
import os
import signal
import subprocess
import time
import unittest

import service as harness
from service import B, SLOW, Service, alive, mail, wait_until

import furui

ARF = """From: <abuse@provider.example>
To: <fbl@example.net>
Subject: FW: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is a report.
--b
Content-Type: message/feedback-report

Feedback-Type: %s
User-Agent: Example/1.0
Version: 1
Original-Rcpt-To: <user@example.net>
Original-Mail-From: <bounce@campaign.example>
Source-IP: 192.0.2.77

--b
Content-Type: message/rfc822

From: Deals <deals@campaign.example>
To: <user@example.net>
Subject: a great deal
Message-ID: <1@campaign.example>
Date: Sat, 1 Jan 2022 00:00:00 +0000

Only today, see http://shop.campaign.example/ and tell nobody about the great deal that we have for you.
--b--
"""


def stat(service):
    with furui.Client(service.endpoint) as client:
        return json.loads(client.stat())["learner"]


class Reports(unittest.TestCase):
    def setUp(self):
        self.service = Service(reports_trusted="boss@example.net, second@example.net, third@example.net",
                               reports_traps="nobody@example.net", redis_cache_ms=0)
        self.service.__enter__()
        self.addCleanup(self.service.__exit__, None, None, None)
        self.service.start()
        self.client = furui.Client(self.service.endpoint, deadline_ms=20000 * SLOW)
        self.addCleanup(self.client.close)
        wait_until(lambda: stat(self.service)["state"] == "up", 20, "the learner")

    def said(self, kind, name):
        record = self.service.reputation("show", kind, name)
        return (round(record["slow"]["said_spam"], 2), round(record["slow"]["said_ham"], 2)) if record else (0, 0)

    def until_said(self, kind, name, spam, ham):
        wait_until(lambda: self.said(kind, name) == (spam, ham), 20, "%s %s to be %s %s" % (kind, name, spam, ham))

    def test_a_word_moves_the_next_verdict_counts_once_and_is_taken_back(self):
        message = mail(1, sender="news@sender.example")
        ask = {"client_ip": "192.0.2.5"}
        before = self.service.classify_whole(message, dry_run=True, **ask)
        answer = self.client.report("spam", message, reporter="boss@example.net", **ask)
        self.assertNotIn("again", answer)
        self.until_said("ip", "192.0.2.5", 1, 0)
        self.until_said("from", "sender.example", 1, 0)
        after = self.service.classify_whole(message, dry_run=True, **ask)
        self.assertGreater(after["p"], before["p"])
        self.assertEqual(self.client.report("spam", message, reporter="boss@example.net", **ask)["again"], True)
        self.client.report("ham", message, reporter="second@example.net", **ask)
        self.until_said("ip", "192.0.2.5", 1, 1)
        self.client.report("undo", message, reporter="boss@example.net", **ask)
        self.until_said("ip", "192.0.2.5", 0, 1)
        self.client.report("undo", message, reporter="second@example.net", **ask)
        self.until_said("ip", "192.0.2.5", 0, 0)
        again = lambda: abs(self.client.classify(message, dry_run=True, **ask)["p"] - before["p"]) < 0.01
        wait_until(again, 20, "the verdict to be as it was")

    def test_it_is_in_the_stream_when_it_is_acknowledged(self):
        """Unless Redis takes half a second: on a busy machine one may."""
        numbers = itertools.count()
        kept = lambda: self.client.report("spam", mail(next(numbers)), reporter="boss@example.net")["kept"]
        wait_until(lambda: kept() == "stream", 20, "a report to be in the stream")

    def test_strangers_move_little_and_tenants_are_apart(self):
        for n in range(30):
            self.client.report("spam", mail(n, sender="x@crowd.example"), reporter="stranger%d" % n)
        self.until_said("from", "crowd.example", 1, 0)
        self.client.report("spam", mail(1, sender="x@tenant.example"), reporter="boss@example.net", tenant="acme")
        self.until_said("from", "tenant.example", 0.25, 0)  # everybody's share
        own = wait_until(lambda: self.service.reputation("show", "--tenant", "acme", "from", "tenant.example"), 20, "its own")
        self.assertAlmostEqual(own["slow"]["said_spam"], 1, 2)

    def test_traps_without_a_learner_are_counted(self):
        with Service(reports_traps="nobody@example.net", reports_sample_s=0, engine_restart_min_ms=10000 * SLOW,
                     engine_restart_max_ms=10000 * SLOW) as s:
            s.start()
            os.kill(s.learner(), signal.SIGKILL)
            with furui.Client(s.endpoint, deadline_ms=20000 * SLOW) as client:
                def unheard():
                    client.classify(mail(1), rcpt_to=["nobody@example.net"])
                    return stat(s)["unheard"] > 0

                wait_until(unheard, 20, "a trap that nobody hears")
            s.wait_log("traps_unheard", 30)

    def test_a_trap_speaks_for_itself(self):
        self.client.classify(mail(2, sender="x@trapped.example"), rcpt_to=["nobody@example.net"])
        self.until_said("from", "trapped.example", 3, 0)
        self.client.classify(mail(3, sender="x@dry.example"), rcpt_to=["nobody@example.net"], dry_run=True)
        self.client.classify(mail(4, sender="x@trapped.example"), rcpt_to=["Nobody@Example.net", "b@example.net"])
        wait_until(lambda: self.said("from", "trapped.example")[0] > 3, 20, "the second trap")
        self.assertEqual(self.said("from", "dry.example"), (0, 0))

    def test_feedback_reports_from_a_pipe(self):
        def pipe(text):
            return subprocess.run([os.path.join(B, "furui"), "report", "--arf", "--endpoint", self.service.endpoint],
                                  input=text.encode(), capture_output=True, timeout=60 * SLOW)

        done = pipe(ARF % "abuse")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"1 kept\n", b""))
        self.until_said("ip", "192.0.2.77", 0.2, 0)  # a newcomer's word
        self.until_said("from", "campaign.example", 0.2, 0)
        self.assertEqual(pipe(ARF % "not-spam").returncode, 0)
        self.until_said("ip", "192.0.2.77", 0, 0.2)
        for text, why in ((ARF % "auth-failure", "says nothing about spam"), (ARF % "nonsense", "no known one"),
                          (ARF.replace("feedback-report\n\nF", "nothing\n\nF") % "abuse", "no part message/feedback-report"),
                          (ARF.replace("message/rfc822", "text/html") % "abuse", "neither a mail nor its header"),
                          ("hello", "no feedback report")):
            done = pipe(text)
            self.assertEqual(done.returncode, 1)
            self.assertIn(why, done.stderr.decode())

    def test_refusals_name_the_reason(self):
        cases = (({"says": "spam"}, None, "no mail behind the header"),
                 ({"says": "maybe"}, mail(1), "key 'says': 'maybe' is not one of its words"),
                 ({"says": "spam", "reporter": 5}, mail(1), "key 'reporter': expected a string"),
                 ({"says": "spam", "ticket": "nobody-knows"}, None, "ticket: not known"))
        for keys, message, why in cases:
            with self.assertRaises(furui.Refused) as refused:
                self.client.report(mail=message, **keys)
            self.assertIn(why, refused.exception.detail)

    def test_a_ticket_stands_for_the_mail(self):
        verdict = self.client.classify(mail(7, sender="x@ticket.example"), client_ip="192.0.2.9")
        wait_until(lambda: self.service.redis_command("keys", "*ticket*"), 20, "the ticket to be kept")
        self.client.report("spam", ticket=verdict["ticket"], reporter="boss@example.net")
        self.until_said("ip", "192.0.2.9", 1, 0)
        self.client.report("undo", ticket=verdict["ticket"], reporter="boss@example.net")
        self.until_said("ip", "192.0.2.9", 0, 0)

    def test_over_its_limit(self):
        self.service.configure(reports_reporter_a_minute=3)
        before = self.service.learner()
        self.service.process.send_signal(signal.SIGHUP)
        self.service.learner(but=before)
        for n in range(3):
            self.client.report("spam", mail(n), reporter="loud@example.net")
        with self.assertRaises(furui.Refused) as refused:
            self.client.report("spam", mail(4), reporter="loud@example.net")
        self.assertEqual(refused.exception.why, "denied")
        self.assertIn("more than 3 reports a minute", refused.exception.detail)
        self.client.report("spam", mail(4), reporter="quiet@example.net")

    def test_what_was_acknowledged_survives(self):
        for n in range(5):
            self.client.report("spam", mail(n, sender="x@kept.example"), reporter="boss@example.net")
        redis = self.service.redis()
        os.kill(redis, signal.SIGSTOP)
        try:
            answer = self.client.report("spam", mail(9, sender="x@stalled.example"), reporter="boss@example.net")
            self.assertEqual(answer["kept"], "journal")
        finally:
            os.kill(redis, signal.SIGCONT)
        self.until_said("from", "stalled.example", 1, 0)
        os.kill(redis, signal.SIGKILL)
        self.client.report("spam", mail(10, sender="x@killed.example"), reporter="second@example.net")
        for _ in range(3):
            self.service.end_learner(signal.SIGKILL)
        self.until_said("from", "killed.example", 1, 0)
        # all of one person about one name, no more than twice his weight, each once
        spam = self.said("from", "kept.example")[0]
        self.assertTrue(1.9 < spam <= 2, spam)
        # a learner that has come back knows what was said, once it has read the stream
        again = lambda: self.client.report("spam", mail(10, sender="x@killed.example"),  # noqa: E731
                                           reporter="second@example.net").get("again")
        wait_until(again, 20, "the learner to know it")
        self.until_said("from", "killed.example", 1, 0)


class Hosts(unittest.TestCase):
    def test_two_hosts_end_alike(self):
        with Service(reports_trusted="boss@example.net") as one:
            one.start()
            redis = "unix:" + os.path.join(one.state, "redis.sock")
            with Service(redis_server=redis, redis_secret_file=os.path.join(one.state, "secret"),
                         reports_trusted="boss@example.net") as two:
                two.start()
                for service in (one, two):
                    wait_until(lambda: stat(service)["state"] == "up", 20, "the learner")
                with furui.Client(one.endpoint, 20000 * SLOW) as a, furui.Client(two.endpoint, 20000 * SLOW) as b:
                    for n in range(40):
                        client = (a, b)[n % 2]
                        client.submit_report(("spam", "ham", "undo")[n % 3], mail(n % 9, sender="x@d%d.example" % (n % 4)),
                                             reporter="r%d" % (n % 5))
                    answers = list(a.collect()) + list(b.collect())
                self.assertLessEqual({x.get("kept") for x in answers}, {"stream", "journal"})

                def settled():
                    before = [stat(service) for service in (one, two)]
                    time.sleep(0.5)  # they say so each 0.1 s
                    now = [stat(service) for service in (one, two)]
                    return (now == before and now[0]["reports"] + now[1]["reports"] == 40
                            and now[0]["learnt"] == now[1]["learnt"] > 0
                            and not now[0]["words_for_redis"] + now[1]["words_for_redis"])

                wait_until(settled, 20, "both to have learnt all")

                def sums(service):
                    records = [service.reputation("show", "from", "d%d.example" % n) for n in range(4)]
                    return [r["slow"][k] if r else 0 for r in records for k in ("said_spam", "said_ham")]

                said = sums(one)
                self.assertTrue(any(said), said)
                two.stop()
                snapshots = [os.path.join(s.state, "live/snapshot") for s in (one, two)]
                old = one.learner()
                os.kill(old, signal.SIGTERM)
                wait_until(lambda: not alive(old), 20, "the first learner to go")
                with open(snapshots[0], "rb") as f, open(snapshots[1], "rb") as g:
                    self.assertEqual(f.read(), g.read())
                one.learner(but=old)
                for before, now in zip(said, sums(one)):  # the first learner is back, and has added nothing twice
                    self.assertAlmostEqual(before, now, delta=0.01)  # but for a minute that may have passed


if __name__ == "__main__":
    harness.main()
