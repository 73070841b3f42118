# SPDX-License-Identifier: EUPL-1.2
"""Reads a configuration directory: five YAML files, the words of the rules folder, and where the templates are.

`read` collects all faults; `rules.configuration.load` adds the rules and raises them in one ConfigurationError.
`yaml_files.source` gives a file as plain values with line and column, `yaml_files.faults` words the errors of
pydantic, `checks` finds faults that no single value shows, `word_tables` reads the words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from flaggermail.errors import ConfigurationError
from flaggermail.settings import checks, escalation_checks
from flaggermail.settings.escalation_file import EscalationFile
from flaggermail.settings.model import DeskSettings, ElectionsFile, OncallFile, PlatformsFile
from flaggermail.settings.reply_words import IntakeWords, ReplyWords
from flaggermail.settings.word_tables import load_intake, load_outcomes, load_reply_words, tag_findings
from flaggermail.settings.yaml_files import source
from flaggermail.settings.yaml_files.faults import checked
from flaggermail.settings.yaml_files.kinds import Model
from flaggermail.settings.yaml_files.source import FileFault, YamlSource, require_folder, require_open
from flaggermail.shipped import rules_of

M = TypeVar("M", bound=Model)

_SQLITE_FILE = "sqlite:///"


@dataclass(slots=True)
class FilesRead:
    """What the files of a configuration directory hold, and their faults; a file with a fault may be None."""

    directory: Path
    rules_directory: Path
    templates: Path
    sources: Mapping[str, YamlSource]
    desk: DeskSettings | None = None
    platforms: PlatformsFile | None = None
    oncall: OncallFile | None = None
    elections: ElectionsFile | None = None
    escalation: EscalationFile | None = None
    intake: IntakeWords | None = None
    reply_words: ReplyWords | None = None
    outcome_words: tuple[str, ...] = ()
    faults: list[FileFault] = field(default_factory=list)  # of the rules folder; those of a source are in it

    def labels(self) -> Sequence[str] | None:
        """Returns the labels that rules may give; None if a fault hides them, and one may only seem unknown."""
        return None if self.desk is None or self.sources[DESK].faults else self.desk.tags.labels

    def values(self) -> dict[str, object]:
        """Returns the values of `Settings` by name. Raises ConfigurationError with one line for every fault."""
        faults = self.faults + [fault for one in self.sources.values() for fault in one.faults]
        desk, platforms, oncall, elections = self.desk, self.platforms, self.oncall, self.elections
        if faults or not (desk and platforms and oncall and elections):
            raise ConfigurationError(*map(str, sorted(faults)))
        return {
            "directory": self.directory, "templates": self.templates, "rules_directory": self.rules_directory,
            "desk": _absolute(desk, self.directory), "platform_list": platforms.platforms, "oncall": oncall,
            "election_list": elections.elections, "intake": self.intake, "reply_words": self.reply_words,
            "escalation": self.escalation, "outcome_words": self.outcome_words,
        }  # fmt: skip


def read(directory: Path, rules_directory: Path | None = None, templates: Path | None = None) -> FilesRead:
    """Reads and checks every file of a configuration but the rules. Raises ConfigurationError if a folder is missing.

    Words are read from `rules_directory`, else from `rules` in the directory, else from `rules` beside it (a checkout
    has `config/` and `rules/` side by side); templates are in `templates`, else in `templates` in the directory.
    Relative paths in the files are relative to the directory; the settings contain absolute ones.
    """
    directory = directory.absolute()
    require_folder(directory)
    rules_directory = (rules_directory or rules_of(directory)).absolute()
    require_open(rules_directory)
    sources = {name: source.read(directory / name, name) for name in _FILES}
    if not (directory / _OPTIONAL).exists():
        sources[_OPTIONAL] = YamlSource(_OPTIONAL)  # the defaults apply
    found = FilesRead(directory, rules_directory, templates or directory / "templates", sources)
    found.intake = load_intake(rules_directory, found.faults)
    found.outcome_words = load_outcomes(rules_directory, found.faults)
    found.reply_words = load_reply_words(rules_directory, found.faults)
    found.desk = _model(DeskSettings, sources[DESK], checks.desk)
    found.platforms = _model(PlatformsFile, sources["platforms.yaml"], checks.platforms)
    found.oncall = _model(OncallFile, sources["oncall.yaml"], checks.oncall)
    found.elections = _model(ElectionsFile, sources["elections.yaml"], checks.elections)
    found.escalation = _model(EscalationFile, sources["escalation.yaml"], escalation_checks.faults)
    _check_together(found)
    return found


def _check_together(found: FilesRead) -> None:
    """Adds the faults that only two files together show."""
    sources, desk, platforms, oncall = found.sources, found.desk, found.platforms, found.oncall
    if found.escalation:
        _add(sources["escalation.yaml"], escalation_checks.names(found.escalation, oncall, platforms))
    if desk:
        _add(sources[DESK], tag_findings(desk.tags, found.outcome_words))
        _add(sources[DESK], checks.players(desk, oncall, platforms))
    if desk and oncall:
        _add(sources[DESK], checks.proxy(desk, oncall))
    if platforms:
        _add(sources["platforms.yaml"], checks.own_address(platforms, desk))
    if oncall:
        _add(sources["oncall.yaml"], checks.correspondents(oncall, desk, platforms))


DESK = "flaggermail.yaml"
_FILES = (DESK, "platforms.yaml", "oncall.yaml", "elections.yaml", "escalation.yaml")
_OPTIONAL = "escalation.yaml"


def _model(model: type[M], source: YamlSource, check: Callable[[M], Iterable[checks.Finding]]) -> M | None:
    """Validates a file as a model and adds the faults that only its values together show."""
    file = checked(model, source)
    if file is not None:
        _add(source, check(file))
    return file


def _add(source: YamlSource, findings: Iterable[checks.Finding]) -> None:
    source.faults += [source.fault(key, words) for key, words in findings]


def _absolute(desk: DeskSettings, directory: Path) -> DeskSettings:
    """Makes the paths absolute."""
    mailbox, submission, store = desk.mailbox, desk.submission, desk.store
    return desk.model_copy(
        update={
            "mailbox": mailbox.model_copy(update={"ca_file": mailbox.ca_file and directory / mailbox.ca_file}),
            "submission": submission.model_copy(
                update={"ca_file": submission.ca_file and directory / submission.ca_file}
            ),
            "store": store.model_copy(
                update={
                    "database": _absolute_url(store.database, directory),
                    "archive": directory / store.archive,
                    "codes": store.codes and directory / store.codes,
                    "status": store.status and directory / store.status,
                }
            ),
        }
    )


def _absolute_url(url: str, directory: Path) -> str:
    path = url.removeprefix(_SQLITE_FILE)
    if path == url or path.startswith(":memory:"):
        return url
    return f"{_SQLITE_FILE}{directory / path}"
