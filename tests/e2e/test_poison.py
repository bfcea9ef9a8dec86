# SPDX-License-Identifier: Apache-2.0
"""What a stranger may have put into Redis, or a broken disk into the snapshot: the service goes on, reports count as ever,
and what cannot be read lies in the dead letters with its reason."""

import json
import os
import random
import signal
import struct
import sys
import time
import unittest

import service as harness
from service import SLOW, Service, mail, wait_until

import furui

sys.path.insert(0, os.path.join(harness.ROOT, "tests/chaos"))
from servers import Redis  # noqa: E402

STREAM = "furui:2:{reports}"
GIANT = "redis.call('XADD', KEYS[1], '*', 'h', 'aa', 'r', string.rep('x', %d))"
CROWD = "local f = {}; for i = 1, 6000 do f[i] = string.rep('f', 400) .. i end; redis.call('XADD', KEYS[1], '*', unpack(f))"
HOST_MAX = 18446744073709551615


class Poison(unittest.TestCase):
    def setUp(self):
        self.service = Service(reports_trusted="boss@example.net", redis_cache_ms=0, reports_snapshot_s=1,
                               engine_restart_max_ms=200)
        self.service.__enter__()
        self.addCleanup(self.service.__exit__, None, None, None)
        self.service.start()
        self.client = furui.Client(self.service.endpoint, deadline_ms=20000 * SLOW)
        self.addCleanup(self.client.close)
        self.until(lambda: self.stat()["state"] == "up", "the learner")
        self.redis = Redis(os.path.join(self.service.state, "redis.sock"))
        self.addCleanup(self.redis.__exit__)

    def until(self, true, what):
        return wait_until(true, 30, what)

    def stat(self):
        return json.loads(self.client.stat())["learner"]

    def report(self, n, name):
        self.client.report("spam", mail(n, sender="x@" + name), reporter="boss@example.net")

    def until_said(self, name, spam):
        def said():
            record = self.service.reputation("show", "from", name)
            return record and abs(record["slow"]["said_spam"] - spam) < 0.02
        self.until(said, "%s to be called spam" % name)

    def test_the_stream(self):
        rng = random.Random(6)
        self.report(1, "before.example")
        self.until_said("before.example", 1)
        ours = self.redis.do("XRANGE", STREAM, "-", "+", "COUNT", 1)[0][1]
        mine = dict(zip(ours[::2], ours[1::2]))
        host, record, seal = mine[b"h"], mine[b"r"], mine[b"s"]
        absurd = bytearray(record)
        absurd[12:20] = struct.pack("<d", 1e308)  # the score
        bad = [
            ("seal", ["h", host, "n", 2, "p", 1, "r", rng.randbytes(300), "s", seal]),
            ("seal", ["h", host, "n", HOST_MAX, "p", 1, "r", record, "s", seal]),  # would silence the host
            ("seal", ["h", "00000000000000aa", "n", 1, "p", 0, "r", record, "s", seal]),
            ("seal", ["h", host, "n", 2, "p", 1, "r", bytes(absurd), "s", seal]),
            ("seal", ["h", host, "n", 2, "p", 1, "r", record]),
            ("seal", ["h", host, "n", 2, "p", 1, "r", record, "s", rng.randbytes(64)]),
            ("h, n or p", ["h", host, "n", 1, "p", 1, "r", record, "s", seal]),
            ("h, n or p", ["h", host, "n", "-2", "p", 1, "r", record, "s", seal]),
            ("h, n or p", ["h", host, "n", str(HOST_MAX) + "0", "p", 1, "r", record, "s", seal]),
            ("h, n or p", ["h", "0", "n", 2, "p", 1, "r", record, "s", seal]),
            ("h, n or p", ["host", host, "number", 2, "record", record]),
            ("h, n or p", ["", ""]),
            ("h, n or p", [rng.randbytes(40), rng.randbytes(40)]),
        ]
        for _, fields in bad:
            self.redis.do("XADD", STREAM, "*", *fields)
        for script in (GIANT % 200000, GIANT % 5000000, CROWD):
            self.redis.do("EVAL", script, 1, STREAM)
        self.redis.do("XADD", STREAM, "*", *ours)  # one of ours once more: passed over
        self.report(2, "after.example")
        self.until_said("after.example", 1)
        self.until_said("before.example", 1)
        want = [why for why, _ in bad] + ["h, n or p|longer than", "longer than any report", "longer than any report"]
        self.until(lambda: self.redis.do("XLEN", STREAM + ":dead") == len(want), "the dead letters")
        for (_, fields), why in zip(self.redis.do("XRANGE", STREAM + ":dead", "-", "+"), want):
            self.assertRegex(dict(zip(fields[::2], fields[1::2]))[b"why"].decode(), why)
        self.until(lambda: self.stat()["unreadable"] == len(want), "the count of them")
        self.until(lambda: self.stat()["learnt"] == 2, "both reports")
        self.assertEqual(self.stat()["restarts"], 0)

    def test_the_stream_is_no_stream(self):
        self.report(1, "kept.example")
        self.until_said("kept.example", 1)
        self.redis.do("SET", STREAM, "x")
        answer = self.client.report("spam", mail(2, sender="x@kept.example"), reporter="boss@example.net")
        self.assertEqual(answer["kept"], "journal")
        self.redis.do("DEL", STREAM)
        self.until(lambda: self.stat()["learnt"] == 2, "the second report")

    def test_records_of_names(self):
        ask = {"client_ip": "192.0.2.7", "mail_from": "a@sender.example", "direction": "out", "auth_user": "hana",
               "rcpt_to": ["b@example.net"]}
        letter = mail(1, sender="x@poisoned.example", body="look at http://link.example/ " + "many longer words here " * 9)
        clean = self.service.classify_whole(letter, dry_run=True, **ask)
        self.client.classify(letter, **ask)
        self.until(lambda: self.service.seen("ip", "192.0.2.7") == 1, "the mail to be counted")
        keys = self.until(lambda: len(k := [k for k, v in self.redis.records("furui")]) > 5 and k, "all of its names")
        head = struct.pack("<I", 2 << 24 | 100)
        nan, inf = float("nan"), float("inf")
        poisons = [("SET", b""), ("SET", b"x" * 43), ("SET", b"x" * 45), ("SET", b"\xff" * 44), ("SET", b"x" * (4 << 20)),
                   ("SET", head + struct.pack("<10f", *[nan] * 10)), ("SET", head + struct.pack("<10f", *[inf] * 10)),
                   ("SET", head + struct.pack("<10f", *[-5] * 10)), ("SET", head + struct.pack("<10f", *[3e38] * 10)),
                   ("SET", struct.pack("<I", 3 << 24) + struct.pack("<10f", *[9] * 10)),
                   ("RPUSH", b"x"), ("SADD", b"x"), ("XADD", b"*", b"a", b"b")]
        for verb, *value in poisons:
            for key in keys:
                self.redis.do("DEL", key)
                self.redis.do(verb, key, *value)
            got = self.service.classify(letter, dry_run=True, **ask)
            self.assertEqual((got["kind"], got["parts"]["reputation"]), ("verdict", 0), (verb, value[0][:50]))
        self.report(1, "poisoned.example")  # what is no record is replaced by the next addition
        self.until_said("poisoned.example", 1)
        for key in keys:
            self.redis.do("DEL", key)
        self.assertEqual(self.service.classify_whole(letter, dry_run=True, **ask)["score"], clean["score"])
        self.assertEqual(len(self.service.workers()), 2)
        self.assertNotIn("worker_died", self.service.log())

    def test_what_stands_beside_them(self):
        """Guards of buckets, the place that was told, the snapshot that hosts share, tickets."""
        verdict = self.client.classify(mail(1, sender="x@first.example"))
        self.report(1, "first.example")
        self.until_said("first.example", 1)
        told = self.until(lambda: self.redis.do("KEYS", "furui:2:{reports}:told:*"), "the place that was told")
        self.assertEqual(len(told), 1)
        tickets = self.until(lambda: self.redis.do("KEYS", "furui:2:ticket:*"), "the tickets")
        for key in self.redis.do("KEYS", "furui:2:{??}:said"):  # as if words of next year had been told
            self.redis.do("SET", key, struct.pack("<dI", time.time() * 1000 + 3e10, 0))
        self.report(4, "first.example")
        self.until_said("first.example", 1.5)  # his second word about a name counts half
        self.assertIn("guard_refused", self.service.log())
        for key in self.redis.do("KEYS", "furui:2:{??}:said") + told + [STREAM + ":snapshot"] + tickets:
            self.redis.do("SET", key, b"\xff" * 9)
        with self.assertRaises(furui.Refused):
            self.client.report("spam", ticket=verdict["ticket"], reporter="boss@example.net")
        for _ in range(2):
            self.report(2, "second.example")
            self.service.end_learner(signal.SIGKILL)
        self.report(3, "third.example")
        self.until_said("second.example", 1)
        self.until_said("third.example", 1)
        self.until(lambda: self.stat()["learnt"] == 4, "four reports")

    def test_the_snapshot(self):
        rng = random.Random(6)
        for n in range(5):
            self.report(n, "d%d.example" % n)
        path = os.path.join(self.service.state, "live/snapshot")
        self.until(lambda: self.stat()["learnt"] == 5, "five reports")
        self.service.end_learner(signal.SIGTERM)
        with open(path, "rb") as f:
            good = f.read()

        def flipped():
            x = bytearray(good)
            x[rng.randrange(len(x))] ^= 1 << rng.randrange(8)
            return bytes(x)

        bad = [b"", b"x", good[:7], good[:-1], good + b"x", good[:len(good) // 2], rng.randbytes(10000), flipped(), flipped(),
               good[:8] + b"\xff" * 64 + good[72:], good[:16] + struct.pack("<Q", HOST_MAX) * 3 + good[40:]]
        for poison in bad:
            self.service.end_learner(signal.SIGTERM)
            before = self.service.log().count("snapshot_refused")
            old = self.service.learner()
            os.kill(old, signal.SIGSTOP)  # so that it does not write another
            with open(path, "wb") as f:
                f.write(poison)
            os.kill(old, signal.SIGKILL)
            self.until(lambda: self.service.log().count("snapshot_refused") > before, "the refusal")
            self.service.learner(but=old)
            self.until(lambda: self.stat()["learnt"] == 5, "all to be learnt again")
        for n in range(5):
            self.until_said("d%d.example" % n, 1)


if __name__ == "__main__":
    harness.main()
