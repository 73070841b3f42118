# SPDX-License-Identifier: EUPL-1.2
"""The mail inside a forward, as its text shows it. What stands there is the forwarder's claim, not proof."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flaggermail.core.addresses import read_written
from flaggermail.core.blocks import (
    LONGEST_MARK,
    is_quoted,
    is_rule,
    mark_text,
    quote_mark,
    read_block,
    read_run_together,
    unquoted,
)
from flaggermail.core.language import Language
from flaggermail.core.message import Address, Forwarded
from flaggermail.core.subject import SubjectParts

MOST_LINES = 20_000

# In "On 28/10/2021 12:46, Jane Doe <ADDRESS> wrote:" the instant ends with the time.
_INSTANT = re.compile(r"\d.{0,60}?\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[AP]M)?", re.IGNORECASE)
_NAME_AND_ADDRESS = re.compile(r"([^,:\d<>()]{0,80})[<(]{1,2}([^\s<>()]{1,250}@[^\s<>()]{1,250})[>)]{1,2}")
_QUOTES = "\"'\u201c\u201d\u201e\u00ab\u00bb \t\u00a0"
_WITHIN = 6  # lines between the dashed line and the header block


@dataclass(frozen=True, slots=True)
class Inline:
    """A forwarded mail found in a text; `start` is the index of the line where the forwarder's own text ends."""

    mail: Forwarded
    start: int


def find_inline(lines: Sequence[str], subject: SubjectParts, language: Language, *, answers: bool) -> Inline | None:
    """The outermost forwarded mail in `lines`, or nothing when there is none or the mail is a reply.

    `answers`: the mail names another that it answers (In-Reply-To). A header block, or a line "Jane Doe wrote:", is a
    quotation in a reply and the original in a forward: the subject's outermost prefix decides, a line that says
    "forwarded message" before it. Linear in the text.
    """
    forwards = subject.first == "forward"
    replies = subject.first == "reply" or (answers and not forwards)
    for at, line in enumerate(lines[:MOST_LINES]):
        if not line.strip():
            continue
        text = unquoted(line)
        if found := _under_mark(lines, at, text, language, replies=replies):
            return found
        if (block_at := _block(lines, at, language)) is not None:
            return None if replies else block_at
        if (count := quote_mark(lines, at, language)) and (replies or not forwards):
            return None
        if count:
            return _from_quote(lines, at, count, subject, language)
    return None


def _under_mark(lines: Sequence[str], at: int, text: str, language: Language, *, replies: bool) -> Inline | None:
    """The mail below a line "----- Forwarded message -----" or, in what is no reply, "----- Original message -----"."""
    if len(text) <= LONGEST_MARK:
        mark = mark_text(text)
        says_forward = mark in language.forward_lines
        if says_forward or (mark in language.original_lines and not replies):
            for below in range(at + 1, min(at + 1 + _WITHIN, len(lines))):
                if unquoted(lines[below]).strip() and not is_rule(lines[below]):
                    return _block(lines, below, language, start=at)
            return None
    return None if replies or not text.lstrip().startswith("--") else _run_together(lines, at, text, language)


def _block(lines: Sequence[str], at: int, language: Language, start: int | None = None) -> Inline | None:
    """The mail whose header block begins at `at`."""
    quoted = is_quoted(lines[at])
    window = [unquoted(line) if quoted else line for line in lines[at : at + 80]]
    block = read_block(window, 0, language)
    if block is None:
        return None
    body = lines[at + block.end :]
    begins = start if start is not None else at - (1 if at and is_rule(lines[at - 1]) else 0)
    return Inline(_mail(block.fields, _body(body, quoted=quoted), language), begins)


def _run_together(lines: Sequence[str], at: int, text: str, language: Language) -> Inline | None:
    """Yahoo's form: dashes, the words, and the whole block in one line."""
    mark, _, rest = text.strip().lstrip("- ").partition("--")
    known = language.forward_lines | language.original_lines
    fields = read_run_together(rest.lstrip("- "), language) if mark_text(mark) in known else {}
    if "from" not in fields or len(fields) < 2:  # noqa: PLR2004 - an author and one thing more, as in blocks.Block
        return None
    return Inline(_mail(fields, _body(lines[at + 1 :], quoted=is_quoted(lines[at])), language), at)


def _from_quote(lines: Sequence[str], at: int, count: int, subject: SubjectParts, language: Language) -> Inline | None:
    """Outlook for Mac forwards with a quote line in place of a block; recipients are not told."""
    text = " ".join(unquoted(line).strip("\ufeff \t") for line in lines[at : at + count])
    found = _NAME_AND_ADDRESS.search(text)
    if found is None:
        return None
    name = language.fillers.split(language.verbs.split(found.group(1))[-1])[-1].strip(_QUOTES)
    instant = _INSTANT.search(text)
    body = _body(lines[at + count :], quoted=is_quoted(lines[at]))
    sender = Address(found.group(2), name or None)
    date = instant.group() if instant else None
    return Inline(Forwarded(sender, (), (), subject.base or None, date, body, "inline"), at)


def _mail(fields: dict[str, str], body: str, language: Language) -> Forwarded:
    author = language.on_behalf.split(fields.get("from", ""), maxsplit=1)[0]
    senders = read_written(author)
    return Forwarded(
        sender=senders[0] if senders else None,
        to=read_written(fields.get("to", "")),
        cc=read_written(fields.get("cc", "")),
        subject=fields.get("subject") or None,
        date=fields.get("date") or None,
        body=body,
        source="inline",
    )


def _body(lines: Sequence[str], *, quoted: bool) -> str:
    """The text of the forwarded mail: as long as the quotation lasts when it is quoted, else to the end."""
    if quoted:
        lines = _while_quoted(lines)
    elif (written := [line for line in lines if line.strip()]) and all(is_quoted(line) for line in written):
        quoted = True
    return "\n".join(unquoted(line) if quoted else line for line in lines).strip()


def _while_quoted(lines: Sequence[str]) -> Sequence[str]:
    """The lines up to the first that is neither quoted nor empty, nor the torn-off end of a quoted line."""
    for at, line in enumerate(lines):
        if line.strip() and not is_quoted(line):
            torn = at > 0 and is_quoted(lines[at - 1]) and at + 1 < len(lines) and is_quoted(lines[at + 1])
            if not torn:
                return lines[:at]
    return lines
