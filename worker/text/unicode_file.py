# SPDX-License-Identifier: Apache-2.0
"""unicode_file: what the writers of *_table.h share: a property read from Unicode's files, a table written."""


def read(path):
    """A property's value by character: lines of 'FIRST..LAST ; VALUE # comment'."""
    value = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            fields = line.split("#")[0].split(";")
            if len(fields) == 2:
                first, _, last = fields[0].strip().partition("..")
                for c in range(int(first, 16), int(last or first, 16) + 1):
                    value[c] = fields[1].strip()
    return value


def write(items):
    """The items, as many on a line as fit."""
    line = ""
    for item in items:
        if len(line) + len(item) > 119:
            print(line.rstrip())
            line = ""
        line += item + " "
    print(line.rstrip())
