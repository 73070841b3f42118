# SPDX-License-Identifier: EUPL-1.2
"""A refused login is tried ever more slowly, or at once when the password was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from flaggermail.adapters.files.secrets import credential_version
from flaggermail.daemon import reconnection
from flaggermail.daemon.backoff import login_delay
from flaggermail.errors import LoginRefused
from flaggermail.notices import notices
from flaggermail.ports import Folder, Role, Submission
from flaggermail.record.rows.alarms import AlarmKind, alarm
from flaggermail.services import Services, UnitOfWork
from flaggermail.stories.doubles import ScriptedSubmitter, SetClock
from flaggermail.stories.scenario_file import ScriptedAnswer
from flaggermail.wording.said import as_written
from tests.patience import PATIENCE
from tests.story.test_daemon import StepTicker, WatchedMailbox, a_daemon, running


class LockedMailbox(WatchedMailbox):
    """A mailbox that refuses the login with the first password."""

    def __init__(self, env: Services) -> None:
        super().__init__(env)
        self.secret, self.tried, self.asked = "first", 0, 0

    def secret_version(self) -> str:
        """Returns the version of the password, which changes while the daemon waits."""
        self.asked += 1
        if self.asked == 3:
            self.secret = "second"
        return self.secret

    def folders(self, only: Role | None = None) -> Sequence[Folder]:
        """Returns the folders, or refuses the login."""
        if self.secret == "first":
            self.tried += 1
            raise LoginRefused("the server refuses the login")
        return super().folders(only)


class LockedSubmitter(ScriptedSubmitter):
    """A submission server that refuses each login until the password is another."""

    secret = "first"
    tried = 0

    def secret_version(self) -> str:
        """Returns the version of the password."""
        return self.secret

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Counts the login."""
        self.tried += 1
        return super().submit(octets, sender, recipients, witness)


def test_waits_after_refused_logins() -> None:
    """One minute, doubled with each refusal, thirty at most: never seven tries in a minute."""
    assert [login_delay(refusals) for refusals in range(1, 8)] == [60, 120, 240, 480, 960, 1800, 1800]
    assert login_delay(10_000) == 1800


def test_a_new_password_of_the_mailbox_is_tried_at_once(env: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon waits a minute after the refusal, unless the credential changes."""
    monkeypatch.setattr(reconnection, "SECRET_EVERY", 0.02)
    mailbox = LockedMailbox(env)
    with capture_logs() as logged:
        daemon = a_daemon(env, mailbox)
        thread = running(daemon)
        assert mailbox.looked.wait(PATIENCE)
        daemon.stop.set()
        thread.join(PATIENCE)
    (lost,) = (line for line in logged if line["event"] == "mailbox link lost")
    assert lost["again_in"] == 60
    assert mailbox.tried == 1


def test_a_new_password_of_the_submission_server_is_tried_at_once(env: Services) -> None:
    """A refused login is said once in the journal, and the next one waits for its time or for another password."""
    clock = env.clock
    assert isinstance(clock, SetClock)
    refusing = ScriptedAnswer(code=535, text="authentication refused")
    submitter = LockedSubmitter(clock, script := [refusing])
    env = replace(env, submitter=submitter)
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, clock.now())
        notices.raise_alarm(
            work, alarm(AlarmKind.DISK_LOW, "disk low/1", as_written("little"), work.now), "flaggermail status"
        )
    mailbox = WatchedMailbox(env)
    with capture_logs() as logged:
        daemon = a_daemon(env, mailbox)
        thread = running(daemon)
        assert mailbox.looked.wait(PATIENCE)
        assert isinstance(daemon.ticker, StepTicker)
        send = daemon.ticker.works["outbox"]
        for _ in range(3):
            send()
        assert submitter.tried == 1
        submitter.secret = "second"
        script.clear()
        send()
        assert submitter.tried == 2
        daemon.stop.set()
        thread.join(PATIENCE)
    said = [(line["event"], line["reason"]) for line in logged if line["log_level"] == "warning"]
    assert said == [("submission server refuses the desk", "535 authentication refused")]


def test_a_credential_has_a_version(tmp_path: Path) -> None:
    """The version changes when the file is rewritten, replaced or removed, and never raises."""
    version = credential_version("smtp-password", tmp_path)
    seen = [version()]
    (tmp_path / "credentials").mkdir()
    file = tmp_path / "credentials" / "smtp-password"
    for secret in ("one", "three"):
        file.write_text(secret, encoding="utf-8")
        seen.append(version())
    other = tmp_path / "credentials" / "new"
    other.write_text("three", encoding="utf-8")
    other.replace(file)
    seen.append(version())
    assert len(set(seen)) == len(seen)
    assert version() == seen[-1]
