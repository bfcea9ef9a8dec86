# SPDX-License-Identifier: Apache-2.0
"""traffic: what the programs of bench/feedback share: mails of an index with the envelope that they came in, a furuid
of their own that takes floods of reports, verdicts and reports on one connection, and figures of verdicts.

The service is the real one: furuid, workers, learner, redis-server. Its files are in memory, where the system has such
a place, so a report costs no disk."""

import argparse
import collections
import contextlib
import ipaddress
import json
import math
import os
import random
import re
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(os.path.dirname(os.path.dirname(HERE)), "proto/clients/python")]
import furui  # noqa: E402
import process  # noqa: E402
import result  # noqa: E402
from process import Failed  # noqa: E402

# What a flood needs that a service in the world does not: no limits a minute, patience on a busy machine, no caches.
# And what passes here in a second passes there in minutes: samples of the traffic are drawn as much sooner.
SETTINGS = ["engine.heartbeat_ms=50", "redis.deadline_ms=1000", "redis.cache_ms=0", "redis.flush_ms=100",
            "reports.reporter_a_minute=0", "reports.tenant_a_minute=0", "reports.sample_s=1"]
# A run of minutes holds the reports of months, and the guards of the live model bound what an hour may do.
NO_GUARDS = ["reports.guard_flips=100", "reports.guard_step=0"]
STARTER = os.path.join(result.ROOT, "models/starter/starter.bundle")
COMMON = ["what", "corpus", "bundle", "seed", "settings", "workers"]
LEARN_S = 60  # patience for the learner


# --- mails -----------------------------------------------------------------------------------------------------------

RECEIVED = re.compile(rb"^Received:(?:[^\n]|\n[ \t])*", re.M | re.I)
ADDRESS = re.compile(rb"\[(?:IPv6:)?([0-9a-fA-F.:]{7,39})\]")
RETURN_PATH = re.compile(rb"^Return-Path:[ \t]*<([^>\s]{1,200})>", re.M | re.I)


def header_of(raw):
    """A mail's header, as bytes."""
    return re.split(rb"\r?\n\r?\n", raw[:65536], maxsplit=1)[0] + b"\n"


def envelope(raw):
    """What the gateway knew when the mail came: the topmost public address of its Received fields, its Return-Path."""
    header, known = header_of(raw), {}
    for field in RECEIVED.findall(header):
        for word in ADDRESS.findall(field):
            with contextlib.suppress(ValueError):
                if "client_ip" not in known and ipaddress.ip_address(word.decode()).is_global:
                    known["client_ip"] = word.decode()
    path = RETURN_PATH.search(header)
    if path:
        known["mail_from"] = path[1].decode("latin-1")
    return known


class Mail:
    """A mail of an index: `line` counts from 1; `raw` and `envelope` are read when they are asked for."""

    def __init__(self, line, spam, path):
        self.line, self.spam, self.path = line, spam, path
        self.known = None

    @property
    def raw(self):
        with open(self.path, "rb") as f:
            return f.read()

    @property
    def envelope(self):
        if self.known is None:
            self.known = envelope(self.raw)
        return self.known


def read_index(path, first=None):
    """Mails of a TREC index, in its order."""
    mails, folder = [], os.path.dirname(os.path.abspath(path))
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as f:
            for number, line in enumerate(f, 1):
                label, _, name = line.strip().partition(" ")
                if not line.strip() or label.startswith("#"):
                    continue
                if label not in ("ham", "spam") or not name:
                    raise Failed("%s:%d: not 'spam PATH' or 'ham PATH'" % (path, number))
                mails.append(Mail(number, label == "spam", os.path.join(folder, name)))
                if len(mails) == first:
                    break
    except OSError as e:
        raise SystemExit(no_mails(path, e)) from e
    if not mails:
        raise SystemExit(no_mails(path, "names no mail"))
    return mails


def read_lines(path):
    """The numbers that the lines of a file begin with, as lists to exclude have them."""
    with open(path, encoding="utf-8") as f:
        return {int(line.split()[0]) for line in f if line.strip() and not line.startswith("#")}


def no_mails(path, why):
    print("%s: %s" % (path, why), file=sys.stderr)
    return 66


def corpus_name(args):
    return args.name or os.path.basename(os.path.dirname(os.path.abspath(args.index)))


# --- a service --------------------------------------------------------------------------------------------------------

Verdict = collections.namedtuple("Verdict", "z klass score")  # log-odds in all; class; the bundle's own log-odds


class Talk:
    """A connection to the service: verdicts and reports, pipelined, in order. `kept` counts reports, `degraded`
    verdicts that some evidence was missing from."""

    def __init__(self, client, state_dir):
        self.client, self.state_dir, self.kept, self.degraded, self.model = client, state_dir, 0, 0, ""

    def verdict(self, answer):
        """All log-odds together, which p is a function of: p itself ends at 1.0."""
        if answer["kind"] != "verdict":
            raise Failed("a mail was refused: %s %s" % (answer["why"], answer.get("detail", "")))
        parts = answer.get("parts", {})
        z = answer["score"] + parts.get("live", 0) + parts.get("reputation", 0)
        p = 1 / (1 + math.exp(-z)) if z > -700 else 0
        if abs(p - answer["p"]) > 1e-6:
            raise Failed("p is %.9f, score and parts say %.9f: this program knows not all parts" % (answer["p"], p))
        self.degraded += "degraded" in answer
        self.model = answer.get("model", "")
        return Verdict(z, answer["class"], answer["score"])

    def judge(self, mails, dry_run=False, in_flight=64):
        """Verdicts of mails (what has `raw` and `envelope`), in their order."""
        got, waiting = [None] * len(mails), 0
        for i, mail in enumerate(mails):
            self.client.submit(mail.raw, tag=i, dry_run=dry_run or None, **mail.envelope)
            waiting += 1
            while waiting >= in_flight:
                waiting -= self.one(got)
        while waiting:
            waiting -= self.one(got)
        return got

    def one(self, got):
        answer = self.client.poll()
        got[answer.tag] = self.verdict(answer)
        return 1

    def report(self, words):
        """Reports, as (says, mail, reporter), kept one after the other."""
        for says, mail, reporter in words:
            self.client.submit_report(says, mail.raw, reporter=reporter, **mail.envelope)
        for answer in self.client.collect():
            if answer["kind"] != "reported":
                raise Failed("a report was refused: %s %s" % (answer["why"], answer.get("detail", "")))
            self.kept += not answer.get("again", False)

    def see(self, mails, samples):
        """Traffic until the learner has seen so many samples of it."""
        at, until = 0, time.monotonic() + 4 * LEARN_S
        while self.learner()["samples"] < samples:
            self.judge([mails[(at + i) % len(mails)] for i in range(64)])
            at += 64
            if time.monotonic() > until:
                raise Failed("the learner saw only %d mails of the traffic" % self.learner()["samples"])

    def content(self):
        """What the live model does at this moment: learns, frozen, waits (a guard, for the hour), off."""
        out, _ = process.run([result.B + "/furui", "learner", "show", "--state-dir", self.state_dir, "--json"])
        return json.loads(out).get("content", "")

    def state(self):
        """Figures of the service that all rows have, for a row."""
        return {"samples": self.learner()["samples"], "content": self.content(), "degraded": self.degraded,
                "_model": self.model}

    def learner(self):
        return json.loads(self.client.stat())["learner"]

    def learnt(self):
        """Wait until all that was reported here is learnt, and known to workers and Redis."""
        until, still, last = time.monotonic() + LEARN_S, time.monotonic(), None
        while True:
            now = self.learner()
            quiet = now["in_journal"] == 0 and now["words_for_redis"] == 0
            if quiet and now["published"] >= self.kept:
                return
            if now["learnt"] != last:
                last, still = now["learnt"], time.monotonic()
            # A word that came twice before the first was learnt is counted here, and not there.
            if quiet and time.monotonic() > still + 3:
                return
            if time.monotonic() > until:
                raise Failed("the learner has %d of %d reports after %d s" % (now["learnt"], self.kept, LEARN_S))
            time.sleep(0.001)


def wait_until(true, what, timeout_s=LEARN_S):
    until = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > until:
            raise Failed("waited %d s in vain for %s" % (timeout_s, what))
        time.sleep(0.02)


@contextlib.contextmanager
def service(args, *more):
    """A service of its own with the run's settings and `more`; a Talk with it."""
    sections = {}
    for key, value in (s.split("=", 1) for s in [*args.settings, *more]):
        section, _, name = key.partition(".")
        sections.setdefault(section, {})[name] = value
    text = "".join("[%s]\n" % section + "".join("%s = %s\n" % pair for pair in keys.items())
                   for section, keys in sections.items())
    with process.private_dir("feedback") as state:
        with process.furuid(state, args.workers, args.bundle, settings=text) as f:
            with furui.Client(f.endpoint, deadline_ms=30000, in_flight=256) as client:
                talk = Talk(client, f.state_dir)
                wait_until(lambda: talk.learner()["state"] == "up", "the learner")
                yield talk


# --- figures ----------------------------------------------------------------------------------------------------------


def pct(part, whole):
    return 100.0 * part / whole if whole else float("nan")


def called(verdicts, klass):
    return sum(v.klass == klass for v in verdicts)


def write_scores(path, mails, verdicts):
    """As `furui eval --scores` does."""
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as f:
        for mail, v in zip(mails, verdicts):
            f.write("%s %s %.17g\n" % ("spam" if mail.spam else "ham", mail.path, v.z))


def one_minus_roca_pct(mails, verdicts):
    """By bench/accuracy/roca; not a number without both ham and spam."""
    if len({m.spam for m in mails}) < 2:
        return float("nan")
    with tempfile.NamedTemporaryFile(prefix="furui-scores.") as f:
        write_scores(f.name, mails, verdicts)
        out, _ = process.run([os.path.join(HERE, "../accuracy/roca"), "--csv", "-", f.name])
    return float(out.decode().split(",")[3])


def shown(value):
    if isinstance(value, float):
        return "" if math.isnan(value) else "%.5g" % value
    return value


def write(args, what, columns, rows):
    """Add rows (dicts) to results/feedback.csv, and show them."""
    head = [what, corpus_name(args), "%s %s" % (os.path.basename(args.bundle), rows[0]["_model"]), args.seed,
            " ".join(args.settings), args.workers]
    result.append("feedback", COMMON + columns, [head + [shown(row.get(c, "")) for c in columns] for row in rows])
    if args.json:
        print(json.dumps({"what": what, "rows": [{c: row.get(c) for c in columns} for row in rows]}))


def show(columns, row):
    print("  ".join("%s %s" % (c, shown(row[c])) for c in columns if shown(row.get(c, "")) != ""), flush=True)


def parser(doc):
    """Options that all of these have. What is said of them stands in each program's own text."""
    usage = doc.split("usage: ")[1].split("\n")[0]
    p = argparse.ArgumentParser(usage=usage + "; --help says more", add_help=False, allow_abbrev=False)
    p.add_argument("--index", required=True)
    p.add_argument("--name")
    p.add_argument("--bundle", default=STARTER)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--workers", type=int, default=4)
    p.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE")
    p.add_argument("--json", action="store_true")
    return p


def main(doc, options, run, settings=()):
    """Run a program, with settings of its own besides SETTINGS: 0 done, 1 something failed, 64 wrong usage, 66 no
    mails."""
    if "--help" in sys.argv[1:]:
        print(doc)
        return 0
    p = parser(doc)
    options(p)
    try:
        args = p.parse_args()
    except SystemExit:
        return 64
    if not all(re.fullmatch(r"[a-z]+\.[a-z_]+=.*", s) for s in args.set) or args.workers < 1:
        print("--set is SECTION.KEY=VALUE, --workers at least 1", file=sys.stderr)
        return 64
    named = dict(s.split("=", 1) for s in [*SETTINGS, *settings, *args.set])
    args.settings = ["%s=%s" % pair for pair in named.items()]
    try:
        run(args, random.Random(args.seed))
    except (Failed, furui.Refused, OSError) as e:
        print("%s: %s" % (os.path.basename(sys.argv[0]), e), file=sys.stderr)
        return 1
    return 0
