# SPDX-License-Identifier: EUPL-1.2
"""What the writer of a mail wrote himself: without quoted mail, signature, notices and the banners of gateways."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flaggermail.core.blocks import LONGEST_MARK, is_quoted, is_rule, mark_text, quote_mark, read_block
from flaggermail.core.language import Language, folded

MOST_LINES = 20_000
_LONGEST_SIGNATURE = 14  # written lines; what is longer is text again
_LONGEST_CLOSING = 60
_BANNER_LINES = 6
_TRACKER = "\u1427"  # a sign left by a tracking extension
_SIGNATURE = re.compile(r"[ \t]*(?:--|\u2014)[ \t\u00a0]*\Z")  # RFC 3676, section 4.3, and without its blank
_NAME_ALONE = re.compile(r"[ \t]*(?:/{1,2}|[-~\u2013\u2014])[^\W\d_]\w{1,20}(?: \w{1,20}){0,3}[ \t]*\Z")  # "/Jane"
_FOOTER_RULE = re.compile(r"[ \t]*_{5,}[ \t]*\Z")  # above the footer of a mailing list
_DECORATION = " ,.!;:*_-\u2013\u2014\u00a0" + _TRACKER


def reply_text(lines: Sequence[str], language: Language) -> str:
    """The writer's own words in `lines`, which end where a forwarded mail begins. Linear in the text.

    Answers between quoted lines are kept. From a closing line ("Met vriendelijke groet"), a signature mark or a notice
    of confidentiality on, nothing is kept.
    """
    own = _without_banner(_without_quotes(lines[:MOST_LINES], language), language)
    kept = [line for line in own[: _end_of_text(own, language)] if line.strip() != _TRACKER]
    return "\n".join(kept).strip("\n").rstrip()


def _without_quotes(lines: Sequence[str], language: Language) -> list[str]:
    """The lines that are no quotation."""
    own: list[str] = []
    at, started = 0, False
    while at < len(lines):
        line = lines[at]
        if is_quoted(line):
            at += 1
        elif count := quote_mark(lines, at, language):
            at += count
            if started and not _quotation_follows(lines, at):
                break  # the quotation is not marked: all that follows may be part of it
        elif _starts_quotation(lines, at, language):
            if started:
                break
            at = _behind_block(lines, at, language)
        else:
            own.append(line)
            started = started or bool(line.strip())
            at += 1
    return own


def _quotation_follows(lines: Sequence[str], at: int) -> bool:
    """Whether the next written line is marked as quotation."""
    for line in lines[at : at + 8]:
        if line.strip():
            return is_quoted(line)
    return True


def _starts_quotation(lines: Sequence[str], at: int, language: Language) -> bool:
    """Whether an unmarked quotation begins here: "-----Original message-----", or a header block, ruled off or not."""
    line = lines[at]
    if not line.strip() or len(line) > LONGEST_MARK:
        return False
    if mark_text(line) in language.original_lines | language.forward_lines and line.lstrip()[:1] in {
        "-",
        "_",
        "*",
        "=",
    }:
        return True
    if is_rule(line):
        below = next((n for n in range(at + 1, min(at + 4, len(lines))) if lines[n].strip()), None)
        return below is not None and read_block(lines[below : below + 60], 0, language) is not None
    return read_block(lines[at : at + 60], 0, language) is not None


def _behind_block(lines: Sequence[str], at: int, language: Language) -> int:
    """The index behind a mark and header block that stand above the whole text: the text is all there is."""
    while at < len(lines) and (
        not lines[at].strip() or is_rule(lines[at]) or mark_text(lines[at]) in language.original_lines
    ):
        at += 1
    block = read_block(lines[at : at + 60], 0, language) if at < len(lines) else None
    return at + block.end if block else at + 1


def _without_banner(lines: list[str], language: Language) -> list[str]:
    """`lines` without the warning that a gateway puts on top: up to the next empty line."""
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    if first is None or not folded(lines[first][:200]).lstrip("[*!\u26a0 \ufe0f").startswith(language.banners):
        return lines
    for at in range(first + 1, min(first + _BANNER_LINES, len(lines))):
        if not lines[at].strip() or is_rule(lines[at]):
            return lines[at + 1 :]
    return lines[first + 1 :]


def _end_of_text(lines: Sequence[str], language: Language) -> int:
    """The index of the line where signature, notice or footer begins, found from below."""
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    end, behind = len(lines), 0
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at]
        if not line.strip():
            continue
        notice = _is_notice(line, language)
        named = not behind and at > first and not lines[at - 1].strip() and _NAME_ALONE.match(line) is not None
        ends = notice or named or _is_signature(line, language) or (at > first and _closes(line, language))
        if ends and (notice or behind <= _LONGEST_SIGNATURE):
            end, behind = at, 0
        else:
            behind += 1
    return end


def _is_signature(line: str, language: Language) -> bool:
    if _SIGNATURE.match(line[:80]) or _FOOTER_RULE.match(line[:200]):
        return True
    return folded(line[:200]).strip(_DECORATION).startswith(language.device_lines)


def _is_notice(line: str, language: Language) -> bool:
    return folded(line[:200]).strip(_DECORATION).startswith(language.disclaimers)


def _closes(line: str, language: Language) -> bool:
    return len(line) <= _LONGEST_CLOSING and folded(line).strip(_DECORATION) in language.closings
