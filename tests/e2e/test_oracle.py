# SPDX-License-Identifier: Apache-2.0
"""test_oracle: Furui's reader against GMime's, and against what other projects expect of their own test mails.

Each difference must stand in tests/oracle/differences.mails under its class, and each that stands there must still be
one: what a change makes better or worse is seen by name. tests/oracle/compare.py --write rewrites the table, and
`git diff` reviews it. Golden mails are compared always, and only need a class for each difference; real mail where it
is. Prints no mail, only numbers."""

import os
import subprocess
import sys
import time
import unittest

import corpora
import service
from service import SLOW

sys.path.insert(0, os.path.join(corpora.ROOT, "tests/oracle"))

import compare  # noqa: E402
import expected  # noqa: E402

PACKAGE = "libgmime-3.0-dev"
# Under sanitisers a part is enough.
SETS = compare.SETS if SLOW == 1 else ["mime"]


def has_gmime():
    return subprocess.run(["pkg-config", "--exists", "gmime-3.0"], check=False).returncode == 0


def build():
    """Why the two readers are not here, or None."""
    if not has_gmime():
        subprocess.run([os.path.join(corpora.ROOT, "tests/deps"), PACKAGE], check=False, stdout=subprocess.DEVNULL)
    if not has_gmime():
        return PACKAGE + " is not installed"
    subprocess.run(["make", "-s", "-C", corpora.ROOT, "oracle"], check=True, stdout=subprocess.DEVNULL)
    return None


WHY = build()


def some(names):
    names = sorted(names, key=compare.natural)
    return " ".join(names[:20]) + (" and %d more" % (len(names) - 20) if len(names) > 20 else "")


@unittest.skipIf(WHY, WHY)
class Oracle(unittest.TestCase):
    def compare(self, name):
        begun = time.monotonic()
        found, n = compare.compare_set(name, compare.programs())
        if found is None:
            self.skipTest(n)
        print("# %s, %.1f s" % (compare.report(name, n), time.monotonic() - begun))
        self.assertEqual([d for d in found if d.kind == "bound"], [], "mails over the bound of time or memory")
        self.assertEqual([d for d in found if d.name == "unexplained"], [], "argue it: classes.py")
        if name == compare.GOLDEN:
            return n
        now, then = compare.keys(found), {k: v for k, v in compare.read_keys().items() if k[0] == name}
        for key in sorted(set(now) | set(then)):
            new, gone = now.get(key, set()) - then.get(key, set()), then.get(key, set()) - now.get(key, set())
            with self.subTest(" ".join(key)):
                self.assertFalse(new, "new differences: " + some(new))
                self.assertFalse(gone, "no difference any more: " + some(gone))
        table = [r for r in compare.read_table() if r["set"] == name]
        self.assertEqual(table, list(compare.rows(found)), "differences.csv is not of this table")
        return n

    def test_golden(self):
        self.compare(compare.GOLDEN)

    def test_real_mail(self):
        total = compare.Figures()
        for name in SETS:
            if compare.mails_of(name)[0] is None:
                self.skipTest("%s: %s" % (name, compare.mails_of(name)[1]))
            with self.subTest(name):
                total.update(self.compare(name))
        print("# " + compare.report("all", total))
        if SETS != compare.SETS:
            return
        self.assertGreater(compare.share(total["sound equal"], total["sound"]), 99.5)
        self.assertGreater(compare.share(total["equal"] + total["argued"], total["texts"]), 99.9)

    def test_what_other_projects_expect(self):
        folder, why = corpora.find("mime", "sisimai/list")
        if not folder:
            self.skipTest(why)
        rows = expected.read_table()
        for row, said in expected.failures(folder, rows):
            with self.subTest("%(collection)s/%(path)s %(property)s" % row):
                self.fail("expected %s; %s" % (row["expected"], said))
        print("# %d facts of %d projects, %d argued" % (len(rows), len({r["collection"] for r in rows}),
                                                       sum(bool(r["argued"]) for r in rows)))


if __name__ == "__main__":
    service.main()
