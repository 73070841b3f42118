# SPDX-License-Identifier: EUPL-1.2
"""Anybody can write under any name: such a person is marked wherever an officer sees them, and never written to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flaggermail.commands.assess import Decide
from flaggermail.commands.cases import OpenCase
from flaggermail.commands.messages import ConfirmMessage, RefuseMessage
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.commands.write_referrer import AskReferrer, ReplyToReferrer
from flaggermail.intake import poll
from flaggermail.notices import digest
from flaggermail.record.case_values import CaseType, Decision, Item, Origin
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import OutboxMail, StoredMessage
from flaggermail.stories.doubles import ListMailbox
from flaggermail.wording.filing import PlacementBasis
from tests.acting import warned
from tests.both_shapes import words_of
from tests.store.conftest import desk as desk  # noqa: PLC0414 - a fixture
from tests.store.conftest import migrated_file as migrated_file  # noqa: PLC0414 - a fixture
from tests.store.conftest import new_desk as new_desk  # noqa: PLC0414 - a fixture
from tests.store.desk_fixtures import HEAD, OFFICER, REFERRER, Desk, mail

TEXT = "Er gaat een bericht rond dat u twee vakjes moet kleuren."
CASE = "VF-EP2024-0001"
MARKS = {"none": "afzender niet geverifieerd", "fail": "afzendercontrole mislukt, mogelijk vervalst"}
OFFICERS = {OFFICER, HEAD, "b.devries@bzk.example"}


def text_of(desk: Desk, row: OutboxMail) -> str:
    """Returns the text of a mail, its lines joined."""
    return " ".join(words_of(desk.env.octets.get(row.digest)).split())


def in_the_towns_name(desk: Desk, auth: str | None = "none", subject: str = "Bericht over stembiljet") -> StoredMessage:
    """Lets a stranger write as the town; the mail waits in the quarantine."""
    stored = desk.receive(mail(REFERRER, subject, TEXT, auth=auth))
    desk.settle()
    assert stored.place == "quarantine"
    return stored


def opened(desk: Desk, auth: str | None = "none") -> StoredMessage:
    """Lets an officer make a case of such a mail, by mail."""
    stored = in_the_towns_name(desk, auth)
    replied(
        desk,
        desk.one(OutboxMail, where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE), where(OutboxMail.shows).is_(stored.id)),
        "nieuw",
    )
    assert desk.case(CASE).referrer_address == REFERRER
    return stored


def replied(desk: Desk, to: OutboxMail, line: str) -> str:
    """Lets the officer reply with that line; returns the answer."""
    desk.receive(mail(OFFICER, f"Re: {line}", line, answers=to.message_id))
    desk.settle()
    answers = desk.mails(kind=Kind.REPLY_ANSWER)
    return text_of(desk, max(answers, key=lambda row: row.id))


def answer_of(desk: Desk) -> OutboxMail:
    """Returns the newest answer to the officer."""
    return max(desk.mails(kind=Kind.REPLY_ANSWER), key=lambda row: row.id)


def assert_nobody_else_written_to(desk: Desk) -> None:
    """Asserts that all mail went to officers."""
    assert {row.recipient for row in desk.mails()} <= OFFICERS


@pytest.mark.parametrize("auth", MARKS)
def test_the_notice_marks_the_person(desk: Desk, auth: str) -> None:
    """The verdict stands in words beside the address."""
    stored = in_the_towns_name(desk, auth)
    notice = desk.one(
        OutboxMail, where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE), where(OutboxMail.shows).is_(stored.id)
    )
    assert f"Van: {REFERRER} ({MARKS[auth]})" in text_of(desk, notice)


def test_a_verified_person_is_not_marked(desk: Desk) -> None:
    """A mark beside everybody would be read by nobody."""
    stored = desk.receive(mail(REFERRER, "Bericht over stembiljet", TEXT))
    notice = desk.one(
        OutboxMail, where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE), where(OutboxMail.shows).is_(stored.id)
    )
    assert f"Van: {REFERRER} " in text_of(desk, notice)
    assert not any(mark in text_of(desk, notice) for mark in MARKS.values())


@pytest.mark.parametrize("auth", MARKS)
def test_a_question_by_mail_goes_to_nobody_before_a_person_vouches(desk: Desk, auth: str) -> None:
    """`vraag` is refused and says what to do; once the officer vouches for the mail, it is sent."""
    stored = opened(desk, auth)
    said = replied(desk, answer_of(desk), "vraag: waar is het te zien?")
    assert f"flaggermail message confirm {stored.id}" in said
    assert_nobody_else_written_to(desk)
    assert desk.happened(EventKind.INFORMATION_REQUESTED) == 0
    desk.do(ConfirmMessage(message=stored.id))
    desk.do(AskReferrer(case=CASE, items=(), text="waar is het te zien?"))
    desk.settle()
    assert [row.recipient for row in desk.mails(kind=Kind.INFORMATION_REQUEST)] == [REFERRER]
    desk.assert_whole()


def test_a_decision_by_mail_is_told_to_nobody_before_a_person_vouches(desk: Desk) -> None:
    """The decision stands, the answer says that the referrer was not told, and vouching tells them."""
    stored = opened(desk)
    said = replied(desk, answer_of(desk), "wijs af: het gaat niet over stemmen")
    assert "De melder krijgt geen bericht" in said
    assert f"flaggermail message confirm {stored.id}" in said
    assert desk.case(CASE).decision == "decline"
    assert_nobody_else_written_to(desk)
    desk.do(ConfirmMessage(message=stored.id))
    desk.settle()
    (told,) = desk.mails(kind=Kind.DECISION_NOTICE)
    assert (told.recipient, told.state) == (REFERRER, "accepted")
    desk.assert_whole()


def test_commands_say_what_to_do(desk: Desk) -> None:
    """Question and follow-up are refused, a decision warns; each names the mail to vouch for."""
    stored = opened(desk)
    for act in (AskReferrer(case=CASE, items=(Item.LINK,), text=""), ReplyToReferrer(case=CASE, text="Dank u.")):
        assert f"flaggermail message confirm {stored.id}" in desk.refused(act)
    outcome = desk.do(Decide(case=CASE, decision=Decision.NONE, reason="too little to go on"))
    assert any(f"flaggermail message confirm {stored.id}" in warning for warning in warned(outcome))
    assert_nobody_else_written_to(desk)


def test_a_person_who_is_refused_is_no_longer_written_to(desk: Desk) -> None:
    """A referral that looked verified, and of which an officer says that it is forged, gets no mail any more."""
    stored = desk.receive(mail(REFERRER, "Bericht over stembiljet", TEXT))
    desk.settle()
    before = len([row for row in desk.mails() if row.recipient == REFERRER])
    desk.do(RefuseMessage(message=stored.id, reason="called them: they did not write it"))
    assert "message confirm" in desk.refused(AskReferrer(case=CASE, items=(Item.LINK,), text=""))
    desk.do(Decide(case=CASE, decision=Decision.NONE, reason="forged"))
    desk.settle()
    assert len([row for row in desk.mails() if row.recipient == REFERRER]) == before


def test_a_case_opened_from_an_attached_mail_writes_to_nobody(desk: Desk) -> None:
    """Nobody vouches for a mail that another one brought, however genuine the one who brought it is."""
    inner = f"From: {CITIZEN}\nTo: x@y.example\nSubject: Kijk\nMessage-ID: <inner@e>\n\n{TEXT}\n"
    body = f"--cut\nContent-Type: text/plain\n\nZie bijlage.\n--cut\nContent-Type: message/rfc822\n\n{inner}\n--cut--\n"
    extra = ('Content-Type: multipart/mixed; boundary="cut"', "MIME-Version: 1.0")
    outer = desk.receive(mail("x@elders.example", "Kijk", body, extra=extra))
    (attached,) = desk.messages(match_basis=PlacementBasis.ENCLOSED(message=outer.id))
    number = desk.do(
        OpenCase(
            election="EP2024", type=CaseType.CONTENT, origin=Origin.REFERRAL, from_message=attached.id, title="Kijk"
        )
    ).key
    desk.do(Decide(case=number, decision=Decision.NONE, reason="nothing in it"))
    assert "message confirm" in desk.refused(AskReferrer(case=number, items=(Item.LINK,), text=""))
    desk.settle()
    assert not [row for row in desk.mails() if row.recipient == CITIZEN]


def test_a_second_unverified_mail_proves_nothing(desk: Desk) -> None:
    """Writing more does not help; verified mail of that very address does."""
    opened(desk)
    again = desk.receive(mail(REFERRER, "Nog iets", TEXT, auth="none"))
    if again.case is None:
        desk.do(PlaceMessage(message=again.id, case=CASE))
    assert "message confirm" in desk.refused(AskReferrer(case=CASE, items=(Item.LINK,), text=""))
    other = desk.receive(mail("iemand@elders.example", "Ook iets", TEXT))
    desk.do(PlaceMessage(message=other.id, case=CASE))
    assert "message confirm" in desk.refused(AskReferrer(case=CASE, items=(Item.LINK,), text=""))
    genuine = desk.receive(mail(REFERRER, "Ja, wij zijn het", f"{TEXT} Dit is echt."))
    desk.do(PlaceMessage(message=genuine.id, case=CASE))
    desk.do(AskReferrer(case=CASE, items=(Item.LINK,), text=""))


def test_the_form_marks_the_person(desk: Desk) -> None:
    """The case form names who referred it, with the verdict."""
    opened(desk)
    assert f"Van: {REFERRER} ({MARKS['none']})" in replied(desk, answer_of(desk), "neem")


def test_lists_mark_the_person(desk: Desk) -> None:
    """Held-back notices, the reminder of waiting mail, and the note at a change of shift."""
    for number in range(15):
        desk.receive(mail(f"a{number}@d{number}.example", f"Vraag {number}", TEXT, auth="none"))
    digest.tell_held_back(desk.env)
    (held,) = desk.mails(kind=Kind.DIGEST)
    assert "d14.example (afzender niet geverifieerd)" in text_of(desk, held)
    desk.go_on(61)
    (waiting,) = (row for row in desk.mails(kind=Kind.ALARM) if "wachten" in row.subject)
    assert text_of(desk, waiting).count("(afzender niet geverifieerd)") == 15


def test_the_digest_of_late_mail_marks_the_person(desk: Desk) -> None:
    """After an outage each line of an unverified sender is marked."""
    box = ListMailbox(desk.env.settings.desk.mailbox)
    at = desk.clock.now() - timedelta(hours=5)
    box.deliver("inbox", mail(REFERRER, "Bericht", TEXT, auth="fail", at=at), at)
    poll.look(desk.env, box)
    (late,) = desk.mails(kind=Kind.DIGEST)
    assert f"{REFERRER} ({MARKS['fail']})" in text_of(desk, late)


CITIZEN = "kiezer@mailprovider.example"
