# SPDX-License-Identifier: Apache-2.0
"""test_rollout: furui model push, rollback and history against a service under load, with bundles of every kind.

Bundles are trained here: two that agree, one on flipped labels. What cannot be shown by timing is shown by state: after
each disaster the service answers by the model that its history says, and nothing else lies in its directory."""

import contextlib
import json
import os
import random
import resource
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time

import service
from service import B, BUNDLE, SLOW, Case, Flood, Service, header, mail, wait_until

FURUI = os.path.join(B, "furui")
WORDS = {"spam": "winner prize claim pills casino cheap offer bonus click urgent".split(),
         "ham": "meeting patch review lunch report agenda minutes draft version thanks".split()}


def furui(*words):
    done = subprocess.run([FURUI, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120 * SLOW)
    return done.returncode, done.stdout, done.stderr


def letter(rng, label):
    words = [rng.choice(WORDS[label] if rng.random() < 0.6 else WORDS["ham"] + WORDS["spam"]) for _ in range(40)]
    return ("From: %s@example.org\r\nTo: b@example.net\r\nSubject: %s\r\n\r\n%s\r\n" % (
        rng.choice("abcdef"), " ".join(words[:4]), " ".join(words))).encode()


def train(folder, name, seed, flipped=False):
    """A bundle from 80 letters of our own, by their labels or by the other ones; its path and id."""
    rng = random.Random(seed)
    os.makedirs(os.path.join(folder, name))
    with open(os.path.join(folder, name, "index"), "w") as index:
        for i in range(80):
            label = "spam" if i % 2 else "ham"
            with open(os.path.join(folder, name, str(i)), "wb") as f:
                f.write(letter(rng, label))
            index.write("%s %d\n" % ({"spam": "ham", "ham": "spam"}[label] if flipped else label, i))
    path = os.path.join(folder, name + ".bundle")
    status, _, err = furui("train", "-q", "--index", os.path.join(folder, name, "index"), "-o", path)
    assert status == 0, err
    return path, json.loads(furui("model", "info", "--json", path)[1])["id"]


class Rollout(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="furui-rollout-")
        cls.good, cls.good_id = train(cls.folder.name, "good", 1)
        cls.like, cls.like_id = train(cls.folder.name, "like", 2)
        cls.bad, cls.bad_id = train(cls.folder.name, "flipped", 1, flipped=True)
        rng = random.Random(7)
        cls.letters = [letter(rng, "spam" if i % 2 else "ham") for i in range(2000)]
        with open(BUNDLE, "rb") as f:
            cls.starter_id = f.read(40)[32:][::-1].hex()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def service(self, **settings):
        return Service(redis_server="off", **settings)

    def model(self, s, *words):
        return furui("model", *words, "--state-dir", s.state)

    def ok(self, s, *words):
        status, out, err = self.model(s, *words)
        self.assertEqual((status, err), (0, ""), words)
        return out

    def push(self, s, path, *words):
        return self.ok(s, "push", path, *words)

    def history(self, s):
        return json.loads(self.ok(s, "history", "--json"))

    def states(self, s):
        return [(row["id"], row["state"]) for row in self.history(s)["history"]]

    def stat(self, s):
        return json.loads(furui("stat", "--json", "--endpoint", s.endpoint)[1])

    def rollout(self, s):
        return self.stat(s)["rollout"]

    def serves(self, s, model):
        self.assertEqual(s.classify(mail())["model"], model)
        self.assertEqual(self.history(s)["serves"], model)
        wait_until(lambda: len(s.workers()) == 2, what="two workers")

    def check_files(self, s):
        """Every file has a row and every row that is kept has a file."""
        kept = {"%d-%s.bundle" % (row["number"], row["id"]) for row in self.history(s)["history"] if row["kept"]}
        found = set(os.listdir(os.path.join(s.state, "models"))) - {"lock", "history", "history.old"}
        self.assertEqual(found, kept)

    def flood_while(self, s, do, total=2000, at=400):
        """Letters, and `do` in a thread of its own when some are answered; every one must have a verdict."""
        threads, failures = [], []

        def run():
            try:
                do()
            except BaseException as e:
                failures.append(e)

        def step(flood):
            if flood.got >= at and not threads:
                threads.append(threading.Thread(target=run))
                threads[0].start()

        flood = Flood(s.endpoint, self.letters[:total], step=step)
        threads[0].join()
        if failures:
            raise failures[0]
        self.check_each_once(flood, total)
        self.assertEqual(flood.kinds(), {"verdict": total})
        return [answers[0] for _, answers in sorted(flood.answers.items())]

    def test_push_and_rollback_under_load(self):
        with self.service() as s:
            s.start()
            self.assertEqual(self.history(s), {"serves": self.starter_id, "configured": BUNDLE, "history": []})
            answers = self.flood_while(s, lambda: self.push(s, self.good, "--by", "hana 花", "--note", "a\nb\\c"))
            self.assertEqual({a["model"] for a in answers} - {self.starter_id, self.good_id}, set())
            self.serves(s, self.good_id)
            row = self.history(s)["history"][0]
            self.assertEqual((row["state"], row["by"], row["note"], row["name"], row["uid"], row["kept"]),
                             ("serving", "hana 花", "a\nb\\c", "good.bundle", os.geteuid(), True))
            self.assertEqual(row["manifest"], json.loads(furui("model", "info", "--json", self.good)[1])["manifest"])
            self.assertIn("40 ham, 40 spam, 1 source,", self.ok(s, "history"))
            self.push(s, self.like)
            self.assertEqual(self.states(s), [(self.like_id, "serving"), (self.good_id, "previous"),
                                              (self.starter_id, "previous")])
            answers = self.flood_while(s, lambda: self.ok(s, "rollback", "--note", "too strict"))
            self.assertEqual({a["model"] for a in answers} - {self.like_id, self.good_id}, set())
            self.serves(s, self.good_id)
            self.assertEqual(self.states(s), [(self.like_id, "refused"), (self.good_id, "serving"),
                                              (self.starter_id, "previous")])
            self.assertIn("too strict", self.history(s)["history"][0]["why"])
            self.ok(s, "rollback")
            self.serves(s, self.starter_id)
            status, _, err = self.model(s, "rollback")
            self.assertEqual((status, err), (1, "furui model: refused: no bundle is kept that served before\n"))
            self.check_files(s)

    def test_restart_keeps_what_serves(self):
        with self.service(model_keep=1) as s:
            s.start()
            for path in (self.good, self.bad, self.like):
                self.push(s, path)
            rows = self.history(s)["history"]
            self.assertEqual([(r["id"], r["kept"]) for r in rows], [(self.like_id, True), (self.bad_id, True),
                                                                   (self.good_id, False), (self.starter_id, False)])
            for how in (signal.SIGTERM, signal.SIGKILL):
                s.stop(how)
                s.start()
                self.serves(s, self.like_id)
                self.assertEqual(self.history(s)["history"], rows)
                self.check_files(s)
            s.configure(model_bundle=self.good)  # a pushed model stays, and the log says so
            s.process.send_signal(signal.SIGHUP)
            s.wait_log("bundle_overridden")
            self.serves(s, self.like_id)
            status, _, err = self.model(s, "push", self.like)
            self.assertEqual((status, err), (1, "furui model: refused: it serves already\n"))

    def test_damage_at_rest_leaves_a_service(self):
        with self.service() as s:
            s.start()
            self.push(s, self.good)
            self.push(s, self.like)
            s.stop()
            path = os.path.join(s.state, "models", "3-%s.bundle" % self.like_id)
            with open(path, "r+b") as f:
                f.truncate(1000)
            s.start()
            self.serves(s, self.good_id)
            s.wait_log("model_lost")
            wait_until(lambda: self.rollout(s)["history_written"], what="the history to be written")
            self.assertEqual(self.states(s)[:2], [(self.like_id, "previous"), (self.good_id, "serving")])
            status, _, err = self.model(s, "rollback")  # it is no better now
            self.assertEqual(status, 1)
            self.assertIn("truncated", err)
            self.serves(s, self.good_id)
            s.stop()
            for name in os.listdir(os.path.join(s.state, "models")):
                if name.endswith(".bundle"):
                    os.unlink(os.path.join(s.state, "models", name))
            s.start()
            self.serves(s, self.starter_id)
            self.push(s, self.good)
            s.stop()
            with open(os.path.join(s.state, "models/history"), "r+b") as f:
                f.write(b"\xff\xff")
            s.start()
            s.wait_log("history_damaged")
            self.assertEqual(s.classify(mail())["kind"], "verdict")
            self.push(s, self.like)
            self.serves(s, self.like_id)

    def test_a_rollback_that_fails_loses_no_model(self):
        with self.service() as s:
            s.start()
            for path in self.good, self.bad, self.like:
                self.push(s, path)
            path = os.path.join(s.state, "models", "3-%s.bundle" % self.bad_id)
            with open(path, "rb") as f:
                whole = f.read()
            os.truncate(path, 1000)
            for _ in range(2):  # first to this one; then to the one before
                status, _, err = self.model(s, "rollback")
                if status == 0:
                    break
                self.assertIn("truncated", err)
                self.serves(s, self.like_id)
                row = self.history(s)["history"][1]
                self.assertEqual((row["id"], row["state"], row["kept"]), (self.bad_id, "previous", True))
                self.assertIn("a rollback to it failed: ", row["why"])
                self.check_files(s)
            self.serves(s, self.good_id)
            with open(path, "wb") as f:
                f.write(whole)
            self.ok(s, "rollback")
            self.serves(s, self.bad_id)
            self.check_files(s)

    def test_bad_bundles_are_refused(self):
        with open(self.good, "rb") as f:
            good = f.read()
        bad = os.path.join(self.folder.name, "broken.bundle")
        with self.service() as s:
            s.start()
            before = s.workers()

            def refuse_all():
                for data, says in [(good[:-1], "truncated"), (b"", "empty"), (good[:3000] + b"\xff" + good[3001:], "checksum"),
                                   (b"no bundle at all\n" * 99, "not a model bundle")]:
                    with open(bad, "wb") as f:
                        f.write(data)
                    status, out, err = self.model(s, "push", bad)
                    self.assertEqual((status, out), (65, ""))
                    self.assertIn(says, err)
                    with open(bad, "rb") as f:  # and by furuid, which believes nobody
                        self.assertIn(says, self.knock(s, b"v=1\ndo=push\nname=x\n", f.fileno())["why"])
                self.assertEqual(self.model(s, "push", "/nowhere/there")[0], 66)
                with open(bad, "wb") as f:
                    f.truncate(300 << 20)
                with open(bad, "rb") as f:
                    self.assertIn("may have", self.knock(s, b"v=1\ndo=push\n", f.fileno())["why"])
                with open(self.good, "rb") as f:
                    f.seek(1000)  # it is read from its beginning all the same
                    self.assertIn("not %s" % self.like_id,
                                  self.knock(s, b"v=1\ndo=push\nid=%s\n" % self.like_id.encode(), f.fileno())["why"])
                for other in os.open(self.folder.name, os.O_RDONLY), os.open("/dev/zero", os.O_RDONLY), os.pipe()[0]:
                    self.assertIn("not a plain file", self.knock(s, b"v=1\ndo=push\n", other)["why"])
                    os.close(other)
                for words in (b"", b"v=1\ndo=push\n", b"v=2\ndo=history\n", b"\x83\xa1v\x01", b"v=1\ndo=push\nshare_ppm=9e9\n",
                              b"v=1\n" + b"a=b\n" * 2000):
                    self.assertEqual(self.knock(s, words).get("status", "refused"), "refused")

            self.flood_while(s, refuse_all)
            self.assertEqual(s.workers(), before)
            self.serves(s, self.starter_id)
            self.assertEqual({state for _, state in self.states(s)}, {"refused"})
            self.check_files(s)
            self.push(s, self.good)

    def knock(self, s, words, fd=None):
        """Speak at the operator's door as no furui would."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
            door.settimeout(60 * SLOW)
            door.connect(os.path.join(s.state, "admin.sock"))
            if fd is None:
                door.send(words)
            else:
                socket.send_fds(door, [words], [fd])
            text = b""
            while True:
                got = door.recv(1 << 16)
                if not got:
                    return dict(line.split("=", 1) for line in text.decode().splitlines() if line)
                text += got

    def test_the_door_is_the_owners(self):
        with self.service() as s:
            s.start()
            mode = os.stat(os.path.join(s.state, "admin.sock")).st_mode
            self.assertEqual((stat.S_ISSOCK(mode), stat.S_IMODE(mode)), (True, 0o600))
            with contextlib.ExitStack() as stack:  # those who say nothing keep nobody out
                for _ in range(12):
                    silent = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
                    silent.connect(os.path.join(s.state, "admin.sock"))
                self.assertEqual(s.classify(mail())["kind"], "verdict")
                self.assertEqual(self.history(s)["serves"], self.starter_id)
            # At the front door nobody replaces a model.
            answer = s.request([header(1, kind="push"), b"x"])[0]
            self.assertEqual((answer["kind"], answer["why"]), ("refusal", "bad_request"))
            # By the endpoint the same door is found.
            status, out, _ = furui("model", "history", "--endpoint", s.endpoint)
            self.assertEqual((status, out), (0, "serves %s, as configured: %s\n" % (self.starter_id, BUNDLE)))
            if os.geteuid() == 0:
                os.chmod(s.dir, 0o755)
                os.chmod(s.state, 0o755)
                os.chmod(os.path.join(s.state, "admin.sock"), 0o666)  # even so: the kernel says who it is
                script = ("import os,socket,sys; os.setgid(65534); os.setuid(65534)\n"
                          "d=socket.socket(socket.AF_UNIX,socket.SOCK_SEQPACKET); d.settimeout(20); d.connect(sys.argv[1])\n"
                          "try: d.send(b'v=1\\ndo=history\\n'); print(len(d.recv(9999)))\n"
                          "except OSError: print(0)")
                done = subprocess.run(["/usr/bin/python3", "-c", script, os.path.join(s.state, "admin.sock")],
                                      capture_output=True, text=True, timeout=60 * SLOW)
                self.assertEqual((done.stdout, done.stderr), ("0\n", ""))
                s.wait_log("admin_denied")
        self.assertEqual(furui("model", "history", "--state-dir", "/nowhere")[0], 69)
        for words in (["push"], ["push", "a", "b"], ["rollback", "x"], ["push", "a", "--shadow", "0"], ["push", "a", "--shadow", "11"],
                      ["push", "a", "--mails", "5"], ["push", "a", "--shadow", "1%", "--max-flips", "nan"]):
            self.assertEqual(furui("model", *words)[0], 64, words)

    def test_shadow_promotes(self):
        with self.service() as s:
            s.start()
            self.push(s, self.good)
            client = subprocess.Popen([FURUI, "model", "push", self.like, "--shadow", "100%", "--mails", "500", "--max-flips",
                                       "50%", "--wait", "--state-dir", s.state], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
            while client.poll() is None:
                flood = Flood(s.endpoint, self.letters[:300])
                self.check_each_once(flood, 300)
                self.assertEqual(flood.kinds(), {"verdict": 300})
            out = client.communicate()[0]
            self.assertEqual(client.returncode, 0, out)
            self.assertIn("in shadow: ", out)
            self.assertIn("promoted: ", out)
            self.serves(s, self.like_id)
            self.assertIn("mails flipped in shadow", self.history(s)["history"][0]["why"])
            self.assertEqual((self.rollout(s)["state"], self.rollout(s)["last"]), ("idle", "promoted"))
            self.check_files(s)

    def test_shadow_rolls_back_what_flips(self):
        with self.service() as s:
            s.start()
            self.push(s, self.good)
            self.push(s, self.bad, "--shadow", "50%", "--mails", "100000", "--note", "labels?")
            flood = Flood(s.endpoint, self.letters)
            self.check_each_once(flood, 2000)
            self.assertEqual(flood.kinds(), {"verdict": 2000})
            self.assertEqual({a[0]["model"] for a in flood.answers.values()}, {self.good_id})
            wait_until(lambda: self.rollout(s)["state"] == "idle", what="the candidate to go")
            got = self.rollout(s)
            self.assertEqual((got["last"], got["last_id"]), ("rolled back", self.bad_id))
            self.assertIn("beyond it all but surely", got["last_why"])
            s.wait_log("model_rolled_back")
            self.serves(s, self.good_id)
            self.assertEqual(self.states(s)[0], (self.bad_id, "refused"))
            self.check_files(s)

    def test_shadow_counts_by_direction(self):
        with self.service() as s:
            s.start()
            self.push(s, self.good)
            self.push(s, self.bad, "--shadow", "1", "--mails", "1000000", "--max-flips", "100%")
            self.assertEqual(self.states(s)[0], (self.bad_id, "shadow"))
            for path in (self.like, self.bad):
                status, _, err = self.model(s, "push", path)
                self.assertEqual(status, 75)
                self.assertIn("a candidate is in shadow", err)
            flood = Flood(s.endpoint, self.letters[:500])
            Flood(s.endpoint, self.letters[500:600], dry_run=True)  # leaves no trace
            got = self.rollout(s)
            self.assertEqual((got["state"], got["candidate"], got["mails"]), ("shadow", self.bad_id, 500))
            flips = {k: n for k, n in got.items() if "_to_" in k}
            self.assertEqual(sum(flips.values()), got["flips"])
            classes = [a[0]["class"] for a in flood.answers.values()]
            for a in "ham", "unsure", "spam":
                self.assertLessEqual(sum(n for k, n in flips.items() if k.startswith(a)), classes.count(a))
            self.assertGreater(flips["ham_to_spam"], 100)
            self.assertGreater(flips["spam_to_ham"], 100)
            # Settings may change meanwhile, and a worker may die: it is still in shadow, with what was counted.
            s.configure(policy_ham="shred")
            s.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "shred" in {s.classify(m)["action"] for m in self.letters[:2]}, what="the new policy")
            wait_until(lambda: len(s.workers()) == 2, what="two workers")
            victim = s.workers()[0]
            flood = self.flood_while(s, lambda: os.kill(victim, signal.SIGKILL), total=1000)
            self.assertEqual({a["model"] for a in flood}, {self.good_id})
            self.assertGreater(self.rollout(s)["mails"], 1300)
            self.assertEqual(self.states(s)[0], (self.bad_id, "shadow"))
            out = self.ok(s, "rollback", "--by", "me")
            self.assertIn("taken out of shadow by me", out)
            self.serves(s, self.good_id)
            self.assertEqual(self.states(s)[:2], [(self.bad_id, "refused"), (self.good_id, "serving")])
            # An engine that ends forgets what was in shadow, and says so.
            self.push(s, self.like, "--shadow", "1")
            s.stop(signal.SIGKILL)
            s.start()
            self.serves(s, self.good_id)
            row = self.history(s)["history"][0]
            self.assertEqual((row["id"], row["state"]), (self.like_id, "refused"))
            self.assertIn("ended while it was in shadow", row["why"])
            self.check_files(s)

    def test_a_first_push_in_shadow_that_goes_leaves_the_configured_one(self):
        with self.service(model_bundle=self.good) as s:
            s.start()
            self.push(s, self.bad, "--shadow", "1", "--mails", "200")
            Flood(s.endpoint, self.letters[:400])
            wait_until(lambda: self.rollout(s)["state"] == "idle", what="the candidate to go")
            self.serves(s, self.good_id)
            self.assertEqual(self.history(s)["configured"], self.good)
            self.check_files(s)
            s.configure(model_bundle=self.like)  # so it still counts
            s.process.send_signal(signal.SIGHUP)
            wait_until(lambda: s.classify(mail())["model"] == self.like_id, what="the configured bundle")

    def test_a_worker_that_dies_of_a_model_is_no_outage(self):
        with self.service(env={"FURUI_TEST_CRASH_MODEL": self.like_id}) as s:
            s.start()
            self.push(s, self.good)
            for words in (), ("--shadow", "10%"):
                answers = self.flood_while(s, lambda w=words: self.refused(s, self.like, w))
                self.assertEqual({a["model"] for a in answers}, {self.good_id})
                self.assertEqual(self.states(s)[0], (self.like_id, "refused"))
            self.serves(s, self.good_id)
            self.check_files(s)

    def refused(self, s, path, words):
        status, out, err = self.model(s, "push", path, *words)
        self.assertEqual((status, out), (1, ""))
        self.assertIn("ended before it was ready", err)

    def test_a_push_that_hangs_is_called_off(self):
        with self.service(env={"FURUI_TEST_HANG_MODEL": self.like_id}) as s:
            s.start()
            self.push(s, self.good)
            client = subprocess.Popen([FURUI, "model", "push", self.like, "--state-dir", s.state], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            wait_until(lambda: "starting" in [w["state"] for w in self.stat(s)["workers"]], what="a worker that tries it")
            self.assertEqual(s.classify(mail())["model"], self.good_id)
            self.assertEqual(self.model(s, "push", self.bad)[0], 75)
            self.assertIn("called off by me (uid %d): no" % os.geteuid(), self.ok(s, "rollback", "--by", "me", "--note", "no"))
            self.assertIn("refused: called off by me", client.communicate(timeout=60 * SLOW)[1])
            self.assertEqual(client.returncode, 1)
            self.serves(s, self.good_id)
            self.check_files(s)
            self.push(s, self.bad)
            self.serves(s, self.bad_id)

    def test_workers_that_die_end_a_shadow(self):
        with self.service(env={"FURUI_TEST_CRASH": "kills-its-worker"}) as s:
            s.start()
            self.push(s, self.good, "--shadow", "1", "--mails", "1000000")
            for n in range(2):
                self.assertEqual(s.classify(mail(n, "kills-its-worker %d\r\n" % n)).get("why"), "poison")
            wait_until(lambda: self.states(s)[0] == (self.good_id, "refused"), what="the candidate to go")
            self.assertIn("4 workers died", self.history(s)["history"][0]["why"])
            self.serves(s, self.starter_id)

    def test_a_full_disk(self):
        with self.service() as s:
            s.start()
            self.push(s, self.good)
            limit = resource.prlimit(s.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(s.process.pid, resource.RLIMIT_FSIZE, (3 << 20, limit[1]))
            status, _, err = self.model(s, "push", self.like)
            self.assertEqual(status, 1)
            self.assertIn("refused", err)
            resource.prlimit(s.process.pid, resource.RLIMIT_FSIZE, limit)
            self.serves(s, self.good_id)
            for to, says in ("/dev/full", "No space left on device"), (os.path.join(s.dir, "copy"), ""):
                copy = subprocess.run(["/bin/sh", "-c", 'exec "$0" --admit 3<"$1" 4<>"$2"', os.path.join(B, "furui-worker"),
                                       self.good, to], capture_output=True, text=True, timeout=60 * SLOW)
                self.assertEqual(copy.returncode, 1 if says else 0)
                self.assertIn("fault=cannot be copied: " + says if says else "id=" + self.good_id, copy.stdout)
            os.mkdir(os.path.join(s.state, "models/history.new"))  # now the history cannot be written
            status, out, err = self.model(s, "push", self.like)
            self.assertEqual(status, 0)
            self.assertIn("the history could not be written", err)
            self.assertFalse(self.rollout(s)["history_written"])
            self.serves(s, self.like_id)
            self.model(s, "rollback")
            status, _, err = self.model(s, "push", self.like)
            self.assertEqual(status, 0, err)
            os.rmdir(os.path.join(s.state, "models/history.new"))
            wait_until(lambda: self.rollout(s)["history_written"], 60, what="the history to be written")
            self.check_files(s)  # those that had to wait for it have gone now
            s.stop(signal.SIGKILL)
            s.start()
            self.serves(s, self.like_id)
            self.check_files(s)

    def test_kill_9_in_the_middle(self):
        with self.service() as s:
            s.start()
            self.push(s, self.good)
            for wait_ms in 0, 5, 15, 30, 60, 120:
                client = subprocess.Popen([FURUI, "model", "push", self.like, "--state-dir", s.state], stdin=subprocess.DEVNULL,
                                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                time.sleep(wait_ms / 1000)
                s.stop(signal.SIGKILL)
                said = client.communicate(timeout=60 * SLOW)[1]
                self.assertIn(client.returncode, (0, 69), said)
                s.start()
                serves = self.history(s)["serves"]
                self.assertIn(serves, (self.good_id, self.like_id))
                if client.returncode == 0:
                    self.assertEqual(serves, self.like_id)
                self.serves(s, serves)
                self.check_files(s)
                if serves == self.like_id:
                    self.ok(s, "rollback")
                    self.serves(s, self.good_id)


if __name__ == "__main__":
    service.main()
