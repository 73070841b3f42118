# SPDX-License-Identifier: EUPL-1.2
"""Mail that asks for no answer: one that its referrer takes back, and one whose envelope names no sender."""

from __future__ import annotations

import pytest

from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.record.kinds import Kind
from tests.attacks.test_numbers import REFERRAL, desk, equipment, settings
from tests.store.desk_fixtures import CITIZEN, REFERRER, Desk, mail

__all__ = ["desk", "equipment", "settings"]  # fixtures

COLLEAGUE = "burgerzaken@lindewaard.example"
NOWHERE = ("Return-Path: <>",)


def taking_back(subject: str, sender: str = REFERRER, auth: str = "pass") -> bytes:
    """Builds what Outlook sends when somebody takes a mail back; it names the subject of that mail alone."""
    said = subject.partition(":")[2].strip()
    return mail(sender, subject, f'Griffie wil het bericht "{said}" intrekken.', auth=auth)


@pytest.mark.parametrize(
    "subject", [f"Intrekken: {REFERRAL[0]}", f"Recall: {REFERRAL[0]}", f"Recall: FW: {REFERRAL[0]}"]
)
def test_a_referrer_who_takes_a_mail_back_is_filed_in_its_case_and_told(desk: Desk, subject: str) -> None:
    """Whoever decides about the case must know that its referrer does not stand by the mail."""
    referral = desk.receive(mail(REFERRER, *REFERRAL))
    before = len(desk.mails(kind=Kind.OFFICER_NOTICE))
    stored = desk.receive(taking_back(subject))
    assert (stored.place, stored.case) == ("case", referral.case)
    assert stored.match_basis.english == f"takes back <{referral.message_id}>"
    told = desk.mails(kind=Kind.OFFICER_NOTICE)
    assert len(told) == before + 1
    assert len(desk.cases()) == 1


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (
            taking_back(f"Intrekken: {REFERRAL[0]}", COLLEAGUE),
            "another colleague wrote nothing that could be taken back",
        ),
        (taking_back("Intrekken: Iets anders"), "no mail of that subject is at hand"),
        (taking_back(f"Intrekken: {REFERRAL[0]}", auth="none"), "nobody vouches for the sender"),
    ],
    ids=["another", "no such mail", "unverified"],
)
def test_what_takes_no_mail_of_a_case_back_is_filed_in_none(desk: Desk, octets: bytes, why: str) -> None:
    """Such a mail is no referral either."""
    desk.receive(mail(REFERRER, *REFERRAL))
    stored = desk.receive(octets)
    assert stored.case is None, why
    assert len(desk.cases()) == 1


def test_a_mail_without_an_envelope_sender_gets_no_confirmation(desk: Desk) -> None:
    """Nothing can be returned to it, so a machine sent it on: the case is opened, and nobody is answered."""
    stored = desk.receive(mail(REFERRER, *REFERRAL, extra=NOWHERE))
    if stored.case is None:
        desk.do(PlaceMessage(message=stored.id, new=True))
    assert desk.mails(recipient=REFERRER) == []


@pytest.mark.parametrize(("extra", "declined"), [((), 1), (NOWHERE, 0)], ids=["a sender", "none"])
def test_a_mail_without_an_envelope_sender_is_not_declined(desk: Desk, extra: tuple[str, ...], declined: int) -> None:
    """A citizen's report is declined by itself; one whose envelope names nobody waits for a person."""
    stored = desk.receive(mail(CITIZEN, "Nep kanarie", "Ik zag een kanarie, haal dit bericht weg.", extra=extra))
    assert len(desk.mails(kind=Kind.DECLINE)) == declined
    assert stored.place == ("declined" if declined else "quarantine")
