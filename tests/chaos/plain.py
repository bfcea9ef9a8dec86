# SPDX-License-Identifier: Apache-2.0
"""plain: what the stream of reports leads to, computed once more, simply, from what docs/feedback.md says.

It reads the stream as it lies in Redis, applies each host's numbers in order, and sums up what is said of each name. It
knows the words of trusted reporters only (weight 1 whatever else was said): what strangers say of their own names is
held within bounds, not computed. Nothing here is shared with the C code."""

import collections
import struct

SPAM, HAM, UNDO = 0, 1, 2
SAYS = {"spam": SPAM, "ham": HAM, "undo": UNDO}
KINDS = ["ip", "net", "sender", "from", "dkim", "url", "file", "text", "user", "rcpts", "nets", "tenant"]
FROM, TENANT = KINDS.index("from"), KINDS.index("tenant")
RECORD_VERSION, REPORT = 2, 0
DAY_MS = 86400e3
TENANT_SHARE = 0.25
MASK = (1 << 64) - 1


class Damaged(Exception):
    """What is read is no record."""


# --- a keyed hash -----------------------------------------------------------------------------------------------------

def siphash128(key, data):
    """SipHash-2-4 with 16 bytes of output (Aumasson, Bernstein 2012)."""
    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d ^ 0xee, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]

    def rotate(x, n):
        return (x << n | x >> (64 - n)) & MASK

    def rounds(n):
        for _ in range(n):
            v[0] = (v[0] + v[1]) & MASK
            v[1] = rotate(v[1], 13) ^ v[0]
            v[0] = rotate(v[0], 32)
            v[2] = (v[2] + v[3]) & MASK
            v[3] = rotate(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & MASK
            v[3] = rotate(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & MASK
            v[1] = rotate(v[1], 17) ^ v[2]
            v[2] = rotate(v[2], 32)

    tail = data + bytes(7 - len(data) % 8) + bytes([len(data) & 255])
    for (m,) in struct.iter_unpack("<Q", tail):
        v[3] ^= m
        rounds(2)
        v[0] ^= m
    v[2] ^= 0xee
    rounds(4)
    first = v[0] ^ v[1] ^ v[2] ^ v[3]
    v[1] ^= 0xdd
    rounds(4)
    return struct.pack("<QQ", first, v[0] ^ v[1] ^ v[2] ^ v[3])


def reporter_number(secret, name):
    """What stands for a reporter in records."""
    return int.from_bytes(siphash128(secret, b"reporter\0" + name.lower().encode())[:8], "big")


# --- a record ---------------------------------------------------------------------------------------------------------

class Record:
    """What proto/feedback.h packs, but for its features."""

    def __init__(self, data):
        self.data, self.at = data, 0
        version, self.kind, self.says, self.flags = self.fixed("<BBBB")
        if version != RECORD_VERSION:
            raise Damaged("version %d" % version)
        self.wall_ms, self.score, self.features = self.fixed("<qdI")
        self.digest = self.fixed("<QQ")
        (self.reporter,) = self.fixed("<Q")
        self.tenant, self.ticket, self.order = self.text(), self.text(), self.text()
        self.alike = [self.fixed("<Q")[0] for _ in range(self.number())]
        self.names = [(self.fixed("<B")[0], self.text()) for _ in range(self.number())]

    def fixed(self, form):
        n = struct.calcsize(form)
        if self.at + n > len(self.data):
            raise Damaged("ends too early")
        self.at += n
        return struct.unpack(form, self.data[self.at - n:self.at])

    def number(self):
        x = shift = 0
        while True:
            (b,) = self.fixed("<B")
            x |= (b & 127) << shift
            shift += 7
            if b < 128:
                return x

    def text(self):
        return self.fixed("%ds" % self.number())[0].decode()

    def name(self, kind):
        """The first name of this kind, or None."""
        return next((name for k, name in self.names if k == kind), None)


# --- the stream -------------------------------------------------------------------------------------------------------

class Entry:
    """One entry of the stream: its id, whose it is, and the record."""

    def __init__(self, entry_id, fields):
        of = dict(zip(fields[::2], fields[1::2]))
        self.id = tuple(map(int, entry_id.split(b"-")))
        self.host, self.number, self.previous = int(of[b"h"], 16), int(of[b"n"]), int(of[b"p"])
        self.record = Record(of[b"r"])


class Stream:
    """Entries as a reader must take them: `taken` in order, of which `reports` are what people said; `doubled` and `early`
    were passed over."""

    def __init__(self, entries):
        self.taken, self.doubled, self.early, last = [], 0, 0, {}
        for e in entries:
            if e.number <= last.get(e.host, 0):
                self.doubled += 1
            elif e.host in last and e.previous > last[e.host]:
                self.early += 1
            else:
                last[e.host] = e.number
                self.taken.append(e)
        self.reports = [e for e in self.taken if e.record.kind == REPORT]


# --- voices -----------------------------------------------------------------------------------------------------------

class Voices:
    """What trusted reporters said: words (reporter, mail) -> what is said now, and sums of each name.

    said[(tenant, kind, name)] = [spam, ham]; `crowd` holds the names that anybody else spoke about; words[reporter] is how
    many of his words counted."""

    def __init__(self, trusted):
        self.trusted = set(trusted)
        self.word, self.about, self.said, self.crowd = {}, {}, {}, set()
        self.reports = self.again = 0
        self.words = collections.Counter()

    def take(self, entry):
        r, now_ms = entry.record, entry.id[0]
        self.reports += 1
        key = (r.reporter, r.digest)
        before = self.word.get(key)
        if (before["says"] == r.says) if before else r.says == UNDO:
            self.again += 1
            return
        if r.reporter not in self.trusted:
            self.crowd.update((tenant, kind, name) for tenant in {r.tenant, ""} for kind, name in r.names)
        elif before:
            self.take_back(r, before, now_ms)
        if before:
            del self.word[key]
        if r.says != UNDO:
            self.word[key] = {"says": r.says, "given": {}}
            self.words[r.reporter] += 1
            if r.tenant:
                self.said.setdefault((r.tenant, TENANT, "all"), [0, 0])[r.says] += 1
            if r.reporter in self.trusted:
                self.give(r, self.word[key], now_ms)

    def add(self, r, kind, name, says, amount):
        for tenant, share in [(r.tenant, 1)] + ([("", TENANT_SHARE)] if r.tenant else []):
            self.said.setdefault((tenant, kind, name), [0, 0])[says] += share * amount

    def spoken(self, key, now_ms):
        total, at_ms = self.about.get(key, (0, now_ms))
        return total * 2 ** (-(now_ms - at_ms) / DAY_MS)

    def give(self, r, word, now_ms):
        """Each next word of one reporter about a name counts half: no more than 2 in sum, faded by half each day."""
        for kind, name in r.names:
            key = (r.tenant, kind, name, r.reporter)
            amount = min(max(2 - self.spoken(key, now_ms), 0) / 2, 1) if key in self.about else 1.0
            self.about[key] = (self.spoken(key, now_ms) + amount, now_ms)
            word["given"].setdefault((kind, name), amount)
            self.add(r, kind, name, r.says, amount)

    def take_back(self, r, word, now_ms):
        for kind, name in r.names:
            amount = word["given"].get((kind, name), 0)
            key = (r.tenant, kind, name, r.reporter)
            self.about[key] = (max(self.spoken(key, now_ms) - amount, 0), now_ms)
            self.add(r, kind, name, word["says"], -amount)


def said_in_redis(records, prefix):
    """{(tenant, kind, name): (spam, ham)} of records of names, as they lie in Redis; of those about whom people spoke."""
    out = {}
    for key, value in records:
        rest = key[len(prefix) + len(":2:{00}:"):].decode()
        tenant, _, rest = rest.partition(":")
        kind, _, name = rest.partition(":")
        if len(value) != 44 or kind not in KINDS:
            continue
        sums = struct.unpack("<10f", value[4:])
        if sums[8] or sums[9]:
            out[(tenant, KINDS.index(kind), name)] = (sums[9], sums[8])
    return out
