# SPDX-License-Identifier: EUPL-1.2
"""The proof at the end of `check --online`, on a real scratch desk: placed, answered, archived, verified."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.errors import OctetsLost
from flaggermail.online import checking
from flaggermail.online.checked import CheckPart
from flaggermail.online.outcomes import CheckStep, OutcomeCode, Result, StepOutcome
from flaggermail.ports import BlobStore, Clock, Submitter
from flaggermail.record.audit import ArchivedFile
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.wiring.online_means import scratch_desk
from tests.doubles.scripted_means import Around
from tests.store.desk_fixtures import desk_settings
from tests.unit.online.test_checking import OF_THE_PROOF, OWN

pytestmark = pytest.mark.outside  # the scratch desk parses mail in a process of its own

RIGHT = (
    OutcomeCode.PROOF_PLACED, OutcomeCode.PROOF_ANSWERED, OutcomeCode.PROOF_ARCHIVED, OutcomeCode.PROOF_VERIFIED,
)  # fmt: skip
Scratch = Callable[[Configuration, Submitter, Clock], AbstractContextManager[Services]]


class Lossy(BlobStore):
    """An archive that gives nothing back once it has been read twice: what intake and sending need."""

    def __init__(self, real: BlobStore) -> None:
        """Delegates to `real`."""
        self._real = real

    def put(self, octets: bytes) -> str:
        """Stores the octets."""
        return self._real.put(octets)

    def get(self, digest: str) -> bytes:
        """Loses a mail of the check; the desk's own mail can be sent."""
        octets = self._real.get(digest)
        if b"Subject: flaggermail check" in octets:
            raise OctetsLost(f"{digest}: missing")
        return octets

    def discard(self, digest: str) -> None:
        """Destroys the octets."""
        self._real.discard(digest)

    def sweep(self) -> int:
        """Removes nothing."""
        return 0

    def files(self) -> Iterator[ArchivedFile]:
        """Lists what is stored."""
        return self._real.files()


@contextmanager
def losing(settings: Configuration, submit: Submitter, clock: Clock) -> Iterator[Services]:
    """Yields a scratch desk whose archive loses mail."""
    with scratch_desk(settings, submit, clock) as env:
        yield replace(env, octets=Lossy(env.octets))


class Meddled(SqlStore):
    """A store whose rows somebody changes before each look at them."""

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        """Reads other words than the events have."""
        with closing(sqlite3.connect(str(self.engine.url.database), timeout=10)) as connection, connection:
            connection.execute("UPDATE message SET subject = 'something else'")
        with super().read() as tx:
            yield tx


@contextmanager
def changed(settings: Configuration, submit: Submitter, clock: Clock) -> Iterator[Services]:
    """Yields a scratch desk whose database somebody changes by other means."""
    with scratch_desk(settings, submit, clock) as env:
        assert isinstance(env.store, SqlStore)
        meddled = Meddled(env.store.engine.url.render_as_string(), env.randomness.salt)
        with closing(meddled):
            yield replace(env, store=meddled)


def proved(
    scratch: Scratch, change: Callable[[Around], None] = lambda _: None
) -> tuple[Around, dict[CheckStep, StepOutcome]]:
    """Returns what was around a check with this scratch desk, and the outcomes of the proof."""
    around = Around(desk_settings(), scratch=scratch)
    change(around)
    around.sending.settings = around.settings
    return around, {one.step: one for one in checking.check(around.means())}


def without_rules(around: Around) -> None:
    """Takes every rule away."""
    rules = replace(around.settings.rules, rules=())
    around.settings = around.settings.model_copy(update={"rules": rules})


def refusing_answers(around: Around) -> None:
    """The server refuses the confirmation."""
    around.sending.refuses = frozenset({CheckPart.ANSWER})


def losing_answers(around: Around) -> None:
    """The server takes the confirmation and it never arrives."""
    around.sending.loses = frozenset({CheckPart.ANSWER})


def test_a_mail_is_placed_answered_archived_and_verified() -> None:
    """The confirmation goes to the desk's own address and nothing else leaves; no mail stays."""
    around, found = proved(scratch_desk)
    assert [
        found[step].code for step in (CheckStep.PLACED, CheckStep.ANSWERED, CheckStep.ARCHIVED, CheckStep.VERIFIED)
    ] == list(RIGHT)
    assert found[CheckStep.CLEAN_UP].code is OutcomeCode.CLEANED
    assert "VF-CHECK-0001" in found[CheckStep.PLACED].what.english
    assert around.sending.recipients[2:] == [OWN]
    assert around.mailbox.mails == []


@pytest.mark.long
def test_what_went_wrong_is_said() -> None:
    """Each outcome of the proof that is not in order; whatever came of it, no mail stays."""
    cases: tuple[tuple[Scratch, Callable[[Around], None], tuple[OutcomeCode, ...]], ...] = (
        (scratch_desk, without_rules, (OutcomeCode.PROOF_UNPLACED,)),
        (changed, refusing_answers, (OutcomeCode.PROOF_UNANSWERED, OutcomeCode.PROOF_UNVERIFIED)),
        (losing, losing_answers, (OutcomeCode.PROOF_UNANSWERED, OutcomeCode.PROOF_UNARCHIVED)),
    )
    wrong = set[OutcomeCode]()
    for scratch, change, codes in cases:
        around, found = proved(scratch, change)
        wrong |= {one.code for one in found.values() if one.result is Result.MEND}
        for one in (one for one in found.values() if one.result is Result.MEND):
            assert one.code in codes, one.what.english
            assert one.mend
            assert "{" not in one.what.in_language("nl")
        assert around.mailbox.mails == []
    right = {
        OutcomeCode.PROOF_PLACED,
        OutcomeCode.PROOF_ANSWERED,
        OutcomeCode.PROOF_ARCHIVED,
        OutcomeCode.PROOF_VERIFIED,
    }
    assert wrong | right == OF_THE_PROOF
