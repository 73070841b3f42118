# SPDX-License-Identifier: EUPL-1.2
"""Finds the comment of a named person in the frame that a ticket system prints around it.

A ticket system writes the same fields on every mail: on its own receipt, and on what a person wrote in the ticket. Only
the frame tells them apart: "NAME, Dec 15, 2020, 11:05 PST", "NAME commented:", "NAME (Company)". Its vendors and its
words are in rules/mail-machines.yaml. Only the first name in the frame counts, because the newest comment comes first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from flaggermail.mail.forwards.attribution_line import quote_mark
from flaggermail.mail.forwards.header_blocks import is_quoted, is_rule, read_mark, read_unmarked
from flaggermail.mail.forwards.reply_text import is_reply_mark, reply_text
from flaggermail.mail.machine_words import MachineWords
from flaggermail.mail.message import Address, Comment
from flaggermail.mail.vocabulary import Language, folded, seen

_LINES = 400  # of a text in which a frame is looked for
_LONGEST_LINE = 160  # characters of a line that names the author of a comment
_LONGEST_NAME, _MOST_NAMES = 60, 6  # characters; words
_PARTICLE = 4  # letters of a word in a name that may be small: "van", "de", "bin"
_LONGEST_MOMENT = 60
_ZONE = 5  # letters of a time zone in capitals
_GREETING = 6  # words of a line that greets
_BELOW = 2  # lines between a name and the time below it
_TIMED = re.compile(r"(?<!\d)(?:[01]?\d|2[0-3])[:.h][0-5]\d(?!\d)|(?<!\d)20\d\d(?!\d)")
_WORD = re.compile(r"[^\W\d_]+")
_APART = re.compile(r"\s*[,|\u00b7\u2022\u2013\u2014(:@]\s*|\s+-\s+|\s+")
_COMPANY = re.compile(r"(?P<name>[^()]{2,60}?)\s*\((?P<company>[^()]{1,60})\)")
_NO_NAME = re.compile(r"[\d@<>/\\;:!?=#\"()\[\]{}*|]")
_TEAM_SIGNS = frozenset("&+")
_EDGE = " \t\u00a0-\u2013\u2014_=*#|>\u2022"
_MOMENT_EDGE = " \t\u00a0:.,-\u2013\u2014|()[]"


class _Named(StrEnum):
    """What a name in a frame is."""

    PERSON = "person"
    ROBOT = "robot"  # a team or a program
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class _Heading:
    """The name above a comment, and the index of the line below it."""

    name: str
    below: int


def is_ticket_system(fields: Mapping[str, str], words: MachineWords) -> bool:
    """True if a field says that a ticket system sent the mail; `fields`: topmost value by lower-case name."""
    if any(name.startswith(words.ticket_fields) for name in fields):
        return True
    programs = folded(" ".join(fields.get(name, "") for name in ("x-mailer", "user-agent", "x-powered-by")))
    if any(program in programs for program in words.ticket_mailers):
        return True
    host = fields.get("message-id", "").strip().rstrip(">").rpartition("@")[2].lower()
    return any(host == known or host.endswith(f".{known}") for known in words.ticket_hosts)


def asks_for_replies_above(text: str, language: Language) -> bool:
    """True if a ticket system's "reply above this line" is among the first lines."""
    lines = [line for line in text[:2000].split("\n") if line.strip()]
    return any(is_reply_mark(line, language) for line in lines[:3])


def named_comment(text: str, ours: Sequence[Address], language: Language) -> Comment | None:
    """Returns the newest comment in a frame, if a person is named above it who is not the reader.

    `ours`: to whom the mail was sent. None below a receipt, a survey or a closing, which repeat earlier comments.
    """
    lines = list(_own_lines(text, language))
    for at in range(len(lines)):
        heading = _heading(lines, at, language.machines)
        if heading is None:
            continue
        if _kind_of(heading.name, language.machines) is not _Named.PERSON:
            return None
        above = [line for line in lines[:at] if line.strip()]
        if _says_more_than_frame(above, language) or _is_reader(heading.name, above, ours):
            return None
        own = _lines_below(lines, heading.below, language)
        words = reply_text(own, language)
        return Comment(heading.name, words) if _is_by_a_person(words, own, ours, language) else None
    return None


def named_author(sender: Address | None, text: str, own: str, language: Language) -> Comment | None:
    """Returns what a frame without a name holds whose From names one and the company: "Casey (Example)"."""
    found = _COMPANY.fullmatch((sender.name or "").strip()) if sender else None
    if found is None or _kind_of(found["name"], language.machines) is not _Named.PERSON:
        return None
    lines = [line for line in text[:4000].split("\n") if line.strip()]
    if _says_more_than_frame(lines, language) or _begins(lines, language.machines.no_reply_lines):
        return None
    return Comment(found["name"], own) if own.strip() and not _begins(lines, language.machines.robot_lines) else None


def _own_lines(text: str, language: Language) -> Iterator[str]:
    """Yields the lines above any quoted mail."""
    lines = text.split("\n", _LINES)[:_LINES]
    for at, line in enumerate(lines):
        if is_reply_mark(line, language) or is_quoted(line):
            continue
        if line.strip() and _heading(lines, at, language.machines) is None:
            framed = line.lstrip()[:1] in {"-", "_", "*", "="} and read_mark(line, language)
            if framed or read_unmarked(lines, at, language) is not None or quote_mark(lines, at, language):
                return
        yield line


def _heading(lines: Sequence[str], at: int, words: MachineWords) -> _Heading | None:
    """Returns the heading that starts at this line, whoever it names; None if none does."""
    line = seen(lines[at])[: _LONGEST_LINE + 1].strip(_EDGE)
    if not line or len(line) > _LONGEST_LINE or not any(char.isalpha() for char in line):
        return None
    name = _by_label(line, words) or _dated(line, words) or _by_verb(line, words) or _noted(line, words)
    if name is not None:
        return _Heading(name, at + 1)
    company = _COMPANY.fullmatch(line)
    name = company["name"] if company else line
    if _kind_of(name, words) is _Named.NOTHING:
        return None
    below = next((n for n in range(at + 1, min(at + 2 + _BELOW, len(lines))) if lines[n].strip()), None)
    if below is not None and _is_moment(lines[below], words):
        return _Heading(name, below + 1)
    return _Heading(name, at + 1) if company and not _is_moment(company["company"], words) else None


def _dated(line: str, words: MachineWords) -> str | None:
    """Returns the name in "NAME, Dec 15, 2020, 11:05 PST"."""
    if not _TIMED.search(line):
        return None
    for gap in _APART.finditer(line):
        if _is_moment(line[gap.end() :], words) and (name := _name(line[: gap.start()], words)):
            return name
    return None


def _by_verb(line: str, words: MachineWords) -> str | None:
    """Returns the name in "NAME commented:", "NAME replied to your request"."""
    found = words.comment_verb.search(small := folded(line))
    if found is None or small.count(" ") > _MOST_NAMES + 8:
        return None
    before = line[: found.start()] if len(small) == len(line) else small[: found.start()].title()
    behind, name = small[found.end() :].strip(), _name(before, words)
    if name is not None and _kind_of(name, words) is _Named.ROBOT and behind and not behind.endswith(":"):
        return None  # "Support has replied to your request.", above the person who did
    return name if not behind.rstrip(".").count(".") else None


def _by_label(line: str, words: MachineWords) -> str | None:
    """Returns the name in "Comment by NAME", "Comment from: NAME on 15 December 2020"."""
    found = words.comment_label.match(small := folded(line))
    if found is None or len(small) != len(line):
        return None
    behind = line[found.end() :].strip(" :")
    return _dated(behind, words) or _name(behind, words)


def _noted(line: str, words: MachineWords) -> str | None:
    """Returns the name in "2020-12-15 11:05:02 PST - NAME Additional comments"."""
    moment, apart, behind = line.partition(" - ")
    if not apart or not _is_moment(moment, words):
        return None
    found = words.comment_note.search(small := folded(behind))
    named = behind[: found.start()] if found and len(small) == len(behind) else behind
    return _name(named.strip(" ("), words)


def _name(text: str, words: MachineWords) -> str | None:
    """Returns the name of a person or a robot, without a company behind it."""
    plain = text.strip(f"{_EDGE},:")
    company = _COMPANY.fullmatch(plain)
    name = company["name"] if company else plain
    return None if _kind_of(name, words) is _Named.NOTHING else name


def _kind_of(name: str, words: MachineWords) -> _Named:
    tokens = name.split()
    if not 0 < len(tokens) <= _MOST_NAMES or len(name) > _LONGEST_NAME or _NO_NAME.search(name):
        return _Named.NOTHING
    small = [folded(token).strip(".,'\u2019") for token in tokens]
    if {small[0], small[-1]} & words.no_names or small[-1] in words.moment_words:  # "Jan" may be a first name
        return _Named.NOTHING
    if _TEAM_SIGNS.intersection(name) or any(word in words.robot_names for word in small):
        return _Named.ROBOT
    stands = [token[:1].isupper() or token[:1].isalpha() and token.lower() == token.upper() for token in tokens]
    inner = all(capital or len(token) <= _PARTICLE for capital, token in zip(stands, tokens, strict=True))
    return _Named.PERSON if stands[0] and stands[-1] and inner else _Named.NOTHING


def _is_moment(text: str, words: MachineWords) -> bool:
    """True for a date and time and nothing else; a word in capitals may be a time zone."""
    plain = text.strip(_MOMENT_EDGE)
    if not plain or len(plain) > _LONGEST_MOMENT or not _TIMED.search(plain):
        return False
    return all(
        folded(word) in words.moment_words or (word.isupper() and len(word) <= _ZONE) for word in _WORD.findall(plain)
    )


def _says_more_than_frame(above: Sequence[str], language: Language) -> bool:
    """True if what stands above a comment makes the mail a receipt, a survey, a change of status or a closing."""
    small = folded("\n".join(above))
    words = language.machines
    return words.receipt.search(small) is not None or words.progress.search(small) is not None


def _is_reader(name: str, above: Sequence[str], ours: Sequence[Address]) -> bool:
    """True if the frame names the one to whom the mail is sent, or whom it greets: it repeats their own words."""
    whole = folded(name)
    if any(whole in {folded(address.name or ""), folded(address.address)} for address in ours):
        return True
    first = whole.partition(" ")[0]
    greets = (_WORD.findall(folded(line)) for line in above if len(line.split()) <= _GREETING)
    return any(first in line[1:] for line in greets)


def _lines_below(lines: Sequence[str], start: int, language: Language) -> list[str]:
    """Returns the lines of the comment: up to the next one, a rule, or what the frame prints below."""
    words, own = language.machines, list[str]()
    for at in range(start, len(lines)):
        ends = is_rule(lines[at]) or _heading(lines, at, words) is not None
        if any(line.strip() for line in own) and (ends or _begins([lines[at]], words.frame_lines)):
            break
        if not ends:
            own.append(lines[at])
    return own


def _is_by_a_person(words: str, lines: Sequence[str], ours: Sequence[Address], language: Language) -> bool:
    """True if the words of a comment are no robot's, and no letter that the reader wrote and signed."""
    if not _WORD.search(words) or _begins(words.split("\n"), language.machines.robot_lines):
        return False
    small = folded("\n".join(lines))
    return not any(folded(address.address) in small or _signs(address, lines, language) for address in ours)


def _signs(address: Address, lines: Sequence[str], language: Language) -> bool:
    """True if a closing ("kind regards") stands above the name of this address."""
    name = folded(address.name or "")
    closed = next((at for at, line in enumerate(lines) if folded(line).rstrip(",.!") in language.closings), None)
    return bool(name) and closed is not None and any(name in folded(line) for line in lines[closed:])


def _begins(pieces: Collection[str], starts: tuple[str, ...]) -> bool:
    return any(folded(piece).lstrip("*-=#([ ").startswith(starts) for piece in pieces)
