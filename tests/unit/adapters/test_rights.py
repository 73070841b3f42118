# SPDX-License-Identifier: EUPL-1.2
"""The desk's files are its own account's alone, and `check` finds what is open to any other."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.adapters.files.rights import DeskPlaces, open_faults
from flaggermail.adapters.files.secrets import FileCodeVault
from flaggermail.stories.doubles import CountedRandomness
from tests.doubles.migrated import migrate


@pytest.fixture
def places(tmp_path: Path) -> DeskPlaces:
    """Returns the places of a desk in a folder of its own."""
    return DeskPlaces(*(tmp_path / name for name in ("desk.db", "archive", "codes", "tokens")))


@pytest.fixture(params=[0o000, 0o007, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> object:
    """Sets the umask of the process that makes the desk."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_what_the_desk_makes_is_open_to_nobody_else(places: DeskPlaces) -> None:
    """Files are made 0600, frozen mails 0400 and folders 0700, whatever the umask, in folders that are missing too."""
    salt = CountedRandomness("rights").salt
    store = SqlStore(migrate(f"sqlite:///{places.database}"), salt)
    with store.read():
        octets = FileBlobStore(places.archive)
        octets.put(b"octets")
        octets.sweep()
        FileCodeVault(places.codes, salt).make("d1", b"0" * 20)
        assert places.database is not None
        assert places.database.with_name("desk.db-wal").exists()
        assert list(open_faults(places)) == []
        made = list(places.archive.parent.rglob("*"))
        mails = {path for path in made if path.parent.parent == places.archive}
        folders = {path for path in made if path.is_dir()}
        files = set(made) - folders - mails
        assert {"desk.db", "desk.db-wal", "desk.db-shm", "d1"} <= {path.name for path in files}
        modes = [{path.stat().st_mode & 0o777 for path in some} for some in (folders, files, mails)]
        assert modes == [{0o700}, {0o600}, {0o400}]
    store.close()


@pytest.mark.parametrize(
    ("name", "mode", "command"),
    [
        ("desk.db", 0o640, "chmod go-rwx"),
        ("desk.db-wal", 0o602, "chmod go-rwx"),
        ("desk.db-shm", 0o604, "chmod go-rwx"),
        ("archive", 0o710, "chmod -R go-rwx"),
        ("codes", 0o710, "chmod -R go-rwx"),
        ("tokens", 0o701, "chmod -R go-rwx"),
        ("backup", 0o750, "chmod -R go-rwx"),
    ],
)
def test_each_place_is_looked_at(places: DeskPlaces, name: str, mode: int, command: str) -> None:
    """One line names the path, its mode and what to type."""
    path = places.archive.with_name(name)
    make: Callable[..., object] = path.touch if name.startswith("desk") else path.mkdir
    assert places.database is not None
    places.database.touch(mode=0o600)
    make()
    path.chmod(mode)
    (found,) = open_faults(places)
    assert f"(mode {mode:o}); run `{command} {path}`" in found.text
