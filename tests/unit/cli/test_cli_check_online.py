# SPDX-License-Identifier: EUPL-1.2
"""`check --online` as it is typed: exit status, the first to mend, the list of objects, both languages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flaggermail.cli import commands
from flaggermail.cli.session import Session
from flaggermail.desk.online import check_online
from flaggermail.errors import LoginRefused, Refusal
from flaggermail.mail.message import Json
from flaggermail.online.checked import CheckMeans
from flaggermail.wiring import online_means
from tests.doubles.dns import ScriptedResolver
from tests.doubles.scripted_means import Around
from tests.flow.desk_process import configure
from tests.store.desk_fixtures import CONFIG, desk_settings


@dataclass
class ScriptedGround:
    """The ground of a desk between scripted servers; a replay has none."""

    simulated: bool = False
    around: Around = field(default_factory=lambda: Around(desk_settings()))
    pages: list[bool] = field(default_factory=list)

    def online(self, *, pages: bool) -> CheckMeans:
        """Returns what is around; keeps whether pagers are called."""
        self.pages.append(pages)
        return self.around.means()


@dataclass
class ScriptedSession(Session):
    """A session whose configuration is as `severity` says, and whose servers are scripted."""

    directory: Path = CONFIG
    severity: str | None = None
    ground: ScriptedGround = field(default_factory=ScriptedGround)
    asked: list[str] = field(default_factory=list)

    def ask(self, name: str, /, **request: Json) -> Mapping[str, Json]:
        """Answers both requests of the command."""
        self.asked.append(name)
        if name == "check":
            finding: list[Json] = [{"code": "x", "severity": self.severity or "", "text": "x.yaml:1: no"}]
            return {"severity": self.severity, "findings": finding if self.severity else []}
        return check_online(self.ground, request)


def typed(session: ScriptedSession, *words: str) -> Result:
    """Types the command."""
    return CliRunner().invoke(commands, ["check", "--online", *words], obj=session)


@pytest.fixture
def session() -> ScriptedSession:
    """Returns a session whose servers do everything right but the proof, which has no scratch desk here."""
    return ScriptedSession()


def test_the_first_to_mend_is_named_first(session: ScriptedSession) -> None:
    """Exit status 1; the first line names the first step that failed, then come all steps in order."""
    session.ground.around.mailbox.fails["log_in"] = LoginRefused("the server refuses the login of desk")
    done = typed(session)
    lines = done.stdout.splitlines()
    assert done.exit_code == 1
    assert lines[0].startswith("first: imap-login: the mailbox server refuses the login: the server refuses the login")
    assert lines[1].startswith("ok         imap-connect: localhost answers at port 143")
    assert any(line.startswith("not tried  folders: not tried") for line in lines)
    assert any(line.startswith("           flaggermail.yaml mailbox.user: correct `mailbox.user`") for line in lines)


def test_the_list_of_objects_is_in_the_language_that_was_asked_for(session: ScriptedSession) -> None:
    """Each object has the six keys; the words are Dutch."""
    done = typed(session, "--json", "--language", "nl", "--no-pages")
    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert {frozenset(one) for one in found} == {frozenset({"code", "step", "result", "what", "where", "mend"})}
    assert found[0]["what"] == "localhost antwoordt op poort 143 (tls: none)"
    assert session.ground.pages == [False]


def test_a_configuration_that_does_not_start_is_not_tried(session: ScriptedSession) -> None:
    """The servers are asked only for a desk that would start; then the faults of `check` alone are told."""
    session.severity = "refuses"
    done = typed(session, "--json")
    assert done.exit_code == 2
    assert session.asked == ["check"]
    session.severity = "fault"
    assert typed(session).exit_code == 1
    assert session.asked == ["check", "check", "check online"]


def test_without_the_option_no_server_is_asked(session: ScriptedSession) -> None:
    """`check` alone asks for what it always did."""
    session.severity = "fault"
    assert CliRunner().invoke(commands, ["check"], obj=session).exit_code == 1
    assert session.asked == ["check"]
    assert session.ground.pages == []


def test_a_replay_has_no_servers() -> None:
    """The request is refused, and so is a language that the desk does not have."""
    refused: tuple[tuple[ScriptedGround, dict[str, Json]], ...] = (
        (ScriptedGround(simulated=True), {"language": "en", "pages": True}),
        (ScriptedGround(), {"language": "fr", "pages": True}),
    )
    for ground, request in refused:
        with pytest.raises(Refusal):
            check_online(ground, request)


@pytest.mark.outside  # a process parses mail, to find out what confines it
def test_the_command_reaches_the_servers_of_its_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens at either port: both are told, and what rests on them is not tried; the DNS is the test's."""
    tls = {"host": "localhost", "tls": "none", "user": "desk"}
    configure(tmp_path, {"mailbox": tls | {"port": 1}, "submission": tls | {"port": 2}}, "officer")
    for name in ("imap-password", "smtp-password"):
        file = tmp_path / "credentials" / name
        file.write_text("geheim", "utf-8")
        file.chmod(0o600)
    resolver = ScriptedResolver({})
    monkeypatch.setattr(online_means, "DnsResolver", lambda: resolver)
    done = CliRunner().invoke(commands, ["--config", str(tmp_path), "check", "--online", "--json"])
    assert done.exit_code == 1, done.output
    codes = {one["step"]: one["code"] for one in json.loads(done.stdout)}
    assert codes["imap-connect"] == "imap-closed"
    assert codes["submission-connect"] == "submission-closed"
    assert codes["self-mail"] == codes["proof-verified"] == codes["clean-up"] == "not-tried"
    assert codes["database-server"] == "database-new"
    assert resolver.asked == ["bzk.example", "_dmarc.bzk.example"]
