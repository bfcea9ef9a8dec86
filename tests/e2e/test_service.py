# SPDX-License-Identifier: Apache-2.0
"""test_service: what a gateway gets from a service that is well: verdicts, batches, policies, reasons, reputation."""

import contextlib
import glob
import json
import os
import re
import signal
import subprocess
import tempfile

import service
from service import ROOT, SLOW, Case, Flood, Service, header, mail, wait_until


OURS = "Authentication-Results: mx.example.net; %s\r\n"
RECEIVED = "Received: from x (x [192.0.2.1]) by mx.example.net; Sat, 1 Jan 2022 00:00:00 +0000\r\n"


class Authentication(Case):
    def words(self, head="", **keys):
        """What a verdict says about authentication, for a mail with `head` in front."""
        said = self.s.classify(head.encode() + mail(), **keys).get("oddities", [])
        return sorted(word for word in said if word.startswith("auth-"))

    def test_request_and_header(self):
        failed, apart = OURS % "dmarc=fail", OURS % "dkim=pass header.d=evil.example.com"
        with Service(mail_trusted_authserv="relay.example.net, MX.example.net", redis_server="off") as self.s:
            self.s.start()
            for want, head, keys in (
                    ([], "", {}),
                    ([], "", {"auth": {"dmarc": "pass", "spf": "softfail"}}),
                    (["auth-fail"], "", {"auth": {"dmarc": "fail"}}),
                    (["auth-unaligned"], "", {"auth": {"spf": "pass"}, "mail_from": "b@evil.example.com"}),
                    ([], "", {"auth": {"spf": "pass"}, "mail_from": "b@bounce.example.org"}),
                    (["auth-unaligned"], "", {"auth": {"dkim": "pass", "dkim_domain": "evil.example.com"}}),
                    (["auth-fail"], failed, {}),
                    (["auth-fail"], failed + RECEIVED, {}),
                    (["auth-unaligned"], apart, {}),
                    ([], RECEIVED + failed, {}),  # anybody may have written it
                    ([], failed.replace("mx.", "mx2."), {}),
                    ([], failed, {"auth": {"dmarc": "pass"}}),  # the gateway's word goes first
                    (["auth-fail"], OURS % "spf=pass", {"auth": {"dmarc": "fail"}})):
                self.assertEqual(self.words(head, **keys), want, (head, keys))

            self.s.configure(mail_own_received=1)
            self.s.process.send_signal(signal.SIGHUP)
            wait_until(lambda: self.words(RECEIVED + failed) == ["auth-fail"], what="the new own_received")
            self.assertEqual(self.words(RECEIVED * 2 + failed), [])

    def test_nobody_is_trusted_by_default(self):
        with Service(redis_server="off") as self.s:
            self.s.start()
            self.assertEqual(self.words(OURS % "dmarc=fail"), [])

    def test_offline_and_service_agree(self):
        with Service(mail_trusted_authserv="mx.example.net", redis_server="off") as self.s:
            self.s.start()
            whole = (OURS % "spf=pass smtp.mailfrom=example.org; dmarc=fail").encode() + mail()
            index, scores = os.path.join(self.s.dir, "index"), os.path.join(self.s.dir, "scores")
            for path, content in (("m.eml", whole), ("index", b"ham m.eml\n")):
                with open(os.path.join(self.s.dir, path), "wb") as f:
                    f.write(content)
            subprocess.run([os.path.join(service.B, "furui"), "eval", "--index", index, "--bundle", service.BUNDLE,
                            "--trust", "mx.example.net", "--scores", scores], check=True, capture_output=True)
            with open(scores) as f:
                self.assertAlmostEqual(float(f.read().split()[-1]), self.s.classify(whole)["score"], places=5)


class Verdicts(Case):
    @classmethod
    def setUpClass(cls):
        cls.s = Service()
        with open(cls.s.config, "a") as f:
            f.write("[policy]\nspam = junk\n[policy strict]\nunsure_at = 0\nspam_at = 0\nspam = reject\n")
        cls.s.start()

    @classmethod
    def tearDownClass(cls):
        cls.s.close()

    def test_verdict_has_all_its_parts(self):
        v = self.s.classify_whole(mail())
        self.assertEqual((v["v"], v["kind"], v["id"]), (1, "verdict", 1))
        self.assertIn(v["class"], ("ham", "unsure", "spam"))
        self.assertTrue(0 <= v["p"] <= 1)
        self.assertEqual(set(v["parts"]), {"bayes", "linear", "net", "reputation"})
        self.assertEqual(len(v["model"]), 16)
        self.assertEqual(len(v["ticket"]), 32)
        self.assertGreater(v["time_us"], 0)
        self.assertNotIn("reasons", v)

    def test_reasons_on_request(self):
        v = self.s.classify(mail(body="free offer, click http://prize.example.com/win now\r\n"), explain=True)
        self.assertTrue(v["reasons"])
        weights = [abs(weight) for _, weight in v["reasons"]]
        self.assertEqual(weights, sorted(weights, reverse=True))
        self.assertTrue(all(isinstance(what, str) and what for what, _ in v["reasons"]))

    def test_policy_of_the_tenant(self):
        v = self.s.classify(mail(), tenant="strict")
        self.assertEqual((v["class"], v["action"]), ("spam", "reject"))
        self.assertNotEqual(self.s.classify(mail(), tenant="somebody")["action"], "reject")

    def test_batch_has_one_answer_a_mail(self):
        mails = [mail(n) for n in range(64)]
        answers = self.s.request([header(5)] + mails)
        self.assertEqual([a["kind"] for a in answers], ["verdict"] * 64)
        self.assertEqual([a["id"] for a in answers], [5] * 64)
        for n in (0, 31, 63):  # answers stand in the order of the mails
            alone = self.s.classify(mails[n])
            self.assertEqual(answers[n]["score"], alone["score"])
            self.assertEqual(answers[n]["ticket"][:25], alone["ticket"][:25])

    def test_same_mail_same_score(self):
        scores = {self.s.classify(mail(3))["score"] for _ in range(10)}
        self.assertEqual(len(scores), 1)

    def test_ping_and_stat(self):
        self.assertEqual(self.s.request([header(9, "ping")])[0], {"v": 1, "kind": "pong", "id": 9})
        self.assertIsInstance(json.loads(self.s.request([header(10, "stat")])[0]["json"]), dict)

    def test_samples_are_judged(self):
        paths = sorted(glob.glob(os.path.join(ROOT, "docs/samples/mails/*.eml")))
        self.assertTrue(paths)
        for path in paths:
            with open(path, "rb") as f:
                self.assertEqual(self.s.classify(f.read())["kind"], "verdict")

    def test_several_hundred_in_flight(self):
        flood = Flood(self.s.endpoint, [mail(n) for n in range(3000)], in_flight=500)
        self.check_each_once(flood, 3000)
        self.assertEqual(flood.kinds(), {"verdict": 3000})

    def test_reputation_moves_a_verdict(self):
        ip, url = "192.0.2.66", "evil.example.com"
        plain = self.s.classify_whole(mail(), client_ip=ip, dry_run=True)
        self.assertEqual(plain["parts"]["reputation"], 0)
        self.s.reputation("set", "--spam", "30", "ip", ip)
        # A worker believes what it read for cache_ms.
        def judged(*a, **k):
            v = self.s.classify_whole(*a, explain=True, dry_run=True, **k)
            return v if v["parts"]["reputation"] else None
        worse = wait_until(lambda: judged(mail(), client_ip=ip), what="a verdict moved")
        self.assertGreater(worse["parts"]["reputation"], 2.5)
        self.assertEqual(worse["score"], plain["score"])
        self.assertGreater(worse["p"], plain["p"])
        self.assertTrue(any(ip in what for what, _ in worse["reasons"]))
        # An IPv4 address in IPv6 clothes is the same one.
        mapped = wait_until(lambda: judged(mail(), client_ip="::ffff:" + ip), what="the same of the mapped one")
        self.assertAlmostEqual(mapped["parts"]["reputation"], worse["parts"]["reputation"], 2)
        # A good From counts only when it is proven, a bad link always.
        self.s.reputation("set", "--ham", "50", "from", "good.example")
        good = mail(sender="a@good.example")
        self.assertEqual(self.s.classify_whole(good, dry_run=True)["parts"]["reputation"], 0)
        self.assertLess(self.s.classify_whole(good, auth={"dmarc": "pass"}, dry_run=True)["parts"]["reputation"], -1)
        self.s.reputation("set", "--spam", "30", "url", "Example.com.")
        linked = wait_until(lambda: judged(mail(body="see http://%s/x\r\n" % url)), what="a link moves a verdict")
        self.assertGreater(linked["parts"]["reputation"], 2.5)
        self.s.reputation("forget", "url", "example.com")
        self.assertIsNone(self.s.reputation("show", "url", "example.com"))

    def test_a_tenants_word_counts_for_it(self):
        ip = "192.0.2.77"
        self.s.reputation("set", "--tenant", "t.example", "--spam", "30", "ip", ip)
        moved = lambda tenant: self.s.classify_whole(mail(), client_ip=ip, tenant=tenant, dry_run=True)["parts"]["reputation"]
        wait_until(lambda: moved("t.example") > 2, what="its own record")
        self.assertEqual(moved("u.example"), 0)
        self.assertEqual(moved(""), 0)

    def test_volume_is_written_behind(self):
        ip = "198.51.100.7"
        for n in range(5):
            self.s.classify(mail(n), client_ip=ip)
        self.s.classify(mail(), client_ip=ip, dry_run=True)
        for kind, name in ("ip", ip), ("net", "198.51.100.0/24"):
            wait_until(lambda k=kind, n=name: self.s.seen(k, n) == 5, what="five mails counted")
        self.assertGreater(self.s.reputation("show", "ip", ip)["forgotten_in_s"], 6 * 86400)


class Outbound(Case):
    """Mails of users of ours; whoever sends in a user's name shows by bursts against that user's own history."""

    def classify(self, s, n, user, to, ip="192.0.2.1", **keys):
        return s.classify_whole(mail(n, sender="%s@example.org" % user), direction="out", auth_user=user, client_ip=ip,
                                rcpt_to=to, explain=True, **keys)

    def test_a_stolen_account_is_named(self):
        with Service(engine_workers=1, redis_cache_ms=50, redis_flush_ms=50) as s:
            s.start()
            first = self.classify(s, 0, "quiet", ["a@example.net"])
            self.assertEqual(first["parts"]["reputation"], 0)
            # Usual mail of one, to the same few; a torrent of another, each to somebody else, from anywhere.
            Flood(s.endpoint, [mail(n, sender="quiet@example.org") for n in range(20)], direction="out", auth_user="quiet",
                  client_ip="192.0.2.1", rcpt_to=["a@example.net", "b@example.net"])
            for part in range(20):
                Flood(s.endpoint, [mail(n, sender="stolen@example.org") for n in range(100)], direction="out",
                      auth_user="stolen", client_ip="198.51.%d.1" % part,
                      rcpt_to=["u%d@example.net" % (part * 50 + i) for i in range(50)])
            told = lambda v: [what for what, _ in v.get("reasons", []) if "stolen account" in what]
            wait_until(lambda: round(s.seen("user", "stolen"), -1) == 2000, what="the burst counted")
            words = re.compile(r"in 6 hours (1\d{3}|2000) mails \(usually \d+\), \d+ recipients new that day .*"
                               r"networks never used before")  # which are written by themselves
            bad = wait_until(lambda: (lambda v: any(map(words.search, told(v))) and v)
                             (self.classify(s, 1, "Stolen", ["x@example.net"], dry_run=True)), what="the burst seen")
            self.assertEqual(len(told(bad)), 1)
            self.assertGreater(bad["parts"]["reputation"], 4)
            self.assertIn(bad["class"], ["unsure", "spam"])
            good = self.classify(s, 2, "quiet", ["a@example.net"], dry_run=True)
            self.assertEqual(told(good), [])
            # Another tenant's user of that name, and the same name in mail from the world, are not this user.
            self.assertEqual(told(self.classify(s, 3, "stolen", ["x@example.net"], tenant="t", dry_run=True)), [])
            v = s.classify_whole(mail(), auth_user="stolen", explain=True, dry_run=True)
            self.assertEqual(told(v), [])
            self.assertNotIn("stolen", s.redis_command("--scan"))


class Reputation(Case):
    def test_wrong_usage_is_told(self):
        furui = os.path.join(service.B, "furui")
        with tempfile.TemporaryDirectory() as d:
            for words, status, told in ((["show", "ip"], 64, "help"), (["show", "ip", "x.example"], 64, "no name of kind"),
                                        (["show", "host", "x.example"], 64, "no kind"), (["set", "ip", "192.0.2.1"], 64, "help"),
                                        (["set", "--spam", "-1", "ip", "192.0.2.1"], 64, "expected a number"),
                                        (["show", "--spam", "1", "ip", "192.0.2.1"], 64, "help"),
                                        (["show", "--config", d + "/none", "ip", "192.0.2.1"], 66, "none"),
                                        (["show", "--state-dir", d, "user", "x"], 69, "secret"),
                                        (["show", "--state-dir", d, "ip", "192.0.2.1"], 69, "does not answer")):
                done = subprocess.run([furui, "reputation", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL)
                self.assertEqual(done.returncode, status, (words, done.stderr))
                self.assertIn(told, done.stderr)


class OtherRedis(Case):
    def test_off_is_not_degraded(self):
        with Service(redis_server="off") as s:
            s.start()
            self.assertNotIn("degraded", s.classify(mail()))
            self.assertIsNone(s.redis())

    def test_one_of_your_own_by_tcp(self):
        port = service.free_port()
        with Service(redis_server="tcp:127.0.0.1:%d" % port) as s:
            s.start()  # nobody listens there yet: that is no reason not to serve
            self.assertEqual(s.classify(mail())["degraded"], ["reputation"])
            self.assertIsNone(s.redis())
            redis = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", s.dir],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            try:
                s.classify_whole(mail())  # it is found
                s.reputation("set", "--spam", "30", "ip", "2001:db8::7")
                v = s.classify_whole(mail(), client_ip="2001:DB8:0::7")
                self.assertGreater(v["parts"]["reputation"], 2.5)
            finally:
                redis.kill()
                redis.wait()
            wait_until(lambda: "degraded" in s.classify(mail()), what="a verdict without it")


class Powers(Case):
    def test_worker_has_given_up_what_it_does_not_need(self):
        with Service(engine_workers=1) as s:
            s.start()
            proc = "/proc/%d/" % s.workers()[0]
            with open(proc + "status") as f:
                self.assertIn("NoNewPrivs:\t1\n", f.read())
            with open(proc + "limits") as f:
                limits = {line[:26].strip(): line[26:].split()[:2] for line in f}
            self.assertEqual(limits["Max core file size"], ["0", "0"])
            self.assertEqual(limits["Max open files"], ["32", "32"])
            if SLOW == 1:  # sanitisers bring threads
                self.assertEqual(len(os.listdir(proc + "task")), 1, "what judges mail is all there is")
            files = []
            for fd in os.listdir(proc + "fd"):
                with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                    files.append(os.readlink(proc + "fd/" + fd))
            self.assertEqual([f for f in files if f.startswith("/") and not f.startswith(("/dev/", s.log_path))], [])

    def test_the_live_model_is_one_memory_that_workers_only_read(self):
        def mapped(pid):
            with contextlib.suppress(OSError), open("/proc/%d/maps" % pid) as f:
                return [(line.split()[1], line.split()[4]) for line in f if "/memfd:furui-live" in line]
            return []  # it has gone meanwhile

        def learner(s):
            return [pid for pid, name in service.descendants(s.process.pid) if name.startswith("furui-learner")]

        with Service() as s:
            s.start()
            first = s.workers()
            wait_until(lambda: learner(s) and mapped(learner(s)[0]), 20, "the learner")
            maps = [mapped(pid) for pid in first + learner(s)]
            inode = maps[0][0][1]
            self.assertEqual(maps, [[("r--s", inode)]] * 2 + [[("rw-s", inode)]])
            for pid in first:
                self.assertFalse([fd for fd in os.listdir("/proc/%d/fd" % pid)
                                  if "furui-live" in os.readlink("/proc/%d/fd/%s" % (pid, fd))])
            os.kill(first[0], signal.SIGKILL)
            os.kill(learner(s)[0], signal.SIGKILL)
            wait_until(lambda: len(s.workers()) == 2 and first[0] not in s.workers() and learner(s) and
                       mapped(learner(s)[0]) == [("rw-s", inode)], 20, "both to come again")
            wait_until(lambda: [mapped(pid) for pid in s.workers()] == [[("r--s", inode)]] * 2, 20, "the same memory")
        with Service(reports_live_bits=0) as s:
            s.start()
            self.assertEqual([mapped(pid) for pid in s.workers()], [[], []])
            s.configure(reports_live_bits=20)
            os.kill(s.process.pid, signal.SIGHUP)
            wait_until(lambda: "restart_needed" in s.log(), 20, "the log to say that this needs a restart")

    def test_workers_stay_on_the_cpus_that_are_named(self):
        cpu = max(os.sched_getaffinity(0))
        with Service(engine_workers=0, engine_cpus="%d,%d" % (cpu, cpu)) as s:
            s.start()
            self.assertEqual([os.sched_getaffinity(pid) for pid in s.workers()], [{cpu}, {cpu}])
            self.assertEqual(os.sched_getaffinity(s.process.pid), os.sched_getaffinity(0))
        with Service(engine_cpus="%d,1023" % cpu) as s:
            s.process = s.spawn()
            self.assertEqual(s.process.wait(20), 1)
            self.assertIn("[engine] cpus = %d,1023: may not run on CPU 1023" % cpu, s.log())


class End(Case):
    def test_ctrl_c_leaves_nothing(self):
        with Service() as s:
            s.start()
            os.killpg(s.process.pid, signal.SIGINT)  # as a terminal does: to the whole group
            self.assertEqual(s.process.wait(30 * service.SLOW), 0)
            self.check_nothing_left(s)
            s.start()  # and the same state directory serves again
            self.assertEqual(s.stop(), 0)
            self.check_nothing_left(s)


if __name__ == "__main__":
    service.main()
