# SPDX-License-Identifier: EUPL-1.2
"""The desk's own configuration changes while a draft or a mail waits: approving and sending count the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from flaggermail.cases.configuration_record import register
from flaggermail.cli import commands
from flaggermail.cli.session import Session
from flaggermail.commands.approve import Approve, Reject
from flaggermail.commands.notify import Draft
from flaggermail.commands.outbox import CancelMail, RetryMail
from flaggermail.desk.views.handover import ShowHandover
from flaggermail.desk.views.notification import ShowMail
from flaggermail.health.status_gathering import gather
from flaggermail.outbox import delivery
from flaggermail.record.kinds import Kind
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.rules.configuration import Configuration
from flaggermail.services import UnitOfWork
from tests.acting import warned
from tests.store.desk_fixtures import (
    HEAD,
    OFFICER,
    REFERRER,
    X_CHANNEL,
    Desk,
    NewDesk,
    mail,
)

NEW = "elections@x-platform.example"
SIGNER = "signer@bzk.example"
Change = Callable[[Configuration], Configuration]


def persons(number: int) -> Change:
    """Returns the change after which so many persons must approve."""

    def change(settings: Configuration) -> Configuration:
        approval = settings.desk.approval.model_copy(update={"persons": number})
        return settings.model_copy(update={"desk": settings.desk.model_copy(update={"approval": approval})})

    return change


def without(*officers: str) -> Change:
    """Returns the change after which these officers are not in oncall.yaml."""

    def change(settings: Configuration) -> Configuration:
        left = tuple(one for one in settings.oncall.officers if one.id not in officers)
        return settings.model_copy(update={"oncall": settings.oncall.model_copy(update={"officers": left})})

    return change


def another_login(officer: str) -> Change:
    """Returns the change after which an officer has another login."""

    def change(settings: Configuration) -> Configuration:
        officers = tuple(
            one.model_copy(update={"login": "another"}) if one.id == officer else one
            for one in settings.oncall.officers
        )
        return settings.model_copy(update={"oncall": settings.oncall.model_copy(update={"officers": officers})})

    return change


def channel(of: str = "x-urgent", /, **values: object) -> Change:
    """Returns the change after which the first platform's channel of that code has other values."""

    def change(settings: Configuration) -> Configuration:
        first = settings.platform_list[0]
        channels = tuple(one.model_copy(update=values) if one.code == of else one for one in first.channels)
        platform = first.model_copy(update={"channels": channels})
        return settings.model_copy(update={"platform_list": (platform, *settings.platform_list[1:])})

    return change


def only(*codes: str) -> Change:
    """Returns the change after which the first platform has these channels alone."""

    def change(settings: Configuration) -> Configuration:
        first = settings.platform_list[0]
        left = tuple(one for one in first.channels if one.code in codes)
        platform = first.model_copy(update={"channels": left})
        return settings.model_copy(update={"platform_list": (platform, *settings.platform_list[1:])})

    return change


def reconfigure(desk: Desk, *changes: Change) -> None:
    """Starts the desk with another configuration."""
    settings = desk.env.settings
    for change in changes:
        settings = change(settings)
    desk.with_settings(settings)
    register(desk.env)


def drafted(desk: Desk, by: str = "clerk", to: str = "x-urgent") -> str:
    """Returns a draft by an officer who approves nothing."""
    return desk.do(Draft(case=desk.decided(), channel=to), by).key


def alarms(desk: Desk, kind: AlarmKind) -> list[str]:
    """Returns the texts of the alarms of that kind."""
    return [alarm.text.english for alarm in desk.alarms(kind=kind)]


def last_text(desk: Desk, address: str, kind: Kind) -> str:
    """Returns the last mail of that kind to that person, as flowing text."""
    of_kind = desk.mails(kind=kind, recipient=address)
    return " ".join(desk.env.parser.parse(desk.env.octets.get(of_kind[-1].digest)).text.split())


@contextmanager
def looking(desk: Desk) -> Iterator[UnitOfWork]:
    """Yields a unit of work in which the desk is looked at."""
    with desk.env.store.read() as tx:
        yield UnitOfWork(desk.env, tx, desk.clock.now())


def typed(desk: Desk, *words: str) -> str:
    """Returns what a command prints to an officer."""
    session = Session(Path(), given=desk.env, officer="head1")
    return CliRunner().invoke(commands, [*words], obj=session).output


# ---- who may approve is counted alike


def test_an_approver_who_left_does_not_count_at_approval(new_desk: NewDesk) -> None:
    """Of two, one approves and leaves oncall.yaml: the next one reads who still has to, and then the text leaves."""
    desk = new_desk(persons=2)
    key = drafted(desk)
    desk.do(Approve(draft=key), "officer2")
    reconfigure(desk, without("officer2"))
    outcome = desk.do(Approve(draft=key), "head1")
    assert outcome.text.english == f"draft {key}: 1 of 2 approvals"
    assert warned(outcome) == (
        "still to approve: A. Jansen or Signer",
        (
            "1 approval of the 2 that are needed; that of officer2 does not count (oncall.yaml names no approver with "
            "that login, or it is the author's own)"
        ),
    )
    desk.settle()
    assert desk.server.to(X_CHANNEL) == []
    told = last_text(desk, HEAD, Kind.OFFICER_NOTICE)
    assert "Nog goed te keuren door: A. Jansen of Signer." in told
    assert "De goedkeuring van officer2 telt niet mee" in told
    desk.do(Approve(draft=key), "signer")
    desk.settle()
    assert len(desk.server.to(X_CHANNEL)) == 1


def test_a_draft_whose_author_left_is_refused_at_approval(new_desk: NewDesk) -> None:
    """With two persons nobody knows that two others approved: the draft is rejected and drafted anew."""
    desk = new_desk(persons=2)
    key = drafted(desk)
    desk.do(Approve(draft=key), "officer2")
    reconfigure(desk, without("clerk"))
    refused = desk.refused(Approve(draft=key), "head1")
    assert "clerk wrote it and is not in oncall.yaml" in refused
    assert f"`flaggermail approve {key} --reject REASON`" in refused
    desk.do(Reject(draft=key, reason="its author left"), "head1")


def test_an_approval_with_another_login_is_given_anew(new_desk: NewDesk) -> None:
    """An officer whose login changed approves again; their first approval is no obstacle and counts for nothing."""
    desk = new_desk(persons=2)
    key = drafted(desk)
    with desk.env.store.begin() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now(), "officer2", login="officer2")
        Approve(draft=key).perform(work)
    reconfigure(desk, another_login("officer2"))
    assert desk.do(Approve(draft=key), "officer2").text.english == f"draft {key}: 1 of 2 approvals"
    desk.do(Approve(draft=key), "head1")
    desk.settle()
    assert len(desk.server.to(X_CHANNEL)) == 1


def waiting(desk: Desk, by: str = "officer1", author: str = "clerk") -> str:
    """Returns an approved notification that the server refused once for now."""
    key = drafted(desk, author)
    desk.do(Approve(draft=key), by)
    desk.server.says(450, X_CHANNEL)
    delivery.drain(desk.env)
    desk.server.script.clear()
    return key


CHANGES: dict[str, tuple[Change, str]] = {
    "the approver left": (
        without("officer2"),
        "0 approvals of the 1 that are needed; that of officer2 does not count",
    ),
    "the login changed": (another_login("officer2"), ""),
    "two must approve now": (persons(2), "1 approval of the 2 that are needed"),
    "its address changed": (
        channel(to=(NEW,)),
        f"it is written to {X_CHANNEL}, and channel x-urgent in platforms.yaml has {NEW}",
    ),
    "its channel is gone": (only("x-phone"), f"it is for channel x-urgent ({X_CHANNEL})"),
}


@pytest.mark.parametrize("why", [name for name in CHANGES if name != "the login changed"])
def test_a_mail_is_withheld_with_the_words_of_the_configuration(desk: Desk, why: str) -> None:
    """It is told as what it is in the alarm, the reply `stand`, the hand-over, the status and `outbox show`."""
    change, words = CHANGES[why]
    key = waiting(desk, "officer2")
    reconfigure(desk, change)
    desk.go_on(2)
    desk.go_on(20)
    assert len(desk.server.to(X_CHANNEL)) == 1  # the one that was refused for now
    (told,) = alarms(desk, AlarmKind.OUTBOX_WITHHELD)
    row = desk.mail_of(key)
    assert told.startswith(f"{row.id}: withheld: {words}")
    assert f"give it up (`flaggermail approve {key} --reject REASON`)" in told
    assert alarms(desk, AlarmKind.OUTBOX_CHANGED) == alarms(desk, AlarmKind.OUTBOX_WAITS) == []
    said = last_text(desk, OFFICER, Kind.ALARM)
    assert "omdat de configuratie die nu niet toelaat" in said
    assert "buiten het programma om" not in said
    with looking(desk) as work:
        overview = gather(work, link=True)
        (held,) = ShowHandover().show(work).withheld
        answers = [held.answer.english, ShowMail(mail=row.id).show(work).row.answer.english]
    assert (overview.outbox["withheld"], overview.outbox["queued"], overview.waiting_since) == (1, 0, None)
    assert any("`flaggermail outbox list`" in line and "configuration" in line for line in overview.troubles())
    assert all(words in str(answer) for answer in answers)
    assert re.search(rf"{row.id}  .*  withheld ", typed(desk, "outbox", "list"))
    assert f"{row.id} to {X_CHANNEL}: withheld: {words}" in typed(desk, "oncall", "handover")
    desk.receive(mail(OFFICER, "stand", "stand"))
    assert f"{row.id}" in last_text(desk, OFFICER, Kind.REPLY_ANSWER)
    assert "tegengehouden" in last_text(desk, OFFICER, Kind.REPLY_ANSWER)
    desk.assert_whole()


def test_who_approved_is_told_that_the_text_is_withheld(desk: Desk) -> None:
    """Two minutes after the approval the others are told why, and not that the server has not taken it."""
    key = drafted(desk)
    desk.server.says(0)
    desk.do(Approve(draft=key), "signer")
    delivery.drain(desk.env)
    reconfigure(desk, persons(2))
    desk.server.script.clear()
    desk.go_on(1.5)
    desk.go_on(1)
    said = last_text(desk, SIGNER, Kind.OFFICER_NOTICE)
    assert "Tegengehouden" in said
    assert "1 goedkeuring van de 2 die nodig zijn" in said
    assert "verzendserver" not in said


def test_a_withheld_text_is_given_up_and_drafted_anew(desk: Desk) -> None:
    """`reject` takes it back, whoever is named by the case alone; the new draft leaves as the configuration asks."""
    key = waiting(desk, "officer2")
    case = desk.notification(key).case
    reconfigure(desk, persons(2))
    desk.go_on(2)
    assert "withheld" in desk.refused(RetryMail(mail=desk.mail_of(key).id))
    desk.do(Reject(draft=case, reason="drafted anew"), "head1")
    assert (desk.notification(key).state, desk.mail_of(key).state) == ("rejected", "cancelled")
    anew = desk.do(Draft(case=case, channel="x-urgent"), "clerk").key
    for officer in ("officer2", "head1"):
        desk.do(Approve(draft=anew), officer)
    desk.go_on(1)
    assert desk.notification(anew).state == "sent"


def test_any_officer_gives_up_a_withheld_mail(desk: Desk) -> None:
    """`outbox cancel` gives up one mail, and with the last one the notification."""
    key = waiting(desk, "officer2")
    reconfigure(desk, without("officer2"))
    desk.go_on(2)
    desk.do(CancelMail(mail=desk.mail_of(key).id), "clerk")
    assert desk.notification(key).state == "cancelled"


@pytest.mark.parametrize("why", CHANGES)
def test_it_leaves_once_the_configuration_is_restored(desk: Desk, why: str) -> None:
    """Nobody does anything else: the text that was approved leaves once."""
    before = desk.env.settings
    key = waiting(desk, "officer2")
    reconfigure(desk, CHANGES[why][0])
    desk.go_on(2)
    desk.go_on(60)
    desk.with_settings(before)
    register(desk.env)
    desk.go_on(1)
    assert desk.notification(key).state == "sent"
    assert len(desk.server.to(X_CHANNEL)) == 2


def test_a_start_looks_at_all_that_waits(desk: Desk) -> None:
    """While the server is away no mail behind the first is due: the start says which are withheld all the same."""
    desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    desk.server.says(0)
    delivery.drain(desk.env)
    key = drafted(desk)
    desk.do(Approve(draft=key), "officer2")
    reconfigure(desk, without("officer2"))
    delivery.recover(desk.env)
    assert desk.mail_of(key).is_withheld
    assert len(alarms(desk, AlarmKind.OUTBOX_WITHHELD)) == 1


def test_of_two_recipients_only_that_is_withheld_which_the_channel_lost(desk: Desk) -> None:
    """The approved text leaves for the address that the channel still has."""
    second = "second@x-platform.example"
    key = drafted(desk, to="x-two")
    desk.do(Approve(draft=key), "officer1")
    reconfigure(desk, channel("x-two", to=(X_CHANNEL,)))
    desk.settle()
    assert (len(desk.server.to(X_CHANNEL)), desk.server.to(second)) == (1, [])
    (told,) = alarms(desk, AlarmKind.OUTBOX_WITHHELD)
    assert f"it is written to {second}, and channel x-two in platforms.yaml has {X_CHANNEL}" in told


def test_mail_to_an_officer_who_left_is_told_once(desk: Desk) -> None:
    """However many wait: one alarm, of the configuration; each is given up, and hides nothing else."""
    for number in range(3):
        desk.receive(mail(REFERRER, f"Bericht {number}", f"Er is iets, {number}."))
    reconfigure(desk, without("officer1"), lambda one: one.model_copy(
        update={"oncall": one.oncall.model_copy(update={"fallback_officer": "head1"})}
    ))  # fmt: skip
    desk.settle()
    assert desk.server.to(OFFICER) == []
    (told,) = alarms(desk, AlarmKind.OUTBOX_WITHHELD)
    assert f"{OFFICER} is no officer's address in oncall.yaml" in told
    assert alarms(desk, AlarmKind.OUTBOX_CHANGED) == []
    held = [row for row in desk.mails() if row.recipient == OFFICER]
    assert len(held) == 3
    for row in held:
        desk.do(CancelMail(mail=row.id), "head1")
    desk.settle()


# ---- a draft that waits follows its channel


def test_approving_follows_a_renamed_channel(desk: Desk) -> None:
    """Its address is the same: the approver is told, the record names the new channel, and the text leaves."""
    key = drafted(desk)
    reconfigure(desk, channel(code="x-desk", name="Nieuw kanaal"), only("x-desk", "x-phone"))
    outcome = desk.do(Approve(draft=key), "officer1")
    assert warned(outcome) == (f"channel x-urgent: is x-desk in platforms.yaml now ({X_CHANNEL})",)
    desk.settle()
    use = desk.notification(key)
    assert (use.state, use.channel, use.channel_name) == ("sent", "x-desk", "Nieuw kanaal")
    assert len(desk.server.to(X_CHANNEL)) == 1


def test_sending_follows_a_channel_renamed_after_the_approval(desk: Desk) -> None:
    """Approving and sending count the same."""
    key = waiting(desk)
    reconfigure(desk, channel(code="x-desk"), only("x-desk", "x-phone"))
    desk.go_on(2)
    assert desk.notification(key).state == "sent"


@pytest.mark.parametrize("renamed", [False, True])
def test_approving_refuses_an_address_that_the_channel_lost(desk: Desk, *, renamed: bool) -> None:
    """The refusal shows the old and, of a channel of the same name, the new address; nothing was approved."""
    key = drafted(desk)
    reconfigure(desk, channel(to=(NEW,)), only("x-urgent"))
    if renamed:
        reconfigure(desk, channel(code="x-desk"))
    refused = desk.refused(Approve(draft=key), "officer1")
    assert X_CHANNEL in refused
    assert (NEW in refused) is not renamed
    assert "draft it anew (`flaggermail notify`)" in refused
    desk.go_on(30)
    assert desk.server.to(X_CHANNEL) == desk.server.to(NEW) == []
    assert desk.notification(key).state == "draft"


def test_approving_warns_of_an_address_that_the_channel_gained(desk: Desk) -> None:
    """The text leaves for the addresses that it was written to, and the approver knows of the other."""
    key = drafted(desk)
    reconfigure(desk, channel(to=(X_CHANNEL, NEW)))
    outcome = desk.do(Approve(draft=key), "officer1")
    assert warned(outcome) == (
        f"channel x-urgent: has {NEW} in platforms.yaml too; the draft is for {X_CHANNEL} alone",
    )
    desk.settle()
    assert (len(desk.server.to(X_CHANNEL)), desk.server.to(NEW)) == (1, [])


@pytest.mark.parametrize("kind", ["phone", "portal"])
def test_a_mail_is_not_approved_for_a_channel_that_is_none_any_more(desk: Desk, kind: str) -> None:
    """A channel that became a telephone or portal has no address for it, and the reverse is refused too."""
    key = drafted(desk)
    reconfigure(desk, channel(kind=kind, to=(), phone="+31 20 000 0009"))
    assert X_CHANNEL in desk.refused(Approve(draft=key), "officer1")


def test_a_telephone_that_became_a_mailbox_gets_no_call_sheet(desk: Desk) -> None:
    """A text without recipients is not approved as a mail to nobody."""
    key = drafted(desk, to="x-phone")
    reconfigure(desk, channel("x-phone", kind="mail", to=(NEW,), phone=None))
    assert NEW in desk.refused(Approve(draft=key), "officer1")


def test_a_renamed_telephone_is_followed(desk: Desk) -> None:
    """A channel without addresses is known by its number."""
    key = drafted(desk, to="x-phone")
    reconfigure(desk, channel("x-phone", code="x-line"), only("x-urgent", "x-line"))
    outcome = desk.do(Approve(draft=key), "officer1")
    assert warned(outcome) == ("channel x-phone: is x-line in platforms.yaml now (phone)",)
    assert desk.notification(key).channel == "x-line"


def test_nothing_is_drafted_for_a_channel_that_is_gone(desk: Desk) -> None:
    """The record still has the channel; the refusal names those of platforms.yaml."""
    reconfigure(desk, channel(code="x-desk"), only("x-desk", "x-phone"))
    refused = desk.refused(Draft(case=desk.decided(), channel="x-urgent"), "clerk")
    assert "channel x-urgent: is not known; there are google-priority, " in refused
    assert ", x-desk, x-phone" in refused


def test_time_alone_changes_nothing(desk: Desk) -> None:
    """With the configuration unchanged no mail is withheld."""
    key = waiting(desk)
    desk.go_on(2)
    assert desk.notification(key).sent_at is not None
    assert alarms(desk, AlarmKind.OUTBOX_WITHHELD) == []
    assert desk.clock.now() - (desk.notification(key).sent_at or desk.clock.now()) < timedelta(minutes=1)


def test_the_record_of_another_configuration_decides_nothing(desk: Desk) -> None:
    """A command with a copy of the configuration recorded another address: the desk's own channel counts."""
    key = drafted(desk)
    theirs = replace(desk.env, settings=channel(to=(NEW,))(desk.env.settings))
    register(theirs)
    assert warned(desk.do(Approve(draft=key), "officer1")) == ()
    desk.settle()
    assert len(desk.server.to(X_CHANNEL)) == 1
