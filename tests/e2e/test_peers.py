# SPDX-License-Identifier: Apache-2.0
"""test_peers: bench/accuracy gives each peer the same mail in the same order, and reads what it prints.

Mails of our own making; a peer that is not installed is skipped by name. rspamd takes 10 s of CPU to start, so only
what reads its answers is tested here."""

import contextlib
import importlib.machinery
import importlib.util
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

import service
from service import ROOT, SLOW, Case

ACCURACY = os.path.join(ROOT, "bench/accuracy")
WORDS = {"spam": "winner prize claim pills casino cheap offer bonus click urgent".split(),
         "ham": "meeting patch review lunch report agenda minutes draft version thanks".split()}
# What a script of bench/accuracy needs beside itself.
NEEDS = {"bogofilter": ["bogofilter"], "spamprobe": ["/usr/bin/spamprobe"], "crm114": ["crm", "cssutil", "openssl"],
         "bsfilter": ["ruby", "/usr/bin/bsfilter"], "spamassassin": ["perl", "/usr/bin/spamassassin"]}


def script(name):
    """A program of bench/accuracy as a module; those that are loaded here do nothing by being loaded."""
    if ACCURACY not in sys.path:
        sys.path.insert(0, ACCURACY)
    loader = importlib.machinery.SourceFileLoader("peer_" + name, os.path.join(ACCURACY, name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def processes(word):
    """Command lines of the living processes that were called with this word in them."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open("/proc/%s/cmdline" % pid, "rb") as f:
            called = f.read()
            if word.encode() in called and service.alive(int(pid)):
                found.append(called)
    return found


class Peers(Case):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="furui-peers-")
        self.addCleanup(self.dir.cleanup)

    def corpus(self, name, n, foreign=False):
        """n mails; with `foreign`, a header that gives the label away."""
        rng = random.Random(7)
        os.makedirs(os.path.join(self.dir.name, name, "mails"))
        index = os.path.join(self.dir.name, name, "index")
        with open(index, "w") as lines:
            for i in range(n):
                label = ["spam", "ham"][i % 2]
                words = [rng.choice(WORDS[label] + WORDS["ham"]) for _ in range(40)]
                given = "X-Spam-Status: %s\n\t%slabel\nDelivered-To: %s\n" % ((label,) * 3) if foreign else ""
                with open(os.path.join(self.dir.name, name, "mails", str(i)), "w") as mail:
                    mail.write("Message-Id: <%d@example.org>\n%sFrom: a@example.org\nSubject: %s\n\n%s\n" % (
                        i, given, " ".join(words[:4]), " ".join(words)))
                lines.write("%s mails/%d\n" % (label, i))
        return index

    def scores(self, peer, index, *options):
        for word in NEEDS[peer]:
            if not shutil.which(word):
                self.skipTest("%s is not installed" % peer)
        done = subprocess.run([os.path.join(ACCURACY, peer), *options, index], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=120 * SLOW)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertIn(b"%s: 16 mails" % peer.encode(), done.stderr)
        return done.stdout.decode()

    def check_peer(self, peer):
        plain, marked = self.corpus("plain", 16), self.corpus("marked", 16, foreign=True)
        said = self.scores(peer, plain)
        with open(plain) as index:
            self.assertEqual([line.split()[:2] for line in said.splitlines()], [line.split() for line in index])
        late = {"spam": 0.0, "ham": 0.0}
        for line in said.splitlines()[8:]:
            label, _, score = line.split()
            late[label] += float(score)
        self.assertGreater(late["spam"], late["ham"])  # it learns, and more is more spam
        # A label in another filter's header is nothing that a peer can see.
        self.assertEqual(self.scores(peer, marked), said)

    def test_bogofilter(self):
        self.check_peer("bogofilter")

    def test_bsfilter(self):
        self.check_peer("bsfilter")

    def test_crm114(self):
        self.check_peer("crm114")

    def test_spamassassin(self):
        self.check_peer("spamassassin")

    def test_spamprobe(self):
        self.check_peer("spamprobe")

    def test_as_is_lets_them_see(self):
        marked = self.corpus("marked", 16, foreign=True)
        self.assertNotEqual(self.scores("bogofilter", marked, "--as-is"), self.scores("bogofilter", marked))

    def test_told_to_end(self):
        """Neither its private directory nor its child outlives a peer that is ended in the middle."""
        private = os.path.join(self.dir.name, "private")
        os.mkdir(private)
        index = self.corpus("plain", 16)
        with open(index) as f:
            lines = f.read()
        with open(index, "w") as f:
            f.write(lines * 1000)
        for peer in ("bogofilter", "bsfilter"):
            if not all(shutil.which(word) for word in NEEDS[peer]):
                self.skipTest("%s is not installed" % peer)
            run = subprocess.Popen([os.path.join(ACCURACY, peer), index], env=dict(os.environ, TMPDIR=private),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            run.stdout.read(1)  # blocks until scores come
            self.assertNotEqual(os.listdir(private), [])
            run.terminate()
            run.communicate(timeout=60 * SLOW)
            self.assertEqual((run.returncode, os.listdir(private)), (143, []))
            self.assertEqual(processes(private), [], "a process is left")

    def test_bad_index(self):
        index = os.path.join(self.dir.name, "index")
        with open(index, "w") as f:
            f.write("# a comment\nspan mails/0\n")
        done = subprocess.run([os.path.join(ACCURACY, "bogofilter"), index], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("index:2: not `spam PATH` or `ham PATH`", done.stderr)

    def test_what_rspamd_answers(self):
        read = script("rspamd").probability
        symbols = {"BAYES_SPAM": {"options": ["99.99%"]}, "PROBABILITY": {"score": 0.0, "options": ["0.99987654321"]}}
        self.assertEqual(read(json.dumps({"symbols": symbols})), 0.99987654321)
        self.assertEqual(read('{"symbols": {}}'), 0.5)

    def test_what_spamprobe_prints(self):
        read = script("spamprobe").printed
        self.assertEqual(read(b"SPAM 0.9999990 4eac24ca326acb5fe637c2e16d430e05\n"), 0.999999)
        self.assertEqual(read(b"GOOD 0.0200000 595f0150587edd7b395691964069d7af\n"), 0.02)
        for bad in (b"", b"error: no database\n"):
            with self.assertRaises(SystemExit):
                read(bad)

    def test_log_odds_keep_the_order(self):
        log_odds = script("stream.py").log_odds
        ps = [0.0, 1e-300, 1e-9, 0.4, 0.5, 0.6, 0.999999, 1 - 1e-12, 1.0]
        odds = [log_odds(p) for p in ps]
        self.assertEqual(odds, sorted(odds))
        self.assertEqual(odds[4], 0)
        self.assertTrue(all(abs(o) < 50 for o in odds))


if __name__ == "__main__":
    service.main()
