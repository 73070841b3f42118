# SPDX-License-Identifier: EUPL-1.2
"""Commands that read a copy of the configuration: what the desk sends is what its own configuration allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from flaggermail.cases.configuration_record import register
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as Door
from flaggermail.desk.views.view import Document
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.outbox import delivery
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.record.states import MailState
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from tests.doubles.migrated import migrated
from tests.store.desk_fixtures import OFFICER, REFERRER, X_CHANNEL, Desk, desk_settings, equipped, mail, opened

THIEF = "thief@elsewhere.example"
MALLORY = "mallory"
LOGINS = {"officer1": "jansen", "officer2": "devries", "head1": "bakker", "signer": "signer"}


def with_logins(settings: Configuration, logins: dict[str, str]) -> Configuration:
    """Returns the settings with these logins of officers."""
    officers = tuple(
        officer.model_copy(update={"login": logins.get(officer.id)}) for officer in settings.oncall.officers
    )
    return settings.model_copy(update={"oncall": settings.oncall.model_copy(update={"officers": officers})})


def with_channel_to(settings: Configuration, address: str) -> Configuration:
    """Returns the settings with another address of the urgent channel of X."""
    first = settings.platform_list[0]
    channels = tuple(
        channel.model_copy(update={"to": (address,)}) if channel.code == "x-urgent" else channel
        for channel in first.channels
    )
    changed = first.model_copy(update={"channels": channels, "domains": (*first.domains, "elsewhere.example")})
    return settings.model_copy(update={"platform_list": (changed, *settings.platform_list[1:])})


def with_officer_at(settings: Configuration, address: str) -> Configuration:
    """Returns the settings with another address of the officer on call."""
    officers = tuple(
        officer.model_copy(update={"address": address}) if officer.address == OFFICER else officer
        for officer in settings.oncall.officers
    )
    return settings.model_copy(update={"oncall": settings.oncall.model_copy(update={"officers": officers})})


@pytest.fixture(params=[1, 2])
def persons(request: pytest.FixtureRequest) -> int:
    """Returns how many persons must approve."""
    return int(request.param)


@pytest.fixture
def desk(tmp_path: Path, persons: int) -> Iterator[Desk]:
    """Returns an empty desk whose officers have logins of their own."""
    (tmp_path / "database").write_bytes(migrated())
    settings = with_logins(desk_settings(persons), LOGINS)
    equipment = equipped(settings, tmp_path)
    equipment.store.close()
    made = opened(equipment, settings, tmp_path)
    yield made
    made.env.store.close()
    equipment.close()


def as_login(env: Services, login: str) -> Callable[[str, Mapping[str, Json]], Document]:
    """Returns how that account of the machine asks a desk with this configuration."""
    return Door(lambda: env, Caller(login=login)).answer


def withheld(desk: Desk) -> list[str]:
    """Returns the texts of the alarms that the desk's own configuration does not allow a mail."""
    return [alarm.text.english for alarm in desk.alarms(kind=AlarmKind.OUTBOX_WITHHELD)]


def copied(desk: Desk, change: Callable[[Configuration], Configuration]) -> Services:
    """Returns the services of a command that reads a changed copy of the configuration."""
    env = replace(desk.env, settings=change(desk.env.settings))
    register(env)
    return env


def approve_all(env: Services, key: str, logins: dict[str, str], persons: int) -> None:
    """Approves as so many officers as must."""
    for officer in ("officer2", "head1")[:persons]:
        as_login(env, logins[officer])("approve", {"draft": key})


def test_an_address_of_no_channel_gets_nothing(desk: Desk, persons: int) -> None:
    """A command changed the channel's address in the record; the desk's own configuration does not know it."""
    theirs = copied(desk, lambda settings: with_channel_to(settings, THIEF))
    case = desk.decided()
    draft = as_login(theirs, LOGINS["officer1"])("notify", {"case": case, "channel": "x-urgent"})["key"]
    approve_all(theirs, str(draft), LOGINS, persons)
    assert THIEF in {row.recipient for row in desk.mails()}
    desk.settle()
    assert desk.server.to(THIEF) == []
    assert any(f"it is written to {THIEF}" in text for text in withheld(desk))


def test_mail_to_officers_goes_to_the_desks_own_officers(desk: Desk) -> None:
    """A copy names another address for the officer on call: what a command queues for it does not leave."""
    theirs = copied(desk, lambda settings: with_officer_at(settings, THIEF))
    desk.env, own = theirs, desk.env
    desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    desk.env = own
    assert THIEF in {row.recipient for row in desk.mails()}
    desk.settle()
    assert desk.server.to(THIEF) == []
    assert desk.server.to(REFERRER)
    assert withheld(desk)


def test_one_login_is_one_person_whatever_its_names(desk: Desk, persons: int) -> None:
    """Two copies name two officers for one login: none of its approvals counts, and nothing leaves."""
    key = desk.drafted()
    for officer in ("officer2", "head1")[:persons]:
        theirs = copied(desk, partial(with_logins, logins={officer: MALLORY}))
        as_login(theirs, MALLORY)("approve", {"draft": key})
    assert desk.notification(key).state == "approved" or persons > 1
    desk.settle()
    assert desk.server.to(X_CHANNEL) == []
    assert [row for row in desk.mails() if row.recipient == X_CHANNEL and row.state != MailState.QUEUED] == []


def test_honest_approvals_by_login_count(desk: Desk, persons: int) -> None:
    """Each officer approves with the login that the desk's own rota gives them."""
    key = desk.drafted()
    approve_all(desk.env, key, LOGINS, persons)
    assert desk.notification(key).approved_with == tuple(LOGINS[one] for one in ("officer2", "head1")[:persons])
    delivery.drain(desk.env)
    assert len(desk.server.to(X_CHANNEL)) == 1
    assert withheld(desk) == []


def test_the_author_is_compared_by_the_desks_own_rota(desk: Desk, persons: int) -> None:
    """A draft whose author the rota does not know needs nobody's second look where two must approve: it stays."""
    theirs = copied(desk, lambda settings: with_author(settings, "ghost"))
    key = str(as_login(theirs, MALLORY)("notify", {"case": desk.decided(), "channel": "x-urgent"})["key"])
    if persons == 1:
        approve_all(desk.env, key, LOGINS, persons)
    else:
        with pytest.raises(Refusal, match="ghost wrote it and is not in oncall"):
            approve_all(desk.env, key, LOGINS, persons)
        approve_all(theirs, key, LOGINS, persons)  # a command that knows the ghost lets it pass, and the desk does not
    delivery.drain(desk.env)
    assert len(desk.server.to(X_CHANNEL)) == (1 if persons == 1 else 0)


def with_author(settings: Configuration, name: str) -> Configuration:
    """Returns the settings with one more officer, whose login is mallory's."""
    first = settings.oncall.officers[0]
    ghost = first.model_copy(update={"id": name, "name": name, "address": f"{name}@bzk.example", "login": MALLORY})
    officers = (*settings.oncall.officers, ghost)
    return settings.model_copy(update={"oncall": settings.oncall.model_copy(update={"officers": officers})})
