# SPDX-License-Identifier: EUPL-1.2
"""No code and no secret of an officer's device is in database, log, mail of ours, view or command's output."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyotp import parse_uri
from structlog.testing import capture_logs

from flaggermail.cli import commands
from flaggermail.cli.session import Session
from flaggermail.commands.devices import RevokeDevice
from flaggermail.errors import FlaggermailError
from flaggermail.record.events import EventKind
from flaggermail.record.rows import Device
from flaggermail.reminders import paging
from flaggermail.stories.doubles import ListPager
from tests.attacks.approving import App, a_desk, asked, enrolled, replied, settings_for, types, with_app
from tests.store.desk_fixtures import Desk

COMMANDS = (
    "officer list", "officer list --json", "case list --json", "case show VF-EP2024-0001 --json", "outbox list --json",
    "oncall now", "oncall next --json", "status --json", "message list --json", "audit verify",
    "quarantine list --json",
)  # fmt: skip


def held(desk: Desk, folder: Path) -> bytes:
    """Returns the octets of the database, its log, and every mail that we wrote."""
    ours = b"".join(desk.env.octets.get(mail.digest) for mail in desk.mails())
    return b"".join(file.read_bytes() for file in folder.glob("database*")) + ours


def typed(desk: Desk) -> str:
    """Returns what the commands that show things print."""
    said = []
    for line in COMMANDS:
        try:
            said.append(types(desk, line, "officer1"))
        except FlaggermailError as refusal:  # without a daemon `status` ends with 1; its words are output, too
            said.append(str(refusal))
    assert sum(map(len, said)) > 500
    return "".join(said)


def forms_of(secret: str) -> list[bytes]:
    """Returns a secret as it may be written: base 32, hexadecimal, base 64, octets."""
    octets = base64.b32decode(secret)
    return [secret.encode(), secret.lower().encode(), octets.hex().encode(), base64.b64encode(octets), octets]


def test_a_device_leaves_no_trace_but_its_commitment(tmp_path: Path) -> None:
    """Enrolment, first code, approval, a wrong code and a revocation: secret and codes are nowhere but in the vault."""
    desk = a_desk(tmp_path, settings_for("totp"))
    with capture_logs() as logged:
        app, lost = with_app(desk, "officer1"), enrolled(desk, "head1")
        desk.drafted()
        used = app.code()
        replied(desk, asked(desk, "officer1"), f"akkoord {used}")
        desk.go_on(1)
        output = typed(desk)
    everything = held(desk, tmp_path) + output.encode() + repr(logged).encode() + repr(desk.env).encode()
    everything += repr(desk.events()).encode() + repr(desk.all(Device)).encode()
    for one in (app, lost):
        assert [form for form in forms_of(one.secret) if form in everything] == []
    codes = [used, *upcoming(app), *upcoming(lost)]
    assert [code for code in codes if is_written(code, everything)] == []
    (enrolment, *_) = [e for e in desk.events() if e.kind is EventKind.DEVICE_ENROLLED]
    assert "commitment" in dict(enrolment.changes[0].values)
    files = [path for path in (tmp_path / "codes").iterdir() if path.name != "key"]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (tmp_path / "codes").stat().st_mode & 0o777 == 0o700
    desk.do(RevokeDevice(officer="officer1"))
    assert len(list((tmp_path / "codes").iterdir())) == len(files) - 1


def is_written(code: str, octets: bytes) -> bool:
    """True if the code is there as a word of its own; digests and fractions of a second hold any six digits."""
    return re.search(rb"(?<![0-9A-Za-z.])" + code.encode() + rb"(?![0-9A-Za-z])", octets) is not None


def upcoming(app: App) -> list[str]:
    """Returns the codes of the minute around now."""
    return [app.code(seconds) for seconds in (-30, 0, 30)]


def test_a_code_by_pager_leaves_no_trace(tmp_path: Path) -> None:
    """The code that a pager was called with is in no row, mail, event or output; nor can a reader of rows make it."""
    desk = a_desk(tmp_path, settings_for("pager", pagers=["officer1"]))
    with capture_logs() as logged:
        desk.drafted()
        paging.drain(desk.env)
        desk.go_on(1)
        output = typed(desk)
    assert isinstance(desk.env.pager, ListPager)
    ((_, text),) = desk.env.pager.calls
    code = text.partition("code ")[2][:6]
    everything = held(desk, tmp_path) + output.encode() + repr(logged).encode() + repr(desk.events()).encode()
    assert code.encode() not in everything
    assert len(code) == 6


def test_enrolling_prints_the_secret_once(tmp_path: Path) -> None:
    """No other command prints the address again; `--json` prints it this once, too."""
    desk = a_desk(tmp_path, settings_for("totp"))
    app = enrolled(desk, "officer1")
    listed = json.loads(types(desk, "officer list --json", "officer1"))
    assert [row["device"] for row in listed["officers"] if row["id"] == "officer1"] == ["waits for its first code"]
    assert app.secret not in typed(desk)
    types(desk, "officer revoke officer1", "officer1")
    once = json.loads(types(desk, "officer enrol officer1 --json", "officer1"))
    assert once["address"].startswith("otpauth://totp/")
    assert once["address"] not in typed(desk)


@pytest.mark.parametrize("words", [["officer", "enrol", "officer1"], ["officer", "enrol", "officer1", "--json"]])
def test_enrolling_says_that_it_shows_a_secret_once(tmp_path: Path, words: list[str]) -> None:
    """Whoever types it is told on the terminal, not in the output, what they see there; no log has any of it."""
    desk = a_desk(tmp_path, settings_for("totp"))
    session = Session(desk.env.settings.directory, given=desk.env, officer="clerk")
    with capture_logs() as logged:
        ran = CliRunner().invoke(commands, words, obj=session)
    assert ran.exit_code == 0
    assert " ".join(ran.stderr.split()) == (
        "note: this is shown once, and whoever sees it can make the officer's codes: clear the screen once it is "
        "scanned, and keep no copy"
    )
    secret = parse_uri(re.search(r"otpauth://[^\s\"]+", ran.stdout)[0]).secret  # type: ignore[index]  # fails the test
    assert secret not in repr(logged) + repr(desk.events())
