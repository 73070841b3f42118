# SPDX-License-Identifier: EUPL-1.2
"""Where a platform's answer may come from: an address that a person filed, fifteen words and a reference, listed hosts.

An address that a person filed once in a case files later mail there, and stops nothing: nobody showed who writes from
it. A channel that lists `hosts` is answered from those alone, because anybody may have a page or a mailbox below a
platform's domain.
"""

from __future__ import annotations

import pytest

from flaggermail.commands.cases import CloseCase
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.record.rows import StoredMessage
from flaggermail.record.rows.alarms import AlarmKind
from tests.attacks.answering import OWN_TEXT, notified
from tests.attacks.test_numbers import case_of, desk, equipment, later, settings
from tests.store.desk_fixtures import CITIZEN, REFERRER, Desk, mail
from tests.tools.wording import english

__all__ = ["desk", "equipment", "settings"]  # fixtures

OFFICE = "answers@ticket-office.example"  # a firm that the platform pays; no file of ours names it
OTHER_DESK = "case-team@trust.x-platform.example"
AUTOMATIC = ("Auto-Submitted: auto-replied",)


def filed(desk: Desk, key: str, sender: str) -> StoredMessage:
    """Receives a mail that fits no case from `sender`; a person files it in the case."""
    stored = desk.receive(mail(sender, "Your question", "We look into it.", at=desk.clock.now()))
    assert stored.place == "quarantine"
    desk.do(PlaceMessage(message=stored.id, case=case_of(key)))
    return desk.message(stored.id)


# ---- an address that a person filed


def test_an_address_that_a_person_filed_files_later_mail(desk: Desk) -> None:
    """The ticket office that answers for X asked twice: the second mail lies in the case, with the address as basis."""
    key = desk.notified()
    later(desk)
    filed(desk, key, OFFICE)
    stored = desk.receive(mail(OFFICE, "One more question", "Which post do you mean?", at=desk.clock.now()))
    assert (stored.place, stored.case) == ("case", case_of(key))
    assert stored.match_basis.english == f"comes from {OFFICE}, whose mail a person filed here"
    assert {state for state, _ in desk.clocks(key).values()} == {"running"}


def test_an_address_of_the_platforms_own_files_and_stops_nothing(desk: Desk) -> None:
    """The first, filed by a person, stops the human clock; a later one that bears no key of ours stops none."""
    first, second = desk.notified(), desk.notified()
    later(desk)
    filed(desk, first, OTHER_DESK)
    assert desk.clocks(first)["human"] == ("stopped", 31)
    desk.do(PlaceMessage(message=filed(desk, second, "team@other.x-platform.example").id, case=case_of(second)))
    stored = desk.receive(mail(OTHER_DESK, "Our decision", "We have taken action.", at=desk.clock.now()))
    assert stored.place == "quarantine"  # the second case waits for X too
    assert any("another case waits for this platform too" in text for text in english(stored.suggestions))


def test_it_stops_no_clock_of_the_only_case(desk: Desk) -> None:
    """A second notification of the case is not answered by mail that an address alone files."""
    key = desk.notified()
    later(desk)
    stored = filed(desk, key, OTHER_DESK)
    desk.do(PlaceMessage(message=stored.id, back=True, reason="too early"))
    desk.do(PlaceMessage(message=stored.id, case=case_of(key)))
    again = desk.notified("x-urgent", case_of(key))
    stored = desk.receive(mail(OTHER_DESK, "Our decision", "We have taken action.", at=desk.clock.now()))
    assert (stored.place, stored.case, stored.notification) == ("case", case_of(key), None)
    assert {state for state, _ in desk.clocks(again).values()} == {"running"}


@pytest.mark.parametrize("auth", ["none", "fail"])
def test_who_only_writes_that_address_into_from_is_not_believed(desk: Desk, auth: str) -> None:
    """An unverified mail in the name of a known address waits for a person."""
    key = desk.notified()
    later(desk)
    filed(desk, key, OFFICE)
    stored = desk.receive(mail(OFFICE, "One more question", "Click here.", auth=auth, at=desk.clock.now()))
    assert (stored.place, stored.case) == ("quarantine", None)


def test_an_address_filed_in_two_cases_suggests_neither_more(desk: Desk) -> None:
    """What served two cases is a person's to place."""
    first, second = desk.notified(), desk.notified()
    later(desk)
    filed(desk, first, OFFICE)
    stored = desk.receive(mail(OFFICE, "Another matter", "We look into it.", at=desk.clock.now()))
    assert stored.case == case_of(first)
    desk.do(PlaceMessage(message=stored.id, case=case_of(second)))
    last = desk.receive(mail(OFFICE, "A third", "We look into that too.", at=desk.clock.now()))
    assert (last.place, last.case) == ("quarantine", None)


@pytest.mark.parametrize("sender", [REFERRER, CITIZEN])
def test_a_referrer_or_a_citizen_whose_mail_was_filed_is_no_platform(desk: Desk, sender: str) -> None:
    """A municipality whose mail a person filed in a case still opens a case of its own with the next referral."""
    key = desk.notified()
    later(desk)
    stored = desk.receive(mail(sender, "Vraag", "Hoe gaat het?", at=desk.clock.now()))
    desk.do(PlaceMessage(message=stored.id, case=case_of(key)))
    text = "Er gaat een bericht rond met een verkeerde stemdag. Zelf twee keer gemeld."
    later_mail = desk.receive(mail(sender, "Melding: nieuw nepbericht", text, at=desk.clock.now()))
    assert later_mail.case != case_of(key)


def test_an_address_opens_no_closed_case(desk: Desk) -> None:
    """Mail of a known address to a closed case waits: nothing says that it is about that matter."""
    key = desk.notified()
    later(desk)
    filed(desk, key, OFFICE)
    desk.do(CloseCase(case=case_of(key)))
    stored = desk.receive(mail(OFFICE, "Happy holidays", "From all of us.", at=desk.clock.now()))
    assert (stored.place, stored.case) == ("quarantine", None)
    assert desk.case(case_of(key)).state == "closed"


# ---- a reference, and fifteen words


@pytest.mark.parametrize(("words", "named", "places"), [(15, True, True), (14, True, False), (15, False, False)])
def test_a_reference_and_fifteen_words_place_from_any_address(
    desk: Desk, words: int, *, named: bool, places: bool
) -> None:
    """The number that the receipt gave, and half a sentence of ours: it stops the clock, and says by what."""
    exchange = notified(desk)
    receipt = mail("support@tickets.x-platform.example", "[3-1220000] We have your report", "Thanks.",
                   answers=desk.message_id_of(exchange.id), extra=AUTOMATIC)  # fmt: skip
    assert desk.receive(receipt).notification == exchange.id
    part = " ".join(OWN_TEXT.split()[5 : 5 + words])
    subject = "[3-1220000] Update" if named else "Update"
    stored = desk.receive(mail(OTHER_DESK, subject, f"You wrote: {part} and so we looked.", at=desk.clock.now()))
    if places:
        basis = f"names 3-1220000 and quotes {words} of our words"
        assert (stored.notification, stored.match_basis.english) == (exchange.id, basis)
    else:
        assert (stored.place, stored.case) == ("quarantine", None)


# ---- hosts


@pytest.mark.parametrize(
    ("sender", "stops"),
    [
        ("gov-eu@x-platform.example", True),  # the host that is listed
        ("urgent-escalation@x-platform.example", True),  # the channel's own address
        ("pages@wim.users.x-platform.example", False),  # a page of a user
        ("wim@mail.x-platform.example", False),  # a free mailbox
    ],
)
def test_a_channel_that_lists_hosts_is_answered_from_those(desk: Desk, sender: str, *, stops: bool) -> None:
    """Whoever has our Message-ID, and a mailbox below the platform's domain, stops no clock of that channel."""
    key = desk.notified("x-hosts")
    later(desk)
    octets = mail(sender, "Re: Two boxes", "Got it.", answers=desk.message_id_of(key), at=desk.clock.now())
    stored = desk.receive(octets)
    assert stored.verdict == "verified"
    if stops:
        assert desk.clocks(key)["human"] == ("stopped", 31)
        return
    assert (stored.place, desk.clocks(key)["human"][0]) == ("quarantine", "running")
    assert any("its host is not among those listed for the channel" in text for text in english(stored.suggestions))
    desk.do(PlaceMessage(message=stored.id, case=case_of(key)))  # a person may know better
    assert desk.clocks(key)["human"] == ("stopped", 31)


def test_a_channel_without_hosts_is_answered_from_all(desk: Desk) -> None:
    """Without the list each host below the platform's domains answers with our Message-ID, as before."""
    key = desk.notified()
    later(desk)
    octets = mail("wim@mail.x-platform.example", "Re: Two boxes", "Got it.", answers=desk.message_id_of(key))
    assert desk.receive(octets, at=desk.clock.now()).notification == key


# ---- the alarm about a forged mail


@pytest.mark.parametrize("answers", [True, False], ids=["filed", "suggested"])
def test_the_alarm_about_a_forged_mail_names_its_case_and_its_subject(desk: Desk, *, answers: bool) -> None:
    """An officer sees what is pretended, and about which case, without opening the mail."""
    key = desk.notified()
    later(desk)
    subject = f"Re: {case_of(key)} We need your password"
    octets = mail(OTHER_DESK, subject, "Send it.", auth="fail", answers=desk.message_id_of(key) if answers else None)
    stored = desk.receive(octets, at=desk.clock.now())
    assert stored.verdict == "failed"
    alarm = next(one for one in desk.alarms() if one.kind == AlarmKind.FORGED)
    assert case_of(key) in alarm.text.english
    assert "We need your password" in alarm.text.english
