# SPDX-License-Identifier: Apache-2.0
"""The live model, through real processes: what is reported of a mail moves verdicts on the same content from elsewhere,
within two seconds and for as long as the report stands, whichever child ends meanwhile."""

import json
import os
import signal
import time
import unittest

import service as harness
from service import SLOW, Service, wait_until

import furui

PITCH = ("You have been chosen for the winter promotion of our jewellery house. Reply with the code AURORA before midnight "
         "and the courier brings two silver bracelets, a pendant and a voucher, free of any charge, to your door. "
         "Only the first hundred households who reply take part in the promotion.\r\n")
LETTER = ("The minutes of the choir's meeting are below. We agreed to rehearse the requiem on Thursdays, and to ask the "
          "parish for the smaller hall. Ingrid brings the scores; please tell her how many altos she must copy for.\r\n")


def mail(n, body, subject):
    """No two have a name in common: another sender, another domain, another address."""
    return ("From: Sender %d <s%d@d%d.example>\r\nTo: b@example.net\r\nSubject: %s\r\nDate: Sat, 1 Jan 2022 00:00:00 +0000\r\n"
            "Message-ID: <%d@d%d.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n%s"
            % (n, n, n, subject, n, n, body)).encode()


class Live(unittest.TestCase):
    def setUp(self):
        self.service = Service(reports_trusted="boss@example.net, second@example.net, third@example.net", reports_sample_s=1,
                               redis_cache_ms=0)
        self.service.__enter__()
        self.addCleanup(self.service.__exit__, None, None, None)
        self.service.start()
        self.client = furui.Client(self.service.endpoint, deadline_ms=20000 * SLOW)
        self.addCleanup(self.client.close)
        wait_until(lambda: self.learner()["state"] == "up", 20, "the learner")
        wait_until(self.traffic, 60, "the learner to have seen what is common")

    def learner(self):
        return json.loads(self.client.stat())["learner"]

    def until_published(self, reports):
        wait_until(lambda: self.learner()["published"] == reports, 20, "workers to have %d reports" % reports)

    def traffic(self):
        """Mail that nobody reports; some of it is shown to the learner. All else here is a dry run, and is not."""
        self.letters = getattr(self, "letters", 1000) + 1
        self.client.classify(mail(self.letters, LETTER, "minutes, number %d" % self.letters))
        return self.learner()["samples"] >= 16

    def pitch(self, n, **ask):
        return self.client.classify(mail(n, PITCH, "your winter promotion"), client_ip="192.0.%d.7" % n, dry_run=True, **ask)

    def report(self, says, n, reporter="boss@example.net", **ask):
        self.client.report(says, mail(n, PITCH, "your winter promotion"), reporter=reporter, client_ip="192.0.%d.7" % n, **ask)

    def live(self, n=9, **ask):
        return self.pitch(n, **ask)["parts"].get("live", 0)

    def test_a_report_moves_the_same_content_from_elsewhere(self):
        before = self.pitch(77)
        self.assertNotIn("live", before["parts"])
        letter = mail(2, LETTER, "minutes of the meeting")
        took_s = []
        for n, reporter in enumerate(("boss", "second", "third")):
            self.report("spam", n + 1, reporter + "@example.net")
            begun = time.monotonic()
            self.until_published(n + 1)
            took_s.append(time.monotonic() - begun)
        self.assertLess(min(took_s), 2 * SLOW)  # of three, for the machine may stand still once
        after = self.pitch(77, explain=True)
        self.assertGreater(after["parts"]["live"], 0.5)
        self.assertGreater(after["p"], before["p"])
        self.assertEqual(after["score"], before["score"], "the bundle's word stays its own")
        words = [what for what, weight in after["reasons"] if what.startswith("reported lately: ")]
        self.assertTrue(words, after["reasons"])
        moved = self.client.classify(letter, dry_run=True)["parts"].get("live", 0)
        self.assertLess(abs(moved), after["parts"]["live"] / 4, "other content is moved little")
        for n, reporter in enumerate(("boss", "second", "third")):
            self.report("undo", n + 1, reporter + "@example.net")
        wait_until(lambda: abs(self.live(77)) < 0.05 * after["parts"]["live"], 20, "the undo to take it back")

    def test_it_outlives_who_reads_and_who_writes(self):
        for n, reporter in enumerate(("boss", "second", "third")):
            self.report("spam", n + 1, reporter + "@example.net")
        self.until_published(3)
        settled = self.live()
        self.assertGreater(settled, 0.5)
        for pid in self.service.workers():
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: pid not in self.service.workers() and len(self.service.workers()) == 2, 20, "a new worker")
        self.assertEqual(self.live(), settled, "a worker that starts reads what the others read")
        old = self.service.learner()
        os.kill(old, signal.SIGKILL)
        for _ in range(50):
            self.assertEqual(self.live(), settled, "while the learner is away, and while it catches up, the table stays")
            time.sleep(0.02)
        self.service.learner(but=old)
        self.report("undo", 1)
        wait_until(lambda: self.live() < settled, 30, "the learner to go on")
        self.service.stop()
        self.service.start()
        wait_until(lambda: self.live() > 0, 30, "the next furuid's learner to tell what its snapshot has")

    def test_a_tenants_reports_move_its_own_verdicts_most(self):
        for n, reporter in enumerate(("boss", "second", "third")):
            self.report("spam", n + 1, reporter + "@example.net", tenant="acme")
        self.until_published(3)
        self.assertGreater(self.live(tenant="acme"), 0.3)
        self.assertGreater(self.live(tenant="acme"), 1.2 * self.live())
        self.assertEqual(self.live(tenant="other.example"), self.live())


class Samples(unittest.TestCase):
    def test_workers_show_mails_of_the_traffic(self):
        with Service(reports_sample_s=1) as service:
            service.start()
            with furui.Client(service.endpoint, deadline_ms=20000 * SLOW) as client:
                def stat():
                    return json.loads(client.stat())["learner"]

                wait_until(lambda: stat()["state"] == "up", 20, "the learner")
                for n in range(100):  # at twenty samples a second, were they any
                    client.classify(mail(n, LETTER, "minutes %d" % n), dry_run=True)
                    time.sleep(0.01)
                self.assertEqual(stat()["samples"], 0, "a dry run leaves no trace")

                def shown():
                    nonlocal n
                    n += 1
                    client.classify(mail(n, LETTER, "minutes %d" % n))
                    return stat()["samples"] > 0

                wait_until(shown, 30, "a sample")
                self.assertEqual(stat()["reports"], 0, "a sample is no report")


if __name__ == "__main__":
    harness.main()
