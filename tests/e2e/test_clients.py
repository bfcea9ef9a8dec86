# SPDX-License-Identifier: Apache-2.0
"""test_clients: the Python client, and the C example of docs/client-c.md, against a service of the test's own.

The service speaks docs/protocol.md and misbehaves as each mail tells it: answers twice, wrongly, never; dies and comes
back. tests/unit/test_client.c does the same to the C library."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import msgpack
import service
import zmq
from service import ROOT, SLOW

import furui


class Fake(threading.Thread):
    """A ROUTER that answers in bursts, last first. A mail's first word is an order."""

    def __init__(self, endpoint, mute=False):
        super().__init__(daemon=True)
        self.mute, self.ending, self.received = mute, False, 0
        self.headers = []
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.LINGER, 0 if mute else 1000)
        self.socket.bind(endpoint)
        self.endpoint = self.socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.ending = True
        self.join()

    def run(self):
        while not self.ending:
            held = []
            while len(held) < 50 and self.socket.poll(0 if held else 10):
                held.append(self.socket.recv_multipart())
                self.received += 1
            for identity, header, *mails in [] if self.mute else reversed(held):
                for answer in self.answers(msgpack.unpackb(header), mails):
                    self.socket.send_multipart([identity] + answer)
        self.socket.close()

    def answers(self, header, mails):
        self.headers.append(header)
        base = {"v": 1, "id": header["id"]}
        if header["kind"] == "ping":
            return [[msgpack.packb({**base, "kind": "pong", "new": {"key": [1]}})]]
        if header["kind"] == "stat":
            return [[msgpack.packb({**base, "kind": "stat", "json": "{}"})]]
        order = mails[0].split(b" ")[0]
        if order == b"never":
            return []
        if order == b"refuse":
            return [[msgpack.packb({**base, "kind": "refusal", "why": "busy", "detail": "x"})] * len(mails)]
        if order == b"bad":
            return [[msgpack.packb({**base, "kind": "refusal", "why": "bad_request"})]]
        frames = [msgpack.packb({**base, "kind": "verdict", "class": "ham", "p": 0.25, "action": "accept",
                                 "reasons": [["size", len(m)]]}) for m in mails]
        if order == b"garbage":
            return [[b"\xc1"], [], [msgpack.packb({**base, "kind": "odd"})], [msgpack.packb([])], frames]
        return [frames, frames] if order == b"twice" else [frames]


class Python(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory(prefix="furui-client-")
        self.addCleanup(tmp.cleanup)
        self.dir = tmp.name
        self.endpoint = "ipc://%s/s" % tmp.name

    def test_one_at_a_time(self):
        with Fake(self.endpoint) as fake, furui.Client(self.endpoint) as client:
            verdict = client.classify(b"mail", tenant="t", client_ip="192.0.2.1", helo=b"\xff", rcpt_to=["a", "b"],
                                      auth={"spf": "pass"}, explain=True, dry_run=None, deadline_ms=1234)
            self.assertEqual((verdict["class"], verdict["p"], verdict["action"]), ("ham", 0.25, "accept"))
            self.assertEqual(verdict["reasons"], [["size", 4]])
            self.assertEqual(fake.headers[0], {"v": 1, "kind": "classify", "id": 1, "deadline_ms": 1234, "tenant": "t",
                                               "client_ip": "192.0.2.1", "helo": b"\xff", "rcpt_to": ["a", "b"],
                                               "auth": {"spf": "pass"}, "explain": True})
            client.ping()
            self.assertEqual(client.stat(), "{}")
            with self.assertRaises(furui.Refused) as refused:
                client.classify(b"refuse")
            self.assertEqual((refused.exception.why, refused.exception.detail), ("busy", "x"))
            self.assertEqual(client.classify(b"garbage mail")["class"], "ham")
            self.assertIsNone(client.poll(0))

    def test_many_in_flight(self):
        with Fake("tcp://127.0.0.1:*") as fake, furui.Client(fake.endpoint, in_flight=300) as client:
            orders = [b"plain", b"twice", b"refuse"]
            for n in range(3000):
                client.submit(orders[n % 3] + b" %d" % n, tag=n)
                self.assertLessEqual(client.in_flight, 300)
            self.assertEqual(client.classify(b"one between")["class"], "ham")
            answers = list(client.collect())
            self.assertEqual(sorted(a.tag for a in answers), list(range(3000)))
            self.assertEqual(sum(a.is_verdict for a in answers), 2000)
            self.assertIsNone(client.poll(0.05))

    def test_batches(self):
        with Fake(self.endpoint), furui.Client(self.endpoint) as client:
            client.submit([b"x" * n for n in range(1, 65)], tag="whole")
            answers = list(client.collect())
            self.assertEqual([(a.tag, a.index, a["reasons"][0][1]) for a in answers], [("whole", n, n + 1) for n in range(64)])
            client.submit([b"bad", b"mail", b"mail"], tag="refused")
            self.assertEqual([(a.index, a["why"]) for a in client.collect()], [(n, "bad_request") for n in range(3)])
            for wrong in ([], [b"x"] * 65):
                with self.assertRaises(ValueError):
                    client.submit(wrong)

    def test_a_service_that_dies(self):
        first = Fake(self.endpoint, mute=True)
        with furui.Client(self.endpoint, deadline_ms=20000 * SLOW) as client:
            for n in range(300):
                client.submit(b"plain", tag=n)
            service.wait_until(lambda: client.poll(0.01) or first.received == 300, what="300 mails to be received")
            first.end()
            self.assertIsNone(client.poll(0.3))
            with Fake(self.endpoint):
                answers = list(client.collect())
            self.assertEqual(sorted(a.tag for a in answers), list(range(300)))
            self.assertTrue(all(a.is_verdict for a in answers))

    def test_deadlines(self):
        with furui.Client(self.endpoint, deadline_ms=100) as client:
            begun = time.monotonic()
            client.submit([b"a", b"b"], tag="t")
            answers = list(client.collect())
            self.assertEqual([(a.tag, a.index, a["why"]) for a in answers], [("t", 0, "unanswered"), ("t", 1, "unanswered")])
            self.assertIn("no service", answers[0]["detail"])
            self.assertTrue(0.1 < time.monotonic() - begun < 3 * SLOW)
            with Fake(self.endpoint):
                client.submit(b"never", tag="never")
                self.assertEqual(client.classify(b"plain", deadline_ms=5000)["class"], "ham")
                self.assertEqual([(a.tag, a["detail"]) for a in client.collect()], [("never", "no answer within the deadline")])

    def test_command(self):
        path = self.dir + "/mail"
        with open(path, "wb") as f:
            f.write(b"mail")
        command = [sys.executable, os.path.join(ROOT, "proto/clients/python/furui.py")]
        with Fake(self.endpoint):
            done = subprocess.run(command + ["scan", "--endpoint", self.endpoint, "--explain", path], capture_output=True,
                                  text=True, timeout=60 * SLOW)
        self.assertEqual((done.returncode, done.stdout), (0, path + "\tham\t0.250000\taccept\n\t+4.000\tsize\n"))
        done = subprocess.run(command + ["ping", "--deadline", "50", "--endpoint", self.endpoint], capture_output=True, text=True,
                              timeout=60 * SLOW)
        self.assertEqual(done.returncode, 1)
        self.assertIn("unanswered", done.stderr)


class Example(unittest.TestCase):
    """docs/client-c.md: its program compiles against what is installed, and works."""

    def test_example(self):
        with open(os.path.join(ROOT, "docs/client-c.md"), encoding="utf-8") as f:
            program = re.search(r"```c\n(.*?)```", f.read(), re.S)[1]
        with tempfile.TemporaryDirectory(prefix="furui-example-") as tmp:
            build = os.path.join(ROOT, "build/release")
            subprocess.run(["make", "-s", "install-client", "MODE=release", "B=" + build, "DESTDIR=" + tmp], cwd=ROOT,
                           check=True, stdout=subprocess.DEVNULL, timeout=200 * SLOW)
            with open(tmp + "/classify.c", "w", encoding="utf-8") as f:
                f.write(program)
            root = tmp + "/usr/local"
            env = dict(os.environ, PKG_CONFIG_PATH=root + "/lib/pkgconfig", PKG_CONFIG_SYSROOT_DIR=tmp)
            flags = subprocess.run(["pkg-config", "--cflags", "--libs", "furui"], env=env, check=True, capture_output=True,
                                   text=True).stdout.split()
            compiler = os.environ.get("CC", "cc")
            strict = ["-Wall", "-Wextra", "-Werror", "-std=c99", "-pedantic"]
            subprocess.run([compiler, *strict, "-o", tmp + "/classify", tmp + "/classify.c", *flags], check=True, timeout=100)
            static = ["-I" + root + "/include", root + "/lib/libfurui.a", "-lzmq", "-lm", "-lpthread"]
            subprocess.run([compiler, "-o", tmp + "/static", tmp + "/classify.c", *static], check=True, timeout=100)
            if shutil.which("c++"):  # the header serves C++ as well
                subprocess.run(["c++", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c++", root + "/include/furui.h"],
                               check=True, timeout=100)
            paths = []
            for order in ("plain", "refuse"):
                paths.append("%s/%s" % (tmp, order))
                with open(paths[-1], "w") as f:
                    f.write(order)
            with Fake("ipc://%s/s" % tmp) as fake:
                env = {"FURUI_ENDPOINT": fake.endpoint, "LD_LIBRARY_PATH": root + "/lib"}
                for program in ("classify", "static"):
                    done = subprocess.run(["%s/%s" % (tmp, program), *paths], env=env, capture_output=True, text=True, timeout=60)
                    self.assertEqual(sorted(done.stdout.splitlines()), ["    +5.00 size", paths[0] + ": ham (0.250), accept",
                                                                        paths[1] + ": no verdict: busy x"])
                    self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    service.main()
