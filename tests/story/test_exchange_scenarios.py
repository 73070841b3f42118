# SPDX-License-Identifier: EUPL-1.2
"""Every scenario with the mailbox at Exchange Online ends as it does elsewhere: the same cases, minutes and letters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from flaggermail.cli.acting import typed
from flaggermail.intake import trust_proofs
from flaggermail.ports import Accepted, Clock, Randomness, Submission, Submitter
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.settings.model import MailboxSettings
from flaggermail.stories import replay
from flaggermail.stories.doubles import ListMailbox
from tests.corpus import one_in
from tests.doubles import migrated
from tests.doubles.scenarios import FOLDERS
from tests.nights.exchange import HOME, SERVER, name_of, reencoded, traced, with_exchange

_REPLY = re.compile(rb"^(In-Reply-To|References): <(vf\.[^>]+)>", re.MULTILINE)
_OWN_SERVER = (
    (b"Authentication-Results: localhost;", b"Authentication-Results: mx.bzk.example;"),
    (b" by localhost with ESMTPS;", b" by mx.bzk.example with ESMTPS;"),
)
_MESSAGE_ID = re.compile(rb"^Message-ID: <[^>]+>", re.MULTILINE)


class There:
    """The servers of one scenario: what they called our mail, and where they tell it."""

    def __init__(self, *, told: bool) -> None:
        """`told`: in the answer to DATA; otherwise the copy in Sent alone shows it."""
        self.told = told
        self.assigned: dict[str, str] = {}
        self.mailbox: ExchangeList | None = None
        self.renamed = 0  # answers that name our mail as Exchange did

    def take(self, octets: bytes) -> str:
        """Takes over a mail of ours; returns the Message-ID under which it leaves."""
        ours = name_of(octets)
        given = self.assigned[ours] = f"AM6PR{len(self.assigned):06d}@AM6PR04.{SERVER}"
        return given

    def answering(self, octets: bytes) -> bytes:
        """Returns a mail from outside, which names our mail by the Message-ID under which it left."""

        def named(found: re.Match[bytes]) -> bytes:
            self.renamed += 1
            ours = found[2].decode()
            return found[1] + f": <{self.assigned.get(ours, ours)}>".encode()

        return _REPLY.sub(named, octets)


class ExchangeList(ListMailbox):
    """The mailbox of a scenario as Exchange stores mail."""

    def __init__(self, settings: MailboxSettings, there: There) -> None:
        super().__init__(settings)
        self._there = there

    def deliver(self, folder: str, octets: bytes, at: datetime) -> None:
        """Adds a mail, with the trace, the marks and the encoding of this server."""
        for before, named in _OWN_SERVER:  # a scenario's server has the name of the settings, and here they have none
            octets = octets.replace(before, named)
        super().deliver(folder, reencoded(traced(self._there.answering(octets))), at)

    def file_copy(self, octets: bytes, given: str, at: datetime) -> None:
        """Adds the copy of a mail of ours to Sent: another Message-ID, another body."""
        head, _, body = octets.partition(b"\r\n\r\n")
        head = _MESSAGE_ID.sub(f"Message-ID: <{given}>".encode(), head, count=1)
        altered = body.replace(b"\r\n\r\n", b"\r\n\r\nSent from inside.\r\n", 1)
        super().deliver("sent", head + b"\r\nX-MS-Has-Attach: \r\n\r\n" + altered, at)

    def mark(self, folder: str, numbering: str, items: Sequence[str]) -> bool:
        """Keeps no keywords."""
        del folder, numbering, items
        return False


class Renaming(Submitter):
    """Gives each mail that the scenario's server accepts another Message-ID."""

    def __init__(self, submitter: Submitter, there: There) -> None:
        self._submitter, self._there = submitter, there

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Hands the mail on; the answer to DATA or the copy in Sent then tells the name."""
        return [self._of(one, octets) for one in self._submitter.submit(octets, sender, recipients, witness)]

    def _of(self, answer: Submission, octets: bytes) -> Submission:
        if not isinstance(answer, Accepted):
            return answer
        given = self._there.take(octets)
        if self._there.told:
            return replace(answer, message_id=given)
        assert self._there.mailbox is not None
        self._there.mailbox.file_copy(octets, given, answer.at)
        return answer


def played(folder: Path, desk: Path, there: There, monkeypatch: pytest.MonkeyPatch) -> replay.Report:
    """Plays a scenario with its mailbox there."""

    def mailbox(settings: MailboxSettings) -> ExchangeList:
        there.mailbox = ExchangeList(settings, there)
        return there.mailbox

    def build(settings: Configuration, _: Path, clock: Clock, randomness: Randomness, submit: Submitter) -> Services:
        env = migrated.replayed(with_exchange(settings), desk, clock, randomness, Renaming(submit, there))
        trust_proofs.record_trust_proof(env, survived=False, message_id=f"trial@{HOME}", by="officer1")
        return env

    monkeypatch.setattr(replay, "ListMailbox", mailbox)
    return replay.play(folder, typed, build)


@pytest.mark.parametrize("told", [True, False], ids=["told", "copied"])
@pytest.mark.parametrize("folder", one_in(9, FOLDERS, 6), ids=lambda folder: folder.name)
def test_a_scenario_ends_alike_there(folder: Path, told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a parameter of the case
    """Whether the server tells its Message-ID, or only the copy in Sent shows it."""
    there = There(told=told)
    report = played(folder, tmp_path, there, monkeypatch)
    assert report.differences == ()
    assert there.assigned, "the server took mail of ours"
