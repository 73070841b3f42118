# SPDX-License-Identifier: EUPL-1.2
"""A platform may answer a notification before we know for certain that it was sent."""

from __future__ import annotations

from datetime import timedelta

from flaggermail.commands.approve import Approve
from flaggermail.commands.outbox import ResolveMail
from flaggermail.outbox import delivery
from tests.store.desk_fixtures import START, Desk, mail

STOPPED = dict.fromkeys(("receipt", "human", "substance"), ("stopped", 3))


def in_doubt(desk: Desk) -> str:
    """Returns the id of a notification whose submission got no answer."""
    key = desk.drafted()
    desk.server.says(-1)
    desk.do(Approve(draft=key))
    delivery.drain(desk.env)
    assert desk.mail_of(key).state == "uncertain"
    return key


def answer(desk: Desk, key: str) -> bytes:
    """Builds the platform's answer, three minutes after the start."""
    desk.clock.set(START + timedelta(minutes=3))
    return mail(answers=desk.message_id_of(key), at=desk.clock.now(), text="We have reviewed the post and removed it.")


def test_an_answer_to_a_mail_in_doubt_stops_the_clocks_once_it_is_settled(desk: Desk) -> None:
    """The answer is filed with the notification, starts no clock, and counts from the instant it arrived."""
    key = in_doubt(desk)
    stored = desk.receive(answer(desk, key))
    assert (stored.notification, desk.notification(key).state, desk.clocks(key)) == (key, "approved", {})
    desk.clock.set(START + timedelta(minutes=9))
    desk.do(ResolveMail(mail=desk.mail_of(key).id, sent_at=START))
    assert desk.clocks(key) == STOPPED
    desk.assert_whole()


def test_a_mail_that_names_only_the_case_is_no_answer_to_one_in_doubt(desk: Desk) -> None:
    """A mail that names no key of the notification may be about anything in the case."""
    key = in_doubt(desk)
    stored = desk.receive(mail(subject=f"About {desk.notification(key).case}", at=desk.clock.now()))
    assert stored.notification is None
