# SPDX-License-Identifier: Apache-2.0
"""hostile: mails and requests that are wrong in every way we know, and what must be said about each."""

import base64

import msgpack

HEAD = (b"From: A <a@example.org>\r\nTo: b@example.net\r\nSubject: test\r\nDate: Sat, 1 Jan 2022 00:00:00 +0000\r\n"
        b"Message-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n")


def nested(depth):
    """Multiparts in multiparts, each with its own boundary."""
    opening = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    closing = b"".join(b"--b%d--\r\n" % n for n in reversed(range(depth)))
    return HEAD + opening + b"Content-Type: text/plain\r\n\r\ndeep down\r\n" + closing


def mails():
    """(name, mail, words that must be among its oddities)"""
    text = HEAD + b"Content-Type: text/plain; charset=us-ascii\r\n\r\n"
    mixed = HEAD + b"Content-Type: multipart/mixed; boundary=xx\r\n\r\n"
    yield "empty", b"", ["empty"]
    yield "nuls", b"\0" * 100000, ["nul-bytes", "no-headers"]
    yield "one line of 50 MB", b"a" * 50_000_000, ["long-line"]
    yield "one body line of 50 MB", text + b"word " * 10_000_000, ["long-line"]
    yield "one header of 50 MB", b"Subject: " + b"x" * 50_000_000 + b"\r\n\r\nbody\r\n", ["long-line", "header-limit"]
    yield "headers without a body", HEAD, ["no-body"]
    yield "10,000 nested parts", nested(10000), ["too-deep"]
    yield "10,000 parts", mixed + b"--xx\r\n\r\nhello\r\n" * 10000 + b"--xx--\r\n", ["too-many-parts"]
    yield "truncated multipart", mixed + b"--xx\r\nContent-Type: text/plain\r\n\r\nhello, and then", ["truncated-multipart"]
    yield "boundary that never comes", mixed + b"hello\r\n", ["boundary-unseen"]
    yield "multipart without boundary", HEAD + b"Content-Type: multipart/mixed\r\n\r\nhello\r\n", ["no-boundary"]
    yield ("wrong base64", text.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n") +
           b"aGVsbG8*!!!=\r\n$$$$\r\nx", ["bad-base64"])
    yield ("wrong quoted-printable", text.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n") +
           b"a=ZZb =4\r\n", ["bad-quoted-printable"])
    yield ("unknown charset", HEAD + b"Content-Type: text/plain; charset=x-klingon\r\n\r\nqapla \xe9\xe8\r\n",
           ["unknown-charset"])
    yield "unknown encoding", text.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: x-rot26\r\n\r\n") + b"hi\r\n", [
        "unknown-encoding"]
    line = base64.encodebytes(bytes(range(256)) * 3)[:-1].replace(b"\n", b"\r\n") + b"\r\n"
    attachment = line * (64 * 1024 * 1024 // 768)
    yield ("64 MB of attachment", mixed + b"--xx\r\nContent-Type: text/plain\r\n\r\nsee attached\r\n--xx\r\n"
           b"Content-Type: application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n" + attachment +
           b"--xx--\r\n", [])
    yield "100,000 header fields", b"X-A: 1\r\n" * 100000 + b"\r\nbody\r\n", ["header-limit"]
    yield "10 MB of links", text + b"".join(
        b"http://h%d.example/x\r\n" % n for n in range(450000)), ["url-limit"]
    yield ("20 MB of html tags", HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + b"<div><a href='x'><b" * 1000000,
           [])
    yield "only line ends", b"\r\n" * 1000000, ["no-headers"]
    yield "bare CRs", text + b"a\rb\r" * 1000, ["bare-cr"]


CHARSETS = ("us-ascii utf-8 iso-2022-jp shift_jis cp932 euc-jp gb18030 gbk gb2312 hz-gb-2312 big5 euc-kr ks_c_5601-1987 "
            "iso-2022-kr iso-2022-cn koi8-r koi8-u windows-1250 windows-1251 windows-1252 windows-1256 iso-8859-1 iso-8859-2 "
            "iso-8859-15 tis-620 viscii macintosh ibm850 utf-7 utf-16 utf-32 x-unknown").split()


def charset_mails():
    """A mail for each charset, in header and body, with bytes that fit it or not."""
    for charset in CHARSETS:
        for text in (b"\xa4\xa2\xa4\xa4", b"\x82\xa0\x82\xa2", b"\x1b$B$\"\x1b(B", b"\xd0\xd1\xd2"):
            name = charset.encode()
            yield (HEAD.replace(b"test", b"=?" + name + b"?B?pKKkpA==?=") + b"Content-Type: text/plain; charset=" + name +
                   b"\r\n\r\n" + text * 50 + b"\r\n")


def requests(mail):
    """(name, frames, words that the refusal's detail must have)"""
    good = {"v": 1, "kind": "classify", "id": 77}

    def packed(**change):
        return msgpack.packb({k: v for k, v in {**good, **change}.items() if v is not None})

    yield "no mail", [packed()], ["mail"]
    yield "65 mails", [packed()] + [mail] * 65, ["64"]
    yield "500 mails", [packed()] + [mail] * 500, ["64"]
    yield "ping with a mail", [packed(kind="ping"), mail], ["frame"]
    yield "no msgpack", [b"\xc1\xc1\xc1", mail], []
    yield "cut msgpack", [packed()[:-3], mail], []
    yield "more behind the map", [packed() + b"\x01", mail], []
    yield "a list, not a map", [msgpack.packb([1, 2, 3]), mail], []
    yield "an http request", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", mail], []
    yield "wrong version", [packed(v=2), mail], ["2"]
    yield "version is text", [packed(v="1"), mail], ["'v'"]
    yield "no version", [packed(v=None), mail], ["'v'"]
    yield "no kind", [packed(kind=None), mail], ["'kind'"]
    yield "unknown kind", [packed(kind="judge"), mail], ["'kind'"]
    yield "kind is a number", [packed(kind=3), mail], ["'kind'"]
    yield "no id", [packed(id=None), mail], ["'id'"]
    yield "id is text", [packed(id="7"), mail], ["'id'"]
    yield "id is negative", [packed(id=-7), mail], ["'id'"]
    yield "tenant is a list", [packed(tenant=[1]), mail], ["'tenant'"]
    yield "rcpt_to is text", [packed(rcpt_to="a@example.org"), mail], ["'rcpt_to'"]
    yield "rcpt_to holds a number", [packed(rcpt_to=["a", 5]), mail], ["'rcpt_to'"]
    yield "1,001 recipients", [packed(rcpt_to=["a@example.org"] * 1001), mail], ["'rcpt_to'"]
    yield "a tenant too long", [packed(tenant="x" * 1025), mail], ["'tenant'"]
    yield "explain is a number", [packed(explain=1), mail], ["'explain'"]
    yield "auth is text", [packed(auth="pass"), mail], ["'auth'"]
    yield "dmarc is a number", [packed(auth={"dmarc": 1}), mail], ["dmarc"]
    yield "direction is unknown", [packed(direction="up"), mail], ["'direction'"]
    yield "deadline is a float", [packed(deadline_ms=1.5), mail], ["'deadline_ms'"]
    yield "a header of 300 KB", [packed(helo="x", padding="y" * 300000), mail], []
    yield "10,000 lists in a list", [b"\x81\xa1x" + b"\x91" * 10000 + b"\x01", mail], []
