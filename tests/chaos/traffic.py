# SPDX-License-Identifier: Apache-2.0
"""traffic: what gateways ask of one host while it is being killed: verdicts, and reports of many people.

`Line` speaks the wire by itself, so that it sees each answer: an id that went over a connection which stayed up must get
exactly one; when a connection breaks, what was under way is asked again under a new id, as a gateway would."""

import collections
import json
import random
import sys
import threading
import time

import msgpack
import zmq

from service import SLOW, header, socket_to

TRUSTED = ["warden%d@example.net" % n for n in range(24)]
STRANGERS = ["stranger%d@example.net" % n for n in range(8)]
DEADLINE_MS = 6000 * SLOW
GRACE_S = 4 * SLOW
TRIES = 12       # of one report, until it is kept
MAILS = 400      # different ones
ADDRESSES, LINKS = 40, 30
TWICE, BY_TICKET, AGAIN = 0.05, 0.15, 0.35  # shares of reports


def stat(endpoint, timeout_ms=1000):
    """A service's counters; {} when it does not answer."""
    with socket_to(endpoint) as s:
        s.send_multipart([header(1, "stat", deadline_ms=timeout_ms)])
        if not s.poll(timeout_ms * SLOW):
            return {}
        answer = msgpack.unpackb(s.recv_multipart()[0])
        return json.loads(answer["json"]) if answer["kind"] == "stat" else {}


def learner_stat(endpoint):
    return stat(endpoint).get("learner", {})


# --- what is sent -----------------------------------------------------------------------------------------------------

def made_mail(n):
    """Mail number n: the same bytes for everybody. Every tenth has text enough for a fingerprint of its own."""
    words = " ".join("word%dof%d" % (k, n) for k in range(24)) if n % 10 == 0 else "buy it now"
    return ("From: A <a@%s>\r\nTo: b@example.net\r\nSubject: number %d\r\nDate: Sat, 1 Jan 2022 00:00:00 +0000\r\n"
            "Message-ID: <%d@chaos.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n%s\r\n"
            "http://link%d.example/%d\r\n" % (domain(n), n, n, words, n % LINKS if n < MAILS else n, n)).encode()


def domain(n):
    return "m%d.example" % n


def keys_of(n):
    """What the gateway knows of mail n."""
    address = "192.0.%d.%d" % ((2, n % ADDRESSES) if n < MAILS else (100 + n % 100, n // 100 % 256))
    return dict({"client_ip": address}, **({"tenant": "acme"} if n % 5 == 0 else {}))


class Word:
    """What one person says of one mail, until it is kept."""

    def __init__(self, number, reporter, says):
        self.number, self.reporter, self.says, self.tries = number, reporter, says, 0

    @property
    def key(self):
        return (domain(self.number), self.reporter, self.says)


class Line:
    """One connection, and what is under way on it."""

    def __init__(self, endpoint):
        self.endpoint, self.next_id = endpoint, 0
        self.faults = []
        self.answered = self.breaks = 0
        self.open()

    def open(self):
        self.pending, self.done = {}, set()
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        for option, value in ((zmq.LINGER, 0), (zmq.IMMEDIATE, 1), (zmq.RECONNECT_IVL, 20), (zmq.RECONNECT_IVL_MAX, 100)):
            self.socket.setsockopt(option, value)
        self.monitor = self.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self.poller = zmq.Poller()
        self.poller.register(self.socket, zmq.POLLIN)
        self.poller.register(self.monitor, zmq.POLLIN)
        self.socket.connect(self.endpoint)

    def close(self):
        self.socket.disable_monitor()
        self.monitor.close()
        self.socket.close()

    def send(self, kind, mail, what, **keys):
        """False when nobody takes it now."""
        self.next_id += 1
        frames = [header(self.next_id, kind, deadline_ms=DEADLINE_MS, **keys)] + ([mail] if mail else [])
        try:
            self.socket.send_multipart(frames, zmq.NOBLOCK)
        except zmq.Again:
            return False
        self.pending[self.next_id] = (what, time.monotonic() + DEADLINE_MS / 1000 + GRACE_S)
        return True

    def receive(self):
        while True:
            try:
                frames = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            for frame in frames:
                answer = msgpack.unpackb(frame)
                what = self.pending.pop(answer["id"], None)
                if what is None:
                    self.faults.append("%s answer to request %d" % (
                        "a second" if answer["id"] in self.done else "an unasked", answer["id"]))
                    continue
                self.done.add(answer["id"])
                self.answered += 1
                yield what[0], answer

    def turn(self, timeout_s):
        """Yields (what, answer); the answer is None when the connection broke."""
        self.poller.poll(timeout_s * 1000)
        broken = self.monitor.poll(0)
        yield from self.receive()
        now = time.monotonic()
        if broken:
            self.breaks += 1
            lost, self.pending = self.pending, {}
            self.close()
            self.open()
            for what, _ in lost.values():
                yield what, None
            return
        for number, (what, give_up) in list(self.pending.items()):
            if now > give_up:
                self.faults.append("no answer to request %d within its deadline" % number)
                del self.pending[number]
                yield what, None


class Traffic(threading.Thread):
    """Reports and mails for one host at steady rates, until stop(); then until each has been answered.

    sent, kept   Counter of (domain, reporter, says): how often it was sent, and acknowledged
    refused      Counter of the reasons"""

    def __init__(self, endpoint, seed, reports_per_s, mails_per_s):
        super().__init__(daemon=True)
        self.line, self.rng = Line(endpoint), random.Random(seed)
        self.rates = {"report": reports_per_s, "classify": mails_per_s}
        self.sent, self.kept, self.refused = collections.Counter(), collections.Counter(), collections.Counter()
        self.by = collections.Counter()  # acknowledged: stream, journal
        self.verdicts = self.asked = self.degraded = 0
        self.retry = collections.deque()  # (when, Word)
        self.said, self.tickets = [], collections.deque(maxlen=200)
        self.crash, self.stopping = None, False

    def stop(self):
        self.stopping = True

    def run(self):
        try:
            self.serve()
        except BaseException as e:
            self.crash = e
            raise
        finally:
            self.line.close()

    def serve(self):
        due = {kind: time.monotonic() for kind in self.rates}
        while not self.stopping or self.line.pending or self.retry:
            now = time.monotonic()
            for kind, rate in self.rates.items():
                while not self.stopping and due[kind] <= now:
                    due[kind] += 1 / rate
                    (self.report if kind == "report" else self.ask)(self.rng.randrange(MAILS))
            while self.retry and self.retry[0][0] <= now:
                self.say(self.retry.popleft()[1])
            for what, answer in self.line.turn(max(0, min(min(due.values()) - now, 0.02))):
                (self.on_word if isinstance(what, Word) else self.on_mail)(what, answer)

    # --- mails ---

    def ask(self, n):
        if self.line.send("classify", made_mail(n), n, **keys_of(n)):
            self.asked += 1

    def on_mail(self, n, answer):
        if answer is None:
            return
        if answer["kind"] == "verdict":
            self.verdicts += 1
            self.degraded += "degraded" in answer
            if "ticket" in answer:
                self.tickets.append((n, answer["ticket"]))
        else:
            self.refused["mail: " + answer["why"]] += 1

    # --- reports ---

    def report(self, n):
        """Somebody says something: new, or about what he said before."""
        draw = self.rng.random()
        if draw < AGAIN and self.said:
            old = self.rng.choice(self.said[-2000:])
            says = self.rng.choice(["undo", "undo", "spam", "ham", old.says])
            self.say(Word(old.number, old.reporter, says))
            return
        if self.rng.random() < 0.05:
            word = Word(MAILS + self.rng.randrange(MAILS), self.rng.choice(STRANGERS), "spam")
        else:
            word = Word(n, self.rng.choice(TRUSTED), self.rng.choice(["spam", "spam", "ham"]))
        self.say(word)
        if self.rng.random() < TWICE:
            self.say(Word(word.number, word.reporter, word.says))

    def say(self, word):
        keys = {"says": word.says, "reporter": word.reporter}
        mail = made_mail(word.number)
        if self.tickets and word.tries == 0 and word.reporter in TRUSTED and self.rng.random() < BY_TICKET:
            word.number, keys["ticket"] = self.tickets.popleft()
            mail = None
        else:
            keys.update(keys_of(word.number))
        if not self.line.send("report", mail, word, **keys):
            self.again(word)
            return
        word.tries += 1
        self.sent[word.key] += 1

    def again(self, word):
        if word.tries < TRIES and not (self.stopping and word.tries == 0):
            self.retry.append((time.monotonic() + 0.2, word))
        else:
            self.refused["report: given up"] += 1

    def on_word(self, word, answer):
        if answer is None:
            self.again(word)
        elif answer["kind"] == "reported":
            self.kept[word.key] += 1
            self.by[answer["kept"]] += 1
            self.said.append(word)
        else:
            self.refused["report: " + answer["why"]] += 1
            if answer["why"] == "bad_request" and "ticket" not in answer.get("detail", ""):
                print("chaos: %s" % answer["detail"], file=sys.stderr)
            if answer["why"] != "bad_request":
                self.again(word)
