# SPDX-License-Identifier: EUPL-1.2
"""Each condition checks one fact of a mail and reports what it found, and where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flaggermail.adapters.parsing.patterns import Re2Matcher
from flaggermail.mail.fields import in_domains
from flaggermail.mail.machine_words import Languages
from flaggermail.mail.message import Address, Attachment, Forwarded, ForwardSource, Message, SenderVerdict
from flaggermail.rules.conditions import (
    All,
    Between,
    Condition,
    ConditionTrace,
    Context,
    Domain,
    Either,
    MailFacts,
    Not,
    OneOf,
    Words,
    YesOrNo,
    wording,
)
from tests.corpus import each

FIND = Re2Matcher().find
MAIL = Message(
    sha256="", size=1200, from_=(Address("Desk@eu.Video-Platform.example"),), subject="Re: Two boxes [#5519]",
    text="We will look into it.\n> Could you check this?", reply_text="We will look into it.",
    headers=(("x-mailer", "Ticket 4"), ("x-mailer", "Other")), attachments=(Attachment("photo.png", "image/png", 3),),
)  # fmt: skip
LISTS = {"platforms": frozenset({"video-platform.example"}), "none": frozenset[str]()}
LANGUAGES = Languages({"nl": frozenset({"de", "het", "een"}), "en": frozenset({"we", "will", "it"})})


def look(condition: Condition, message: Message = MAIL, context: Context | None = None) -> ConditionTrace:
    """Returns the result of a condition on a mail, with all parts evaluated; the quick way must come to the same."""
    facts = MailFacts(message, context or Context(), LISTS, LANGUAGES, FIND)
    found = condition.look(facts, whole=True)
    assert condition.holds(facts) == condition.look(facts).held == found.held
    return found


def words(place: str, *entries: str) -> Words:
    """Returns a condition on text."""
    return Words(place, tuple(map(wording, entries)))


FORWARD = replace(MAIL, forwarded=Forwarded(None, (), (), None, None, "inner", ForwardSource.INLINE))


@each(
    ("name", "message", "context"),
    [
        ("from_platform", MAIL, Context(platform="X")),
        ("from_officer", MAIL, Context(from_officer=True)),
        ("placed", MAIL, Context(placed=True)),
        ("suggested", MAIL, Context(suggested=True)),
        ("election_period", MAIL, Context(period=True)),
        ("declined_before", MAIL, Context(declined_before=True)),
        ("forwarded", FORWARD, Context()),
        ("has_attachment", MAIL, Context()),
    ],
)
def test_yes_or_no(name: str, message: Message, context: Context) -> None:
    """A yes-or-no condition holds for the wanted value only."""
    assert look(YesOrNo(name, wanted=True), message, context) == ConditionTrace(
        f"{name}: true", held=True, saw="is true"
    )
    assert look(YesOrNo(name, wanted=False), message, context) == ConditionTrace(
        f"{name}: false", held=False, saw="is true"
    )
    assert look(YesOrNo(name, wanted=False), replace(MAIL, attachments=())).held


@each(
    ("name", "value", "context"),
    [
        ("mechanical", "human", Context()),
        ("verdict", "failed", Context(verdict=SenderVerdict.FAILED)),
        ("sender", "desk@eu.video-platform.example", Context()),
        ("platform", "x", Context(platform="X")),
        ("channel", "x-urgent", Context(channel="x-urgent")),
        ("language", "en", Context()),
    ],
)
def test_one_of(name: str, value: str, context: Context) -> None:
    """A fact matches one of the listed words, ignoring case; a missing fact matches none."""
    held = look(OneOf(name, ("else", value)), MAIL, context)
    assert (held.held, held.condition) == (True, f"{name}: [else, {value}]")
    assert not look(OneOf(name, ("else",)), MAIL, context).held
    assert look(OneOf("platform", ("X",))).saw == "is none"
    assert not look(OneOf("sender", ("",)), replace(MAIL, from_=())).held


@each(
    ("domain", "listed"),
    [
        ("video-platform.example", True),
        ("VIDEO-Platform.Example", True),
        ("eu.video-platform.example", True),
        ("a.b.c.video-platform.example", True),
        ("notvideo-platform.example", False),
        ("video-platform.example.elsewhere.example", False),
        ("video-platform-example", False),
        ("platform.example", False),
        ("example", False),
        ("", False),
    ],
)
def test_a_listed_domain_stands_for_its_sub_domains_and_no_look_alike(domain: str, listed: bool) -> None:  # noqa: FBT001 - a column of the table
    """A listed domain matches its subdomains, but not a domain that merely begins or ends with the same letters."""
    assert in_domains(domain, LISTS["platforms"]) is listed
    sender = replace(MAIL, from_=(Address(f"desk@{domain}"),))
    assert look(Domain(("none", "platforms")), sender).held is listed
    assert look(Domain(("video-platform.example",)), sender).held is listed


def test_domain_says_on_which_list_it_stands() -> None:
    """The result names the list with the domain. No author or no such list is no match; the first author decides."""
    assert look(Domain(("platforms",))).saw == "is eu.video-platform.example, on the list platforms"
    assert look(Domain(("video-platform.example",))).saw == "is eu.video-platform.example"
    assert look(Domain(("platforms",)), replace(MAIL, from_=())) == ConditionTrace(
        "domain: [platforms]", held=False, saw="is none"
    )
    assert not look(Domain(("absent",))).held
    two = (Address("a@elsewhere.example"), Address("b@video-platform.example"))
    assert not look(Domain(("platforms",)), replace(MAIL, from_=two)).held


@pytest.mark.parametrize(
    ("condition", "held"),
    [
        (Between("size", 1200, 1200), True),
        (Between("size", 1201, None), False),
        (Between("size", None, 1199), False),
        (Between("minutes_since_notification", 0, None), True),
        (Between("minutes_since_notification", 33, 40), False),
    ],
)
def test_between_includes_both_ends(condition: Between, held: bool) -> None:  # noqa: FBT001 - a column of the table
    """A number equal to a bound is within the range."""
    assert look(condition, MAIL, Context(minutes=32)).held is held


def test_a_number_that_is_not_there_lies_nowhere() -> None:
    """A missing number is in no range: a mail that answers no notification is not zero minutes late."""
    assert look(Between("minutes_since_notification", None, 60)) == ConditionTrace(
        "minutes_since_notification: {at_most: 60}", held=False, saw="is none"
    )


def test_words_tell_where_they_stand() -> None:
    """The result gives line and column of the match, and the entry if it differs from the match."""
    assert look(words("subject", "nowhere", "two boxes")) == ConditionTrace(
        "subject: [nowhere, two boxes]", held=True, saw="has 'Two boxes'", where="subject, column 5"
    )
    assert look(words("body", "check*")).where == "body, line 2, column 13"
    assert look(words("subject", r"/#\d+/")).saw == r"has '#5519' by /#\d+/"
    assert look(words("reply", "could you check")) == ConditionTrace(
        "reply: [could you check]", held=False, saw="found nowhere"
    )


def test_header_and_attachment_are_places_too() -> None:
    """Header fields and attachment names are searched too; a nameless attachment is matched by its type."""
    assert look(words("header x-mailer", "other")).saw == "has 'Other'"
    assert not look(words("header x-absent", "other")).held
    assert look(words("attachment", "*.png")).held
    assert look(words("attachment", "image/png"), replace(MAIL, attachments=(Attachment(None, "image/png", 1),))).held


@each(
    ("entry", "text", "found"),
    [
        ("stembureau", "Het stembureau is dicht", True),
        ("stembureau", "De stembureaus zijn dicht", False),
        ("stembureau*", "De stembureaus zijn dicht", True),
        ("*bureau", "het stembureau.", True),
        ("STEMBUREAU", "stembureau", True),
        ("één stem", "Eén  stem\nper persoon", False),
        ("één stem", "ÉÉN\nstem per persoon", True),
        ("idee", "ideeën", False),
        ("re:", "Re:antwoord", True),
        ("c++ (2.0)", "in C++ (2.0) geschreven", True),
        ("a.c", "abc", False),
        ("vote", "voté", False),
        (r"/\bvot/", "voting", True),
        ("/", "a / b", True),
    ],
)
def test_a_word_is_found_whole_in_any_script(entry: str, text: str, found: bool) -> None:  # noqa: FBT001 - a column of the table
    """Accented letters are letters, a star matches the rest of a word, and no other sign is special."""
    assert look(words("subject", entry), replace(MAIL, subject=text)).held is found


def test_mail_without_subject_or_text_is_judged_like_any_other() -> None:
    """A mail without subject or text matches no words and causes no error."""
    bare = Message(sha256="", size=0)
    for place in ("subject", "body", "reply", "attachment", "header to"):
        assert not look(words(place, "/./"), bare).held
        assert look(Not(words(place, "/./")), bare).held


YES, NO = YesOrNo("has_attachment", wanted=True), YesOrNo("has_attachment", wanted=False)


def test_all_any_and_not() -> None:
    """All, any and not combine conditions, and the result includes the results of the parts."""
    assert look(All((YES, YES))).held
    assert not look(All((YES, NO))).held
    assert look(Either((NO, YES))).held
    assert not look(Either((NO, NO))).held
    assert look(Not(NO)) == ConditionTrace("not", held=True, within=(look(NO),))
    assert [part.held for part in look(All((NO, Either((NO, YES))))).leaves()] == [False, False, True]


def test_a_quick_look_ends_where_the_answer_is_known() -> None:
    """Evaluation stops once the result is known, unless the whole is requested."""
    facts = MailFacts(MAIL, Context(), LISTS, LANGUAGES, FIND)
    assert len(All((NO, YES)).look(facts).within) == 1
    assert len(Either((YES, NO)).look(facts).within) == 1
    assert len(All((NO, YES)).look(facts, whole=True).within) == 2
    assert len(Either((YES, NO)).look(facts, whole=True).within) == 2


def test_the_cheapest_condition_is_asked_first() -> None:
    """Cheap conditions are evaluated first; a search of the body comes last."""
    body, subject = words("body", "x"), words("subject", "x")
    assert All((body, Either((body, subject)), subject, YES)).of == (YES, subject, body, Either((body, subject)))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("De burgemeester heeft het een keer gezegd", "nl"),
        ("We will see it", "en"),
        ("Het", "unknown"),
        ("", "unknown"),
        ("we will het een", "unknown"),
    ],
)
def test_language_shows_in_its_small_words(text: str, language: str) -> None:
    """A language needs at least two of its small words, and more than any other language has."""
    assert LANGUAGES.guess(text) == language


def test_language_is_that_of_the_writers_own_words() -> None:
    """The language is that of the writer's own words; a one-word reply is read with the quotation below it."""
    dutch = replace(MAIL, reply_text="Het is een fout", text="Het is een fout\n> We will do it, we will")
    assert look(OneOf("language", ("nl",)), dutch).held
    short = replace(MAIL, reply_text="Ok", text="Ok\n> We will do it")
    assert look(OneOf("language", ("en",)), short).held
