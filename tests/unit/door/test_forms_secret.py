# SPDX-License-Identifier: EUPL-1.2
"""The secret of forms: made once, whole, and for the desk's own account alone."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from flaggermail.errors import ConfigurationError
from flaggermail.wiring.door_assembly import FORMS_KEY, forms_secret

OCTETS = 32


def test_it_is_made_once_for_this_account_alone(tmp_path: Path) -> None:
    """Whatever the umask is; nothing else is left in the folder."""
    before = os.umask(0)
    try:
        made = forms_secret(tmp_path / FORMS_KEY)
    finally:
        os.umask(before)
    assert len(made) == OCTETS
    assert forms_secret(tmp_path / FORMS_KEY) == made
    assert [one.name for one in tmp_path.iterdir()] == [FORMS_KEY]
    assert stat.S_IMODE((tmp_path / FORMS_KEY).stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR


def test_doors_that_start_at_once_have_one_secret(tmp_path: Path) -> None:
    """The first that is made stays."""
    found: list[bytes] = []
    doors = [threading.Thread(target=lambda: found.append(forms_secret(tmp_path / FORMS_KEY))) for _ in range(8)]
    for door in doors:
        door.start()
    for door in doors:
        door.join()
    assert len(found) == len(doors)
    assert len(set(found)) == 1


def test_one_that_is_there_is_read_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A door starts on a full disk, and beside the part that a door left which ended at once."""
    made = forms_secret(tmp_path / FORMS_KEY)
    (tmp_path / f".{FORMS_KEY}.{os.getpid()}").touch()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.open", full)
    monkeypatch.setattr("pathlib.Path.touch", full)
    assert forms_secret(tmp_path / FORMS_KEY) == made


@pytest.mark.parametrize("octets", [b"", b"x" * (OCTETS - 1)])
def test_one_that_is_not_whole_is_refused(tmp_path: Path, octets: bytes) -> None:
    """Everybody could make the tokens of an empty one."""
    (tmp_path / FORMS_KEY).write_bytes(octets)
    with pytest.raises(ConfigurationError, match="remove it"):
        forms_secret(tmp_path / FORMS_KEY)
