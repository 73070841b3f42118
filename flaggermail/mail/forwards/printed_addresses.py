# SPDX-License-Identifier: EUPL-1.2
"""Parses addresses as mail programs print them for people, which differs from the syntax of RFC 5322."""

from __future__ import annotations

import re

from flaggermail.mail.fields import MOST, read_written
from flaggermail.mail.message import Address

# "Jane <ADDRESS<https://gateway/?url=...>>": a link rewritten by a gateway, not a second address.
_WEB_LINK = re.compile(r"<https?:[^<>\s]{0,2000}>", re.IGNORECASE)
_MAIL_LINK = re.compile(r"<mailto:[^<>\s]{0,300}>", re.IGNORECASE)
# An address in round or square brackets, with or without a protocol name.
_BRACKETS = re.compile(r"[(\[](?:mailto:|smtp:)?([^\s()<>\[\]]{1,250}@[^\s()<>\[\]]{1,250})[)\]]", re.IGNORECASE)
_NAMED = re.compile(r"([^<>]{1,250}?)\s{0,20}<\s?([^<>\s@]{1,250}@[^<>\s@]{1,250})\s?>\Z")
_PIECE = re.compile(r"[\"<>,;]|[^\"<>,;]+")
_QUOTES = "'\"\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb \t\u00a0"
_LONGEST = 40_000  # characters of an address list


def read_author(text: str) -> Address | None:
    """Returns the single author printed in `text`, commas included ("Doe, J. (Jane) <ADDRESS>"), or None."""
    plain = _plain(text)
    return _person(plain) if plain else None


def read_people(text: str) -> tuple[Address, ...]:
    """Returns the people in a printed list, at most 1,000.

    A comma after words without an address is part of a name: "Doe, Jane <ADDRESS>; Roe, Rick".
    """
    parts: list[str] = []
    part = ""
    for piece, sign in _split(_plain(text)):
        part += piece
        if sign == "," and "@" not in part:
            part += sign
        else:
            parts.append(part)
            part = ""
    people = [person for one in parts if one.strip() and (person := _person(one))]
    return tuple(people[:MOST])


def _plain(text: str) -> str:
    return _BRACKETS.sub(r"<\1>", _MAIL_LINK.sub("", _WEB_LINK.sub("", text[:_LONGEST]))).strip(" \t\u00a0,;")


def _person(text: str) -> Address | None:
    """Returns the person in `text`. A name without an address is stored as the address, as read_written does."""
    if match := _NAMED.match(text.strip()):
        return Address(match.group(2).strip("'"), " ".join(match.group(1).strip(_QUOTES).split()) or None)
    if "@" not in text and "<" not in text:
        name = " ".join(text.strip(_QUOTES).split())
        return Address(name) if name else None
    return next(iter(read_written(text)), None)


def _split(text: str) -> list[tuple[str, str]]:
    """Splits at commas and semicolons outside quotes and angle brackets; each piece comes with its separator."""
    pieces: list[tuple[str, str]] = []
    part: list[str] = []
    quoted = angle = False
    paired = text.count('"') % 2 == 0
    for match in _PIECE.finditer(text):
        piece = match.group()
        quoted ^= paired and piece == '"'
        angle = (angle or piece == "<") and piece != ">"
        if piece in {",", ";"} and not quoted and not angle:
            pieces.append(("".join(part), piece))
            part = []
        else:
            part.append(piece)
    pieces.append(("".join(part), ""))
    return pieces
