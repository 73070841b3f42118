# SPDX-License-Identifier: EUPL-1.2
"""An answer of octets: a media type, a name for a file, the octets in parts, and the facts beside them.

What a stranger called a file is made safe by `file_name`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

FactsT = TypeVar("FactsT")
OtherT = TypeVar("OtherT")

BLOCK = 64 * 1024  # octets of a part; a whole mail is copied once
PREVIEWED_MAIL, PREVIEWED_TEXT = "draft.eml", "draft.txt"  # in the tar of a draft that is not made yet
LONGEST = 60  # characters of the stem of a file's name; the number in front and the extension come on top
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")
_FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f-\x9f]")


class MediaType(StrEnum):
    """The media types of answers (RFC 2046, RFC 6838)."""

    CSV = "text/csv; charset=utf-8"  # RFC 4180
    HTML = "text/html; charset=utf-8"
    JPEG = "image/jpeg"
    JSON_LINES = "application/jsonl"  # a document a line
    MAIL = "message/rfc822"
    ODT = "application/vnd.oasis.opendocument.text"
    PDF = "application/pdf"
    PNG = "image/png"
    SVG = "image/svg+xml"
    TAR = "application/x-tar"  # POSIX.1-2001, pax; several files
    TEXT = "text/plain; charset=utf-8"
    UNTOLD = "application/octet-stream"  # of a stranger: no program is to open it by what it says of itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Octets(Generic[FactsT]):
    """Octets with their media type, and a name that is one step of a path.

    `size` is their number, None if it is not known before the last part. `parts` are read once. `facts` stand beside
    them: few and short, so that they fit a field of a head. Raises ValueError for a name that leads elsewhere.
    """

    media_type: MediaType
    name: str
    size: int | None
    parts: Iterable[bytes]
    facts: FactsT

    def __post_init__(self) -> None:
        if not is_file_name(self.name):
            raise ValueError(f"{self.name!a} is no name of a file")

    def beside(self, facts: OtherT) -> Octets[OtherT]:
        """Returns the same octets with other facts."""
        return Octets(media_type=self.media_type, name=self.name, size=self.size, parts=self.parts, facts=facts)

    def whole(self) -> bytes:
        """Returns all octets; for those that fit in memory."""
        return b"".join(self.parts)


def is_file_name(name: str) -> bool:
    """True for the name of a file in a folder: it is no path, and has no control characters."""
    return name not in {"", ".", ".."} and _FORBIDDEN.search(name) is None


def file_name(number: str, name: str | None) -> str:
    """Returns `number` and what is left of a stranger's file name: ASCII letters, digits, `.`, `_` and `-`.

    The number in front keeps two equal names apart, and makes a reserved one, such as CON, harmless. One dot is left:
    no attachment passes for metadata (`.mdto.xml`), or for something else than it is (`.pdf.exe`).
    """
    plain = unicodedata.normalize("NFKD", (name or "")[:1000]).encode("ascii", "ignore").decode("ascii")
    plain = _UNSAFE.sub("_", re.sub(r".*[/\\]", "", plain))
    extension = found.group() if (found := _EXTENSION.search(plain)) else ""
    stem = plain[: len(plain) - len(extension)].replace(".", "_").strip("_-")[:LONGEST].rstrip("_-")
    return f"{number}-{stem or 'attachment'}{extension or '.bin'}"


def in_blocks(octets: bytes) -> Iterator[bytes]:
    """Yields octets in parts of at most `BLOCK`."""
    for at in range(0, len(octets), BLOCK):
        yield octets[at : at + BLOCK]
