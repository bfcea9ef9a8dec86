# SPDX-License-Identifier: Apache-2.0
"""chaos: rounds of kill -9 in one world under traffic, and then the account: docs/feedback.md, "Exactly once"."""

import collections
import json
import os
import random
import signal
import subprocess
import time

import plain
import traffic
from servers import Host, Redis, World
from service import B, SLOW, alive, wait_until

ROUND_S = 2.5
PARTS = ["learner", "worker", "engine", "redis"]
SETTLE_S = 90
STREAM = "furui:2:{reports}"
NEAR = 0.02  # of a trusted report: singles, and what fades within minutes
COUNTS = ["rounds", "kills_learner", "kills_worker", "kills_engine", "kills_redis", "verdicts", "degraded", "acknowledged",
          "by_stream", "by_journal", "sent_again", "in_stream", "samples", "doubled_in_stream", "early_in_stream", "names",
          "lost", "doubled", "words_lost", "words_doubled", "wrong"]


class Account:
    """What was counted in one world, and what is wrong."""

    def __init__(self):
        self.count, self.faults = collections.Counter(), []

    def wrong(self, what, n=1, of="wrong"):
        self.count[of] += n
        self.faults.append(what)


def moments(rng, number):
    """[(second, part)] of one round: one part in turn; every third round several, half of those at once."""
    parts = [PARTS[number % 4]]
    if number % 3 == 2:
        parts = rng.sample(PARTS, rng.randrange(2, 5))
    at = rng.uniform(0.1, ROUND_S - 0.5)
    together = rng.random() < 0.5
    return sorted((at if together else rng.uniform(0.1, ROUND_S - 0.5), part) for part in parts)


def run(kind, seed, rounds, say, reports_per_s=60, mails_per_s=40):
    """All rounds in a world of this kind; the Account."""
    rng, out = random.Random(seed), Account()
    with World(kind, rng.getrandbits(64)) as world:
        lines = [traffic.Traffic(h.endpoint, rng.getrandbits(64), reports_per_s / len(world.hosts),
                                 mails_per_s / len(world.hosts)) for h in world.hosts]
        for line in lines:
            line.start()
        for number in range(rounds):
            killed = one_round(world, moments(rng, number))
            out.count["rounds"] += 1
            out.count.update("kills_" + part for part, _ in killed)
            say("%-8s round %3d  killed %-50s acknowledged %6d, verdicts %6d" % (
                kind, number + 1, ", ".join(name for _, name in killed) or "nothing: all were down",
                sum(sum(x.kept.values()) for x in lines), sum(x.verdicts for x in lines)))
        for line in lines:
            line.stop()
        end(world, lines)
        judge(world, lines, out)
        if out.faults:
            for host in world.hosts:
                say("--- log of %s\n%s" % (host.dir, host.log()[-6000:]))
    return out


def one_round(world, harm):
    killed, begun = [], time.monotonic()
    while harm or time.monotonic() < begun + ROUND_S:
        world.tend()
        while harm and time.monotonic() >= begun + harm[0][0]:
            part = harm.pop(0)[1]
            name = world.kill(part)
            if name:
                killed.append((part, name))
        time.sleep(0.02)
    return killed


def tended(world, true, timeout_s, what):
    def check():
        world.tend()
        return true()
    return wait_until(check, timeout_s, what)


def end(world, lines):
    """Everything comes up, and what is under way comes in."""
    tended(world, lambda: not any(x.is_alive() for x in lines), SETTLE_S, "the last answers")
    for line in lines:
        if line.crash:
            raise line.crash
    tended(world, world.whole, SETTLE_S, "everything to be up")


# --- the account ------------------------------------------------------------------------------------------------------

def read_stream(world):
    with Redis(world.master()) as r:
        return [plain.Entry(*e) for e in r.do("XRANGE", STREAM, "-", "+")]


def settled(world):
    """All journals are in the stream, all is learnt, and nothing moves any more."""
    def look():
        return [{k: s.get(k) for k in ("in_journal", "learnt", "words_for_redis", "redis", "pid", "state")}
                for s in (traffic.learner_stat(h.endpoint) for h in world.hosts)]

    before, length = look(), len_of_stream(world)
    if any(s["in_journal"] or s["words_for_redis"] or not s["redis"] or s["state"] != "up" for s in before):
        return None
    if len({s["learnt"] for s in before}) > 1 or not all(all_told(world, h) for h in world.hosts):
        return None
    time.sleep(0.5)  # a learner says so each 0.1 s
    return before if look() == before and len_of_stream(world) == length else None


def all_told(world, host):
    """Has a host taken all of the stream, and told Redis what follows?"""
    name = os.path.join(host.state, "reports/host")
    if not os.path.exists(name):  # its learner has just been started
        return False
    with open(name) as f, Redis(world.master()) as r:
        told, newest = r.do("GET", STREAM + ":told:" + f.read().strip()), r.do("XREVRANGE", STREAM, "+", "-", "COUNT", 1)
    return not newest or told == newest[0][0]


def len_of_stream(world):
    with Redis(world.master()) as r:
        return r.do("XLEN", STREAM)


def judge(world, lines, out):
    try:
        stats = tended(world, lambda: settled(world), SETTLE_S, "all reports to be learnt")
    except AssertionError as e:
        out.wrong("%s: %s" % (e, [traffic.learner_stat(h.endpoint) for h in world.hosts]))
        stats = [traffic.learner_stat(h.endpoint) for h in world.hosts]
    stream = plain.Stream(read_stream(world))
    with open(world.secret) as f:
        secret = bytes.fromhex(f.read().strip())
    who = {plain.reporter_number(secret, name): name for name in traffic.TRUSTED + traffic.STRANGERS}
    voices = plain.Voices({number for number, name in who.items() if name in traffic.TRUSTED})
    for entry in stream.reports:
        voices.take(entry)
    count_traffic(lines, stream, out)
    check_kept(lines, stream, who, out)
    for host, s in zip(world.hosts, stats):
        if s.get("learnt") != voices.reports - voices.again:
            out.wrong("%s has learnt %s of %d" % (host.dir, s.get("learnt"), voices.reports - voices.again))
        check_reporters(host, who, voices, out)
    check_redis(world, voices, out)
    check_snapshots(world, out)


def count_traffic(lines, stream, out):
    for line in lines:
        out.count["verdicts"] += line.verdicts
        out.count["degraded"] += line.degraded
        out.count["acknowledged"] += sum(line.kept.values())
        out.count["by_stream"] += line.by["stream"]
        out.count["by_journal"] += line.by["journal"]
        out.count["sent_again"] += sum(line.sent.values()) - sum(line.kept.values())
        for fault in line.line.faults:
            out.wrong(fault)
        for why, n in line.refused.items():
            out.count["refused " + why] += n
    out.count["in_stream"] += len(stream.reports)
    out.count["samples"] += len(stream.taken) - len(stream.reports)
    out.count["doubled_in_stream"] += stream.doubled
    out.count["early_in_stream"] += stream.early


def check_kept(lines, stream, who, out):
    """Each acknowledged report is there once; what was not acknowledged no more often than it was sent."""
    kept, sent, there = collections.Counter(), collections.Counter(), collections.Counter()
    for line in lines:
        kept.update(line.kept)
        sent.update(line.sent)
    for e in stream.reports:
        says = list(plain.SAYS)[e.record.says]
        there[(e.record.name(plain.FROM), who.get(e.record.reporter), says)] += 1
    for key in kept | there:
        if there[key] < kept[key]:
            out.wrong("%s acknowledged %d times, in the stream %d times" % (key, kept[key], there[key]),
                      kept[key] - there[key], "lost")
        if there[key] > sent[key]:
            out.wrong("%s sent %d times, in the stream %d times" % (key, sent[key], there[key]),
                      there[key] - sent[key], "doubled")


def check_reporters(host, who, voices, out):
    """`furui reporter show` knows how many words of each counted."""
    done = subprocess.run([os.path.join(B, "furui"), "reporter", "show", "--json", "--state-dir", host.state, *who.values()],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60 * SLOW)
    lines = done.stdout.splitlines()
    if len(lines) != len(who):
        out.wrong("furui reporter show: status %d: %s" % (done.returncode, done.stderr.strip()[-300:]))
        return
    for (number, name), line in zip(who.items(), lines):
        words = int(json.loads(line).get("words", 0))
        if words != voices.words[number]:
            out.wrong("%s: %s has %d words, should have %d" % (host.dir, name, words, voices.words[number]))


def check_redis(world, voices, out):
    """Records of names hold what was said, and nothing else; nothing lies in the dead letters."""
    with Redis(world.master()) as r:
        said = plain.said_in_redis(r.records("furui"), "furui")
        dead = r.do("XLEN", STREAM + ":dead")
    if dead:
        out.wrong("%d dead letters" % dead, dead)
    out.count["names"] += len(said)
    for key in sorted(set(said) | set(voices.said)):
        has, want = said.get(key, (0, 0)), voices.said.get(key, (0, 0))
        if key in voices.crowd:
            if not all(0 <= x <= w + 2 for x, w in zip(has, want)):
                out.wrong("%s: strangers' sum %s" % (key, has))
            continue
        less = sum(max(w - x, 0) for x, w in zip(has, want))
        more = sum(max(x - w, 0) for x, w in zip(has, want))
        if less > NEAR:
            out.wrong("%s: Redis says %s, should %s" % (key, has, tuple(want)), of="words_lost")
        if more > NEAR:
            out.wrong("%s: Redis says %s, should %s" % (key, has, tuple(want)), of="words_doubled")


def stop_learner(host):
    """Told to go it writes a snapshot of all that it knows."""
    old = host.child("furui-learner")
    for pid in old:
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not any(map(alive, old)), 20, "the learner to end")
    with open(os.path.join(host.state, "live/snapshot"), "rb") as f:
        return f.read()


def check_snapshots(world, out):
    """All hosts, and one that reads the whole stream at one go, have the same state, byte by byte."""
    fresh = Host(redis_server=world.shared_address(), redis_secret_file=world.secret, reports_share_s=0, **world.SETTINGS)
    try:
        fresh.start()
        want = traffic.learner_stat(world.hosts[0].endpoint).get("learnt")
        wait_until(lambda: all_told(world, fresh) and traffic.learner_stat(fresh.endpoint).get("learnt") == want, 60,
                   "a fresh host to learn all")
        snapshots = [stop_learner(h) for h in world.hosts + [fresh]]
    except AssertionError as e:
        out.wrong(str(e))
        return
    finally:
        fresh.close()
    for host, snapshot in zip(world.hosts, snapshots):
        if snapshot != snapshots[-1]:
            out.wrong("the state of %s is not that of a host which read the stream at one go" % host.dir)
