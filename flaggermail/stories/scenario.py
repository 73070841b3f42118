# SPDX-License-Identifier: EUPL-1.2
"""Reads a scenario: a folder with scenario.yaml and mails, in the format of `tests/scenarios/README.md`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flaggermail.errors import ConfigurationError
from flaggermail.services import Services
from flaggermail.settings.yaml_files.faults import read_model
from flaggermail.shipped import shipped
from flaggermail.stories.played_mail import delivered, sent
from flaggermail.stories.scenario_file import EnteredCommand, MailEntry, ScenarioFile


@dataclass(frozen=True, slots=True)
class Incoming:
    """One delivery. `octets` can be computed only after the mail that it answers was sent."""

    at: datetime
    folder: str
    octets: Callable[[Services], bytes]
    tell: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario, read and checked: its file, its folder and that of its configuration, and all deliveries."""

    folder: Path
    config: Path
    file: ScenarioFile
    mails: tuple[Incoming, ...]

    def instants(self) -> tuple[datetime, ...]:
        """Returns every instant at which the scenario itself does something, and its end."""
        found = {mail.at for mail in self.mails} | {act.at for act in self.file.acts}
        found |= {reading.at for reading in self.file.policies_read}
        return tuple(sorted(found | {self.file.until} if self.file.until else found))

    def arriving(self, now: datetime) -> list[Incoming]:
        """Returns the mails of `demo.arrives`, arriving now."""
        mails = [MailEntry(file=file, at=now) for file in self.file.demo.arrives]
        return [Incoming(now, mail.folder, delivered(self.folder / mail.file, mail, now, now)) for mail in mails]

    def prepared(self, now: datetime) -> list[EnteredCommand]:
        """Returns the command lines of `demo.prepares`, entered now by the officer of the last act."""
        return [EnteredCommand(at=now, by=self.file.acts[-1].by, do=line) for line in self.file.demo.prepares]

    def later_asked(self, env: Services) -> int:
        """Returns the number of our mails that match `demo.later` so far."""
        return len(sent(env, self.file.demo.later.answers)) if self.file.demo.later else 0

    def later(self, count: int, now: datetime) -> Incoming:
        """Returns the answer of `demo.later` to our mail at index `count`, arriving now."""
        entry = self.file.demo.later
        if entry is None:
            raise ConfigurationError(f"{self.folder.name}/scenario.yaml demo: says nothing of later")
        answers = entry.answers.model_copy(update={"number": count})
        mail = MailEntry(file=entry.file, at=now, answers=answers)
        return Incoming(now, mail.folder, delivered(self.folder / mail.file, mail, now, now))


def read(folder: Path, after: int | None = None) -> Scenario:
    """Reads the scenario in `folder`; `after`, if given, replaces the minutes of mails that specify some.

    Raises ConfigurationError with file, line and column.
    """
    folder = folder.absolute()
    found = read_model(folder / "scenario.yaml", ScenarioFile)
    files = [*(mail.file for mail in found.mails), *found.demo.arrives]
    files += [found.demo.later.file] if found.demo.later else []
    missing = [file for file in files if not (folder / file).is_file()]
    if missing:
        raise ConfigurationError(
            *(f"{folder.name}/scenario.yaml: mail {name}: there is no such file" for name in missing)
        )
    if not found.mails and not found.acts:
        raise ConfigurationError(f"{folder.name}/scenario.yaml: has neither mails nor acts; nothing would happen")
    mails = [
        Incoming(at, mail.folder, delivered(folder / mail.file, mail, at, _arrival(mail, after)), mail.tell)
        for mail in found.mails
        for at in (_arrival(mail, after), *mail.copies)
    ]
    return Scenario(folder, _config(folder, found.config), found, tuple(mails))


def _arrival(mail: MailEntry, after: int | None) -> datetime:
    minutes = after if after is not None and mail.after else mail.after
    return mail.at + timedelta(minutes=minutes)


def _config(folder: Path, named: str | None) -> Path:
    if named is not None:
        places = [folder / named]
    else:
        places = [folder.parent.parent / "config", shipped("config").parent / "tests" / "config", shipped("config")]
    for place in places:
        if (place / "flaggermail.yaml").is_file():
            return place
    raise ConfigurationError(f"{folder.name}/scenario.yaml config: no configuration in {places[0]}; name its folder")
