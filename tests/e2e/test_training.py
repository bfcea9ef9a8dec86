# SPDX-License-Identifier: Apache-2.0
"""test_training: counts that merge, go on, age and are unlearnt, to the bit; mail from all kinds of places; and
whatever can be wrong with what training is given. The mails are of our own making."""

import json
import os
import random
import resource
import signal
import struct
import subprocess
import tempfile

import service
from service import B, SLOW, Case

FURUI = os.path.join(B, "furui")
WORDS = {"spam": "winner prize claim pills casino cheap offer bonus click urgent".split(),
         "ham": "meeting patch review lunch report agenda minutes draft version thanks".split()}


def furui(*words, limit_bytes=None, env=None, cwd=None):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    done = subprocess.run((FURUI,) + words, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=cwd,
                          timeout=120 * SLOW, env=dict(os.environ, **env) if env else None,
                          preexec_fn=limit if limit_bytes else None)
    return done.returncode, done.stdout, done.stderr


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


class Training(Case):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="furui-training-")
        self.addCleanup(self.dir.cleanup)
        self.mails = self.make(1, 120)

    def path(self, *names):
        return os.path.join(self.dir.name, *names)

    def make(self, seed, n, day="%d Jan 2020", lean=lambda label: label):
        """(label, bytes) of mails whose words lean towards their label, one in ten the wrong way."""
        rng = random.Random(seed)
        mails = []
        for i in range(n):
            label = ["spam", "ham"][i % 2] if i < 10 else rng.choice(["spam", "ham"])
            words = WORDS[lean(label) if rng.random() < 0.9 else "ham"]
            text = [rng.choice(words if rng.random() < 0.4 else WORDS["ham"] + WORDS["spam"]) for _ in range(40)]
            date = day % (1 + i % 28) if "%" in day else day
            mail = "Received: from a by b; %s 10:00:00 +0000\nFrom: %s@example.org\nMessage-ID: <%d.%d@x>\n" % (
                date, rng.choice("abcdef"), seed, i)
            mails.append((label, (mail + "Subject: %s\n\n%s\n" % (" ".join(text[:4]), " ".join(text))).encode()))
        return mails

    def index(self, name, mails):
        os.makedirs(self.path(name, "mails"))
        with open(self.path(name, "index"), "w") as index:
            for i, (label, mail) in enumerate(mails):
                with open(self.path(name, "mails", str(i)), "wb") as f:
                    f.write(mail)
                index.write("%s mails/%d\n" % (label, i))
        return self.path(name, "index")

    def fine(self, *words, **more):
        status, out, err = furui(*words, **more)
        self.assertEqual((status, err), (0, ""))
        return out

    def trained(self, name, *words):
        """The bytes of a bundle."""
        self.fine(*words, "-o", self.path(name))
        return read(self.path(name))

    def counts(self, name, *words):
        self.fine("train", "-q", *words, "--counts", self.path(name))
        return self.path(name)

    def fails(self, status, says, *words, **more):
        got, out, err = furui(*words, **more)
        self.assertEqual((got, err.count("\n")), (status, 1), err)
        self.assertIn(says, err)

    # --- to the bit

    def test_merged_counts_equal_one_run(self):
        """One source in 1, 2 and 5 parts, and three sources."""
        whole = self.trained("whole", "train", "--index", self.index("w", self.mails))
        for parts in 1, 2, 5:
            made = []
            for k in range(parts):
                part = self.mails[k * 120 // parts:(k + 1) * 120 // parts]
                made.append(self.counts("%d.%d.counts" % (parts, k), "--source", "our own",
                                        "--index", self.index("%d.%d" % (parts, k), part)))
            with self.subTest(parts=parts):
                self.assertEqual(self.trained("merged", "model", "merge", *made, "--counts", self.path("all")), whole)
                self.assertEqual(self.trained("again", "model", "merge", self.path("all")), whole)
        others = [self.index("s%d" % k, self.make(10 + k, 60)) for k in range(3)]
        one = self.trained("one", "train", *[w for x in others for w in ("--index", x)])
        made = [self.counts("s%d.counts" % k, "--index", x) for k, x in enumerate(others)]
        self.assertEqual(self.trained("merged", "model", "merge", *made), one)
        self.assertNotEqual(one, whole)

    def test_threads_change_nothing(self):
        index = self.index("a", self.mails)
        self.assertEqual(self.trained("1", "train", "--threads", "1", "--index", index),
                         self.trained("5", "train", "--threads", "5", "--index", index))

    def test_unlearning_is_as_if_never_learnt(self):
        """A whole source, and every third mail of another."""
        keep = [m for i, m in enumerate(self.mails) if i % 3]
        gone = self.counts("gone.counts", "--index", self.index("gone", self.mails[::3]))
        other = self.make(5, 50)
        both = [self.counts("1.counts", "--index", self.index("o", other)),
                self.counts("2.counts", "--index", self.index("a", self.mails))]
        want = self.trained("want", "train", "--index", self.path("o", "index"), "--index", self.index("k", keep))
        self.assertEqual(self.trained("got", "model", "merge", *both, "--without", gone), want)
        out = self.fine("model", "merge", *both, "--without", gone, "--counts", self.path("left.counts"))
        self.assertIn("40 mails left out\n", out)
        self.assertEqual(self.trained("got", "model", "merge", self.path("left.counts")), want)
        alone = self.trained("alone", "train", "--index", self.path("a", "index"))
        self.assertEqual(self.trained("got", "model", "merge", *both, "--without", both[0]), alone)
        self.fails(65, "gone.counts: none of its mails", "model", "merge", both[0], "--without", gone, "-o",
                   self.path("x"))

    def test_training_goes_on_from_a_bundle(self):
        old, new = self.index("old", self.mails[:70]), self.index("new", self.mails[70:])
        want = self.trained("want", "train", "--index", old, "--index", new)
        first, second = self.path("1.bundle"), self.path("2.bundle")
        self.fine("train", "--index", old, "-o", first, "--counts", first + ".counts")
        self.assertEqual(self.trained("got", "train", "--continue", first, "--index", new), want)
        self.assertEqual(self.trained("got", "train", "--continue", first + ".counts", "--index", new), want)
        self.fine("train", "--continue", first, "--index", new, "-o", second, "--counts", second + ".counts")
        self.assertEqual(read(second), want)
        third = self.index("third", self.make(7, 30))
        self.assertEqual(self.trained("got", "train", "--continue", second, "--index", third),
                         self.trained("want", "train", "--index", old, "--index", new, "--index", third))
        self.fine("train", "-q", "--index", third, "-o", self.path("bare"))
        self.fails(66, "no counts beside the bundle", "train", "--continue", self.path("bare"), "--index", new, "-o",
                   second)
        os.rename(first + ".counts", self.path("bare.counts"))
        self.fails(65, "not the counts that", "train", "--continue", self.path("bare"), "--index", new, "-o", second)
        self.assertEqual(read(second), want)

    def test_trust_goes_with_the_counts(self):
        index = self.index("a", self.mails)
        trusting = ("--trust", "mx.example.net", "--own-received", "2")
        one = self.counts("1", *trusting, "--index", index)
        two = self.counts("2", "--index", self.index("b", self.make(3, 20)))
        bundle = self.trained("m", "model", "merge", one)
        self.assertEqual(bundle, self.trained("n", "train", *trusting, "--index", index))
        manifest = json.loads(self.fine("model", "info", "--json", self.path("m")))["manifest"]
        self.assertEqual((manifest["trusted-authserv.1"], manifest["own-received"]), ("mx.example.net", "2"))
        self.fails(65, "2: was counted with another --trust", "model", "merge", one, two, "-o", self.path("m"))
        self.fails(65, "1: was counted with another --trust", "train", "--continue", one, "--own-received", "1",
                   "--index", index, "-o", self.path("m"))
        self.assertEqual(read(self.path("m")), bundle)

    def test_counts_tell_what_they_are(self):
        index = self.index("a", self.mails)
        made = self.counts("c", "--trust", "mx.example.net", "--source", "our own", "--index", index)
        info = json.loads(self.fine("model", "info", "--json", made))
        spam = sum(label == "spam" for label, _ in self.mails)
        self.assertEqual((info["ham"], info["spam"], info["bytes"]), (120 - spam, spam, os.path.getsize(made)))
        self.assertEqual(info["trusted"], ["mx.example.net"])
        self.assertEqual(info["sources"], [{"name": "our own", "ham": 120 - spam, "spam": spam}])
        self.assertIn("mx.example.net", self.fine("model", "info", made))
        self.trained("m", "model", "merge", made)
        manifest = json.loads(self.fine("model", "info", "--json", self.path("m")))
        self.assertEqual(manifest["manifest"]["corpus"], info["corpus"])

    def test_bundles_and_counts_do_not_replace_each_other(self):
        made = self.counts("c", "--index", self.index("a", self.mails))
        bundle, index = self.path("m.bundle"), self.path("a", "index")
        self.fine("model", "merge", made, "-o", bundle)
        before = read(made), read(bundle)
        self.fails(64, "c: holds counts", "model", "merge", made, "-o", made)
        self.fails(64, "c: holds counts", "train", "--index", index, "-o", made)
        self.fails(64, "m.bundle: is a bundle", "train", "--index", index, "--counts", bundle)
        self.fails(64, "want a file each", "train", "--index", index, "--counts", self.path("x"), "-o", self.path("x"))
        self.assertEqual((read(made), read(bundle)), before)

    # --- age

    def test_old_mail_fades(self):
        """What was spam's in 2019 is ham's in 2020; one mail claims to be of 2090."""
        swap = {"spam": "ham", "ham": "spam"}
        old = self.make(1, 100, "%d Jun 2019", lambda label: swap[label])
        lies = [(label, mail.replace(b"Jan 2020", b"Jan 2090")) for label, mail in self.make(9, 1)]
        index = self.index("a", old + self.make(2, 100) + lies)
        judge = self.index("j", self.make(3, 60))
        roca = {}
        for days in "10", "3650":
            self.fine("train", "-q", "--half-life", days, "--index", index, "-o", self.path(days))
            info = json.loads(self.fine("model", "info", "--json", self.path(days)))
            self.assertEqual(info["manifest"]["half-life-days"], days)
            judged = json.loads(self.fine("eval", "--index", judge, "--bundle", self.path(days), "--json"))
            roca[days] = judged["roca_pct"]
        self.assertLess(roca["10"], 15)
        self.assertGreater(roca["3650"], roca["10"] + 10)
        self.fails(64, "--half-life", "train", "--half-life", "0", "--index", index, "-o", self.path("x"))

    def test_an_age_that_all_share_is_none(self):
        index = self.index("a", self.make(1, 80, "5 Jan 2020"))
        tables = []
        for more in [], ["--half-life", "5"]:
            self.trained("m", "train", *more, "--index", index)
            info = json.loads(self.fine("model", "info", "--json", self.path("m")))
            tables.append([s["xxh3"] for s in info["sections"] if s["name"] != "manifest"])
        self.assertEqual(tables[0], tables[1])

    # --- places

    def test_all_kinds_of_places_give_the_same(self):
        """A directory, a Maildir, an mbox with quoted lines, all like an index of the same mails in the same order."""
        quoted = [(label, mail + b"From here on\n>From there\n") for label, mail in self.mails]
        by_label = {label: [m for at, m in quoted if at == label] for label in ("ham", "spam")}
        for label, mails in by_label.items():
            os.makedirs(self.path("dir", label))
            for box in "cur", "new", "tmp":
                os.makedirs(self.path("md", label, box))
            with open(self.path(label + ".mbox"), "wb") as mbox:
                for i, mail in enumerate(mails):
                    box = "new" if i > 30 else "cur"
                    for where in self.path("dir", label, "%03d" % i), self.path("md", label, box, "%03d" % i):
                        with open(where, "wb") as f:
                            f.write(mail)
                    mbox.write(b"From a@example.org Sat Jan  3 01:05:34 1996\n" +
                               mail.replace(b"\n>From ", b"\n>>From ").replace(b"\nFrom here", b"\n>From here") + b"\n")
        want = self.trained("want", "train", "--index", self.index("i", [("ham", m) for m in by_label["ham"]] +
                                                                 [("spam", m) for m in by_label["spam"]]))
        for what, ham, spam in (("dir", self.path("dir", "ham"), self.path("dir", "spam")),
                                ("maildir", self.path("md", "ham"), self.path("md", "spam")),
                                ("mbox", self.path("ham.mbox"), self.path("spam.mbox"))):
            with self.subTest(what=what):
                self.assertEqual(self.trained("got", "train", "--ham", ham, "--spam", spam), want)
                self.assertEqual(self.trained("got", "train", "--spam", spam, "--ham", ham), want)
        out = self.fine("train", "--ham", self.path("ham.mbox"), "--spam", self.path("spam.mbox"),
                        "--spam", self.path("md", "spam"), "-o", self.path("got"))
        self.assertIn("of 2 sources", out)
        self.assertIn("%d mails are there more than once" % len(by_label["spam"]), out)
        self.fails(66, "none: No such file", "train", "--ham", self.path("none"), "-o", self.path("x"))
        os.mkdir(self.path("empty"))
        self.fails(66, "empty: holds no mail", "train", "--ham", self.path("empty"), "-o", self.path("x"))

    def test_a_large_mbox(self):
        """A mail of 300 MB in it, a hole, is named. (test_index reads a mail behind 5 GB.)"""
        mbox = self.path("large.mbox")
        with open(mbox, "wb") as f:
            for i, (_, mail) in enumerate(self.mails[:6]):
                f.write(b"From a@example.org Sat Jan  3 01:05:34 1996\n" + mail + b"\n")
                if i == 2:
                    f.seek(300 << 20)
                    f.write(b"\n\n")
        self.fails(66, "large.mbox: larger than 256 MB", "train", "--ham", mbox, "-o", self.path("x"))

    # --- interrupted

    def test_an_interrupted_run_goes_on(self):
        """After a mail that cannot be read, and after a kill that left half a record and then garbage."""
        index = self.index("a", self.mails)
        want, made, part = read(self.counts("want", "--index", index)), self.path("c"), self.path("c.part")
        last = self.path("a", "mails", "119")
        os.rename(last, last + ".away")
        self.fails(66, "index:120: " + last + ": cannot open", "train", "--index", index, "--counts", made)
        self.assertLess(os.path.getsize(part), 1000)  # a file that is not there is told before any is read
        os.mkdir(last)
        self.fails(66, "index:120: " + last + ": is a directory", "train", "--index", index, "--counts", made)
        self.assertFalse(os.path.exists(made))
        os.rmdir(last)
        os.rename(last + ".away", last)
        out = self.fine("train", "--index", index, "--counts", made)
        self.assertIn("c: went on behind 119 mails that an interrupted run had counted\n", out)
        self.assertEqual(read(made), want)
        self.assertFalse(os.path.exists(part))
        for cut, garbage in (len(want) // 2, b""), (len(want) // 2 + 40, b"x" * 5000), (70, b""), (10, b""), (0, b""):
            os.remove(made)
            with open(part, "wb") as f:
                f.write(want[:cut] + garbage)
            with self.subTest(cut=cut):
                out = self.fine("train", "--index", index, "--counts", made)
                self.assertEqual("went on" in out, cut > 100)
                self.assertEqual(read(made), want)
        out = self.fine("train", "--index", index, "--counts", made)
        self.assertIn("c: all 120 mails are counted already\n", out)
        other = self.index("b", self.make(8, 20))
        with open(part, "wb") as f:
            f.write(want[:len(want) // 2])
        out = self.fine("train", "--index", other, "--counts", made)
        self.assertNotIn("went on", out)
        self.assertEqual(read(self.counts("fresh", "--index", other)), read(made))

    def test_killed_while_counting(self):
        mails = self.make(2, 3000)
        index = self.index("a", mails)
        made = self.path("c")
        running = subprocess.Popen([FURUI, "train", "--threads", "1", "--index", index, "--counts", made])
        service.wait_until(lambda: os.path.exists(made + ".part") and os.path.getsize(made + ".part") > 1 << 16 or
                           running.poll() is not None, what="counts")
        running.send_signal(signal.SIGKILL)
        running.wait()
        out = self.fine("train", "--index", index, "--counts", made)
        if running.returncode < 0:  # it was not done yet
            self.assertIn("went on behind", out)
        self.assertEqual(read(made), read(self.counts("want", "--index", index)))

    def test_what_is_in_the_way_is_not_written_over(self):
        """A file of that name that is none of ours, a link to one, a pipe; and a run that has just ended."""
        index, made, part = self.index("a", self.mails), self.path("c"), self.path("c.part")
        for put, says in [(lambda: write(part, b"a letter to my aunt"), "c.part: is there and no counts file"),
                          (lambda: os.symlink("aunt", part), "c.part: cannot create"),
                          (lambda: os.mkfifo(part), "c.part: is there and no counts file")]:
            write(self.path("aunt"), b"")
            put()
            self.fails(74, says, "train", "--index", index, "--counts", made)
            self.assertFalse(os.path.exists(made))
            if not os.path.islink(part) and os.path.isfile(part):
                self.assertEqual(read(part), b"a letter to my aunt")
            os.remove(part)
        self.assertEqual(read(self.path("aunt")), b"")

    def test_what_is_read_is_not_written_over(self):
        index = self.index("a", self.mails)
        before, letter = read(index), self.path("a", "mails", "0")
        for words in [("--index", index, "-o", index), ("--index", index, "--counts", index),
                      ("--audit", "--index", index, "--disputed", index), ("--ham", letter, "-o", letter)]:
            self.fails(64, "is read; what is written would replace it", "train", *words)
        self.fails(74, "no name of a file", "train", "--index", index, "-o", "")
        self.fails(74, "no name of a file", "train", "--index", index, "--counts", "")
        self.assertEqual(read(index), before)

    def test_counts_that_shrink_while_they_are_read(self):
        made = self.counts("c", "--index", self.index("a", self.mails))
        other = self.index("b", self.make(2, 3000))
        running = subprocess.Popen([FURUI, "train", "-q", "--threads", "1", "--continue", made, "--index", other,
                                    "-o", self.path("x")],
                                   stderr=subprocess.PIPE, text=True)
        service.wait_until(lambda: made in read("/proc/%d/maps" % running.pid).decode(), what="counts to be read")
        os.truncate(made, 4096)
        said = running.communicate(timeout=120 * SLOW)[1]
        self.assertEqual((running.returncode, said.count("\n")), (74, 1), said)
        self.assertIn("was cut short while it was read", said)
        self.assertFalse(os.path.exists(self.path("x")))

    # --- bad input

    def test_places_that_hold_no_files(self):
        os.mkfifo(self.path("pipe"))
        for place in self.path("pipe"), "/dev/zero", "-":
            self.fails(66, "mails are read twice: a file or directory is needed", "train", "--ham", place, "-o",
                       self.path("x"))

    def test_what_cannot_be_trained_on(self):
        one = self.index("one", [m for m in self.mails if m[0] == "ham"])
        self.fails(65, " ham and 0 spam: both are needed", "train", "--index", one, "-o", self.path("x"))
        with open(one, "a") as index:
            index.write("ham mails/not-there\n")  # told before any mail is looked at
        self.fails(65, " ham and 0 spam: both are needed", "train", "--index", one, "-o", self.path("x"))
        self.fails(66, "names no mail", "train", "--index", self.index("no", []), "-o", self.path("x"))
        self.fails(64, "no --index, --ham or --spam", "train", "-o", self.path("x"))
        self.fails(64, "no --output, and no --counts", "train", "--index", one)
        self.assertFalse(os.path.exists(self.path("x")))

    def test_few_mails(self):
        """A whole bundle comes of it, or a sentence that says why not; a fold alone may hold all of a class."""
        ham, spam = ([m for m in self.mails if m[0] == label] for label in ("ham", "spam"))
        for mails in ham[:1] + spam[:1], ham[:9] + spam[:1], ham[:1] + spam[:9]:
            self.fails(65, "two of each are needed", "train", "--index",
                       self.index("few%d" % len(os.listdir(self.dir.name)), mails), "-o", self.path("x"))
        same = [("spam", spam[0][1].replace(b"\n\n", b"\n\nthe same\n--%d\n" % i)) for i in range(9)]
        for n, mails in enumerate([ham[:2] + spam[:2], ham[:5] + spam[:5], ham[:2] + spam[:8], ham[:40] + spam[:2],
                                   ham[:1] * 9 + spam[:9], ham[:40] + spam[:1] * 20, ham[:40] + same]):
            with self.subTest(n=n):
                bundle = self.path("%d.bundle" % n)
                out = self.fine("train", "--index", self.index("some%d" % n, mails), "-o", bundle)
                self.assertIn("so few mails make a weak model", out)
                again = self.fine("train", "-q", "--index", self.path("some%d" % n, "index"), "-o", bundle)
                self.assertEqual(again, "")
                self.assertIn("fine", self.fine("model", "verify", bundle))
                if n < 4:
                    continue  # little to go by
                index = self.path("some%d" % n, "index")
                judged = json.loads(self.fine("eval", "--index", index, "--bundle", bundle, "--json"))
                self.assertLess(judged["roca_pct"], 50)

    def test_more_sources_than_folds(self):
        made = [w for k in range(10) for w in ("--index", self.index("s%d" % k, self.make(20 + k, 20)))]
        out = self.fine("train", *made, "-o", self.path("x"))
        self.assertIn("of 10 sources", out)
        manifest = json.loads(self.fine("model", "info", "--json", self.path("x")))["manifest"]
        self.assertEqual(manifest["folds"], "8 by source")

    def test_duplicates_are_told(self):
        mails = self.mails + self.mails[:5] + [("spam", self.mails[1][1])]
        out = self.fine("train", "--index", self.index("a", mails), "-o", self.path("x"))
        self.assertIn("6 mails are there more than once, byte for byte; each counts as often; "
                      "1 of them both as ham and as spam: furui train --audit lists them", out)
        made = self.counts("c", "--index", self.path("a", "index"))
        self.fails(65, "holds the same mails as another", "model", "merge", made, made, "-o", self.path("y"))

    def test_damaged_counts_are_refused(self):
        made = self.counts("c", "--index", self.index("a", self.mails))
        good = read(made)
        bad, bundle = self.path("bad"), self.path("m.bundle")
        self.fine("model", "merge", made, "-q", "-o", bundle)
        before = read(bundle)
        older = bytearray(good)
        struct.pack_into("<I", older, 12, 1)
        for what, damaged, says in [
                ("flipped", good[:5000] + bytes([good[5000] ^ 4]) + good[5001:], "is damaged: "),
                ("head", good[:20] + bytes([good[20] ^ 1]) + good[21:], "its head is damaged"),
                ("cut", good[:-64], "is not whole: 120 mails"), ("cut within", good[:9000], "ends within a mail: "),
                ("longer", good + bytes(64), "is damaged at its end"),
                ("other features", bytes(older), "holds features of version 1; this furui has version"),
                ("text", b"spam a\n" * 99, "is no counts file"), ("empty", b"", "is no counts file"),
                ("a bundle", before, "is no counts file")]:
            with open(bad, "wb") as f:
                f.write(damaged)
            with self.subTest(what=what):
                self.fails(65, says, "model", "merge", made, bad, "-o", bundle)
                self.fails(65, says, "model", "merge", made, "--without", bad, "-o", bundle)
                self.assertEqual(read(bundle), before)
        self.fails(66, "none: cannot open", "model", "merge", self.path("none"), "-o", bundle)
        self.fails(66, "is not a regular file", "model", "merge", self.path("a"), "-o", bundle)
        self.assertEqual(furui("model", "merge", "-o", bundle)[0], 64)

    def test_a_full_disk(self):
        """For a temporary file, for counts (which go on when there is room), and for the numbered words."""
        index = self.index("a", self.mails)
        bundle, made = self.path("m.bundle"), self.path("c")
        self.fine("train", "-q", "--index", index, "-o", bundle, "--counts", self.path("whole"))
        before, files = read(bundle), sorted(os.listdir(self.dir.name))
        self.fails(74, "no room for more than", "train", "--index", index, "-o", bundle, limit_bytes=100000)
        self.fails(74, "a temporary file of", "model", "merge", self.path("whole"), "-o", bundle, limit_bytes=100000)
        self.assertEqual(sorted(os.listdir(self.dir.name)), files)
        self.fails(74, "c.part: no room for more than", "train", "--index", index, "--counts", made, limit_bytes=100000)
        self.assertFalse(os.path.exists(made))
        self.assertEqual(read(bundle), before)
        self.fine("train", "--index", index, "--counts", made)
        self.assertEqual(read(made), read(self.path("whole")))
        self.fails(74, "cannot create", "train", "--index", index, "-o", bundle, env={"TMPDIR": self.path("none")})
        self.assertEqual(read(bundle), before)


if __name__ == "__main__":
    service.main()
