# SPDX-License-Identifier: EUPL-1.2
"""Secrets come only from systemd credentials or a protected file."""

from __future__ import annotations

from pathlib import Path

import pytest

from flaggermail.adapters.files.secrets import credential, credential_file
from flaggermail.errors import ConfigurationError


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns `credentials/` of a configuration directory, without systemd."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    folder = tmp_path / "config" / "credentials"
    folder.mkdir(parents=True)
    return folder


def write(path: Path, octets: bytes, mode: int = 0o600) -> None:
    """Writes a file with those octets and that mode."""
    path.write_bytes(octets)
    path.chmod(mode)


def test_file_that_only_its_owner_reads_is_taken(own: Path) -> None:
    """A file that only its owner can read is accepted; one final line break is removed, blanks are not."""
    write(own / "imap-password", b" correct horse \n")
    assert credential("imap-password", own.parent)() == " correct horse "
    write(own / "imap-password", "wachtwoord\u00e9\n\n".encode())
    assert credential("imap-password", own.parent)() == "wachtwoord\u00e9\n"


def test_the_file_of_a_secret_is_named(own: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file that systemd gives, if it is there; else the one in the folder of the configuration, written or not."""
    named = credential_file("imap-password", own.parent)
    assert named() == str(own / "imap-password")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert named() == str(own / "imap-password")
    write(tmp_path / "imap-password", b"secret")
    assert named() == str(tmp_path / "imap-password")


def test_changed_secret_is_seen_without_restart(own: Path) -> None:
    """A secret is read at every call, so a change needs no restart."""
    write(own / "imap-password", b"old")
    read = credential("imap-password", own.parent)
    assert read() == "old"
    write(own / "imap-password", b"new")
    assert read() == "new"


def test_systemd_credential_comes_first(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A systemd credential comes before a file, and its mode bits are not checked: systemd protects it."""
    given = tmp_path / "run"
    given.mkdir()
    write(given / "imap-password", b"of systemd", 0o444)
    write(own / "imap-password", b"of the file")
    write(own / "smtp-password", b"only in the file")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    assert credential("imap-password", own.parent)() == "of systemd"
    assert credential("smtp-password", own.parent)() == "only in the file"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_file_open_to_others_is_refused(own: Path, mode: int) -> None:
    """A file that others may access is refused; the message has the command that fixes it and not the secret."""
    write(own / "imap-password", b"hunter2", mode)
    with pytest.raises(ConfigurationError, match=f"run `chmod 600 {own}/imap-password`") as caught:
        credential("imap-password", own.parent)()
    assert "hunter2" not in str(caught.value)


def test_missing_secret_names_both_places(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing secret is reported with both places; an environment variable is never read."""
    monkeypatch.setenv("imap-password", "hunter2")
    monkeypatch.setenv("IMAP_PASSWORD", "hunter2")
    read = credential("imap-password", own.parent)
    with pytest.raises(ConfigurationError, match=r"\$CREDENTIALS_DIRECTORY/imap-password \(not set\)") as caught:
        read()
    assert str(own / "imap-password") in str(caught.value)


@pytest.mark.parametrize(("octets", "said"), [(b"", "is empty"), (b"\n", "is empty"), (b"\xff", "is not UTF-8")])
def test_useless_secret_is_refused(own: Path, octets: bytes, said: str) -> None:
    """An empty or undecodable secret is refused when it is read, not as a failed login."""
    write(own / "imap-password", octets)
    with pytest.raises(ConfigurationError, match=said):
        credential("imap-password", own.parent)()
