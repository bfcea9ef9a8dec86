# SPDX-License-Identifier: Apache-2.0
"""A few rounds of `make chaos-reports`, with a fixed seed: kill -9 in all places while reports come in, and then every
acknowledged report is in the model exactly once. tests/chaos"""

import os
import sys
import types
import unittest

import service as harness

sys.path.insert(0, os.path.join(harness.ROOT, "tests/chaos"))
import chaos  # noqa: E402
import plain  # noqa: E402

ROUNDS = 4


class Chaos(unittest.TestCase):
    def account(self, world):
        got = chaos.run(world, "test/" + world, ROUNDS, print_line, reports_per_s=40, mails_per_s=20)
        self.assertEqual(got.faults, [])
        self.assertEqual((got.count["rounds"], got.count["lost"], got.count["doubled"]), (ROUNDS, 0, 0))
        self.assertGreater(got.count["acknowledged"], 0)
        self.assertGreater(got.count["names"], 0)

    def test_one_host_with_its_own_redis(self):
        self.account("private")

    def test_two_hosts_that_share_one(self):
        self.account("shared")

    def test_a_redis_that_loses_what_it_had_acknowledged(self):
        self.account("power")


class Plain(unittest.TestCase):
    def test_keyed_hash(self):
        # the vectors of SipHash's authors: vectors_sip128 for messages of 0, 1 and 15 bytes, key 00 01 … 0f
        for n, want in ((0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45"),
                        (15, "5493e99933b0a8117e08ec0f97cfc3d9")):
            self.assertEqual(plain.siphash128(bytes(range(16)), bytes(range(n))).hex(), want)

    def test_a_reader_takes_each_number_once_and_in_order(self):
        class Entry:
            record = types.SimpleNamespace(kind=plain.REPORT)

            def __init__(self, host, number, previous):
                self.host, self.number, self.previous = host, number, previous

        stream = plain.Stream([Entry(1, 1, 0), Entry(2, 5, 4), Entry(1, 3, 2), Entry(1, 2, 1), Entry(1, 2, 1), Entry(1, 3, 2)])
        self.assertEqual([(e.host, e.number) for e in stream.taken], [(1, 1), (2, 5), (1, 2), (1, 3)])
        self.assertEqual((stream.doubled, stream.early), (1, 1))


def print_line(line):
    print("# " + line.replace("\n", "\n# "), flush=True)


if __name__ == "__main__":
    harness.main()
