# SPDX-License-Identifier: EUPL-1.2
"""Writes the demo's configuration: the shipped one, with the servers and people of the story."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from string import Template

from flaggermail.shipped import shipped

DESK, SHIPPED = (Path(__file__).parent / name for name in ("demo_desk", "demo_story"))
CREDENTIALS = ("imap-password", "smtp-password")
DATABASE, ARCHIVE = "flaggermail.db", "archive"
STORY = "story"  # the folder with the officer's forms and texts
_ELECTIONS, _PLATFORMS = "elections.yaml", "platforms.yaml"
_READ_ON = re.compile(r"(?m)^( *read_on: *)\S+")


def write(folder: Path, values: Mapping[str, str], password: str, now: datetime) -> None:
    """Fills the empty `folder`; `values` are for the templates in `demo_desk/`. Raises OSError."""
    values = {**values, "database": DATABASE, "archive": ARCHIVE}
    for file in DESK.glob("*.yaml"):
        text = Template(file.read_text(encoding="utf-8")).substitute(values)
        (folder / file.name).write_text(text, encoding="utf-8")
    shutil.copyfile(shipped("config") / _ELECTIONS, folder / _ELECTIONS)
    read_policies(folder, now)
    shutil.copytree(shipped("config") / "templates", folder / "templates")
    shutil.copytree(shipped("rules"), folder / "rules")
    shutil.copytree(SHIPPED, folder / STORY)
    credentials = folder / "credentials"
    credentials.mkdir(mode=0o700)
    for name in CREDENTIALS:
        (credentials / name).touch(mode=0o600)
        (credentials / name).write_text(password, encoding="ascii")


def read_policies(folder: Path, now: datetime) -> None:
    """Records in the configuration that an officer read the policies of all platforms on that day."""
    text = (shipped("config") / _PLATFORMS).read_text(encoding="utf-8")
    (folder / _PLATFORMS).write_text(_READ_ON.sub(rf"\g<1>{now:%Y-%m-%d}", text), encoding="utf-8")
