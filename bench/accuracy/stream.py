# SPDX-License-Identifier: Apache-2.0
"""stream: the protocol that all peers share: which mail, in which order, and what is written.

A peer is something that scores a mail and then learns it under its label. All else stands here once, so that no peer
gets other mail, another order or another output: the index, foreign headers (foreign.py), a private directory that
goes away at the end, the lines of scores, the CPU time. TREC's immediate feedback, one pass (docs/measuring.md).
"""
import math
import os
import resource
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import foreign  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def log_odds(p):
    """Log-odds of a probability: finite, and as ordered as the double it came from; 0 and 1 are ties."""
    p = min(max(p, 1e-17), 1 - 1e-16)
    return math.log(p) - math.log1p(-p)


def entries(index):
    """The (label, path) pairs of a TREC index."""
    with open(index, encoding="utf-8", errors="surrogateescape") as lines:
        for number, line in enumerate(lines, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            label, _, path = line.partition(" ")
            if label not in ("spam", "ham") or not path:
                sys.exit(f"{index}:{number}: not `spam PATH` or `ham PATH`")
            yield label, path.strip()


def output(words, mail, good=(0,)):
    """What a program prints when it is given a mail; any exit status but a good one ends the run."""
    done = subprocess.run(words, input=mail, stdout=subprocess.PIPE, check=False)
    if done.returncode not in good:
        sys.exit(f"{words[0]} ended with status {done.returncode}")
    return done.stdout


class Served:
    """A peer whose own library runs in one child process (Perl, Ruby): starting it per mail would take hours.

    To the child: `LABEL LENGTH`, a line, and the mail; it scores, then learns, and answers with the score, a line.
    """

    def __init__(self, words):
        self.child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def judge(self, label, mail):
        self.child.stdin.write(b"%s %d\n" % (label.encode(), len(mail)) + mail)
        self.child.stdin.flush()
        answer = self.child.stdout.readline()
        if not answer:
            sys.exit(f"{self.child.args[0]} ended in the middle of the run")
        return float(answer)

    def close(self):
        self.child.stdin.close()
        self.child.wait()


def immediate(usage, start):
    """Run a peer over the INDEX of the command line.

    start(state) opens the peer with the empty private directory `state`; what it returns has judge(label, mail), which
    gives the score of a mail and only then learns the label, and close(), which ends what it started.
    """
    args = sys.argv[1:]
    as_is = "--as-is" in args
    args = [a for a in args if a != "--as-is"]
    if len(args) != 1 or args[0].startswith("-"):
        sys.exit(usage)
    folder = os.path.dirname(os.path.abspath(args[0]))
    name = os.path.basename(sys.argv[0])
    mails = 0
    # Word lists are rewritten with every mail, so they live in memory where the system has such a place.
    where = "/dev/shm" if os.path.isdir("/dev/shm") and "TMPDIR" not in os.environ else None
    # Who is told to end still ends what he started, and leaves nothing: he goes after the mail at hand. An exception in
    # the middle of it may leave a program that was just started, which writes into what is being removed.
    told = []
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    with tempfile.TemporaryDirectory(prefix=f"furui-{name}.", dir=where) as state:
        peer = start(state)
        try:
            for label, path in entries(args[0]):
                if told:
                    sys.exit(128 + signal.SIGTERM)
                with open(os.path.join(folder, path), "rb") as f:
                    mail = f.read()
                if not as_is:
                    mail = foreign.strip(mail)
                print(f"{label} {path} {peer.judge(label, mail):.9g}", flush=True)
                mails += 1
        finally:
            peer.close()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = sum(u.ru_utime + u.ru_stime for u in used)
    print(f"{name}: {mails} mails, {seconds:.0f} s of CPU, {mails / max(seconds, 0.001):.0f} a second", file=sys.stderr)
