# SPDX-License-Identifier: Apache-2.0
"""Campaigns, through real processes: many copies with random words are one row, with what is known of them; Subjects
only where the tenant lets us; a dry run leaves no trace; a Redis that is away or full is said so."""

import json
import os
import random
import signal
import subprocess
import unittest

import service as harness
from service import B, SLOW, Flood, Service, wait_until

import furui

VARIANTS = 300


def words(dice, n):
    return ["".join(dice.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(dice.randrange(5, 10))) for _ in range(n)]


def letter(n, subject, text):
    return ("From: A <a@d%d.example>\r\nTo: b@example.net\r\nSubject: %s\r\nDate: Sat, 1 Jan 2022 00:00:00 +0000\r\n"
            "Message-ID: <%d@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n"
            % (n, subject, n, text)).encode()


class Campaign:
    """One text in many copies: each has some of its words replaced, words of its own behind, and begins elsewhere."""

    def __init__(self, dice, size=60, own=6, replaced=0):
        self.dice, self.text, self.own, self.replaced = dice, words(dice, size), own, replaced

    def copy(self, n, subject):
        text = list(self.text)
        for at in self.dice.sample(range(len(text)), self.replaced):
            text[at] = words(self.dice, 1)[0]
        text += words(self.dice, self.own)
        begin = self.dice.randrange(len(text))
        return letter(n, subject, " ".join(text[begin:] + text[:begin]))


def told(service, *more):
    """What `furui campaigns` prints."""
    return subprocess.run([os.path.join(B, "furui"), "campaigns", "--config", service.config, *more],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60 * SLOW)


class Campaigns(unittest.TestCase):
    def start(self, policies="", **settings):
        s = Service(reports_trusted="boss@example.net, second@example.net, third@example.net", **settings)
        s.__enter__()
        self.addCleanup(s.__exit__, None, None, None)
        with open(s.config, "a") as f:
            f.write(policies)
        return s.start()

    def send(self, service, mails, **keys):
        """All mails, answered. How many of them without Redis: they are in no campaign."""
        flood = Flood(service.endpoint, mails, in_flight=100, **keys)
        self.assertEqual(flood.kinds(), {"verdict": len(mails)})
        return sum("degraded" in answers[0] for answers in flood.answers.values())

    def test_one_row_with_what_is_known(self):
        s = self.start()
        dice = random.Random(5)
        campaign, news = Campaign(dice), Campaign(dice, own=0)
        missed = 20  # each worker's first two copies, and what it knew too late
        for net in range(6):
            batch = [campaign.copy(1000 * net + n, "you have won") for n in range(VARIANTS // 6)]
            batch += [letter(1000 * net + 200 + n, "hello", " ".join(words(dice, 50))) for n in range(50)]
            batch += [news.copy(1000 * net + 400 + n, "news") for n in range(5)]
            dice.shuffle(batch)
            missed += self.send(s, batch, client_ip="192.0.%d.7" % net)
        large = lambda: [r for r in s.campaigns() if r["mails"] > VARIANTS - missed]  # noqa: E731
        found = wait_until(large, 20, "the campaign to be counted")
        self.assertEqual(len(found), 1)
        top = s.campaigns()[0]
        self.assertEqual(top["fingerprint"], found[0]["fingerprint"])
        self.assertLessEqual(top["mails"], VARIANTS)
        self.assertGreater(top["growth"], 15)
        self.assertEqual(top["networks"], 6)
        self.assertNotIn("subject", top)
        self.assertEqual((top["said_spam"], top["said_ham"]), (0, 0))
        self.assertAlmostEqual(s.reputation("show", "text", top["fingerprint"])["fast"]["mails"], top["mails"], delta=60)
        wait_until(lambda: len(s.campaigns()) == 2, 20, "the letters to many")
        wait_until(lambda: 30 - missed < s.campaigns()[1]["mails"] <= 30, 20, "their number")

        with furui.Client(s.endpoint, deadline_ms=20000 * SLOW) as client:
            wait_until(lambda: json.loads(client.stat())["learner"]["state"] == "up", 20, "the learner")
            for n, who in enumerate(("boss", "second", "third")):
                client.report("spam", campaign.copy(n, "won"), reporter=who + "@example.net")
            client.report("ham", news.copy(1, "news"), reporter="boss@example.net")
        wait_until(lambda: s.campaigns()[0]["said_spam"] > 0 and s.campaigns()[1]["said_ham"] == 1, 20, "the reports")
        self.assertLessEqual(s.campaigns()[0]["said_spam"], 3)

        table = told(s, "--top", "1").stdout.splitlines()
        self.assertEqual(table[0].split()[:3], ["mails", "usual", "growth"])
        self.assertIn(top["fingerprint"], table[1])
        self.assertTrue(table[1].endswith("  -"), table[1])
        self.assertEqual(table[2], "")
        for key in s.redis_command("--scan", "--pattern", "*:campaign*").splitlines():
            self.assertTrue(0 < int(s.redis_command("TTL", key)) <= 4 * 6 * 3600, key)

    def test_copies_in_other_words(self):
        """How much of a campaign is in one row, by what its copies change. Prints what docs/reputation.md has."""
        forms = (("10% of random words behind", 6, 0, 0.95), ("30% behind", 18, 0, 0.6), ("10% replaced", 0, 6, 0.95),
                 ("20% replaced", 0, 12, 0.6), ("10% replaced, 30% behind", 18, 6, 0.4))
        s = self.start("[policy]\ncampaign_subject = yes\n")
        dice = random.Random(10)
        mails = [letter(n, "none", " ".join(words(dice, 60))) for n in range(500)]
        for subject, own, replaced, _ in forms:
            campaign = Campaign(dice, own=own, replaced=replaced)
            mails += [campaign.copy(n, subject) for n in range(VARIANTS)]
        dice.shuffle(mails)
        missed = 20 + self.send(s, mails)

        def found(subject, least):
            sizes = [round(r["mails"]) for r in s.campaigns("--top", "512") if r["subject"] == subject]
            return sizes if sizes and sizes[0] > least else None

        for subject, _, _, share in forms:
            first, *others = wait_until(lambda f=subject, n=share: found(f, n * VARIANTS - missed), 20, subject)
            largest = max(others, default=0)
            print("# %s: %d of %d, %d other rows, the largest with %d" % (subject, first, VARIANTS, len(others), largest))
            self.assertLess(largest, VARIANTS / 5)
        self.assertEqual({r["subject"] for r in s.campaigns("--top", str(len(forms)))}, {f[0] for f in forms})

    def test_subjects_only_where_allowed(self):
        s = self.start("[policy]\ncampaign_subject = no\n[policy open]\ncampaign_subject = yes\n")
        dice = random.Random(6)
        nasty = "=?utf-8?q?free_=1B=5B2J_=E2=80=AEgnp.exe_=C2=85=F0=9F=8E=81?="
        sent = {tenant: Campaign(dice) for tenant in ("open", "shut")}
        for tenant, campaign in sent.items():
            self.send(s, [campaign.copy(n, nasty) for n in range(40)], tenant=tenant, client_ip="192.0.2.1")
        wait_until(lambda: len(s.campaigns()) == 2, 20, "both")
        self.assertEqual([r for r in s.campaigns() if "subject" in r], [])
        for tenant, want in (("open", "free [2J gnp.exe \U0001f381"), ("shut", None)):
            own = wait_until(lambda t=tenant: s.campaigns("--tenant", t), 20, "the tenant's")
            self.assertEqual((len(own), own[0].get("subject")), (1, want))
            self.assertTrue(3 <= own[0]["mails"] <= 40, own)
        self.assertTrue(told(s, "--tenant", "open").stdout.splitlines()[1].endswith("free [2J gnp.exe \U0001f381"))
        self.assertEqual(s.campaigns("--tenant", "nobody"), [])
        self.assertNotIn("free", s.redis_command("--scan", "--pattern", "*"))

    def test_everybodys_policy_is_not_a_tenants(self):
        s = self.start("[policy]\ncampaign_subject = yes\n[policy shut]\ncampaign_subject = no\n")
        dice = random.Random(7)
        for tenant in ("shut", "other"):
            campaign = Campaign(dice)
            self.send(s, [campaign.copy(n, "of " + tenant) for n in range(40)], tenant=tenant)
        wait_until(lambda: len(s.campaigns()) == 2, 20, "both")
        self.assertEqual([r["subject"] for r in s.campaigns() if "subject" in r], ["of other"])

    def test_a_dry_run_leaves_no_trace(self):
        s = self.start("[policy]\ncampaign_subject = yes\n")
        campaign = Campaign(random.Random(8))
        self.send(s, [campaign.copy(n, "dry") for n in range(50)], dry_run=True)
        self.send(s, [letter(n, "one", " ".join(words(random.Random(n), 40))) for n in range(20)])
        wait_until(lambda: s.seen("from", "d3.example"), 20, "the others to be counted")
        self.assertEqual(s.campaigns(), [])
        self.assertIn("no text that several mails", told(s).stdout)
        watch = subprocess.Popen([os.path.join(B, "furui"), "campaigns", "--json", "--watch", "1", "--config", s.config],
                                 stdout=subprocess.PIPE, text=True, preexec_fn=harness.die_with_parent)
        self.assertEqual([watch.stdout.readline() for _ in range(2)], ["[]\n"] * 2)
        watch.terminate()
        watch.communicate()

    def test_redis_full_or_away(self):
        s = self.start()
        campaign = Campaign(random.Random(9))
        self.send(s, [campaign.copy(n, "full") for n in range(50)])
        wait_until(lambda: s.campaigns(), 20, "the campaign")
        s.redis_command("CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "1")
        before = s.campaigns()[0]["mails"]  # from now on no more are written
        self.send(s, [campaign.copy(n, "full") for n in range(50)])
        self.assertLessEqual(s.campaigns()[0]["mails"], before)
        s.redis_command("CONFIG", "SET", "maxmemory", "0")
        os.kill(s.redis(), signal.SIGSTOP)
        try:
            done = told(s)
        finally:
            os.kill(s.redis(), signal.SIGCONT)
        self.assertEqual((done.returncode, done.stdout), (69, ""))
        self.assertIn("Redis does not answer", done.stderr)
        s.stop()
        done = told(s)
        self.assertEqual((done.returncode, done.stdout), (69, ""))
        for wrong in (("--top", "0"), ("--watch", "x"), ("--tenant",), ("all",)):
            self.assertEqual(told(s, *wrong).returncode, 64)
        self.assertEqual(told(s, "--config", "/nowhere/furui.ini").returncode, 66)


if __name__ == "__main__":
    harness.main()
