# SPDX-License-Identifier: Apache-2.0
"""process: servers that a bench starts for itself, the CPU time that they use, and a furuid among them.

CPU time is what /proc/PID/stat says (proc(5)): user and system time of a process and all below it, with that of
children which ended and were waited for, so that nothing falls out between two looks."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time

import result

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A program did not do what it should; str() says which and what."""


def stat(pid):
    """(parent, name, CPU seconds) of a process, or None when it is gone."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            name, rest = f.read().split("(", 1)[1].rsplit(")", 1)
    except OSError:
        return None
    rest = rest.split()
    return int(rest[1]), name, sum(map(int, rest[11:15])) * TICK_S


def below(root):
    """{pid: (name, CPU seconds)} of a process and all that descend from it."""
    all_of = {int(p): s for p in os.listdir("/proc") if p.isdigit() and (s := stat(int(p)))}
    found, todo = {}, [root]
    while todo:
        pid = todo.pop()
        if pid in all_of and pid not in found:
            found[pid] = all_of[pid][1:]
            todo += [child for child, s in all_of.items() if s[0] == pid]
    return found


def cpu_s(*roots):
    """CPU seconds that these processes and all below them have used so far."""
    return sum(s for root in roots for _, s in below(root).values())


def run(words, stdin=b"", good=(0,)):
    """Run a program to its end: (what it printed, CPU seconds of it and its children)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in good:
        raise Failed("%s: status %d: %s" % (words[0], done.returncode, done.stderr.decode("utf-8", "replace")[-500:]))
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextlib.contextmanager
def private_dir(name, on_disk=False):
    """A directory that goes away, also when the bench is told to end; in memory where the system has such a place."""
    where = "/dev/shm" if os.path.isdir("/dev/shm") and not on_disk and "TMPDIR" not in os.environ else None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="furui-%s." % name, dir=where) as path:
        yield path


def end(child):
    """End a server that was started here, and wait for it."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextlib.contextmanager
def server(words, ready, log, timeout_s=60, **keywords):
    """A server, once ready() is true; ended at the end. What it says goes to the file `log`."""
    with open(log, "ab") as out:
        child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **keywords)
    try:
        until = time.monotonic() + timeout_s
        while not ready():
            if child.poll() is not None or time.monotonic() > until:
                with open(log, errors="replace") as f:
                    raise Failed("%s did not start: %s" % (words[0], f.read()[-500:].strip()))
            time.sleep(0.05)
        yield child
    finally:
        end(child)


@contextlib.contextmanager
def redis(state):
    """A redis-server on STATE/redis.sock that writes nothing to disk."""
    path = state + "/redis.sock"
    words = ["redis-server", "--port", "0", "--unixsocket", path, "--unixsocketperm", "700", "--save", "",
             "--appendonly", "no", "--dir", state]
    with server(words, lambda: os.path.exists(path), state + "/redis.log") as child:
        yield child


class Furuid:
    """A running furuid; `endpoint` is where it listens."""

    def __init__(self, endpoint, child, state_dir):
        self.endpoint, self.child, self.state_dir = endpoint, child, state_dir


@contextlib.contextmanager
def furuid(state, workers=1, bundle=None, redis_server=None, settings=""):
    """A furuid in STATE with a private Redis, or with the one named as in [redis] server. `settings` is more of its
    configuration, as text."""
    endpoint = "ipc://%s/front" % state
    bundle = bundle or os.path.join(result.ROOT, "models/starter/starter.bundle")
    with open(state + "/furui.conf", "w") as f:
        f.write("[engine]\nlisten = %s\nstate_dir = %s/state\nworkers = %d\n[model]\nbundle = %s\n" % (
            endpoint, state, workers, os.path.abspath(bundle)))
        if redis_server:
            f.write("[redis]\nserver = %s\n" % redis_server)
        f.write(settings)

    def ready():
        return subprocess.run([result.B + "/furui", "stat", "--endpoint", endpoint], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0

    with server([result.B + "/furuid", "--config", state + "/furui.conf"], ready, state + "/furuid.log") as child:
        yield Furuid(endpoint, child, state + "/state")
