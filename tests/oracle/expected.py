#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""expected: what other projects' tests expect of their own test mails, and whether Furui's reader says the same.

    expected.py        the facts that fail, and how many hold for each project

expected.csv holds the facts, one a row, as those projects' test code states them. Values that would quote mail are the
first 32 digits of their SHA-256. Where Furui differs on purpose `argued` says why, and `furui` what it says instead."""

import csv
import hashlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../e2e")]

import classes  # noqa: E402
import compare  # noqa: E402
import corpora  # noqa: E402

TABLE = os.path.join(HERE, "expected.csv")


def digest(b):
    return hashlib.sha256(b).hexdigest()[:32]


def tree(m, at=0):
    inner = compare.children(m, at)
    return m.parts[at].type + ("(%s)" % ",".join(tree(m, i) for i in inner) if inner else "")


def read_table():
    with open(TABLE, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


class Mails:
    """Mails of the collections as Furui reads them, by PROJECT/PATH."""

    def __init__(self, folder, names):
        names = sorted(set(names))
        reader = compare.programs()[1]
        self.of = dict(zip(names, compare.dump(reader, [os.path.join(folder, n) for n in names], full=True)))

    def value(self, name, what):
        """What Furui says: `what` is a property, maybe with ":" and a part's number or a field's name."""
        m = self.of[name]
        what, _, which = what.partition(":")
        if what in ("bytes", "size", "text", "starts"):
            leaf = m.leaves.get(int(which))
            if leaf is None:
                return "no such leaf"
        if what == "tree":
            return tree(m)
        if what == "children":
            return str(len(compare.children(m, int(which or 0))))
        if what == "leaves":
            return str(len(m.leaves))
        if what == "type":
            return m.parts[int(which)].type if int(which) < len(m.parts) else "no such part"
        if what == "charset":
            return m.parts[int(which)].charset
        if what == "name":
            return m.parts[int(which)].name if int(which) < len(m.parts) else "no such part"
        if what == "attachments":
            return str(len(m.attachments))
        if what == "attachment-names":
            return "|".join(m.attachments)
        if what == "bytes":
            return digest(leaf.bytes)
        if what == "starts":
            return leaf.bytes[:4].hex()
        if what == "size":
            return str(len(leaf.bytes))
        if what == "text":
            return digest(leaf.text) if leaf.text is not None else "no text"
        if what == "from-address":
            return digest(m.sender[0])
        if what == "from-name":
            return digest(m.sender[1])
        if what == "shows":  # a word in the text that a reader sees
            return "yes" if which.encode() in m.visible else "no"
        if what == "field-holds":  # a word in a field's value: FIELD:U+XXXX...
            name, _, word = which.partition(":")
            word = "".join(chr(int(c, 16)) for c in word.split("U+")[1:])
            return "yes" if any(word.encode() in h.value for h in m.headers if h.name.lower() == name) else "no"
        if what == "fields":
            return str(len(m.headers))
        if what == "field":
            values = [h.value for h in m.headers if h.name.lower() == which]
            return digest(values[0]) if values else "no such field"
        if what == "field-count":
            return str(sum(h.name.lower() == which for h in m.headers))
        raise ValueError("no property " + what)

    def holds(self, row):
        """(does the fact hold, what Furui says)."""
        name, what = row["collection"] + "/" + row["path"], row["property"]
        if what.startswith("same-text:"):  # expected: "PATH#part": the two texts are the same
            other, _, part = row["expected"].partition("#")
            a = self.value(name, "text:" + what.partition(":")[2])
            b = self.value(row["collection"] + "/" + other, "text:" + part)
            return a == b, "the same" if a == b else "another"
        if what == "same-bytes":  # expected: numbers of parts whose contents are all the same
            said = {self.value(name, "bytes:" + n) for n in row["expected"].split("|")}
            return len(said) == 1, "%d contents" % len(said)
        said = self.value(name, what)
        return said == row["expected"], said


def names_in(row):
    yield row["collection"] + "/" + row["path"]
    if row["property"].startswith("same-text:"):
        yield row["collection"] + "/" + row["expected"].partition("#")[0]


def failures(folder, rows):
    """Rows that neither hold nor are argued, and argued rows that Furui no longer differs on."""
    mails = Mails(folder, [n for row in rows for n in names_in(row)])
    for row in rows:
        holds, said = mails.holds(row)
        if row["argued"]:
            if holds:
                yield row, "is argued, and holds"
            elif said != row["furui"]:
                yield row, "is argued, and Furui says %s now" % said
        elif not holds:
            yield row, "Furui says %s" % said


def main():
    folder, why = corpora.find("mime", "sisimai/list")
    if not folder:
        print(why)
        return 1
    rows = read_table()
    failed = list(failures(folder, rows))
    for row, why in failed:
        print("%(collection)s/%(path)s %(property)s: expected %(expected)s" % row + "; " + why)
    for project in sorted({r["collection"] for r in rows}):
        mine = [r for r in rows if r["collection"] == project]
        print("%-14s %4d facts, %d argued, %d fail" % (project, len(mine), sum(bool(r["argued"]) for r in mine),
                                                     sum(r["collection"] == project for r, _ in failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
