# SPDX-License-Identifier: Apache-2.0
"""test_failures: each row of the failure table, done to a service under load: every mail is answered once."""

import contextlib
import os
import resource
import shutil
import signal
import socket
import stat
import time

import service
from service import SLOW, Case, Flood, Service, alive, descendants, mail, wait_until


class Harm:
    """Calls `what` once, when a share of the answers has come."""

    def __init__(self, at, what):
        self.todo = sorted([(at, what)] if not isinstance(at, dict) else list(at.items()), key=lambda x: x[0])

    def __call__(self, flood):
        while self.todo and flood.got >= self.todo[0][0]:
            self.todo.pop(0)[1]()


def files_of(s):
    """Paths of all files of a service."""
    return [os.path.join(where, name) for where, _, names in os.walk(s.state) for name in names]


def read(path):
    """What is in a file; nothing when it is none, or has gone meanwhile: Redis and the learner replace theirs."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISREG(os.stat(path).st_mode):
            with open(path, "rb") as f:
                return f.read()
    return b""


class Workers(Case):
    def test_kill_9_under_load_loses_nothing(self):
        with Service() as s:
            s.start()
            kill = lambda: os.kill(s.workers()[0], signal.SIGKILL)
            flood = Flood(s.endpoint, [mail(n) for n in range(4000)],
                          step=Harm({500: kill, 1500: kill, 2500: kill, 3500: kill}, None))
            self.check_each_once(flood, 4000)
            # One mail may be in a dying worker's hands twice and is poison then; none is silently lost.
            self.assertEqual(set(flood.kinds()) - {"verdict", "poison"}, set())
            self.assertGreaterEqual(flood.kinds()["verdict"], 3990)
            wait_until(lambda: len(s.workers()) == 2, what="two workers again")

    def test_all_workers_killed_at_once(self):
        with Service() as s:
            s.start()

            def kill_all():
                # At once: seen one by one, a mail of the first might be given to the second before that one dies.
                pids = s.workers()
                os.kill(s.process.pid, signal.SIGSTOP)
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
                wait_until(lambda: not any(map(alive, pids)), what="the workers to die")
                os.kill(s.process.pid, signal.SIGCONT)

            flood = Flood(s.endpoint, [mail(n) for n in range(2000)], step=Harm(500, kill_all))
            self.check_each_once(flood, 2000)
            self.assertEqual(flood.kinds(), {"verdict": 2000})

    def test_stopped_worker_is_replaced(self):
        with Service(engine_hang_ms=1000 * SLOW) as s:
            s.start()
            stopped = s.workers()[0]
            flood = Flood(s.endpoint, [mail(n) for n in range(2000)],
                          step=Harm(500, lambda: os.kill(stopped, signal.SIGSTOP)))
            self.check_each_once(flood, 2000)
            self.assertEqual(flood.kinds(), {"verdict": 2000})
            wait_until(lambda: not alive(stopped), what="the hanging worker to be killed")
            wait_until(lambda: len(s.workers()) == 2, what="two workers again")

    def test_mail_that_kills_twice_is_poison_and_kept(self):
        with Service(env={"FURUI_TEST_CRASH": "kills-its-worker"}) as s:
            s.start()
            bad = mail(body="this mail kills-its-worker\r\n")
            mails = [mail(n) for n in range(1000)]
            mails[400] = bad
            flood = Flood(s.endpoint, mails)
            self.check_each_once(flood, 1000)
            self.assertEqual(flood.kinds(), {"verdict": 999, "poison": 1})
            self.assertEqual(flood.answers[400][0]["why"], "poison")
            held = [path for path in files_of(s) if bad in read(path)]
            self.assertEqual(len(held), 1, "the mail is kept aside, once")
            wait_until(lambda: len(s.workers()) == 2, what="two workers again")

    def test_mail_that_hangs_its_worker_is_poison(self):
        with Service(env={"FURUI_TEST_HANG": "hangs-its-worker"}, engine_hang_ms=700 * SLOW) as s:
            s.start()
            mails = [mail(n) for n in range(300)]
            mails[100] = mail(body="this mail hangs-its-worker\r\n")
            flood = Flood(s.endpoint, mails)
            self.check_each_once(flood, 300)
            self.assertEqual(flood.kinds(), {"verdict": 299, "poison": 1})


class Start(Case):
    def held(self, s, program):
        """The programs in a folder of their own, where the first life of one of them waits to be killed; its pid file."""
        s.programs = os.path.join(s.dir, "programs")
        os.mkdir(s.programs)
        for name in ("furuid", "furui-learner", "furui-worker"):
            if name != program:
                shutil.copy(os.path.join(service.B, name), s.programs)
        real, pid = shutil.which(os.path.join(service.B, program)) or shutil.which(program), os.path.join(s.dir, "held")
        with open(os.path.join(s.programs, program), "w") as f:
            f.write('#!/bin/sh\n[ -e %s ] || { echo $$ > %s.new; mv %s.new %s; exec sleep 300; }\nexec %s "$@"\n'
                    % (pid, pid, pid, pid, real))
        os.chmod(f.name, 0o755)
        return pid

    def kill_held(self, s, pid):
        s.process = s.spawn()
        wait_until(lambda: os.path.exists(pid), what="the first life")
        with open(pid) as f:
            os.kill(int(f.read()), signal.SIGKILL)

    def test_the_first_worker_killed_while_it_starts(self):
        with Service() as s:
            self.kill_held(s, self.held(s, "furui-worker"))
            wait_until(s.ready, 30, "the service to be ready")
            wait_until(lambda: len(s.workers()) == 2, what="two workers")
            self.assertEqual(s.log().count("worker_lost_at_start"), 1)
            self.assertIn("tries_left=7", s.log())

    def test_a_worker_that_dies_each_time_is_the_end(self):
        with Service() as s:
            s.start()
            model = s.classify(mail())["model"]
        with Service(env={"FURUI_TEST_CRASH_MODEL": model}, engine_restart_max_ms=100) as s:
            s.process = s.spawn()
            self.assertEqual(s.process.wait(30 * SLOW), 1)
            self.assertEqual(s.log().count("worker_lost_at_start"), 7)
            self.assertIn("furui-worker: ended before it was ready, each time that it was tried: signal",
                          s.log().splitlines()[-1])
            self.check_nothing_left(s)

    def test_the_first_redis_killed_while_it_starts(self):
        with Service() as s:
            pid = self.held(s, "redis-server")
            s.configure(redis_program=os.path.join(s.programs, "redis-server"))
            self.kill_held(s, pid)
            wait_until(s.ready, 30, "the service to be ready")
            s.classify_whole(mail())
            self.assertIn("redis_died", s.log())


class Redis(Case):
    def check_degraded_and_back(self, s, harm, heal):
        def whole():
            before = Flood(s.endpoint, [mail(n) for n in range(300)])
            return not any("degraded" in a[0] for a in before.answers.values())

        wait_until(whole, 30, "300 verdicts that are not degraded")
        during = Flood(s.endpoint, [mail(n) for n in range(2000)], step=Harm(300, harm))
        self.check_each_once(during, 2000)
        self.assertEqual(during.kinds(), {"verdict": 2000})
        self.assertEqual(during.answers[1999][0].get("degraded"), ["reputation"])
        begun = time.monotonic()
        after = Flood(s.endpoint, [mail(n) for n in range(500)])
        self.assertLess(time.monotonic() - begun, 20 * SLOW, "mails wait for a Redis that is away")
        self.assertTrue(all(a[0].get("degraded") == ["reputation"] for a in after.answers.values()))
        heal()
        s.classify_whole(mail())

    def test_stopped_store_degrades_and_heals(self):
        with Service(redis_cache_ms=0) as s:
            s.start()
            pid = s.redis()
            self.check_degraded_and_back(s, lambda: os.kill(pid, signal.SIGSTOP), lambda: os.kill(pid, signal.SIGCONT))

    def test_killed_store_is_started_again(self):
        with Service(redis_cache_ms=0) as s:
            hold, program = os.path.join(s.dir, "hold"), os.path.join(s.dir, "redis-server")
            with open(program, "w") as f:  # it comes back when we let it, however slow the machine is
                f.write('#!/bin/sh\nwhile test -e "%s"; do sleep 0.05; done\nexec redis-server "$@"\n' % hold)
            os.chmod(program, 0o755)
            s.configure(redis_program=program)
            s.start()
            s.reputation("set", "--spam", "30", "ip", "192.0.2.9")
            s.until_redis_has_written()

            def kill():
                open(hold, "w").close()
                os.kill(s.redis(), signal.SIGKILL)

            self.check_degraded_and_back(s, kill, lambda: os.unlink(hold))
            # What it had been told is on disk.
            self.assertGreater(s.classify_whole(mail(), client_ip="192.0.2.9")["parts"]["reputation"], 2.5)

    def test_counts_catch_up(self):
        with Service() as s:
            s.start()
            os.kill(s.redis(), signal.SIGSTOP)
            Flood(s.endpoint, [mail(n) for n in range(200)], client_ip="203.0.113.5")
            os.kill(s.redis(), signal.SIGCONT)
            wait_until(lambda: s.seen("ip", "203.0.113.5") == 200, 30, "200 mails counted")


class Engine(Case):
    def test_kill_9_of_the_engine_ends_its_children(self):
        with Service() as s:
            s.start()
            below = descendants(s.process.pid)
            self.assertGreaterEqual(len(below), 3)
            s.reputation("set", "--spam", "30", "ip", "192.0.2.9")
            s.process.kill()
            s.process.wait()
            wait_until(lambda: not any(alive(pid) for pid, _ in below), 10, "the children to end")
            s.start()  # over its leftovers
            self.assertGreater(s.classify_whole(mail(), client_ip="192.0.2.9")["parts"]["reputation"], 2.5)
            self.assertEqual(s.stop(), 0)
            self.check_nothing_left(s)

    def test_nobody_else_may_read_what_it_writes(self):
        with Service() as s:
            old = os.umask(0)
            try:
                s.start()
            finally:
                os.umask(old)
            for path in files_of(s):
                with contextlib.suppress(FileNotFoundError):  # some are replaced
                    self.assertEqual(os.lstat(path).st_mode & 0o066, 0, path)

    def test_no_descriptor_left_is_not_the_end(self):
        """libzmq's ipc listener would abort at EMFILE (engine/accept.h)."""
        with Service() as s:
            s.start()
            pid = s.process.pid
            room = len(os.listdir("/proc/%d/fd" % pid)) + 10
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (room, room))
            greedy = []
            for _ in range(60):
                c = socket.socket(socket.AF_UNIX)
                c.connect(s.endpoint[len("ipc://"):])
                greedy.append(c)
            s.wait_log("no_descriptor")
            self.assertIsNone(s.process.poll())
            for c in greedy:
                c.close()
            self.assertEqual(s.classify(mail())["kind"], "verdict")
            self.assertEqual(s.stop(), 0)


if __name__ == "__main__":
    service.main()
