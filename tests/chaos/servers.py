# SPDX-License-Identifier: Apache-2.0
"""servers: the worlds that chaos-reports lives in: one or two hosts and their Redis, each part of which can be killed and
comes back as it would under an init system.

  private   one host; its furuid starts redis-server
  shared    two hosts, one redis-server, which comes back with the file that it wrote
  power     the same; with each kill of Redis the file loses what was written within the last second, as when the machine
            had lost power (appendfsync everysec)
  sentinel  two hosts; a master, a replica, three sentinels; half of the time the replica hears nothing for a moment before
            the master dies"""

import contextlib
import glob
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from service import SLOW, Service, descendants, die_with_parent, free_port, wait_until

import traffic

WORLDS = ["private", "shared", "power", "sentinel"]
LOST_S = 1.0  # what a power cut takes of the file that is synced each second


class Redis:
    """One connection, one command at a time; bytes in and out. None and numbers as themselves; errors are raised."""

    class Error(Exception):
        pass

    def __init__(self, at):
        if isinstance(at, int):
            self.socket = socket.create_connection(("127.0.0.1", at), 20)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(20)
            self.socket.connect(at)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def do(self, *words):
        return self.many([words])[0]

    def many(self, commands):
        """Several at one go."""
        out = []
        for words in commands:
            words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
            out.append(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        self.socket.sendall(b"".join(out))
        return [self.answer() for _ in commands]

    def answer(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("redis-server has gone")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise Redis.Error(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self.answer() for _ in range(int(rest))]
        return rest

    def records(self, prefix):
        """All records of names."""
        cursor, keys = b"0", set()
        while True:
            cursor, some = self.do("SCAN", cursor, "MATCH", prefix + ":2:{??}:*", "COUNT", 1000)
            keys.update(some)
            if cursor == b"0":
                break
        keys = sorted(k for k in keys if not k.endswith((b"}:said", b"#")))
        for i in range(0, len(keys), 500):
            values = self.do("MGET", *keys[i:i + 500])
            yield from ((k, v) for k, v in zip(keys[i:i + 500], values) if v is not None)


def says(at, *words):
    """One command over a connection of its own; None when nobody answers."""
    try:
        with Redis(at) as r:
            return r.do(*words)
    except (OSError, Redis.Error):
        return None


class Server:
    """A redis-server of the test's own, or a sentinel, that comes back with its file."""

    def __init__(self, folder, *lines, sentinel=False):
        self.port, self.folder, self.sentinel = free_port(), folder, sentinel
        os.mkdir(folder)
        self.conf = os.path.join(folder, "conf")
        with open(self.conf, "w") as f:
            f.write("\n".join(["port %d" % self.port, "bind 127.0.0.1", "dir " + folder, "logfile log", *lines,
                               *([] if sentinel else ['save ""', "appendonly yes", "repl-diskless-sync-delay 0"])]) + "\n")
        self.sizes = []  # (time, name, bytes) of the append-only file
        self.start()

    def start(self):
        self.process = subprocess.Popen(["redis-server", self.conf] + ["--sentinel"] * self.sentinel,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        preexec_fn=die_with_parent)
        wait_until(lambda: says(self.port, "PING"), 20, "a redis-server on %d" % self.port)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def note_size(self):
        """Call it often, so that a power cut knows what was there a second ago."""
        now = time.monotonic()
        files = sorted(glob.glob(self.folder + "/appendonlydir/*.incr.aof"))
        if files:
            with contextlib.suppress(FileNotFoundError):
                self.sizes.append((now, files[-1], os.path.getsize(files[-1])))
        self.sizes = [s for s in self.sizes if now - s[0] < 3 * LOST_S]

    def cut(self, lost_s):
        """What was written within the last lost_s is gone. Returns the bytes that are."""
        now, before = time.monotonic(), [s for s in self.sizes if time.monotonic() - s[0] >= lost_s]
        files = sorted(glob.glob(self.folder + "/appendonlydir/*.incr.aof"))
        self.sizes = []
        if not before or not files or before[-1][1] != files[-1] or now - before[-1][0] > 3 * LOST_S:
            return 0
        lost = os.path.getsize(files[-1]) - before[-1][2]
        if lost > 0:
            os.truncate(files[-1], before[-1][2])
        return max(lost, 0)


class Host(Service):
    """A furuid that is started again when it was killed."""

    def child(self, name):
        """Pids of its children whose name begins so."""
        if self.process.poll() is not None:
            return []
        return sorted(pid for pid, comm in descendants(self.process.pid) if comm.startswith(name))

    def kill_one(self, name, rng):
        """kill -9 a child by the beginning of its name; False when there is none at the moment."""
        pids = self.child(name)
        if not pids:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(rng.choice(pids), signal.SIGKILL)
            return True
        return False

    def kill_engine(self):
        if self.process.poll() is not None:
            return False
        self.process.kill()
        self.process.wait()
        return True


class World:
    """The parts of one world. Everything it does by chance is drawn from `rng`."""

    SETTINGS = dict(redis_fast_hours=720, redis_slow_days=365, redis_cache_ms=0, reports_reporter_a_minute=0,
                    reports_tenant_a_minute=0, reports_snapshot_s=1, reports_sample_s=1, engine_workers=1,
                    engine_restart_max_ms=500, engine_deadline_ms=8000 * SLOW,
                    reports_trusted=", ".join(traffic.TRUSTED))

    def __init__(self, kind, seed):
        self.kind, self.rng = kind, random.Random(seed)
        self.dir = tempfile.mkdtemp(prefix="furui-chaos-")
        self.servers, self.sentinels, self.hosts = [], [], []
        self.back_at = {}  # host or server: when it is started again

    def __enter__(self):
        try:
            self.open_redis()
            secret = os.path.join(self.dir, "secret")
            with open(secret, "w") as f:
                f.write("%032x\n" % self.rng.getrandbits(128))
            os.chmod(secret, 0o600)
            for _ in range(1 if self.kind == "private" else 2):
                self.hosts.append(Host(redis_server=self.address(), redis_secret_file=secret, **self.SETTINGS))
            for h in self.hosts:
                h.start()
            self.secret = secret
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for host in self.hosts:
            with contextlib.suppress(Exception):
                host.close()
        for server in self.sentinels + self.servers:
            server.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def open_redis(self):
        def server(*lines, **more):
            return Server(os.path.join(self.dir, "r%d" % (len(self.servers) + len(self.sentinels))), *lines, **more)

        if self.kind == "private":
            return
        self.servers.append(server())
        if self.kind != "sentinel":
            return
        port = self.servers[0].port
        self.servers.append(server("replicaof 127.0.0.1 %d" % port))
        for _ in range(3):
            self.sentinels.append(server("sentinel monitor m 127.0.0.1 %d 2" % port,
                                         "sentinel down-after-milliseconds m %d" % (400 * SLOW),
                                         "sentinel failover-timeout m 3000", sentinel=True))
        for s in self.sentinels:
            wait_until(lambda s=s: b"slaves=1,sentinels=3" in (says(s.port, "INFO", "sentinel") or b""), 20,
                       "sentinels to meet")

    def address(self):
        if self.kind == "private":
            return "private"
        if self.kind == "sentinel":
            return "sentinel:m@" + ",".join("127.0.0.1:%d" % s.port for s in self.sentinels)
        return "tcp:127.0.0.1:%d" % self.servers[0].port

    def shared_address(self):
        """For a host that is there only to look."""
        return "unix:%s/redis.sock" % self.hosts[0].state if self.kind == "private" else self.address()

    def master(self):
        """Where commands go: a port, or a path; None while there is none."""
        if self.kind == "private":
            return os.path.join(self.hosts[0].state, "redis.sock")
        for s in self.servers:
            role = says(s.port, "ROLE")
            if role and role[0] == b"master" and (self.kind != "sentinel" or self.named() == s.port):
                return s.port
        return None

    def named(self):
        """The port that sentinels name."""
        answer = says(self.sentinels[0].port, "SENTINEL", "get-master-addr-by-name", "m")
        return int(answer[1]) if answer else None

    # --- harm ---

    def kill(self, part):
        """kill -9 a part; which one, as text, or None when it was down anyway."""
        if part == "redis":
            return self.kill_redis()
        host = self.rng.randrange(len(self.hosts))
        one, name = self.hosts[host], "%s.%d" % (part, host)
        if part == "engine":
            if one in self.back_at or not one.kill_engine():
                return None
            self.back_at[one] = time.monotonic() + self.rng.uniform(0, 0.5)
            return name
        return name if one.kill_one("furui-" + part, self.rng) else None

    def kill_redis(self):
        wait = self.rng.uniform(0.1, 1.5)
        if self.kind == "private":
            return "redis" if self.hosts[0].kill_one("redis-server", self.rng) else None
        at = self.master()
        master = next((s for s in self.servers if s.port == at), None)
        if not master or master in self.back_at:
            return None
        name = "redis"
        if self.kind == "sentinel":
            wait += 3 * SLOW  # it comes back when another is the master
            if self.rng.random() < 0.5 and self.deafen(master):
                name = "redis (replica behind)"
        master.kill()
        if self.kind == "power":
            name = "redis (%d bytes lost)" % master.cut(LOST_S * self.rng.random())
        self.back_at[master] = time.monotonic() + wait
        return name

    def deafen(self, master):
        """For a moment the replica hears nothing: then it does not know all that the master acknowledged."""
        replica = next(s for s in self.servers if s is not master)
        deaf = says(replica.port, "REPLICAOF", "127.0.0.1", free_port())
        time.sleep(0.7 if deaf else 0)
        return deaf

    def tend(self):
        """Start again what is due."""
        now = time.monotonic()
        for host in self.hosts:  # one whose first worker was killed ends before it serves
            if host.process.poll() is not None:
                self.back_at.setdefault(host, now + 0.2)
        for part, at in list(self.back_at.items()):
            if now < at or (self.kind == "sentinel" and isinstance(part, Server) and self.named() == part.port
                            and now < at + 20 * SLOW):
                continue
            del self.back_at[part]
            if isinstance(part, Server):
                part.start()
            else:
                part.process = part.spawn()
        if self.kind == "power":
            self.servers[0].note_size()

    def whole(self):
        """Is everything up?"""
        up = not self.back_at and self.master() is not None
        return up and all(traffic.learner_stat(h.endpoint).get("redis") for h in self.hosts)
