# SPDX-License-Identifier: EUPL-1.2
"""The keys that an answer carries by itself, and whoever tries to make or borrow one.

A ticket system drops References and changes the address, and keeps the number or the quotation: that must thread. No
guess, no borrowed tail, no template and no word of a stranger may stop a clock in its place.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from flaggermail.commands.approve import Approve
from flaggermail.commands.assess import Assess
from flaggermail.commands.cases import CloseCase
from flaggermail.commands.notify import Draft
from flaggermail.mail.case_numbers import ALPHABET, with_tail
from tests.attacks.answering import (
    AGENCY,
    FROM_META,
    FROM_X,
    OWN_TEXT,
    RUNNING,
    STOPPED,
    answer,
    notified,
    quoted,
    referred,
    tried,
)
from tests.attacks.answering import desk as desk  # noqa: PLC0414 - a fixture
from tests.attacks.answering import equipment as equipment  # noqa: PLC0414 - as above
from tests.store.desk_fixtures import (
    DESK,
    OFFICER,
    REFERRER,
    X_CHANNEL,
    Desk,
    mail,
)


def borne(octets: bytes, case: str) -> set[str]:
    """Returns the tails behind a case's number in a mail of ours."""
    text = octets.decode().replace("=\r\n", "")
    return set(re.findall(rf"{case}-([{ALPHABET}]{{4}})\b", text)) | (
        {""} if re.search(rf"{case}(?![-\w])", text) else set()
    )


# ---- who is sent which number


def test_each_correspondent_reads_a_number_with_a_tail_of_its_own(desk: Desk) -> None:
    """Platforms and referrer get different tails, follow-ups the tail of their exchange; officers read no tail."""
    case = referred(desk)
    first, second = notified(desk, case=case), notified(desk, "meta-elections", case=case)
    desk.do(Approve(draft=desk.do(Draft(case=case, channel="x-urgent", text="It spreads.", follow_up=True)).key))
    desk.settle()
    tails = [first.number[-4:], second.number[-4:], desk.case(case).tail]
    assert len(set(tails)) == 3
    for recipient, tail in (
        (X_CHANNEL, tails[0]),
        ("elections-eu@meta-platform.example", tails[1]),
        (REFERRER, tails[2]),
    ):
        sent = desk.server.to(recipient)
        assert sent
        assert {frozenset(borne(one.octets, case)) for one in sent} == {frozenset({tail})}
    assert len(desk.server.to(X_CHANNEL)) == 2
    alarms = [
        one
        for one in desk.server.to(OFFICER)
        if b"approv" not in one.octets.lower() and b"goedkeur" not in one.octets.lower()
    ]
    assert {frozenset(borne(one.octets, case)) for one in alarms} <= {frozenset({""}), frozenset()}


def test_a_typed_number_with_a_tail_is_understood(desk: Desk) -> None:
    """An officer may copy a number from a mail to a platform: the command means the case."""
    exchange = notified(desk)
    for typed in (exchange.number, exchange.number.lower(), exchange.number.replace("-", "\u2013")):
        assert exchange.case in desk.do(Assess(case=typed, incorrect=True)).text.english
    assert desk.refused(Assess(case=f"{exchange.case}-K7Q", incorrect=True))


# ---- the tail finds its exchange


WRAPPED = {
    "as it was sent": "{0}",
    "small letters": "{lower}",
    "in brackets": "re your [{0}]: thanks",
    "dashes of a word processor": "{dashes}",
    "no dashes": "{spaces}",
    "no-break spaces": "{nobreak}",
    "broken behind a dash": "about VF-EP2024-{serial}-\n{tail}",
    "broken in a quotation": "> your number is VF-EP2024-\n> {serial}-{tail} in this",
    "broken inside a group, quoted": "> > your number is VF-EP2024-{serial}-{torn}",
    "hidden soft hyphens": "VF-\u00adEP2024-\u00ad{serial}-{tail}",
    "an address of a page": "https://help.x-platform.example/t/{0}?x=1",
    "an underscore": "VF_EP2024_{serial}_{tail}.pdf",
}


@pytest.mark.parametrize("name", WRAPPED)
def test_a_number_with_its_tail_places_however_it_is_wrapped(desk: Desk, name: str) -> None:
    """The tail is found in the text of a mail that has no other key, whatever became of dashes, case and lines."""
    exchange = notified(desk)
    _, _, serial, tail = exchange.number.split("-")
    written = WRAPPED[name].format(
        exchange.number, lower=exchange.number.lower(), dashes=exchange.number.replace("-", " \u2013 "),
        spaces=exchange.number.replace("-", " "), nobreak=exchange.number.replace("-", "\u00a0"), serial=serial,
        tail=tail, torn=f"{tail[:2]}\n> > {tail[2:]}",
    )  # fmt: skip
    desk.clock.set(desk.clock.now() + timedelta(minutes=97))
    stored = desk.receive(answer(f"Hello,\n\nGot it, we have it with the team.\n\n{written}\n", late=97))
    assert stored.match_basis.english == f"names {exchange.case} with its tail"
    assert exchange.states == STOPPED


@pytest.mark.parametrize("prefix", ["Re: ", "RE: AW: [#4471] ", "[EXTERNAL] Case 0114: ", "Ihr Ticket 77 - Re: "])
def test_a_number_with_its_tail_is_found_in_the_subject(desk: Desk, prefix: str) -> None:
    """A ticket system prepends words of its own to the subject."""
    exchange = notified(desk)
    assert desk.receive(answer("We have it.", f"{prefix}[{exchange.number}] Two boxes")).notification == exchange.id
    assert exchange.states == STOPPED


def test_a_number_with_its_tail_is_found_in_html_beside_a_stub(desk: Desk) -> None:
    """Some systems write a plain part that only points to the HTML part."""
    exchange = notified(desk)
    number = exchange.number.replace("-", "<wbr>-")
    markup = f"<p>Got it, we have it with the team.</p><blockquote>Our <b>{number}</b></blockquote>"
    parts = (
        "--cut\nContent-Type: text/plain\n\nPlease use a program that shows HTML.\n"
        f"--cut\nContent-Type: text/html; charset=utf-8\n\n{markup}\n--cut--\n"
    )
    kind = ("MIME-Version: 1.0", 'Content-Type: multipart/alternative; boundary="cut"')
    assert desk.receive(mail(FROM_X, "Case 00411", parts, extra=kind)).notification == exchange.id


def test_the_referrers_tail_places_the_referrers_mail(desk: Desk) -> None:
    """A municipality that writes anew, quoting the number it was given, reaches its case."""
    case = referred(desk)
    desk.settle()
    number = with_tail(case, desk.case(case).tail)
    stored = desk.receive(mail(REFERRER, "Nog iets", f"Over {number}: het bericht staat er nog."))
    assert (stored.case, stored.match_basis.english) == (case, f"names {case} with its tail")


# ---- who cannot use a tail


def test_another_tail_is_only_a_bare_number(desk: Desk) -> None:
    """A wrong tail, another platform's and the referrer's count for nothing in this platform's mail."""
    case = referred(desk)
    exchange, other = notified(desk, case=case), notified(desk, "meta-elections", case=case)
    wrong = "K7QF" if exchange.number[-4:] != "K7QF" else "K7QG"
    for tail in (wrong, other.number[-4:], desk.case(case).tail):
        tried(answer(f"Got it: {case}-{tail}"), exchange)
    tried(answer(f"Got it: {exchange.number}", sender=FROM_META), other)
    tried(answer(f"Over {exchange.number}", sender=REFERRER), exchange)
    assert exchange.states == other.states == RUNNING


def test_a_tail_places_only_mail_of_the_platform_that_was_sent_it(desk: Desk) -> None:
    """Another platform's tail places nothing where the sender got no mail of ours, and harms nothing beside its own."""
    exchange = notified(desk)
    assert tried(answer(f"Got it: {exchange.number}", sender=FROM_META), exchange).case is None
    assert exchange.states == RUNNING
    other = notified(desk, "meta-elections", case=exchange.case)
    stored = desk.receive(answer(f"Got it: {other.number}, and your letter to X, {exchange.number}", sender=FROM_META))
    assert (stored.notification, exchange.states, other.states) == (other.id, RUNNING, STOPPED)


def test_a_stranger_with_the_right_tail_reaches_nothing(desk: Desk) -> None:
    """Somebody to whom a platform or a municipality showed our mail is neither of them."""
    case = referred(desk)
    exchange = notified(desk, case=case)
    desk.settle()
    for number in (exchange.number, with_tail(case, desk.case(case).tail)):
        stored = tried(answer(f"About {number}", sender="reporter@daily.example"), exchange)
        assert stored.case is None
    assert exchange.states == RUNNING


@pytest.mark.parametrize("auth", ["none", "fail"])
def test_a_tail_in_mail_that_nobody_vouches_for_stops_no_clock(desk: Desk, auth: str) -> None:
    """The tail says where a mail belongs, not who wrote it."""
    exchange = notified(desk)
    stored = desk.receive(answer(f"Got it: {exchange.number}", auth=auth))
    assert "stops nothing" in stored.reason.english
    assert exchange.states == RUNNING


def test_an_answer_to_somebody_else_passed_on_to_us_stops_no_clock(desk: Desk) -> None:
    """A platform's signed answer to another person, delivered to our mailbox, is not addressed to us."""
    exchange = notified(desk)
    for text in (f"Got it: {exchange.number}", quoted(exchange.letter.replace(exchange.number, "your number"))):
        assert tried(answer(text, to="attacker@daily.example"), exchange).notification is None
    assert exchange.states == RUNNING


def test_guessing_is_bounded(desk: Desk) -> None:
    """A mail with many numbers, or many wrong tails, gets nothing, even if one of them is right."""
    exchange = notified(desk)
    guesses = [f"{exchange.case}-{a}{b}22" for a in "ABC" for b in "XYZ"]
    assert exchange.number not in guesses
    many = "\n".join([*(f"VF-EP2024-{n:04d}-ABCD" for n in range(2000, 2008)), exchange.number])
    for text in ("\n".join([*guesses[:4], exchange.number]), many, "\n".join([exchange.number, *guesses])):
        tried(answer(text), exchange)
    assert exchange.states == RUNNING
    stored = desk.receive(answer("\n".join([*guesses[:3], exchange.number])))
    assert stored.match_basis.english.endswith("with its tail")


def test_tails_of_two_exchanges_in_one_text_are_a_persons_to_tell_apart(desk: Desk) -> None:
    """A mail that names two exchanges answers neither by itself; the one in its subject decides."""
    one, two = notified(desk), notified(desk, text=OWN_TEXT.replace("neighbourhood", "village"))
    tried(answer(f"{one.number} and {two.number} are with the team."), one)
    stored = desk.receive(answer(f"{one.number} and {two.number} are with us.", f"Re: {two.number}"))
    assert stored.notification == two.id
    assert two.states == STOPPED


# ---- addresses that answer for a channel


def test_an_address_listed_for_the_channel_answers_there(desk: Desk) -> None:
    """Mail from a listed address is the platform's: with the tail, with our words, or with the number."""
    for text in ("{0}", "{1}", "{2}"):
        exchange = notified(desk)
        written = text.format(exchange.number, exchange.case, quoted(OWN_TEXT + exchange.case))
        assert desk.receive(answer(f"We have it. {written}", sender=AGENCY)).notification == exchange.id, text
        assert exchange.states == STOPPED
        desk.do(CloseCase(case=exchange.case))


@pytest.mark.parametrize(
    "sender",
    ["sales@ticket-office.example", "answers@eu.ticket-office.example", f"x{AGENCY}", f"{AGENCY}.daily.example",
     "answers@ticket-office.daily.example", AGENCY.removesuffix("e")],
)  # fmt: skip
def test_no_other_address_there_does(desk: Desk, sender: str) -> None:
    """The list holds addresses, not domains."""
    exchange = notified(desk)
    tried(answer(f"We have it. {exchange.number} {exchange.case}", sender=sender), exchange)
    assert exchange.states == RUNNING


@pytest.mark.parametrize(("auth", "to"), [("none", DESK), ("fail", DESK), ("pass", "attacker@daily.example")])
def test_a_listed_address_counts_only_in_verified_mail_to_us(desk: Desk, auth: str, to: str) -> None:
    """Anybody can write such an address into From, and anybody can open a ticket of their own there."""
    exchange = notified(desk)
    tried(answer(f"We have it. {exchange.case}", sender=AGENCY, auth=auth, to=to), exchange)
    assert exchange.states == RUNNING
