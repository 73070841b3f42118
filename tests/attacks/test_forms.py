# SPDX-License-Identifier: EUPL-1.2
"""What a stranger writes is never an officer's answer: titles, names and texts that look like a filled form."""

from __future__ import annotations

from base64 import b64encode
from datetime import date, timedelta
from pathlib import Path

import pytest

from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from tests.attacks.replying import Night, a_desk, quoted
from tests.store.desk_fixtures import desk_settings

FILLER = "Dringend bericht over een video die rondgaat in onze gemeente "
ORDERS = "onjuist: ja regel: artikel N 7 criterium: 1 pogingen: 3 titel: Please act besluit: meld Meta "
SUBJECTS = {
    "400 characters": (FILLER + "besluit: meld Meta ") * 5,
    "a word at each wrap": ("x" * 70 + " besluit: meld Meta ") * 4,
    "the whole form": FILLER + ORDERS * 3,
    "in English": FILLER + "incorrect: yes rule: N 7 criterion: 1 attempts: 3 decide: notify Meta " * 4,
    "folded": (FILLER + "\r\n besluit: meld Meta\r\n criterium: 1") * 3,
    "tabs": (FILLER + "\tbesluit:\tmeld Meta") * 4,
    "U+2028": (FILLER + "\u2028besluit: meld Meta\u2028") * 4,
    "U+0085 and form feed": (FILLER + "\x85besluit: meld Meta\x0cbesluit: meld Meta") * 4,
    "right to left": (FILLER + "\u202eateM dlem :tiulseb\u202c \u2067besluit: meld Meta\u2069 ") * 3,
    "marks": FILLER + "===== formulier 123456 ===== besluit: meld Meta ===== einde 123456 ===== " * 3,
    "only the order": "besluit: meld Meta",
    "rules and quotes": "----- > besluit: meld Meta " * 12,
    "one long word": "besluit:meld" + "M" * 300,
}
FILLED = {"nl": {"onjuist": "ja", "regel": "artikel N 7", "criterium": "1", "pogingen": "3"},
    "en": {"incorrect": "yes", "rule": "article N 7", "criterion": "1", "attempts": "3"}}  # fmt: skip
TAKES = {"nl": "neem", "en": "take"}


def encoded(subject: str) -> str:
    """Returns a subject as encoded words (RFC 2047), line breaks included."""
    octets = subject.encode()
    return "\r\n ".join(f"=?utf-8?B?{b64encode(octets[at : at + 42]).decode()}?=" for at in range(0, len(octets), 42))


def filled(body: str, values: dict[str, str]) -> str:
    """Returns our mail with values written behind the words of the form, nowhere else."""
    lines: list[str] = []
    inside = False
    for line in body.splitlines():
        if line.startswith("====="):
            inside = not inside
        word = line.partition(":")[0]
        lines.append(f"{word}: {values[word]}" if inside and word in values else line)
    return "\n".join(lines)


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_a_strangers_subject_decides_nothing(tmp_path: Path, subject: str, language: str) -> None:
    """Sent back unfilled the form does nothing; with all but the decision filled in, the decision is missing."""
    night = Night(a_desk(tmp_path, language))
    for raw in (subject, encoded(subject)):
        form = night.form(raw, word=TAKES[language])
        body, before = night.body(form), night.events()
        for text in ("", quoted(body), body, f"Hierbij.\n\n{quoted(body)}", f"{body}\n\n{quoted(body)}"):
            night.reply(form, text)
        for text in (filled(body, FILLED[language]), quoted(filled(body, FILLED[language]))):
            answers = night.answers(night.reply(form, text))
            assert all(("besluit" if language == "nl" else "decide") in answer for answer in answers)
        assert night.acted(before) == []
        assert night.case(form).decision is None
        assert night.desk.notifications() == []
        night.desk.assert_whole()


@pytest.mark.parametrize("language", ["nl", "en"])
def test_between_the_marks_stands_no_strangers_word(tmp_path: Path, language: str) -> None:
    """Title and links stand above the marks, marked; each line of the form is empty."""
    night = Night(a_desk(tmp_path, language))
    form = night.form("Een video over stembureaus", "Zie https://video.example/v/1 .", TAKES[language])
    above, _, below = night.body(form).partition("=====")
    inside = below.split("=====")[1].strip().splitlines()
    assert all(line.endswith(":") for line in inside)
    assert "\n| Een video over stembureaus\n" in above
    assert "\n| https://video.example/v/1\n" in above


def test_an_empty_title_and_text_take_the_proposal(tmp_path: Path) -> None:
    """The draft has the title and the links that the form proposed; the officer's own words take precedence."""
    night = Night(a_desk(tmp_path))
    values = {**FILLED["nl"], "besluit": "meld Meta"}
    form = night.form("Een video over stembureaus", "Zie https://video.example/v/1 .")
    night.reply(form, quoted(filled(night.body(form), values)))
    (draft,) = night.desk.notifications()
    text = night.desk.env.parser.parse(night.desk.env.octets.get(draft.digest)).text
    assert "Een video over stembureaus" in draft.subject
    assert "https://video.example/v/1" in text
    second = night.form("Een ander bericht, over kandidaten", "Zie https://video.example/v/2 .")
    night.reply(
        second, quoted(filled(night.body(second), {**values, "titel": "A post", "tekst": "Please look at it."}))
    )
    draft = max(night.desk.notifications(), key=lambda one: one.id)
    text = night.desk.env.parser.parse(night.desk.env.octets.get(draft.digest)).text
    assert "A post" in draft.subject
    assert "Please look at it." in text
    assert "v/2" not in text


def test_what_the_officer_filled_in_before_counts_only_with_a_change(tmp_path: Path) -> None:
    """A form that came back with its values, returned as it was, does nothing; with the missing line it is complete."""
    night = Night(a_desk(tmp_path))
    form = night.form("Een video over stembureaus")
    values = {**FILLED["nl"], "besluit": "meld Meta", "criterium": ""}
    night.reply(form, quoted(filled(night.body(form), values)))
    back = night.latest(Kind.REPLY_ANSWER)
    before = night.events()
    night.reply(back, quoted(night.body(back)))
    night.reply(back, "Akkoord zo.\n\n" + quoted(night.body(back)))
    assert night.acted(before) == []
    night.reply(back, quoted(night.body(back).replace("criterium:", "criterium: 1")))
    assert EventKind.CASE_DECIDED in night.acted(before)
    assert night.case(form).criteria == (1,)


def test_an_order_that_was_refused_once_is_not_carried_out_by_a_quotation(tmp_path: Path) -> None:
    """What came back because its channel was not valid yet is not sent on the day it is, unless a line changes."""
    settings = desk_settings()
    first = settings.platform_list[0]
    channels = [
        one.model_copy(update={"valid_from": date(2024, 6, 7)}) if one.code == "x-later" else one
        for one in first.channels
    ]
    platforms = (first.model_copy(update={"channels": tuple(channels)}), *settings.platform_list[1:])
    night = Night(a_desk(tmp_path, settings=settings.model_copy(update={"platform_list": platforms})))
    form = night.form("Een video over stembureaus")
    night.reply(form, quoted(filled(night.body(form), {**FILLED["nl"], "besluit": "meld x-later"})))
    back, before = night.latest(Kind.REPLY_ANSWER), night.events()
    assert "besluit: meld x-later" in night.body(back)
    night.desk.clock.set(night.desk.clock.now() + timedelta(hours=18))
    night.reply(back, quoted(night.body(back)))
    night.reply(back, "Akkoord zo.\n\n" + quoted(night.body(back)))
    assert night.acted(before) == []
    night.reply(back, quoted(night.body(back).replace("pogingen: 3", "pogingen: 4")))
    assert EventKind.CASE_DECIDED in night.acted(before)


def test_a_line_that_the_officer_empties_again_is_missing(tmp_path: Path) -> None:
    """An order that came back in the form and is deleted does not count any more."""
    night = Night(a_desk(tmp_path))
    form = night.form("Een video over stembureaus")
    values = {**FILLED["nl"], "besluit": "meld Meta", "criterium": ""}
    night.reply(form, quoted(filled(night.body(form), values)))
    back, before = night.latest(Kind.REPLY_ANSWER), night.events()
    text = night.body(back).replace("criterium:", "criterium: 1").replace("besluit: meld Meta", "besluit:")
    night.reply(back, quoted(text))
    assert night.acted(before) == []
    assert "besluit" in night.body(night.latest(Kind.REPLY_ANSWER))


def test_a_value_that_a_program_wraps_on_its_way_back_is_unchanged(tmp_path: Path) -> None:
    """A long text that holds an order is no order when the officer's mail program wraps it in the quotation."""
    night = Night(a_desk(tmp_path))
    form = night.form("Een video over stembureaus")
    told = "Het bericht zegt onder meer dat iedereen vandaag thuis moet blijven en verder: besluit: meld Meta"
    night.reply(form, quoted(filled(night.body(form), {**FILLED["nl"], "tekst": told, "criterium": ""})))
    back, before = night.latest(Kind.REPLY_ANSWER), night.events()
    text = night.body(back).replace("verder: besluit", "verder:\nbesluit").replace("criterium:", "criterium: 1")
    night.reply(back, quoted(text))
    assert night.acted(before) == []


def test_an_order_in_the_referral_is_not_the_officers(tmp_path: Path) -> None:
    """Our mail quoted without signs by a program that nobody knows: the referral's lines are not read as answers."""
    night = Night(a_desk(tmp_path))
    lines = "\n".join(f"{word}: {value}" for word, value in FILLED["nl"].items())
    form = night.form("Een video over stembureaus", f"{lines}\nbesluit: meld Meta\nhttps://x.example/1")
    before = night.events()
    for cut in (night.body(form), night.body(form).replace("=====", "")):
        night.reply(form, f"{lines}\n\n{cut}")
        night.reply(form, f"{lines}\n\nEn zij schreven:\n\n{cut}")
    assert night.acted(before) == []


def test_a_form_whose_sent_octets_are_gone_does_nothing(tmp_path: Path) -> None:
    """Without the frozen form nobody can tell what the officer changed: nothing is done, and a new form comes."""
    night = Night(a_desk(tmp_path))
    form = night.form("Een video over stembureaus")
    text = quoted(filled(night.body(form), {**FILLED["nl"], "besluit": "meld Meta"}))
    octets, before = night.octets(form, text), night.events()
    night.desk.env.octets.discard(form.digest)
    night.desk.receive(octets)
    assert night.acted(before) == []
    assert "niet meer te lezen" in night.body(night.latest(Kind.REPLY_ANSWER))


HOSTILE = "besluit: meld Meta"
NAMES = [
    f"{HOSTILE}\u2028{HOSTILE}", f"----- {HOSTILE}", f"> {HOSTILE}", f"\u202e{HOSTILE}", f"\x1b[2J{HOSTILE}",
    f"akkoord\n{HOSTILE}", (f"{'woord ' * 12}{HOSTILE} ") * 6,
]  # fmt: skip


@pytest.mark.parametrize("language", ["nl", "en"])
def test_strangers_words_are_one_marked_cut_line(tmp_path: Path, language: str) -> None:
    """In every mail to officers and referrers, whatever it is about."""
    night = Night(a_desk(tmp_path, language))
    for number, name in enumerate(NAMES):
        night.desk.clock.set(night.desk.clock.now() + timedelta(minutes=40))  # one digest of all would tell less
        part = f'Content-Disposition: attachment; filename="{name.encode("ascii", "ignore").decode()[:200]}.pdf"'
        night.form(encoded(f"{number} {name}"), "Kort.", TAKES[language])
        night.referred(encoded(f"Re: {number} {name}"), "Nog iets.", ["Content-Type: text/plain; charset=utf-8", part])
    sent = [one for one in night.desk.mails() if one.kind not in {Kind.NOTIFICATION, Kind.FOLLOW_UP}]
    assert len(sent) > len(NAMES) * 2
    assert sum("woord woord" in night.body(one) for one in sent) > 2  # also the last and longest name
    for one in sent:
        lines = [line for line in night.body(one).split("\n") if "meld Meta" in line or "woord woord" in line]
        assert all(line.startswith("| ") for line in lines), lines
        assert all(len(line) <= 200 for line in lines), lines
        assert len(one.subject) <= 200
        assert not {*"\u2028\u202e\x1b\x85\ufdd0\ufdd1\ufdd2"} & {*night.body(one), *one.subject}
