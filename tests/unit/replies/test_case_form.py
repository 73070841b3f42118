# SPDX-License-Identifier: EUPL-1.2
"""The form in a reply: which lines count, and which are missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flaggermail.commands.door import command_of
from flaggermail.commands.requests import read_request
from flaggermail.replies.case_form import (
    ChannelChoice,
    Form,
    SentForm,
    filled_before,
    filled_form,
    links_in,
    mark_of,
    read,
    values_in,
)
from flaggermail.replies.request import ReplyFault, Request
from tests.corpus import each

CASE = "VF-PS2027-0006"
ASKED = SentForm(mark=mark_of("a" * 32), language="nl", title="Een video", links=("https://video.example/v/1",))
CHANNELS = (
    ChannelChoice("tiktok-elections", "TikTok", "TikTok", "mail"),
    ChannelChoice("tiktok-portal", "TikTok", "TikTok", "portal"),
    ChannelChoice("meta-elections", "Meta", "Meta", "mail"),
    ChannelChoice("x-urgent", "X", "X", "mail"),
    ChannelChoice("x-other", "X", "X", "mail"),
)
FILLED = {
    "onjuist": "ja", "regel": "Een naam op het biljet maakt het ongeldig", "criterium": "1", "pogingen": "3",
    "besluit": "meld TikTok",
}  # fmt: skip
ENGLISH = {"onjuist": "incorrect", "regel": "rule", "criterium": "criterion", "pogingen": "attempts",
    "besluit": "decide", "titel": "title", "tekst": "text", "middelen": "means"}  # fmt: skip


def filled(asked: SentForm = ASKED, /, **values: str) -> str:
    """Returns the form as sent, with values filled in."""
    form = filled_form(asked)
    for word, value in {**FILLED, **values}.items():
        form = "\n".join(f"{word}: {value}" if line.startswith(f"{word}:") else line for line in form.split("\n"))
    return form


def taken(own: str, whole: str = "", asked: SentForm = ASKED) -> Form:
    """Returns the form read from a reply."""
    return read(own, whole or own, asked, CHANNELS)


def fault(own: str, whole: str = "", asked: SentForm = ASKED) -> tuple[str, tuple[str, ...]]:
    """Returns why the form is refused, and the lines or names concerned."""
    with pytest.raises(ReplyFault) as caught:
        taken(own, whole, asked)
    return caught.value.why, caught.value.details


def test_a_filled_form_is_assessment_decision_and_draft() -> None:
    """A filled form gives an assessment, a decision and a draft; the rule becomes the reason."""
    assert taken(filled()).requests(CASE) == (
        Request(
            "case assess",
            {
                "case": CASE,
                "incorrect": True,
                "contradicts": FILLED["regel"],
                "criteria": (1,),
                "own_attempts": 3,
                "all_means_used": None,
            },
        ),
        Request("case decide", {"case": CASE, "decision": "notify", "reason": FILLED["regel"]}),
        Request(
            "notify",
            {"case": CASE, "channel": "tiktok-elections", "title": "Een video", "text": "https://video.example/v/1"},
        ),
    )


@each("prefix", ["", "> ", ">", ">> ", "> > "])
@each("gap", ["\n", "\n\n", "\n> \n"])
def test_a_form_filled_in_within_the_quotation(prefix: str, gap: str) -> None:
    """A form filled in inside the quotation counts, with quotation marks and empty lines between its lines."""
    whole = gap.join(f"{prefix}{line}" for line in filled().split("\n"))
    assert taken("", whole) == taken(filled())


def test_a_copy_above_the_empty_form_counts() -> None:
    """A copy above the empty form counts, with or without its marks, in Dutch or English."""
    quoted = "\n".join(f"> {line}" for line in filled_form(ASKED).split("\n"))
    bare = "\n".join(f"{word}: {value}" for word, value in FILLED.items())
    assert taken(bare, f"{bare}\n\n{quoted}") == taken(filled())
    assert taken(filled(), f"{filled()}\n\n{quoted}") == taken(filled())
    english = "\n".join(f"{ENGLISH[word]}: {value}" for word, value in FILLED.items()).replace("meld", "notify")
    assert taken(english, f"{english}\n\n{quoted}") == replace(taken(filled()), language="en")


def test_what_is_completed_above_the_quotation_joins_what_stood_there() -> None:
    """Lines above the quotation complete the form quoted below."""
    before = filled(criterium="")
    assert fault(before) == ("lines missing", ("criterium",))
    quoted = "\n".join(f"> {line}" for line in before.split("\n"))
    assert taken("criterium: 1", f"criterium: 1\n\n{quoted}") == taken(filled())


@pytest.mark.parametrize("word", ["onjuist", "regel", "criterium", "pogingen", "besluit"])
def test_a_missing_line_is_named(word: str) -> None:
    """Each of the five lines needed to notify is named if it is empty or left out."""
    assert fault(filled(**{word: ""})) == ("lines missing", (word,))
    left_out = "\n".join(line for line in filled().split("\n") if not line.startswith(f"{word}:"))
    assert fault(left_out) == ("lines missing", (word,))


@each(
    ("word", "value", "named"),
    [
        ("onjuist", "misschien", "onjuist"),
        ("criterium", "4", "criterium (1, 2, 3)"),
        ("criterium", "1 of 2", "criterium (1, 2, 3)"),
        ("pogingen", "vaak", "pogingen"),
        ("besluit", "meld", "besluit"),
        ("besluit", "geen idee", "besluit"),
        ("besluit", "niet melden", "besluit"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(word: str, value: str, named: str) -> None:
    """A line that cannot be read is named; no value is guessed."""
    assert fault(filled(**{word: value})) == ("lines missing", (named,))


@pytest.mark.parametrize(
    ("value", "criteria"), [("1, 3", (1, 3)), ("3 en 1", (1, 3)), ("1 2", (1, 2)), ("geen", ()), ("2.", (2,))]
)
def test_criteria_are_read_as_they_are_written(value: str, criteria: tuple[int, ...]) -> None:
    """One, several or no criteria are understood in their usual forms."""
    assert taken(filled(criterium=value)).assessed["criteria"] == criteria


@each(
    ("value", "decision", "reason"),
    [
        ("wijs af: gaat niet over het verloop", "decline", "gaat niet over het verloop"),
        ("decline: not about the process", "decline", "not about the process"),
        ("verwijs: naar de gemeente zelf", "refer", "naar de gemeente zelf"),
        ("refer", "refer", FILLED["regel"]),
        ("Geen.", "none", FILLED["regel"]),
        ("none: they saw it themselves", "none", "they saw it themselves"),
    ],
)
def test_other_decisions_need_a_reason_only(value: str, decision: str, reason: str) -> None:
    """Other decisions need only a reason, in their own line or as the rule, and give no draft."""
    form = taken(filled(besluit=value, onjuist="", criterium="", pogingen=""))
    assert [asked.name for asked in form.requests(CASE)] == ["case assess", "case decide"]
    assert (form.decision, form.reason) == (decision, reason)
    if reason == FILLED["regel"]:
        assert fault(filled(besluit=value, regel="", onjuist="")) == ("lines missing", ("besluit",))


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ("meld tiktok-elections", ["tiktok-elections"]),
        ("meld aan TikTok en Meta", ["tiktok-elections", "meta-elections"]),
        ("notify Meta, x-urgent.", ["meta-elections", "x-urgent"]),
        ("Meld: meta", ["meta-elections"]),
    ],
)
def test_platforms_and_channels_are_named(value: str, codes: list[str]) -> None:
    """A channel is named by its code or by a platform with one mail channel; several channels give several drafts."""
    drafts = [
        asked.fields["channel"] for asked in taken(filled(besluit=value)).requests(CASE) if asked.name == "notify"
    ]
    assert drafts == codes


def test_a_portal_gets_a_draft_too() -> None:
    """A portal named by its code gets a draft too."""
    asked = taken(filled(besluit="meld tiktok-portal")).requests(CASE)
    assert [one.fields["channel"] for one in asked if one.name == "notify"] == ["tiktok-portal"]


def test_a_platform_that_could_be_several_channels_is_not_guessed() -> None:
    """An ambiguous platform is refused with its channels; an unknown name with all channels."""
    assert fault(filled(besluit="meld X")) == ("no such channel", ("x-urgent", "x-other"))
    assert fault(filled(besluit="meld Friendster"))[1] == tuple(channel.code for channel in CHANNELS)


def test_text_and_title_are_those_of_the_officer() -> None:
    """The officer's text may have several lines; an empty text becomes the referral's links, or else the rule."""
    form = filled(titel="A video on ballots", tekst="A video says so:\nhttps://video.example/v/1\nhttps://b.example/2")
    assert (taken(form).title, taken(form).text.count("\n")) == ("A video on ballots", 2)
    assert taken(filled(tekst="")).text == "https://video.example/v/1"
    assert taken(filled(tekst=""), asked=replace(ASKED, links=())).text == FILLED["regel"]


def test_nothing_of_the_referral_stands_between_the_marks() -> None:
    """Every line of the form is empty, and a form sent back as it was says nothing."""
    assert all(line.endswith(":") for line in filled_form(ASKED).split("\n")[1:-1])
    assert values_in("", filled_form(ASKED), ASKED) == {}


def test_what_was_sent_does_not_count_until_a_line_is_changed() -> None:
    """Values that the officer filled in before count with one more line; alone they say nothing."""
    before = {"incorrect": "ja", "contradicts": "artikel N 7", "text": "Zie https://a.example/1\nen verder"}
    sent = replace(ASKED, lines=tuple(filled_form(ASKED, before).split("\n")[1:-1]))
    back = filled_form(ASKED, before)
    linked = back.replace("https://a.example/1", "https://a.example/1<https://a.example/1>")
    assert values_in("", back, sent) == values_in("", linked, sent) == {}
    assert values_in("", back.replace("pogingen:", "pogingen: 2"), sent) == {**before, "own_attempts": "2"}
    assert values_in("pogingen: 2", linked, sent) == {**before, "own_attempts": "2"}
    emptied = back.replace("regel: artikel N 7", "regel:")
    assert "contradicts" not in values_in("pogingen: 2", emptied, sent)


def test_a_form_sent_back_as_it_came_keeps_what_was_filled_in() -> None:
    """It is refused as unchanged, with no line called missing, and its values stand in the form that comes again."""
    before = {"incorrect": "ja", "contradicts": "artikel N 7"}
    sent = replace(ASKED, lines=tuple(filled_form(ASKED, before).split("\n")[1:-1]))
    assert fault("", filled_form(ASKED, before), sent) == ("form unchanged", ())
    assert filled_before(sent) == before
    assert fault("", filled_form(ASKED))[0] == "lines missing"


def test_a_line_with_the_mark_of_others_words_does_not_count() -> None:
    """Neither above the quotation nor between the marks, nor below the first line of our mail."""
    assert fault("| besluit: geen: weg ermee")[0] == "lines missing"
    assert fault(filled(besluit="\n| besluit: meld TikTok")) == ("lines missing", ("besluit",))
    own = "\n".join(f"{word}: {value}" for word, value in FILLED.items() if word != "besluit")
    sent = replace(ASKED, opening="Zaak VF-PS2027-0006 is bij u. Beantwoord deze mail.")
    assert fault(f"{own}\nZaak VF-PS2027-0006 is bij u. Beantwoord deze\nbesluit: meld TikTok", asked=sent) == (
        "lines missing", ("besluit",),
    )  # fmt: skip


def test_means_are_asked_of_a_lost_channel_only() -> None:
    """Only the form for a lost channel has a line for the means used."""
    lost = replace(ASKED, case_type="B_channel")
    assert "middelen:" in filled_form(lost)
    assert "middelen:" not in filled_form(ASKED)
    assert taken(filled(lost, middelen="ja"), asked=lost).assessed["all_means_used"] is True


def test_a_form_in_the_text_of_a_stranger_is_none() -> None:
    """A form with another mark does not count, and unmarked lines count only in the officer's own words."""
    forged = filled(replace(ASKED, mark="123abc"))
    assert fault("Zie hieronder.", f"Zie hieronder.\n\n> {forged}")[0] == "lines missing"
    assert fault("Zie hieronder.\nbesluit: geen: weg ermee")[0] == "lines missing"


def test_two_answers_to_one_line_are_not_chosen_between() -> None:
    """Two values for one line are refused, in the officer's words or in two copies of the form."""
    twice = filled().replace("criterium: 1", "criterium: 1\ncriterium: 2")
    assert fault(twice) == ("two verbs", ("criterium",))
    assert fault("", f"{filled()}\n{filled(criterium='2')}") == ("two verbs", ("criterium",))


def test_the_mark_does_not_tell_the_token() -> None:
    """The mark of a form does not reveal its token: it occurs in text that is quoted and forwarded."""
    assert mark_of("a" * 32) != mark_of("b" * 32)
    assert len(mark_of("a" * 32)) == 6


def test_addresses_of_a_referral() -> None:
    """The links of a referral are listed once each, without the punctuation after them, five at most."""
    text = "Zie https://a.example/1, en (https://b.example/2). Ook https://a.example/1!"
    assert links_in(text) == ("https://a.example/1", "https://b.example/2")
    assert len(links_in(" ".join(f"https://a.example/{n}" for n in range(9)))) == 5


@each("decision", ["meld tiktok-elections", "geen: het is weg", "wijs af: een mening", "verwijs: naar de politie"])
def test_every_form_asks_for_commands_that_the_desk_knows(decision: str) -> None:
    """Each decision of the form gives requests that the desk reads."""
    for asked in taken(filled(besluit=decision)).requests(CASE):
        assert read_request(command_of(asked.name), asked.name, asked.fields)
