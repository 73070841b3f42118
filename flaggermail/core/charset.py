# SPDX-License-Identifier: EUPL-1.2
"""Octets to text whatever the mail says they are, and text that can be stored and shown."""

from __future__ import annotations

import codecs
import re

UNKNOWN_CHARSET = "unknown charset"
WRONG_CHARSET = "text does not fit its charset"

# Names seen in mail that Python does not know, and names whose users mean the larger set of the same family
# (WHATWG Encoding Standard, section 4.2: labels).
_MEANT = {
    "us-ascii": "windows-1252",
    "ascii": "windows-1252",
    "iso-8859-1": "windows-1252",
    "iso8859-1": "windows-1252",
    "latin1": "windows-1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "x-euc-jp": "euc-jp",
    "utf8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "cp-850": "cp850",
    "x-unknown": "",
    "unknown": "",
    "unknown-8bit": "",
    "default": "",
    "x-user-defined": "",
}
# NUL, the other C0 signs that text does not hold, and lone surrogates, which no encoding can store.
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")
_TEXTUAL = re.compile(r"[A-Za-z0-9_.:+-]{1,40}\Z")


def decoded(octets: bytes, charset: str | None) -> tuple[str, str | None]:
    """`octets` as text, and a defect when `charset` is unknown or wrong; never raises.

    Without a usable charset: UTF-8 when it fits, else Windows-1252, the commonest undeclared one.
    """
    name = (charset or "").strip().strip("\"'").lower()
    meant = _MEANT.get(name, name)
    codec, defect = _codec(meant) if meant else None, None
    if codec is None and name:
        defect = UNKNOWN_CHARSET
    if codec and meant != "windows-1252":
        try:
            return octets.decode(codec), None
        except (UnicodeError, ValueError):
            defect = WRONG_CHARSET
    try:
        return octets.decode("utf-8"), defect
    except UnicodeDecodeError:
        if codec and meant != "windows-1252":
            return octets.decode(codec, "replace"), defect
        return octets.decode("windows-1252", "replace"), defect


def storable(text: str) -> str:
    """`text` without what cannot be stored or harms a display: surrogates, NUL, control signs; line ends become LF."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x0c" in text or "\x85" in text:
        text = text.replace("\x0c", "\n").replace("\x85", "\u2026")  # 0x85 of Windows-1252 read as Latin-1
    return _UNSTORABLE.sub("\ufffd", text)


def _codec(name: str) -> str | None:
    """The codec of that name when it is one for text: `hex`, `zip` and the like are codecs too."""
    if not _TEXTUAL.match(name):
        return None
    try:
        if codecs.lookup(name).name in _NOT_TEXT:
            return None
        b"a".decode(name, "replace")  # raises LookupError for a codec that is not for text
    except (LookupError, ValueError):
        return None
    return name


_NOT_TEXT = frozenset({"idna", "punycode", "unicode_escape", "raw-unicode-escape", "unicode-escape", "undefined"})
