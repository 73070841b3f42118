# SPDX-License-Identifier: EUPL-1.2
"""Finds the mail inside an inline forward. Its header block is the forwarder's claim, not evidence."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from flaggermail.mail.fields import MOST, read_written
from flaggermail.mail.forwards.attribution_line import quote_mark, quoted_in
from flaggermail.mail.forwards.header_blocks import (
    Block,
    HeaderMark,
    is_quoted,
    is_rule,
    mark_text,
    read_block,
    read_mark,
    read_notes_block,
    read_run_together,
    read_unmarked,
    read_wrapped_mark,
    unquoted,
)
from flaggermail.mail.message import Address, Forwarded, ForwardSource
from flaggermail.mail.subject import SubjectParts, split_subject, stems
from flaggermail.mail.vocabulary import Language, without_invisible

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


MOST_LINES = 20_000
_WITHIN = 6  # lines between the forward mark and the header block
# What gateways and ticket systems put before all prefixes: "[EXTERN] RE: ...", "***SPAM*** Fwd: ...", "[#5519]"
_TAG = re.compile(r"\s*(?:\[[^\[\]]{1,60}\]|\([^()]{1,60}\)|\{[^{}]{1,60}\}|\*{1,5}[^*]{1,40}\*{1,5})[\s:-]{0,5}")
_MOST_TAGS = 3
# An offset, an abbreviation such as CEST, GMT with or without an offset, or the Z of ISO 8601, after the time of day
_ZONE = re.compile(
    r"\d[:.]\d{2}(?:\s?[AP]M)?[\s,(]{0,2}(?:[+-]\d{2}:?\d{2}\b|(?:GMT|UTC)(?:[+-]\d{1,2}(?::?\d{2})?)?\b|[A-Z]{1,3}T\b|Z\b)"
)


@dataclass(frozen=True, slots=True)
class Inline:
    """A forwarded mail found in a text. `start` is the index of the line at which the forwarder's own text ends."""

    mail: Forwarded
    start: int


def zone_stated(date: str) -> bool:
    """True if a printed date names its time zone; otherwise the reader has to assume one."""
    return _ZONE.search(date[:200]) is not None


def find_inline(
    lines: Sequence[str],
    subject: SubjectParts,
    language: Language,
    *,
    answers: bool,
    recipients: Collection[str] = (),
    plain: AbstractSet[str] = frozenset(),
) -> Inline | None:
    """Returns the outermost forwarded mail in `lines`, or None if there is none or the mail is a reply.

    `answers`: the mail has an In-Reply-To. `recipients`: the addresses it is sent to, in lower case. In a reply, a
    header block or a line "Jane Doe wrote:" is a quotation; in a forward it is the original. Three things decide, in
    this order: a line that says "forwarded message", the outermost prefix of the subject, and whether the mail is sent
    to the author of the mail it shows. The weaker the evidence for a forward, the more header lines are required.
    Linear in the text. `plain`: lines at which no mail begins (`PlainLines.no_mail`), passed over with the same result.
    """
    search = _Search(lines[:MOST_LINES], subject, language, answers=answers, recipients=recipients)
    return search.result(plain)


class _Search:
    """Searches for the first line that decides whether a text is a forward."""

    def __init__(
        self,
        lines: Sequence[str],
        subject: SubjectParts,
        language: Language,
        *,
        answers: bool,
        recipients: Collection[str],
    ) -> None:
        self.lines, self.subject, self.language, self.recipients = lines, subject, language, recipients
        first = subject.first or _prefix_after_tags(subject.base, language)
        self.forwards = first == "forward"
        self.replies = first == "reply" or (answers and not self.forwards)

    def result(self, plain: AbstractSet[str]) -> Inline | None:
        """Returns the forwarded mail at the first line that decides, if it is one."""
        above = ""
        for at, line in enumerate(self.lines):
            if line.strip() and line in plain:
                above = line
            elif line.strip():
                decided, found = self._decide(at, inside=is_quoted(line) and is_quoted(above))
                if decided:
                    return found
                above = line
        return None

    def _decide(self, at: int, *, inside: bool) -> tuple[bool, Inline | None]:
        """Returns whether this line decides, and the result. `inside`: this line and the one above are quoted."""
        text = unquoted(self.lines[at])
        mark, marked = read_mark(text, self.language), at
        if mark is None and at + 1 < len(self.lines):
            mark, marked = read_wrapped_mark(text, unquoted(self.lines[at + 1]), self.language), at + 1
        if mark is HeaderMark.FORWARDED and not (self.replies and inside):
            found = self._below_mark(at, marked)
            return found is not None, found
        if mark is HeaderMark.ORIGINAL:
            found = None if self.replies else self._below_mark(at, marked)
            return self.replies or found is not None, self._unless_reply(found)
        if not self.replies and text.lstrip().startswith("--") and (found := self._run_together(at, text)):
            return True, found
        if block := read_unmarked(self.lines, at, self.language):
            return True, None if self.replies else self._unmarked(at, block)
        if count := quote_mark(self.lines, at, self.language):
            return True, self._attributed(at, count) if self.forwards else None
        return False, None

    def _below_mark(self, at: int, marked: int) -> Inline | None:
        """Returns the mail below "----- Forwarded message -----", with a header block or an attribution line.

        The mark begins on line `at` and ends on line `marked`.
        """
        for below in range(marked + 1, min(marked + 1 + _WITHIN, len(self.lines))):
            if unquoted(self.lines[below]).strip() and not is_rule(self.lines[below]):
                block = read_block(self.lines, below, self.language, marked=True)
                block = block or read_notes_block(self.lines, below, self.language)
                if block:
                    return self._inline(below, block, start=at)
                count = quote_mark(self.lines, below, self.language)
                return self._attributed(below, count, start=at) if count else None
        return None

    def _unmarked(self, at: int, block: Block) -> Inline | None:
        """Returns the mail whose header block is at `at`, without a forward mark above it."""
        ruled = at > 0 and is_rule(self.lines[at - 1])
        found = self._inline(at, block, start=at - 1 if ruled else at)
        if self.forwards:
            return found
        return self._unless_reply(found) if block.whole and found.mail.body else None

    def _unless_reply(self, found: Inline | None) -> Inline | None:
        """Returns `found`, or None if this mail is sent to the author of the found mail, as a reply is."""
        author = found.mail.sender if found else None
        return None if not self.forwards and author and author.key in self.recipients else found

    def _inline(self, at: int, block: Block, start: int) -> Inline:
        body = _body(self.lines[block.end :], quoted=is_quoted(self.lines[at]))
        return Inline(_mail(block.fields, body, self.language), start)

    def _run_together(self, at: int, text: str) -> Inline | None:
        """Reads Yahoo's form: dashes, the mark and the whole header block on one line."""
        mark, _, rest = text.strip().lstrip("- ").partition("--")
        known = self.language.forward_lines | self.language.original_lines
        fields = read_run_together(rest.lstrip("- "), self.language) if mark_text(mark) in known else {}
        if not Block(fields, 1).complete:
            return None
        body = _body(self.lines[at + 1 :], quoted=is_quoted(self.lines[at]))
        return Inline(_mail(fields, body, self.language), at)

    def _attributed(self, at: int, count: int, start: int | None = None) -> Inline | None:
        """Reads the form of Outlook for Mac: an attribution line instead of a header block, without recipients."""
        said = quoted_in(self.lines[at : at + count], self.language)
        if said is None:
            return None
        body = _body(self.lines[at + count :], quoted=is_quoted(self.lines[at]))
        mail = Forwarded(said.author, (), (), self.subject.base or None, said.date, body, ForwardSource.INLINE)
        return Inline(mail, at if start is None else start)


def _prefix_after_tags(subject: str, language: Language) -> str | None:
    """Returns the kind of the outermost prefix after tags and after up to two unknown words with a colon."""
    rest = subject[:300]
    for _ in range(_MOST_TAGS):
        tag = _TAG.match(rest)
        rest = rest[tag.end() :] if tag else rest
    return next((kind for stem in (rest, *stems(rest)[:2]) if (kind := split_subject(stem, language).first)), None)


def _mail(fields: dict[str, str], body: str, language: Language) -> Forwarded:
    return Forwarded(
        sender=read_author(_principal(fields.get("from", ""), language)),
        to=read_people(fields.get("to", "")),
        cc=read_people(fields.get("cc", "")),
        subject=fields.get("subject") or None,
        date=fields.get("date") or None,
        body=body,
        source=ForwardSource.INLINE,
    )


def _principal(author: str, language: Language) -> str:
    """Returns the sender in "Jane Doe <ADDRESS> on behalf of the desk"; the same words can also be part of a name."""
    sender = language.on_behalf.split(author, maxsplit=1)[0]
    return sender if "@" in sender or "@" not in author else author


def _body(lines: Sequence[str], *, quoted: bool) -> str:
    """Returns the text of the forwarded mail: to the end of the quotation if it is quoted, else to the end."""
    if quoted:
        lines = _while_quoted(lines)
    elif (written := [line for line in lines if without_invisible(line).strip()]) and all(
        is_quoted(line) for line in written
    ):
        quoted = True
    return "\n".join(unquoted(line) if quoted else line for line in lines).strip()


def _while_quoted(lines: Sequence[str]) -> Sequence[str]:
    """Returns the lines up to the first unquoted text that is not the broken-off end of a quoted line."""
    for at, line in enumerate(lines):
        if line.strip() and not is_quoted(line):
            torn = at > 0 and is_quoted(lines[at - 1]) and at + 1 < len(lines) and is_quoted(lines[at + 1])
            if not torn:
                return lines[:at]
    return lines
