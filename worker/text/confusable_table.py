#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""confusable_table: write confusable_table.h: what characters pass for (Unicode TR39), and letters in disguise.

usage: confusable_table.py CONFUSABLES_TXT UNICODE_DATA_TXT > confusable_table.h

Both files of one Unicode version, the one that utf8proc knows (15.0): confusables.txt is in Debian's source package icu
(72.1, source/data/unidata/confusables.txt), UnicodeData.txt in Debian's package unicode-data (15.0.0)."""
import re
import sys

import unicode_file

NUMBERS = dict(zip("ZERO ONE TWO THREE FOUR FIVE SIX SEVEN EIGHT NINE TEN ELEVEN TWELVE THIRTEEN FOURTEEN FIFTEEN SIXTEEN "
                   "SEVENTEEN EIGHTEEN NINETEEN TWENTY".split(), range(21)))
LETTER = re.compile(r"(?:LATIN LETTER SMALL CAPITAL|(?:CROSSED )?NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER) ([A-Z])$")
NUMBER = re.compile(r"(?:DINGBAT )?NEGATIVE CIRCLED (?:SANS-SERIF )?(?:DIGIT|NUMBER) ([A-Z]+)$")
PHONETIC = {"LATIN SMALL LETTER ALPHA": "a", "LATIN SMALL LETTER SCRIPT G": "g"}  # in no language's alphabet

prototypes, version = {}, None
with open(sys.argv[1], encoding="utf-8-sig") as lines:
    for line in lines:
        if line.startswith("# Version:"):
            version = line.split(":")[1].strip()
        fields = line.split("#")[0].split(";")
        if len(fields) > 2:
            prototypes[int(fields[0], 16)] = tuple(int(c, 16) for c in fields[1].split())

disguised = {}
with open(sys.argv[2], encoding="ascii") as lines:
    for line in lines:
        code, name, *fields = line.split(";")
        letter, number = LETTER.match(name), NUMBER.match(name)
        if letter:
            disguised[int(code, 16)] = letter[1].lower()
        elif number:
            disguised[int(code, 16)] = str(NUMBERS[number[1]])
        elif name in PHONETIC:
            disguised[int(code, 16)] = PHONETIC[name]

pool, place = [], {}
for prototype in sorted(set(prototypes.values()), key=lambda p: (-len(p), p)):
    place[prototype] = len(pool)
    pool.extend(prototype)

print(f"""/* SPDX-License-Identifier: Apache-2.0 AND Unicode-DFS-2016 */
/* confusable_table: characters and what they pass for; written by confusable_table.py, do not edit.
 *
 * Source: confusables.txt {version} (UTS #39) and character names of UnicodeData.txt; copyright 1991-2022 Unicode, Inc.,
 * under the licence in unicode-licence.txt beside this file. */
/* clang-format off */
/* Prototypes, one after the other. */
static const uint32_t POOL[] = {{""")
unicode_file.write("0x%X," % c for c in pool)
print("""};
/* A character, ascending, where its prototype stands in POOL, and of how many characters it is. */
static const struct confusable { uint32_t from; uint16_t at, n; } CONFUSABLE[] = {""")
unicode_file.write("{0x%X,%d,%d}," % (c, place[p], len(p)) for c, p in sorted(prototypes.items()))
print("""};
/* Letters and numbers that are what is named, in disguise, whatever stands around them. Ascending. */
static const struct disguise { uint32_t from; char to[3]; } DISGUISE[] = {""")
unicode_file.write('{0x%X,"%s"},' % item for item in sorted(disguised.items()))
print("};")
