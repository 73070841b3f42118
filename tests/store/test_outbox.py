# SPDX-License-Identifier: EUPL-1.2
"""The result of a delivery attempt for each answer of the server, and for none."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from flaggermail.commands.approve import Approve
from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.channel_status import ClearAddress
from flaggermail.commands.notify import Draft
from flaggermail.commands.outbox import ResolveMail
from flaggermail.figures.ledger import of_events
from flaggermail.figures.uses import uses_of
from flaggermail.outbox import delivery
from flaggermail.record.case_values import Decision
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Attempt, OutboxMail, StoredMessage
from tests.store.desk_fixtures import DESK, HEAD, OFFICER, REFERRER, START, X_CHANNEL, Desk, X, mail, report_of

RUNNING = {"receipt": ("running", None), "human": ("running", None), "substance": ("running", None)}
CANCELLED = {"receipt": ("cancelled", None), "human": ("cancelled", None), "substance": ("cancelled", None)}
SECOND = "second@x-platform.example"


def approved(desk: Desk, channel: str = "x-urgent") -> str:
    """Returns a notification that waits in the outbox."""
    return desk.approved(channel)


def alarms(desk: Desk) -> list[str]:
    """Returns the kinds of the alarms that were raised."""
    return sorted(alarm.kind for alarm in desk.alarms())


def died_while_sending(desk: Desk) -> OutboxMail:
    """Claims the first due mail as a program would that died before the server's answer was recorded."""
    claimed = delivery.claim(desk.env)  # the instant between the two commits cannot be reached otherwise
    assert claimed is not None
    return claimed


def attempts(desk: Desk, envelope: OutboxMail) -> list[tuple[str | None, int]]:
    """Returns the result and code of each attempt."""
    return [(attempt.result, attempt.code) for attempt in desk.all(Attempt, where(Attempt.mail).is_(envelope.id))]


# ---- accepted


def test_accepted_notification_was_sent_then(desk: Desk) -> None:
    """At the instant of acceptance the clocks start, message and notification are dated, and the case is notified."""
    key = approved(desk)
    desk.clock.set(START + timedelta(minutes=3))
    delivery.drain(desk.env)
    assert desk.server.envelopes[0].recipient == X_CHANNEL
    use, envelope = desk.notification(key), desk.mail_of(key)
    assert (use.state, use.sent_at) == ("sent", desk.clock.now())
    assert (envelope.state, envelope.done_at, envelope.tries) == ("accepted", desk.clock.now(), 1)
    assert attempts(desk, envelope) == [("accepted", 250)]
    assert {clock.started_at for clock in desk.clock_rows()} == {desk.clock.now()}
    assert desk.one(StoredMessage, where(StoredMessage.message_id).is_(use.message_id)).received_at == desk.clock.now()
    assert desk.case(use.case).state == "notified"
    assert delivery.drain(desk.env) == 0


def test_an_untried_notification_goes_before_all_else(desk: Desk) -> None:
    """A slow server may take half a minute for each notice before it; once tried, it waits its turn as they do."""
    for number in range(3):
        desk.receive(mail(REFERRER, f"Vraag {number}", "Wat nu?"))
    key = approved(desk)
    desk.server.says(450, X_CHANNEL)
    delivery.drain(desk.env)
    assert desk.server.envelopes[0].recipient == X_CHANNEL
    desk.server.script.clear()
    desk.receive(mail(REFERRER, "Nog een vraag", "En nu?"))
    desk.go_on(5)
    later = [one.recipient for one in desk.server.envelopes[1:]]
    assert later.index(X_CHANNEL) > 0
    assert desk.notification(key).state == "sent"


def test_attempt_is_recorded_before_the_network_is_touched(desk: Desk) -> None:
    """A claimed mail is recorded as attempting, with its attempt, before the server has answered."""
    key = approved(desk)
    died_while_sending(desk)
    assert desk.mail_of(key).state == "attempting"
    assert attempts(desk, desk.mail_of(key)) == [(None, 0)]
    assert desk.server.envelopes == []


# ---- refused


def test_refused_for_good_fails_the_notification_and_alarms(desk: Desk) -> None:
    """After a permanent refusal no clock runs, the officer gets an alarm at once, and nothing is retried."""
    key = approved(desk)
    desk.server.says(550, X_CHANNEL)
    desk.settle()
    assert desk.notification(key).state == "failed"
    assert desk.mail_of(key).state == "refused"
    assert desk.clocks(key) == {}
    assert alarms(desk) == ["refused"]
    assert [mail.recipient for mail in desk.mails(kind=Kind.ALARM)] == [OFFICER]
    desk.go_on(500)
    assert len(desk.server.to(X_CHANNEL)) == 1


def test_refused_for_now_is_tried_again_by_the_schedule(desk: Desk) -> None:
    """Retries follow after 1, 2, 5, 10, 15, then every 30 minutes; each alarm comes once; acceptance starts clocks."""
    key = approved(desk)
    desk.server.says(450, X_CHANNEL)
    desk.settle()
    for wait in (1, 2, 5, 10, 15, 30, 30):
        tried = len(desk.server.to(X_CHANNEL))
        due = desk.mail_of(key).next_try_at
        assert due is not None
        assert 1 <= (due - desk.clock.now()) / timedelta(minutes=wait) < 1.1
        desk.go_on(wait - 0.1)
        assert len(desk.server.to(X_CHANNEL)) == tried
        desk.clock.set(due)
        desk.settle()
        assert len(desk.server.to(X_CHANNEL)) == tried + 1
    assert (alarms(desk), desk.clocks(key)) == (["deferred", "recipient waits"], {})
    desk.server.script.clear()
    desk.go_on(33)
    assert desk.notification(key).sent_at == desk.clock.now()
    assert desk.clocks(key) == RUNNING
    assert attempts(desk, desk.mail_of(key))[-2:] == [("deferred", 450), ("accepted", 250)]


def test_given_up_after_two_days(desk: Desk) -> None:
    """A temporary refusal becomes permanent at the limit: the notification fails with one more alarm."""
    key = approved(desk)
    desk.server.says(450, X_CHANNEL)
    desk.settle()
    desk.go_on(48 * 60 - 1)
    assert desk.notification(key).state == "failed"
    assert alarms(desk) == ["deferred", "refused"]
    assert desk.mail_of(key).next_try_at is None


def test_no_connection_is_a_refusal_for_now(desk: Desk) -> None:
    """A mail to a server that cannot be reached is retried."""
    key = approved(desk)
    desk.server.says(0, X_CHANNEL)
    desk.settle()
    assert desk.mail_of(key).state == "queued"
    assert attempts(desk, desk.mail_of(key)) == [("unreachable", 0)]


def test_an_alarm_that_reaches_nobody_comes_to_an_end(desk: Desk) -> None:
    """If every address is refused, each officer is tried once, and no further alarm is raised."""
    approved(desk)
    desk.server.says(550)
    desk.settle()
    told = desk.mails(kind=Kind.ALARM)
    officers = desk.env.settings.rota.officers
    assert sorted(mail.recipient for mail in told) == sorted(officer.address for officer in officers)
    assert {mail.state for mail in told} == {"refused"}
    assert set(alarms(desk)) == {"officer unreached", "refused"}
    desk.go_on(60)
    assert len(desk.mails(kind=Kind.ALARM)) == len(told)


# ---- no answer after the final dot


def test_notification_in_doubt_waits_for_a_person(desk: Desk) -> None:
    """A platform's mail is sent at most once: it becomes uncertain with an alarm and is not retried automatically."""
    key = approved(desk)
    desk.server.says(-1, X_CHANNEL)
    desk.settle()
    assert desk.mail_of(key).state == "uncertain"
    assert (alarms(desk), desk.clocks(key)) == (["uncertain"], {})
    assert desk.notification(key).state == "approved"
    desk.go_on(3000)
    assert len(desk.server.to(X_CHANNEL)) == 1


def handed_over(desk: Desk, minutes: int) -> list[int]:
    """Returns in which minutes a notice to the officer was handed over, of which the server says nothing."""
    desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    desk.server.says(-1, OFFICER)
    at: list[int] = []
    for minute in range(minutes):
        desk.clock.set(START + timedelta(minutes=minute))
        delivery.drain(desk.env)
        at += [minute] * (len(desk.server.to(OFFICER)) - len(at))
    return at


def test_officers_mail_in_doubt_is_sent_again(desk: Desk) -> None:
    """An officer's mail is sent at least once, under one Message-ID; each wait is longer, and an hour holds three."""
    at = handed_over(desk, 12 * 60)
    waits = [later - earlier for earlier, later in pairwise(at)]
    assert waits == sorted(waits)
    assert waits[0] >= 1
    assert len(at) == 7
    assert max(sum(begin <= one < begin + 60 for one in at) for begin in at) == 3
    assert len({sent.octets for sent in desk.server.to(OFFICER)}) == 1
    desk.server.script.clear()
    desk.go_on(250)
    assert desk.one(OutboxMail, where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE)).state == "accepted"
    assert alarms(desk) == []


def test_a_mail_in_doubt_keeps_its_wait(desk: Desk) -> None:
    """A new password hurries what was refused, and not what the server perhaps took."""
    handed_over(desk, 5)
    approved(desk)
    approved(desk, "meta-elections")
    desk.server.says(554, text="5.7.1 rejected")
    delivery.drain(desk.env)
    before = {one.id: one.next_try_at for one in desk.mails(recipient=OFFICER)}
    assert delivery.try_now(desk.env)
    after = {one.id: one.next_try_at for one in desk.mails(recipient=OFFICER)}
    first = desk.one(OutboxMail, where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE), where(OutboxMail.tries).is_(2)).id
    assert after[first] == before[first]
    assert (after[first] or START) > desk.clock.now()


def test_officers_mail_that_stays_in_doubt_is_given_up_with_an_alarm(desk: Desk) -> None:
    """After two days without an answer it is refused, like any other mail."""
    desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    desk.server.says(-1, OFFICER)
    desk.settle()
    desk.go_on(48 * 60)
    assert desk.one(OutboxMail, where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE)).state == "refused"
    assert alarms(desk) == ["officer unreached"]
    assert desk.server.to(HEAD)


def test_death_in_between_leaves_a_notification_uncertain(desk: Desk) -> None:
    """After a restart the claimed notification is uncertain, with an alarm, and is not sent automatically."""
    key = approved(desk)
    died_while_sending(desk)
    assert delivery.recover(desk.env) == 1
    assert delivery.recover(desk.env) == 0
    desk.go_on(3000)
    assert desk.mail_of(key).state == "uncertain"
    assert (alarms(desk), desk.server.to(X_CHANNEL)) == (["uncertain"], [])


def test_death_in_between_sends_an_officers_mail_again(desk: Desk) -> None:
    """After a restart the officer's notice is sent, perhaps a second time."""
    desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    claimed = died_while_sending(desk)
    assert delivery.recover(desk.env) == 1
    desk.settle()
    assert desk.mail(claimed.id).state == "accepted"
    assert attempts(desk, claimed) == [("unknown", 0), ("accepted", 250)]


# ---- resolving


def uncertain(desk: Desk) -> str:
    """Returns a notification whose sending is in doubt."""
    key = approved(desk)
    desk.server.says(-1, X_CHANNEL)
    desk.settle()
    desk.server.script.clear()
    return key


@pytest.mark.parametrize("folder", ["Sent", "INBOX"])
def test_copy_of_the_mail_itself_proves_that_it_was_sent(desk: Desk, folder: str) -> None:
    """Our own octets in Sent, or in the inbox as a copy to ourselves, start the clocks at the copy's arrival."""
    key = uncertain(desk)
    (sent,) = desk.server.to(X_CHANNEL)
    desk.clock.set(START + timedelta(minutes=9))
    copy = desk.receive(sent.octets, at=START + timedelta(minutes=2), folder=folder)
    assert (copy.direction, copy.kinds) == ("out", ("notification",))
    assert desk.notification(key).sent_at == START + timedelta(minutes=2)
    assert desk.notification(key).sent_basis == "sent copy"
    assert desk.clocks(key) == RUNNING
    assert desk.mail_of(key).state == "accepted"


def test_copy_dated_ahead_of_our_clock_proves_the_sending_now(desk: Desk) -> None:
    """If the mailbox server's clock is ahead, the mail counts as sent now."""
    key = uncertain(desk)
    (sent,) = desk.server.to(X_CHANNEL)
    desk.receive(sent.octets, at=desk.clock.now() + timedelta(seconds=30), folder="Sent")
    assert desk.notification(key).sent_at == desk.clock.now()


def test_person_says_that_it_was_sent(desk: Desk) -> None:
    """The officer names the instant; the clocks start then, and nothing is sent again."""
    key = uncertain(desk)
    desk.go_on(20)
    at = START + timedelta(minutes=1)
    desk.do(ResolveMail(mail=desk.mail_of(key).id, sent_at=at))
    assert (desk.notification(key).sent_at, desk.clocks(key)) == (at, RUNNING)
    assert desk.notification(key).sent_basis == "by hand"
    assert {clock.started_at for clock in desk.clock_rows()} == {at}
    desk.settle()
    assert len(desk.server.to(X_CHANNEL)) == 1


def test_as_of_an_earlier_instant_nobody_had_said_that_it_was_sent(desk: Desk) -> None:
    """The officer's word bears the instant of the sending; the record had it only when it was given."""
    key = uncertain(desk)
    desk.clock.set(START + timedelta(minutes=30))
    desk.do(ResolveMail(mail=desk.mail_of(key).id, sent_at=START + timedelta(minutes=1)))
    assert [used_as_of(desk, minutes) for minutes in (29, 30)] == [[], [key]]


def test_as_of_an_earlier_instant_no_copy_had_proven_it(desk: Desk) -> None:
    """A copy proves the sending from its arrival; the record had it only when it saw the copy."""
    key = uncertain(desk)
    (sent,) = desk.server.to(X_CHANNEL)
    desk.clock.set(START + timedelta(minutes=30))
    desk.receive(sent.octets, at=START + timedelta(minutes=2), folder="Sent")
    assert [used_as_of(desk, minutes) for minutes in (29, 30)] == [[], [key]]


def used_as_of(desk: Desk, minutes: int) -> list[str]:
    """Returns the uses that the record held so many minutes after the start."""
    with desk.env.store.read() as tx:
        then = of_events((event for _, event in tx.events()), START + timedelta(minutes=minutes))
    return [use.notification for use in uses_of(then)]


def test_person_lets_it_be_sent_again(desk: Desk) -> None:
    """The same octets are sent a second time."""
    key = uncertain(desk)
    desk.do(ResolveMail(mail=desk.mail_of(key).id, again=True))
    desk.settle()
    first, second = desk.server.to(X_CHANNEL)
    assert first.octets == second.octets
    assert desk.clocks(key) == RUNNING


def test_copy_of_a_mail_that_is_in_no_doubt_changes_nothing(desk: Desk) -> None:
    """The usual copy in Sent is a delivery of our own message; the clocks keep the instant of acceptance."""
    key = desk.notified()
    before = desk.notification(key)
    (sent,) = desk.server.to(X_CHANNEL)
    desk.receive(sent.octets, at=START + timedelta(minutes=7), folder="Sent")
    assert desk.notification(key) == before
    assert before.sent_basis == "mail"
    assert len(desk.messages(message_id=before.message_id)) == 1


def test_mail_that_only_bears_our_name_proves_nothing(desk: Desk) -> None:
    """Every recipient knows our Message-ID: another text under it in the inbox is a separate message."""
    key = uncertain(desk)
    forged = mail(DESK, "Any", "Not what we wrote.", auth="fail", message_id=desk.message_id_of(key))
    stored = desk.receive(forged)
    assert stored.same_id_as is not None
    assert (desk.mail_of(key).state, desk.clocks(key)) == ("uncertain", {})


def test_copy_that_our_server_changed_proves_it_in_sent(desk: Desk) -> None:
    """A copy in Sent to which the server added a line still proves the sending."""
    key = uncertain(desk)
    (sent,) = desk.server.to(X_CHANNEL)
    desk.receive(sent.octets + b"Sent from our server\r\n", folder="Sent")
    assert desk.clocks(key) == RUNNING


# ---- bounces


def test_bounce_cancels_the_clocks_and_alarms_once(desk: Desk) -> None:
    """A bounce cancels the clocks and fails the notification; a second report raises no second alarm."""
    key = desk.notified()
    stored = desk.receive(report_of(desk.message_id_of(key), X_CHANNEL))
    desk.go_on(1)
    desk.receive(report_of(desk.message_id_of(key), X_CHANNEL).replace(b"About", b"Again about"))
    desk.go_on(1)
    assert (stored.mechanical, stored.case) == ("bounce", desk.notification(key).case)
    assert desk.clocks(key) == CANCELLED
    assert desk.notification(key).state == "failed"
    assert (desk.mail_of(key).state, desk.mail_of(key).bounced) == ("refused", True)
    assert alarms(desk) == ["bounced"]
    alarm_mails = [m for m in desk.mails(kind=Kind.ALARM) if m.recipient == OFFICER]
    assert len(alarm_mails) == 1
    desk.go_on(600)
    assert not desk.mails(kind=Kind.REMINDER, notification=key)


def test_delay_alarms_and_leaves_the_clocks_running(desk: Desk) -> None:
    """A delay report is no bounce; two of them raise one alarm."""
    key = desk.notified()
    desk.receive(report_of(desk.message_id_of(key), X_CHANNEL, "delayed"))
    desk.clock.set(desk.clock.now() + timedelta(minutes=1))
    desk.receive(report_of(desk.message_id_of(key), X_CHANNEL, "delayed").replace(b"About", b"Again about"))
    assert (desk.clocks(key), alarms(desk)) == (RUNNING, ["delayed"])
    assert desk.mail_of(key).state == "accepted"


def test_bounce_of_something_else_is_shown_to_a_person(desk: Desk) -> None:
    """A report about an unknown mail, or an address we did not write to, changes nothing that was sent."""
    key = desk.notified()
    desk.receive(report_of("strange@elsewhere.example", X_CHANNEL))
    desk.receive(report_of(desk.message_id_of(key), "other@x-platform.example"))
    assert (desk.clocks(key), alarms(desk)) == (RUNNING, [])
    assert len([m for m in desk.mails(kind=Kind.OFFICER_NOTICE) if m.dedupe.startswith("notice/")]) == 2


def test_resend_after_a_bounce_starts_clocks_of_its_own(desk: Desk) -> None:
    """The failed notification stays listed; the clocks of the new one start when it is sent."""
    key = desk.notified()
    desk.receive(report_of(desk.message_id_of(key), X_CHANNEL))
    desk.go_on(15)
    desk.do(ClearAddress(address=X_CHANNEL, reason="their mail works again, they say by phone"))
    again = desk.notified(case=desk.notification(key).case)
    assert [(n.id, n.state) for n in desk.notifications()] == [(key, "failed"), (again, "sent")]
    assert (desk.clocks(key), desk.clocks(again)) == (CANCELLED, RUNNING)
    assert {c.started_at for c in desk.clock_rows(notification=again)} == {START + timedelta(minutes=15)}
    answer = desk.receive(mail(X, answers=desk.message_id_of(again)))
    assert answer.notification == again
    assert desk.clocks(key) == CANCELLED


# ---- two recipients


def test_one_of_two_recipients_refused_is_sent_all_the_same(desk: Desk) -> None:
    """The clocks start with the accepted recipient; the refused one raises an alarm."""
    key = approved(desk, "x-two")
    desk.server.says(550, X_CHANNEL)
    desk.settle()
    assert (desk.notification(key).state, desk.clocks(key)) == ("sent", RUNNING)
    assert (alarms(desk), desk.notification(key).sent_at) == (["refused"], START)
    states = {m.recipient: m.state for m in desk.mails(notification=key, at_most_once=True)}
    assert states == {X_CHANNEL: "refused", SECOND: "accepted"}
    assert desk.happened(EventKind.NOTIFICATION_FAILED) == 0


def test_clocks_start_at_the_first_of_two_recipients(desk: Desk) -> None:
    """The later acceptance by the second recipient does not move the start."""
    key = approved(desk, "x-two")
    desk.server.says(450, X_CHANNEL)
    desk.settle()
    desk.server.script.clear()
    desk.go_on(1.1)
    assert {m.state for m in desk.mails(notification=key, at_most_once=True)} == {"accepted"}
    assert desk.notification(key).sent_at == START


def test_a_bounce_of_one_of_two_recipients_leaves_it_sent(desk: Desk) -> None:
    """The notification fails only when every recipient has bounced."""
    key = approved(desk, "x-two")
    desk.settle()
    desk.receive(report_of(desk.message_id_of(key), SECOND))
    assert (desk.notification(key).state, desk.clocks(key)) == ("sent", RUNNING)
    desk.receive(report_of(desk.message_id_of(key), X_CHANNEL))
    assert (desk.notification(key).state, desk.clocks(key)) == ("failed", CANCELLED)


def test_a_bounce_of_the_first_of_two_leaves_what_an_officer_noted(desk: Desk) -> None:
    """The second was in doubt, and an officer said when it was sent: the clocks run from then, by hand."""
    key = approved(desk, "x-two")
    desk.server.says(-1, SECOND)
    desk.settle()
    second = desk.one(OutboxMail, where(OutboxMail.notification).is_(key), where(OutboxMail.recipient).is_(SECOND))
    desk.go_on(5)
    at = START + timedelta(minutes=3)
    desk.do(ResolveMail(mail=second.id, sent_at=at))
    assert (desk.notification(key).sent_at, desk.notification(key).sent_basis) == (START, "mail")
    desk.receive(report_of(desk.message_id_of(key), X_CHANNEL))
    assert (desk.notification(key).sent_at, desk.notification(key).sent_basis) == (at, "by hand")


def test_a_bounce_of_the_first_of_two_lets_the_clocks_run_from_the_second(desk: Desk) -> None:
    """The first acceptance that did not bounce counts: after the bounce all three clocks run from the second's."""
    key = approved(desk, "x-two")
    desk.server.says(450, SECOND)
    desk.settle()
    desk.server.script.clear()
    desk.go_on(1.1)
    later = desk.mail(
        desk.one(OutboxMail, where(OutboxMail.notification).is_(key), where(OutboxMail.recipient).is_(SECOND)).id
    ).done_at
    assert later is not None
    assert later > START
    assert desk.notification(key).sent_at == START
    desk.receive(report_of(desk.message_id_of(key), X_CHANNEL))
    assert (desk.notification(key).sent_at, desk.notification(key).sent_basis) == (later, "mail")
    assert {clock.started_at for clock in desk.clock_rows()} == {later}
    assert desk.clocks(key) == RUNNING


def test_both_refused_fails(desk: Desk) -> None:
    """A notification that was refused for every recipient was not sent."""
    key = approved(desk, "x-two")
    desk.server.says(550)
    desk.settle()
    assert (desk.notification(key).state, desk.clocks(key)) == ("failed", {})


# ---- the referrer is informed once


def test_referrer_is_told_when_it_has_left_and_not_again(desk: Desk) -> None:
    """The referrer is informed when the notification has been sent, and not again when it is sent anew."""
    stored = desk.receive(mail(REFERRER, "Bericht over stembiljet", "Er gaat een bericht rond."))
    assert stored.case is not None
    desk.do(Assess(case=stored.case, incorrect=True, criteria=(1,)))
    desk.do(Decide(case=stored.case, decision=Decision.NOTIFY, reason="invalid votes"))
    draft = desk.do(Draft(case=stored.case, channel="x-urgent", text="Two posts."))
    desk.do(Approve(draft=draft.key))
    assert desk.mails(kind=Kind.DECISION_NOTICE) == []
    desk.settle()
    assert len(desk.mails(kind=Kind.DECISION_NOTICE)) == 1
    desk.receive(report_of(desk.message_id_of(draft.key), X_CHANNEL))
    desk.do(ClearAddress(address=X_CHANNEL, reason="their mail works again, they say by phone"))
    again = desk.do(Draft(case=stored.case, channel="x-urgent", text="Two posts."))
    desk.do(Approve(draft=again.key))
    desk.settle()
    assert [m.recipient for m in desk.mails(kind=Kind.DECISION_NOTICE)] == [REFERRER]
    assert desk.happened(EventKind.NOTIFICATION_SENT) == 2
