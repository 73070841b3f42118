# SPDX-License-Identifier: EUPL-1.2
"""What approvers are shown and informed of, and the code with which each approves by mail."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from flaggermail.cases import approval
from flaggermail.cases.approval import RefusedCode
from flaggermail.commands.approve import Approve, Reject
from flaggermail.commands.named_rows import the_draft
from flaggermail.commands.notify import Draft
from flaggermail.errors import Refusal
from flaggermail.notices.pager_queue import offer_of
from flaggermail.record.case_values import Topic
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Token
from flaggermail.services import UnitOfWork
from tests.store.desk_fixtures import HEAD, X_CHANNEL, Desk, NewDesk

SECOND, SIGNER, CLERK = "b.devries@bzk.example", "signer@bzk.example", "clerk@bzk.example"
OFFICER = "a.jansen@bzk.example"
APPROVERS = {OFFICER, SECOND, HEAD, SIGNER}


def text_to(desk: Desk, address: str, kind: str) -> str:
    """Returns the last mail of that kind to that person, as flowing text."""
    mail = [m for m in desk.mails(kind=Kind(kind)) if m.recipient == address][-1]
    return " ".join(desk.env.parser.parse(desk.env.octets.get(mail.digest)).text.split())


def recipients(desk: Desk, kind: str) -> Counter[str]:
    """Counts the mails of that kind for each recipient."""
    return Counter(mail.recipient for mail in desk.mails(kind=Kind(kind)))


def code_of(desk: Desk, address: str) -> str:
    """Returns the code in the last request to that person."""
    found = re.search(r"(?:akkoord|approve) ([A-Z2-9]{6})\b", text_to(desk, address, "approval_request"))
    assert found is not None
    return found[1]


def named(desk: Desk, written: str, officer: str) -> str:
    """Returns the draft that this officer's code names, or why it names none."""
    with desk.env.store.read() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now(), officer)
        shown = (offer_of(work, token) for token in tx.find(Token, where(Token.purpose).is_(Topic.APPROVAL)))
        found = approval.offer_of_code(written, officer, [offer for offer in shown if offer is not None], work.now)
        try:
            return found.reason if isinstance(found, RefusedCode) else the_draft(work, found.draft).id
        except Refusal as refusal:
            return str(refusal)


# ---- the request


def test_every_approver_is_shown_the_draft(desk: Desk) -> None:
    """Only approvers are asked, once each: with text, recipients, policy, author and the replies that act."""
    key = desk.do(Draft(case=desk.decided(), channel="x-two", text="One post."), "clerk").key
    desk.go_on(10)
    assert recipients(desk, "approval_request") == Counter(APPROVERS)
    for address in APPROVERS:
        text = text_to(desk, address, "approval_request")
        for said in (
            key, "Clerk", X_CHANNEL, "second@x-platform.example", "Civic integrity policy",
            "https://help.x-platform.example/civic-integrity", "9 januari 2023", "nee:",
            f"akkoord {code_of(desk, address)}", "6 juni 2024 om 12:", f"flaggermail approve {key}", "| One post.",
        ):  # fmt: skip
            assert said in text, said
    assert len({code_of(desk, address) for address in APPROVERS}) == len(APPROVERS)


def test_the_text_shown_is_the_text_that_leaves(desk: Desk) -> None:
    """The request quotes the frozen text word for word."""
    key = desk.drafted()
    draft = desk.env.parser.parse(desk.env.octets.get(desk.notification(key).digest))
    shown = text_to(desk, OFFICER, "approval_request").replace("| ", "").replace(" |", "")
    assert " ".join(draft.text.split()) in shown
    assert draft.subject is not None
    assert draft.subject in shown


def test_with_two_persons_the_author_is_not_asked(new_desk: NewDesk) -> None:
    """With two approvers the author cannot approve and gets no request."""
    desk = new_desk(persons=2)
    desk.drafted()
    assert recipients(desk, "approval_request") == Counter(APPROVERS - {OFFICER})


def test_a_request_leaves_nothing_for_the_platform(desk: Desk) -> None:
    """The request goes to officers; the draft is not sent."""
    desk.drafted()
    desk.go_on(600)
    assert desk.server.to(X_CHANNEL) == []


# ---- what names a draft


@pytest.mark.parametrize("typed", ["1", "0001", " 1 ", "1/1", "VF-EP2024-0001", "VF-EP2024-0001/1"])
@pytest.mark.parametrize("act", ["approve", "reject"])
def test_a_draft_is_named_as_its_case_is(desk: Desk, typed: str, act: str) -> None:
    """`approve 1` takes what `case show 1` takes: the number alone, where the case has one draft."""
    key = desk.drafted()
    assert key == "VF-EP2024-0001/1"
    done = desk.do(Approve(draft=typed) if act == "approve" else Reject(draft=typed, reason="no"), "officer1")
    assert done.key == key


def test_a_case_with_several_drafts_or_none_names_none(desk: Desk) -> None:
    """The refusal names the drafts that may be meant, and sends nothing."""
    first = desk.drafted()
    second = desk.do(Draft(case="VF-EP2024-0001", channel="meta-elections"), "clerk").key
    assert desk.refused(Approve(draft="1"), "officer1") == (
        f"case VF-EP2024-0001: several drafts wait; name one of {first}, {second}"
    )
    desk.do(Reject(draft="1/1", reason="no"), "officer1")
    desk.do(Reject(draft="1", reason="no"), "officer1")
    assert desk.refused(Approve(draft="1"), "officer1") == (
        "case VF-EP2024-0001: no draft waits; `flaggermail case show VF-EP2024-0001` says more"
    )
    assert "there is no such draft" in desk.refused(Approve(draft="7"), "officer1")


# ---- the announcement


def test_each_approval_is_told_to_all_approvers(new_desk: NewDesk) -> None:
    """The first of two announces that one is missing, the sending that it was sent; the author gets both."""
    desk = new_desk(persons=2)
    key = desk.do(Draft(case=desk.decided(), channel="x-urgent"), "clerk").key
    desk.do(Approve(draft=key), "officer1")
    assert recipients(desk, "officer_notice") == Counter(APPROVERS | {CLERK})
    assert "A. Jansen" in text_to(desk, SIGNER, "officer_notice")
    assert "1 van de 2" in text_to(desk, SIGNER, "officer_notice")
    desk.do(Approve(draft=key), "head1")
    desk.settle()
    assert recipients(desk, "officer_notice") == Counter(dict.fromkeys(APPROVERS | {CLERK}, 2))
    assert "nam de melding om 10:34 aan" in text_to(desk, SIGNER, "officer_notice")
    approved = [event for event in desk.events() if event.kind is EventKind.NOTIFICATION_APPROVED]
    assert [event.actor for event in approved] == ["officer1", "head1"]


def test_a_rejection_is_told_with_its_reason(desk: Desk) -> None:
    """All approvers are informed once."""
    key = desk.drafted()
    desk.do(Reject(draft=key, reason="too broad"), "signer")
    assert recipients(desk, "officer_notice") == Counter(APPROVERS)
    for address in APPROVERS:
        text = text_to(desk, address, "officer_notice")
        assert "Signer heeft concept" in text
        assert "Waarom: too broad" in text
    assert [e.actor for e in desk.events() if e.kind is EventKind.NOTIFICATION_REJECTED] == ["signer"]


@pytest.mark.parametrize("act", ["approve", "reject"])
def test_a_refused_approval_is_told_to_nobody(desk: Desk, act: str) -> None:
    """A refused act is not announced."""
    key = desk.drafted()
    desk.refused(Approve(draft=key) if act == "approve" else Reject(draft=key, reason="x"), "clerk")
    assert recipients(desk, "officer_notice") == Counter()


# ---- the code


def test_the_code_of_a_request_names_its_draft(desk: Desk) -> None:
    """A code names the draft for its own recipient, in any spelling; only random tokens are stored for it."""
    key = desk.drafted()
    assert named(desk, code_of(desk, OFFICER), "officer1") == key
    assert named(desk, f" {code_of(desk, SIGNER).lower()}.", "signer") == key
    tokens = desk.all(Token, where(Token.purpose).is_(Topic.APPROVAL))
    assert {(t.officer, t.notification, t.expires_at) for t in tokens} == {
        (officer, key, desk.clock.now() + timedelta(hours=2)) for officer in ("officer1", "officer2", "head1", "signer")
    }


def test_a_code_of_another_person_or_of_yesterday_names_none(desk: Desk) -> None:
    """The refusal names the reason."""
    key = desk.drafted()
    code = code_of(desk, OFFICER)
    assert named(desk, code, "signer") == "this code is another person's"
    assert named(desk, "AAAAAA", "signer") == "there is no such code"
    desk.go_on(119)
    assert named(desk, code, "officer1") == key
    desk.go_on(1)
    assert named(desk, code, "officer1") == "this code has run out"


def test_a_code_is_void_with_its_draft(desk: Desk) -> None:
    """A draft that was rejected or replaced cannot be approved by its code; the new draft has its own codes."""
    old = desk.drafted()
    code = code_of(desk, OFFICER)
    new = desk.drafted(case=desk.notification(old).case)
    assert "is cancelled; only a draft" in named(desk, code, "officer1")
    assert named(desk, code_of(desk, OFFICER), "officer1") == new
    desk.do(Reject(draft=new, reason="too broad"))
    assert "is rejected; only a draft" in named(desk, code_of(desk, OFFICER), "officer1")


def test_a_code_is_void_when_the_octets_are_others(desk: Desk) -> None:
    """A change of the octets, for whatever reason, voids the code."""
    key = desk.drafted()
    code = code_of(desk, OFFICER)
    with desk.env.store.begin() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now())
        old = desk.notification(key)
        work.record(EventKind.NOTIFICATION_DRAFTED, changed(old, replace(old, digest="0" * 64)))
    assert named(desk, code, "officer1") == "there is no such code"


def test_approving_goes_on_while_nobody_else_is_reached(desk: Desk) -> None:
    """A refused mail to another approver does not hold the notification back."""
    desk.server.says(550, SIGNER)
    key = desk.drafted()
    desk.settle()
    desk.do(Approve(draft=key))
    desk.settle()
    assert len(desk.server.to(X_CHANNEL)) == 1
