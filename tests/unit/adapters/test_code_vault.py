# SPDX-License-Identifier: EUPL-1.2
"""The vault of one-time codes: the codes of RFC 6238, and secrets that are this account's alone or lost."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from flaggermail.adapters.files.secrets import FileCodeVault
from flaggermail.errors import ArchiveFailure

SECRET = b"12345678901234567890"
TABLE = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}
"""RFC 6238, appendix B, SHA-1: the last six of the eight digits at these seconds."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Returns a folder that does not exist yet."""
    return tmp_path / "a" / "codes"


@pytest.fixture
def vault(folder: Path) -> FileCodeVault:
    """Returns an empty vault."""
    return FileCodeVault(folder, lambda: os.urandom(16))


def test_codes_are_those_of_the_standard(vault: FileCodeVault) -> None:
    """Every row of the table in the standard comes out."""
    commitment = vault.make("d000001", SECRET)
    steps = {seconds // 30: code for seconds, code in TABLE.items()}
    assert vault.codes("d000001", commitment, steps) == steps


def test_the_address_is_what_apps_read(vault: FileCodeVault) -> None:
    """It names issuer, account and secret; the key URI format has the secret in base 32."""
    commitment = vault.make("d000001", SECRET)
    address = vault.address("d000001", commitment, "officer1", "Ministry of Affairs")
    assert address is not None
    assert address.startswith("otpauth://totp/Ministry%20of%20Affairs:officer1?secret=")
    assert base64.b32encode(SECRET).decode() in address


def test_a_secret_is_the_accounts_alone(vault: FileCodeVault, folder: Path) -> None:
    """Folder 0700 and file 0600 whatever the umask; nothing partial is left; no secret is in a repr."""
    before = os.umask(0)
    try:
        vault.make("d000001", SECRET)
    finally:
        os.umask(before)
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    assert base64.b32encode(SECRET).decode() not in repr(vault) + str(vars(vault))


@pytest.mark.parametrize("spoiled", ["gone", "other", "readable", "link", "empty", "noise"])
def test_a_spoiled_secret_is_lost(vault: FileCodeVault, folder: Path, spoiled: str) -> None:
    """A file that is missing, another device's, readable by others, a link or empty gives no code, and no error."""
    commitment = vault.make("d000001", SECRET)
    vault.make("d000002", SECRET[::-1])
    file = folder / "d000001"
    match spoiled:
        case "gone":
            file.unlink()
        case "other":
            file.write_bytes((folder / "d000002").read_bytes())
        case "readable":
            file.chmod(0o604)
        case "link":
            file.rename(folder / "elsewhere")
            file.symlink_to(folder / "elsewhere")
        case "empty":
            file.write_bytes(b"")
        case _:
            file.write_bytes(b"\xff\x00 no base 32")
    assert vault.codes("d000001", commitment, [1]) is None
    assert vault.address("d000001", commitment, "officer1", "M") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can own a folder as somebody else")
def test_another_accounts_folder_or_file_is_not_ours(vault: FileCodeVault, folder: Path) -> None:
    """A folder of another account keeps no secret of ours, and a file that another account put there gives no code."""
    commitment = vault.make("d000001", SECRET)
    os.chown(folder / "d000001", 65534, 65534)
    assert vault.codes("d000001", commitment, [1]) is None
    os.chown(folder, 65534, 65534)
    assert "belongs to the account" in vault.unusable().english
    assert FileCodeVault(folder / "below" / "codes", lambda: b"").unusable()


def test_a_key_is_made_once(vault: FileCodeVault, folder: Path) -> None:
    """The desk's key outlives a restart; without it, or when others may read it, nothing is sealed with it."""
    sealed = vault.seal("text")
    assert sealed is not None
    assert FileCodeVault(folder, lambda: b"x" * 16).seal("text") == sealed
    (folder / "key").chmod(0o644)
    assert vault.seal("text") is None
    (folder / "key").unlink()
    assert vault.seal("text") not in {None, sealed}


def test_a_folder_that_cannot_be_made_is_a_fault_without_the_secret(tmp_path: Path) -> None:
    """The fault names the folder and the reason, never the secret."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveFailure) as caught:
        FileCodeVault(tmp_path / "file" / "codes", lambda: b"").make("d000001", SECRET)
    assert base64.b32encode(SECRET).decode() not in str(caught.value)
    assert caught.value.__cause__ is None


def test_what_is_forgotten_is_gone(vault: FileCodeVault, folder: Path) -> None:
    """Forgetting removes the file, once or twice."""
    vault.make("d000001", SECRET)
    assert vault.forget("d000001")
    assert vault.forget("d000001")
    assert list(folder.iterdir()) == []


def test_no_name_leads_out_of_the_folder(vault: FileCodeVault) -> None:
    """A name with a separator names no secret."""
    with pytest.raises(ValueError, match="names no secret"):
        vault.make("../d000001", SECRET)
