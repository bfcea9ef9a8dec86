# SPDX-License-Identifier: Apache-2.0
"""A service over Redis as people run it: with a password and an ACL, behind Sentinel, as a cluster. Servers are the
test's own; one of them ends while mail is judged and reports come in."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

import service as harness
from service import SLOW, Service, die_with_parent, free_port, mail, wait_until

import furui

# The rights that docs/reputation.md says are enough.
RIGHTS = "~furui:2:* +@connection +@read +@write +@stream +@hyperloglog +@scripting +time +role +cluster|slots"


class Stores(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="furui-stores-")
        self.addCleanup(shutil.rmtree, self.dir, True)

    def server(self, *lines, sentinel=False):
        """A redis-server with these lines of configuration; (process, port)."""
        port = free_port()
        folder = os.path.join(self.dir, str(port))
        os.mkdir(folder)
        conf = self.file("%d.conf" % port, "\n".join(["port %d" % port, "bind 127.0.0.1", "dir " + folder, "logfile log",
                                                      *([] if sentinel else ['save ""']), *lines]) + "\n")
        process = subprocess.Popen(["redis-server", conf] + (["--sentinel"] if sentinel else []), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_until(lambda: self.say(port, "PING"), 20, "a redis-server on %d" % port)
        return process, port

    def file(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def say(self, port, *words):
        done = subprocess.run(["redis-cli", "-p", str(port), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=20 * SLOW)
        return done.stdout.strip() if done.returncode == 0 else ""

    def start(self, **settings):
        s = Service(reports_trusted="boss@example.net", redis_cache_ms=0, **settings)
        s.__enter__()
        self.addCleanup(s.__exit__, None, None, None)
        s.start()
        self.client = furui.Client(s.endpoint, deadline_ms=20000 * SLOW)
        self.addCleanup(self.client.close)
        wait_until(lambda: json.loads(self.client.stat())["learner"]["state"] == "up", 20, "the learner")
        return s

    def until_said(self, s, name, spam):
        def said():
            record = s.reputation("show", "from", name)
            return record and abs(record["slow"]["said_spam"] - spam) < 0.02
        wait_until(said, 30, "%s to be called spam" % name)

    def bookmark(self, s, port):
        """The lag of this host's learner, as that server has it."""
        with open(os.path.join(s.state, "reports/host")) as f:
            host = f.read().strip()
        groups = self.say(port, "xinfo", "groups", "furui:2:{reports}").split("\n")
        return groups[groups.index(host) + 10] if host in groups else None

    def report(self, n, name):
        """Where it was kept: "stream", or "journal" when Redis is away or takes half a second."""
        return self.client.report("spam", mail(n, sender="x@" + name), reporter="boss@example.net")["kept"]

    def report_to_stream(self, n, name):
        """On a machine that stands still the stream may be late; said once more, it counts once."""
        wait_until(lambda: self.report(n, name) == "stream", 20, "a report to be in the stream")

    def test_password_and_rights(self):
        _, port = self.server("user default off", "user robot on >beep %s" % RIGHTS)
        password = self.file("password", "beep\n")
        s = self.start(redis_server="tcp:127.0.0.1:%d" % port, redis_user="robot", redis_password_file=password)
        verdict = s.classify_whole(mail(1, sender="x@ticket.example"), client_ip="192.0.2.9", direction="out",
                                   auth_user="hana", rcpt_to=["a@example.net"])
        self.assertTrue(verdict)
        wait_until(lambda: s.seen("from", "ticket.example") >= 1, 20, "the mail to be counted")
        self.report_to_stream(2, "kept.example")
        self.until_said(s, "kept.example", 1)
        for n in range(10):
            s.classify_whole(mail(n), client_ip="192.0.%d.1" % n)
        wait_until(lambda: s.campaigns() and s.campaigns()[0]["networks"] > 1, 20, "a campaign")
        self.assertNotIn("NOPERM", s.log())
        shown = subprocess.run([os.path.join(harness.B, "furuid"), "--config", s.config, "--show-config"],
                               capture_output=True, text=True, check=True).stdout
        self.assertIn("password_file = " + password, shown)
        self.assertNotIn("beep", shown)

    def test_wrong_password_is_told(self):
        _, port = self.server("requirepass right")
        s = self.start(redis_server="tcp:127.0.0.1:%d" % port, redis_password_file=self.file("password", "wrong\n"))
        self.assertIn("reputation", s.classify(mail(1))["degraded"])
        s.wait_log("WRONGPASS")
        s.wait_log("reputation_away")
        self.file("password", "right\n")
        s.process.send_signal(signal.SIGHUP)
        s.classify_whole(mail(2))
        wait_until(lambda: json.loads(self.client.stat())["learner"].get("redis"), 20, "the learner's Redis")

    def test_sentinel(self):
        master, port = self.server()
        _, second = self.server("replicaof 127.0.0.1 %d" % port, "repl-diskless-sync-delay 0")
        sentinels = [self.server("sentinel monitor m 127.0.0.1 %d 2" % port, "sentinel down-after-milliseconds m 500",
                                 "sentinel failover-timeout m 3000", sentinel=True)[1] for _ in range(3)]
        for p in sentinels:
            wait_until(lambda p=p: "slaves=1,sentinels=3" in self.say(p, "info", "sentinel"), 20, "sentinels to meet")
        s = self.start(redis_server="sentinel:m@" + ",".join("127.0.0.1:%d" % p for p in sentinels), reports_snapshot_s=1)
        s.classify_whole(mail(1))
        self.report_to_stream(1, "before.example")
        self.until_said(s, "before.example", 1)
        wait_until(lambda: self.say(port, "set", "mark", "x") and self.say(second, "get", "mark"), 20, "the replica")
        master.kill()
        wait_until(lambda: s.classify(mail(2)).get("degraded") == ["reputation"], 20, "a degraded verdict")
        self.report(2, "meanwhile.example")
        s.classify_whole(mail(3, sender="x@after.example"))
        self.assertEqual(self.say(second, "role").split()[0], "master")
        self.until_said(s, "before.example", 1)
        self.until_said(s, "meanwhile.example", 1)
        wait_until(lambda: s.seen("from", "after.example") >= 1, 20, "mail to be counted")
        self.report_to_stream(4, "after.example")
        wait_until(lambda: self.bookmark(s, second) == "0", 20, "the learner's bookmark at the new master")
        s.wait_log("reputation_away")
        s.wait_log("reputation_back")

    def test_cluster(self):
        options = ["cluster-enabled yes", "cluster-require-full-coverage no"]
        servers = [self.server(*options) for _ in range(3)]
        ports = [port for _, port in servers]
        for i, (first, last) in enumerate([(0, 5460), (5461, 10922), (10923, 16383)]):
            self.say(ports[i], "cluster", "addslotsrange", str(first), str(last))
            self.say(ports[i], "cluster", "set-config-epoch", str(i + 1))
            self.say(ports[i], "cluster", "meet", "127.0.0.1", str(ports[0]))
        for port in ports:
            wait_until(lambda p=port: {"cluster_state:ok", "cluster_slots_ok:16384"}
                       <= set(self.say(p, "cluster", "info").split()), 20, "the cluster")
        s = self.start(redis_server="cluster:" + ",".join("127.0.0.1:%d" % p for p in ports[:2]), reports_snapshot_s=1,
                       reports_share_s=1)
        for n in range(20):
            s.classify_whole(mail(n, sender="x@d%d.example" % n))
        for n in range(20):
            self.report_to_stream(n, "d%d.example" % n)
        for n in range(20):
            self.until_said(s, "d%d.example" % n, 1)
        # One person's words, twice his weight.
        campaign = wait_until(lambda: (c := s.campaigns()) and round(c[0]["said_spam"]) == 2 and c, 20, "the campaign")
        self.assertEqual(len(campaign), 1)
        wait_until(lambda: min(int(self.say(p, "dbsize")) for p in ports) > 5, 20, "all to have their share")
        stream = int(self.say(ports[0], "cluster", "keyslot", "furui:2:{reports}")) * 3 // 16384
        wait_until(lambda: self.bookmark(s, ports[stream]) == "0", 20, "the learner's bookmark")
        s.wait_log("snapshot_shared")
        for port in ports:
            self.say(port, "config", "set", "cluster-node-timeout", "500")
        away = (stream + 1) % 3  # not the one with the stream
        self.say(ports[away], "flushall")  # it comes back empty: its words are noticed to be gone, and told again
        for n in range(20, 30):
            self.report(n, "d%d.example" % n)
        for n in range(30):
            self.until_said(s, "d%d.example" % n, 1)
        self.assertEqual(s.log().count("words_lost"), 1)
        self.assertEqual(json.loads(self.client.stat())["learner"]["redis_lost"], 1)
        servers[away][0].send_signal(signal.SIGKILL)
        degraded = lambda n: s.classify(mail(n, sender="x@d%d.example" % n)).get("degraded") == ["reputation"]  # noqa: E731
        wait_until(lambda: any(degraded(n) for n in range(20)), 20, "a degraded verdict")
        self.assertFalse(all(degraded(n) for n in range(20)))
        s.wait_log("127.0.0.1:%d: " % ports[away])
        self.report_to_stream(50, "d50.example")


if __name__ == "__main__":
    harness.main()
