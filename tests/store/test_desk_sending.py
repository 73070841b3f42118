# SPDX-License-Identifier: EUPL-1.2
"""Mail to a platform: only what a person approved, octet by octet, and only with the necessary content."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from flaggermail.adapters.files.templates import FileTemplates
from flaggermail.commands.approve import Approve, Reject
from flaggermail.commands.assess import Decide
from flaggermail.commands.notify import Draft
from flaggermail.record.case_values import Decision
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.shipped import shipped
from tests.store.desk_fixtures import DESK, X_CHANNEL, Desk, NewDesk, X, mail

# ---- approval


def test_nothing_leaves_without_an_approval(desk: Desk) -> None:
    """A notification that was assessed, decided and drafted stays a draft until a person approves it."""
    key = desk.drafted()
    desk.go_on(600)
    assert desk.notification(key).state == "draft"
    assert not [e for e in desk.server.envelopes if e.recipient == X_CHANNEL]
    desk.do(Approve(draft=key), "signer")
    desk.settle()
    use = desk.notification(key)
    assert (use.approved_by, use.state) == (("signer",), "sent")
    assert len(desk.server.to(X_CHANNEL)) == 1


def test_octets_that_leave_are_the_octets_of_the_draft(desk: Desk) -> None:
    """The server gets the octets frozen at drafting, for each recipient, whatever happened in between."""
    key = desk.drafted("x-two")
    frozen = desk.env.octets.get(desk.notification(key).digest)
    desk.go_on(90)
    desk.do(Approve(draft=key))
    desk.settle()
    sent = [e for e in desk.server.envelopes if "x-platform" in e.recipient]
    assert {e.octets for e in sent} == {frozen}
    assert len(sent) == 2
    assert hashlib.sha256(frozen).hexdigest() == desk.notification(key).digest
    assert b"Auto-Submitted" not in frozen
    assert DESK in frozen.decode()


def test_resent_octets_are_the_same(desk: Desk) -> None:
    """A retry after a temporary refusal submits the same octets."""
    key = desk.drafted()
    desk.do(Approve(draft=key))
    desk.server.says(450, X_CHANNEL)
    desk.settle()
    desk.server.script.clear()
    desk.go_on(1.1)
    first, second = desk.server.to(X_CHANNEL)
    assert first.octets == second.octets


def test_two_persons_neither_of_them_the_author(new_desk: NewDesk) -> None:
    """With two approvers the author is refused, one approval sends nothing, and no person approves twice."""
    desk = new_desk(persons=2)
    key = desk.drafted()
    assert "officer1 wrote it; two other persons approve" in desk.refused(Approve(draft=key), "officer1")
    assert desk.do(Approve(draft=key), "officer2").text.english == f"draft {key}: 1 of 2 approvals"
    desk.settle()
    assert (desk.notification(key).state, desk.server.to(X_CHANNEL)) == ("draft", [])
    assert "officer2 approved it already; another person must" in desk.refused(Approve(draft=key), "officer2")
    desk.do(Approve(draft=key), "head1")
    desk.settle()
    assert desk.notification(key).approved_by == ("officer2", "head1")
    assert len(desk.server.to(X_CHANNEL)) == 1
    assert "is sent; only a draft" in desk.refused(Approve(draft=key), "signer")


def test_new_draft_takes_the_place_of_the_old_one(desk: Desk) -> None:
    """Each case and channel has one draft; a superseded draft can no longer be approved."""
    old = desk.drafted()
    new = desk.drafted(case=desk.notification(old).case)
    other = desk.drafted("meta-elections", desk.notification(old).case)
    assert "is cancelled; only a draft" in desk.refused(Approve(draft=old))
    assert {desk.notification(key).state for key in (new, other)} == {"draft"}


def test_rejected_draft_never_leaves(desk: Desk) -> None:
    """A rejected draft records who rejected it and why."""
    key = desk.drafted()
    desk.do(Reject(draft=key, reason="too broad"), "head1")
    assert "is rejected; only a draft" in desk.refused(Approve(draft=key))
    desk.settle()
    rejected = desk.notification(key)
    assert (rejected.rejected_by, rejected.rejected_reason) == ("head1", "too broad")
    assert desk.server.to(X_CHANNEL) == []


def test_draft_of_a_case_that_was_decided_otherwise_is_not_approved(desk: Desk) -> None:
    """A draft can be approved only while the case's decision is to notify."""
    key = desk.drafted()
    case = desk.notification(key).case
    desk.do(Decide(case=case, decision=Decision.NONE, reason="they saw it themselves"))
    assert desk.refused(Approve(draft=key)).startswith(f"case {case}: nobody decided to notify; ")
    desk.settle()
    assert desk.server.to(X_CHANNEL) == []


def test_follow_up_needs_the_same_approval_and_is_no_use(desk: Desk) -> None:
    """A follow-up needs approval too; it answers the exchange and starts no clock."""
    use = desk.notified()
    case = desk.notification(use).case
    key = desk.do(Draft(case=case, channel="x-urgent", follow_up=True, text="One more post.")).key
    desk.settle()
    assert len(desk.server.to(X_CHANNEL)) == 1
    assert "none of the roles" in desk.refused(Approve(draft=key), "clerk")
    desk.do(Approve(draft=key))
    desk.settle()
    assert desk.notification(key).counted is False
    assert f"In-Reply-To: <{desk.message_id_of(use)}>".encode() in desk.server.to(X_CHANNEL)[1].octets
    assert desk.clocks(key) == {}
    assert not desk.mails(kind=Kind.REMINDER)


def test_policy_is_that_of_the_sending(desk: Desk) -> None:
    """A sent notification stores the steps then in force; a channel that cannot confirm has no receipt step."""
    assert '"clock": "receipt", "after": 60' in desk.notification(desk.notified()).steps
    assert "receipt" not in desk.notification(desk.notified("x-mute")).steps


# ---- what a draft must say

CHANNEL = {"en": "x-urgent", "nl": "x-nl"}
LEFT_OUT = {
    "en": {
        "no request to check": ("Could you check this against your own policy?", "It is about this policy."),
        "does not say that the platform decides": ("We have no say in the outcome: the decision is yours.", ""),
        "no request to confirm receipt": ("Please confirm that you received this mail, quoting ", "We quote "),
    },
    "nl": {
        "no request to check": ("Wilt u dit aan uw eigen beleid toetsen?", "Het gaat om dit beleid."),
        "does not say that the platform decides": (
            "De beslissing daarover is aan u; wij hebben daarop geen invloed.", "",
        ),
        "no request to confirm receipt": ("Wilt u de ontvangst bevestigen en daarbij ", "Wilt u "),
    },
}  # fmt: skip
IN_BOTH = {
    "the case number is missing": ("{{ number }}", "it"),
    "the policy is not named; write its title": ("{{ policy_title }}", "-"),
    "the policy's address is missing": ("{{ policy_url }}", "-"),
    "the day on which the policy was read is missing": ("{{ policy_read_on | day }}", "-"),
}


@pytest.mark.parametrize("fault", [*LEFT_OUT["en"], *IN_BOTH])
@pytest.mark.parametrize("language", ["en", "nl"])
def test_draft_that_lacks_something_is_refused(desk: Desk, tmp_path: Path, language: str, fault: str) -> None:
    """A template without a necessary sentence gives no draft; the refusal names what is missing."""
    folder = tmp_path / "templates"
    shutil.copytree(shipped("config") / "templates", folder)
    old, new = (LEFT_OUT[language] | IN_BOTH)[fault]
    file = folder / language / "notification.j2"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    desk.env = replace(desk.env, templates=FileTemplates(folder, desk.env.settings.zone))
    act = Draft(case=desk.decided("A_content"), channel=CHANNEL[language], text="Two posts.")
    refusal = desk.refused(act)
    assert refusal.startswith("draft for Urgent Escalation Channel: body: ")
    assert fault in refusal
    assert refusal.count(";") <= 2, refusal


TOO_MUCH = {
    "en": {
        "speaks of removal": "Would you remove these posts?",
        "speaks of illegality": "These posts are illegal.",
        "sets a deadline or presses for time": "We count on you within two hours.",
        "claims a legal power or duty": "Under article 22 you answer to us.",
        "claims the status of another arrangement": "We are a trusted flagger.",
    },
    "nl": {
        "speaks of removal": "Wilt u deze berichten verwijderen?",
        "speaks of illegality": "Deze berichten zijn illegaal.",
        "sets a deadline or presses for time": "Graag binnen twee uur.",
        "claims a legal power or duty": "U bent wettelijk verplicht dit te doen.",
        "claims the status of another arrangement": "Wij zijn een vertrouwde flagger.",
    },
}


@pytest.mark.parametrize(
    ("language", "fault", "text"),
    [(language, fault, text) for language, rows in TOO_MUCH.items() for fault, text in rows.items()],
)
@pytest.mark.parametrize("where", ["text", "title"])
def test_draft_that_says_too_much_is_refused(desk: Desk, language: str, fault: str, text: str, where: str) -> None:
    """Forbidden phrases in the text or the subject line are refused; the refusal names the fault and the place."""
    act = Draft(case=desk.decided("A_content"), channel=CHANNEL[language], text="Two posts.")
    refusal = desk.refused(replace(act, text=text) if where == "text" else replace(act, title=text))
    assert fault in refusal
    assert ("subject: " in refusal) is (where == "title")


@pytest.mark.parametrize("text", ["Two\u200bposts.", "Two \u202eposts.", "Two posts\x07."])
@pytest.mark.parametrize("language", ["en", "nl"])
def test_draft_with_characters_nobody_sees_is_refused(desk: Desk, language: str, text: str) -> None:
    """The approver must see what the platform will read."""
    refusal = desk.refused(Draft(case=desk.decided("A_content"), channel=CHANNEL[language], text=text))
    assert "cannot be seen; write the text without it" in refusal


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("kind", ["A_content", "B_channel", "C_advert", "D_general_warning", "other"])
def test_draft_as_shipped_is_fit_to_be_approved(desk: Desk, language: str, kind: str) -> None:
    """In each type and both languages the shipped text passes every check of a draft."""
    key = desk.do(Draft(case=desk.decided(kind), channel=CHANNEL[language], text="Two posts.")).key
    assert desk.notification(key).language == language


def test_channel_that_cannot_confirm_is_not_asked_to(desk: Desk) -> None:
    """A channel that cannot confirm receipt is not asked to."""
    key = desk.do(Draft(case=desk.decided("A_content"), channel="x-mute", text="Two posts.")).key
    octets = desk.env.octets.get(desk.notification(key).digest)
    assert b"confirm that you received" not in octets


def test_answer_to_a_draft_nobody_approved_is_impossible(desk: Desk) -> None:
    """The Message-ID of a draft that was never sent leads to no notification."""
    key = desk.drafted()
    stored = desk.receive(mail(X, answers=desk.message_id_of(key)))
    assert (stored.place, stored.notification) == ("quarantine", None)
    assert desk.happened(EventKind.CLOCK_STARTED) == 0
