#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""script_table: write script_table.h: how text of each character is cut into words.

usage: script_table.py SCRIPTS_TXT DERIVED_GENERAL_CATEGORY_TXT > script_table.h

Both from Debian's package unicode-data (15.0.0): Scripts.txt and extracted/DerivedGeneralCategory.txt."""
import sys

import unicode_file

UNSPACED = "Thai Lao Khmer Myanmar Tai_Le New_Tai_Lue Tai_Tham Tai_Viet".split()
BY_SCRIPT = {"Han": "HAN", "Hiragana": "HIRAGANA", "Katakana": "KATAKANA", "Hangul": "HANGUL", "Bopomofo": "HAN",
             **{name: "UNSPACED" for name in UNSPACED}}

script, category = unicode_file.read(sys.argv[1]), unicode_file.read(sys.argv[2])


def kind(c):
    of = category.get(c, "Cn")
    if c in (0x200C, 0x200D):  # joiners go with what stands before them
        return "EXTEND"
    if c == 0x30FC:  # the long vowel mark
        return "KATAKANA"
    if of[0] in "PZC" and of not in ("Co", "Cn"):
        return "NONE"
    if of[0] == "S":
        return "EXTEND" if 0x1F3FB <= c <= 0x1F3FF else "SYMBOL"  # skin tones
    if of[0] == "M":
        return "EXTEND"
    return BY_SCRIPT.get(script.get(c), "WORD")


ranges = []
for c in range(0x80, 0x110000):
    if 0xD800 <= c < 0xE000:
        continue
    # What is not assigned goes with what stands before it: fewer ranges, and a later Unicode is mostly right.
    k = kind(c) if category.get(c, "Cn") != "Cn" or not ranges else ranges[-1][1]
    if not ranges or ranges[-1][1] != k:
        ranges.append((c, k))

print("""/* SPDX-License-Identifier: Apache-2.0 AND Unicode-DFS-2016 */
/* script_table: where runs of characters of one kind begin, from U+0080 on; written by script_table.py, do not edit.
 *
 * Source: Scripts.txt and DerivedGeneralCategory.txt, Unicode 15.0.0; copyright 1991-2022 Unicode, Inc., under the
 * licence in unicode-licence.txt beside this file. */
/* clang-format off */""")
unicode_file.write("{0x%X, SCRIPT_%s}," % item for item in ranges)
