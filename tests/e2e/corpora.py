# SPDX-License-Identifier: Apache-2.0
"""corpora: where real mail is, if it is anywhere: FURUI_CORPORA, or archives in ../shared/corpora beside the clone."""

import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def find(name, sign="index"):
    """The folder of a set (with `sign` in it), or a sentence why there is none, as (folder, why)."""
    given = os.environ.get("FURUI_CORPORA")
    if given:
        folder = os.path.join(given, name)
        if os.path.exists(os.path.join(folder, sign)):
            return folder, None
        return None, "no %s in FURUI_CORPORA" % name
    archive = os.path.join(ROOT, "../shared/corpora", name + ".tar.zst")
    if not os.path.exists(archive):
        return None, "real mail is not here: no ../shared/corpora, and FURUI_CORPORA is not set"
    folder = os.path.join(ROOT, "build/corpora", name)
    if not os.path.exists(os.path.join(folder, ".whole")):
        if not shutil.which("zstd"):
            subprocess.run([os.path.join(ROOT, "tests/deps"), "zstd"], check=False, stdout=subprocess.DEVNULL)
        if not shutil.which("zstd"):
            return None, "zstd is not installed, so ../shared/corpora cannot be unpacked"
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        subprocess.run("zstd -dc --long=27 '%s' | tar -C '%s' -xf -" % (archive, os.path.dirname(folder)), shell=True,
                       check=True)
        open(os.path.join(folder, ".whole"), "w").close()
    return folder, None


def index(folder):
    """[(label, path)] in index order, as written there."""
    with open(os.path.join(folder, "index"), encoding="utf-8", errors="surrogateescape") as f:
        return [tuple(line.rstrip("\n").split(" ", 1)) for line in f if line.strip()]
