# SPDX-License-Identifier: Apache-2.0
"""furui: ask a Furui service whether mail is spam. Needs pyzmq and msgpack; written from docs/protocol.md alone.

    with furui.Client("tcp://127.0.0.1:7711") as client:
        verdict = client.classify(mail_bytes, client_ip="192.0.2.1", explain=True)
        print(verdict["class"], verdict["p"], verdict["action"])
        client.report("spam", mail_bytes, reporter="hana@example.org")

        for name, mail in many_mails:                  # hundreds in flight on one socket
            client.submit(mail, tag=name)
        for answer in client.collect():                # in the order in which they finish
            print(answer.tag, answer.get("class") or answer["why"])

Each submitted request comes back exactly once: as a verdict, as a refusal of the service, or as the refusal
"unanswered", made here when its deadline passed without a word. A client belongs to one thread at a time.
"""

import collections
import sys
import time

import msgpack
import zmq

VERSION = 1
GRACE_S = 0.25  # past the deadline, for the service's own "late" to arrive
SETTLE_S = 0.1  # after a connection was lost, until what it took is sent again
MAILS_MAX = 64  # behind one header


class Refused(Exception):
    """A refusal where a verdict, pong or stat was expected: `why` is its word, `detail` is for people."""

    def __init__(self, answer):
        self.answer, self.why, self.detail = answer, answer["why"], answer.get("detail", "")
        super().__init__("%s: %s" % (self.why, self.detail) if self.detail else self.why)


class Answer(dict):
    """One answer, with the keys of docs/protocol.md, and the request's `tag`.

    Of a batch: `tag` is that of the batch, `index` says which mail, counted from 0."""

    def __init__(self, fields, tag=None, index=0):
        super().__init__(fields)
        self.tag, self.index = tag, index

    @property
    def is_verdict(self):
        return self["kind"] == "verdict"


class _Request:
    def __init__(self, number, frames, tag, give_up):
        self.number, self.frames, self.tag, self.give_up = number, frames, tag, give_up
        self.sent = self.sent_again = False
        self.mails = max(1, len(frames) - 1)


class Client:
    """A connection to one service, or to several that share the requests.

    endpoints    "tcp://HOST:PORT" or "ipc://PATH", or a list of them
    deadline_ms  of requests that name none
    in_flight    how many may be unanswered at a time; past that, submit() waits
    """

    def __init__(self, endpoints="tcp://127.0.0.1:7711", deadline_ms=30000, in_flight=500):
        self.deadline_ms, self.in_flight_max = deadline_ms, in_flight
        self._requests = {}                   # number: _Request without an answer
        self._waiting = collections.deque()   # those not sent yet
        self._done = collections.deque()      # Answers for the caller
        self._count = 0
        self._lost_at = None                  # when a connection was lost
        self._check_at = 0.0                  # no deadline passes before this
        self._socket = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.IMMEDIATE, 1)  # nothing queues behind a connection that is not up
        self._socket.setsockopt(zmq.HEARTBEAT_IVL, 10000)
        self._socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 30000)
        self._socket.setsockopt(zmq.RECONNECT_IVL, 50)
        self._socket.setsockopt(zmq.RECONNECT_IVL_MAX, 1000)
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._monitor, zmq.POLLIN)
        for endpoint in [endpoints] if isinstance(endpoints, str) else endpoints:
            self._socket.connect(endpoint)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Forget what is in flight and disconnect."""
        self._socket.disable_monitor()
        self._monitor.close()
        self._socket.close()

    @property
    def in_flight(self):
        """How many requests have no answer yet."""
        return len(self._requests)

    # --- asking ---

    def submit(self, mail, tag=None, deadline_ms=None, **keys):
        """Ask about a mail (bytes), or about a list of up to 64 that share what `keys` say; returns the request's id.

        keys: what docs/protocol.md lists for the header: tenant, direction, client_ip, helo, mail_from, rcpt_to,
        auth_user, auth, explain, dry_run. None is as if left out. `tag` comes back with the answer."""
        mails = [mail] if isinstance(mail, (bytes, bytearray, memoryview)) else list(mail)
        if not 1 <= len(mails) <= MAILS_MAX:
            raise ValueError("a request holds 1 to %d mails, not %d" % (MAILS_MAX, len(mails)))
        return self._ask("classify", mails, tag, deadline_ms, keys)

    def classify(self, mail, **keys):
        """The verdict on one mail; raises Refused. Others may be in flight meanwhile. Takes what submit() takes."""
        return self._wait_for(self.submit(mail, **keys))

    def submit_report(self, says, mail=None, tag=None, deadline_ms=None, **keys):
        """Tell the service what somebody says of a mail; returns the request's id.

        says: "spam", "ham", "undo", or "arf" when `mail` is a feedback report (RFC 5965). keys: reporter, ticket (in
        place of the mail), and what was known of the mail when it came: tenant, client_ip, mail_from, rcpt_to, auth."""
        return self._ask("report", [] if mail is None else [mail], tag, deadline_ms, dict(keys, says=says))

    def report(self, says, mail=None, **keys):
        """The same, waiting until it is kept; raises Refused. Takes what submit_report() takes."""
        return self._wait_for(self.submit_report(says, mail, **keys))

    def ping(self, deadline_ms=None):
        """Return when the service answers; raises Refused (why "unanswered") when it does not."""
        self._wait_for(self._ask("ping", [], None, deadline_ms, {}))

    def stat(self, deadline_ms=None):
        """The service's counters: JSON text."""
        return self._wait_for(self._ask("stat", [], None, deadline_ms, {}))["json"]

    def _ask(self, kind, mails, tag, deadline_ms, keys):
        while len(self._requests) >= self.in_flight_max:
            self._turn(self._next_event())
        self._count += 1
        deadline_ms = self.deadline_ms if deadline_ms is None else deadline_ms
        header = {"v": VERSION, "kind": kind, "id": self._count, "deadline_ms": deadline_ms}
        header.update((k, v) for k, v in keys.items() if v is not None)
        give_up = time.monotonic() + deadline_ms / 1000 + GRACE_S
        request = _Request(self._count, [msgpack.packb(header)] + mails, tag, give_up)
        self._requests[request.number] = request
        self._waiting.append(request)
        self._check_at = min(self._check_at, give_up) if len(self._requests) > 1 else give_up
        self._flush()
        return request.number

    # --- being answered ---

    def poll(self, timeout_s=None):
        """One finished Answer, waiting up to timeout_s (None: as long as one is in flight); None when there is none."""
        until = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._done:
            if until is None and not self._requests:
                return None
            wake = self._next_event() if until is None else min(until, self._next_event())
            self._turn(wake)
            if not self._done and until is not None and time.monotonic() >= until:
                return None
        return self._done.popleft()

    def collect(self):
        """Yield Answers as they finish, until nothing is in flight."""
        while True:
            answer = self.poll()
            if answer is None:
                return
            yield answer

    def _wait_for(self, number):
        others = collections.deque()
        while True:
            answer = self.poll()
            if answer["id"] == number:
                break
            others.append(answer)
        self._done.extendleft(reversed(others))
        if answer["kind"] == "refusal":
            raise Refused(answer)
        return answer

    def _next_event(self):
        times = [self._check_at if self._requests else time.monotonic() + 1]
        if self._lost_at is not None:
            times.append(self._lost_at + SETTLE_S)
        return min(times)

    def _turn(self, until):
        """Wait until something can be done, `until` at the latest, and do all of it."""
        self._flush()
        # A request that waits wants to know when it can go: ZeroMQ then wakes us for that as well.
        self._poller.modify(self._socket, zmq.POLLIN | (zmq.POLLOUT if self._waiting else 0))
        self._poller.poll(max(0, until - time.monotonic()) * 1000 + 1)
        while self._monitor.poll(0):
            self._monitor.recv_multipart()
            self._lost_at = self._lost_at or time.monotonic()
        self._receive()
        now = time.monotonic()
        if self._lost_at is not None and now >= self._lost_at + SETTLE_S:
            self._send_again()
        if now >= self._check_at:
            self._give_up(now)
        self._flush()

    def _flush(self):
        while self._waiting:
            request = self._waiting[0]
            if request.number in self._requests:
                try:
                    self._socket.send_multipart(request.frames, zmq.NOBLOCK)
                except zmq.Again:
                    return
                request.sent = True
            self._waiting.popleft()

    def _receive(self):
        while True:
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            try:
                answers = [msgpack.unpackb(frame) for frame in frames]
                number = answers[0]["id"]
                kinds = {a["kind"] for a in answers}
            except Exception:  # whatever came, it answers nothing that we can name; the deadline stands
                continue
            request = self._requests.get(number)
            if request is None or not kinds <= {"verdict", "reported", "refusal", "pong", "stat"}:
                continue
            if len(answers) != request.mails and answers[0].get("why") != "bad_request":
                continue
            del self._requests[number]
            if len(answers) != request.mails:  # a batch was refused as a whole: each of its mails was
                answers *= request.mails
            self._done.extend(Answer(a, request.tag, i) for i, a in enumerate(answers))

    def _send_again(self):
        """What a lost connection may have taken goes out again, once."""
        self._lost_at = None
        for request in self._requests.values():
            if request.sent and not request.sent_again:
                request.sent, request.sent_again = False, True
                self._waiting.append(request)

    def _give_up(self, now):
        for request in [r for r in self._requests.values() if r.give_up <= now]:
            del self._requests[request.number]
            ever = request.sent or request.sent_again
            detail = "no answer within the deadline" if ever else "no service to be reached within the deadline"
            fields = {"v": VERSION, "kind": "refusal", "id": request.number, "why": "unanswered", "detail": detail}
            self._done.extend(Answer(fields, request.tag, i) for i in range(request.mails))
        self._check_at = min((r.give_up for r in self._requests.values()), default=now + 3600)


def main(argv=None):
    """furui.py scan FILE…: a line for each: path, class, probability, action. Exit status 1 if one got no verdict."""
    import argparse

    parser = argparse.ArgumentParser(prog="furui.py", description="Ask a Furui service about mails in files.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    scan = verbs.add_parser("scan", help="judge each FILE; one mail a file")
    ping = verbs.add_parser("ping", help="is the service there?")
    stat = verbs.add_parser("stat", help="print its counters, as JSON")
    for verb in (scan, ping, stat):
        verb.add_argument("--endpoint", action="append", metavar="ENDPOINT", help="tcp://HOST:PORT or ipc://PATH")
        verb.add_argument("--deadline", type=int, default=30000, metavar="MS")
    for key in ("tenant", "client_ip", "helo", "mail_from"):
        scan.add_argument("--" + key.replace("_", "-"))
    scan.add_argument("--explain", action="store_true", help="print reasons below each verdict")
    scan.add_argument("files", nargs="+", metavar="FILE")
    args = parser.parse_args(argv)

    failed = False
    with Client(args.endpoint or "tcp://127.0.0.1:7711", args.deadline) as client:
        try:
            if args.verb == "ping":
                client.ping()
            elif args.verb == "stat":
                print(client.stat())
            else:
                keys = {k: getattr(args, k) for k in ("tenant", "client_ip", "helo", "mail_from")}
                for path in args.files:
                    with open(path, "rb") as f:
                        client.submit(f.read(), tag=path, explain=args.explain, **keys)
                for a in client.collect():
                    failed = failed or not a.is_verdict
                    if a.is_verdict:
                        print("%s\t%s\t%.6f\t%s" % (a.tag, a["class"], a["p"], a.get("action", "")))
                    else:
                        print("%s\t%s\t%s" % (a.tag, a["why"], a.get("detail", "")))
                    for what, weight in a.get("reasons", []):
                        print("\t%+.3f\t%s" % (weight, what))
        except (Refused, OSError) as e:
            print("furui.py: %s" % e, file=sys.stderr)
            return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
