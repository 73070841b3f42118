# SPDX-License-Identifier: EUPL-1.2
"""What the notice of a new case and the form show: who to phone, what was looked for, whom to ask, what is like it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flaggermail.cases.checklist import named, others
from flaggermail.commands.notify import Draft
from flaggermail.record.kinds import Kind
from flaggermail.record.states import CaseState
from tests.shipped_parser import PARSER
from tests.store.desk_fixtures import OFFICER, Desk, mail

TOWN, OTHER_TOWN = "griffie@lindewaard.example", "communicatie@lindewaard.example"
HACKED = (
    "Goedenavond,\n\nOns Instagramaccount @lindewaard is gehackt en wij kunnen er niet meer in.\n"
    "Wij hebben het herstelformulier om 17:10 ingevuld en dat nog niet terug gehoord.\n\n"
    "Met vriendelijke groet,\n\nMarieke de Boer\nGemeente Lindewaard\nT 010 234 5678\n"
)


def text_of(desk: Desk, kind: Kind) -> str:
    """Returns the last mail of that kind to the officer, as flowing text."""
    mails = [m for m in desk.mails(kind=kind) if m.recipient == OFFICER]
    return " ".join(desk.env.parser.parse(desk.env.octets.get(mails[-1].digest)).text.split())


def replied(desk: Desk, kind: Kind, words: str) -> None:
    """Replies as the officer to the last mail of that kind."""
    mails = [m for m in desk.mails(kind=kind) if m.recipient == OFFICER]
    subject = f"Re: {mails[-1].id}"
    desk.receive(mail(OFFICER, subject, words, answers=mails[-1].message_id, at=desk.clock.now()))
    desk.settle()


@pytest.mark.parametrize(
    ("text", "name", "phone"),
    [
        ("Met vriendelijke groet,\n\nMarieke de Boer\nGemeente\nT 010 234 5678", "Marieke de Boer", "010 234 5678"),
        ("Groeten, Jan Bos\n+31 6 1234 5678", "Jan Bos", "+31 6 1234 5678"),
        ("Kind regards\nDr. A. Smit | Communication\nTel: 0800-1234567", "Dr. A. Smit", ""),
        ("Met vriendelijke groet,\nGriffie Oost\n014 000 0000\n> 06 1111 1111", "", "014 000 0000"),
        ("-----Oorspronkelijk bericht-----\nVan: Piet <p@x.example>\n\nGroet,\nPiet Bos\n06 9999 9999", "", ""),
        ("Van: Piet <p@x.example>\nAan: ons\n\nGroet,\nPiet Bos\n06 9999 9999", "", ""),
        ("Wij horen graag van u op 010 234 5678.\nJan", "", ""),
        ("Met vriendelijke groet,\n\nwww.lindewaard.example\n14 010", "", ""),
    ],
)  # fmt: skip
def test_the_signature_is_read(text: str, name: str, phone: str) -> None:
    """Below the closing: the first line with a name, and the first number that can be phoned; never the desk's own."""
    own = f"Beste collega,\n\nZie hieronder. Wij zijn gebeld door 020 111 2222.\n\n{text}\n"
    signer = PARSER.parse(f"From: p@lindewaard.example\nSubject: Zie\n\n{own}".encode()).signer
    phones = others(signer.phones, ("+31 70 000 0000",))
    assert (signer.name, next(iter(phones), "")) == (name, phone)


def test_notice_and_form_name_whom_to_phone(desk: Desk) -> None:
    """The forwarder's own signature, and not that of the mail that they forward."""
    body = (
        "Zie hieronder.\n\nMet vriendelijke groet,\nMarieke de Boer\nT 010 234 5678\n\n"
        "-----Oorspronkelijk bericht-----\nVan: Piet <piet@mailprovider.example>\nVerzonden: 5 juni 2024 20:01\n"
        "Aan: griffie@lindewaard.example\nOnderwerp: Twee vakjes\n\nKijk eens op https://www.x.example/1\n\n"
        "Groet,\nPiet Klaassen\n06 9999 9999\n"
    )
    desk.receive(mail(TOWN, "FW: Twee vakjes", body))
    assert "Ondertekend: Marieke de Boer, telefoon 010 234 5678" in text_of(desk, Kind.OFFICER_NOTICE)
    replied(desk, Kind.OFFICER_NOTICE, "neem")
    assert "Ondertekend: Marieke de Boer, telefoon 010 234 5678" in text_of(desk, Kind.REPLY_ANSWER)


def test_what_is_missing_says_what_was_looked_for(desk: Desk) -> None:
    """An officer who sees the number in the mail knows why the desk did not."""
    desk.receive(mail(TOWN, "Twee vakjes", "Er gaat een bericht rond over twee vakjes."))
    for text in (text_of(desk, Kind.OFFICER_NOTICE),):
        assert "een schermafbeelding (gezocht: een bijlage; een logo telt niet)" in text
        assert "een telefoonnummer voor overleg (gezocht: tien cijfers die met 0 beginnen, of een nummer met +" in text
    replied(desk, Kind.OFFICER_NOTICE, "neem")
    assert "een schermafbeelding (gezocht: een bijlage; een logo telt niet)" in text_of(desk, Kind.REPLY_ANSWER)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("een video op TikTok", ("TikTok",)),
        ("zie https://www.tiktok.example/@a en ook facebook", ("TikTok", "Meta")),
        ("ons Instagramaccount", ("Meta",)),
        ("op X staat", ("X",)),
        ("X. de Wit schrijft iets over xylofoons", ("X",)),
        ("een x-as", ()),
        ("metadata in de mail", ()),
    ],
)
def test_a_platform_is_named_by_its_names(text: str, codes: tuple[str, ...]) -> None:
    """In the order in which they are named; a short name only as it is written, a longer one in any spelling."""
    names = {"X": ("X", "Twitter"), "Meta": ("Meta", "Facebook", "Instagram"), "TikTok": ("TikTok",)}
    assert named(text, names) == codes


def test_the_form_puts_their_channels_first(desk: Desk) -> None:
    """The channels of the platform in the referral stand above those of all others."""
    desk.receive(
        mail(TOWN, "Verkeerde dag", "In een video op TikTok staat de verkeerde dag: https://www.tiktok.example/1")
    )
    replied(desk, Kind.OFFICER_NOTICE, "neem")
    channels = text_of(desk, Kind.REPLY_ANSWER).partition("Kanalen")[2]
    assert channels.index("tiktok-elections") < channels.index("tiktok-portal") < channels.index("google-priority")


def twice(desk: Desk, text: str = HACKED, sender: str = OTHER_TOWN, minutes: int = 60) -> tuple[str, str]:
    """Takes in two referrals, some minutes apart; returns the numbers of their cases."""
    first = desk.receive(mail(TOWN, "Instagram gehackt", HACKED))
    desk.clock.set(desk.clock.now() + timedelta(minutes=minutes))
    second = desk.receive(mail(sender, "Hack van ons account", text, at=desk.clock.now()))
    assert first.case is not None
    assert second.case not in {None, first.case}
    return first.case, str(second.case)


def test_two_hacks_of_one_town_are_said_to_be_alike(desk: Desk) -> None:
    """The second notice names the first case, why, and the reply that makes one of them; no number is guessed."""
    first, _ = twice(desk)
    text = text_of(desk, Kind.OFFICER_NOTICE)
    assert f"Instagram gehackt Lijkt op {first}, 60 minuten eerder: van dezelfde organisatie" in text
    assert "antwoord dan `bij 1`" in text
    assert "- bij NUMMER" in text


def test_the_reply_makes_one_case_of_two(desk: Desk) -> None:
    """`bij N` moves the mail and ends the case that it opened: nothing reminds of it, nobody is told a decision."""
    first, second = twice(desk)
    replied(desk, Kind.OFFICER_NOTICE, "bij 1")
    assert f"de mail is geplaatst in {first}" in text_of(desk, Kind.REPLY_ANSWER)
    assert f"{second} is gesloten" in text_of(desk, Kind.REPLY_ANSWER)
    ended = desk.case(second)
    assert (ended.state, ended.decision) == (CaseState.CLOSED, "none")
    assert desk.case(first).state == CaseState.OPEN
    desk.go_on(120)
    assert not [m for m in desk.mails(case=second) if m.kind in {Kind.REMINDER, Kind.DECISION_NOTICE}]
    desk.assert_whole()


@pytest.mark.parametrize(
    ("text", "sender", "minutes"),
    [
        (HACKED, "griffie@kromwoude.example", 60),
        ("Er gaat een bericht rond over twee vakjes: https://www.x.example/1", OTHER_TOWN, 60),
        (HACKED.replace("Instagram", "TikTok"), OTHER_TOWN, 60),
        (HACKED, OTHER_TOWN, 25 * 60),
    ],
)
def test_another_matter_is_not_like_it(desk: Desk, text: str, sender: str, minutes: int) -> None:
    """Another organisation, type or platform, or the day after: the notice offers no other case."""
    twice(desk, text, sender, minutes)
    assert "Lijkt op" not in text_of(desk, Kind.OFFICER_NOTICE)
    assert "- bij" not in text_of(desk, Kind.OFFICER_NOTICE)


@pytest.mark.parametrize("unseen", ["\u200b", "\u00ad", "\u202e", "\u2066"])
def test_an_invisible_character_in_a_title_is_refused_with_its_mending(desk: Desk, unseen: str) -> None:
    """The refusal names the place and the character, and gives the title without it; that one is taken."""
    number = desk.decided()
    title = f"Video with{unseen} a wrong day"
    said = desk.refused(Draft(case=number, channel="x-urgent", title=title))
    assert f"its character 11 cannot be seen (U+{ord(unseen):04X}" in said
    assert "copy this one: Video with a wrong day" in said
    assert desk.do(Draft(case=number, channel="x-urgent", title="Video with a wrong day")).key


def test_the_title_of_the_form_is_refused_so_too(desk: Desk) -> None:
    """The answer to the form says it in Dutch, and gives the form back."""
    desk.receive(mail(TOWN, "Twee vakjes", "Er gaat een bericht rond over twee vakjes op X: https://www.x.example/1"))
    replied(desk, Kind.OFFICER_NOTICE, "neem")
    lines = (
        "onjuist: ja\nregel: twee vakjes\ncriterium: 1\npogingen: 2\ntitel: Two\u2066boxes\nbesluit: meld x-urgent\n"
    )
    replied(desk, Kind.REPLY_ANSWER, lines)
    text = text_of(desk, Kind.REPLY_ANSWER)
    assert "Er is niets gedaan" in text
    assert "titel: teken 4 ervan is onzichtbaar (U+2066" in text
    assert "neem deze over: Twoboxes" in text
