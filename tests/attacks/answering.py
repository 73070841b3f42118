# SPDX-License-Identifier: EUPL-1.2
"""A desk that notified platforms, and answers as ticket systems write them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from flaggermail.commands.approve import Approve
from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.notify import Draft
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.mail.case_numbers import with_tail
from flaggermail.outbox import delivery
from flaggermail.record.case_values import CaseType, Decision, Source
from flaggermail.record.rows import StoredMessage
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.settings.model import ChannelSettings
from tests.doubles.migrated import migrated
from tests.store.desk_fixtures import (
    DESK,
    REFERRER,
    START,
    Desk,
    desk_settings,
    equipped,
    mail,
    opened,
)

AGENCY = "answers@ticket-office.example"  # answers for a channel, outside the platform's own domains
FROM_X, FROM_META = "gov-eu@x-platform.example", "press@meta-platform.example"
OWN_TEXT = """In the app of the neighbourhood a picture goes round in which the ballot paper has a second
box beside the first candidate, and voters are told to colour both of them because the machine would
otherwise not count the paper. There is no machine, the paper is counted by hand, and a second box that
is coloured makes the vote invalid under article N 7 of the election law."""
STOPPED = {"receipt": "stopped", "human": "stopped", "substance": "running"}
RUNNING = dict.fromkeys(STOPPED, "running")


def settings() -> Configuration:
    """Returns the store's settings, with an address outside the platform's domains that answers for a channel."""
    found = desk_settings()
    first = found.platform_list[0]
    channels = [
        ChannelSettings.model_validate({**channel.model_dump(), "answers_from": (AGENCY,)})
        if channel.code == "x-urgent"
        else channel
        for channel in first.channels
    ]
    first = first.model_copy(update={"channels": tuple(channels)})
    return found.model_copy(update={"platform_list": (first, *found.platform_list[1:])})


@pytest.fixture(scope="module")
def equipment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Services, bytes]]:
    """Returns services to share, and a database that knows the platforms."""
    folder = tmp_path_factory.mktemp("equipment")
    (folder / "database").write_bytes(migrated())
    made = equipped(settings(), folder)
    made.store.close()
    yield made, (folder / "database").read_bytes()
    made.close()


@pytest.fixture
def desk(equipment: tuple[Services, bytes], tmp_path: Path) -> Iterator[Desk]:
    """Returns an empty desk."""
    (tmp_path / "database").write_bytes(equipment[1])
    made = opened(equipment[0], equipment[0].settings, tmp_path)
    yield made
    made.env.store.close()


@dataclass
class Exchange:
    """A notification that left, and its number as the platform reads it."""

    desk: Desk
    id: str
    number: str

    @property
    def case(self) -> str:
        """The number of the case."""
        return self.id.partition("/")[0]

    @property
    def states(self) -> dict[str, str]:
        """The states of its clocks."""
        return {kind: state for kind, (state, _) in self.desk.clocks(self.id).items()}

    @property
    def letter(self) -> str:
        """The text that the platform got."""
        row = self.desk.notification(self.id)
        return self.desk.env.parser.parse(self.desk.env.octets.get(row.digest)).text


def notified(desk: Desk, channel: str = "x-urgent", *, case: str | None = None, text: str = OWN_TEXT) -> Exchange:
    """Sends a notification."""
    case = case or desk.decided("A_content")
    key = desk.do(Draft(case=case, channel=channel, text=text)).key
    desk.do(Approve(draft=key))
    delivery.drain(desk.env)
    return Exchange(desk, key, with_tail(case, desk.notification(key).tail))


def referred(desk: Desk, words: str = "") -> str:
    """Takes in a referral of a municipality, with words of its own; returns the number of its case, to be notified."""
    text = f"Op X staat een bericht over twee vakjes.\n\n{words}"
    stored = desk.receive(mail(REFERRER, "Bericht over het stembiljet", text))
    number = (
        stored.case
        or desk.do(PlaceMessage(message=stored.id, new=True, type=CaseType.CONTENT, source=Source.FELLOW_AUTHORITY)).key
    )
    desk.do(Assess(case=number, incorrect=True, criteria=(1,), own_attempts=2))
    desk.do(Decide(case=number, decision=Decision.NOTIFY, reason="such votes are invalid"))
    return number


def answer(
    text: str, subject: str = "Case 00411", *, sender: str = FROM_X, auth: str = "pass", to: str = DESK, late: int = 0
) -> bytes:
    """Builds a mail of a ticket system: no reference to our mail, and words of its own for subject and sender.

    It comes in `late` minutes after the start.
    """
    return mail(sender, subject, text, auth=auth, to=to, at=START + timedelta(minutes=late))


def quoted(text: str, mark: str = "> ") -> str:
    """Returns a text as a mail program quotes it."""
    return "\n".join(f"{mark}{line}" for line in text.split("\n"))


def tried(octets: bytes, exchange: Exchange) -> StoredMessage:
    """Takes in an attack on an exchange, which must place nothing by a tail or by words; returns its row."""
    stored = exchange.desk.receive(octets)
    assert "tail" not in stored.match_basis.english
    assert "words" not in stored.match_basis.english
    assert "answers for" not in stored.match_basis.english
    return stored


def without_number(exchange: Exchange) -> str:
    """Returns the letter as a system quotes it that cuts out numbers."""
    return exchange.letter.replace(exchange.number, "(number)")
