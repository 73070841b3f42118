# SPDX-License-Identifier: EUPL-1.2
"""The form to assess and decide a case in one reply: lines to fill in between two marks.

The officer's answer is the difference to the form that was sent: a line that is unchanged does not count. What comes
from the referral stands above the marks as a proposal, so that a form sent back as it was says nothing. The marks
contain a word known only to our own mail, so that a form inside a stranger's text is ignored. Lines in the officer's
own words above the quotation override those in the quoted form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from flaggermail.letters.template_values import ReplyRefusal
from flaggermail.mail.message import Json
from flaggermail.record.case_values import CaseType, ChannelKind, Decision, LanguageCode
from flaggermail.replies.request import ReplyFault, Request

Values = Mapping[str, str]
Channels = Sequence["ChannelChoice"]


@dataclass(frozen=True, slots=True)
class ChannelChoice:
    """A channel that is valid now, with the names by which an officer may refer to it."""

    code: str
    platform: str
    platform_name: str
    kind: str  # mail | portal | phone


@dataclass(frozen=True, slots=True, kw_only=True)
class SentForm:
    """The form as it was sent: `title` and `links` as a proposal above the marks, `lines` between them.

    `lines` hold nothing, or what the officer filled in before. `opening` is the first line of the mail.
    """

    mark: str
    language: str
    case_type: str = "A_content"
    title: str = ""
    links: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    opening: str = ""


_WORDS: Mapping[str, tuple[str, str]] = {
    "incorrect": ("onjuist", "incorrect"),
    "contradicts": ("regel", "rule"),
    "criteria": ("criterium", "criterion"),
    "own_attempts": ("pogingen", "attempts"),
    "all_means_used": ("middelen", "means"),  # only for a lost channel
    "title": ("titel", "title"),
    "text": ("tekst", "text"),
    "decision": ("besluit", "decide"),
}
_BY_WORD = {word: key for key, words in _WORDS.items() for word in words}
# Of a pair of words, the Dutch one and the English one, which readers of a further language get too.
_AT: Mapping[str, int] = {**dict.fromkeys(LanguageCode, 1), LanguageCode.NL: 0}
_ENDS = (("formulier", "einde"), ("form", "end"))
_LINE = re.compile(rf"\W*({'|'.join(_BY_WORD)})\b[\s*_]*[:=]\s*(.*)", re.IGNORECASE)
_MARK = re.compile(r"=*\s*(formulier|form|einde|end)\s+([0-9a-f]{6})\b", re.IGNORECASE)
_BEGINS = frozenset({"formulier", "form"})
_QUOTED = re.compile(r"(?:[ \t]{0,3}>)+ ?")
_YES = frozenset({"ja", "j", "yes", "y", "true", "waar"})
_NO = frozenset({"nee", "neen", "n", "no", "false", "onwaar"})
_NONE = frozenset({"geen", "none", "-", "nul"})
_NUMBERS = re.compile(r"[123](?:\s*(?:,|;|&|\+|\ben\b|\band\b|\s)\s*[123])*")
_COUNT = re.compile(r"(\d{1,3})(?:\s*(?:x|keer|times|maal))?")
_DECISIONS = (
    ("notify", re.compile(r"(?:meld|notify)\b[\s:]*(?:(?:aan|bij|to)\s+)?(.+)", re.IGNORECASE)),
    ("none", re.compile(r"(?:geen|none)(?:\s*[:;,]\s*(.+))?", re.IGNORECASE)),
    ("decline", re.compile(r"(?:wijs\s+af|decline)(?:\s*[:;,]\s*(.+))?", re.IGNORECASE)),
    ("refer", re.compile(r"(?:verwijs|refer)(?:\s*[:;,]\s*(.+))?", re.IGNORECASE)),
)
_BETWEEN_NAMES = re.compile(r"\s*(?:,|;|&|\+|\ben\b|\band\b)\s*", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s<>\"'\])}]+[^\s<>\"'\])}.,;:!?]")
MOST_LINKS = 5
LONGEST_LINK = 300
_OTHERS = "|"  # the mark of others' words in our mail
_AUTOLINK = re.compile(r"\s?[<\[](?:https?://|mailto:)[^\s<>\[\]]*[>\]]", re.IGNORECASE)
_OPENING = 40  # characters by which the first line of our mail is recognised


def mark_of(token: str) -> str:
    """Returns the word in the marks of the form whose mail carries `token`; it does not reveal the token."""
    return sha256(f"empty form {token}".encode()).hexdigest()[:6]


def links_in(text: str) -> tuple[str, ...]:
    """Returns the first web addresses in a referral, unchanged; leaves out the very long ones."""
    found = (link for link in _LINK.findall(text) if len(link) <= LONGEST_LINK)
    return tuple(dict.fromkeys(found))[:MOST_LINKS]


def lines_between(text: str, mark: str) -> tuple[str, ...]:
    """Returns the lines between our marks in a mail that we sent."""
    return tuple(line for block in _blocks(text, mark) for line in block)


def filled_form(asked: SentForm, values: Values | None = None) -> str:
    """Returns the form with its marks, filled in with the officer's `values`."""
    at = _AT[asked.language]
    begin, end = _ENDS[at]
    known = values or {}
    keys = [key for key in _WORDS if key != "all_means_used" or asked.case_type == CaseType.CHANNEL]
    lines = [f"{_WORDS[key][at]}: {known.get(key, '')}".rstrip() for key in keys]
    return "\n".join((f"===== {begin} {asked.mark} =====", *lines, f"===== {end} {asked.mark} ====="))


@dataclass(frozen=True, slots=True)
class Form:
    """A complete form."""

    assessed: Mapping[str, Json]  # the fields of an assessment
    decision: str
    reason: str
    language: str
    channels: tuple[ChannelChoice, ...] = ()
    title: str = ""
    text: str = ""

    def requests(self, case: str) -> tuple[Request, ...]:
        """Returns the requests to assess, to decide, and to draft one notification per channel."""
        drafts = [
            Request("notify", {"case": case, "channel": channel.code, "title": self.title, "text": self.text})
            for channel in self.channels
        ]
        decided = Request("case decide", {"case": case, "decision": self.decision, "reason": self.reason})
        assessed = Request("case assess", {"case": case, **self.assessed})
        return (assessed, decided, *drafts)


def above(own: str) -> tuple[str, ...]:
    """Returns the officer's own lines above the form: a note that is not part of it."""
    lines = own.splitlines()
    first = next((at for at, line in enumerate(lines) if _is_of_the_form(line)), len(lines))
    return tuple(lines[:first])


def values_in(own: str, whole: str, asked: SentForm) -> dict[str, str]:
    """Returns what the officer filled in: in their own words, or between the marks anywhere in the mail.

    A line that is as it was sent does not count. What the officer filled in before, and was sent back to them, counts
    again once they have changed any line. Raises ReplyFault if two copies of the form say different things.
    """
    before = _values(asked.lines, asked)
    blocks = [_values(block, asked) for block in _blocks(whole, asked.mark)]
    above_all = _values(_own_lines(own, asked), asked)
    found: dict[str, str] = {}
    for key in _WORDS:
        sent = before.get(key, "")
        given = {_plain(block[key]): block[key] for block in blocks if key in block}
        changed = [value for plain, value in given.items() if plain != _plain(sent) and value]
        if above_all.get(key) and _plain(above_all[key]) != _plain(sent):
            found[key] = above_all[key]
        elif len(changed) > 1:
            word = _WORDS[key][_AT[asked.language]]
            raise ReplyFault(ReplyRefusal.TWO, word, line=f"{word}: {changed[-1]}")
        elif changed:
            found[key] = changed[0]
        elif sent and set(given) == {""}:  # the officer emptied the line
            found[key] = ""
    return {key: value for key, value in {**(before if found else {}), **found}.items() if value}


def filled_before(asked: SentForm) -> dict[str, str]:
    """Returns what the officer had filled in when the form was sent back to be completed."""
    return {key: value for key, value in _values(asked.lines, asked).items() if value}


def are_alike(values: Values, others: Values) -> bool:
    """True if both hold the same, apart from wraps and the addresses that mail programs print behind links."""
    return {key: _plain(value) for key, value in values.items()} == {k: _plain(v) for k, v in others.items()}


def _plain(value: str) -> str:
    """Returns a value for comparison: mail programs wrap long lines and print a link's address behind it."""
    return " ".join(_AUTOLINK.sub("", value).split())


def read(own: str, whole: str, asked: SentForm, channels: Channels) -> Form:
    """Parses the form in a reply. Raises ReplyFault naming every line that is missing or unreadable."""
    values = values_in(own, whole, asked)
    if not values and filled_before(asked):
        raise ReplyFault(ReplyRefusal.UNCHANGED)
    language = _language(f"{own}\n{whole}" if values else own, asked)
    decision, argument = _decision(values.get("decision", ""))
    wanted = _WANTED if decision in {Decision.NOTIFY, ""} else ()
    answers = _Answers(values, _AT[language])
    contradicts = answers.words("contradicts", needed="contradicts" in wanted)
    assessed: Mapping[str, Json] = {
        "incorrect": answers.truth("incorrect", needed="incorrect" in wanted),
        "contradicts": contradicts,
        "criteria": answers.criteria(needed="criteria" in wanted),
        "own_attempts": answers.count("own_attempts", needed="own_attempts" in wanted),
        "all_means_used": answers.truth("all_means_used", needed=False),
    }
    reason = (argument if decision != Decision.NOTIFY else "") or values.get("contradicts", "")
    if not decision or (decision != Decision.NOTIFY and not reason):
        answers.lack("decision")
    if answers.lacks:
        raise ReplyFault(ReplyRefusal.LINES, *dict.fromkeys(answers.lacks), line=answers.unreadable)
    try:
        named = _named(argument, channels) if decision == Decision.NOTIFY else ()
    except ReplyFault as fault:
        raise ReplyFault(fault.why, *fault.details, line=answers.line("decision")) from None
    proposed = "\n".join(asked.links) or contradicts or ""
    return Form(
        assessed, decision, reason, language, named, values.get("title", asked.title), values.get("text", proposed)
    )


_WANTED = frozenset({"incorrect", "contradicts", "criteria", "own_attempts"})


@dataclass(slots=True)
class _Answers:
    """Parses values by type, and collects the lines that are missing or unreadable."""

    values: Values
    language: int
    lacks: list[str] = field(default_factory=list)
    unreadable: str = ""  # the first line that is there and cannot be read

    def lack(self, key: str, example: str = "") -> None:
        """Notes a line that is missing, or unreadable."""
        self.lacks.append(f"{_WORDS[key][self.language]}{example}")
        if self.values.get(key) and not self.unreadable:
            self.unreadable = self.line(key)

    def line(self, key: str) -> str:
        """Returns the line of the form as it was filled in."""
        return f"{_WORDS[key][self.language]}: {self.values.get(key, '')}"

    def words(self, key: str, *, needed: bool) -> str | None:
        value = self.values.get(key, "").strip()
        if not value and needed:
            self.lack(key)
        return value or None

    def truth(self, key: str, *, needed: bool) -> bool | None:
        value = _bare(self.words(key, needed=needed))
        if value and value not in _YES | _NO:
            self.lack(key)
        return None if not value else value in _YES

    def criteria(self, *, needed: bool) -> tuple[int, ...] | None:
        value = _bare(self.words("criteria", needed=needed))
        if not value or value in _NONE:
            return () if value else None
        if not _NUMBERS.fullmatch(value):
            self.lack("criteria", " (1, 2, 3)")
        return tuple(sorted({int(digit) for digit in re.findall(r"[123]", value)}))

    def count(self, key: str, *, needed: bool) -> int | None:
        value = _bare(self.words(key, needed=needed))
        if not value or value in _NONE:
            return 0 if value else None
        match = _COUNT.fullmatch(value)
        if match is None:
            self.lack(key)
        return int(match[1]) if match else None


def _bare(value: str | None) -> str:
    return (value or "").casefold().strip(" .!;,*_()")


def _decision(value: str) -> tuple[str, str]:
    """Returns the decision and its argument; both empty if there is none."""
    for decision, pattern in _DECISIONS:
        match = pattern.fullmatch(value.strip(" .!*_"))
        if match:
            return decision, (match[1] or "").strip()
    return "", ""


def _named(text: str, channels: Channels) -> tuple[ChannelChoice, ...]:
    """Returns the named channels, each by its own code, or by its platform if that has one mail channel."""
    found = [_channel(name, channels) for name in _BETWEEN_NAMES.split(text) if name]
    return tuple(dict.fromkeys(found))


def _channel(name: str, channels: Channels) -> ChannelChoice:
    wanted = name.casefold().strip(" .!")
    by_code = [channel for channel in channels if channel.code.casefold() == wanted]
    of_platform = [c for c in channels if wanted in {c.platform.casefold(), c.platform_name.casefold()}]
    by_mail = [channel for channel in of_platform if channel.kind == ChannelKind.MAIL]
    fitting = by_code or by_mail or of_platform
    if len(fitting) != 1:
        raise ReplyFault(ReplyRefusal.CHANNEL, *(channel.code for channel in fitting or channels))
    return fitting[0]


def _is_of_the_form(line: str) -> bool:
    plain = _QUOTED.sub("", line, count=1)
    return _LINE.match(plain) is not None or _MARK.search(plain) is not None


def _blocks(text: str, mark: str) -> list[list[str]]:
    """Returns the lines between our marks, without quotation signs; there may be several copies."""
    blocks: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        plain = _QUOTED.sub("", line, count=1) if line.lstrip().startswith(">") else line
        found = _MARK.search(plain)
        if found and found[2].lower() == mark:
            inside = found[1].lower() in _BEGINS
            blocks += [[]] if inside else []
        elif inside:
            blocks[-1].append(plain)
    return blocks


def _own_lines(own: str, asked: SentForm) -> list[str]:
    """Returns the form lines in the officer's own words, with or without the marks; they end where our mail begins."""
    blocks = _blocks(own, asked.mark)
    if blocks:
        return [line for block in blocks for line in block]
    opening = _plain(asked.opening)[:_OPENING]
    lines: list[str] = []
    for line in own.splitlines():
        if opening and _plain(line).startswith(opening):
            break
        if line.strip():
            lines.append(line)
    return lines if lines and _LINE.match(lines[0]) else []


def _values(lines: Sequence[str], asked: SentForm) -> dict[str, str]:
    """Returns the values by key; a line without a form word continues the value above it.

    So does the remainder of a long line that we sent and a mail program wrapped, whatever its first word. Lines with
    the mark of others' words do not count.
    """
    found: dict[str, list[str]] = {}
    key = ""
    for line in lines:
        if line.lstrip().startswith(_OTHERS):
            continue
        match = _LINE.match(line)
        if match and not (found and _is_torn_off(line, asked)):
            key = _BY_WORD[match[1].lower()]
            if match[2].strip() or key not in found:
                if found.get(key, [""])[0] not in {"", match[2].strip()}:
                    raise ReplyFault(ReplyRefusal.TWO, match[1].lower(), line=line.strip())
                found[key] = [match[2].strip()]
        elif key and line.strip():
            found[key].append(line.strip())
    return {key: ("\n" if key == "text" else " ").join(filter(None, parts)) for key, parts in found.items()}


def _is_torn_off(line: str, asked: SentForm) -> bool:
    """True if the line is a later part of a longer line of the form that was sent."""
    plain, sent = _plain(line), tuple(map(_plain, asked.lines))
    return plain not in sent and any(plain in longer[1:] for longer in sent)


def _language(text: str, asked: SentForm) -> str:
    """Returns the language of the first form line that is filled in."""
    for line in text.splitlines():
        plain = _QUOTED.sub("", line, count=1)
        match = None if plain.lstrip().startswith(_OTHERS) else _LINE.match(plain)
        if match and match[2].strip():
            words = _WORDS[_BY_WORD[match[1].lower()]]
            return next(language for language, at in _AT.items() if words[at] == match[1].lower())
    return asked.language
