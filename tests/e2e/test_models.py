# SPDX-License-Identifier: Apache-2.0
"""test_models: train, eval, model and bench, on a small corpus of our own making; figures checked by other code."""

import csv
import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile

import service
from service import B, BUNDLE, ROOT, SLOW, Case, Service

FURUI = os.path.join(B, "furui")
ROCA = os.path.join(ROOT, "bench/accuracy/roca")
WORDS = {"spam": "winner prize claim pills casino cheap offer bonus click urgent".split(),
         "ham": "meeting patch review lunch report agenda minutes draft version thanks".split()}


def run(*words, limit_bytes=None, **more):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120 * SLOW,
                          preexec_fn=limit if limit_bytes else None, **more)
    return done.returncode, done.stdout, done.stderr


def furui(*words, **more):
    return run(FURUI, *words, **more)


class Models(Case):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="furui-models-")
        self.addCleanup(self.dir.cleanup)
        self.index = self.corpus("a", 1, 60)
        self.bundle = self.path("m.bundle")

    def path(self, *names):
        return os.path.join(self.dir.name, *names)

    def corpus(self, name, seed, n):
        """Mails whose words lean towards their label, one in ten the wrong way."""
        rng = random.Random(seed)
        os.makedirs(self.path(name, "mails"))
        with open(self.path(name, "index"), "w") as index:
            for i in range(n):
                label = rng.choice(["spam", "ham"])
                lean = WORDS[label if rng.random() < 0.9 else "ham"]
                words = [rng.choice(lean if rng.random() < 0.4 else WORDS["ham"] + WORDS["spam"]) for _ in range(40)]
                with open(self.path(name, "mails", str(i)), "w") as mail:
                    mail.write("From: %s@example.org\nTo: b@example.net\nSubject: %s\n\n%s\n" % (
                        rng.choice("abcdef"), " ".join(words[:4]), " ".join(words)))
                index.write("%s mails/%d\n" % (label, i))
        return self.path(name, "index")

    def train(self):
        status, _, err = furui("train", "-q", "--index", self.index, "-o", self.bundle)
        self.assertEqual((status, err), (0, ""))

    def check_figures(self, scores, figures, *more):
        """What furui eval says of its scores, another program says too."""
        status, out, err = run(sys.executable, ROCA, *more, "--csv", "x", scores)
        self.assertEqual((status, err), (0, ""))
        header = run(sys.executable, ROCA, "--csv-header")[1]
        row = next(csv.DictReader(io.StringIO(header + out)))
        self.assertEqual((int(row["spam"]), int(row["ham"])), (figures["spam"], figures["ham"]))
        self.assertAlmostEqual(float(row["one_minus_roca_pct"]), figures["roca_pct"], delta=1e-4)
        for rate in "0.1", "0.05", "0.01":
            got, want = float(row["caught_at_%spct" % rate]), figures["caught_at_%s_pct" % rate]
            self.assertAlmostEqual(got, want, delta=0.01)

    def test_trust_is_in_the_manifest(self):
        status, _, err = furui("train", "-q", "--index", self.index, "--trust", "mx.example.net,b.example.net", "--trust",
                               "c.example.net", "--own-received", "1", "-o", self.bundle)
        self.assertEqual((status, err), (0, ""))
        manifest = json.loads(furui("model", "info", "--json", self.bundle)[1])["manifest"]
        self.assertEqual([manifest["trusted-authserv.%d" % n] for n in (1, 2, 3)],
                         ["mx.example.net", "b.example.net", "c.example.net"])
        self.assertEqual(manifest["own-received"], "1")
        self.train()
        self.assertNotIn("own-received", json.loads(furui("model", "info", "--json", self.bundle)[1])["manifest"])
        for words in (("--trust", ""), ("--trust", "a b"), ("--trust", ",".join("a" * 33)), ("--own-received", "x")):
            self.assertEqual(furui("train", "--index", self.index, *words, "-o", self.bundle)[0], 64)

    def test_figures_equal_those_of_other_code(self):
        scores, audit = self.path("scores"), self.path("audit")
        with open(audit, "w") as f:
            f.write("3 why\n# a comment\n\n17\n40 as well\n")
        for more in [], ["--exclude", audit]:
            status, out, err = furui("eval", "--index", self.index, "--protocol", "immediate", "--json",
                                     "--scores", scores, *more)
            self.assertEqual((status, err), (0, ""))
            figures = json.loads(out)
            self.assertTrue(0 < figures["roca_pct"] < 45, figures)
            self.check_figures(scores, figures, *more)
        with open(scores) as f, open(self.index) as index:
            self.assertEqual([line.split()[:2] for line in f], [line.split() for line in index])

    def test_a_bundle_tells_what_it_is(self):
        self.train()
        with open(self.bundle, "rb") as f:
            first = f.read()
        status, out, _ = furui("model", "info", "--json", self.bundle)
        info = json.loads(out)
        self.assertEqual((status, info["bytes"]), (0, len(first)))
        self.assertEqual(sum(s["bytes"] for s in info["sections"] if s["name"] == "manifest"),
                         sum(len(k) + len(v) + 2 for k, v in info["manifest"].items()))
        self.assertEqual(furui("model", "verify", self.bundle)[:2], (0, "fine: %s\n" % info["id"]))
        self.assertIn(info["id"], furui("model", "info", self.bundle)[1])
        self.train()
        with open(self.bundle, "rb") as f:
            self.assertEqual(f.read(), first, "the same input gave another bundle")
        scores = self.path("scores")
        status, out, err = furui("eval", "--index", self.index, "--bundle", self.bundle, "--json", "--scores", scores)
        self.assertEqual((status, err), (0, ""))
        self.check_figures(scores, json.loads(out))
        self.assertTrue(json.loads(out)["trained_on_as_many"])
        told = "\ntrained on       as many ham and spam"
        self.assertIn(told, furui("eval", "--index", self.index, "--bundle", self.bundle)[1])
        self.assertNotIn(told, furui("eval", "--index", self.index)[1])

    def test_a_damaged_bundle_is_refused_by_all(self):
        self.train()
        with open(self.bundle, "rb") as f:
            good = f.read()
        bad = self.path("bad.bundle")
        for what, damaged, says in [
                ("flipped", good[:2000] + bytes([good[2000] ^ 4]) + good[2001:], "checksum of section"),
                ("cut", good[:-1], "truncated"), ("longer", good + b"x", "1 bytes too many"),
                ("another version", good[:12] + b"\xff\xff\0\0" + good[16:], "checksum of the header"),
                ("text", b"spam a\n" * 99, "not a model bundle"), ("empty", b"", "the file is empty")]:
            with open(bad, "wb") as f:
                f.write(damaged)
            judge = ["eval", "--index", self.index, "--bundle", bad]
            for words in ["model", "verify", bad], ["model", "info", bad], judge:
                with self.subTest(what=what, words=words[:2]):
                    status, out, err = furui(*words)
                    self.assertEqual((status, out), (65, ""))
                    self.assertIn("bad.bundle: ", err)
                    self.assertIn(says, err)
                    self.assertEqual(err.count("\n"), 1)
        self.assertEqual(furui("model", "verify", self.path("none"))[0], 66)
        self.assertEqual(furui("model", "verify")[0], 64)
        self.assertEqual(furui("model", "improve", self.bundle)[0], 64)

    def test_a_full_disk_leaves_the_old_bundle(self):
        self.train()
        with open(self.bundle, "rb") as f:
            old = f.read()
        before = sorted(os.listdir(self.dir.name))
        status, _, err = furui("train", "-q", "--index", self.corpus("b", 2, 30), "-o", self.bundle, limit_bytes=100000)
        self.assertEqual(status, 74, err)
        self.assertIn("m.bundle: cannot write: ", err)
        with open(self.bundle, "rb") as f:
            self.assertEqual(f.read(), old)
        self.assertEqual(sorted(os.listdir(self.dir.name)), sorted(before + ["b"]))

    def test_a_bad_index_is_named(self):
        missing = "mails/none: cannot open: No such file or directory (and 1 more)"
        for text, says in [("spam mails/0\nspan mails/1\n", "bad:2: the label is"), ("", "bad: names no mail"),
                           ("spam mails/0\n\nham mails/none\nspam none\n", missing),
                           ("spam mails/0\nham mails/none\n", "bad:2: ")]:
            bad = self.path("a", "bad")
            with open(bad, "w") as f:
                f.write(text)
            for words in ["train", "-q", "-o", self.bundle], ["eval", "--protocol", "immediate"]:
                with self.subTest(text=text, verb=words[0]):
                    status, out, err = furui(*words, "--index", bad)
                    self.assertEqual((status, out), (66, ""))
                    self.assertIn(says, err)
        self.assertFalse(os.path.exists(self.bundle))

    def test_eval_judges_by_the_starter_bundle_unless_told(self):
        said = [furui("eval", "--index", self.index, "--json", *more)[1] for more in ([], ["--bundle", BUNDLE])]
        said = [{k: v for k, v in json.loads(s).items() if k != "seconds"} for s in said]
        self.assertEqual(said[0], said[1])
        self.assertTrue(said[0]["roca_low_pct"] <= said[0]["roca_pct"] <= said[0]["roca_high_pct"])
        status, _, err = furui("eval", "--index", self.index, "--bundle", BUNDLE, "--protocol", "immediate")
        self.assertEqual((status, err), (64, "furui eval: give either --bundle or --protocol\n"))

    def test_places_for_results_are_looked_for_before_the_work(self):
        nowhere = self.path("none", "m.bundle")
        self.assertEqual(furui("train", "--index", self.path("none"), "-o", nowhere),
                         (74, "", "furui train: %s: cannot create a file beside it: No such file or directory\n" % nowhere))
        nowhere = self.path("none", "scores")
        status, out, err = furui("eval", "--index", self.corpus("c", 3, 2), "--scores", nowhere)
        why = "furui eval: %s: cannot create a file beside it: No such file or directory\n" % nowhere
        self.assertEqual((status, out, err), (74, "", why))

    def test_foreign_headers_are_taken_out(self):
        sys.path.insert(0, os.path.join(ROOT, "bench/accuracy"))
        import foreign
        for before, after in [
                (b"From x Mon\nA: 1\nX-Spam-Status: Yes,\n\tscore=9\nB: 2\n\nX-Spam: kept\n",
                 b"A: 1\nB: 2\n\nX-Spam: kept\n"),
                (b"x-bogosity: Spam\r\nStatus: RO\r\nStatusx: 1\r\n\r\nb", b"Statusx: 1\r\n\r\nb"),
                (b"ARC-Seal: i=1;\n a=b\n c\nReceived: x\n", b"Received: x\n"),
                (b"Subject: X-Spam: no\n X-Spam: folded\n\n", b"Subject: X-Spam: no\n X-Spam: folded\n\n"),
                (b"", b""), (b"\n\n", b"\n\n"), (b"no colon", b"no colon")]:
            self.assertEqual(foreign.strip(before), after)


if __name__ == "__main__":
    assert os.path.exists(BUNDLE)
    service.main()
