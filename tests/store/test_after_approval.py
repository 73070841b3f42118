# SPDX-License-Identifier: EUPL-1.2
"""After an approval: one mail that says when our submission server accepted the text, or after two minutes why not."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from flaggermail.commands.approve import Approve, Reject
from flaggermail.commands.notify import Draft
from flaggermail.commands.oncall import OverrideRota
from flaggermail.commands.outbox import ResolveMail
from flaggermail.record.kinds import Kind
from flaggermail.rules import draft_policy
from tests.store.desk_fixtures import HEAD, OFFICER, X_CHANNEL, Desk, NewDesk, mail

SECOND, SIGNER = "b.devries@bzk.example", "signer@bzk.example"
ASKED = {OFFICER, SECOND, HEAD, SIGNER}


def told(desk: Desk, address: str) -> list[str]:
    """Returns the mails about the verdict on drafts that this person has, subject first, as flowing text."""
    mails = [m for m in desk.mails() if m.recipient == address and m.dedupe.startswith("approval/")]
    return [
        f"{m.subject} " + " ".join(desk.env.parser.parse(desk.env.octets.get(m.digest)).text.split())
        for m in mails
        if m.kind is not Kind.APPROVAL_REQUEST
    ]


def all_mails(desk: Desk, address: str) -> int:
    """Counts every mail to this person."""
    return sum(m.recipient == address for m in desk.mails())


def test_the_mail_says_when_our_server_accepted_it(desk: Desk) -> None:
    """Each person who was asked gets one mail, after the sending; none says only "approved"."""
    key = desk.drafted()
    desk.settle()
    before = all_mails(desk, OFFICER)
    desk.do(Approve(draft=key), "officer2")
    assert [told(desk, address) for address in ASKED] == [[]] * 4
    desk.settle()
    desk.go_on(30)
    for address in ASKED:
        (text,) = told(desk, address)
        assert text.startswith("Verzonden om 10:34: melding aan X [VF-EP2024-0001] | Verzonden om 10:34: Two boxes")
        assert "Onze verzendserver nam de melding om 10:34 aan" in text
    assert all_mails(desk, OFFICER) == before + 1
    assert "Was u dat niet" in told(desk, SECOND)[0]
    assert "Was u dat niet" not in told(desk, OFFICER)[0]


def test_an_approval_by_reply_costs_one_mail(desk: Desk) -> None:
    """The answer to `akkoord CODE` is the mail about the sending."""
    key = desk.drafted()
    desk.settle()
    request = next(m for m in desk.mails(kind=Kind.APPROVAL_REQUEST) if m.recipient == OFFICER)
    text = desk.env.parser.parse(desk.env.octets.get(request.digest)).text
    found = re.search(r"akkoord ([A-Z2-9]{6})\b", text)
    assert found is not None
    before = all_mails(desk, OFFICER)
    desk.receive(mail(OFFICER, "Re: x", f"akkoord {found[1]}", answers=request.message_id))
    desk.settle()
    assert desk.server.to(X_CHANNEL)
    assert all_mails(desk, OFFICER) == before + 1
    assert "Verzonden om 10:34" in told(desk, OFFICER)[0]
    answer = desk.mails(kind=Kind.REPLY_ANSWER)[-1]
    assert desk.env.parser.parse(desk.env.octets.get(answer.digest)).in_reply_to
    assert key in told(desk, OFFICER)[0]


def test_after_two_minutes_it_says_why_not(desk: Desk) -> None:
    """While our server cannot be reached the mail says since when it waits; when it leaves, that is told too."""
    key = desk.drafted()
    desk.settle()
    desk.do(Approve(draft=key), "officer2")
    desk.server.says(0)
    desk.settle()
    desk.go_on(1)
    assert told(desk, SIGNER) == []
    desk.go_on(1)
    assert len(told(desk, SIGNER)) == 1
    desk.go_on(10)
    (text,) = told(desk, SIGNER)
    assert "Nog niet verzonden: melding aan X" in text
    assert "wacht sinds 10:34" in text
    assert "Bel X als het haast heeft" in text
    desk.server.script.clear()
    desk.go_on(10)
    assert "Verzonden om 10:" in told(desk, SIGNER)[1]


def test_a_refusal_of_the_text_is_said_once_to_each(desk: Desk) -> None:
    """The officer on call has the alarm about the refusal; the others read it in the mail about the sending."""
    key = desk.drafted()
    desk.settle()
    desk.do(Approve(draft=key), "officer2")
    desk.server.says(554, X_CHANNEL, "5.7.1 this text is not for us")
    desk.settle()
    desk.go_on(2)
    assert len([m for m in desk.mails(kind=Kind.ALARM) if m.recipient == OFFICER]) == 1
    assert told(desk, OFFICER) == []
    (text,) = told(desk, SIGNER)
    assert "Niet verzonden: melding aan X" in text
    assert "554 5.7.1" in text
    assert "this text" not in text


def test_a_mail_in_doubt_is_said_to_be_in_doubt(desk: Desk) -> None:
    """No answer came: neither sent nor refused. Who says that it was sent is named to the others."""
    key = desk.drafted()
    desk.settle()
    desk.do(Approve(draft=key), "officer2")
    desk.server.says(-1, X_CHANNEL)
    desk.settle()
    desk.go_on(2)
    (text,) = told(desk, SIGNER)
    assert "Onzeker of verzonden: melding aan X" in text
    before = told(desk, OFFICER)
    desk.do(ResolveMail(mail=desk.mail_of(key).id, sent_at=desk.clock.now() - timedelta(minutes=1)))
    desk.settle()
    _, text = told(desk, SIGNER)
    assert "A. Jansen legde vast dat de melding om 10:35 is verzonden; onze verzendserver had geen antwoord" in text
    assert "nam de melding" not in text
    assert told(desk, OFFICER) == before


@pytest.mark.parametrize("act", ["first of two", "rejected"])
def test_what_is_not_sent_is_told_at_once(new_desk: NewDesk, act: str) -> None:
    """A first approval of two and a rejection are told to all who were asked and to the author."""
    desk = new_desk(persons=2)
    key = desk.do(Draft(case=desk.decided(), channel="x-urgent"), "clerk").key
    desk.do(Approve(draft=key) if act == "first of two" else Reject(draft=key, reason="too broad"), "officer2")
    for address in (*ASKED, "clerk@bzk.example"):
        (text,) = told(desk, address)
        assert ("Goedgekeurd, 1 van 2" if act == "first of two" else "Waarom: too broad") in text


# ---- whom a draft is shown to


def asked(desk: Desk) -> set[str]:
    """Returns who was asked to approve."""
    return {m.recipient for m in desk.mails(kind=Kind.APPROVAL_REQUEST)}


def with_approval(desk: Desk, **settings: object) -> Desk:
    """Returns the desk with other settings for approvals."""
    own = desk.env.settings.desk
    changed = own.model_copy(update={"approval": own.approval.model_copy(update=settings)})
    return desk.with_settings(desk.env.settings.model_copy(update={"desk": changed}))


def test_off_duty_is_asked_after_ten_minutes(desk: Desk) -> None:
    """The approver on duty is asked at once, the others only if nobody has answered ten minutes later, once each."""
    desk.do(Draft(case=desk.decided(), channel="x-urgent"), "clerk")
    desk.go_on(9)
    assert asked(desk) == {OFFICER}
    desk.go_on(1)
    desk.go_on(30)
    assert asked(desk) == ASKED
    assert len(desk.mails(kind=Kind.APPROVAL_REQUEST)) == len(ASKED)
    assert desk.mails(kind=Kind.APPROVAL_REQUEST)[-1].queued_at == desk.clock.now() - (timedelta(minutes=30))


def test_an_answer_within_ten_minutes_wakes_nobody(desk: Desk) -> None:
    """Who was not asked hears neither of the request nor of the sending."""
    key = desk.do(Draft(case=desk.decided(), channel="x-urgent"), "clerk").key
    desk.settle()
    desk.do(Approve(draft=key), "officer1")
    desk.settle()
    desk.go_on(60)
    assert asked(desk) == {OFFICER}
    assert [len(told(desk, address)) for address in (OFFICER, "clerk@bzk.example", SECOND, HEAD, SIGNER)] == [
        1,
        1,
        0,
        0,
        0,
    ]


@pytest.mark.parametrize("why", ["only the author", "nobody who approves", "two must"])
def test_all_are_asked_at_once_if_duty_cannot_answer(new_desk: NewDesk, why: str) -> None:
    """On duty is only the author, or nobody who may approve, or fewer than must approve."""
    desk = new_desk(persons=2 if why == "two must" else 1)
    author = "officer1" if why == "only the author" else "clerk"
    if why == "nobody who approves":
        now = desk.clock.now()
        desk.do(OverrideRota(officer="weigher", begins_at=now, ends_at=now + timedelta(hours=2)), "head1")
    desk.do(Draft(case=desk.decided(), channel="x-urgent"), author)
    assert asked(desk) == ASKED


@pytest.mark.parametrize("persons", [1, 2])
def test_forty_officers_and_one_draft(new_desk: NewDesk, persons: int) -> None:
    """Who is on call drafts it: the heads are asked, and the other approvers only if nobody answers in ten minutes."""
    desk = new_desk(persons=persons)
    oncall = desk.env.settings.oncall
    more = [
        oncall.officers[1].model_copy(update={"id": f"more{n}", "name": f"More {n}", "address": f"more{n}@bzk.example"})
        for n in range(34)
    ]
    heads = [oncall.officers[2].model_copy(update={"id": "head2", "name": "Head 2", "address": "head2@bzk.example"})]
    grown = oncall.model_copy(update={"officers": (*oncall.officers, *heads[: persons - 1], *more)})
    desk.with_settings(desk.env.settings.model_copy(update={"oncall": grown}))
    key = desk.do(Draft(case=desk.decided(), channel="x-urgent"), "officer1").key
    desk.settle()
    first = {HEAD, "head2@bzk.example"} if persons > 1 else {HEAD}
    assert asked(desk) == first
    for officer in ("head1", "head2")[:persons]:
        desk.do(Approve(draft=key), officer)
    desk.settle()
    desk.go_on(60)
    assert asked(desk) == first
    assert len({mail.recipient for mail in desk.mails() if mail.recipient.endswith("@bzk.example")}) == len(first) + 1
    late = desk.do(Draft(case=desk.decided(), channel="x-urgent"), "officer1").key
    desk.go_on(10)
    assert len(desk.mails(kind=Kind.APPROVAL_REQUEST, notification=late)) > len(more)


def test_the_wait_is_a_setting(desk: Desk) -> None:
    """Zero asks everybody at once."""
    with_approval(desk, others_after_minutes=0)
    desk.do(Draft(case=desk.decided(), channel="x-urgent"), "clerk")
    assert asked(desk) == ASKED


# ---- how old the policy is


def request_to(desk: Desk, address: str) -> str:
    """Returns the last request to approve to that person."""
    mails = desk.mails(kind=Kind.APPROVAL_REQUEST)
    last = [m for m in mails if m.recipient == address][-1]
    return desk.env.parser.parse(desk.env.octets.get(last.digest)).text


def code_in(text: str) -> str:
    """Returns the code that a request offers."""
    found = re.search(r"akkoord ([A-Z2-9]{6})\b", text)
    assert found is not None
    return found[1]


def test_the_choice_stands_first(desk: Desk) -> None:
    """Within the first sixty words: what it is about, and both replies; an old policy is in the first line."""
    desk.drafted()
    text = request_to(desk, OFFICER)
    assert text.startswith("| Ter goedkeuring: Two boxes coloured on one list \u00b7 X \u00b7 beleid 514 dagen oud\n")
    begin = " ".join(text.split()[:60])
    assert "akkoord" in begin
    assert "nee: waarom niet" in begin
    assert "514 dagen geleden gelezen, op 9 januari 2023" in " ".join(text.split())


@pytest.mark.parametrize(("days", "stale"), [(180, False), (181, True), (None, False)])
def test_a_policy_is_old_after_180_days(days: int | None, *, stale: bool) -> None:
    """Up to then its age stands beside its day alone."""
    read_on = date(2023, 1, 9) if days is not None else None
    today = date(2023, 1, 9) + timedelta(days=days or 0)
    assert draft_policy.is_stale(read_on, today) is stale
    assert draft_policy.days_since(read_on, today) == days


def test_the_desk_may_have_the_day_repeated(desk: Desk) -> None:
    """With the setting an old policy is approved only by who repeats its day, by command or by reply."""
    with_approval(desk, repeat_policy_date=True)
    key = desk.drafted()
    assert "akkoord " + code_in(request_to(desk, OFFICER)) + " 2023-01-09" in request_to(desk, OFFICER)
    assert "read on 2023-01-09" in desk.refused(Approve(draft=key), "officer2")
    assert "read on 2023-01-09" in desk.refused(Approve(draft=key, policy_read="2023-01-10"), "officer2")
    for words, state in (("", "draft"), (" 2023-01-10", "draft"), (" 2023-01-09", "approved")):
        request = [m for m in desk.mails(kind=Kind.APPROVAL_REQUEST) if m.recipient == OFFICER][-1]
        own = f"akkoord {code_in(request_to(desk, OFFICER))}{words}"
        desk.receive(mail(OFFICER, f"Re: x{words}", own, answers=request.message_id))
        assert desk.notification(key).state == state, own
    other = desk.drafted()
    desk.do(Approve(draft=other, policy_read="2023-01-09"), "officer2")


def test_as_shipped_the_day_is_not_asked_for(desk: Desk) -> None:
    """Without the setting nobody repeats it; a wrong one is refused all the same."""
    key = desk.drafted()
    assert "read on 2023-01-09" in desk.refused(Approve(draft=key, policy_read="2022-01-09"), "officer2")
    desk.do(Approve(draft=key), "officer2")
