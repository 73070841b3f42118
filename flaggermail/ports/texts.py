# SPDX-License-Identifier: EUPL-1.2
"""The ports that read and write texts: the contained parser, rule patterns, templates, and documents."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from flaggermail.documents.model import Document, Passage
from flaggermail.mail.hops import Hop
from flaggermail.mail.message import Message


class PictureFault(StrEnum):
    """Why a stranger's picture is not shown."""

    NOT_INSTALLED = "not installed"  # the extra `pictures`
    NOT_CONFINED = "not confined"  # the kernel does not offer the whole sandbox
    NO_PICTURE = "no picture"  # no PNG or JPEG, whatever its name says
    TOO_LARGE = "too large"
    BROKEN = "broken"
    GIVEN_UP = "given up"  # it took too much time or memory, or ended the process that reads it


@dataclass(frozen=True, slots=True)
class Pixels:
    """Plain pixels: three octets each (red, green, blue), line by line."""

    width: int
    height: int
    pixels: bytes


class Parser(Protocol):
    """Parses mail, and reads what is attached to it."""

    def parse(self, octets: bytes) -> Message:
        """Returns the parsed mail; never raises on content: what cannot be read becomes a defect."""
        ...

    def parse_again(self, octets: bytes) -> Message:
        """Does the same at a lower cost for a mail that was parsed shortly before."""
        return self.parse(octets)

    def parse_all(self, many: Sequence[bytes]) -> list[Message]:
        """Parses each mail, in order, at a lower cost than with `parse`."""
        return [self.parse(octets) for octets in many]

    def attachment(self, octets: bytes, number: int) -> bytes | None:
        """Returns the decoded octets of `Message.attachments[number]`; None if they cannot be decoded alone."""
        ...

    def digests(self, octets: bytes) -> tuple[str | None, ...]:
        """Returns the SHA-256 of the decoded octets of each attachment, in hex; None where `attachment` is None."""
        found = (self.attachment(octets, number) for number in range(len(self.parse(octets).attachments)))
        return tuple(None if one is None else hashlib.sha256(one).hexdigest() for one in found)

    def picture(self, octets: bytes) -> Pixels | PictureFault:
        """Returns a PNG or JPEG of at most 20 megapixels as plain pixels, upright and no wider than a screen.

        A parser without a process for that has none to give.
        """
        del octets
        return PictureFault.NOT_INSTALLED

    def parse_delivery(self, octets: bytes) -> tuple[Message, tuple[Message, ...]]:
        """Returns the parsed mail and the mails attached to it (`Message.enclosed`), within one allowance of time.

        What did not fit is read by its header alone and says so (`Message.overran`).
        """
        message = self.parse(octets)
        return message, tuple(self.parse(octets[start:end]) for start, end in message.enclosed)

    def parse_deliveries(self, many: Sequence[bytes]) -> list[tuple[Message, tuple[Message, ...]]]:
        """Does the same for each mail, in order, at a lower cost."""
        return [self.parse_delivery(octets) for octets in many]

    def hops(self, octets: bytes) -> tuple[Hop, ...]:
        """Returns the servers that relayed the mail, first one first; empty if unreadable. Never raises."""
        ...

    def close(self) -> None:
        """Ends the parsing processes; idempotent."""
        ...


class Matcher(Protocol):
    """Searches for a rule's pattern in linear time."""

    def search(self, pattern: str, text: str) -> str | None:
        """Returns the first text that matches `pattern` (RE2 syntax, ignoring case), or None."""
        ...

    def find(self, pattern: str, text: str) -> tuple[int, int] | None:
        """Returns start and end offset of the first match, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """A filled-in template: plain text with LF line ends."""

    subject: str
    body: str


class Templates(Protocol):
    """The mail templates of the configuration."""

    def render(self, name: str, language: str, values: Mapping[str, object]) -> Rendered:
        """Fills in `name` in `language`; raises ConfigurationError naming file, line and the undefined name."""
        ...

    def check(self, *, at_start: bool = False) -> Sequence[str]:
        """Reads all templates, so that later edits of their files change nothing; returns one line per fault.

        `at_start`: what is as shipped with the program that has just been started need not be tried.
        """
        ...

    def broken(self) -> Sequence[str]:
        """Returns why templates could not be filled in since this was last asked, so that shipped ones were used."""
        ...

    def files(self) -> Mapping[str, bytes]:
        """Returns the contents of all template files by name."""
        ...


class DocumentWriter(Protocol):
    """Writes and reads documents in the formats of office programs; the same document gives the same octets."""

    def odt(self, document: Document) -> bytes:
        """Returns an OpenDocument text (ISO/IEC 26300), in which each figure keeps its name."""
        ...

    def pdf(self, document: Document) -> bytes:
        """Returns a tagged PDF (PDF/UA-1, ISO 14289-1) that fetches nothing and embeds its fonts."""
        ...

    def read_odt(self, octets: bytes) -> list[Passage]:
        """Returns the passages of an OpenDocument text, in reading order. Raises Refusal if it is none."""
        ...
