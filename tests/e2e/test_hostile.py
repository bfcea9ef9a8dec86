# SPDX-License-Identifier: Apache-2.0
"""test_hostile: bad mails get a verdict that names what was odd, in bounded time and memory; bad requests get a
refusal that names the fault, and the connection lives on."""

import os
import signal
import unittest

import hostile
import msgpack
import service
import zmq
from service import SLOW, Case, Flood, Service, cpu_s, header, mail, memory_kb, socket_to, wait_until

WORKER_PRIVATE_KB = 16 * 1024


class Hostile(Case):
    @classmethod
    def setUpClass(cls):
        cls.s = Service(engine_mail_mb=128, engine_queue_mb=512)
        cls.s.start()
        cls.workers = cls.s.workers()

    @classmethod
    def tearDownClass(cls):
        cls.s.close()

    def test_bad_mail_gets_a_verdict(self):
        for name, message, oddities in hostile.mails():
            with self.subTest(name):
                before_s = sum(map(cpu_s, self.workers))  # a busy machine does not matter
                v = self.s.classify(message, explain=True)
                self.assertEqual(v.get("kind"), "verdict", v)
                for word in oddities:
                    self.assertIn(word, v.get("oddities", []))
                self.assertLess(sum(map(cpu_s, self.workers)) - before_s, 3 * SLOW)
        self.assertEqual(self.s.workers(), self.workers, "a worker died")
        self.assertEqual(self.s.classify(mail())["kind"], "verdict")

    def test_memory_is_given_back(self):
        big = b"".join(message for name, message, _ in hostile.mails() if name == "64 MB of attachment")
        for _ in range(3):
            self.assertEqual(self.s.classify(big)["kind"], "verdict")
        Flood(self.s.endpoint, [mail(n) for n in range(500)])
        if SLOW == 1:  # a sanitiser's own memory says nothing
            for pid in self.s.workers():
                self.assertLess(memory_kb(pid), WORKER_PRIVATE_KB)

    @unittest.skipIf(SLOW > 1, "a sanitiser's own memory says nothing")
    def test_what_nobody_read_is_given_back(self):
        with Service() as s:
            s.start()
            pid = s.process.pid
            batch = [header(1, explain=True)] + [mail(n) for n in range(64)]
            greedy = []
            for _ in range(3):
                c = zmq.Context.instance().socket(zmq.DEALER)
                c.setsockopt(zmq.LINGER, 0)
                c.setsockopt(zmq.RCVHWM, 1)
                c.connect(s.endpoint)
                greedy.append(c)

            def piled_up():
                for c in greedy * 100:
                    c.send_multipart(batch)
                return memory_kb(pid, "Rss") > 80 * 1024

            wait_until(piled_up, 60, what="unread answers to pile up")
            for c in greedy:
                c.close()
            wait_until(lambda: s.classify(mail()) and memory_kb(pid, "Rss") < 50 * 1024, 60, "the memory to come back")

    def test_headers_count_as_held(self):
        """1,200 tiny mails behind headers of 200 KB: 240 MB, were the queue to count mails alone."""
        with Service(engine_mail_mb=1, engine_queue_mb=64, engine_workers=1, engine_hang_ms=60000) as s:
            s.start()
            pid, worker = s.process.pid, s.workers()[0]
            os.kill(worker, signal.SIGSTOP)
            before = memory_kb(pid, "Rss")
            big = header(1, padding="x" * 200000)
            with socket_to(s.endpoint) as c:
                for _ in range(1200):
                    c.send_multipart([big, b"x"])
                whys = [msgpack.unpackb(c.recv_multipart()[0])["why"] for _ in range(900)]
                self.assertEqual(set(whys), {"busy"})
                if SLOW == 1:
                    self.assertLess(memory_kb(pid, "Rss") - before, 160 * 1024)
                os.kill(worker, signal.SIGCONT)

    def test_bad_request_is_refused_and_the_connection_lives(self):
        with socket_to(self.s.endpoint) as s:
            for name, frames, words in hostile.requests(mail()):
                with self.subTest(name):
                    s.send_multipart(frames)
                    self.assertTrue(s.poll(10000 * SLOW), "no answer")
                    answers = [msgpack.unpackb(frame) for frame in s.recv_multipart()]
                    self.assertEqual(len(answers), 1)
                    self.assertEqual((answers[0]["kind"], answers[0]["why"]), ("refusal", "bad_request"), answers[0])
                    self.assertTrue(answers[0]["detail"])
                    for word in words:
                        self.assertIn(word, answers[0]["detail"])
                    s.send_multipart([header(5, "ping")])
                    self.assertTrue(s.poll(10000 * SLOW), "the connection died")
                    self.assertEqual(msgpack.unpackb(s.recv_multipart()[0])["kind"], "pong")

    def test_fault_keeps_the_id_where_it_can_be_read(self):
        answer = self.s.request([msgpack.packb({"v": 1, "id": 4711, "kind": "classify", "tenant": 5}), mail()])[0]
        self.assertEqual(answer["id"], 4711)

    def test_unknown_keys_are_passed_over(self):
        self.assertEqual(self.s.classify(mail(), shoe_size=43, nested={"a": [1, {"b": None}]})["kind"], "verdict")

    def test_mail_over_the_limit_is_too_big(self):
        v = self.s.classify(b"x" * (128 * 1024 * 1024 + 1))
        self.assertEqual((v["kind"], v["why"]), ("refusal", "too_big"))
        self.assertEqual(self.s.classify(mail())["kind"], "verdict")

    def test_deadline_that_cannot_be_met_is_late(self):
        slow = b"Subject: x\r\n\r\n" + b"word " * 10_000_000
        kinds = [self.s.classify(slow, deadline_ms=1) for _ in range(3)]
        self.assertTrue(all(v["kind"] == "verdict" or v["why"] == "late" for v in kinds))
        self.assertTrue(any(v.get("why") == "late" for v in kinds))

    def test_no_file_is_opened_on_a_mails_way(self):
        def files(pid):
            with open("/proc/%d/maps" % pid) as f:
                return {line.split(None, 5)[5].strip() for line in f if len(line.split(None, 5)) > 5}

        before = [files(pid) for pid in self.workers]
        mails = list(hostile.charset_mails())
        flood = Flood(self.s.endpoint, mails, explain=True)
        self.check_each_once(flood, len(mails))
        self.assertEqual(flood.kinds(), {"verdict": len(mails)})
        # glibc would load a charset's converter at its first use.
        self.assertEqual([files(pid) for pid in self.workers], before)

    def test_random_bytes_as_mail_and_as_header(self):
        import random

        rng = random.Random(7)
        mails = [rng.randbytes(rng.randrange(2000)) for _ in range(1000)]
        flood = Flood(self.s.endpoint, mails)
        self.check_each_once(flood, 1000)
        self.assertEqual(flood.kinds(), {"verdict": 1000})
        for message in mails[:200]:
            answers = self.s.request([message, mail()])
            self.assertEqual(answers[0]["why"], "bad_request")
        self.assertEqual(self.s.workers(), self.workers, "a worker died")


if __name__ == "__main__":
    service.main()
