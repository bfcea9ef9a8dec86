# SPDX-License-Identifier: Apache-2.0
"""test_readme: what README.md shows runs: its programs against the real service; and no page links to nowhere."""

import glob
import os
import re
import subprocess
import tempfile
import unittest

import service
from service import B, BUNDLE, ROOT, SLOW, Case, Service

SAMPLE = os.path.join(ROOT, "docs/samples/mails/ham-en-thread.eml")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


class Programs(Case):
    def program(self, language, endpoint):
        text = re.search(r"```%s\n(.*?)```" % language, read("README.md"), re.S)[1]
        self.assertIn("tcp://127.0.0.1:7711", text)
        return text.replace("tcp://127.0.0.1:7711", endpoint)

    @unittest.skipUnless(os.path.exists(BUNDLE), "no starter bundle")
    def test_programs(self):
        with Service() as s, tempfile.TemporaryDirectory(prefix="furui-readme-") as tmp:
            s.start()
            with open(tmp + "/lunch.c", "w", encoding="utf-8") as f:
                f.write(self.program("c", s.endpoint))
            build = os.path.join(ROOT, "build/release")
            subprocess.run(["make", "-s", "install-client", "MODE=release", "B=" + build, "DESTDIR=" + tmp], cwd=ROOT,
                           check=True, stdout=subprocess.DEVNULL, timeout=200 * SLOW)
            env = dict(os.environ, PKG_CONFIG_PATH=tmp + "/usr/local/lib/pkgconfig", PKG_CONFIG_SYSROOT_DIR=tmp)
            flags = subprocess.run(["pkg-config", "--cflags", "--libs", "furui"], env=env, check=True,
                                   capture_output=True, text=True).stdout.split()
            compiler = os.environ.get("CC", "cc")
            subprocess.run([compiler, "-Wall", "-Wextra", "-Werror", "-o", tmp + "/lunch", tmp + "/lunch.c", *flags],
                           check=True, timeout=100)
            done = subprocess.run([tmp + "/lunch"], env={"LD_LIBRARY_PATH": tmp + "/usr/local/lib"}, check=True,
                                  capture_output=True, text=True, timeout=60 * SLOW)
            self.assertRegex(done.stdout, r"^lunch: (ham|unsure|spam) \d\.\d{4} (accept|tag|junk)\n$")

            with open(tmp + "/files.py", "w", encoding="utf-8") as f:
                f.write(self.program("python", s.endpoint))
            env = dict(os.environ, PYTHONPATH=os.path.join(ROOT, "proto/clients/python"))
            done = subprocess.run(["/usr/bin/python3", tmp + "/files.py", SAMPLE, SAMPLE], env=env, check=True,
                                  capture_output=True, text=True, timeout=60 * SLOW)
            line = re.escape(SAMPLE) + r" (ham|unsure|spam) \d\.\d{4} (accept|tag|junk)\n"
            self.assertRegex(done.stdout, "^(%s){2}$" % line)

    @unittest.skipUnless(os.path.exists(BUNDLE), "no starter bundle")
    def test_verdicts(self):
        """The samples' verdicts and the model that the README shows are what the starter bundle says today."""
        shown = re.findall(r"^    (docs/samples/mails/\S+) +(\w+) +(\S+) +(\w+)$", read("README.md"), re.M)
        with Service(redis_server="off") as s:  # which may be late on a busy machine: a verdict would say so
            s.start()
            done = subprocess.run([os.path.join(B, "furui"), "scan", "--endpoint", s.endpoint, "docs/samples/mails"],
                                  cwd=ROOT, capture_output=True, text=True, timeout=60 * SLOW)
        said = [tuple(line.split("\t")) for line in done.stdout.splitlines()]
        self.assertEqual(shown[:len(said)], said)
        self.assertLessEqual(set(shown), set(said))
        model = subprocess.run([os.path.join(B, "furui"), "model", "verify", BUNDLE], check=True, capture_output=True,
                               text=True).stdout.split()[-1]
        self.assertIn("model=%s " % model, read("README.md"))

    @unittest.skipUnless(os.path.exists(BUNDLE), "no starter bundle")
    def test_show(self):
        """The lines of furui show that the README quotes are what it prints today."""
        quoted = read("README.md").split("## Understanding a verdict\n")[1].split("\n## ")[0]
        lines = [line[4:] for line in quoted.splitlines() if line.startswith("    ") and "…" not in line]
        shown = subprocess.run([os.path.join(B, "furui"), "show", lines[0].split(",")[0]], cwd=ROOT, check=True,
                               capture_output=True, text=True).stdout.splitlines()
        self.assertGreater(len(lines), 5)
        self.assertEqual([line for line in lines if line not in shown], [])

    def test_verbs(self):
        """Every furui command line that the README shows names a verb that there is."""
        listed = subprocess.run([os.path.join(B, "furui"), "--help"], check=True, capture_output=True, text=True).stdout
        for verb in re.findall(r"^    (?:build/release/)?furui (\w+)", read("README.md"), re.M):
            self.assertRegex(listed, r"(?m)^  %s " % verb)


class Installed(Case):
    @unittest.skipUnless(os.path.exists(BUNDLE), "no starter bundle")
    def test_installed_tree(self):
        """What make install copies is enough to serve: programs find each other and the model."""
        with tempfile.TemporaryDirectory(prefix="furui-installed-") as tmp:
            build = os.path.relpath(B, ROOT)
            subprocess.run(["make", "-s", "install", "B=" + build, "DESTDIR=" + tmp, "PREFIX=/usr/local"], cwd=ROOT,
                           check=True, stdout=subprocess.DEVNULL, timeout=280 * SLOW)
            root = tmp + "/usr/local"
            done = subprocess.run([root + "/bin/furuid", "--show-config"], check=True, capture_output=True, text=True)
            self.assertIn("bundle = %s/share/furui/starter.bundle" % os.path.realpath(root), done.stdout)
            endpoint = "ipc://%s/f.sock" % tmp
            command = [root + "/bin/furuid", "--state-dir", tmp + "/state", "--listen", endpoint, "--workers", "1"]
            daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            try:
                mails = root + "/share/doc/furui/docs/samples/mails"
                command = [root + "/bin/furui", "scan", "--endpoint", endpoint, mails]
                service.wait_until(lambda: os.path.exists(tmp + "/f.sock"), what="the socket")
                done = subprocess.run(command, capture_output=True, text=True, timeout=60 * SLOW)
                self.assertIn(done.returncode, (0, 1), done.stderr)
                self.assertEqual(len(done.stdout.splitlines()), 12)
            finally:
                daemon.terminate()
                self.assertEqual(daemon.wait(60 * SLOW), 0)


class Links(Case):
    def test_links(self):
        """Every link between pages leads to a file that is there."""
        pages = [p for p in ("README.md", "CONTRIBUTING.md") if os.path.exists(os.path.join(ROOT, p))]
        pages += [os.path.relpath(p, ROOT) for p in glob.glob(os.path.join(ROOT, "docs/**/*.md"), recursive=True)]
        dead = []
        for page in pages:
            for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", read(page)):
                to = os.path.join(ROOT, os.path.dirname(page), link)
                if "://" not in link and not os.path.exists(to):
                    dead.append("%s: %s" % (page, link))
        self.assertEqual(dead, [])


if __name__ == "__main__":
    service.main()
