#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""script_table: write script_table.h: how text of each character is cut into words.

usage: script_table.py SCRIPTS_TXT DERIVED_GENERAL_CATEGORY_TXT > script_table.h

Both from Debian's package unicode-data (15.0.0): Scripts.txt and extracted/DerivedGeneralCategory.txt."""
import sys

UNSPACED = "Thai Lao Khmer Myanmar Tai_Le New_Tai_Lue Tai_Tham Tai_Viet".split()
BY_SCRIPT = {"Han": "HAN", "Hiragana": "HIRAGANA", "Katakana": "KATAKANA", "Hangul": "HANGUL", "Bopomofo": "HAN",
             **{name: "UNSPACED" for name in UNSPACED}}


def read(path):
    """A property's value by character."""
    value = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            fields = line.split("#")[0].split(";")
            if len(fields) == 2:
                first, _, last = fields[0].strip().partition("..")
                for c in range(int(first, 16), int(last or first, 16) + 1):
                    value[c] = fields[1].strip()
    return value


script, category = read(sys.argv[1]), read(sys.argv[2])


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
line = ""
for c, k in ranges:
    item = "{0x%X, SCRIPT_%s}," % (c, k)
    if len(line) + len(item) > 119:
        print(line.rstrip())
        line = ""
    line += item + " "
print(line.rstrip())
