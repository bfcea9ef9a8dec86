# SPDX-License-Identifier: Apache-2.0
"""service: the real furuid with its real workers and Redis in a directory of its own, and what tests ask of it.

Everything that a Service started is found through /proc by its state directory or as a descendant, so that a test can
kill a worker by its pid and see afterwards that nothing is left. `flood` speaks the wire by itself, to count answers."""

import contextlib
import ctypes
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import msgpack
import zmq

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
B = os.environ.get("B", os.path.join(ROOT, "build/release"))
SLOW = 1 if os.environ.get("MODE", "release") == "release" else 5  # sanitisers cost time
BUNDLE = os.path.join(ROOT, "models/starter/starter.bundle")
sys.path.insert(0, os.path.join(ROOT, "proto/clients/python"))


LIBC = ctypes.CDLL(None)


def die_with_parent():
    """In a child before exec: when a test is killed, what it started shall not live on."""
    LIBC.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def wait_until(true, timeout_s=20, what="a condition"):
    """Call `true` until it returns something true, and return that."""
    until = time.monotonic() + timeout_s * SLOW
    while True:
        got = true()
        if got:
            return got
        if time.monotonic() > until:
            raise AssertionError("waited %d s in vain for %s" % (timeout_s * SLOW, what))
        time.sleep(0.02)


def alive(pid):
    """Is there such a process, and not only its remains?"""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants(pid):
    """[(pid, name)] of all processes below `pid`."""
    children = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError):
            with open("/proc/%s/stat" % entry) as f:
                name, rest = f.read().split("(", 1)[1].rsplit(")", 1)
                state, parent = rest.split()[:2]
                if state not in "ZX":
                    children.setdefault(int(parent), []).append((int(entry), name))
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += [child for child, _ in below]
    return found


def memory_kb(pid, key="Private_Dirty"):
    """A sum out of /proc/PID/smaps_rollup: Rss, Pss, Private_Dirty…"""
    with open("/proc/%d/smaps_rollup" % pid) as f:
        for line in f:
            if line.startswith(key + ":"):
                return int(line.split()[1])
    raise AssertionError("no %s in smaps_rollup" % key)


def cpu_s(pid):
    """Seconds of CPU that a process has used."""
    with open("/proc/%d/stat" % pid) as f:
        rest = f.read().rsplit(")", 1)[1].split()
    return (int(rest[11]) + int(rest[12])) / os.sysconf("SC_CLK_TCK")


def mail(n=0, body="hello, this is a letter about lunch on friday\r\n", sender="a@example.org"):
    """A plain mail; `n` makes it one of many different ones."""
    return ("From: A <%s>\r\nTo: b@example.net\r\nSubject: letter %d\r\nDate: Sat, 1 Jan 2022 00:00:00 +0000\r\n"
            "Message-ID: <%d@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n%s"
            % (sender, n, n, body)).encode()


class Service:
    """furuid in a temporary directory. Settings are given as SECTION_KEY=value: Service(engine_workers=2)."""

    def __init__(self, env=None, **settings):
        self.dir = tempfile.mkdtemp(prefix="furui-e2e-")
        self.state = os.path.join(self.dir, "state")
        self.config = os.path.join(self.dir, "furui.ini")
        self.log_path = os.path.join(self.dir, "log")
        self.endpoint = "ipc://%s/f.sock" % self.dir
        self.settings = {"engine_listen": self.endpoint, "engine_state_dir": self.state, "engine_workers": 2,
                         "engine_heartbeat_ms": 100, "engine_hang_ms": 3000 * SLOW, "engine_restart_min_ms": 50,
                         "engine_deadline_ms": 30000 * SLOW, "engine_deadline_max_ms": 60000 * SLOW, "model_bundle": BUNDLE,
                         "redis_deadline_ms": 100 * SLOW, "redis_flush_ms": 50}
        self.env = dict(os.environ, **(env or {}))
        self.programs = B
        self.process = None
        self.configure(**settings)

    def configure(self, **settings):
        self.settings.update(settings)
        sections = {}
        for name, value in self.settings.items():
            section, key = name.split("_", 1)
            sections.setdefault(section, []).append("%s = %s" % (key, value))
        with open(self.config, "w") as f:
            for section, lines in sections.items():
                f.write("[%s]\n%s\n" % (section, "\n".join(lines)))

    def spawn(self, *more):
        with open(self.log_path, "ab") as log:
            return subprocess.Popen([os.path.join(self.programs, "furuid"), "--config", self.config, *more],
                                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env, cwd=self.dir,
                                    start_new_session=True, preexec_fn=die_with_parent)

    def start(self):
        self.process = self.spawn()
        wait_until(self.ready, 30, "the service to be ready")
        return self

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError("furuid ended with %s:\n%s" % (self.process.returncode, self.log()))
        if not os.path.exists(self.endpoint[len("ipc://"):]):
            return False
        return self.classify(mail(), dry_run=True, deadline_ms=2000).get("kind") == "verdict"

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def wait_log(self, text, timeout_s=20):
        return wait_until(lambda: text in self.log(), timeout_s, "'%s' in the log" % text)

    def stop(self, how=signal.SIGTERM, timeout_s=30):
        """Ask furuid to end; returns its exit status and checks that nothing of it is left."""
        below = descendants(self.process.pid)
        self.process.send_signal(how)
        status = self.process.wait(timeout_s * SLOW)
        wait_until(lambda: not any(alive(pid) for pid, _ in below), 10, "the children to end")
        return status

    def close(self):
        if self.process and self.process.poll() is None:
            for pid, _ in descendants(self.process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
            with contextlib.suppress(Exception):
                self.stop()
            if self.process.poll() is None:
                below = descendants(self.process.pid)
                self.process.kill()
                self.process.wait()
                for pid, _ in below:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            if kind and issubclass(kind, Exception):
                print("\n".join("# " + line for line in self.log().splitlines()[-40:]))
        finally:
            self.close()

    def workers(self):
        return sorted(pid for pid, name in descendants(self.process.pid) if name.startswith("furui-worker"))

    def redis(self):
        pids = [pid for pid, name in descendants(self.process.pid) if name.startswith("redis-server")]
        return pids[0] if pids else None

    def stat(self):
        """What the engine knows of itself and its children."""
        return stat_of(self.endpoint)

    def learner(self, but=None):
        """The pid of the learner that is up; with `but`, of one that is not this one any more."""

        def pid():
            told = self.stat()["learner"]
            return told["state"] == "up" and told["pid"] != but and told["pid"]

        return wait_until(pid, 20, "the learner")

    def end_learner(self, how=signal.SIGKILL):
        """Send the learner a signal that ends it, and wait for the next one, which is up; its pid."""
        old = self.learner()
        os.kill(old, how)
        return self.learner(but=old)

    def redis_command(self, *words):
        """One command to the private Redis; text of its answer, as redis-cli prints it."""
        done = subprocess.run(["redis-cli", "-s", os.path.join(self.state, "redis.sock"), *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=20 * SLOW)
        return done.stdout.strip()

    def until_redis_has_written(self):
        """Wait until what Redis has acknowledged is in its file: a write may be put off while the disk syncs."""
        wait_until(lambda: "aof_buffer_length:0" in self.redis_command("INFO", "persistence").split(), 20,
                   "Redis to have written")

    def reputation(self, action, *words):
        """`furui reputation` about this service's Redis; for "show" what it says, or None."""
        done = subprocess.run([os.path.join(B, "furui"), "reputation", action, "--config", self.config, *words]
                              + (["--json"] if action == "show" else []),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20 * SLOW)
        if action == "show" and done.returncode == 1:
            return None
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return json.loads(done.stdout) if action == "show" else None

    def seen(self, kind, name):
        """How many mails are counted for a name; what is rounded away fades within minutes."""
        record = self.reputation("show", kind, name)
        return round(record["slow"]["mails"], 1) if record else 0

    def campaigns(self, *words):
        """`furui campaigns --json` about this service's Redis."""
        done = subprocess.run([os.path.join(B, "furui"), "campaigns", "--json", "--config", self.config, *words],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60 * SLOW)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return json.loads(done.stdout)

    def request(self, frames, timeout_s=60):
        """Send frames as they are; the answers, or None when none came."""
        return request_of(self.endpoint, frames, timeout_s)

    def classify(self, message, **keys):
        answers = self.request([header(1, **keys), message])
        return answers[0] if answers else {}

    def classify_whole(self, message, **keys):
        """A verdict for which no evidence was missing: on a busy machine Redis may be late now and then."""

        def whole():
            v = self.classify(message, **keys)
            return None if "degraded" in v else v

        return wait_until(whole, 30, "a verdict that is not degraded")


@contextlib.contextmanager
def socket_to(endpoint):
    s = zmq.Context.instance().socket(zmq.DEALER)
    s.setsockopt(zmq.LINGER, 0)
    s.connect(endpoint)
    try:
        yield s
    finally:
        s.close()


def header(number, kind="classify", **keys):
    return msgpack.packb({"v": 1, "kind": kind, "id": number, **keys})


def request_of(endpoint, frames, timeout_s=60):
    """Frames to a service, as they are; the answers, or None when none came."""
    with socket_to(endpoint) as s:
        s.send_multipart(frames)
        if not s.poll(int(timeout_s * SLOW * 1000)):
            return None
        return [msgpack.unpackb(frame) for frame in s.recv_multipart()]


def stat_of(endpoint):
    """What an engine knows of itself and its children."""
    return json.loads(request_of(endpoint, [header(1, "stat")])[0]["json"])


class Flood:
    """Many mails in flight on one socket; counts every answer. `step(self)` is called between answers, to do harm."""

    def __init__(self, endpoint, mails, in_flight=300, step=None, timeout_s=120, **keys):
        self.answers = {}  # id: [answer, ...]
        self.sent = self.got = 0
        self.late = False
        total = len(mails)
        quiet_until = time.monotonic() + timeout_s * SLOW
        with socket_to(endpoint) as s:
            while self.got < total and time.monotonic() < quiet_until:
                while self.sent < total and self.sent - self.got < in_flight:
                    s.send_multipart([header(self.sent, **keys), mails[self.sent]])
                    self.sent += 1
                if s.poll(50):
                    for frame in s.recv_multipart():
                        answer = msgpack.unpackb(frame)
                        self.answers.setdefault(answer["id"], []).append(answer)
                        self.got += 1
                if step:
                    step(self)
            if s.poll(200):  # an answer too many?
                for frame in s.recv_multipart():
                    answer = msgpack.unpackb(frame)
                    self.answers.setdefault(answer["id"], []).append(answer)

    def kinds(self):
        count = {}
        for answers in self.answers.values():
            for a in answers:
                what = a["kind"] if a["kind"] == "verdict" else a["why"]
                count[what] = count.get(what, 0) + 1
        return count


class Case(unittest.TestCase):
    """A test case with the checks that all of these share."""

    def check_each_once(self, flood, total):
        self.assertEqual(len(flood.answers), total, "mails without an answer")
        twice = [i for i, answers in flood.answers.items() if len(answers) != 1]
        self.assertEqual(twice, [], "mails with more than one answer")

    def check_nothing_left(self, service):
        """No process and no socket of a service that has ended."""
        left = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError):
                    with open("/proc/%s/cmdline" % entry, "rb") as f:
                        if service.dir.encode() in f.read() and alive(int(entry)):
                            left.append(entry)
        self.assertEqual(left, [], "processes left")
        sockets = [os.path.join(where, name) for where, _, names in os.walk(service.dir) for name in names
                   if name.endswith((".sock", ".ipc"))]
        self.assertEqual(sockets, [], "sockets left")


def needs_terminal():
    """For a test that plays a person at a terminal: skipped, by name, where the system has no pseudo-terminal."""
    try:
        for fd in os.openpty():
            os.close(fd)
    except OSError as e:
        raise unittest.SkipTest("no terminal to be had here: %s" % e) from e


def free_port():
    """Below those that the system gives to connections: another's cannot take it, and who tries it before somebody listens
    does not meet itself. Above it there is room for a cluster's bus."""
    rng = random.SystemRandom()
    while True:
        port = rng.randrange(10000, 22000)
        with contextlib.suppress(OSError), socket.socket() as a, socket.socket() as b:
            a.bind(("127.0.0.1", port))
            b.bind(("127.0.0.1", port + 10000))
            return port


class Tap(unittest.TestResult):
    """A line a test, as tests/run reads it."""

    def __init__(self):
        super().__init__()
        self.n = 0

    def line(self, word, test, more=""):
        self.n += 1
        print("%s %d - %s%s" % (word, self.n, test.id().split(".", 1)[1], more), flush=True)

    def addSuccess(self, test):
        self.line("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.line("ok", test, " # SKIP " + reason)

    def failed(self, test, err):
        self.line("not ok", test)
        print("\n".join("# " + line for line in self._exc_info_to_string(err, test).splitlines()), flush=True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.failed(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self.failed(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.failed(subtest, err)


def main():
    result = Tap()
    names = sys.argv[1:]
    module = sys.modules["__main__"]
    load = unittest.defaultTestLoader
    suite = load.loadTestsFromNames(names, module) if names else load.loadTestsFromModule(module)
    suite.run(result)
    sys.exit(0 if result.wasSuccessful() and result.n else 1)
