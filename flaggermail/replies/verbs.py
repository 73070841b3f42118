# SPDX-License-Identifier: EUPL-1.2
"""The commands in an officer's reply: text and topic in, requests to the desk or an explanation out.

One table lists the words understood for each topic. Only the first line of the officer's own words counts; quotations,
signatures and notices were removed before. Two verbs and a verb in the middle of a sentence do nothing. Other words
beside it make wait what cannot be undone, and are shown with what can.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from flaggermail.letters.template_values import ReplyRefusal
from flaggermail.record.case_values import Decision, LanguageCode, Topic
from flaggermail.replies import acts, case_form, phrases
from flaggermail.replies.answered import Answered, NotUnderstood, Understood
from flaggermail.replies.left_over import left_over
from flaggermail.replies.phrases import Line
from flaggermail.replies.request import ReplyFault, Request
from flaggermail.settings.reply_words import ReplyWords

LANGUAGES = tuple(LanguageCode)
_BEGINS_SENTENCES = frozenset({LanguageCode.EN})  # in which "to NAME" also begins ordinary sentences


@dataclass(frozen=True, eq=False)
class _Verb:
    """Words in Dutch and English, a pattern for the argument (named groups), and what they ask of the desk.

    Readers of a further language are offered the English words.
    """

    nl: str
    en: str
    does: Callable[[Answered, Mapping[str, str]], Request]
    takes: str = ""  # the pattern of the argument
    shows: Mapping[str, str] | None = None  # the argument as displayed, by language
    paragraph: bool = False  # the argument may continue on the next lines, up to an empty one
    repeatable: bool = False
    coded: bool = False  # takes a code, alone or with a word of consent in any usual form: `consent.code_in`
    replaces: bool = False  # said again, it replaces what it did before, until somebody acted on that
    denies: bool = False  # a yes before it contradicts it
    shared: frozenset[str] = frozenset()  # the languages whose word for it is one of another too, so it tells none

    def words(self, language: str) -> str:
        return {LanguageCode.NL: self.nl}.get(LanguageCode(language), self.en)

    def shown(self, language: str) -> str:
        return f"{self.words(language)}{self.shows.get(language, self.shows[LanguageCode.EN]) if self.shows else ''}"


def read(text: str, whole: str, answered: Answered) -> Understood | NotUnderstood:
    """Parses the officer's own words `text`; for a form also `whole`, the mail with its quotations."""
    try:
        if answered.topic is Topic.FORM and not looks(text, answered):
            return _read_form(text, whole, answered)
        return _read_verb(text, whole, answered)
    except ReplyFault as wrong:
        language = _language(text, answered)
        details = wrong.details or _right_words(wrong.why, answered.words, language)
        refused = not_understood(wrong.why, answered.topic, language, *details)
        return replace(refused, line=wrong.line, in_the_way=wrong.in_the_way or _in_the_way(text, wrong, answered))


def _in_the_way(text: str, wrong: ReplyFault, answered: Answered) -> str:
    """Returns the words of the refused line that kept it from being understood; empty where none can be named."""
    lines, verbs = _lines(text), (*_TABLE.get(answered.topic, ()), *_LOOKS)
    if wrong.why is not ReplyRefusal.UNKNOWN or not lines:
        return ""
    return words_in_the_way(lines[0], lambda line: _first([line], 1, verbs, answered) is not None)


def _right_words(why: ReplyRefusal, words: ReplyWords, language: str) -> tuple[str, ...]:
    """Returns the words of the closed set in which nothing was found."""
    if why is ReplyRefusal.TYPE:
        return acts.types(words, language)
    return acts.sources(words, language) if why is ReplyRefusal.SOURCE else ()


def not_understood(why: ReplyRefusal, topic: Topic, language: str, *details: str) -> NotUnderstood:
    """Returns the explanation, with what would have been understood."""
    return NotUnderstood(why, language, details, would_work(topic, language))


def first_line(text: str) -> str:
    """Returns the line of a reply in which its verb is looked for; empty if there is none."""
    return next((line.shown for line in _lines(text)), "")


def looks(text: str, answered: Answered) -> bool:
    """True if the first line asks to be shown something, which may be asked in reply to any mail; a form is none."""
    lines = _lines(text)
    return bool(lines) and case_form.above(text) == tuple(text.splitlines()) and _look(lines[0], answered) is not None


def _look(line: Line, answered: Answered) -> _Verb | None:
    return next((verb for verb in _LOOKS if _match(line, verb, answered, agrees=True) is not None), None)


def would_work(topic: Topic, language: str) -> tuple[str, ...]:
    """Returns the possible replies to a mail about `topic`, as displayed."""
    return tuple(verb.shown(language) for verb in _TABLE.get(topic, ()))


def would_work_by_command(topic: Topic, language: str) -> tuple[str, ...]:
    """Returns the possible replies to a mail about `topic` where no code approves, as displayed."""
    return tuple(verb.shown(language) for verb in _TABLE.get(topic, ()) if not verb.coded)


def still_work(
    topic: Topic, language: str, *, used: bool, acknowledged: bool, replaceable: bool = False
) -> tuple[str, ...]:  # fmt: skip
    """Returns the replies still possible: all unless the mail is `used`, without "ok" once it is acknowledged.

    `replaceable`: what was done may be replaced.
    """
    verbs = (verb for verb in _TABLE.get(topic, ()) if verb.repeatable or not used or (verb.replaces and replaceable))
    return tuple(verb.shown(language) for verb in verbs if verb is not _OK or not acknowledged)


def _read_verb(text: str, whole: str, answered: Answered) -> Understood:
    verbs = (*_TABLE.get(answered.topic, ()), *_LOOKS)
    lines = _lines(text)
    if answered.topic not in _TABLE and not looks(text, answered):
        raise ReplyFault(ReplyRefusal.NOTHING)
    end = next((at for at, line in enumerate(lines) if not line.shown), len(lines))  # of the first paragraph
    found = _first(lines, end, verbs, answered)
    if found is None or (found[0].coded and not found[2].get("code")):  # perhaps below thanks
        below = lines[_idle_above(lines, answered) :]
        to = next((at for at, line in enumerate(below) if not line.shown), len(below))
        if (coded := _first(below, to, tuple(verb for verb in verbs if verb.coded), answered)) and coded[2].get("code"):
            lines, end, found = below, to, coded
    if found is None:
        raise ReplyFault(ReplyRefusal.UNKNOWN)
    verb, language, groups, used = found
    asked = verb.does(answered, groups)
    if verb in _CORRECTIONS and (more := _other_correction(lines, used, verb, answered)) is not None:
        other, used = more
        asked = Request(asked.name, {**asked.fields, **other.fields})
    for line in lines[used:]:
        idle = verb.coded and phrases.is_idle(line, answered.words.assent)
        if not idle and _is_second_verb(line, answered):
            raise ReplyFault(ReplyRefusal.TWO, line=line.shown)
    said = [line.shown for line in lines[: max(used, end) if verb.paragraph else used]]
    sends = asked.name == _SENDS
    left = left_over(whole if sends else text, said, answered.writer, named=not sends)
    if left and _waits(asked):
        raise ReplyFault(ReplyRefusal.BESIDE, *left)
    return Understood((asked,), language or answered.language, verb.repeatable, verb.replaces, left)


_SENDS = "approve"


def _waits(asked: Request) -> bool:
    """True for what cannot be undone: with other words beside it, it is not done."""
    decided = asked.name == "case decide" and asked.fields["decision"] != Decision.NOTIFY
    return asked.name == _SENDS or decided or bool(asked.fields.get("again"))


def _idle_above(lines: list[Line], answered: Answered) -> int:
    """Returns how many lines at the top thank or agree, and hold no more; blank ones between them count."""
    idle = (at for at, line in enumerate(lines) if line.shown and not phrases.is_idle(line, answered.words.assent))
    return next(idle, 0)


def _other_correction(lines: list[Line], used: int, first: _Verb, answered: Answered) -> tuple[Request, int] | None:
    """Returns the correction of the other value in the next line, and how many lines both take; None without one."""
    at = next((at for at, line in enumerate(lines) if at >= used and line.shown), None)
    other = next(verb for verb in _CORRECTIONS if verb is not first)
    said = _match(lines[at], other, answered, agrees=False) if at is not None else None
    if at is None or said is None:
        return None
    try:
        return other.does(answered, said[1]), at + 1
    except ReplyFault as wrong:
        raise ReplyFault(wrong.why, *wrong.details, line=lines[at].shown) from None


def _lines(text: str) -> list[Line]:
    """Returns the lines from the first that says something; one that only greets the desk does not."""
    lines = [line for written in text.splitlines() if (line := Line.from_text(written)).shown or not written.strip()]
    first = next((at for at, line in enumerate(lines) if line.shown and not phrases.is_greeting(line)), len(lines))
    return lines[first:]


def _first(
    lines: list[Line], end: int, verbs: tuple[_Verb, ...], answered: Answered
) -> tuple[_Verb, str | None, Mapping[str, str], int] | None:
    """Returns the verb of the first line, its language (None: either), its argument, and how many lines it takes.

    Free text goes on to the `end` of the paragraph, where a further verb is a second one; so may a code and its yes.
    """
    paragraph = Line.from_text(" ".join(line.shown for line in lines[:end]))
    for verb in verbs if lines else ():
        broken = verb.coded and phrases.code_in(paragraph, answered.own_names) is not None
        line = paragraph if verb.paragraph or broken else lines[0]
        if verb.coded and not broken:
            line = phrases.without_idle(line, answered.words.assent)
        agrees = _OK not in verbs and not verb.denies  # where "ok" is itself a verb, it and another are two
        said = _consented(line, verb, answered) or _match(line, verb, answered, agrees=agrees)
        if said is not None and not (verb.coded and _is_word(said[1].get("code", ""))):
            return verb, said[0], said[1], end if broken else 1
    return None


def _is_word(code: str) -> bool:
    """True for a word that no code looks like: "approve but ..." is no wrong code."""
    return code.isalpha() and len(code) != phrases.LENGTH


def _match(line: Line, verb: _Verb, answered: Answered, *, agrees: bool) -> tuple[str | None, Mapping[str, str]] | None:
    """Returns language and argument if `line` is that verb and nothing else."""
    said = [
        (language, groups)
        for language in LANGUAGES
        for one in (line, _unsigned(line, answered))
        if (groups := phrases.matched(one, verb.words(language), language, verb.takes, agrees=agrees)) is not None
    ]
    if not said:
        return None
    language, groups = said[0]
    several = {one for one, _ in said} != {language}
    tells_none = several or verb.nl == verb.en or language in verb.shared
    return None if tells_none else language, groups


def _unsigned(line: Line, answered: Answered) -> Line:
    """Returns the line without the officer's own name at its end."""
    plain = phrases.without_name(line.plain, answered.own_names)
    return Line(line.shown[: len(plain)], plain)


def _consented(line: Line, verb: _Verb, answered: Answered) -> tuple[str | None, Mapping[str, str]] | None:
    """Returns language and code if `line` is a code with nothing but consent around it, or consent without one."""
    names = answered.own_names
    found = (phrases.code_in(line, names) or phrases.consent_alone(line, names)) if verb.coded else None
    return None if found is None else (found.language, {"code": found.code, "day": found.day})


def _is_second_verb(line: Line, answered: Answered) -> bool:
    """True if a line below the first is itself a verb; for "to", which also begins sentences, a name decides."""
    if any(_match(line, verb, answered, agrees=False) for verb in _ALL_VERBS):
        return True
    said = _match(line, _TO, answered, agrees=False)
    return said is not None and (
        said[0] not in _BEGINS_SENTENCES or bool(acts.officers_named(said[1]["name"], answered))
    )


def _language(text: str, answered: Answered) -> str:
    """Returns the language of the verb with which the text begins; else the desk's."""
    first = next((line.plain for line in _lines(text)), "")
    for verb in _ALL_VERBS:
        for language in LANGUAGES:
            if verb.nl != verb.en and re.match(rf"{re.escape(verb.words(language))}\b", first):
                return language
    return answered.language


# ---- the table

_WORDS, _REASON, _NUMBER, _NAME, _CODE = phrases.WORDS, phrases.REASON, phrases.NUMBER, phrases.NAME, phrases.CODE
_TIME_AND_WORDS = phrases.TIME_AND_WORDS

_TAKE = _Verb("neem", "take", acts.take)
_ASK = _Verb(
    "vraag",
    "ask",
    acts.ask_referrer,
    _WORDS,
    {"nl": ": WAT U WILT WETEN", "en": ": WHAT YOU WANT TO KNOW"},
    paragraph=True,
    repeatable=True,
)
_DECLINE = _Verb("wijs af", "decline", acts.decline, _REASON, {"nl": ": REDEN", "en": ": REASON"}, paragraph=True)
_OK = _Verb("ok", "ok", acts.acknowledge, repeatable=True)  # saying it again is answered with the acknowledgement
_CALLED = _Verb(
    "gebeld", "called", acts.note, _TIME_AND_WORDS, {"nl": " 21:45 WAT ER GEZEGD IS", "en": " 21:45 WHAT WAS SAID"},
    paragraph=True, repeatable=True,
)  # fmt: skip
_NOTE_CALL = _Verb("gebeld", "called", acts.note_call, _TIME_AND_WORDS, _CALLED.shows, paragraph=True, repeatable=True)
_WITH = _Verb("bij", "with", acts.file_in, _NUMBER, {"nl": " NUMMER", "en": " NUMBER"}, replaces=True)
_JOIN = _Verb("bij", "with", acts.join, _NUMBER, _WITH.shows)
_TYPE = _Verb(
    "soort", "type", acts.correct_type, _WORDS, {"nl": ": GEHACKT ACCOUNT", "en": ": HACKED ACCOUNT"}, repeatable=True
)
_SOURCE = _Verb(
    "bron", "source", acts.correct_source, _WORDS, {"nl": ": GEMEENTE", "en": ": MUNICIPALITY"}, repeatable=True
)
_CORRECTIONS = (_TYPE, _SOURCE)  # of a case; one reply may give both
_PERSON = _Verb("mens", "person", acts.by_person, repeatable=True)  # each takes the other back
_ROBOT = _Verb("automaat", "robot", acts.by_robot, repeatable=True)
_NOT_YET = _Verb("nog niet", "not yet", acts.not_yet, repeatable=True, denies=True)
_STAND = _Verb("stand", "status", acts.show_stand, repeatable=True, shared=frozenset({LanguageCode.EN}))
_SHOW = _Verb("toon", "show", acts.show_case, _NUMBER, {"nl": " NUMMER", "en": " NUMBER"}, repeatable=True)
_LOOKS = (_STAND, _SHOW)  # in reply to any mail, and without one
_TAKE_CASE = _Verb("neem", "take", acts.take_numbered, _NUMBER, _WITH.shows, repeatable=True)  # by its number
_TO = _Verb("over aan", "to", acts.hand_over, _NAME, {"nl": " NAAM", "en": " NAME"})

_TABLE: Mapping[Topic, tuple[_Verb, ...]] = {
    Topic.NEW_CASE: (_TAKE, _ASK, _DECLINE, _TYPE, _SOURCE),
    Topic.NEW_CASE_ALIKE: (_TAKE, _JOIN, _ASK, _DECLINE, _TYPE, _SOURCE),
    Topic.APPROVAL: (
        _Verb("akkoord", "approve", acts.approve, _CODE, {"nl": " CODE", "en": " CODE"}, coded=True),
        _Verb("nee", "no", acts.reject, _REASON, {"nl": ": REDEN", "en": ": REASON"}, paragraph=True, denies=True),
    ),
    Topic.REMINDER: (_OK, _CALLED, _TO),
    Topic.REMINDER_WITH_MAIL: (_WITH, _OK, _CALLED, _TO),
    Topic.REMINDERS: (_OK, _TO),
    Topic.UNDECIDED: (_OK, _TAKE, _ASK, _DECLINE, _TYPE, _SOURCE, _CALLED, _TO),
    Topic.UNVERIFIED: (_Verb("echt", "genuine", acts.confirm), _Verb("vals", "forged", acts.refuse)),
    Topic.AUTOMATIC: (_PERSON, _ROBOT),
    Topic.COMMENT: (_ROBOT, _PERSON),
    Topic.ANSWER: (_NOT_YET, _ROBOT, _PERSON),
    Topic.UNCLEAR_REPORT: (
        _Verb("echt", "genuine", acts.confirm_report, _NUMBER, {"nl": " NUMMER", "en": " NUMBER"}),
        _Verb("vals", "forged", acts.refuse),
    ),
    Topic.UNCERTAIN_MAIL: (
        _Verb("verstuurd", "sent", acts.was_sent, phrases.TIME),
        _Verb("niet verstuurd", "not sent", acts.was_not_sent, denies=True),
        _NOTE_CALL,
    ),
    Topic.UNDELIVERED_MAIL: (_NOTE_CALL,),
    Topic.PLAYED_CALL: (_CALLED,),
    Topic.QUARANTINE: (
        _WITH,
        _Verb("nieuw", "new", acts.open_case),
        _Verb("nieuw en onthoud", "new and remember", acts.open_and_remember, r"(?:\s*:\s*(?P<words>\S.*))?[.!]*"),
        _Verb("ruis", "noise", acts.discard),
    ),
    Topic.SUBMISSION: (
        _Verb(
            "gedaan",
            "done",
            acts.submit,
            _TIME_AND_WORDS,
            {"nl": " 21:45 WAT ER TE NOTEREN IS", "en": " 21:45 WHAT TO NOTE"},
            paragraph=True,
        ),
        _Verb(
            "antwoord",
            "answer",
            acts.answer_there,
            _TIME_AND_WORDS,
            {"nl": " 21:45 WAT ER STAAT OF GEZEGD IS", "en": " 21:45 WHAT IT SAYS"},
            paragraph=True,
            repeatable=True,
        ),
    ),
    Topic.DEVICE: (
        _Verb("akkoord", "approve", acts.confirm_device, _CODE, {"nl": " CODE", "en": " CODE"}, coded=True),
    ),
    Topic.STAND: (_TAKE_CASE, _SHOW, _STAND),
    Topic.SHIFT: (
        _TAKE_CASE,
        _SHOW,
        _STAND,
        _Verb("ruil met", "swap with", acts.swap, _NAME, {"nl": " NAAM", "en": " NAME"}),
    ),
}
_ALL_VERBS = tuple(dict.fromkeys(verb for verbs in (*_TABLE.values(), _LOOKS) for verb in verbs if verb is not _TO))
"""Every verb except "to NAME", which also begins ordinary sentences."""


# ---- the form


def _read_form(text: str, whole: str, answered: Answered) -> Understood:
    asked = answered.form or case_form.SentForm(mark="", language=answered.language)
    above = case_form.above(text)
    left = left_over("\n".join(above), (), answered.writer)
    form = case_form.read(text, whole, asked, answered.channels)
    requests = form.requests(answered.case)
    if left and any(map(_waits, requests)):
        raise ReplyFault(ReplyRefusal.BESIDE, *left)
    return Understood(requests, form.language, left_over=left)


# ---- The words that keep a line from being understood: the fewest in a row without which it would be


MOST_WORDS = 25  # of a line that is looked at: the number of tries is half its square
NAMED = 3  # words; of more, the first is named


def words_in_the_way(line: Line, fits: Callable[[Line], bool]) -> str:
    """Returns the words as the writer sees them; empty if no such words leave a line that `fits`."""
    words = line.shown.split()
    if len(words) > MOST_WORDS:
        return ""
    for length in range(1, len(words)):
        for begin in range(len(words) - length, -1, -1):  # what follows the verb, rather than what stands before it
            if fits(Line.from_text(" ".join((*words[:begin], *words[begin + length :])))):
                run = words[begin : begin + length]
                return " ".join(run) if length <= NAMED else run[0]
    return ""
