# SPDX-License-Identifier: EUPL-1.2
"""Reads the passages of an OpenDocument text that a person edited, and the figures whose marks it still holds.

The file is a stranger's: its sizes are bounded before it is unpacked, and it is read as a stream of elements, without
entities, up to a number of elements and passages that no report comes near: each costs time and memory, however small
the file that holds them is. Deleted text of tracked changes, comments and what a merged cell covers are not read.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import NoReturn
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from flaggermail.adapters.documents.odt import NAMESPACES
from flaggermail.documents.model import Figure, Passage
from flaggermail.errors import Refusal
from flaggermail.wording.report import DocumentRefusal

MOST_OCTETS = 64 << 20  # of the file
MOST_FILES = 5_000  # in the package
MOST_CONTENT = 16 << 20  # octets of `content.xml`; a table of 2,000 uses in eight columns has 4 MiB
MOST_TIMES = 100  # as large as the file may `content.xml` be, if it is not small; that table is 24 times as large
_SMALL = 4 << 20  # octets
MOST_ELEMENTS = 200_000
MOST_PASSAGES = 20_000
MOST_CHARACTERS = 1 << 20  # of all passages and figures: some 350 pages
_AT_ONCE = 1 << 18  # octets given to the parser
_LONGEST_TAG = 1 << 20
_MOST_MANIFEST = 4 << 20
_MARK = re.compile(r"f\d+:(?P<name>.*);", re.DOTALL)  # what follows it, an office program added: ` Copy 2`
_SPACE = re.compile(r"[ \t\r\n]+")  # ISO/IEC 26300-3, section 6.1.2: one space
_SOFT_HYPHEN = "\u00ad"
_MOST_SPACES = 10_000  # of one `text:s`
_MOST_OPEN = 100  # marks that lie in one another
_ENCRYPTED = 1  # flag of a zip entry
_ENTRY = b"PK\x01\x02"  # begins each in the list of a package

_PREFIXES: Mapping[str, str] = {uri: prefix for prefix, uri in NAMESPACES.items()}
_PASSAGES = frozenset({"text:p", "text:h"})
_SKIPPED = frozenset({
    "text:tracked-changes", "office:annotation", "text:note-citation", "text:ruby-text", "table:covered-table-cell",
    "svg:title", "svg:desc", "office:forms", "text:table-of-content-source", "text:illustration-index-source",
    "text:table-index-source", "text:alphabetical-index-source", "text:bibliography-source", "text:user-index-source",
    "text:object-index-source", "office:binary-data",
})  # fmt: skip


def odt_passages(octets: bytes) -> list[Passage]:
    """Returns the passages in reading order; those of a note or a text box follow the one that holds it.

    Raises Refusal if it is no OpenDocument text, is encrypted, or is larger than any report.
    """
    if len(octets) > MOST_OCTETS:
        raise _too_large(MOST_OCTETS)
    try:
        if octets.count(_ENTRY) > MOST_FILES:  # before the list of them is in memory
            raise _too_large(MOST_OCTETS)
        with ZipFile(BytesIO(octets)) as package:
            content = _content(package)
    # What zipfile raises for a hostile package: damaged, of another compression, cut short, or with a false offset.
    except (BadZipFile, NotImplementedError, zlib.error, EOFError, ValueError, OSError) as fault:
        raise Refusal(DocumentRefusal.NO_OPEN_DOCUMENT()) from fault
    if len(content) > max(MOST_TIMES * len(octets), _SMALL):
        raise Refusal(DocumentRefusal.DOCUMENT_SWELLS(most=MOST_TIMES))
    return _passages(content)


def _too_large(most: int) -> Refusal:
    return Refusal(DocumentRefusal.DOCUMENT_TOO_LARGE(most=most >> 20))


def _too_fine() -> Refusal:
    return Refusal(DocumentRefusal.DOCUMENT_TOO_FINE(elements=MOST_ELEMENTS, passages=MOST_PASSAGES))


def _content(package: ZipFile) -> bytes:
    """Returns the octets of `content.xml`, of which no more are unpacked than the limit."""
    entries = package.infolist()
    names = {entry.filename: entry for entry in entries}
    if any(entry.flag_bits & _ENCRYPTED for entry in entries) or "encrypted-package" in names:
        raise Refusal(DocumentRefusal.DOCUMENT_ENCRYPTED())
    if "content.xml" not in names:
        raise Refusal(DocumentRefusal.NO_OPEN_DOCUMENT())
    if "META-INF/manifest.xml" in names and b"encryption-data" in _bounded(
        package, "META-INF/manifest.xml", _MOST_MANIFEST
    ):
        raise Refusal(DocumentRefusal.DOCUMENT_ENCRYPTED())
    return _bounded(package, "content.xml", min(MOST_CONTENT, MOST_OCTETS))


def _bounded(package: ZipFile, name: str, most: int) -> bytes:
    """Returns an entry's octets; what the package says of its size is not believed."""
    with package.open(name) as entry:
        found = entry.read(most + 1)
    if len(found) > most:
        raise _too_large(most)
    return found


def _passages(content: bytes) -> list[Passage]:
    reading = _Reading()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = reading.start, reading.end
    parser.CharacterDataHandler, parser.buffer_text = reading.text, True
    parser.StartDoctypeDeclHandler = _refuse
    try:
        for at in range(0, len(content), _AT_ONCE):
            if at - parser.CurrentByteIndex > _LONGEST_TAG:  # one element with very many attributes
                raise _too_fine()
            parser.Parse(content[at : at + _AT_ONCE])
        parser.Parse(b"", True)  # noqa: FBT003 - expat takes no keywords
    except (expat.ExpatError, ValueError, LookupError) as fault:  # the latter two for a character set
        where = {"line": parser.ErrorLineNumber, "column": parser.ErrorColumnNumber}
        raise Refusal(DocumentRefusal.DOCUMENT_BROKEN(**where)) from fault
    if not reading.is_text:
        raise Refusal(DocumentRefusal.NO_OPEN_DOCUMENT())
    return reading.passages()


def _refuse(*_declared: object) -> NoReturn:
    """Refuses a document type: OpenDocument has none, and entities are declared in it."""
    raise Refusal(DocumentRefusal.DOCUMENT_DECLARES())


# ---------------------------------------------------------------- the stream of elements


@dataclass(slots=True)
class _Mark:
    """A figure's mark that is open, with the words since."""

    name: str
    depth: int
    passage: _Passage
    place: int  # among the figures of its passage
    words: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Passage:
    words: list[str] = field(default_factory=list)
    figures: list[Figure | None] = field(default_factory=list)  # None: the mark has no end
    broken: list[str] = field(default_factory=list)
    after_space: bool = True  # at its beginning too: a further space is none

    def read(self) -> Passage:
        figures = tuple(figure for figure in self.figures if figure is not None)
        return Passage("".join(self.words), figures, tuple(self.broken))


class _Reading:
    """Collects passages; those that are open lie in one another, as a note lies in its paragraph."""

    def __init__(self) -> None:
        self.is_text = False
        self._found: list[_Passage] = []
        self._open: list[_Passage] = []
        self._marks: dict[str, _Mark] = {}
        self._skipped = 0
        self._elements = self._characters = 0  # the latter of all passages and figures

    def passages(self) -> list[Passage]:
        """Returns the passages that hold words, a figure or half a mark."""
        for mark in self._marks.values():
            mark.passage.broken.append(mark.name)
        read = [one.read() for one in self._found]
        return [one for one in read if one.text or one.figures or one.broken]

    def start(self, qualified: str, attributes: dict[str, str]) -> None:
        """Begins an element."""
        self._elements += 1
        if self._elements > MOST_ELEMENTS or len(self._found) > MOST_PASSAGES:
            raise _too_fine()
        name = _named(qualified)
        if self._skipped or name in _SKIPPED:
            self._skipped += 1
        elif name in _PASSAGES:
            self._begin()
        elif name == "office:text":
            self.is_text = True
        elif self._open:
            self._within(name, {_named(key): value for key, value in attributes.items()})

    def end(self, qualified: str) -> None:
        """Ends an element."""
        if self._skipped:
            self._skipped -= 1
        elif _named(qualified) in _PASSAGES:
            self._open.pop()

    def text(self, text: str) -> None:
        """Adds words, of which several spaces are one, and none at the beginning of a passage."""
        if self._skipped or not self._open:
            return
        joined = _SPACE.sub(" ", text).replace(_SOFT_HYPHEN, "")
        passage = self._open[-1]
        if passage.after_space and joined.startswith(" "):
            joined = joined[1:]
        if joined:
            self._add(joined)
            passage.after_space = joined.endswith(" ")

    def _begin(self) -> None:
        passage = _Passage()
        self._found.append(passage)
        self._open.append(passage)
        for mark in self._marks.values():
            if mark.depth == len(self._open):  # a paragraph was broken within the figure
                mark.words.append("\n")

    def _within(self, name: str, attributes: Mapping[str, str]) -> None:
        marked = _MARK.match(attributes.get("text:name", ""))
        match name:
            case "text:s":
                self._add(" " * min(_number(attributes.get("text:c", "1")), _MOST_SPACES))
            case "text:tab":
                self._add("\t")
            case "text:line-break":
                self._add("\n")
            case "text:bookmark-start" if marked:
                self._mark(attributes["text:name"], marked["name"])
            case "text:bookmark-end" if marked:
                self._unmark(attributes["text:name"], marked["name"])
            case "text:bookmark" if marked:  # its words were deleted
                self._open[-1].figures.append(Figure(marked["name"], ""))
            case _:
                pass

    def _mark(self, key: str, name: str) -> None:
        passage = self._open[-1]
        if key in self._marks or len(self._marks) == _MOST_OPEN:  # it begins twice
            passage.broken.append(name)
            return
        self._marks[key] = _Mark(name, len(self._open), passage, len(passage.figures))
        passage.figures.append(None)

    def _unmark(self, key: str, name: str) -> None:
        mark = self._marks.pop(key, None)
        if mark is None:  # it ends without having begun
            self._open[-1].broken.append(name)
            return
        mark.passage.figures[mark.place] = Figure(mark.name, "".join(mark.words))

    def _add(self, text: str) -> None:
        marks = [mark for mark in self._marks.values() if mark.depth == len(self._open)]
        self._characters += len(text) * (1 + len(marks))
        most = min(MOST_CHARACTERS, MOST_OCTETS)
        if self._characters > most:  # a short element stands for many spaces
            raise _too_large(most)
        for words in (self._open[-1].words, *(mark.words for mark in marks)):
            words.append(text)
        self._open[-1].after_space = False


def _named(qualified: str) -> str:
    """Returns an element's or attribute's name with the prefix that this program uses."""
    uri, _, local = qualified.rpartition(" ")
    return f"{_PREFIXES.get(uri, '')}:{local}"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < len("1000000") else 1
