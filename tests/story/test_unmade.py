# SPDX-License-Identifier: EUPL-1.2
"""A mail that cannot be made counts as told to nobody: who is in charge learns of it, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flaggermail.commands.write_referrer import ReplyToReferrer
from flaggermail.health import readiness
from flaggermail.letters import writing
from flaggermail.notices import notices
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Alarm, Page, Token
from flaggermail.record.rows.alarms import AlarmKind, alarm
from flaggermail.reminders import paging
from flaggermail.services import UnitOfWork
from flaggermail.wording.alarms import AlarmText
from tests.store.desk_fixtures import HEAD, OFFICER, START, Desk, mail
from tests.story.test_escalation_night import configured, pass_time, told

UNADDRESSED = "jos\u00e9@bzk.example"  # for which no server without SMTPUTF8 takes mail
Made = Callable[..., Desk]


def rota(*more: dict[str, object], address: str = UNADDRESSED) -> dict[str, object]:
    """Returns an oncall.yaml whose officer on call has an address to which no mail can be made."""
    return {
        "officers": [
            {"id": "officer1", "name": "J. Peeters", "address": address, "login": "officer1",
             "roles": ["officer", "assessor", "approver"], "pagers": [{"credential": "pager-1"}]},
            {"id": "officer2", "name": "B. de Vries", "address": "b.devries@bzk.example", "login": "officer2",
             "roles": ["officer", "assessor", "approver"]},
            {"id": "head1", "name": "C. Bakker", "address": HEAD, "login": "head1", "roles": ["head", "approver"],
             "pagers": [{"credential": "pager-2"}]},
            *more,
        ],
        "fallback_officer": "officer1",
    }  # fmt: skip


def of_kind(desk: Desk, kind: AlarmKind) -> list[Alarm]:
    """Returns the alarms of that kind."""
    return [one for one in desk.alarms() if one.kind is kind]


def test_a_step_whose_mail_cannot_be_made_is_not_told_and_the_head_learns_of_it(make: Made) -> None:
    """No reminder is on record, the head gets one mail and both pagers are called; later steps reach the head."""
    desk = make(rota=rota())
    use = desk.notified()
    before = desk.happened(EventKind.MAIL_UNRENDERABLE)
    pass_time(desk, 61)
    for _ in range(4):
        desk.go_on(1)
    assert [row for row in desk.reminders() if row.notification == use] == []
    assert desk.happened(EventKind.REMINDER_SENT) == 0
    steps = [one for one in of_kind(desk, AlarmKind.MAIL_UNMADE) if one.notification == use and "/reminder/" in one.id]
    assert len(steps) == 1
    assert UNADDRESSED in steps[0].text.english
    assert desk.happened(EventKind.MAIL_UNRENDERABLE) == before + 1
    mails = [mail.recipient for mail in desk.mails() if mail.dedupe.startswith(f"alarm/{steps[0].id}")]
    assert mails[0] == HEAD
    assert {page.officer for page in desk.all(Page) if page.notification == use} == {"officer1", "head1"}
    pass_time(desk, 180)
    assert [(row.step, row.officer) for row in desk.reminders()] == [(240, "head1")]
    assert told(desk, START)[0][1:] == ("escalation", HEAD)


def test_a_step_that_is_due_reaches_the_officer_once_the_address_is_right(make: Made) -> None:
    """What was told to nobody is still due; the record holds no token for a mail that was never made."""
    desk = make(rota=rota())
    desk.notified()
    pass_time(desk, 62)
    assert [one for one in desk.all(Token) if one.reminder] == []
    desk.with_settings(configured(desk.env.settings, None, rota(address=OFFICER)))
    desk.settle()
    assert [(row.step, row.officer) for row in desk.reminders()] == [(60, "officer1")]


def test_an_alarm_goes_on_to_the_next_who_can_be_told(make: Made) -> None:
    """An alarm for the officer on call alone goes to the head if no mail to that officer can be made."""
    desk = make(rota=rota())
    with desk.env.store.begin() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now())
        raised = alarm(AlarmKind.DISK_LOW, "disk low/1", AlarmText.UNREACHED(name="x"), work.now)
        notices.raise_alarm(work, raised, "flaggermail status")
    assert [mail.recipient for mail in desk.mails()] == [HEAD]
    paging.tick(desk.env)
    assert {page.officer for page in desk.all(Page)} == {"officer1", "head1"}


def test_a_letter_that_nobody_can_get_is_not_sent_each_hour(make: Made) -> None:
    """The readiness letter of a morning is tried once for each officer, and the head learns who has none."""
    desk = make(rota=rota())
    for _ in range(5):
        readiness.send(desk.env)
        desk.clock.set(desk.clock.now() + timedelta(hours=1))
    assert desk.happened(EventKind.DIGEST_SENT) == 1
    assert len(of_kind(desk, AlarmKind.MAIL_UNMADE)) == 1


def test_a_letter_of_an_observing_desk_is_withheld_once(make: Made) -> None:
    """While the desk observes, nobody gets the letter: one event says so, not one an hour."""
    desk = make()
    writing.begin(desk.env)
    for _ in range(5):
        readiness.send(desk.env)
        desk.clock.set(desk.clock.now() + timedelta(hours=1))
    assert desk.happened(EventKind.DIGEST_SENT) == 1


def test_a_letter_to_a_referrer_that_cannot_be_made_is_refused(make: Made) -> None:
    """Who writes to a referrer learns at once that no mail to that address can be made, and nothing is recorded."""
    desk = make()
    referrer = "jos\u00e9@lindewaard.example"
    stored = desk.receive(mail(referrer, "Verkeerde stemdag op X", "Op X staat een verkeerde stemdag. Graag melden."))
    assert stored.case is not None
    assert "is not a mail address" in desk.refused(ReplyToReferrer(case=stored.case, text="Dank u wel."))


def test_an_address_that_is_not_ascii_works_where_the_server_takes_it(make: Made) -> None:
    """With `submission.smtputf8` the officer is reminded, and the reply from that address acts."""
    desk = make(rota=rota())
    own = desk.env.settings.desk
    taken = own.model_copy(update={"submission": own.submission.model_copy(update={"smtputf8": True})})
    desk.with_settings(desk.env.settings.model_copy(update={"desk": taken}))
    desk.notified()
    pass_time(desk, 61)
    assert [(row.step, row.officer) for row in desk.reminders()] == [(60, "officer1")]
    (sent,) = [one for one in desk.mails() if one.kind == Kind.REMINDER]
    assert sent.recipient == UNADDRESSED
    assert f"<{UNADDRESSED}>".encode() in desk.env.octets.get(sent.digest)
    desk.receive(mail(UNADDRESSED, "Re: herinnering", "ok", answers=sent.message_id))
    assert [row.acknowledged_by for row in desk.reminders()] == ["officer1"]


def test_what_came_in_is_told_to_the_head_if_no_mail_to_the_officer_can_be_made(make: Made) -> None:
    """The notice itself, with a token of the head's own, beside the alarm."""
    desk = make(rota=rota())
    stored = desk.receive(mail("griffie@lindewaard.example", "Verkeerde stemdag op X", "Op X staat een verkeerde dag."))
    notice = [one for one in desk.mails() if one.dedupe.startswith(f"notice/{stored.id}/")]
    assert [one.recipient for one in notice] == [HEAD]
    assert len(of_kind(desk, AlarmKind.MAIL_UNMADE)) == 1
    assert {one.officer for one in desk.all(Token) if one.message == stored.id} == {"head1"}
