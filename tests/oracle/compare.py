#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""compare: where Furui's reader and GMime's differ, mail by mail and part by part.

    compare.py [--write] SET...      figures and classes; --write rewrites differences.csv, differences.mails and
                                     bench/results/oracle.csv, which `git diff` then reviews
    compare.py --show CLASS SET      the differing mails of a class, with both readings (for a person; prints mail)

Two passes: all mails as digests (dump.h), then those that differ whole. A difference is named by its set, its mail
(line of the set's index, or path) and its part (number) or field (name); its class comes from classes.py."""

import collections
import concurrent.futures
import csv
import datetime
import os
import re
import subprocess
import sys
import textwrap
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests/e2e")]

import classes  # noqa: E402
import corpora  # noqa: E402

ALL = "all"
SETS = ["mime", "spamassassin", "trec07a", "phish-a", "list-ham-a"]
# tests/mail is compared too, but is in no table: it changes often, and its .want files say what must be read.
GOLDEN = "golden"
FIGURES = os.path.join(ROOT, "bench/results/oracle.csv")
TABLE, MAILS = os.path.join(HERE, "differences.csv"), os.path.join(HERE, "differences.mails")

Part = collections.namedtuple("Part", "parent type charset name")
Header = collections.namedtuple("Header", "name value raw")
Leaf = collections.namedtuple("Leaf", "encoding label bytes text second")
Difference = collections.namedtuple("Difference", "set mail where kind name")  # name: of the class


# --- mails ----------------------------------------------------------------------------------------------------------

def mails_of(name):
    """[(what names the mail, path)] of a set, or None and why not."""
    if name == GOLDEN:
        folder = os.path.join(ROOT, "tests/mail")
        return [(f, os.path.join(folder, f)) for f in sorted(os.listdir(folder)) if f.endswith(".eml")], None
    folder, why = corpora.find(name, "sisimai/list" if name == "mime" else "index")
    if not folder:
        return None, why
    if name != "mime":
        return [(str(i + 1), os.path.join(folder, path)) for i, (_, path) in enumerate(corpora.index(folder))], None
    found = []
    for project in sorted(os.listdir(folder)):
        path = os.path.join(folder, project, "list")
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="surrogateescape") as f:
                found += [(project + "/" + line, os.path.join(folder, project, line)) for line in f.read().splitlines()]
    return sorted(found), None


class Mail:
    def __init__(self):
        self.headers, self.parts, self.leaves, self.notes = [], [], {}, []
        self.sender, self.visible, self.attachments = (b"", b""), b"", []  # of Furui's alone


def dump(program, paths, full=False):
    """What a reader makes of mails: the lines of each as one string, or with `full` a Mail each."""
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")  # what GMime and GLib keep is theirs
    run = subprocess.run([program] + ["--full"] * full, input=os.fsencode("\n".join(paths) + "\n"),
                         stdout=subprocess.PIPE, check=True, env=env)
    blocks = ("\n" + run.stdout.decode("utf-8", "surrogateescape")).split("\nM\t")[1:]
    if len(blocks) != len(paths):
        raise RuntimeError("%s: %d of %d mails" % (program, len(blocks), len(paths)))
    blocks = [b.partition("\n")[2] for b in blocks]
    return [parse(b) for b in blocks] if full else blocks


def dump_both(programs, paths, full=False):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return list(pool.map(lambda p: dump(p, paths, full), programs))


def parse(block):
    m = Mail()
    for line in block.rstrip("\n").split("\n"):
        kind, *v = line.split("\t")
        if kind == "H":
            m.headers.append(Header(v[0], classes.fold(bytes.fromhex(v[1])), bytes.fromhex(v[2])))
        elif kind == "P":
            m.parts.append(Part(int(v[1]), v[2] + "/" + v[3], v[4], urllib.parse.unquote(v[5], errors="replace")))
        elif kind == "T":
            text = classes.fold(bytes.fromhex(v[4])) if v[2] != "-" else None
            second = classes.fold(bytes.fromhex(v[5])) if len(v) > 5 else None
            m.leaves[int(v[0])] = Leaf(v[1], v[2], bytes.fromhex(v[3]), text, second)
        elif kind == "N":
            m.notes.append(v[0])
        elif kind == "F":
            m.sender = bytes.fromhex(v[0]), bytes.fromhex(v[1])
        elif kind == "V":
            m.visible = bytes.fromhex(v[0])
        elif kind == "A":
            m.attachments.append(urllib.parse.unquote(v[1], errors="replace"))
    return m


# --- comparing ------------------------------------------------------------------------------------------------------

def children(m, at):
    return [i for i, p in enumerate(m.parts) if p.parent == at]


def empty_leaf(m, at):
    leaf = m.leaves.get(at)
    return leaf is not None and not classes.fold(leaf.bytes)


def without_empty(g, f, gc, fc):
    """fc without as many parts that hold nothing as it has more parts than gc."""
    extra, kept = len(fc) - len(gc), []
    for i in fc:
        empty = f.parts[i].type == "text/plain" and empty_leaf(f, i)
        at = len(kept)
        same = at < len(gc) and g.parts[gc[at]].type == f.parts[i].type and (not empty or empty_leaf(g, gc[at]))
        if empty and extra and not same:
            extra -= 1
        else:
            kept.append(i)
    return kept


def match(g, f, gi, fi, pairs, why):
    """Walk two part trees side by side; pairs gets the parts that are the same, why the classes of difference."""
    a, b = g.parts[gi], f.parts[fi]
    gc, fc = children(g, gi), children(f, fi)
    if a.type != b.type:
        twice = sum(h.name.lower() == "content-type" for h in g.headers + f.headers) > 2
        if gi == 0 and twice:
            why.append((fi, "content-type-twice"))
        elif a.type.startswith("multipart/") and not gc and b.type == "text/plain" and not fc:
            why.append((fi, "boundary-unseen"))
        elif a.type == "application/octet-stream" and b.type == "text/plain":
            why.append((fi, "bad-content-type"))
        elif gi == 0:
            why.append((fi, "broken-header"))
        elif g.parts[a.parent].type == "message/rfc822" and a.type == "text/plain" and gi in g.leaves and \
                re.match(rb"\s*[A-Za-z][A-Za-z0-9-]*:", g.leaves[gi].bytes):
            why.append((fi, "late-header"))
        else:
            why.append((fi, "unexplained"))
        return
    pairs.append((gi, fi))
    if len(gc) < len(fc):
        if not gc and a.type.startswith("message/"):
            why.append((fi, "empty-message" if all(empty_leaf(f, i) for i in fc) else "no-empty-line"))
            return
        kept = without_empty(g, f, gc, fc)
        if len(kept) == len(gc):
            why.append((fi, "empty-part"))
            fc = kept
        elif not gc:
            why.append((fi, "boundary-sniffed"))
            return
    if len(gc) != len(fc):
        why.append((fi, "boundary-nested" if b.parent >= 0 and len(gc) < len(fc) else "unexplained"))
    for x, y in zip(gc, fc):
        match(g, f, x, y, pairs, why)


def compare_headers(g, f):
    """(where, class) for each field of the message's own header that differs."""
    names = [h.name.lower() for h in g.headers], [h.name.lower() for h in f.headers]
    if names[0] != names[1]:
        yield "header", "header-lines"
        return
    for a, b in zip(g.headers, f.headers):
        if a.value != b.value:
            yield a.name.lower(), classes.header_class(a, b)


class Figures(collections.Counter):
    """Counts of one set: mails, headers; texts, and of them equal, second (equal when GMime gives up a label that it
    cannot believe), sound (labels fit the bytes), sound equal; argued (what differs and has a class)."""


def compare_mail(g, f, n):
    """[(where, kind, class)] of one mail; its texts are counted in n."""
    found = []
    for note in f.notes:
        found.append(("mail", "bound", note))
    texts = [leaf for leaf in g.leaves.values() if leaf.text is not None]
    n["texts"] += len(texts)
    n["sound"] += sum(map(classes.sound, texts))
    pairs, why = [], []
    if not g.parts:
        why.append((0, "no-message"))
    else:
        match(g, f, 0, 0, pairs, why)
    found += [(str(at), "tree", name) for at, name in why]
    for gi, fi in pairs:
        a, b, p, q = g.leaves.get(gi), f.leaves.get(fi), g.parts[gi], f.parts[fi]
        if p.name != q.name:
            found.append((str(fi), "name", classes.name_class(p.name, q.name, None)))
        if p.charset != q.charset:
            twice = sum(h.name.lower() == "content-type" for h in g.headers) > 1
            found.append((str(fi), "label", "content-type-twice" if twice and gi == 0 else "param-syntax"))
        if a is None or b is None:
            continue
        text = a.text is not None
        if text and a.text == b.text:
            n["equal"] += 1
            n["sound equal"] += classes.sound(a)
        elif classes.fold(a.bytes) != classes.fold(b.bytes):
            found.append((str(fi), "text" if text else "content", classes.bytes_class(a, b, {name for _, name in why})))
        elif text:
            n["second"] += a.second == b.text
            found.append((str(fi), "text", classes.text_class(p.charset, a, b)))
    found += [(where, "header", name) for where, name in compare_headers(g, f)]
    return found


def judged(d):
    """d, of another class when a person found it wrong."""
    wrong = d.kind == "text" and (d.set, d.mail + ":" + d.where) in classes.WRONG
    return d._replace(name="guess-wrong") if wrong else d


def compare_set(name, programs):
    """All differences of a set, and its figures; None and why when its mail is not here."""
    mails, why = mails_of(name)
    if mails is None:
        return None, why
    n = Figures(mails=len(mails))
    paths = [path for _, path in mails]
    gs, fs = dump_both(programs, paths)
    differ = []
    for i, (g, f) in enumerate(zip(gs, fs)):
        n["headers"] += g.count("\nH\t") + g.startswith("H\t")
        if g == f:
            texts = sum(line.split("\t")[3] != "-" for line in g.split("\n") if line.startswith("T\t"))
            for key in ("texts", "equal", "sound", "sound equal"):  # what differs not, says what it is
                n[key] += texts
        else:
            differ.append(i)
    del gs, fs
    found = []
    for at in range(0, len(differ), 500):  # whole mails are large in hex
        some = differ[at:at + 500]
        g, f = dump_both(programs, [paths[i] for i in some], full=True)
        for i, a, b in zip(some, g, f):
            found += [judged(Difference(name, mails[i][0], *d)) for d in compare_mail(a, b, n)]
    n["argued"] = sum(d.kind == "text" and d.name not in ("unexplained", "guess-wrong") for d in found)
    return found, n


# --- the table ------------------------------------------------------------------------------------------------------

def place(name):
    return (SETS + [GOLDEN, ALL]).index(name)


def rows(found):
    """differences.csv: one row for each set, kind and class."""
    count = collections.Counter((d.set, d.kind, d.name) for d in found)
    for (name, kind, cls), n in sorted(count.items(), key=lambda c: (place(c[0][0]), c[0][1:])):
        who, why = classes.CLASSES.get(cls, classes.CLASSES["unexplained"])
        yield {"set": name, "kind": kind, "class": cls, "count": str(n), "who": who, "why": why}


def keys(found):
    """differences.mails: {(set, kind, class): {mail:where}}."""
    table = collections.defaultdict(set)
    for d in found:
        table[d.set, d.kind, d.name].add(urllib.parse.quote(d.mail, safe="/+=@,~") + ":" + d.where)
    return table


def read_table():
    with open(TABLE, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def read_keys():
    table, at = {}, None
    with open(MAILS, encoding="utf-8") as f:
        for line in f:
            if line.startswith("["):
                at = table.setdefault(tuple(line.strip()[1:-1].split(" ")), set())
            elif not line.startswith("#"):
                at.update(line.split())
    return table


def natural(key):
    mail, _, where = key.rpartition(":")
    return [int(x) if x.isdigit() else 0 for x in (mail, where)], key


def write(found, sets):
    """Rewrite the rows of `sets`, keep those of sets that are not here."""
    kept = [r for r in read_table() if r["set"] not in sets] if os.path.exists(TABLE) else []
    table = {k: v for k, v in read_keys().items() if k[0] not in sets} if os.path.exists(MAILS) else {}
    table.update(keys(found))
    with open(TABLE, "w", encoding="utf-8", newline="") as f:
        out = csv.DictWriter(f, ["set", "kind", "class", "count", "who", "why"], lineterminator="\n")
        out.writeheader()
        out.writerows(sorted(kept + list(rows(found)), key=lambda r: (place(r["set"]), r["kind"], r["class"])))
    with open(MAILS, "w", encoding="utf-8") as f:
        f.write("# The mails behind differences.csv: MAIL:PART or MAIL:FIELD. compare.py --write made it.\n")
        for key in sorted(table, key=lambda k: (place(k[0]), k)):
            f.write("[%s]\n" % " ".join(key))
            f.write(textwrap.fill(" ".join(sorted(table[key], key=natural)), 119, break_long_words=False,
                                  break_on_hyphens=False) + "\n")


def write_figures(figures):
    """bench/results/oracle.csv: the rows of these sets anew."""
    kept = []
    if os.path.exists(FIGURES):
        with open(FIGURES, encoding="utf-8", newline="") as f:
            kept = [row for row in list(csv.reader(f))[1:] if row[3] not in [name for name, _ in figures]]
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        models = [line.partition(":")[2].strip() for line in f if line.startswith("model name")]
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, text=True,
                            check=True)
    counts = ["mails", "headers", "texts", "equal", "sound", "sound equal", "second", "argued"]
    with open(FIGURES, "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(["date", "machine", "commit", "set"] + [c.replace(" ", "_") for c in counts] +
                     ["equal_pct", "sound_equal_pct", "argued_pct"])
        fresh = []
        for name, n in figures:
            fresh.append([datetime.date.today(), "%s x%d" % (models[0], len(models)), commit.stdout.strip(), name] +
                         [n[c] for c in counts] + ["%.3f" % share(a, b) for a, b in (
                             (n["equal"], n["texts"]), (n["sound equal"], n["sound"]),
                             (n["equal"] + n["argued"], n["texts"]))])
        out.writerows(sorted(kept + fresh, key=lambda row: place(row[3])))


def share(part, whole):
    return 100.0 * part / whole if whole else 100.0


def report(name, n):
    return "%-14s %6d mails %7d headers %6d texts: %6.2f%% equal; %6.2f%% of those that say what they are; " \
           "%6.2f%% when GMime gives up a label that lies; %7.3f%% with what is argued" % (
               name, n["mails"], n["headers"], n["texts"], share(n["equal"], n["texts"]),
               share(n["sound equal"], n["sound"]), share(n["equal"] + n["second"], n["texts"]),
               share(n["equal"] + n["argued"], n["texts"]))


def programs():
    build = os.path.join(ROOT, os.environ.get("B", "build/release"), "oracle")
    return [os.path.join(build, "gmime"), os.path.join(build, "furui")]


def show(cls, found):
    if not found:
        return
    mails = dict(mails_of(found[0].set)[0])
    for d in found:
        if d.name != cls:
            continue
        g, f = (m[0] for m in dump_both(programs(), [mails[d.mail]], full=True))
        print("--", d.kind, d.where, mails[d.mail])
        for m in (g, f):
            if d.kind == "tree":
                print("   ", " ".join("%d<%d:%s" % (i, p.parent, p.type) for i, p in enumerate(m.parts)))
            elif d.kind == "header":
                print("   ", [h.value.decode("utf-8", "replace")[:300] for h in m.headers if h.name.lower() == d.where])
            elif d.kind in ("name", "label"):
                print("   ", m.parts[int(d.where)])
        if d.kind in ("text", "content"):
            a, b = g.leaves.get(int(d.where)), f.leaves.get(int(d.where))
            if a and b:
                x, y = ((v.text if a.text is not None and classes.fold(a.bytes) == classes.fold(b.bytes) else
                         classes.fold(v.bytes)).decode("utf-8", "replace") for v in (a, b))
                at = len(os.path.commonprefix([x, y]))
                print("   ", g.parts[int(d.where)].charset, a.encoding, a.label, b.label, len(x), len(y), "at", at)
                print("   ", repr(x[max(0, at - 20):at + 50]), "\n   ", repr(y[max(0, at - 20):at + 50]))


def main(argv):
    if argv[:1] == ["--show"]:
        show(argv[1], compare_set(argv[2], programs())[0])
        return 0
    rewrite = argv[:1] == ["--write"]
    sets, everything = argv[rewrite:] or SETS + [GOLDEN] * (not rewrite), []
    figures, total = [], Figures()
    for name in sets:
        found, n = compare_set(name, programs())
        if found is None:
            print("%-14s skipped: %s" % (name, n))
            continue
        print(report(name, n))
        figures.append((name, n))
        everything += found
        if name != GOLDEN:
            total.update(n)
    print(report(ALL, total))
    for row in rows(everything):
        print("  %(set)-13s %(kind)-8s %(class)-20s %(count)6s  %(who)s" % row)
    if rewrite:
        write(everything, [name for name, _ in figures])
        write_figures(figures + [(ALL, total)] * (len(figures) == len(SETS)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
