# SPDX-License-Identifier: EUPL-1.2
"""Scenarios hold codes: `given.enrolled` and `CODE` serve an honest approval, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flaggermail.cli.acting import typed
from flaggermail.errors import ConfigurationError
from flaggermail.stories import replay
from tests.doubles import migrated

STORY = Path(__file__).parents[1] / "scenarios" / "S05-by-reply"


def sent(folder: Path, *changes: tuple[str, str]) -> bool:
    """Plays the story with these changes of its scenario; returns whether a notification left."""
    copy = shutil.copytree(STORY, folder / "story", dirs_exist_ok=True)
    text = (copy / "scenario.yaml").read_text("utf-8").partition("\nexpect:")[0] + "\n"
    text = "\n".join(line for line in text.splitlines() if "receipt.eml" not in line and "casey.eml" not in line) + "\n"
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (copy / "scenario.yaml").write_text(text, "utf-8")
    notifications = replay.play(copy, typed, migrated.replayed).json["notifications"]
    assert isinstance(notifications, list)
    return any(notification["sent_at"] for notification in notifications)


def test_an_enrolled_officer_approves_by_reply(tmp_path: Path) -> None:
    """The story as it is kept: its officer has a device, and `CODE` is that device's code."""
    assert sent(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        ("enrolled: [officer1]", "enrolled: []"),
        ("enrolled: [officer1]", "enrolled: [officer2]"),
        ("file: approve.eml,", "file: approve.eml, auth: none,"),
        ("file: approve.eml,", "file: approve.eml, auth: forged,"),
        ("file: approve.eml,", "file: approve.eml, folder: sent,"),
    ],
    ids=["nobody enrolled", "a colleague enrolled", "unverified", "forged", "in Sent"],
)
def test_without_device_or_proof_it_does_not(tmp_path: Path, change: tuple[str, str]) -> None:
    """No device, a colleague's device, an unverified sender or a mail laid into Sent: nothing leaves."""
    assert not sent(tmp_path, change)


def test_an_unknown_officer_is_named(tmp_path: Path) -> None:
    """A mistyped officer is a fault of the scenario."""
    with pytest.raises(ConfigurationError, match="officer9 is no officer"):
        sent(tmp_path, ("enrolled: [officer1]", "enrolled: [officer9]"))
