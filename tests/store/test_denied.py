# SPDX-License-Identifier: EUPL-1.2
"""While the submission server refuses the desk itself, all mail waits, the pager rings, and all leaves once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from flaggermail.health import status_gathering
from flaggermail.outbox import delivery
from flaggermail.record.definition import where
from flaggermail.record.rows import Attempt, Page
from flaggermail.record.states import AttemptResult, MailState
from flaggermail.reminders import outbox_ageing, sending
from flaggermail.services import UnitOfWork
from flaggermail.settings.model import PagerSettings
from tests.store.desk_fixtures import REFERRER, X_CHANNEL, Desk, mail

RELAY = "5.7.1 <urgent@x-platform.example>: Relay access denied"
MINUTE = timedelta(minutes=1)
REFUSALS = [(554, RELAY), (535, "authentication refused"), (554, "transaction failed"), (550, "5.7.60 not this sender")]


def call_pagers(desk: Desk) -> None:
    """Gives each officer a pager."""
    settings = desk.env.settings
    pagers = (PagerSettings(credential="pager"),)
    officers = tuple(one.model_copy(update={"pagers": pagers}) for one in settings.oncall.officers)
    changed = settings.model_copy(update={"oncall": settings.oncall.model_copy(update={"officers": officers})})
    desk.env = replace(desk.env, settings=changed)


def kinds(desk: Desk) -> list[str]:
    """Returns the kinds of the alarms about mail that does not leave, in order."""
    found = sorted(desk.alarms(), key=lambda alarm: (alarm.raised_at, alarm.id))
    return [alarm.kind for alarm in found if alarm.kind.startswith("outbox")]


def faults(desk: Desk) -> list[str]:
    """Returns what `status` names as wrong about the submission server."""
    with desk.env.store.read() as tx:
        seen = status_gathering.gather(UnitOfWork(desk.env, tx, desk.clock.now()), link=True)
    return [trouble for trouble in seen.troubles() if "submission" in trouble]


@pytest.mark.parametrize(("code", "text"), REFUSALS)
def test_a_server_that_refuses_everything_loses_nothing(desk: Desk, code: int, text: str) -> None:
    """For three days each mail is refused, alarms included; once it is mended each leaves once, in order."""
    key = desk.approved()
    desk.server.says(code, text=text)
    desk.settle()
    for hour in range(0, 72, 2):
        if hour == 6:
            desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
        desk.go_on(120)
    waiting = [row.id for row in desk.mails(state=MailState.QUEUED)]
    assert len(waiting) > 3
    assert not desk.mails(state=MailState.REFUSED)
    assert desk.notification(key).state == "approved"
    before = len(desk.server.envelopes)
    desk.server.script.clear()
    for _ in range(40):
        desk.go_on(1)
    left = desk.server.envelopes[before:]
    assert {desk.mail(mail_id).state for mail_id in waiting} == {"accepted"}
    assert len({(one.recipient, one.octets) for one in left}) == len(left)
    assert desk.notification(key).state == "sent"
    desk.assert_whole()


@pytest.mark.parametrize(("code", "text"), REFUSALS)
def test_it_is_told_at_once_by_pager_and_status(desk: Desk, code: int, text: str) -> None:
    """One alarm and page at the first refusal, `status` quotes the server, and one alarm tells the end."""
    call_pagers(desk)
    desk.approved()
    desk.server.says(code, text=text)
    desk.settle()  # an unclear refusal is about the desk once the alarm about it is refused too
    sending.tick(desk.env)
    assert kinds(desk) == ["outbox denied"]
    assert desk.all(Page)
    (fault,) = faults(desk)
    assert fault.startswith("the submission server refuses the desk: ")
    assert str(code) in fault
    assert "@" not in fault
    desk.go_on(3)
    assert kinds(desk) == ["outbox denied"]
    desk.server.script.clear()
    for _ in range(20):
        desk.go_on(2)
    assert kinds(desk)[-1] == "outbox taken"
    assert faults(desk) == []
    for _ in range(5):
        desk.go_on(1)
    assert kinds(desk).count("outbox denied") == kinds(desk).count("outbox taken") == 1


def test_only_the_first_mail_asks_and_ever_more_slowly(desk: Desk) -> None:
    """A login that is refused all night is tried at most every thirty minutes, and by one mail alone."""
    key = desk.approved()
    desk.server.says(535, text="authentication refused")
    for _ in range(150):
        desk.go_on(4)
    tried = desk.all(Attempt, where(Attempt.result).is_(AttemptResult.DENIED))
    assert {attempt.mail for attempt in tried} == {desk.mail_of(key).id}
    assert 20 <= len(tried) <= 25


def test_a_new_password_is_tried_at_once(desk: Desk) -> None:
    """`try_now` lets the waiting mail leave; where nothing is denied it changes nothing."""
    desk.approved()
    desk.server.says(535, text="authentication refused")
    for _ in range(30):
        desk.go_on(4)
    desk.server.script.clear()
    assert delivery.drain(desk.env) == 0
    assert delivery.try_now(desk.env)
    assert delivery.drain(desk.env) > 0
    before = len(desk.events())
    assert not delivery.try_now(desk.env)
    assert len(desk.events()) == before


def test_an_unknown_address_is_final_at_once(desk: Desk) -> None:
    """What is clearly about the recipient is refused for good, as nothing else would change it."""
    key = desk.approved()
    desk.server.says(550, X_CHANNEL, "5.1.1 unknown user")
    desk.settle()
    assert desk.notification(key).state == "failed"
    assert kinds(desk) == []


def test_an_unclear_refusal_is_final_once_other_mail_is_accepted(desk: Desk) -> None:
    """The alarm about the first refusal leaves, so the second one is about this mail."""
    key = desk.approved()
    desk.server.says(554, X_CHANNEL, "transaction failed")
    desk.settle()
    assert desk.notification(key).state == "approved"
    desk.go_on(2)
    assert desk.notification(key).state == "failed"


def test_a_retry_in_hand_is_no_recovery(desk: Desk) -> None:
    """While the denied mail is being tried again, no alarm claims that mail leaves."""
    desk.approved()
    desk.server.says(554, text=RELAY)
    desk.settle()
    desk.clock.set(desk.clock.now() + 5 * MINUTE)
    assert delivery.claim(desk.env) is not None
    assert outbox_ageing.tick_outbox(desk.env) == 0
    assert kinds(desk) == ["outbox denied"]
