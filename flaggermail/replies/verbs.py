# SPDX-License-Identifier: EUPL-1.2
"""The commands in an officer's reply: text and topic in, requests to the desk or an explanation out.

One table lists the words understood for each topic. Only the first line of the officer's own words counts; quotations,
signatures and notices were removed before. Two verbs, a verb in the middle of a sentence, or words of doubt below it do
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from flaggermail.mail.message_json import Json
from flaggermail.record.case_values import Source
from flaggermail.record.contacts import ContactMeans, LanguageCode
from flaggermail.record.topics import Topic
from flaggermail.replies import case_form, case_words, consent, phrases
from flaggermail.replies.case_form import Channels, FormFault
from flaggermail.replies.first_line import Line, folded, seen
from flaggermail.replies.request import Request
from flaggermail.rules.reply_words import ReplyWords

LANGUAGES = tuple(LanguageCode)


class Why(StrEnum):
    """The reasons for which a reply does nothing."""

    UNKNOWN = "not understood"
    TWO = "two verbs"
    DOUBT = "words of doubt"
    CODE = "wrong code"
    CODE_LATE = "code too late"
    CODE_SPENT = "code spent"
    BY_COMMAND = "by command only"
    NO_DEVICE = "no device"
    DEVICE_LOCKED = "device locked"
    DEVICE_LOST = "device lost"
    DEVICE_SHARED = "device made by an approver"
    NO_PAGER = "no pager"
    NAME = "no such officer"
    INSTANT = "no such time"
    LINES = "lines missing"
    CHANNEL = "no such channel"
    TYPE = "no such type"
    SOURCE = "no such source"
    NOTHING = "nothing is asked"
    FORWARD = "a forward"
    FOREIGN = "somebody else was asked"
    TWO_MAILS = "answers two mails"
    EXPIRED = "expired"
    USED = "answered before"
    SETTLED = "settled before"
    REFUSED = "refused"
    FORM = "form as sent is missing"
    SENDER = "another sender"
    RESENT = "sent on"
    HIDDEN = "hidden text"
    DISAGREE = "alternatives disagree"


def _no_draft(_code: str) -> None:
    """Default for `Answered.names`: no draft can be approved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The mail that was replied to, and what the reply may refer to."""

    topic: Topic
    officer: str  # id of the replying officer
    language: str  # of the desk
    came_at: datetime  # in the desk's zone
    words: ReplyWords
    case: str = ""
    notification: str | None = None
    channel: str | None = None  # of that notification
    means: str = "phone"  # how that channel is reached if it takes no mail
    submits: str = "notification"  # what submitting that text counts as; follow_up for a follow-up
    names: Callable[[str], str | None] = _no_draft  # a written code -> the draft (or device) it is this officer's for
    device: str = ""  # that the mail asks a first code of
    message: str = ""
    reminder: str = ""
    officers: Mapping[str, str] | None = None  # names by id
    form: case_form.SentForm | None = None
    channels: Channels = ()


@dataclass(frozen=True, slots=True)
class Understood:
    """What to ask of the desk in this order, all or none; `language` is that of the words."""

    requests: tuple[Request, ...]
    language: str
    repeatable: bool = False  # may be repeated in reply to the same mail


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """The reason why nothing is done, its details, and what would have been understood."""

    why: Why
    language: str
    details: tuple[str, ...] = ()
    would_work: tuple[str, ...] = ()
    line: str = ""  # that was read and refused, as its writer sees it


@dataclass(frozen=True, eq=False)
class _Verb:
    """Words in both languages, a pattern for the argument (named groups), and what they ask of the desk."""

    nl: str
    en: str
    does: Callable[[Answered, Mapping[str, str]], Request]
    takes: str = ""  # the pattern of the argument
    shows: Mapping[str, str] | None = None  # the argument as displayed, by language
    paragraph: bool = False  # the argument may continue on the next lines, up to an empty one
    repeatable: bool = False
    coded: bool = False  # takes a code, alone or with a word of consent in any usual form: `consent.code_in`
    denies: bool = False  # a yes before it contradicts it

    def words(self, language: str) -> str:
        return self.nl if language == LanguageCode.NL else self.en

    def shown(self, language: str) -> str:
        return f"{self.words(language)}{self.shows[language] if self.shows else ''}"


class _BadArgument(Exception):
    """The argument of a verb is invalid."""

    def __init__(self, why: Why, *details: str, line: str = "") -> None:
        super().__init__(why)
        self.why, self.details, self.line = why, details, line


def read(text: str, whole: str, answered: Answered) -> Understood | NotUnderstood:
    """Parses the officer's own words `text`; for a form also `whole`, the mail with its quotations."""
    try:
        if answered.topic is Topic.FORM:
            return _read_form(text, whole, answered)
        return _read_verb(text, answered)
    except _BadArgument as wrong:
        language = _language(text, answered)
        details = wrong.details or _right_words(wrong.why, answered.words, language)
        return replace(not_understood(wrong.why, answered.topic, language, *details), line=wrong.line)


def _right_words(why: Why, words: ReplyWords, language: str) -> tuple[str, ...]:
    """Returns the words of the closed set in which nothing was found."""
    if why is Why.TYPE:
        return case_words.types(words, language)
    return case_words.sources(words, language) if why is Why.SOURCE else ()


def not_understood(why: Why, topic: Topic, language: str, *details: str) -> NotUnderstood:
    """Returns the explanation, with what would have been understood."""
    return NotUnderstood(why, language, details, would_work(topic, language))


def first_line(text: str) -> str:
    """Returns the line of a reply in which its verb is looked for; empty if there is none."""
    return next((line.shown for line in _lines(text)), "")


def would_work(topic: Topic, language: str) -> tuple[str, ...]:
    """Returns the possible replies to a mail about `topic`, as displayed."""
    return tuple(verb.shown(language) for verb in _TABLE.get(topic, ()))


def would_work_by_command(topic: Topic, language: str) -> tuple[str, ...]:
    """Returns the possible replies to a mail about `topic` where no code approves, as displayed."""
    return tuple(verb.shown(language) for verb in _TABLE.get(topic, ()) if not verb.coded)


def still_work(topic: Topic, language: str, *, used: bool, acknowledged: bool) -> tuple[str, ...]:
    """Returns the replies still possible: all unless the mail is `used`, without "ok" once it is acknowledged."""
    verbs = (verb for verb in _TABLE.get(topic, ()) if verb.repeatable or not used)
    return tuple(verb.shown(language) for verb in verbs if verb is not _OK or not acknowledged)


def _read_verb(text: str, answered: Answered) -> Understood:
    verbs = _TABLE.get(answered.topic, ())
    lines = _lines(text)
    if not verbs:
        raise _BadArgument(Why.NOTHING)
    end = next((at for at, line in enumerate(lines) if not line.shown), len(lines))  # of the first paragraph
    found = _first(lines, end, verbs, answered)
    if found is None:
        raise _BadArgument(Why.UNKNOWN)
    verb, language, groups, used = found
    below = lines[used:] if not verb.paragraph else () if verb.repeatable else lines[end:]  # notes and questions go on
    for line in below:
        if answered.words.doubts(line.shown) or _ASKS.search(line.shown):
            raise _BadArgument(Why.DOUBT, line=line.shown)
    for line in lines[used:]:
        if _is_second_verb(line, answered):
            raise _BadArgument(Why.TWO, line=line.shown)
    return Understood((verb.does(answered, groups),), language or answered.language, verb.repeatable)


def _lines(text: str) -> list[Line]:
    """Returns the lines from the first that says something; one that only greets the desk does not."""
    lines = [line for written in text.splitlines() if (line := Line.of(written)).shown or not written.strip()]
    first = next((at for at, line in enumerate(lines) if line.shown and not phrases.is_greeting(line)), len(lines))
    return lines[first:]


def _first(
    lines: list[Line], end: int, verbs: tuple[_Verb, ...], answered: Answered
) -> tuple[_Verb, str | None, Mapping[str, str], int] | None:
    """Returns the verb of the first line, its language (None: either), its argument, and how many lines it takes.

    Free text goes on to the `end` of the paragraph, where a further verb is a second one; so may a code and its yes.
    """
    paragraph = Line.of(" ".join(line.shown for line in lines[:end]))
    for verb in verbs if lines else ():
        broken = verb.coded and consent.code_in(paragraph, _own_names(answered)) is not None
        line = paragraph if verb.paragraph or broken else lines[0]
        agrees = _OK not in verbs and not verb.denies  # where "ok" is itself a verb, it and another are two
        if (said := _consented(line, verb, answered) or _match(line, verb, answered, agrees=agrees)) is not None:
            return verb, said[0], said[1], end if broken else 1
    return None


def _match(line: Line, verb: _Verb, answered: Answered, *, agrees: bool) -> tuple[str | None, Mapping[str, str]] | None:
    """Returns language and argument if `line` is that verb and nothing else."""
    for language in LANGUAGES:
        for one in (line, _unsigned(line, answered)):
            groups = phrases.matched(one, verb.words(language), language, verb.takes, agrees=agrees)
            if groups is not None:
                return None if verb.nl == verb.en else language, groups
    return None


def _unsigned(line: Line, answered: Answered) -> Line:
    """Returns the line without the officer's own name at its end."""
    plain = phrases.without_name(line.plain, _own_names(answered))
    return Line(line.shown[: len(plain)], plain)


def _own_names(answered: Answered) -> frozenset[str]:
    name = (answered.officers or {}).get(answered.officer, "")
    return frozenset(map(folded, _names(answered.officer, name))) if name else frozenset()


def _consented(line: Line, verb: _Verb, answered: Answered) -> tuple[str | None, Mapping[str, str]] | None:
    """Returns language and code if `line` is a code with nothing but consent around it, or consent without one."""
    names = _own_names(answered)
    found = (consent.code_in(line, names) or consent.consent_alone(line, names)) if verb.coded else None
    return None if found is None else (found.language, {"code": found.code})


def _is_second_verb(line: Line, answered: Answered) -> bool:
    """True if a line below the first is itself a verb; for "to", which also begins sentences, a name decides."""
    if any(_match(line, verb, answered, agrees=False) for verb in _ALL_VERBS):
        return True
    said = _match(line, _TO, answered, agrees=False)
    return said is not None and (said[0] == LanguageCode.NL or bool(_officers_named(said[1]["name"], answered)))


def _language(text: str, answered: Answered) -> str:
    """Returns the language of the verb with which the text begins; else the desk's."""
    first = next((line.plain for line in _lines(text)), "")
    for verb in _ALL_VERBS:
        for language in LANGUAGES:
            if verb.nl != verb.en and re.match(rf"{re.escape(verb.words(language))}\b", first):
                return language
    return answered.language


_ASKS = re.compile(r"\?(?:\s|$)")
_POINTS = ".,!;:()-\u2013\u2014"


# ---- arguments of verbs

_WORDS, _REASON, _NUMBER, _NAME, _CODE = phrases.WORDS, phrases.REASON, phrases.NUMBER, phrases.NAME, phrases.CODE
_TIME_AND_WORDS = phrases.TIME_AND_WORDS
_LONGEST_AGO = timedelta(hours=18)
_NOON = 12


def _take(answered: Answered, _groups: Mapping[str, str]) -> Request:
    return Request("case assign", {"case": answered.case, "officer": answered.officer})


def _ask(answered: Answered, groups: Mapping[str, str]) -> Request:
    return Request("case ask", {"case": answered.case, "text": groups["words"]})


def _decline(answered: Answered, groups: Mapping[str, str]) -> Request:
    if phrases.turns(groups["words"], denials="colon" not in groups):
        raise _BadArgument(Why.DOUBT)
    return Request("case decide", {"case": answered.case, "decision": "decline", "reason": groups["words"]})


def _correct_type(answered: Answered, groups: Mapping[str, str]) -> Request:
    found = case_words.type_named(groups["words"].strip(_POINTS), answered.words)
    if found is None:
        raise _BadArgument(Why.TYPE)
    return Request("case reclassify", {"case": answered.case, "type": found})


def _correct_source(answered: Answered, groups: Mapping[str, str]) -> Request:
    return Request("case reclassify", {"case": answered.case, "source": _source_named(groups["words"], answered)})


def _source_named(written: str, answered: Answered) -> Source:
    found = case_words.source_named(written.strip(_POINTS), answered.words)
    if found is None:
        raise _BadArgument(Why.SOURCE)
    return found


def _approve(answered: Answered, groups: Mapping[str, str]) -> Request:
    draft = answered.names(groups.get("code", ""))
    if draft is None or draft != answered.notification:
        raise _BadArgument(Why.CODE)
    return Request("approve", {"draft": draft})


def _confirm_device(answered: Answered, groups: Mapping[str, str]) -> Request:
    device = answered.names(groups.get("code", ""))
    if device is None or device != answered.device:
        raise _BadArgument(Why.CODE)
    return Request("officer confirm", {"device": device})


def _reject(answered: Answered, groups: Mapping[str, str]) -> Request:
    words = groups["words"]
    if phrases.agrees(words) or consent.code_in(Line.of(words), _own_names(answered)) is not None:
        raise _BadArgument(Why.TWO)
    return Request("reject", {"draft": answered.notification or "", "reason": words})


def _acknowledge(answered: Answered, _groups: Mapping[str, str]) -> Request:
    return Request("oncall ack", {"reminder": answered.reminder})


def _note(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Records a call; it counts as an answer unless the words say that nobody was reached."""
    return _noted(answered, groups, "phone", "platform_ack" if answered.notification is not None else "")


def _submit(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Records the submission of an approved text; a call that reached nobody delivered nothing."""
    return _noted(answered, groups, answered.means, answered.submits)


def _answer_there(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Records an answer shown by a portal or given by phone."""
    return _noted(answered, groups, answered.means, "platform_ack")


def _noted(answered: Answered, groups: Mapping[str, str], means: str, counts_as: str) -> Request:
    hour, minute = _hour(int(groups["hour"]), groups.get("half")), int(groups["minute"])
    if hour > 23 or minute > 59:  # noqa: PLR2004 - the hours and minutes of a day
        raise _BadArgument(Why.INSTANT, f"{hour}:{minute:02d}")
    at = _last_time(hour, minute, answered.came_at)
    if at is None:
        raise _BadArgument(Why.INSTANT, f"{hour}:{minute:02d}")
    text = groups.get("words", "").strip(f"{_POINTS} ") or f"{hour}:{minute:02d}"
    unreached = means == ContactMeans.PHONE and answered.words.reached_nobody(text)
    if not unreached and phrases.turns(text, denials=True):
        raise _BadArgument(Why.DOUBT)
    counts = counts_as and not unreached
    return Request("case note", {
        "case": answered.case, "means": means, "text": text, "effective_at": at.isoformat(),
        "channel": answered.channel, "counts_as": (counts_as,) if counts else (),
    })  # fmt: skip


def _hour(hour: int, half: str | None) -> int:
    """Returns the hour of the day of an hour that may be followed by am or pm."""
    if half is None or not 0 < hour <= _NOON:
        return hour
    return hour % _NOON + (_NOON if half in "pP" else 0)


def _last_time(hour: int, minute: int, now: datetime) -> datetime | None:
    """Returns when a clock in the zone of `now` last showed that time, within hours; it can occur twice a night."""
    that = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    days = (that, that - timedelta(days=1))  # yesterday: noted after midnight, for a call in the evening
    shown = (day.replace(fold=fold) for day in days for fold in (0, 1))
    # Python compares two instants of one zone by wall time.
    past = [at for at in shown if timedelta(0) <= now.astimezone(UTC) - at.astimezone(UTC) <= _LONGEST_AGO]
    return max(past, key=lambda at: at.astimezone(UTC), default=None)


def _hand_over(answered: Answered, groups: Mapping[str, str]) -> Request:
    return Request(
        "oncall reassign", {"reminder": answered.reminder, "officer": _officer_named(groups["name"], answered)}
    )


def _swap(answered: Answered, groups: Mapping[str, str]) -> Request:
    return Request("oncall swap", {"officer": _officer_named(groups["name"], answered)})


def _officer_named(name: str, answered: Answered) -> str:
    """Returns the other officer with that name; raises _BadArgument for none or several."""
    found = _officers_named(name, answered)
    if len(found) != 1:
        others = (name for key, name in (answered.officers or {}).items() if key != answered.officer)
        raise _BadArgument(Why.NAME, *others)
    return found[0]


def _officers_named(name: str, answered: Answered) -> list[str]:
    """Returns the other officers who may have that name."""
    officers, wanted = answered.officers or {}, name.casefold()
    return [key for key, whole in officers.items() if wanted in _names(key, whole) and key != answered.officer]


def _names(key: str, name: str) -> Iterator[str]:
    """Yields the names of an officer: id, full name, and any last words of it ("De Vries", "Vries")."""
    yield key.casefold()
    words = name.casefold().split()
    yield from (" ".join(words[at:]) for at in range(len(words)))
    yield words[0]


def _confirm(answered: Answered, _groups: Mapping[str, str]) -> Request:
    return Request("message confirm", {"message": answered.message})


def _confirm_report(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Confirms a report about the mail with that number: `o00000012`, or `12`."""
    number = groups["number"].lower().removeprefix("o")
    mail = f"o{int(number):08d}" if number.isascii() and number.isdecimal() else groups["number"]
    return Request("message confirm", {"message": answered.message, "mail": mail})


def _refuse(answered: Answered, _groups: Mapping[str, str]) -> Request:
    return Request("message refuse", {"message": answered.message, "reason": "called forged in a reply"})


def _file(answered: Answered, groups: Mapping[str, str]) -> Request:
    return Request("quarantine place", {"message": answered.message, "case": groups["number"].upper()})


def _open(answered: Answered, _groups: Mapping[str, str]) -> Request:
    return Request("quarantine place", {"message": answered.message, "new": True})


def _open_and_remember(answered: Answered, groups: Mapping[str, str]) -> Request:
    asked: dict[str, Json] = {"message": answered.message, "new": True, "remember": True}
    if "words" in groups:
        asked["source"] = _source_named(groups["words"], answered)
    return Request("quarantine place", asked)


def _discard(answered: Answered, _groups: Mapping[str, str]) -> Request:
    return Request(
        "quarantine place", {"message": answered.message, "noise": True, "reason": "called noise in a reply"}
    )


# ---- the table

_TAKE = _Verb("neem", "take", _take)
_ASK = _Verb(
    "vraag", "ask", _ask, _WORDS, {"nl": ": WAT U WILT WETEN", "en": ": WHAT YOU WANT TO KNOW"}, paragraph=True,
    repeatable=True,
)  # fmt: skip
_DECLINE = _Verb("wijs af", "decline", _decline, _REASON, {"nl": ": REDEN", "en": ": REASON"}, paragraph=True)
_OK = _Verb("ok", "ok", _acknowledge, repeatable=True)  # saying it again is answered with the acknowledgement
_CALLED = _Verb(
    "gebeld", "called", _note, _TIME_AND_WORDS, {"nl": " 21:45 WAT ER GEZEGD IS", "en": " 21:45 WHAT WAS SAID"},
    paragraph=True, repeatable=True,
)  # fmt: skip
_WITH = _Verb("bij", "with", _file, _NUMBER, {"nl": " NUMMER", "en": " NUMBER"})
_TYPE = _Verb(
    "soort", "type", _correct_type, _WORDS, {"nl": ": GEHACKT ACCOUNT", "en": ": HACKED ACCOUNT"}, repeatable=True
)
_SOURCE = _Verb(
    "bron", "source", _correct_source, _WORDS, {"nl": ": GEMEENTE", "en": ": MUNICIPALITY"}, repeatable=True
)
_TO = _Verb("over aan", "to", _hand_over, _NAME, {"nl": " NAAM", "en": " NAME"})

_TABLE: Mapping[Topic, tuple[_Verb, ...]] = {
    Topic.NEW_CASE: (_TAKE, _ASK, _DECLINE, _TYPE, _SOURCE),
    Topic.APPROVAL: (
        _Verb("akkoord", "approve", _approve, _CODE, {"nl": " CODE", "en": " CODE"}, coded=True),
        _Verb("nee", "no", _reject, _REASON, {"nl": ": REDEN", "en": ": REASON"}, paragraph=True, denies=True),
    ),
    Topic.REMINDER: (_OK, _CALLED, _TO),
    Topic.REMINDER_WITH_MAIL: (_WITH, _OK, _CALLED, _TO),
    Topic.REMINDERS: (_OK, _TO),
    Topic.UNDECIDED: (_OK, _TAKE, _ASK, _DECLINE, _TYPE, _SOURCE, _CALLED, _TO),
    Topic.UNVERIFIED: (_Verb("echt", "genuine", _confirm), _Verb("vals", "forged", _refuse)),
    Topic.UNCLEAR_REPORT: (
        _Verb("echt", "genuine", _confirm_report, _NUMBER, {"nl": " NUMMER", "en": " NUMBER"}),
        _Verb("vals", "forged", _refuse),
    ),
    Topic.QUARANTINE: (
        _WITH,
        _Verb("nieuw", "new", _open),
        _Verb("nieuw en onthoud", "new and remember", _open_and_remember, r"(?:\s*:\s*(?P<words>\S.*))?[.!]*"),
        _Verb("ruis", "noise", _discard),
    ),
    Topic.SUBMISSION: (
        _Verb(
            "gedaan",
            "done",
            _submit,
            _TIME_AND_WORDS,
            {"nl": " 21:45 WAT ER TE NOTEREN IS", "en": " 21:45 WHAT TO NOTE"},
            paragraph=True,
        ),
        _Verb(
            "antwoord",
            "answer",
            _answer_there,
            _TIME_AND_WORDS,
            {"nl": " 21:45 WAT ER STAAT OF GEZEGD IS", "en": " 21:45 WHAT IT SAYS"},
            paragraph=True,
            repeatable=True,
        ),
    ),
    Topic.DEVICE: (_Verb("akkoord", "approve", _confirm_device, _CODE, {"nl": " CODE", "en": " CODE"}, coded=True),),
    Topic.SHIFT: (_Verb("ruil met", "swap with", _swap, _NAME, {"nl": " NAAM", "en": " NAME"}),),
}
_ALL_VERBS = tuple(dict.fromkeys(verb for verbs in _TABLE.values() for verb in verbs if verb is not _TO))
"""Every verb except "to NAME", which also begins ordinary sentences."""


# ---- the form


def _read_form(text: str, whole: str, answered: Answered) -> Understood:
    asked = answered.form or case_form.SentForm(mark="", language=answered.language)
    above = case_form.above(text)
    for line in map(seen, above):
        if answered.words.doubts(line):
            raise _BadArgument(Why.DOUBT, line=line)
    try:
        form = case_form.read(text, whole, asked, answered.channels)
    except FormFault as fault:
        raise _BadArgument(Why(fault.why), *fault.details, line=fault.line) from None
    return Understood(form.requests(answered.case), form.language)
