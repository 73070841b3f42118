# SPDX-License-Identifier: EUPL-1.2
"""Searches published files for words that were taken out: in every layer of a file where a word can be left behind.

A word is found in any case, with or without spaces, dots and invisible characters in it, in UTF-8, UTF-16 or Latin-1,
as entities, as percent signs, as base64 and as hexadecimal digits.
"""

from __future__ import annotations

import base64
import html
import io
import re
import subprocess
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

import pikepdf

_ENTRY = b"PK\x03\x04"  # a local file header (APPNOTE, section 4.3.7)
_HEADER = 30  # octets of it before the name
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_END = re.compile(rb"%%EOF\s*")
_HEX = re.compile(rb"<([0-9A-Fa-f\s]{4,})>")
_SHORTEST_BASE64 = 6  # characters of an encoded word that are searched

Layer = tuple[str, bytes]
"""Where it was found, and the octets."""


def leaks(octets: bytes, planted: Iterable[str]) -> list[str]:
    """Returns a line for each planted word and each layer of the file in which it is; empty if it leaks nothing."""
    words = list(planted)
    layers = [("file", octets), *_layers(octets)]
    wanted = {word: (_bare(word), tuple(_coded(word))) for word in words}
    return [f"{word}: {where}" for where, layer in layers for word in _held(layer, wanted)]


def _layers(octets: bytes) -> Iterator[Layer]:
    if octets.startswith(b"PK"):
        yield from _of_zip(octets)
    elif octets.startswith(b"%PDF"):
        yield from _of_pdf(octets)


# ---- one layer


def _held(layer: bytes, wanted: Mapping[str, tuple[str, tuple[bytes, ...]]]) -> list[str]:
    """Returns the words that a layer holds; `wanted` gives each without its signs, and in code."""
    texts = {layer.decode(code, "ignore") for code in ("utf-8", "latin-1", "utf-16-le", "utf-16-be")}
    texts |= {html.unescape(text) for text in texts} | {unquote(text) for text in texts}
    bare = "\n".join(map(_bare, texts))
    squeezed = b"".join(layer.split())
    coded = squeezed + b"\n" + squeezed.lower()
    return [word for word, (plain, codes) in wanted.items() if plain in bare or any(code in coded for code in codes)]


def _bare(text: str) -> str:
    """Returns the letters and digits of a text, folded: how people write a name differs in all else."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if sign.isalnum())


def _coded(word: str) -> Iterator[bytes]:
    """Yields the word in hexadecimal digits and in base64, at whatever place of a longer text."""
    for octets in (word.encode(), word.lower().encode(), word.encode("utf-16-be"), word.encode("utf-16-le")):
        yield octets.hex().encode()
        for before in range(3):
            coded = base64.b64encode(bytes(before) + octets)
            inner = coded[(before * 8 + 5) // 6 : len(coded) - 4]
            if len(inner) >= _SHORTEST_BASE64:
                yield inner


# ---- OpenDocument


def _of_zip(octets: bytes) -> Iterator[Layer]:
    """Yields names, comments and contents of all entries, and of those that the directory no longer lists."""
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        yield "comment of the archive", archive.comment
        for entry in archive.infolist():
            content = archive.read(entry)
            yield f"name, extra or comment of {entry.filename}", entry.filename.encode() + entry.extra + entry.comment
            yield entry.filename, content
            if entry.filename.endswith(".xml"):
                yield f"{entry.filename} without its tags", re.sub(rb"<[^>]*>", b"", content)
            for where, layer in _layers(content):
                yield f"{entry.filename}: {where}", layer
    at = octets.find(_ENTRY)
    while at >= 0:  # also what lies between the entries: a file that was replaced and not packed anew
        name, extra = (int.from_bytes(octets[at + 26 + 2 * n : at + 28 + 2 * n], "little") for n in range(2))
        yield f"entry at octet {at}", _inflated(octets[at + _HEADER + name + extra :], -zlib.MAX_WBITS)
        at = octets.find(_ENTRY, at + 1)


def _inflated(octets: bytes, bits: int) -> bytes:
    """Returns as much as can be inflated."""
    try:
        return zlib.decompressobj(bits).decompress(octets)
    except zlib.error:
        return b""


# ---- PDF


def _of_pdf(octets: bytes) -> Iterator[Layer]:
    """Yields the streams and strings of each revision, the text that a reader extracts, and streams of no object."""
    ends = [match.end() for match in _END.finditer(octets)] or [len(octets)]
    for number, end in enumerate(ends, start=1):
        revision = f"revision {number} of {len(ends)}"
        yield from ((f"{revision}: {where}", layer) for where, layer in _of_revision(octets[:end]))
    for match in _STREAM.finditer(octets):
        content = _inflated(match[1], zlib.MAX_WBITS)
        yield f"stream at octet {match.start()}", content
        yield f"stream at octet {match.start()}, hexadecimal strings", _unhexed(content)


def _of_revision(octets: bytes) -> Iterator[Layer]:
    try:
        document = pikepdf.open(io.BytesIO(octets))
    except pikepdf.PdfError:
        return  # a part of a file, whose streams are read one by one
    with document:
        for of in document.objects:
            yield "object", _strings(of).encode("utf-8", "surrogatepass")
            if isinstance(of, pikepdf.Stream):
                content = of.read_bytes() if _is_text(of) else of.read_raw_bytes()
                yield "stream", content
                yield "hexadecimal strings of a stream", _unhexed(content)
        yield "trailer", _strings(document.trailer).encode("utf-8", "surrogatepass")
    for options in ([], ["-raw"], ["-layout"]):
        ran = subprocess.run(["pdftotext", *options, "-", "-"], input=octets, capture_output=True, check=False)
        yield f"text {' '.join(options)}".strip(), ran.stdout


def _is_text(stream: pikepdf.Stream) -> bool:
    return stream.get("/Subtype") != "/Image"


def _unhexed(content: bytes) -> bytes:
    """Returns what the hexadecimal strings of a content stream or a ToUnicode table say, one after the other."""
    return b"".join(bytes.fromhex(digits) for digits in (_even(match[1]) for match in _HEX.finditer(content)))


def _even(digits: bytes) -> str:
    bare = b"".join(digits.split()).decode("ascii")
    return bare if len(bare) % 2 == 0 else f"{bare}0"


def _strings(of: object) -> str:
    """Returns the names and strings within an object; what it refers to is an object of its own."""
    if isinstance(of, pikepdf.Dictionary | pikepdf.Stream):
        return " ".join(f"{key} {_inner(value)}" for key, value in of.items())
    if isinstance(of, pikepdf.Array):
        return " ".join(_inner(one) for one in of)
    return str(of) if isinstance(of, pikepdf.Object) else ""


def _inner(of: object) -> str:
    return "" if isinstance(of, pikepdf.Object) and of.is_indirect else _strings(of)
