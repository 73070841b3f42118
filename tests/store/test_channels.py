# SPDX-License-Identifier: EUPL-1.2
"""Portals and telephones: approved like a mail, used by an officer, counted from the noted instant. Bad addresses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from flaggermail.cases.lifecycle import newest_in_hand
from flaggermail.commands.approve import Approve, Reject
from flaggermail.commands.cases import CloseCase
from flaggermail.commands.channel_status import ClearAddress
from flaggermail.commands.command import Command
from flaggermail.commands.contact_notes import NoteContact
from flaggermail.commands.notify import Draft
from flaggermail.commands.write_referrer import ReplyToReferrer
from flaggermail.record.case_values import ContactMeans
from flaggermail.record.rows import BadAddress
from flaggermail.reminders import sending
from flaggermail.services import UnitOfWork
from tests.store.desk_fixtures import (
    OFFICER,
    REFERRER,
    START,
    X_CHANNEL,
    Desk,
    NewDesk,
    mail,
    report_of,
)

PORTAL, CALL = "tiktok-portal", "x-phone"
BY_HAND = [(PORTAL, "portal"), (CALL, "phone")]
MINUTE = timedelta(minutes=1)


def note(case: str, channel: str, means: str, **more: object) -> NoteContact:
    """Builds a note that the contact took place."""
    done = NoteContact(case=case, means=ContactMeans(means), text="Done, their number is #4711", channel=channel)
    return replace(done, **{"counts_as": ("notification",), **more})  # type: ignore[arg-type] # fields by name


# ---- a portal, a telephone


@pytest.mark.parametrize(("channel", "means"), BY_HAND)
def test_an_approved_text_is_given_to_the_officer_and_counts_from_his_note(
    desk: Desk, channel: str, means: str
) -> None:
    """No mail goes to the platform; the note starts the clocks of that notification at the noted instant."""
    key = desk.drafted(channel)
    outcome = desk.do(Approve(draft=key))
    use = desk.notification(key)
    note_command = f"flaggermail case note {use.case} --means {means} --channel {channel} --counts-as notification"
    assert note_command in outcome.text.english
    desk.settle()
    (given,) = (m for m in desk.mails(recipient=OFFICER) if m.dedupe.startswith("submit/"))
    told = desk.env.parser.parse(desk.env.octets.get(given.digest))
    approved = desk.env.parser.parse(desk.env.octets.get(use.digest)).text.strip()
    assert approved in told.text  # line by line as it was approved, to be pasted
    assert use.subject in " ".join(told.text.split())
    assert note_command in " ".join(told.text.split())
    assert (use.state, desk.clocks(key), desk.mails(at_most_once=True)) == (
        "approved",
        {},
        [],
    )
    desk.go_on(30)
    desk.do(note(use.case, channel, means, effective_at=START + 20 * MINUTE))
    use = desk.notification(key)
    assert (use.state, use.sent_at, use.by_hand) == ("sent", START + 20 * MINUTE, True)
    assert {clock.started_at for clock in desk.clock_rows(notification=key)} == {START + 20 * MINUTE}
    assert desk.case(use.case).state == "notified"
    assert [n.id for n in desk.notifications()] == [key]
    desk.assert_whole()


def test_a_use_that_is_noted_later_takes_a_closed_case_in_hand_again(desk: Desk) -> None:
    """Its clocks run, so it is no closed case any more: notices name it, and it is found as those are."""
    number = desk.decided()
    desk.do(CloseCase(case=number))
    desk.do(note(number, PORTAL, "portal"))
    assert (desk.case(number).state, desk.case(number).closed_at) == ("notified", None)
    with desk.env.store.read() as tx:
        assert [case.number for case in newest_in_hand(UnitOfWork(desk.env, tx, START), "EP2024")] == [number]
    desk.assert_whole()


def test_reminders_run_from_the_note(desk: Desk) -> None:
    """The policy at approval applies: the officer is reminded an hour after the submission."""
    key = desk.drafted(PORTAL)
    desk.do(Approve(draft=key))
    desk.go_on(30)
    desk.do(note(desk.notification(key).case, PORTAL, "portal"))
    desk.clock.set(START + 89 * MINUTE)
    assert sending.tick(desk.env) == 0
    desk.clock.set(START + 90 * MINUTE)
    assert sending.tick(desk.env) == 1


def test_the_call_sheet_says_what_to_say(desk: Desk) -> None:
    """The call sheet contains phone number, policy, case and the sentences that every notification must contain."""
    key = desk.drafted(CALL)
    use = desk.notification(key)
    text = " ".join(desk.env.parser.parse(desk.env.octets.get(use.digest)).text.split())
    for said in ("+31 20 000 0009", use.case, use.policy_title, use.policy_url, "the decision is yours", "check this"):
        assert said in text
    assert use.template == "call_sheet"


def test_a_call_sheet_lacks_nothing_and_says_no_more(desk: Desk) -> None:
    """What a mail must not say, a call sheet must not say either."""
    case = desk.decided("A_content")
    said = desk.refused(Draft(case=case, channel=CALL, text="Please remove this post."))
    assert "speaks of removal" in said
    assert "needs a text" in desk.refused(Draft(case=case, channel=CALL))


@pytest.mark.parametrize(("channel", "means"), BY_HAND)
def test_with_two_persons_a_note_finds_an_approved_text(new_desk: NewDesk, channel: str, means: str) -> None:
    """A note that counts as a notification needs as many approvals of its text as a mail."""
    desk = new_desk(persons=2)
    case = desk.decided()
    assert "nobody approved a text" in desk.refused(note(case, channel, means))
    key = desk.drafted(channel, case)
    assert f"draft {key}: waits for approval" in desk.refused(note(case, channel, means))
    desk.do(Approve(draft=key), "head1")
    assert "waits for approval" in desk.refused(note(case, channel, means))
    desk.do(Approve(draft=key), "signer")
    desk.do(note(case, channel, means))
    assert desk.notification(key).state == "sent"
    assert "nobody approved a text" in desk.refused(note(case, channel, means))


def test_a_draft_that_nobody_approved_is_no_submission(desk: Desk) -> None:
    """With one approver too, a draft must be approved or rejected before a note counts as a notification."""
    key = desk.drafted(PORTAL)
    case = desk.notification(key).case
    assert "waits for approval" in desk.refused(note(case, PORTAL, "portal"))
    desk.do(Reject(draft=key, reason="said in other words"))
    desk.do(note(case, PORTAL, "portal"))
    assert [n.state for n in desk.notifications()] == ["rejected", "sent"]


def test_it_cannot_have_been_submitted_before_it_was_approved(desk: Desk) -> None:
    """The instant may not be before the minute of the approval."""
    key = desk.drafted(PORTAL)
    case = desk.notification(key).case
    desk.clock.set(START + 10 * MINUTE + timedelta(seconds=30))
    desk.do(Approve(draft=key))
    assert "was approved on 2024-06-06 at 10:44" in desk.refused(
        note(case, PORTAL, "portal", effective_at=START + 9 * MINUTE)
    )
    desk.do(note(case, PORTAL, "portal", effective_at=START + 10 * MINUTE))


def test_one_text_at_a_time(desk: Desk) -> None:
    """A second draft for the channel is refused while an approved one was not used; rejecting that one permits it."""
    key = desk.drafted(PORTAL)
    desk.do(Approve(draft=key))
    case = desk.notification(key).case
    assert f"{key} is approved and not done yet" in desk.refused(Draft(case=case, channel=PORTAL))
    desk.do(Reject(draft=key, reason="the portal is down"))
    assert desk.notification(key).state == "rejected"
    desk.drafted(PORTAL, case)


def test_a_follow_up_by_portal_is_no_use_and_starts_no_clock(desk: Desk) -> None:
    """A follow-up by portal is approved and noted in the same way, but starts no clock."""
    case = desk.decided()
    key = desk.drafted(PORTAL, case)
    desk.do(Approve(draft=key))
    desk.do(note(case, PORTAL, "portal"))
    more = desk.do(Draft(case=case, channel="", text="One more address.", follow_up=True)).key
    assert "waits for approval" in desk.refused(note(case, PORTAL, "portal", counts_as=("follow_up",)))
    desk.do(Approve(draft=more))
    desk.do(note(case, PORTAL, "portal", counts_as=("follow_up",)))
    row = desk.notification(more)
    assert (row.channel, row.state, row.counted, desk.clocks(more)) == (PORTAL, "sent", False, {})


# ---- dates


def test_a_channel_of_another_day_is_refused_with_the_day_and_the_ways_there_are(desk: Desk) -> None:
    """A draft for a channel that has ended is refused, and so is a note that it was used."""
    said = desk.refused(Draft(case=desk.decided(), channel="x-old"))
    assert "is valid from 2019-05-01 to 2020-12-31, not on 2024-06-06" in said
    assert "; use x-hosts (mail: Urgent Escalation Channel) or x-mute (mail: Urgent Escalation Channel) or " in said
    assert said.endswith("or x-urgent (mail: Urgent Escalation Channel)")
    assert "x-later" not in said
    assert "not on 2024-06-06" in desk.refused(note(desk.decided(), "x-later", "portal"))


# ---- an address that bounced


def bounced(desk: Desk, channel: str = "x-urgent", address: str = X_CHANNEL) -> str:
    """Returns a notification that bounced."""
    key = desk.notified(channel)
    desk.receive(report_of(desk.message_id_of(key), address))
    return key


def test_an_address_that_bounced_is_not_used_and_the_other_ways_are_named(desk: Desk) -> None:
    """Neither a new draft nor an approval may use it; the refusal names the platform's other channels."""
    waiting = desk.drafted()
    key = bounced(desk)
    case = desk.notification(key).case
    before = desk.server.envelopes
    for act in (Draft(case=case, channel="x-urgent"), Draft(case=case, channel="x-two"), Approve(draft=waiting)):
        said = desk.refused(act)
        assert f"mail to {X_CHANNEL} came back on 2024-06-06 at 10:34 (outbox {desk.mail_of(key).id})" in said
        assert "use x-phone (phone: Urgent Escalation Channel)" in said
        assert f"flaggermail channel clear {X_CHANNEL}" in said
    assert desk.server.envelopes == before
    desk.drafted(CALL, case)


def test_a_person_clears_it_and_a_second_bounce_marks_it_again(desk: Desk) -> None:
    """Clearing needs a reason and is recorded; a second bounce marks the address again."""
    case = desk.notification(bounced(desk)).case
    clear = ClearAddress(address=X_CHANNEL.upper(), reason="they mended it, by phone")
    desk.do(clear)
    bad = desk.one(BadAddress)
    assert (bad.cleared_by, bad.cleared_reason) == ("officer1", "they mended it, by phone")
    assert "no mail came back" in desk.refused(clear)
    key = desk.notified(case=case)
    desk.receive(report_of(desk.message_id_of(key), X_CHANNEL).replace(b"About", b"Again about"))
    assert desk.one(BadAddress).cleared_at is None
    desk.assert_whole()


@pytest.mark.parametrize(
    "act",
    [ClearAddress(address="nobody@x-platform.example", reason="any"), ClearAddress(address=X_CHANNEL, reason=" ")],
)
def test_clearing_needs_a_bounce_and_a_reason(desk: Desk, act: Command) -> None:
    """An address that never bounced cannot be cleared, and none can without a reason."""
    bounced(desk)
    desk.refused(act)
    assert desk.one(BadAddress).cleared_at is None


def test_a_delay_marks_nothing_and_neither_does_the_bounce_of_other_mail(desk: Desk) -> None:
    """A delay is no bounce, and a bounced referrer's address is no channel."""
    key = desk.notified()
    desk.receive(report_of(desk.message_id_of(key), X_CHANNEL, "delayed"))
    desk.receive(mail(REFERRER, "Fwd: bericht", "Dit gaat rond over de verkiezingen, kunt u het beoordelen?"))
    desk.settle()
    for row in desk.mails(recipient=REFERRER):
        desk.receive(report_of(row.message_id, REFERRER))
    assert desk.all(BadAddress) == []


# ---- the referrer


def test_the_referrer_is_written_to_at_once(desk: Desk) -> None:
    """A reply to the referrer is sent without approval and starts no clock, as no platform reads it."""
    stored = desk.receive(mail(REFERRER, "Verkeerde stemdag", "Kunt u dit bericht over de verkiezingen beoordelen?"))
    case = stored.case or ""
    assert case
    desk.settle()
    before = len(desk.server.to(REFERRER))
    desk.do(ReplyToReferrer(case=case, text="Wij hebben het bericht gezien."))
    desk.settle()
    reply = desk.env.parser.parse(desk.server.to(REFERRER)[before].octets)
    assert "Wij hebben het bericht gezien." in reply.text
    assert case in reply.text
    assert (desk.notifications(), desk.clock_rows()) == ([], [])
    assert "is empty" in desk.refused(ReplyToReferrer(case=case, text=" "))
    assert "nobody referred it" in desk.refused(ReplyToReferrer(case=desk.decided(), text="Any"))
