# SPDX-License-Identifier: EUPL-1.2
"""What each verb asks of the desk: a function of the mail that was answered and of the verb's argument.

Raises ReplyFault where the argument is no officer, instant, number or word of a closed set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from flaggermail.letters.template_values import ReplyRefusal
from flaggermail.mail.message import Json
from flaggermail.record.case_values import AuthorWord, CaseType, ContactMeans, Source
from flaggermail.record.kinds import Kind
from flaggermail.replies import phrases
from flaggermail.replies.answered import Answered, names_of
from flaggermail.replies.phrases import Line
from flaggermail.replies.request import SHOW_CASE, SHOW_STAND, ReplyFault, Request
from flaggermail.settings.reply_words import ReplyWords, V, WordsOf


def type_named(written: str, words: ReplyWords) -> CaseType | None:
    """Returns the type with that word in either language, or None; case and spacing are ignored."""
    return _named(written, words.types, tuple(CaseType))


def source_named(written: str, words: ReplyWords) -> Source | None:
    """Returns the source with that word in either language, or None; case and spacing are ignored."""
    return _named(written, words.sources, tuple(Source))


def types(words: ReplyWords, language: str) -> tuple[str, ...]:
    """Returns a word for each type, in that language."""
    return tuple(_shown(value, words.types, language) for value in CaseType)


def sources(words: ReplyWords, language: str) -> tuple[str, ...]:
    """Returns a word for each source, in that language."""
    return tuple(_shown(value, words.sources, language) for value in Source)


def _named(written: str, words: WordsOf[V], values: tuple[V, ...]) -> V | None:
    wanted = " ".join(written.casefold().split())
    return next((value for value in values if wanted in _all_of(value, words)), None)


def _all_of(value: V, words: WordsOf[V]) -> set[str]:
    return {value.casefold(), *(word.casefold() for of in words.values() for word in of.get(value, ()))}


def _shown(value: V, words: WordsOf[V], language: str) -> str:
    """Returns the first word for a value; its code if a desk's file has none."""
    return next(iter(words.get(language, {}).get(value, ())), value)


POINTS = ".,!;:()-\u2013\u2014"
_LONGEST_AGO = timedelta(hours=18)
_NOON = 12


def take(answered: Answered, _groups: Mapping[str, str]) -> Request:
    """Assigns the case to the officer."""
    return Request("case assign", {"case": answered.case, "officer": answered.officer})


def take_numbered(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Assigns the case of that number to the officer."""
    return Request("case assign", {"case": groups["number"].upper(), "officer": answered.officer})


def show_stand(_answered: Answered, _groups: Mapping[str, str]) -> Request:
    """Requests the overview of open work."""
    return Request(SHOW_STAND, {})


def show_case(_answered: Answered, groups: Mapping[str, str]) -> Request:
    """Asks for the case of that number."""
    return Request(SHOW_CASE, {"case": groups["number"].upper()})


def ask_referrer(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Asks the referrer the question in the reply."""
    return Request("case ask", {"case": answered.case, "text": groups["words"]})


def decline(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Declines the case, unless the reason takes the verb back."""
    if phrases.turns(groups["words"], denials="colon" not in groups):
        raise ReplyFault(ReplyRefusal.DOUBT)
    return Request("case decide", {"case": answered.case, "decision": "decline", "reason": groups["words"]})


def correct_type(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Corrects the type of the case."""
    found = type_named(groups["words"].strip(POINTS), answered.words)
    if found is None:
        raise ReplyFault(ReplyRefusal.TYPE)
    return Request("case reclassify", {"case": answered.case, "type": found})


def correct_source(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Corrects the source of the case."""
    return Request("case reclassify", {"case": answered.case, "source": _source_named(groups["words"], answered)})


def _source_named(written: str, answered: Answered) -> Source:
    found = source_named(written.strip(POINTS), answered.words)
    if found is None:
        raise ReplyFault(ReplyRefusal.SOURCE)
    return found


def approve(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Approves the draft whose code was written; a day is that on which its policy was read."""
    draft = answered.names(groups.get("code", ""))
    if draft is None or draft != answered.notification:
        raise ReplyFault(ReplyRefusal.CODE)
    day = groups.get("day", "")
    return Request("approve", {"draft": draft, **({"policy_read": day} if day else {})})


def confirm_device(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Confirms the device whose code was written."""
    device = answered.names(groups.get("code", ""))
    if device is None or device != answered.device:
        raise ReplyFault(ReplyRefusal.CODE)
    return Request("officer confirm", {"device": device})


def reject(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Rejects the draft, unless the reason agrees."""
    words = groups["words"]
    if phrases.agrees(words) or phrases.code_in(Line.from_text(words), answered.own_names) is not None:
        raise ReplyFault(ReplyRefusal.TWO)
    return Request("reject", {"draft": answered.notification or "", "reason": words})


def acknowledge(answered: Answered, _groups: Mapping[str, str]) -> Request:
    """Acknowledges the reminder."""
    return Request("oncall ack", {"reminder": answered.reminder})


def note(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Records a call; it counts as an answer unless the words say that the call failed."""
    return _noted(answered, groups, "phone", "platform_ack" if answered.notification is not None else "")


def note_call(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Records a call about a mail that may not have arrived: it counts as no answer."""
    return _noted(answered, groups, "phone", "")


def was_sent(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Records that the uncertain mail was sent: at the time that is named, or else in its last attempt."""
    at = _named_time(answered, groups) if "hour" in groups else answered.tried_at
    return Request("outbox resolve", {"mail": answered.message, "sent_at": at.isoformat() if at else None})


def submit(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Records the submission of an approved text; an unanswered call delivers nothing."""
    return _noted(answered, groups, answered.means, answered.submits)


def answer_there(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Records an answer shown by a portal or given by phone."""
    return _noted(answered, groups, answered.means, "platform_ack")


def _noted(answered: Answered, groups: Mapping[str, str], means: str, counts_as: str) -> Request:
    at = _named_time(answered, groups)
    text = groups.get("words", "").strip(f"{POINTS} ") or f"{at.hour}:{at.minute:02d}"
    unreached = means == ContactMeans.PHONE and answered.words.reached_nobody(text)
    if not unreached and phrases.turns(text, denials=True):
        raise ReplyFault(ReplyRefusal.DOUBT)
    counts = counts_as and not unreached
    return Request("case note", {
        "case": answered.case, "means": means, "text": text, "effective_at": at.isoformat(),
        "channel": answered.channel, "counts_as": (counts_as,) if counts else (),
    })  # fmt: skip


def _named_time(answered: Answered, groups: Mapping[str, str]) -> datetime:
    """Returns when a clock last showed the time that is named; raises ReplyFault if that is too long ago.

    Also raises it for a time that the clock showed twice, unless its offset from UTC says which.
    """
    hour, minute = _hour(int(groups["hour"]), groups.get("half")), int(groups["minute"])
    of_a_day = hour <= 23 and minute <= 59  # noqa: PLR2004 - the hours and minutes of a day
    offset = groups.get("offset", "").replace(":", "")
    shown = _last_times(hour, minute, answered.came_at) if of_a_day else ()
    named = [at for at in shown if offset in {"", f"{at:%z}"}]
    if len(named) > 1:
        raise ReplyFault(ReplyRefusal.TWICE, *(f"{at:%H:%M} {at.isoformat()[-6:]}" for at in named))
    if not named:
        raise ReplyFault(ReplyRefusal.INSTANT, f"{hour}:{minute:02d}{groups.get('offset', '')}")
    return named[0]


def _hour(hour: int, half: str | None) -> int:
    """Returns the hour of the day of an hour that may be followed by am or pm."""
    if half is None or not 0 < hour <= _NOON:
        return hour
    return hour % _NOON + (_NOON if half in "pP" else 0)


def _last_times(hour: int, minute: int, now: datetime) -> Sequence[datetime]:
    """Returns when a clock in the zone of `now` last showed that time, within hours: twice in a repeated hour."""
    that = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    days = (that, that - timedelta(days=1))  # yesterday: noted after midnight, for a call in the evening
    shown = sorted({day.replace(fold=fold).astimezone(UTC) for day in days for fold in (0, 1)})
    past = [at.astimezone(now.tzinfo) for at in shown if timedelta(0) <= now.astimezone(UTC) - at <= _LONGEST_AGO]
    return [at for at in past if (at.hour, at.minute) == (hour, minute)]  # others stand in an hour that was left out


def hand_over(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Hands the reminder over to the officer that was named."""
    return Request(
        "oncall reassign", {"reminder": answered.reminder, "officer": _officer_named(groups["name"], answered)}
    )


def swap(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Gives the shift to the officer that was named."""
    return Request("oncall swap", {"officer": _officer_named(groups["name"], answered)})


def _officer_named(name: str, answered: Answered) -> str:
    """Returns the other officer with that name; raises ReplyFault for none or several."""
    found = officers_named(name, answered)
    if len(found) != 1:
        others = (name for key, name in (answered.officers or {}).items() if key != answered.officer)
        raise ReplyFault(ReplyRefusal.NAME, *others)
    return found[0]


def officers_named(name: str, answered: Answered) -> list[str]:
    """Returns the other officers who may have that name."""
    officers, wanted = answered.officers or {}, name.casefold()
    return [key for key, whole in officers.items() if wanted in names_of(key, whole) and key != answered.officer]


def confirm_report(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Confirms a report about the mail with that number: `o00000012`, or `12`."""
    number = groups["number"].lower().removeprefix("o")
    mail = f"o{int(number):08d}" if number.isascii() and number.isdecimal() else groups["number"]
    return Request("message confirm", {"message": answered.message, "mail": mail})


def file_in(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Files the mail in the case of that number."""
    return Request("quarantine place", {"message": answered.message, "case": groups["number"].upper()})


def join(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Files the mail that opened a case in the case of that number, and ends the one that it opened."""
    asked = file_in(answered, groups)
    return Request(asked.name, {**asked.fields, "joins": True})


def open_and_remember(answered: Answered, groups: Mapping[str, str]) -> Request:
    """Opens a case, and remembers the domain of the sender."""
    asked: dict[str, Json] = {"message": answered.message, "new": True, "remember": True}
    if "words" in groups:
        asked["source"] = _source_named(groups["words"], answered)
    return Request("quarantine place", asked)


def _of_mail(name: str, key: str = "message", **fixed: Json) -> Callable[[Answered, Mapping[str, str]], Request]:
    """Returns what a verb without an argument asks: a command about the mail that was shown, in its field `key`."""
    return lambda answered, _groups: Request(name, {key: answered.message, **fixed})


confirm = _of_mail("message confirm")  # its sender
refuse = _of_mail("message refuse", reason="called forged in a reply")
by_person = _of_mail("message author", author=AuthorWord.PERSON)
by_robot = _of_mail("message author", author=AuthorWord.SYSTEM)
not_yet = _of_mail("message reclassify", kinds=[Kind.PLATFORM_ACK.value])  # a person's, and no answer to the matter
open_case = _of_mail("quarantine place", new=True)
discard = _of_mail("quarantine place", noise=True, reason="called noise in a reply")
was_not_sent = _of_mail("outbox resolve", "mail", again=True)  # the uncertain one, so that it is sent again
