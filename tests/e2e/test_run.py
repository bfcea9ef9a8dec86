# SPDX-License-Identifier: Apache-2.0
"""test_run: what `make run` starts, on a terminal: verdicts of the samples, a real Ctrl-C, a closed terminal."""

import contextlib
import os
import pty
import select
import signal
import subprocess
import time
import unittest

import service
from service import B, BUNDLE, ROOT, SLOW, Case, Service, alive, descendants, needs_terminal, wait_until

LAST = "Ctrl-C ends the service."


class Terminal:
    """A program on a terminal of its own. `shell`: under a shell, as under make."""

    def __init__(self, s, shell=False):
        open(s.log_path, "a").close()  # furuid speaks to the terminal
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # tests that run under nohup have it ignored
            os.environ.update(B=B, FURUI_ARGS="--config " + s.config)
            os.chdir(ROOT)
            if shell:
                os.execv("/bin/sh", ["sh", "-c", "docs/samples/run; true"])
            os.execv("docs/samples/run", ["docs/samples/run"])
        self.text, self.ended = "", False
        # Before the program has taken its place, Python would eat a Ctrl-C.
        wait_until(lambda: b"test_run.py" not in self.command(), what="the program")

    def command(self):
        with open("/proc/%d/cmdline" % self.pid, "rb") as f:
            return f.read()

    def read_until(self, word, timeout_s=60):
        until = time.monotonic() + timeout_s * SLOW
        while word not in self.text:
            if time.monotonic() > until:
                raise AssertionError("'%s' did not come:\n%s" % (word, self.text))
            if select.select([self.fd], [], [], 0.1)[0]:
                self.text += os.read(self.fd, 65536).decode("utf-8", "replace")

    def wait(self, timeout_s=30):
        """The exit status; what it still says is read, or it would wait for a reader."""
        until = time.monotonic() + timeout_s * SLOW
        while time.monotonic() < until:
            if self.fd is not None and select.select([self.fd], [], [], 0)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode("utf-8", "replace")
                except OSError:  # the other side is closed
                    self.hang_up()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.ended = True
                return status
            time.sleep(0.02)
        raise AssertionError("it did not end:\n" + self.text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hang_up()
        if not self.ended:
            for pid, _ in descendants(self.pid) + [(self.pid, "")]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def hang_up(self):
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


def processes_of(s):
    """Those whose command line names the service's directory."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and alive(int(entry)):
            with contextlib.suppress(OSError), open("/proc/%s/cmdline" % entry, "rb") as f:
                if s.dir.encode() in f.read():
                    found.append(int(entry))
    return found


@unittest.skipUnless(os.path.exists(BUNDLE), "no starter bundle")
class Run(Case):
    def setUp(self):
        needs_terminal()
        super().setUp()

    def test_verdicts_second_instance_and_ctrl_c(self):
        with Service() as s, Terminal(s) as t:
            t.read_until(LAST)
            ready = [line for line in t.text.splitlines() if line.startswith("ready ")]
            self.assertEqual(len(ready), 1)
            for fact in "endpoints=" + s.endpoint, "workers=2", "model=", "simd=":
                self.assertIn(fact, ready[0])
            self.assertEqual(t.text.count("docs/samples/mails/"), 12)

            second = subprocess.run([ROOT + "/docs/samples/run"], capture_output=True, text=True, timeout=30 * SLOW,
                                    env=dict(os.environ, B=B, FURUI_ARGS="--config " + s.config))
            self.assertNotEqual(second.returncode, 0)
            self.assertIn("in use by furuid with pid %d" % t.pid, second.stderr)
            self.assertEqual(second.stdout, "")

            os.write(t.fd, b"\x03")
            self.assertEqual(t.wait(), 0)
            self.check_nothing_left(s)

    def test_ctrl_c_before_ready(self):
        for wait_s in 0.05, 0.15, 0.3:
            with Service() as s, Terminal(s) as t:
                time.sleep(wait_s)
                os.write(t.fd, b"\x03")
                t.wait()
                wait_until(lambda: not processes_of(s), what="all to end")
                self.check_nothing_left(s)

    def test_closed_terminal(self):
        """SIGHUP is "read your settings again", and yet a service whose terminal was closed must not go on alone."""
        with Service() as s, Terminal(s, shell=True) as t:
            t.read_until(LAST)
            t.hang_up()
            t.wait()
            wait_until(lambda: not processes_of(s), what="all to end")
            self.check_nothing_left(s)


if __name__ == "__main__":
    service.main()
