# SPDX-License-Identifier: EUPL-1.2
"""A freeze of a report on both engines, also in a process that is killed around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flaggermail.commands.door import COMMANDS, command_of
from flaggermail.commands.reports import DraftReport, FreezeReport, UnfreezeReport
from flaggermail.errors import Refusal
from flaggermail.record.events import EventKind
from flaggermail.record.rows import Election, ReportDraft, ReportFreeze
from flaggermail.report import canonical, frozen
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.rota import ACCOUNTS, REPORT_WRITER
from tests.acting import run, warned
from tests.store.processes import go_on, other_process, services_on, told

DRAFT = "languages: [nl, en]\nremarks: {nl: Zo was het., en: So it was.}\n"


@pytest.fixture
def env(url: str, tmp_path: Path) -> Iterator[Services]:
    """Yields the services of an empty desk with a draft about EP2024."""
    found = services_on(url, tmp_path)
    run(found, DraftReport(election="EP2024", text=DRAFT), "writer1")
    yield found
    found.close()


def freezes(env: Services) -> list[ReportFreeze]:
    """Returns the freezes on record."""
    with env.store.read() as tx:
        return tx.find(ReportFreeze)


def test_a_freeze_holds_all_that_the_report_is_made_from(env: Services) -> None:
    """Inputs, their digest, that of each document, and the last event before it; all of it proved by the record."""
    run(env, FreezeReport(election="EP2024", early=True), "head1")
    (row,) = freezes(env)
    inputs = frozen.inputs_of(row)
    assert canonical.encode(inputs) == row.inputs
    assert row.documents == tuple(f"{of} {canonical.digest(made)}" for of, made in frozen.documents(inputs).items())
    with env.store.read() as tx:
        head = tx.head(row.seq)
        assert head is not None
        assert (head.digest, tx.verify().findings) == (row.head, [])
        (kind,) = [event.kind for _, event in tx.events(after=row.seq)]
    assert kind is EventKind.REPORT_FROZEN
    with pytest.raises(Refusal, match="is frozen since"):
        run(env, FreezeReport(election="EP2024", early=True), "head1")


def test_what_was_frozen_stays_when_it_is_undone(env: Services) -> None:
    """Another draft, undone and frozen again: two rows, the older as it was, and what moved is said."""
    run(env, FreezeReport(election="EP2024", early=True), "head1")
    (before,) = freezes(env)
    run(env, UnfreezeReport(election="EP2024", reason="a word was wrong"), "head1")
    with pytest.raises(Refusal, match="is not frozen"):
        run(env, UnfreezeReport(election="EP2024", reason="again"), "head1")
    said = warned(run(env, DraftReport(election="EP2024", text=DRAFT.replace("Zo", "Aldus")), "writer1"))
    assert len(said) == 1
    assert said[0].startswith("since f00000001: draft was ")
    assert "writer1: report drafted" in said[0]
    assert warned(run(env, FreezeReport(election="EP2024", early=True), "head1")) == said
    first, second = freezes(env)
    assert (first.inputs, first.undone_by, second.undone_at) == (before.inputs, "head1", None)
    assert "Aldus" in second.inputs


def test_a_changed_freeze_makes_no_report(env: Services) -> None:
    """Inputs that are not those of their digest are refused, whoever changed them."""
    run(env, FreezeReport(election="EP2024", early=True), "head1")
    (row,) = freezes(env)
    with pytest.raises(Refusal, match="are not those of their digest"):
        frozen.inputs_of(replace(row, inputs=row.inputs.replace("So it was", "So it is")))


@pytest.mark.outside
def test_a_killed_freeze_is_whole_or_not_there(env: Services, url: str) -> None:
    """Killed before its transaction ended there is none, and the number is free; killed after, it stands."""
    for committed, expected in ((False, []), (True, ["f00000001"])):
        with other_process("freeze", url) as process:
            go_on(process)
            assert [told(process), told(process)] == ["frozen", "ready"]
            if committed:
                go_on(process)
                assert [told(process), told(process)] == ["committed", "ready"]
            process.kill()
            process.wait()
        assert [row.id for row in freezes(env)] == expected
        with env.store.read() as tx:
            assert tx.verify().findings == []


def test_only_the_head_freezes_and_writers_do_nothing_else() -> None:
    """A report writer drafts and redacts; no other command takes that role, and what they redact another approves."""
    redacting = {"annex propose", "annex edit", "annex withdraw"}
    assert {name for name in COMMANDS if REPORT_WRITER in command_of(name).MAY} == {"report draft", *redacting}
    assert DraftReport.MAY == ACCOUNTS
    assert FreezeReport.MAY == UnfreezeReport.MAY == {"head"}


def test_a_draft_is_kept_once_for_each_election(env: Services) -> None:
    """Each draft takes the place of the last, and an unknown election is refused."""
    run(env, DraftReport(election="EP2024", text="languages: [en]\n"), "officer1")
    with env.store.read() as tx:
        (row,) = tx.find(ReportDraft)
        assert tx.get(Election, "EP2024") is not None
        work = UnitOfWork(env, tx, env.clock.now(), "writer1")
        assert frozen.the_draft(work, "EP2024") == row
        with pytest.raises(Refusal, match="there is no draft"):
            frozen.the_draft(work, "PS2023")
    assert (row.text, row.drafted_by) == ("languages: [en]\n", "officer1")
    with pytest.raises(Refusal, match="EP2O24"):
        run(env, DraftReport(election="EP2O24", text=DRAFT), "writer1")
