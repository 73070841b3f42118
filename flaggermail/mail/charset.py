# SPDX-License-Identifier: EUPL-1.2
"""Decodes octets whose declared charset may be wrong or missing, and makes text safe to store and show."""

from __future__ import annotations

import codecs
import re
import unicodedata

UNKNOWN_CHARSET = "unknown charset"
WRONG_CHARSET = "text does not fit its charset"

_WESTERN = "cp1252"

# Charset names that occur in mail and that Python does not know.
_ALIASES = {
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "iso-8859-6-e": "iso-8859-6",
    "iso-8859-12": "iso-8859-1",  # no such charset; programs that write it mean Latin-1
    "latin-9": "iso-8859-15",
    "mac-ce": "mac-latin2",
    "macintosh": "mac-roman",
    "ks_c_5601-1987": "cp949",
    "gb_2312-80": "gb18030",
    "ansi": "windows-1252",
    "windows-31j": "cp932",
    "unicode-1-1-utf-7": "utf-7",
    "unicode": "utf-16",
    "ucs-2": "utf-16-be",
    "iso-10646-ucs-2": "utf-16-be",
    "iso-10646": "utf-16-be",
    "visual": "iso-8859-8",
    "logical": "iso-8859-8",
    "csiso88598i": "iso-8859-8",
}
# Values that name no charset.
_NO_CHARSET = frozenset(
    {"", "unknown", "unknown-8bit", "default", "user-defined", "none", "binary", "8bit", "7bit", "quoted-printable"}
)
# Charsets that mail programs declare when they use a superset (WHATWG Encoding Standard, section 4.2: labels).
_SUPERSETS = {
    "ascii": _WESTERN,
    "iso8859-1": _WESTERN,
    "cp1252": _WESTERN,
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso2022_jp": "iso2022_jp_ext",
}
# Variant spellings: "win1252", "ISO 8859_1", "utf-8http-equiv", "charset=utf-8".
_SPELLINGS = (
    (re.compile(r"(?:charset=|x-)+"), ""),
    (re.compile(r"utf[-_ ]?8.*"), "utf-8"),
    (re.compile(r"(?:windows|win|cp|ms|ibm|dos|oem)[-_ ]?(8\d\d|12\d\d|9\d\d|437|720|737|1006)"), r"cp\1"),
    (re.compile(r"(?:iso[-_ ]?)?8859[-_ ](\d{1,2})(?=$|:)"), r"iso-8859-\1"),
)
_WIDE = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})
_ISO_2022_JP = re.compile(rb"\x1b\$[@B]|\x1b\([JI]")  # ISO-2022-JP (RFC 1468) is recognised by its escape sequences
# NUL, the other C0 controls that do not occur in text, and lone surrogates, which no encoding can store.
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")
_JAPANESE = frozenset(
    {"iso2022_jp", "iso2022_jp_ext", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_3", "iso2022_jp_2004"}
)
_JAPANESE_SHIFT = re.compile(rb"\x1b(\$[@B]|\([BJIH])")
_SPACE, _DELETE, _SECOND_HALF, _GAP = 0x20, 0x7F, 0x5F, 0x60
_CODEC_NAME = re.compile(r"[A-Za-z0-9_.:+-]{1,40}\Z")


def decoded(octets: bytes, charset: str | None) -> tuple[str, str | None]:
    """Decodes `octets` and returns the text with a defect if `charset` is unknown or wrong. Never raises.

    Without a usable charset, or with a Western one, tries UTF-8 first, then Windows-1252, the most common undeclared
    charset. A byte order mark at the beginning is removed.
    """
    codec, defect = _codec_and_defect(charset) if charset else (None, None)
    if codec in _WIDE and b"\0" not in octets and octets[:2] not in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        codec, defect = None, WRONG_CHARSET  # real UTF-16 or UTF-32 would hold a NUL in every line end
    if codec in {None, _WESTERN}:
        codec = _self_identified(octets) or codec
    if codec and codec != _WESTERN:
        try:
            return octets.decode(codec).removeprefix("\ufeff"), defect
        except (UnicodeError, ValueError):
            defect = WRONG_CHARSET
        if codec in _JAPANESE and b"\x1b" in octets:
            return _japanese(octets), defect
    try:
        return octets.decode("utf-8").removeprefix("\ufeff"), defect
    except UnicodeDecodeError:
        text = octets.decode("utf-8", "replace")
        wrong = text.count("\ufffd")
        if codec == "utf-8" and sum(not sign.isascii() for sign in text) <= 2 * wrong:
            codec = None  # next to no sign beyond ASCII is UTF-8, as in text of Windows-1252
        return octets.decode(codec or _WESTERN, "replace"), defect


def _japanese(octets: bytes) -> str:
    """Decodes ISO-2022-JP (RFC 1468) with signs that it does not have: programs write those of Windows-31J.

    Each run of two-octet signs is moved to Shift_JIS, whose Windows form knows them.
    """
    pieces = _JAPANESE_SHIFT.split(octets)
    out = [pieces[0].decode("cp932", "replace")]
    for shift, run in zip(pieces[1::2], pieces[2::2], strict=True):
        if shift.startswith(b"$"):
            out.append(_shifted(run).decode("cp932", "replace"))
        elif shift == b"(I":  # half-width katakana (JIS X 0201)
            out.append(bytes(octet | 0x80 if octet > _SPACE else octet for octet in run).decode("cp932", "replace"))
        else:
            out.append(run.decode("cp932", "replace"))
    return "".join(out)


def _shifted(run: bytes) -> bytes:
    """Moves two-octet signs from JIS X 0208 to Shift_JIS (JIS X 0208:1997, appendix 1); other octets stay."""
    out = bytearray()
    at = 0
    while at < len(run):
        row = run[at]
        sign = run[at : at + 2]
        if len(sign) == 1 or not all(_SPACE < octet < _DELETE for octet in sign):  # a line end, or broken
            out.append(row)
            at += 1
            continue
        cell = sign[1]
        out.append((row - 0x21) // 2 + (0x81 if row < _SECOND_HALF else 0xC1))
        out.append(cell + (0x7E if row % 2 == 0 else 0x1F if cell < _GAP else 0x20))
        at += 2
    return bytes(out)


def _self_identified(octets: bytes) -> str | None:
    """Returns the codec that the octets themselves identify, if any."""
    if octets[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return "utf-16"
    return "iso2022_jp_ext" if octets.isascii() and _ISO_2022_JP.search(octets) else None


def _codec_and_defect(charset: str) -> tuple[str | None, str | None]:
    """Returns the codec for a declared charset, and a defect if the charset is unknown."""
    name = _plain_name(charset)
    codec = _codec(name) if name not in _NO_CHARSET else None
    return codec, UNKNOWN_CHARSET if codec is None and name not in _NO_CHARSET else None


def _plain_name(charset: str) -> str:
    """Lower-cases `charset`, drops quotes, comments and anything after a semicolon, corrects common misspellings."""
    words = re.split(r"[;,()\"']", charset[:100].strip(" \t\"'").lower(), maxsplit=1)
    name = words[0].strip()
    for pattern, replacement in _SPELLINGS:
        name = pattern.sub(replacement, name, count=1) if pattern.match(name) else name
    return name


def storable(text: str) -> str:
    """Returns `text` with LF line ends; surrogates, NUL and control characters are replaced."""
    if text.replace("\n", "").isprintable():  # the short way: none of those is printable
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x0c" in text or "\x85" in text:
        text = text.replace("\x0c", "\n").replace("\x85", "\u2026")  # 0x85 of Windows-1252 read as Latin-1
    return _UNSTORABLE.sub("\ufffd", text)


def _codec(name: str) -> str | None:
    """Returns the text codec for `name`, or None. Some codecs of Python do not decode text (`hex`)."""
    meant = _ALIASES.get(name, name)
    if not _CODEC_NAME.match(meant):
        return None
    try:
        codec = codecs.lookup(meant).name
        if codec in _NOT_TEXT:
            return None
        b"a".decode(codec, "replace")  # raises LookupError for a codec that does not decode text
    except (LookupError, ValueError):
        return None
    return _SUPERSETS.get(codec, codec)


_NOT_TEXT = frozenset({"idna", "punycode", "unicode_escape", "raw-unicode-escape", "unicode-escape", "undefined"})


LONGEST = 200  # octets in UTF-8; file systems allow 255, and saving a second copy may append a number

# Invisible characters that reorder or hide others: "invoice", U+202E, "fdp.exe" is displayed like a PDF.
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ufffd]")
_PATH = re.compile(r"(?:[A-Za-z]:|~?[/\\]|\.{1,2}[/\\])(?:.*[/\\])?|.*[/\\]\.\.[/\\]", re.DOTALL)
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|\Z)", re.IGNORECASE)  # device names reserved by Windows
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")


def safe_name(name: str) -> str | None:
    """Strips path, invisible and control characters, device names and excess length; None if nothing is left."""
    plain = _UNSEEN.sub("", storable(unicodedata.normalize("NFC", name[:5000])))
    plain = " ".join(_CONTROL.sub(" ", plain).split())
    path = _PATH.match(plain)
    plain = re.sub(r"[/\\]", "_", plain[path.end() :] if path else plain).strip(". ")
    if _DEVICE.match(plain):
        plain = f"_{plain}"
    return _shortened(plain) or None


def _shortened(name: str) -> str:
    octets = name.encode("utf-8", "replace")
    if len(octets) <= LONGEST:
        return name
    extension = found.group() if (found := _EXTENSION.search(name)) else ""
    return octets[: LONGEST - len(extension)].decode("utf-8", "ignore").rstrip(". ") + extension
