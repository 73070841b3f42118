# SPDX-License-Identifier: EUPL-1.2
"""The settings choose who verifies senders, and only the daemon queries the DNS."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from flaggermail.intake.facts import ByReceivingServer, BySignature
from flaggermail.rules.configuration import load
from flaggermail.shipped import shipped
from flaggermail.wiring import assembly, daemon_assembly, databases
from tests.story.conftest import CONFIG

MAIL = (
    b"Authentication-Results: spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=x-platform.example;"
    b" dmarc=pass action=none header.from=x-platform.example;compauth=pass reason=100\r\n"
    b"Received: from mail.x-platform.example by AM6FT003.protection.mailcloud.example; 17 Mar 2027 09:00:00 +0000\r\n"
    b"From: X <desk@x-platform.example>\r\nSubject: Posts\r\n\r\nReceived.\r\n"
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Returns a configuration with all that the daemon needs."""
    shutil.copytree(CONFIG, tmp_path, dirs_exist_ok=True)
    shutil.copytree(shipped("rules"), tmp_path / "rules")
    shutil.copytree(shipped("config") / "templates", tmp_path / "templates")
    (tmp_path / "credentials").mkdir(mode=0o700)
    (tmp_path / "credentials" / "imap-password").write_text("secret\n")
    (tmp_path / "credentials" / "imap-password").chmod(0o600)
    return tmp_path


def ask(directory: Path, lines: str) -> None:
    """Writes another `trust` setting into the configuration."""
    file = directory / "flaggermail.yaml"
    text = file.read_text("utf-8")
    assert "  authserv_id: mx.bzk.example\n" in text
    file.write_text(text.replace("  authserv_id: mx.bzk.example\n", lines), "utf-8")
    load(directory)


@pytest.mark.parametrize(
    ("lines", "signatures"),
    [
        ("  authserv_id: mx.bzk.example\n", True),
        ("  authserv_id: mx.bzk.example\n  record_signatures: false\n", False),
        ("  trust: dkim\n  record_signatures: false\n", True),
        ("  trust: nobody\n", True),
        ("  trust: nobody\n  record_signatures: false\n", False),
    ],
)
def test_only_the_daemon_checks_signatures(directory: Path, lines: str, signatures: bool) -> None:  # noqa: FBT001 - a column
    """Only the daemon checks DKIM signatures; a command queries no name server, whatever the settings.

    It does so to record what it finds, unless the settings say otherwise, and always where a signature decides.
    """
    ask(directory, lines)
    databases.upgrade_database(directory)
    daemon = daemon_assembly.daemon(directory)
    with closing(daemon.env):
        assert isinstance(daemon.env.sender_check, BySignature if signatures else ByReceivingServer)
    with closing(assembly.open_services(directory)) as env:
        assert isinstance(env.sender_check, ByReceivingServer)


def test_a_server_without_a_name_is_asked_where_the_settings_say_so(directory: Path) -> None:
    """A nameless result (Exchange Online) verifies with `trust: topmost`, and not when a server's name is required."""
    databases.upgrade_database(directory)
    with closing(assembly.open_services(directory)) as env:
        named = env.sender_check.verdict(MAIL, env.parser.parse(MAIL))
    ask(directory, "  trust: topmost\n  received_by: protection.mailcloud.example\n")
    with closing(assembly.open_services(directory)) as env:
        topmost = env.sender_check.verdict(MAIL, env.parser.parse(MAIL))
    assert (named.value, topmost.value) == ("unverified", "verified")
    assert topmost.basis.english == "dmarc=pass by the server of protection.mailcloud.example for x-platform.example"
