#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""attachments: write the mails tests/mail/attach-*.eml and the files tests/fuzz/attach/*, all of our own making.

usage: tests/attachments.py

Each file is the smallest that its format's readers accept, or a hostile variant of it; nothing in them runs. The bytes
are the same every time."""

import base64
import io
import os
import struct
import tarfile
import zipfile
import zlib

ROOT = os.path.dirname(os.path.abspath(__file__))
WHEN = (2024, 1, 2, 3, 4, 0)


def zipped(*names, flags=0, comment=b"", inside=b"x"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name in names:
            z.writestr(zipfile.ZipInfo(name, WHEN), inside)
        z.comment = comment
    data = bytearray(out.getvalue())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        i = data.find(mark)
        while i >= 0:
            data[i + at] |= flags
            i = data.find(mark, i + 4)
    return bytes(data)


def lying(here, there):
    """Another name before the file than in the directory."""
    data = zipped(here)
    at = data.rfind(here.encode())
    return data[:at] + there.encode() + data[at + len(there):]


def tarred(*names):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as t:
        for name in names:
            t.addfile(tarfile.TarInfo(name), io.BytesIO())
    return out.getvalue().rstrip(b"\0") + bytes(1024)


def rar4(*names, flags=0):
    out = b"Rar!\x1a\x07\0" + struct.pack("<HBHH", 0, 0x73, 0, 13) + bytes(6)
    for name in names:
        head = struct.pack("<IIBIIBBHI", 1, 1, 2, 0, 0, 29, 0x30, len(name), 0x20) + name.encode()
        out += struct.pack("<HBHH", 0, 0x74, 0x8000 | flags, 7 + len(head)) + head + b"x"
    return out + struct.pack("<HBHH", 0, 0x7B, 0x4000, 7)


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def rar5(*names, hidden=False, locked=False):
    def block(kind, body, extra=b"", data=b""):
        flags = (1 if extra else 0) | (2 if data else 0)
        head = varint(kind) + varint(flags) + (varint(len(extra)) if extra else b"")
        head += (varint(len(data)) if data else b"") + body + extra
        return bytes(4) + varint(len(head)) + head + data
    out = b"Rar!\x1a\x07\1\0" + (block(4, b"\0\0\x0f" + bytes(16)) if hidden else block(1, b"\0"))
    for name in names:
        body = varint(0) + varint(1) + varint(0x20) + varint(0) + varint(0) + varint(len(name)) + name.encode()
        out += block(2, body, varint(2) + b"\1\0" if locked else b"", b"x")
    return out + block(5, b"\0")


def sevenzip(coder):
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<IQQI", 0, 0, len(coder), 0) + coder


def cabinet(*names):
    files = b"".join(struct.pack("<IIHHHH", 1, 0, 0, 0, 0, 0x20) + n.encode() + b"\0" for n in names)
    return b"MSCF" + struct.pack("<IIIIIBBHHHHH", 0, 44 + len(files), 0, 44, 0, 3, 1, 1, len(names), 0, 0, 0) + \
        bytes(8) + files


def iso(*names, joliet=False):
    def record(name, sector, size, folder=False):
        r = struct.pack("<xIIII7sBBBHHB", sector, 0, size, 0, bytes(7), 2 if folder else 0, 0, 0, 1, 0, len(name)) + name
        r += bytes(len(r) % 2)
        return bytes([len(r) + 1 + (len(r) + 1) % 2]) + r + bytes((len(r) + 1) % 2)
    root = record(b"\0", 18, 2048, True) + record(b"\1", 18, 2048, True)
    for n in names:
        root += record((n + ";1").encode("utf-16-be" if joliet else "ascii"), 19, 1)
    def volume(kind):
        v = bytes([kind]) + b"CD001\1" + bytes(81) + (b"%/E" if kind == 2 else bytes(3))
        v = v.ljust(156, b"\0") + record(b"\0", 18, 2048, True)
        return v.ljust(2048, b"\0")
    first = volume(2 if joliet else 1)
    return bytes(16 * 2048) + first + (b"\xffCD001\1".ljust(2048, b"\0")) + root.ljust(2048, b"\0")


def compound(*streams, root_class=bytes(16)):
    """Names, or (name, content of 512 bytes at most): header, FAT, directory, streams."""
    entries, data = [], b""
    first = 1 + (len(streams) + 4) // 4
    def entry(name, kind, start, size, clsid=bytes(16)):
        raw = name.encode("utf-16-le")
        return raw.ljust(64, b"\0") + struct.pack("<HBBIII", len(raw) + 2, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, 1) + \
            clsid + bytes(20) + struct.pack("<IQ", start, size)
    entries.append(entry("Root Entry", 5, 0xFFFFFFFE, 0, root_class))
    for s in streams:
        name, content = s if isinstance(s, tuple) else (s, None)
        if content is None:
            entries.append(entry(name, 1, 0, 0))
        else:
            entries.append(entry(name, 2, first + len(data) // 512, len(content)))
            data += content.ljust(512, b"\0")
    while len(entries) % 4:
        entries.append(bytes(128))
    sectors = len(entries) // 4
    fat = [0xFFFFFFFD] + [i + 2 for i in range(sectors - 1)] + [0xFFFFFFFE] * (1 + len(data) // 512)
    fat = struct.pack("<%dI" % len(fat), *fat).ljust(512, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0)
    return header.ljust(512, b"\xff") + fat + b"".join(entries) + data


def biff(*records):
    return b"".join(struct.pack("<HH", k, len(d)) + d for k, d in records)


def onenote(*files):
    out = b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3" + bytes(64)
    for f in files:
        out += b"\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac" + struct.pack("<Q", len(f)) + \
            bytes(12) + f
    return out


PE = b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0" + bytes(44) + b"\x40\0\0\0" + b"PE\0\0\x4c\1" + bytes(18)
PDF_LINKS = b"""%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R/OpenAction[3 0 R /Fit]>> endobj
4 0 obj <</Type/Annot/Subtype/Link/A<</S/URI/URI(http://pay.example.com/a\\(b\\)/\\164est)>>>> endobj
5 0 obj <</A<</S/URI /URI <687474703A2F2F6865782E6578616D706C652E6F72672F>>>>> endobj
trailer <</Root 1 0 R>>
"""
PDF_ACTIVE = b"""%PDF-1.7
1 0 obj <</Type/Catalog/OpenAction<</S/J#61vaScript/J#53(app.alert\\(1\\))>>>> endobj
trailer <</Root 1 0 R/Encrypt 9 0 R>>
"""
PAGE = b"""<!DOCTYPE html><html><body><form action="https://collect.example.net/login"><input name=p type=password></form>
<a href="https://evil.example.net/">https://bank.example.com/</a><script>var a = atob("eA==");</script></body></html>
"""
SVG = b"""<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">
<a xlink:href="https://svg.example.net/x"><text>Open</text></a><script>location.href="x"</script></svg>
"""
CALENDAR = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
BEGIN:VEVENT\r
SUMMARY:Meeting\r
LOCATION:https://meet.example.org/room/12\r
 34?pwd=5\r
DESCRIPTION:Join: https://join.example.org/a\\nThen call\\, please.\r
ATTACH:https://files.example.org/agenda.pdf\r
END:VEVENT\r
END:VCALENDAR\r
"""
CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nURL:https://card.example.org/a\r\nEND:VCARD\r\n"
OOXML = ("[Content_Types].xml", "_rels/.rels")
FIB = b"\xec\xa5\xc1\0" + bytes(6) + b"\0\1" + bytes(20)
BOOK = (0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))

FILES = {
    "zip-plain": zipped("a.txt", "b/c.pdf"),
    "zip-program": zipped("readme.txt", "invoice.pdf.exe"),
    "zip-encrypted": zipped("invoice.doc", flags=1),
    "zip-junk-before": b"\xff\xfe\0junk" * 9 + zipped("run.js"),
    "zip-cut": zipped("one.txt", "two.scr")[:-60],
    "zip-comment": zipped("a.vbs", comment=b"PK\5\6" + bytes(30)),
    "zip-twice": zipped("a.txt") + zipped("b.exe"),
    "zip-lies": lying("a.exe", "a.txt"),
    "docx": zipped(*OOXML, "word/document.xml"),
    "docm": zipped(*OOXML, "word/document.xml", "word/vbaProject.bin"),
    "xlsm4": zipped(*OOXML, "xl/workbook.xml", "xl/macrosheets/sheet1.xml"),
    "odt-macro": zipped("mimetype", "content.xml", "Basic/Standard/Module1.xml", "META-INF/manifest.xml",
                        inside=b"application/vnd.oasis.opendocument.text"),
    "jar": zipped("META-INF/MANIFEST.MF", "A.class"),
    "rar4": rar4("notes.txt", "setup.exe"),
    "rar4-locked": rar4("notes.txt", flags=4),
    "rar5": rar5("notes.txt", "setup.exe"),
    "rar5-locked": rar5("notes.txt", locked=True),
    "rar5-hidden": rar5(hidden=True),
    "7z-locked": sevenzip(b"\x17\6\1\x09\0\7\x0b\1\0\1\x24\6\xf1\7\1\x0a\0"),
    "gzip": b"\x1f\x8b\x08\x08\0\0\0\0\0\3setup.exe\0" + zlib.compress(b"x")[2:-4] + bytes(8),
    "tar": tarred("a/" + "long" * 30 + "/x.lnk", "b.txt"),
    "cab": cabinet("a.txt", "b.wsf"),
    "tnef": b"\x78\x9f\x3e\x22\1\0" + b"".join(
        b"\2\x10\x80\1\0" + struct.pack("<I", len(t) + 1) + t + bytes(3) for t in (b"a.txt", b"b.cmd")),
    "iso": iso("README.TXT", "DOC.LNK"),
    "iso-joliet": iso("Invoice.pdf.exe", joliet=True),
    "doc": compound(("WordDocument", bytes(600)[:512]), ("1Table", b"x")),
    "doc-macro": compound(("WordDocument", bytes(64)), "Macros", "VBA", ("_VBA_PROJECT", b"\xcc\x61")),
    "doc-locked": compound(("WordDocument", FIB)),
    "xls-locked": compound(("Workbook", biff(BOOK, (0x2F, bytes(6))))),
    "xls-macro4": compound(("Workbook", biff(BOOK, (0x85, b"\0\0\0\0\0\1\5\0Macro"), (0x0A, b"")))),
    "docx-locked": compound(("EncryptedPackage", b"x"), ("EncryptionInfo", b"x")),
    "ole-package": compound(("\1Ole10Native", b"x"), ("Equation Native", b"x")),
    "msg": compound(("__properties_version1.0", b"x"), ("__substg1.0_0037001F", b"x")),
    "msi": compound(("x", b"x"), root_class=b"\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"),
    "rtf-object": b"{\\rtf1\\ansi{\\object\\objemb{\\*\\objclass Package}{\\*\\objdata 0105}}}",
    "onenote": onenote(b"\x89PNG\r\n\x1a\nx", b"@echo off\r\n"),
    "pdf-links": PDF_LINKS,
    "pdf-active": PDF_ACTIVE,
    "page": PAGE,
    "page-utf16": b"\xff\xfe" + PAGE.decode().encode("utf-16-le"),
    "svg": SVG,
    "calendar": CALENDAR,
    "card": CARD,
    "program": PE,
    "png": b"\x89PNG\r\n\x1a\n" + bytes(8),
}


def mail(subject, text, *files):
    out = "From: Sender <a@example.org>\nTo: b@example.com\nSubject: %s\nDate: Tue, 2 Jan 2024 03:04:00 +0000\n" \
          "Message-ID: <%08x@example.org>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" \
          "--b\nContent-Type: text/plain; charset=utf-8\n\n%s\n" % (subject, zlib.crc32(subject.encode()), text)
    for kind, name, content in files:
        out += "--b\nContent-Type: %s\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; %s\n\n" % (
            kind, name if name.startswith("filename") else 'filename="%s"' % name)
        out += base64.encodebytes(content).decode()
    return out + "--b--\n"


OCTETS = "application/octet-stream"
MAILS = {
    "attach-archives": mail("Archives", "Some archives.", *(
        (OCTETS, n.split("-")[0] + ".bin", FILES[n]) for n in FILES if n.split("-")[0] in (
            "zip", "rar4", "rar5", "7z", "gzip", "tar", "cab", "tnef", "jar"))),
    "attach-documents": mail("Documents", "Some documents.", *(
        (OCTETS, n, FILES[n]) for n in FILES if n.split("-")[0] in (
            "doc", "docx", "docm", "xls", "xlsm4", "odt", "ole", "msg", "msi", "rtf", "onenote", "pdf"))),
    "attach-pages": mail("Pages", "Some pages.", ("text/html", "login.html", FILES["page"]),
                         ("text/html", "wide.html", FILES["page-utf16"]), ("image/svg+xml", "picture.svg", SVG),
                         ("text/calendar", "invite.ics", CALENDAR), ("text/vcard", "card.vcf", CARD)),
    "attach-lies": mail("Lies", "Not what they say.", ("image/png", "photo.png", PE), ("application/pdf", "bill.pdf", PAGE),
                        ("application/msword", "letter.doc", FILES["zip-plain"]),
                        ("application/pdf", "x.pdf", FILES["png"]), (OCTETS, "fine.exe", FILES["png"])),
    "attach-names": mail("Names", "Names that hide.",
                         (OCTETS, "filename*=utf-8''invoice%E2%80%AEfdp.exe", b"x"),
                         (OCTETS, "invoice.pdf" + " " * 90 + ".exe", b"x"),
                         (OCTETS, "report.pdf.scr. . .", b"x"),
                         (OCTETS, "filename*=utf-8''bill%E2%80%A4pdf.js", b"x"),
                         (OCTETS, "filename*=utf-8''a.exe%00.jpg", b"x"),
                         (OCTETS, "..\\\\..\\\\startup.pdf\\\\notes.txt", b"x")),
    "attach-password": mail("=?utf-8?B?" + base64.b64encode("請求書の件".encode()).decode() + "?=",
                            "添付ファイルの解凍ＰＷは別メールでお送りします。",
                            ("application/zip", "20240102.zip", FILES["zip-encrypted"])),
    "attach-invitation": "From: a@example.org\nTo: b@example.com\nSubject: Meeting\nDate: Tue, 2 Jan 2024 03:04:00 +0000\n"
                         "Message-ID: <m@example.org>\nMIME-Version: 1.0\n"
                         "Content-Type: text/calendar; charset=utf-8; method=REQUEST\n\n" + CALENDAR.decode(),
}


def main():
    seeds = os.path.join(ROOT, "fuzz/attach")
    os.makedirs(seeds, exist_ok=True)
    for name, content in FILES.items():
        with open(os.path.join(seeds, name), "wb") as f:
            f.write(b"\0\xff" + content)
    for name, text in MAILS.items():
        with open(os.path.join(ROOT, "mail", name + ".eml"), "wb") as f:
            f.write(text.encode())


if __name__ == "__main__":
    main()
