# SPDX-License-Identifier: EUPL-1.2
"""Writes the configuration of the demo: the shipped one, with the servers and persons of the story."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from string import Template

from flaggermail.demo.script import SHIPPED
from flaggermail.shipped import shipped

CREDENTIALS = ("imap-password", "smtp-password")
DATABASE, ARCHIVE = "flaggermail.db", "archive"
STORY = "story"  # the folder in which the forms and texts of the officer lie
_OWN = ("flaggermail.yaml", "oncall.yaml")
_AS_SHIPPED = ("elections.yaml", "platforms.yaml")
_READ_ON = re.compile(r"(?m)^( *read_on: *)\S+")


def write(folder: Path, values: Mapping[str, str], password: str, policy_read_on: date) -> None:
    """Fill the empty `folder`; `values` are those of the templates in `story/`. Raises OSError."""
    values = {**values, "database": DATABASE, "archive": ARCHIVE}
    for name in _OWN:
        text = Template((SHIPPED / name).read_text(encoding="utf-8")).substitute(values)
        (folder / name).write_text(text, encoding="utf-8")
    for name in _AS_SHIPPED:
        text = (shipped("config") / name).read_text(encoding="utf-8")
        # The story is older than the day on which the shipped policies were read.
        (folder / name).write_text(_READ_ON.sub(rf"\g<1>{policy_read_on}", text), encoding="utf-8")
    shutil.copytree(shipped("config") / "templates", folder / "templates")
    shutil.copytree(shipped("rules"), folder / "rules")
    shutil.copytree(SHIPPED, folder / STORY, ignore=shutil.ignore_patterns(*_OWN))
    credentials = folder / "credentials"
    credentials.mkdir(mode=0o700)
    for name in CREDENTIALS:
        (credentials / name).touch(mode=0o600)
        (credentials / name).write_text(password, encoding="ascii")
