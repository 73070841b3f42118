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

from flaggermail.mail.forwards.header_blocks import is_quoted, is_rule
from flaggermail.mail.forwards.reply_text import NONE, PlainLines, head_length, is_reply_mark, reply_text
from flaggermail.mail.machine_words import MachineWords
from flaggermail.mail.message import Address, Comment, Message
from flaggermail.mail.signature import signature_of
from flaggermail.mail.vocabulary import Language, folded, without_invisible

_LINES = 400  # of a text in which a frame is looked for
_LONGEST_LINE = 160  # characters of a line that names the author of a comment
_LONGEST_NAME, _MOST_NAMES = 60, 6  # characters; words
_PARTICLE = 4  # letters of a word in a name that may be small: "van", "de", "bin"
_LONGEST_MOMENT = 60
_ZONE = 5  # letters of a time zone in capitals
_GREETING = 6  # words of a line that greets
_BELOW = 2  # lines between a name and the time below it
_TIMED = re.compile(r"(?<!\d)(?:[01]?\d|2[0-3])[:.h][0-5]\d(?!\d)|(?<!\d)20\d\d(?!\d)")
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]+")
_APART = re.compile(r"\s*[,|\u00b7\u2022\u2013\u2014(:@]\s*|\s+-\s+|\s+")
_COMPANY = re.compile(r"(?P<name>[^()]{2,60}?)\s*\((?P<company>[^()]{1,60})\)")
_NO_NAME = re.compile(r"[\d@<>/\\;:!?=#\"()\[\]{}*|]")
_TEAM_SIGNS = frozenset("&+")
_EDGE = " \t\u00a0-\u2013\u2014_=*#|>\u2022"
_BRACKETS = str.maketrans("()[]", "    ")
_MOMENT_EDGE = " \t\u00a0:.,-\u2013\u2014|()[]"


class _Named(StrEnum):
    """What a name in a frame is."""

    SOMEBODY = "somebody"
    READER = "the reader"  # to whom the mail was sent
    ROBOT = "team or program"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class _Names:
    """By what a name is judged; `readers`: the names and addresses to which the mail was sent, folded."""

    words: MachineWords
    readers: frozenset[str]

    @classmethod
    def from_addresses(cls, ours: Sequence[Address], language: Language) -> _Names:
        """Returns it for a mail that was sent to these addresses."""
        readers = frozenset(folded(text) for address in ours for text in (address.name or "", address.address))
        return cls(language.machines, readers)


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


def named_comment(text: str, ours: Sequence[Address], language: Language, plain: PlainLines = NONE) -> Comment | None:
    """Returns the newest comment in a frame, if a person is named above it who is not the reader.

    `ours`: to whom the mail was sent. None below a receipt, a survey or a closing, which repeat earlier comments.
    `plain`: the plain lines of the text.
    """
    frame = _Frame.from_lines(text.split("\n", _LINES), ours, language, plain)
    if frame.named is not _Named.SOMEBODY or _says_more_than_frame(frame.above, language) or frame.repeats_us:
        return None
    words = reply_text(frame.own, language)
    automatic = not _WORD.search(words) or _begins(words.split("\n"), language.machines.robot_lines)
    return None if automatic or frame.heading is None else Comment(frame.heading.name, words)


def calls_it_comment(read: Message, said: str, language: Language, plain: PlainLines = NONE) -> bool:
    """True if the frame of a system without a field of its own calls what is `said` a comment, and a person says it."""
    speaks = "?" in said or language.machines.absence_person.search(folded(said))
    lines, ours = read.text.split("\n", _LINES), (*read.to, *read.cc)
    return bool(speaks) and _Frame.from_lines(lines, ours, language, plain).worded


def without_repeated(
    lines: Sequence[str], ours: Sequence[Address], language: Language, plain: PlainLines = NONE
) -> Sequence[str]:
    """Returns the lines of a machine's mail without what it repeats of the reader below a name, as receipts do."""
    frame = _Frame.from_lines(lines, ours, language, plain)
    receipt = frame.named is _Named.SOMEBODY and language.machines.receipt.search(folded("\n".join(frame.above)))
    return frame.above if receipt or frame.repeats_us else lines


def named_author(read: Message, own: str, language: Language) -> Comment | None:
    """Returns what a mail holds that names nobody, and whose From names a person and the company: "Casey (Example)".

    `own`: its own words.
    """
    name, words = (read.sender.name or "").strip() if read.sender else "", language.machines
    found, between = _COMPANY.fullmatch(name), words.company.search(name.casefold())
    author = found["name"] if found else name[: between.start()].strip() if between else ""
    ours = (*read.to, *read.cc)
    somebody = _kind_of(author, _Names.from_addresses(ours, language)) is _Named.SOMEBODY
    if not somebody or _Frame.from_lines(read.text.split("\n", _LINES), ours, language).heading is not None:
        return None
    lines = [line for line in read.text[:4000].split("\n") if line.strip()]
    if _says_more_than_frame(lines, language) or _begins(lines, (*words.no_reply_lines, *words.robot_lines)):
        return None
    return Comment(author, own) if own.strip() else None


def signed_author(read: Message, own: str, language: Language) -> Comment | None:
    """Returns what a mail without a frame holds, if a person signs who asks or quotes a mail; `own`: its words."""
    lines, names = read.text.split("\n", _LINES), _Names.from_addresses((*read.to, *read.cc), language)
    above = [line for line in _own_lines(lines, names, language, NONE) if line.strip()]
    spoken = "?" in own or len(above) < sum(bool(line.strip()) for line in lines)  # asks, or quotes a mail
    above = [line for line in above if not _begins([line], language.machines.frame_lines)]
    said = [line.strip(" ,.-") for line in own.split("\n") if line.strip()]
    said = said[:-1] if said and " " not in said[-1] and _DIGIT.search(said[-1]) else said  # a program's reference
    signer = signature_of(above, language).name or (said[-1] if said[1:] else "")
    domain = read.sender.domain if read.sender else ""
    company = {*domain.split("."), *domain.replace("-", ".").split(".")}
    somebody = _kind_of(signer.title() if signer.isalpha() else signer, names) is _Named.SOMEBODY
    if folded(signer) in company or not (spoken and somebody and own.strip()) or _says_more_than_frame(above, language):
        return None
    robot = _begins(above, (*language.machines.no_reply_lines, *language.machines.robot_lines))
    return None if robot or _Frame.from_lines(lines, (*read.to, *read.cc), language).heading else Comment(signer, own)


@dataclass(frozen=True, slots=True)
class _Frame:
    """The first name in a frame, the lines `above` it, and those of the comment below it."""

    heading: _Heading | None
    named: _Named
    above: Sequence[str]
    own: Sequence[str]
    ours: Sequence[Address]
    language: Language
    worded: bool  # it calls what is below the name a comment

    @classmethod
    def from_lines(
        cls, lines: Sequence[str], ours: Sequence[Address], language: Language, plain: PlainLines = NONE
    ) -> _Frame:
        """Returns the frame around the newest comment, which comes first; without a heading if it names no author."""
        names = _Names.from_addresses(ours, language)
        kept = list(_own_lines(lines[:_LINES], names, language, plain))
        found = ((at, heading) for at in range(len(kept)) if (heading := _heading(kept, at, names)))
        at, heading = next(found, (len(kept), None))
        named = _kind_of(heading.name, names) if heading else _Named.NOBODY
        own = _lines_below(kept, heading.below, names) if heading else ()
        beside = folded("\n".join((*list(filter(str.strip, kept[:at]))[-1:], *kept[at : at + 1 + _BELOW])))
        by = (names.words.comment_verb, names.words.comment_label, names.words.comment_note)
        return cls(heading, named, kept[:at], own, ours, language, any(one.search(beside) for one in by))

    @property
    def repeats_us(self) -> bool:
        """True if it repeats the reader's own words: it names or greets the reader, or the comment is their letter."""
        if self.named is not _Named.SOMEBODY or self.heading is None:
            return self.named is _Named.READER
        first = folded(self.heading.name).partition(" ")[0]
        greets = (_WORD.findall(folded(line)) for line in self.above if len(line.split()) <= _GREETING)
        if any(first in line[1:] for line in greets):
            return True
        small = folded("\n".join(self.own))
        return any(folded(one.address) in small or _signs(one, self.own, self.language) for one in self.ours)


def _own_lines(lines: Sequence[str], names: _Names, language: Language, plain: PlainLines) -> Iterator[str]:
    """Yields the lines above any quoted mail."""
    for at, line in enumerate(lines):
        if line in plain.no_mail:
            yield line
            continue
        if is_reply_mark(line, language) or is_quoted(line):
            continue
        if line.strip() and _heading(lines, at, names) is None and head_length(lines, at, language):
            return
        yield line


def _heading(lines: Sequence[str], at: int, names: _Names) -> _Heading | None:
    """Returns the heading that starts at this line, whoever it names; None if none does."""
    line = without_invisible(lines[at])[: _LONGEST_LINE + 1].strip(_EDGE)
    if not line or len(line) > _LONGEST_LINE or not any(char.isalpha() for char in line):
        return None
    small = folded(line)
    name = _by_label(line, small, names) or _dated(line, names) or _by_verb(line, small, names) or _noted(line, names)
    if name is not None:
        return _Heading(name, at + 1)
    company = _COMPANY.fullmatch(line)
    name = company["name"] if company else line
    if _kind_of(name, names) is _Named.NOBODY:
        return None
    below = next((n for n in range(at + 1, min(at + 2 + _BELOW, len(lines))) if lines[n].strip()), None)
    if below is not None and _is_moment(_without_note(lines[below], names).rstrip(" ("), names.words):
        return _Heading(name, below + 1)
    return _Heading(name, at + 1) if company and not _is_moment(company["company"], names.words) else None


def _dated(line: str, names: _Names) -> str | None:
    """Returns the name in "NAME, Dec 15, 2020, 11:05 PST"."""
    if not _DIGIT.search(line) or not _TIMED.search(line):  # the first is many times as fast
        return None
    for gap in _APART.finditer(line):
        if _is_moment(line[gap.end() :], names.words) and (name := _name(line[: gap.start()], names)):
            return name
    return None


def _by_verb(line: str, small: str, names: _Names) -> str | None:
    """Returns the name in "NAME commented:", "NAME replied to your request"."""
    found = names.words.comment_verb.search(small)
    if found is None or small.count(" ") > _MOST_NAMES + 8:
        return None
    before = line[: found.start()] if len(small) == len(line) else small[: found.start()].title()
    behind, name = small[found.end() :].strip(), _name(before, names)
    if name is not None and _kind_of(name, names) is _Named.ROBOT and behind and not behind.endswith(":"):
        return None  # "Support has replied to your request.", above the person who did
    return name if not behind.rstrip(".").count(".") else None


def _by_label(line: str, small: str, names: _Names) -> str | None:
    """Returns the name in "Comment by NAME", "Comment from: NAME on 15 December 2020"."""
    found = names.words.comment_label.match(small)
    if found is None or len(small) != len(line):
        return None
    behind = line[found.end() :].strip(" :")
    words = behind.split()[:_MOST_NAMES]
    begun = (_name(" ".join(words[:count]), names) for count in range(len(words), 0, -1))  # "NAME on report 0102"
    return _dated(behind, names) or next(filter(None, begun), None)


def _noted(line: str, names: _Names) -> str | None:
    """Returns the name in "2020-12-15 11:05:02 PST - NAME Additional comments", in any order of the three."""
    line = " ".join(line.split())
    found = names.words.comment_note.search(folded(line)) if len(folded(line)) == len(line) else None
    if found is None:
        moment, apart, behind = line.partition(" - ")
        return _name(behind, names) if apart and _is_moment(moment, names.words) else None
    before, behind = (text.translate(_BRACKETS) for text in (line[: found.start()], line[found.end() :]))
    beside = (_timed_name(text.strip(f"{_EDGE}:"), names) for text in (before, behind, f"{before} {behind}"))
    return next(filter(None, beside), None)


def _timed_name(text: str, names: _Names) -> str | None:
    """Returns the name before or behind a time in a text that holds no more than both."""
    gaps = list(_APART.finditer(text)) if _TIMED.search(text) else []
    behind = (text[gap.end() :] for gap in reversed(gaps) if _is_moment(text[: gap.start()], names.words))
    before = (text[: gap.start()] for gap in gaps if _is_moment(text[gap.end() :], names.words))
    return next(filter(None, (_name(name, names) for name in (*behind, *before))), None)


def _without_note(line: str, names: _Names) -> str:
    """Returns the line without what the frame calls a comment: "2020-12-15 11:05:02 (Additional comments)"."""
    found = names.words.comment_note.search(folded(line))
    return line[: found.start()] if found and len(folded(line)) == len(line) else line


def _name(text: str, names: _Names) -> str | None:
    """Returns the name of a person or a robot, without a company behind it."""
    plain = text.strip(f"{_EDGE},:")
    company = _COMPANY.fullmatch(plain)
    name = company["name"] if company else plain
    between = names.words.company.search(name.casefold())  # "NAME from the help desk"
    name = name[: between.start()].strip() if between else name
    return None if _kind_of(name, names) is _Named.NOBODY else name


def _kind_of(name: str, names: _Names) -> _Named:
    if folded(name) in names.readers:
        return _Named.READER
    tokens = name.split()
    if not 0 < len(tokens) <= _MOST_NAMES or len(name) > _LONGEST_NAME or _NO_NAME.search(name):
        return _Named.NOBODY
    small = [folded(token).strip(".,'\u2019") for token in tokens]
    ends = {small[0], small[-1]}
    if ends & names.words.no_names or small[-1] in names.words.moment_words:  # "Jan" may be a first name
        return _Named.NOBODY
    if _TEAM_SIGNS.intersection(name) or any(word in names.words.robot_names for word in small):
        return _Named.ROBOT
    stands = [token[:1].isupper() or (token[:1].isalpha() and token.lower() == token.upper()) for token in tokens]
    inner = all(capital or len(token) <= _PARTICLE for capital, token in zip(stands, tokens, strict=True))
    return _Named.SOMEBODY if stands[0] and stands[-1] and inner else _Named.NOBODY


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


def _lines_below(lines: Sequence[str], start: int, names: _Names) -> list[str]:
    """Returns the lines of the comment: up to the next one, a rule, or what the frame prints below."""
    own: list[str] = []
    for at in range(start, len(lines)):
        ends = is_rule(lines[at]) or _heading(lines, at, names) is not None
        if any(line.strip() for line in own) and (ends or _begins([lines[at]], names.words.frame_lines)):
            break
        if not ends:
            own.append(lines[at])
    return own


def _signs(address: Address, lines: Sequence[str], language: Language) -> bool:
    """True if a closing ("kind regards") stands above the name of this address."""
    name = folded(address.name or "")
    closed = next((at for at, line in enumerate(lines) if folded(line).rstrip(",.!") in language.closings), None)
    return bool(name) and closed is not None and any(name in folded(line) for line in lines[closed:])


def _begins(pieces: Collection[str], starts: tuple[str, ...]) -> bool:
    return any(folded(piece).lstrip("*-=#([ ").startswith(starts) for piece in pieces)
