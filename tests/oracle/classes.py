# SPDX-License-Identifier: Apache-2.0
"""classes: why two readers differ on a mail, told from the evidence: the bytes, their label, both results.

Each class has a name, who is right and why; a rule below gives a difference its class. What no rule explains is
"unexplained": such a row has to be argued by hand before it may stand in differences.csv."""

import re

# class: (who is right, why)
CLASSES = {
    # texts
    "ascii-label": ("furui",
        "us-ascii with bytes over 127: clients show what the bytes are (WHATWG Encoding reads us-ascii as "
        "windows-1252); GMime's iconv yields U+FFFD"),
    "utf8-label": ("furui",
        "labelled utf-8 and not valid UTF-8 (RFC 3629): read as the charset that the bytes are of"),
    "utf8-damaged": ("both",
        "UTF-8 with a few damaged characters: how many U+FFFD stand for one is a matter of taste (WHATWG "
        "Encoding: one for each maximal part)"),
    "really-utf8": ("furui",
        "valid UTF-8 of several characters under another label: other charsets' text is UTF-8 by accident "
        "with next to no chance"),
    "superset": ("furui",
        "the label names a subset of what is written: gb2312 is read as GB18030, shift_jis as CP932, "
        "ks_c_5601 as CP949, big5 with HKSCS, as WHATWG Encoding has it"),
    "iso2022-8bit": ("furui",
        "labelled iso-2022-jp (7 bits, RFC 1468) and written in Shift_JIS or EUC-JP, or with 8-bit stretches: "
        "read as what the bytes are"),
    "iso2022-damaged": ("furui",
        "ISO-2022-JP with rows, kana or escapes that iconv refuses and Japanese mailers write"),
    "iso2022-unlabelled": ("furui",
        "escape sequences of ISO-2022-JP without a label, or under another: no other text has them"),
    "one-byte-holes": ("both",
        "bytes that the labelled one-byte charset does not define"),
    "no-label": ("furui",
        "8-bit text without a label: guessed by its script; GMime is told to take windows-1252 for everything"),
    "unknown-label": ("furui",
        "a label that GMime does not know, or nobody: read by what the bytes are"),
    "implausible-label": ("furui",
        "bytes possible under the label, but not as text in any language that it serves"),
    "html-label": ("furui",
        "no label in the header: HTML's own <meta charset> counts, as in every client"),
    "windows-twin": ("furui",
        "ISO 8859 with bytes from 0x80 to 0x9F is the Windows charset that its writer meant; GMime does the "
        "same, but not for iso-8859-15"),
    "nul": ("furui",
        "a NUL in the text, where GMime's guess of a charset ends; clients show what follows"),
    "mapping": ("both",
        "the same charset, another table for a few characters (wave dash, middle dot, user-defined)"),
    # contents
    "base64-cut": ("furui",
        "base64 that ends without its padding: what the last digits hold is kept (as clients do), GMime drops "
        "it"),
    "qp-equals": ("furui",
        "'=' before blanks or another '=': RFC 2045 6.7 drops blanks at a line's end and reads the soft line "
        "break; GMime leaves '=' in the text"),
    "header-end": ("furui",
        "a line that is no field ends the header and begins the text, as clients show it; GMime takes it for "
        "header"),
    "late-header": ("furui",
        "an embedded message that begins with a blank line: the header behind it is its header, as its writer "
        "meant"),
    "encoding-name": ("furui",
        "Content-Transfer-Encoding with a comment, quotes or a semicolon (RFC 2045 allows comments): read; "
        "GMime takes 7bit"),
    "no-empty-line": ("furui",
        "an embedded part without the empty line after its header: what follows is its text"),
    # part trees
    "boundary-unseen": ("furui",
        "a multipart whose boundary never occurs is shown as text by clients; GMime has no part"),
    "boundary-nested": ("furui",
        "an inner multipart that an outer boundary ends: what stands behind it is read as Python's email does"),
    "boundary-sniffed": ("furui",
        "a multipart without (or with another) boundary parameter whose body shows one"),
    "bad-content-type": ("furui",
        "RFC 2045 5.2: a Content-Type that cannot be read means text/plain; GMime says application/octet- "
        "stream"),
    "no-message": ("furui",
        "no header at the start: clients show the bytes as text; GMime refuses the mail"),
    "empty-part": ("both",
        "a boundary with nothing behind it: a part without a byte, or none; nobody sees it"),
    "empty-message": ("both",
        "an embedded message without a byte: with or without a text part in it"),
    "content-type-twice": ("both",
        "two Content-Type fields: Furui takes the first, GMime the last; no RFC says"),
    "broken-header": ("furui",
        "a line within the header that is no field: Furui goes on to the fields that follow"),
    # headers
    "raw-8bit": ("furui",
        "bytes over 127 in a header that is not UTF-8 (RFC 6532 wants it): read in the mail's own charset or "
        "guessed; GMime takes windows-1252"),
    "raw-iso2022": ("furui",
        "ISO-2022-JP in a header without encoded words, as old Japanese mailers wrote it"),
    "raw-iso2022-lost": ("furui", "the same without the ESC bytes, which a gateway took out, in a mail in ISO-2022-JP"),
    "word-padding": ("furui",
        "adjacent base64 words, each with its padding (RFC 2047 2): GMime stops at the first one's '=', the "
        "rest is lost"),
    "word-lies": ("furui",
        "an encoded word whose bytes are of another charset than it says"),
    "word-cut": ("furui",
        "base64 in an encoded word without its padding: GMime drops the last character"),
    "word-unclosed": ("both",
        "an encoded word that is not as RFC 2047 wants it: decoded or left as written"),
    "control": ("furui",
        "control characters in a header value, which no client shows, are dropped"),
    "header-limit": ("furui",
        "a field over MAIL_FIELD_BYTES_MAX: the rest is not read"),
    "header-lines": ("furui",
        "a line that is no field: Furui does not count it as one, or reads on after it"),
    # parameters
    "name-backslash": ("furui",
        "a backslash in a quoted file name: RFC 822 escapes with it, Windows' paths are full of it; before a "
        "letter it is a path, as clients show"),
    "name-8bit": ("furui",
        "a file name in raw 8-bit bytes or in encoded words inside quotes: decoded for the reader"),
    "name-space": ("both",
        "white space within a file name"),
    "param-syntax": ("furui",
        "a parameter after a missing ';' or quote is read, as clients do"),
    # by hand
    "guess-wrong": ("gmime",
        "a charset guessed wrongly, as a person who read it found: a font's name in Chinese beside nothing "
        "else, a name of three characters, Turkish beside junk"),
    "unexplained": ("nobody knows",
        "a new difference: argue it"),
}

# What rules cannot tell: texts that were read by a person and are guessed wrongly. (set, "MAIL:PART")
WRONG = {("spamassassin", "322:0"), ("spamassassin", "483:0"), ("spamassassin", "3229:0"), ("trec07a", "1853:1")}

SUPERSETS = {
    "gb2312": ["gb18030"], "gbk": ["gb18030"], "x-gbk": ["gb18030"], "gb18030": ["gb18030"],
    "big5": ["big5hkscs", "cp950"], "ks_c_5601-1987": ["cp949"], "euc-kr": ["cp949"], "shift_jis": ["cp932"],
    "shift-jis": ["cp932"], "x-sjis": ["cp932"], "iso-2022-jp": ["iso2022_jp_ext", "iso2022_jp_3"],
    "iso-8859-1": ["cp1252"], "windows-1252": ["cp1252"], "euc-jp": ["euc_jis_2004"],
}
ASCII_LABELS = ("us-ascii", "ascii", "ansi_x3.4-1968", "7bit", "646")


def sound(leaf):
    """Does a text say truthfully what it is, as far as GMime can tell: bytes valid under its label, or plain ASCII?"""
    return leaf.label == "fine" or (leaf.label == "none" and not any(c > 127 or c == 27 for c in leaf.bytes))


def fold(b):
    return b" ".join(re.split(rb"[ \t\r\n\v\f]+", b)).strip(b" ")


def decodes(b, codec):
    try:
        return b.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return None


def utf8_characters(b):
    """Characters over ASCII, or None when `b` is not UTF-8."""
    text = decodes(b, "utf-8")
    return None if text is None else sum(ord(c) > 127 for c in text)


def text_class(label, g, f):
    """A text whose bytes agree. label: as declared; g, f: leaves with .bytes, .text, .label (flag)."""
    b, high = g.bytes, any(c > 127 for c in g.bytes)
    escapes = re.search(rb"\x1b[$(]", b) is not None
    if b"\0" in b and f.text.startswith(g.text):
        return "nul"
    if g.label == "none":
        if escapes:
            return "iso2022-unlabelled"
        return "html-label" if re.search(rb"charset\s*=", b[:1024], re.I) else "no-label"
    if g.label == "unknown" or f.label == "unknown":
        return "unknown-label"
    if utf8_characters(b) and f.text == fold(b):
        return "really-utf8"
    if g.label == "invalid":
        if label == "iso-2022-jp":
            return "iso2022-8bit" if high else "iso2022-damaged"
        wider = [(decodes(b, codec) or "").encode("utf-8", "surrogatepass") for codec in SUPERSETS.get(label, [])]
        if f.text in wider:
            return "superset"
        if label in ASCII_LABELS:
            return "ascii-label"
        if label == "utf-8":
            whole, broken = sum(c >= 0xC2 for c in b), f.text.count(b"\xef\xbf\xbd")
            return "utf8-damaged" if 0 < 4 * broken < whole else "utf8-label"
        if f.label == "invalid":
            return "implausible-label"
        if label.startswith(("iso-8859", "windows-12", "cp12", "koi8")):
            return "one-byte-holes"
        return "superset" if label in SUPERSETS else "unexplained"
    if escapes and label != "iso-2022-jp":
        return "iso2022-unlabelled"
    if label == "iso-2022-jp" and not high:
        x, y = g.text.decode("utf-8", "replace"), f.text.decode("utf-8", "replace")
        return "mapping" if len(x) == len(y) else "iso2022-damaged"
    if f.label == "invalid":
        return "implausible-label"
    if label.startswith("iso-8859-") and any(0x80 <= c < 0xA0 for c in b):
        return "windows-twin"
    x, y = g.text.decode("utf-8", "replace"), f.text.decode("utf-8", "replace")
    return "mapping" if abs(len(x) - len(y)) * 20 <= len(x) else "unexplained"


FIELDS = re.compile(rb"\s*([A-Za-z][A-Za-z0-9-]*[ \t]*:[^\n]*\n([ \t][^\n]*\n)*)+\s*")


def bytes_class(g, f, tree):
    """A content whose bytes differ, in a mail whose trees differ by the classes `tree`."""
    if g.encoding != f.encoding:
        return "encoding-name"
    if "boundary-nested" in tree:
        return "boundary-nested"
    head = g.bytes[:len(g.bytes) - len(f.bytes)]
    if g.bytes.endswith(f.bytes) and FIELDS.fullmatch(head.replace(b"\r\n", b"\n") + b"\n"):
        return "late-header"
    if g.encoding == "base64" and f.bytes.startswith(g.bytes.rstrip()) and len(f.bytes) - len(g.bytes) <= 3:
        return "base64-cut"
    if g.encoding == "qp":
        def bare(b):
            return re.sub(rb"=|3D|\s", b"", b)
        if bare(g.bytes) == bare(f.bytes):
            return "qp-equals"
    if not g.bytes and f.bytes:
        return "no-empty-line"
    if f.bytes.endswith(g.bytes) or g.bytes.endswith(f.bytes):
        return "header-end"
    return "unexplained"


def header_class(g, f):
    """Two values of one field, with .value and .raw."""
    raw = g.raw
    if len(f.raw) >= 65536:
        return "header-limit"
    if re.search(rb"[\x00-\x1f\x7f]", re.sub(rb"[\t\r\n]", b"", g.value)) and \
            re.sub(rb"[\x00-\x20\x7f]", b"", g.value) == re.sub(rb"[\x00-\x20\x7f]", b"", f.value):
        return "control"
    if b"\x1b" in raw:
        return "raw-iso2022"
    if any(c > 127 for c in raw):
        return "raw-8bit"
    if re.search(rb"\$[B@]", g.value) and any(c > 127 for c in f.value):
        return "raw-iso2022-lost"
    words = re.findall(rb"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=", raw)
    if re.sub(rb"\s", b"", g.value) == re.sub(rb"\s", b"", f.value):
        return "control"
    if any(e in b"bB" and t.endswith(b"=") for _, e, t in words[:-1]):
        return "word-padding"
    if any(e in b"bB" and len(t.strip(b"=")) % 4 and len(t) % 4 for _, e, t in words):
        return "word-cut"
    if words and (f.value.count(b"=?") or g.value.count(b"=?")):
        return "word-unclosed"
    return "word-lies" if words else "unexplained"


def name_class(g, f, header):
    """Two file names of one part."""
    if f.replace("\\", "") == g.replace("\\", ""):
        return "name-backslash"
    if re.sub(r"\s", "", g) == re.sub(r"\s", "", f):
        return "name-space"
    if "=?" in g or any(ord(c) > 127 for c in g + f):
        return "name-8bit"
    return "param-syntax"
