# SPDX-License-Identifier: Apache-2.0
"""result: lines of bench/results/*.csv: each says when, on which machine and at which commit it was measured."""

import csv
import datetime
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = os.path.join(ROOT, "bench/results")
B = os.path.join(ROOT, os.environ.get("B", "build/release"))


def machine():
    with open("/proc/cpuinfo") as f:
        name = re.search(r"^model name[^:]*: (.*)$", f.read(), re.M)
    return "%s x%d" % (name[1].replace(",", "") if name else "unknown", os.cpu_count())


def commit():
    run = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, text=True)
    return run.stdout.strip()


def bench(*words, cwd=None):
    """`furui bench WORDS`: its exit status, and what it printed."""
    run = subprocess.run([B + "/furui", "bench", *words], cwd=cwd, stdout=subprocess.PIPE, text=True)
    return run.returncode, run.stdout


def append(name, columns, rows, results=RESULTS):
    """Add rows behind date, machine and commit to RESULTS/NAME.csv, which begins with the columns' names."""
    head = [datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"), machine(), commit()]
    path = os.path.join(results, name + ".csv")
    new = not os.path.exists(path)
    with open(path, "a", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        if new:
            out.writerow(["date", "machine", "commit"] + columns)
        out.writerows(head + row for row in rows)
