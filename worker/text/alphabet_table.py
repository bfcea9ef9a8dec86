#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""alphabet_table: write alphabet_table.h: which alphabet the characters of a name are of.

usage: alphabet_table.py SCRIPTS_TXT > alphabet_table.h

Scripts.txt is in Debian's package unicode-data (15.0.0)."""
import sys

import unicode_file

NAMED = {"Common": "ANY", "Inherited": "ANY", "Latin": "LATIN", "Han": "HAN", "Hiragana": "KANA", "Katakana": "KANA",
         "Bopomofo": "BOPOMOFO", "Hangul": "HANGUL"}

script = unicode_file.read(sys.argv[1])
others = sorted(set(script.values()) - set(NAMED))
ranges = []
for c in sorted(script):
    if c < 0x80:
        continue
    name = script[c]
    of = "ALPHABET_" + NAMED[name] if name in NAMED else "ALPHABET_OTHER + %d" % others.index(name)
    if not ranges or ranges[-1][1] != of:  # what is not assigned goes with what stands before it
        ranges.append((c, of))

print("""/* SPDX-License-Identifier: Apache-2.0 AND Unicode-DFS-2016 */
/* alphabet_table: where runs of characters of one alphabet begin, from U+0080 on; written by alphabet_table.py, do not
 * edit.
 *
 * Source: Scripts.txt, Unicode 15.0.0; copyright 1991-2022 Unicode, Inc., under the licence in unicode-licence.txt
 * beside this file. */
/* clang-format off */""")
unicode_file.write("{0x%X, %s}," % item for item in ranges)
