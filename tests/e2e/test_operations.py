# SPDX-License-Identifier: Apache-2.0
"""test_operations: what an operator does: start it wrongly, start it twice, reload it, drain it."""

import os
import shutil
import signal
import socket
import subprocess
import time

import service
from service import B, BUNDLE, SLOW, Case, Flood, Service, descendants, free_port, mail, wait_until


class Start(Case):
    def refused(self, s, *words):
        """Starting must fail with one line that has these words, and leave nothing behind."""
        p = s.spawn()
        try:
            status = p.wait(30 * SLOW)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            raise AssertionError("it started all the same")
        self.assertNotEqual(status, 0)
        lines = [line for line in s.log().splitlines() if line.strip()]
        told = [line for line in lines if all(w in line for w in words)]
        self.assertTrue(told, "no line has %s:\n%s" % (words, s.log()))
        self.check_nothing_left(s)
        return lines

    def test_missing_bundle(self):
        with Service(model_bundle="/nowhere/there.bundle") as s:
            self.refused(s, "/nowhere/there.bundle")

    def test_damaged_bundle(self):
        with Service() as s:
            path = os.path.join(s.dir, "damaged.bundle")
            with open(BUNDLE, "rb") as f:
                data = bytearray(f.read())
            data[len(data) // 2] ^= 0x40
            for content in (data, data[:1000], b"", b"no bundle at all\n" * 100):
                with open(path, "wb") as f:
                    f.write(content)
                s.configure(model_bundle=path)
                self.refused(s, path)

    def test_bad_config_line(self):
        with Service() as s:
            with open(s.config, "a") as f:
                f.write("[engine]\ncredit = plenty\n")
            lines = self.refused(s, s.config, "credit")
            self.assertEqual(len(lines), 1)

    def test_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with Service(engine_listen="tcp://127.0.0.1:%d" % port) as s:
                self.refused(s, str(port))

    def test_check_says_yes_and_no(self):
        with Service() as s:
            self.assertEqual(s.spawn("--check").wait(30 * SLOW), 0)
            s.configure(model_bundle="/nowhere/there.bundle")
            self.assertNotEqual(s.spawn("--check").wait(30 * SLOW), 0)
            self.check_nothing_left(s)

    def test_second_instance_is_refused(self):
        with Service() as s:
            s.start()
            s.learner()  # it comes last
            before = descendants(s.process.pid)
            second = s.spawn()
            self.assertNotEqual(second.wait(30 * SLOW), 0)
            self.assertIn(s.state, s.log())
            self.assertEqual(s.classify(mail())["kind"], "verdict")
            self.assertEqual(descendants(s.process.pid), before)

    def test_show_config_reads_back(self):
        with Service() as s:
            shown = subprocess.run([os.path.join(B, "furuid"), "--config", s.config, "--show-config"], capture_output=True,
                                   timeout=30 * SLOW)
            self.assertEqual(shown.returncode, 0)
            path = os.path.join(s.dir, "again.ini")
            with open(path, "wb") as f:
                f.write(shown.stdout)
            again = subprocess.run([os.path.join(B, "furuid"), "--config", path, "--show-config"], capture_output=True,
                                   timeout=30 * SLOW)
            self.assertEqual(again.stdout, shown.stdout)

    def test_tcp_and_several_endpoints(self):
        port = free_port()
        with Service() as s:
            tcp = "tcp://127.0.0.1:%d" % port
            s.configure(engine_listen="%s, %s" % (s.endpoint, tcp))
            s.start()
            flood = Flood(tcp, [mail(n) for n in range(500)])
            self.check_each_once(flood, 500)
            self.assertEqual(flood.kinds(), {"verdict": 500})


class Reload(Case):
    def reload_while_busy(self, s, change):
        done = []

        def step(flood):
            if flood.got >= 500 and not done:
                done.append(True)
                change()
                s.process.send_signal(signal.SIGHUP)

        flood = Flood(s.endpoint, [mail(n) for n in range(3000)], step=step)
        self.check_each_once(flood, 3000)
        self.assertEqual(flood.kinds(), {"verdict": 3000})

    def test_good_config_is_taken(self):
        with Service() as s:
            s.start()
            self.assertNotEqual(s.classify(mail())["action"], "shred")
            self.reload_while_busy(s, lambda: s.configure(policy_ham="shred", policy_unsure="shred", policy_spam="shred"))
            wait_until(lambda: s.classify(mail())["action"] == "shred", what="the new policy")
            wait_until(lambda: len(s.workers()) == 2, what="two workers")

    def test_more_and_fewer_workers(self):
        with Service() as s:
            s.start()
            for workers in (3, 1):
                self.reload_while_busy(s, lambda n=workers: s.configure(engine_workers=n))
                wait_until(lambda n=workers: len(s.workers()) == n, what="%d workers" % workers)

    def test_bad_config_changes_nothing(self):
        with Service() as s:
            s.start()
            before = s.workers()
            self.reload_while_busy(s, lambda: s.configure(policy_ham="shred", engine_credit="plenty"))
            s.wait_log("credit")
            self.assertNotEqual(s.classify(mail())["action"], "shred")
            self.assertEqual(s.workers(), before)

    def test_bad_bundle_changes_nothing(self):
        with Service() as s:
            s.start()
            model = s.classify(mail())["model"]
            bad = os.path.join(s.dir, "bad.bundle")
            shutil.copy(BUNDLE, bad)
            with open(bad, "r+b") as f:
                f.seek(os.path.getsize(bad) // 2)
                f.write(b"\xff" * 64)
            self.reload_while_busy(s, lambda: s.configure(model_bundle=bad))
            s.wait_log("bad.bundle")
            self.assertEqual(s.classify(mail())["model"], model)
            self.assertEqual(len(s.workers()), 2)


class Drain(Case):
    def test_sigterm_answers_what_is_in_flight(self):
        with Service() as s:
            s.start()
            done = []

            def step(flood):
                if flood.got >= 300 and not done:
                    done.append(time.monotonic())
                    s.process.send_signal(signal.SIGTERM)

            flood = Flood(s.endpoint, [mail(n) for n in range(700)], in_flight=400, step=step, timeout_s=10)
            # Whatever was sent before the end of the drain is answered: judged, or refused as busy. What is sent after
            # the door closed has no answer; a client sends that to another host.
            self.assertTrue(all(len(a) == 1 for a in flood.answers.values()))
            self.assertEqual(set(flood.kinds()) - {"verdict", "busy"}, set())
            self.assertGreaterEqual(len(flood.answers), 300 + 300)
            self.assertEqual(s.process.wait(30 * SLOW), 0)
            self.check_nothing_left(s)

    def test_load_over_capacity_is_refused_at_once(self):
        with Service(engine_queue_mails=50, engine_workers=1, engine_credit=4, engine_hang_ms=20000 * SLOW) as s:
            s.start()
            worker = s.workers()[0]
            os.kill(worker, signal.SIGSTOP)  # for a while nothing is served

            def step(flood):
                if flood.kinds().get("busy", 0) >= 900:
                    os.kill(worker, signal.SIGCONT)

            flood = Flood(s.endpoint, [mail(n) for n in range(1000)], in_flight=1000, step=step, timeout_s=20)
            self.check_each_once(flood, 1000)
            self.assertEqual(set(flood.kinds()), {"verdict", "busy"})
            self.assertGreaterEqual(flood.kinds()["verdict"], 50)


if __name__ == "__main__":
    service.main()
