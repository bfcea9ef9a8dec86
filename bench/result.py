# SPDX-License-Identifier: Apache-2.0
"""result: lines of bench/results/*.csv: each says when, on which machine and at which commit it was measured. RESULTS in
the environment names another directory."""

import csv
import datetime
import json
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = os.environ.get("RESULTS", os.path.join(ROOT, "bench/results"))
B = os.path.join(ROOT, os.environ.get("B", "build/release"))


def machine():
    with open("/proc/cpuinfo") as f:
        name = re.search(r"^model name[^:]*: (.*)$", f.read(), re.M)
    return "%s x%d" % (name[1].replace(",", "") if name else "unknown", os.cpu_count())


def commit():
    """The commit, with a + when a file differs from it (results do not count)."""
    git = ["git", "-C", ROOT]
    run = subprocess.run(git + ["rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, text=True)
    dirty = subprocess.run(git + ["diff", "--quiet", "HEAD", "--", ":!bench/results"]).returncode == 1
    return run.stdout.strip() + "+" * dirty


def bench(*words, cwd=None):
    """`furui bench WORDS`: its exit status, and what it printed."""
    run = subprocess.run([B + "/furui", "bench", *words], cwd=cwd, stdout=subprocess.PIPE, text=True)
    return run.returncode, run.stdout


def yardstick_ns():
    """What a fixed piece of work costs at this moment, on this machine: figures of two days are compared by it."""
    status, out = bench("yardstick", "--json")
    return json.loads(out)["ns_per_byte"] if status == 0 else ""


def append(name, columns, rows):
    """Add rows behind date, machine, commit and yardstick_ns to RESULTS/NAME.csv, which begins with the columns' names.
    A column that the file has not seen is added to it; older rows have nothing there."""
    if not rows:
        return
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    head = {"date": now, "machine": machine(), "commit": commit(), "yardstick_ns": yardstick_ns()}
    os.makedirs(RESULTS, exist_ok=True)
    path, known, old = os.path.join(RESULTS, name + ".csv"), [], []
    if os.path.exists(path):
        with open(path, newline="") as f:
            known, *old = csv.reader(f)
    names = known + [c for c in [*head, *columns] if c not in known]
    with open(path + ".new", "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerows([names] + [row + [""] * (len(names) - len(row)) for row in old])
        out.writerows([{**head, **dict(zip(columns, row))}.get(c, "") for c in names] for row in rows)
    os.replace(path + ".new", path)
