# SPDX-License-Identifier: EUPL-1.2
"""How an officer's reply is interpreted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from flaggermail.commands.door import command_of
from flaggermail.commands.requests import read_request
from flaggermail.letters.template_values import ReplyRefusal
from flaggermail.mail.message import Json
from flaggermail.record.case_values import CaseType, Source, Topic
from flaggermail.replies import phrases
from flaggermail.replies.acts import source_named, sources, type_named
from flaggermail.replies.answered import Answered, NotUnderstood, Understood
from flaggermail.replies.left_over import ReplyWriter
from flaggermail.replies.request import LOOKS, Request
from flaggermail.replies.verbs import read, still_work, would_work
from flaggermail.settings.reply_words import ReplyWords
from flaggermail.settings.word_tables import load_reply_words
from flaggermail.shipped import shipped
from flaggermail.wording.pieces import SourceWord, TypeWord
from tests.corpus import each
from tests.shipped_parser import LANGUAGE

WORDS_OF_REPLIES: ReplyWords | None = load_reply_words(shipped("rules"), [])
assert WORDS_OF_REPLIES is not None
NOW = datetime.fromisoformat("2027-03-17T21:47:00+01:00")
CASE, DRAFT, CODE = "VF-PS2027-0006", "VF-PS2027-0006/1", "K7Q2MX"
ANSWERED = Answered(
    topic=Topic.REMINDER, officer="officer1", language="nl", came_at=NOW, words=WORDS_OF_REPLIES,
    case=CASE, notification=DRAFT,
    channel="tiktok-elections", names={CODE: DRAFT}.get, message="m00000009", reminder="r1",
    tried_at=NOW.replace(hour=21, minute=30),
    writer=ReplyWriter(LANGUAGE, WORDS_OF_REPLIES, frozenset({"a", "jansen"})),
    officers={"officer1": "A. Jansen", "officer2": "B. de Vries", "head1": "C. Bakker"},
)  # fmt: skip
CALL = Request(
    "case note",
    {
        "case": CASE,
        "means": "phone",
        "text": "They have it",
        "channel": "tiktok-elections",
        "counts_as": ("platform_ack",),
        "effective_at": "2027-03-17T21:45:00+01:00",
    },
)


SUBMITTED = Request(
    "case note",
    {
        "case": CASE,
        "means": "portal",
        "text": "21:40",
        "channel": "tiktok-elections",
        "counts_as": ("notification",),
        "effective_at": "2027-03-17T21:40:00+01:00",
    },
)


def changed(asked: Request, **fields: Json) -> Request:
    """Returns a request with other fields."""
    return Request(asked.name, {**asked.fields, **fields})


def about(topic: Topic) -> Answered:
    """Returns the context of an answer to a mail about `topic`."""
    return replace(ANSWERED, topic=topic, means="portal" if topic is Topic.SUBMISSION else "phone")


def act(topic: Topic, text: str) -> Request:
    """Returns the only request that `text` makes."""
    found = read(text, text, about(topic))
    assert isinstance(found, Understood), found
    (only,) = found.requests
    return only


def why(topic: Topic, text: str) -> ReplyRefusal:
    """Returns the reason why `text` is not understood."""
    found = read(text, text, about(topic))
    assert isinstance(found, NotUnderstood), found
    return found.why


WORDS: tuple[tuple[Topic, str, str, Request], ...] = (
    (Topic.NEW_CASE, "neem", "take", Request("case assign", {"case": CASE, "officer": "officer1"})),
    (
        Topic.NEW_CASE, "vraag: welk account?", "ask: welk account?",
        Request("case ask", {"case": CASE, "text": "welk account?"}),
    ),
    (
        Topic.NEW_CASE, "wijs af: een mening", "decline: een mening",
        Request("case decide", {"case": CASE, "decision": "decline", "reason": "een mening"}),
    ),
    (Topic.APPROVAL, f"akkoord {CODE}", f"approve {CODE}", Request("approve", {"draft": DRAFT})),
    (Topic.APPROVAL, "nee: de toon", "no: de toon", Request("reject", {"draft": DRAFT, "reason": "de toon"})),
    (Topic.REMINDER, "ok", "ok", Request("oncall ack", {"reminder": "r1"})),
    (Topic.REMINDER, "gebeld 21:45 They have it", "called 21:45 They have it", CALL),
    (
        Topic.REMINDER, "over aan De Vries", "to De Vries",
        Request("oncall reassign", {"reminder": "r1", "officer": "officer2"}),
    ),
    (
        Topic.REMINDERS, "over aan C. Bakker", "to bakker",
        Request("oncall reassign", {"reminder": "r1", "officer": "head1"}),
    ),
    (
        Topic.REMINDER_WITH_MAIL, "bij 1", "with 1",
        Request("quarantine place", {"message": "m00000009", "case": "1"}),
    ),
    (Topic.REMINDER_WITH_MAIL, "ok", "ok", Request("oncall ack", {"reminder": "r1"})),
    (
        Topic.SUBMISSION, "gedaan 21:40 R-88172", "done at 21.40 R-88172",
        changed(SUBMITTED, text="R-88172"),
    ),
    (
        Topic.SUBMISSION, "antwoord 21:45 They have it", "answer 21:45 They have it",
        changed(CALL, means="portal"),
    ),
    (Topic.SHIFT, "ruil met De Vries", "swap with B. de Vries", Request("oncall swap", {"officer": "officer2"})),
    (Topic.UNDECIDED, "neem", "take", Request("case assign", {"case": CASE, "officer": "officer1"})),
    (Topic.UNVERIFIED, "echt", "genuine", Request("message confirm", {"message": "m00000009"})),
    (
        Topic.UNVERIFIED, "vals", "forged",
        Request("message refuse", {"message": "m00000009", "reason": "called forged in a reply"}),
    ),
    (
        Topic.AUTOMATIC, "mens", "person",
        Request("message author", {"message": "m00000009", "author": "person"}),
    ),
    (
        Topic.COMMENT, "automaat", "It's automatic",
        Request("message author", {"message": "m00000009", "author": "system"}),
    ),
    (
        Topic.ANSWER, "nog geen antwoord", "It's not an answer yet",
        Request("message reclassify", {"message": "m00000009", "kinds": ["platform_ack"]}),
    ),
    (
        Topic.UNCLEAR_REPORT, "echt 12", "genuine o00000012",
        Request("message confirm", {"message": "m00000009", "mail": "o00000012"}),
    ),
    (
        Topic.UNCLEAR_REPORT, "vals", "forged",
        Request("message refuse", {"message": "m00000009", "reason": "called forged in a reply"}),
    ),
    (
        Topic.QUARANTINE, f"bij {CASE}", f"with {CASE}",
        Request("quarantine place", {"message": "m00000009", "case": CASE}),
    ),
    (Topic.QUARANTINE, "bij 6", "with 6", Request("quarantine place", {"message": "m00000009", "case": "6"})),
    (Topic.QUARANTINE, "nieuw", "new", Request("quarantine place", {"message": "m00000009", "new": True})),
    (
        Topic.QUARANTINE, "nieuw en onthoud", "new and remember",
        Request("quarantine place", {"message": "m00000009", "new": True, "remember": True}),
    ),
    (
        Topic.QUARANTINE, "nieuw en onthoud: pers", "new and remember: newsroom",
        Request("quarantine place", {"message": "m00000009", "new": True, "remember": True, "source": "media"}),
    ),
    (
        Topic.NEW_CASE, "soort: gehackt account", "type: hacked account",
        Request("case reclassify", {"case": CASE, "type": "B_channel"}),
    ),
    (
        Topic.UNDECIDED, "soort: Algemene  waarschuwing.", "type: General warning!",
        Request("case reclassify", {"case": CASE, "type": "D_general_warning"}),
    ),
    (
        Topic.NEW_CASE, "bron: gemeente", "source: municipality",
        Request("case reclassify", {"case": CASE, "source": "fellow_authority"}),
    ),
    (
        Topic.UNDECIDED, "bron: fact-checker", "source: fact checker",
        Request("case reclassify", {"case": CASE, "source": "fact_checker"}),
    ),
    (
        Topic.QUARANTINE, "ruis", "noise",
        Request("quarantine place", {"message": "m00000009", "noise": True, "reason": "called noise in a reply"}),
    ),
)  # fmt: skip


@each(("topic", "dutch", "english", "wanted"), WORDS)
def test_every_word_of_the_table_in_both_languages(topic: Topic, dutch: str, english: str, wanted: Request) -> None:
    """Each command does its one act, whatever its capitals, and sets the language of the answer."""
    for language, text in (("nl", dutch), ("en", english)):
        assert act(topic, text) == wanted
        head, colon, rest = text.partition(":")
        if wanted != CALL:
            assert act(topic, f"{head.upper() if topic is not Topic.REMINDER else head.title()}{colon}{rest}") == wanted
        found = read(text, text, about(topic))
        assert isinstance(found, Understood)
        assert found.language == (language if dutch != english else "nl")


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_word_of_both_languages_is_answered_in_that_of_the_desk(language: str) -> None:
    """A Dutch person may say "robot" too, which does not make it Dutch."""
    for text in ("robot", "status"):
        found = read(text, text, replace(about(Topic.COMMENT), language=language))
        assert isinstance(found, Understood)
        assert found.language == language


ARGUMENTS = {"CODE": CODE, "NAME": "De Vries", "NUMBER": "6", "REASON": "een mening"}  # in what the officer is shown


@pytest.mark.parametrize(("topic", "shown"), [(topic, text) for topic in Topic for text in would_work(topic, "en")])
def test_every_reply_asks_for_a_command_that_the_desk_knows(topic: Topic, shown: str) -> None:
    """What an officer is told to reply gives a request that the desk reads, for every topic."""
    verb, _, argument = shown.rpartition(" ")
    text = f"{verb} {ARGUMENTS.get(argument, argument)}" if verb else shown
    found = read(text, text, replace(about(topic), device=DRAFT))
    assert isinstance(found, Understood), text
    for asked in (one for one in found.requests if one.name not in LOOKS):  # a look is answered with a mail
        assert read_request(command_of(asked.name), asked.name, asked.fields, ZoneInfo("Europe/Amsterdam"))


@each(
    "written",
    ["Ok.", "OK!", " ok ", "*ok*", "\u201cok\u201d", "_Ok_", "`ok`", "\ufeffok", "ok,", "\n\nOk\n\nBen erbij."],
)
def test_capitals_and_punctuation_do_not_matter(written: str) -> None:
    """Punctuation, markup and blanks around a command are ignored, as is a harmless line below it."""
    assert act(Topic.REMINDER, written) == Request("oncall ack", {"reminder": "r1"})


@each(
    ("topic", "written", "reason"),
    [
        (Topic.REMINDER, "", ReplyRefusal.UNKNOWN),
        (Topic.REMINDER, "ok?", ReplyRefusal.UNKNOWN),
        (Topic.REMINDER, "Ok, maar ik ben niet in dienst", ReplyRefusal.UNKNOWN),
        (Topic.REMINDER, "Is dit ok", ReplyRefusal.UNKNOWN),
        (Topic.REMINDER, "ok\nneem", ReplyRefusal.TWO),
        (Topic.REMINDER, "ok\n\nNee, toch liever een ander.", ReplyRefusal.TWO),
        (Topic.REMINDER, "to be honest I am asleep", ReplyRefusal.NAME),
        (Topic.REMINDER, "over aan Jansen", ReplyRefusal.NAME),
        (Topic.SHIFT, "ruil met Pietersen", ReplyRefusal.NAME),
        (Topic.SHIFT, "ok", ReplyRefusal.UNKNOWN),
        (Topic.REMINDER, "gebeld 25:10 ja", ReplyRefusal.INSTANT),
        (Topic.REMINDER, "gebeld 21:50 nog niet geweest", ReplyRefusal.INSTANT),
        (Topic.REMINDER, "neem", ReplyRefusal.UNKNOWN),
        (Topic.REMINDERS, "gebeld 21:45 ze hebben het", ReplyRefusal.UNKNOWN),
        (Topic.NEW_CASE, "Ik neem hem", ReplyRefusal.UNKNOWN),
        (Topic.NEW_CASE, "neem / wijs af", ReplyRefusal.UNKNOWN),
        (Topic.NEW_CASE, "vraag", ReplyRefusal.UNKNOWN),
        (Topic.NEW_CASE, "wijs af:", ReplyRefusal.UNKNOWN),
        (Topic.NEW_CASE, "nimm", ReplyRefusal.UNKNOWN),
        (Topic.APPROVAL, "akkoord", ReplyRefusal.CODE),
        (Topic.APPROVAL, "akkoord K7Q2MY", ReplyRefusal.CODE),
        (Topic.APPROVAL, f"akkoord {CODE}, maar pas de titel aan", ReplyRefusal.UNKNOWN),
        (Topic.APPROVAL, f"akkoord {CODE}\n\nMaar pas eerst de titel aan.", ReplyRefusal.BESIDE),
        (Topic.APPROVAL, f"niet akkoord {CODE}", ReplyRefusal.UNKNOWN),
        (Topic.APPROVAL, "nee", ReplyRefusal.UNKNOWN),
        (Topic.QUARANTINE, "nieuw\nruis", ReplyRefusal.TWO),
        (Topic.QUARANTINE, "nieuw en onthoud\nruis", ReplyRefusal.TWO),
        (Topic.QUARANTINE, "nieuw en onthoud: kabouters", ReplyRefusal.SOURCE),
        (Topic.QUARANTINE, "nieuw en onthoud van de gemeente", ReplyRefusal.UNKNOWN),
        (Topic.QUARANTINE, "niet nieuw en onthoud", ReplyRefusal.UNKNOWN),
        (Topic.QUARANTINE, "nieuw en onthoud?", ReplyRefusal.UNKNOWN),
        (Topic.NEW_CASE, "wijs af: een mening\n\nMaar vraag eerst of het een grap is.", ReplyRefusal.BESIDE),
        (Topic.UNCERTAIN_MAIL, "niet verstuurd\n\nBel ze eerst.", ReplyRefusal.BESIDE),
        (Topic.NEW_CASE, "soort: gehakt account", ReplyRefusal.TYPE),
        (Topic.NEW_CASE, "soort: gehackt account?", ReplyRefusal.TYPE),
        (Topic.NEW_CASE, "soort: gehackt account of inhoud", ReplyRefusal.TYPE),
        (Topic.NEW_CASE, "source: the moon", ReplyRefusal.SOURCE),
        (Topic.NEW_CASE, "soort:", ReplyRefusal.UNKNOWN),
        (Topic.NEW_CASE, "bron", ReplyRefusal.UNKNOWN),
        (Topic.NEW_CASE, "soort: inhoud\nbron: media\nbron: gemeente", ReplyRefusal.TWO),
        (Topic.NEW_CASE, "bron: media\nbron: gemeente", ReplyRefusal.TWO),
        (Topic.QUARANTINE, "soort: inhoud", ReplyRefusal.UNKNOWN),
        (Topic.QUARANTINE, "bij mij", ReplyRefusal.UNKNOWN),
        (Topic.NOTICE, "ok", ReplyRefusal.NOTHING),
    ],
)
def test_what_is_not_clear_does_nothing(topic: Topic, written: str, reason: ReplyRefusal) -> None:
    """Two commands, a command in a sentence, words of doubt and unknown words do nothing, with a reason."""
    assert why(topic, written) is reason


@each(
    ("topic", "verb", "below"),
    [
        (Topic.NEW_CASE, "neem\n", "of toch niet"),
        (Topic.NEW_CASE, "neem\n", "of wil jij?"),
        (Topic.REMINDER, "ok\n", "Don\u2019t call me."),
        (Topic.REMINDER, "ok\n\n", "Ik bel ze zo."),
        (Topic.QUARANTINE, "nieuw en onthoud\n\n", "Maar vraag eerst of dit klopt."),
        (Topic.NEW_CASE, "vraag: op welk platform?\n\n", "En bel mij straks even."),
    ],
)
def test_what_can_be_undone_is_done_and_the_rest_is_shown(topic: Topic, verb: str, below: str) -> None:
    """No word decides: whatever the officer meant by it, they see at once that it did nothing."""
    found = read(f"{verb}{below}\n\nGroet, Jansen", "", about(topic))
    assert isinstance(found, Understood)
    assert found.left_over == (phrases.visible_line(below),)


@each(
    "said",
    ["geen gehoor", "voicemail", "Nobody answers.", "no answer", "they didn\u2019t pick up", "in gesprek", "niemand"],
)
def test_a_call_that_reached_nobody_stops_no_clock(said: str) -> None:
    """A call without an answer is noted but stops no clock."""
    found = act(Topic.REMINDER, f"gebeld 21:45, {said}")
    assert found.name == "case note"
    assert (found.fields["counts_as"], found.fields["means"]) == ((), "phone")


@pytest.mark.parametrize("written", ["21:45", "21.45", "21u45", "om 21:45 uur", "21h45"])
def test_times_are_read_as_they_are_written(written: str) -> None:
    """Dutch and English forms of a time today are understood."""
    assert act(Topic.REMINDER, f"gebeld {written} They have it") == CALL


def test_a_call_of_before_midnight_is_noted_after_it() -> None:
    """A time that is still to come today is taken as yesterday's."""
    late = replace(about(Topic.REMINDER), came_at=datetime.fromisoformat("2027-03-18T00:10:00+01:00"))
    found = read("gebeld 23:50 ze kijken ernaar", "", late)
    assert isinstance(found, Understood)
    (note,) = found.requests
    assert note.fields["effective_at"] == "2027-03-17T23:50:00+01:00"


AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("written", "came_at", "was"),
    [
        ("02:55", "2026-10-25T01:05Z", "2026-10-25T00:55Z"),  # it is 02:05 for the second time
        ("02:01 +02:00", "2026-10-25T01:05Z", "2026-10-25T00:01Z"),  # as the desk writes both
        ("02:01 +01:00", "2026-10-25T01:05Z", "2026-10-25T01:01Z"),
        ("02.01 uur +0100:", "2026-10-25T01:05Z", "2026-10-25T01:01Z"),
        ("12:05 +01:00", "2026-10-25T12:05Z", "2026-10-25T11:05Z"),  # all day long times bear it
        ("02:30", "2026-10-25T00:40Z", "2026-10-25T00:30Z"),
        ("01:55", "2026-03-29T01:05Z", "2026-03-29T00:55Z"),  # 01:59 was followed by 03:00
    ],
)
def test_a_call_is_of_the_last_time_that_the_clock_showed_that(written: str, came_at: str, was: str) -> None:
    """A time is the last instant at which the clock showed it, also when the clock changes."""
    night = replace(about(Topic.REMINDER), came_at=datetime.fromisoformat(came_at).astimezone(AMSTERDAM))
    found = read(f"gebeld {written} ze kijken ernaar", "", night)
    assert isinstance(found, Understood)
    (note,) = found.requests
    assert datetime.fromisoformat(str(note.fields["effective_at"])).astimezone(UTC) == datetime.fromisoformat(was)


@pytest.mark.parametrize(
    ("written", "came_at", "why", "details"),
    [
        ("02:30", "2026-10-25T01:40Z", ReplyRefusal.TWICE, ("02:30 +02:00", "02:30 +01:00")),
        ("12:05 +02:00", "2026-10-25T12:05Z", ReplyRefusal.INSTANT, ("12:05+02:00",)),
        ("02:30", "2026-03-29T01:40Z", ReplyRefusal.INSTANT, ("2:30",)),  # 01:59 was followed by 03:00
    ],
)
@pytest.mark.parametrize(("topic", "verb"), [(Topic.REMINDER, "gebeld"), (Topic.UNCERTAIN_MAIL, "verstuurd")])
def test_a_time_that_came_twice_or_never_is_asked_back(
    written: str, came_at: str, why: ReplyRefusal, details: tuple[str, ...], topic: Topic, verb: str
) -> None:
    """A time of the hour that comes twice is asked back with both offsets; one of the hour left out is none."""
    night = replace(about(topic), came_at=datetime.fromisoformat(came_at).astimezone(AMSTERDAM))
    found = read(f"{verb} {written}", "", night)
    assert isinstance(found, NotUnderstood)
    assert (found.why, found.details) == (why, details)
    for typed in found.details if why is ReplyRefusal.TWICE else ():
        assert isinstance(read(f"{verb} {typed}", "", night), Understood)


def test_a_note_about_a_case_without_a_notification_counts_as_nothing() -> None:
    """A note in a case without a notification counts as nothing: there is no clock to stop."""
    found = read("gebeld 21:45 zij beslissen zo", "", replace(about(Topic.UNDECIDED), notification=None))
    assert isinstance(found, Understood)
    (note,) = found.requests
    assert note.fields["counts_as"] == ()


def test_free_text_goes_on_to_the_end_of_its_paragraph() -> None:
    """Free text runs to the end of its paragraph, across line breaks, and no further."""
    asked = act(Topic.NEW_CASE, "vraag: op welk platform stond het,\nen heeft u een schermafdruk?\n\nAnna")
    assert asked == Request(
        "case ask", {"case": CASE, "text": "op welk platform stond het, en heeft u een schermafdruk?"}
    )


def test_what_would_work_is_told_in_either_language() -> None:
    """The commands that would work are listed as typed, in the officer's language, without those already used."""
    assert would_work(Topic.REMINDER, "nl") == ("ok", "gebeld 21:45 WAT ER GEZEGD IS", "over aan NAAM")
    assert would_work(Topic.APPROVAL, "en") == ("approve CODE", "no: REASON")
    assert still_work(Topic.REMINDER, "nl", used=False, acknowledged=True) == would_work(Topic.REMINDER, "nl")[1:]
    assert still_work(Topic.QUARANTINE, "en", used=True, acknowledged=False) == ()
    refused = read("kweetniet", "", about(Topic.NEW_CASE))
    assert isinstance(refused, NotUnderstood)
    assert refused.would_work[:3] == ("neem", "vraag: WAT U WILT WETEN", "wijs af: REDEN")
    assert refused.would_work[3:] == ("soort: GEHACKT ACCOUNT", "bron: GEMEENTE")


@pytest.mark.parametrize(("written", "right"), [
    ("soort: x", ("inhoud", "gehackt account", "geblokkeerde advertentie", "algemene waarschuwing", "anders")),
    ("type: x", ("content", "hacked account", "blocked advert", "general warning", "other")),
    ("bron: x", ("media", "factchecker", "rijk", "gemeente")),
    ("source: x", ("media", "fact-checker", "government", "municipality")),
])  # fmt: skip
def test_word_of_no_closed_set_is_answered_with_all_of_it(written: str, right: tuple[str, ...]) -> None:
    """A type or source that does not exist is refused with the words that do, in the language of the verb."""
    refused = read(written, "", about(Topic.NEW_CASE))
    assert isinstance(refused, NotUnderstood)
    assert refused.details == right


def test_every_value_has_words_in_both_languages() -> None:
    """The shipped words name each type and source, and a file without them is understood by its codes."""
    words = WORDS_OF_REPLIES
    assert words is not None
    for language in ("nl", "en"):
        assert (set(words.types[language]), set(words.sources[language])) == (set(CaseType), set(Source))
    bare = replace(words, types={}, sources={})
    assert type_named("b_channel", bare) is CaseType.CHANNEL
    assert type_named("account", bare) is None
    assert sources(bare, "nl") == tuple(Source)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_what_the_desk_calls_a_value_can_be_typed(language: str) -> None:
    """An officer answers with the word that a mail or a page showed; an article before it is left out."""
    words = WORDS_OF_REPLIES
    assert words is not None
    said = {value: SourceWord[value.name].words(language) for value in Source}
    assert {value: source_named(word, words) for value, word in said.items()} == {one: one for one in Source}
    called = {value: TypeWord[value.name].words(language).removeprefix("a ") for value in CaseType}
    assert {value: type_named(word, words) for value, word in called.items()} == {one: one for one in CaseType}


def test_a_call_that_reached_nobody_delivered_nothing() -> None:
    """A submission by phone without an answer does not count as the notification; on a portal it always does."""
    by_phone = replace(about(Topic.SUBMISSION), means="phone")
    for means, counts in (("phone", ()), ("portal", ("notification",))):
        found = read("gedaan 21:40 geen gehoor", "", replace(by_phone, means=means))
        assert isinstance(found, Understood)
        assert found.requests == (changed(SUBMITTED, means=means, text="geen gehoor", counts_as=counts),)
    followed = read("done 21:40", "", replace(about(Topic.SUBMISSION), submits="follow_up"))
    assert isinstance(followed, Understood)
    assert followed.requests == (changed(SUBMITTED, counts_as=("follow_up",)),)
