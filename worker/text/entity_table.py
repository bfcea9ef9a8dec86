#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""entity_table: write entity_table.h, the HTML standard's named character references, sorted by name.

The list is html.entities.html5 of Python's library, which is the standard's own. Run: entity_table.py > entity_table.h"""
import html.entities

names = {}
for name, value in html.entities.html5.items():
    bare = not name.endswith(";")
    names.setdefault(name.rstrip(";"), [value, False])
    if bare:
        names[name][1] = True

print("""/* SPDX-License-Identifier: Apache-2.0 */
/* entity_table: named character references, sorted by name; written by entity_table.py, do not edit.
 *
 * Name without '&' and ';', its value as UTF-8, and whether it counts without ';' too.
 * Source: HTML standard, section 13.5, by way of Python's html.entities. */
/* clang-format off */""")
line = ""
for name in sorted(names):
    value, bare = names[name]
    data = value.encode()
    assert len(name) < 32 and len(data) < 7
    item = '{"%s", "%s", %d}, ' % (name, "".join("\\x%02X" % b for b in data), bare)
    if len(line) + len(item) > 119:
        print(line.rstrip())
        line = ""
    line += item
print(line.rstrip())
