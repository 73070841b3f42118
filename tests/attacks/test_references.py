# SPDX-License-Identifier: EUPL-1.2
"""A platform's own reference places mail of the address that gave it, and of nobody else; nothing else is learned.

Who knows a reference: everybody who had a mail of that system, and whoever can count. Who has a platform write one to
us: everybody with an account there.
"""

from __future__ import annotations

import pytest

from flaggermail.commands.approve import Approve
from flaggermail.commands.notify import Draft
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.outbox import delivery
from flaggermail.record.rows import StoredMessage, ThreadKey
from tests.attacks.test_numbers import case_of, desk, equipment, later, settings
from tests.store.desk_fixtures import DESK, META, X_CHANNEL, Desk, X, mail

__all__ = ["desk", "equipment", "settings"]  # fixtures

SYSTEM = "support@tickets.x-platform.example"
AUTOMATIC = ("Auto-Submitted: auto-replied",)
GIVEN = "[3-1220000] We have your report"


def receipt(desk: Desk, key: str, subject: str = GIVEN, *, auth: str = "pass", text: str = "Thanks.") -> StoredMessage:
    """The platform's system confirms a notification, under a subject of its own."""
    octets = mail(SYSTEM, subject, text, answers=desk.message_id_of(key), extra=AUTOMATIC, auth=auth)
    return desk.receive(octets)


def assert_untaught(desk: Desk, key: str) -> None:
    """Asserts that no reference was learned, and that the case names none."""
    assert [row.id for row in desk.all(ThreadKey) if row.id.startswith("reference ")] == []
    assert desk.case(case_of(key)).platform_references == ()


@pytest.mark.parametrize("auth", ["none", "fail"])
def test_an_unverified_mail_teaches_nothing(desk: Desk, auth: str) -> None:
    """Somebody who knows our Message-ID writes in the platform's name with a number: the true mail still waits."""
    key = desk.notified()
    receipt(desk, key, auth=auth)
    assert_untaught(desk, key)
    later(desk)
    stored = desk.receive(mail(SYSTEM, "[3-1220000] Update", "Done.", at=desk.clock.now()))
    assert (stored.place, desk.clocks(key)["human"][0]) == ("quarantine", "running")


@pytest.mark.parametrize(
    ("sender", "auth"),
    [
        (X, "pass"),
        (X_CHANNEL, "pass"),
        (SYSTEM, "none"),
        (SYSTEM, "fail"),
        (META, "pass"),
        ("w@x-platform.example.com", "pass"),
    ],
)
def test_a_reference_from_another_address_places_nothing(desk: Desk, sender: str, auth: str) -> None:
    """Only verified mail of the very address that taught it is placed; the rest waits, and stops no clock."""
    key = desk.notified()
    receipt(desk, key)
    later(desk)
    stored = desk.receive(mail(sender, "[3-1220000] We have taken action", "Done.", auth=auth, at=desk.clock.now()))
    assert (stored.place, stored.case) == ("quarantine", None)
    assert desk.clocks(key)["human"][0] == "running"
    if sender.endswith("@x-platform.example") or sender == SYSTEM:
        assert stored.suggestions[0].english.startswith(f"{case_of(key)} (")


def test_a_reference_passed_on_to_us_places_nothing(desk: Desk) -> None:
    """The system's genuine answer to somebody else, forwarded with its signature, waits."""
    key = desk.notified()
    receipt(desk, key)
    later(desk)
    stored = desk.receive(mail(SYSTEM, "[3-1220000] Update", "Done.", to="wim@elsewhere.example", at=desk.clock.now()))
    assert (stored.place, desk.clocks(key)["human"][0]) == ("quarantine", "running")


def test_a_reference_of_two_cases_suggests(desk: Desk) -> None:
    """A system that gives two cases one number, in whatever forms, leaves later mail to a person."""
    keys = [desk.notified(), desk.notified()]
    receipt(desk, keys[0], "[Ticket#48213] received")
    receipt(desk, keys[1], "Your case 48213 was opened", text="Thank you.")
    later(desk)
    stored = desk.receive(mail(SYSTEM, "##48213## closed", "Done.", at=desk.clock.now()))
    assert (stored.place, stored.case) == ("quarantine", None)
    assert {text.english.partition(" ")[0] for text in stored.suggestions} == {case_of(key) for key in keys}
    desk.do(PlaceMessage(message=stored.id, case=case_of(keys[1])))
    assert desk.clocks(keys[0])["human"][0] == "running"


def test_a_hundred_references_teach_five(desk: Desk) -> None:
    """A subject full of numbers, as a user of the platform can type it, takes no more of them."""
    key = desk.notified()
    receipt(desk, key, " ".join(f"[#{number}]" for number in range(70_000, 70_100)))
    taught = [row.id for row in desk.all(ThreadKey)]
    assert taught == [f"reference X #{number}" for number in range(70_000, 70_005)]
    assert len(desk.case(case_of(key)).platform_references) == len(taught)


def test_a_mail_may_not_try_numbers(desk: Desk) -> None:
    """Of a subject full of guesses, the first five count: a number behind them is not found by trying."""
    key = desk.notified()
    receipt(desk, key, "[3-1220009] We have your report")
    later(desk)
    guesses = " ".join(f"[3-12200{number:02}]" for number in range(100))
    stored = desk.receive(mail(SYSTEM, guesses, "Done.", at=desk.clock.now()))
    assert (stored.place, desk.clocks(key)["human"][0]) == ("quarantine", "running")


@pytest.mark.parametrize(
    "subject",
    [
        "Re[2]: [EXTERN] [SUSPECTED SPAM] Two boxes",
        "Your report of [2024-06-06] (10:34)",
        "[2024] (EP2024) Two boxes",
        "Call us: (070-1234567) or +31 70 123 4567",
        "From [192.0.2.7], version v2.10.12345",
        "(EUR 50000) \u20ac 1.500,00",
        "Re: #TK2025 and #2024",
    ],
)
def test_what_is_no_reference_is_not_learned(desk: Desk, subject: str) -> None:
    """A tag of a gateway or a date would lead every later mail that bears it into this case."""
    key = desk.notified()
    receipt(desk, key, subject)
    assert_untaught(desk, key)


def test_our_own_words_are_not_learned(desk: Desk) -> None:
    """An answer repeats our number and our subject, and quotes a ticket of another case: it teaches none of them."""
    case = desk.decided()
    draft = desk.do(Draft(case=case, channel="x-urgent", title="Two boxes (post #99120) [Case 99121]")).key
    desk.do(Approve(draft=draft))
    delivery.drain(desk.env)
    subject = desk.notification(draft).subject
    assert "#99120" in subject
    text = f"Thanks.\n\nOn Thu, 6 Jun 2024 at 10:34 Desk <{DESK}> wrote:\n> See also your ticket #77777.\n> Two boxes"
    receipt(desk, draft, f"Re: [{case}] {subject}", text=text)
    assert_untaught(desk, draft)


def test_a_subject_of_a_hundred_kilobytes_is_read(desk: Desk) -> None:
    """It costs no more than a short one, and is filed by our key as ever."""
    key = desk.notified()
    stored = receipt(desk, key, "[3-1220000] " + "[1" * 50_000)
    assert stored.notification == key
    assert desk.case(case_of(key)).platform_references == ("3-1220000",)


def test_our_number_says_more_than_their_reference(desk: Desk) -> None:
    """A system that uses one reference for two matters, with our number in the text, answers the case of the number."""
    one, two = desk.notified(), desk.notified()
    receipt(desk, one)
    later(desk)
    answer = mail(X_CHANNEL, GIVEN, f"On {case_of(two)}: done.", at=desk.clock.now())
    octets = mail(X_CHANNEL, GIVEN, "Thanks.", answers=desk.message_id_of(one), extra=AUTOMATIC)
    assert desk.receive(octets).notification == one
    assert desk.receive(answer).notification == two
    assert desk.clocks(one)["human"][0] == "running"
