# SPDX-License-Identifier: EUPL-1.2
"""Reads a configuration directory: five YAML files, the rules, and the location of the templates.

`load` reads every file and collects all faults in one ConfigurationError. `yaml_files.source` gives a file as plain
values with line and column, `yaml_files.faults` words the errors of pydantic, `checks` finds faults that no single
value shows, `rules.files` reads `rules/NN-name.yaml`, `word_tables` reads other words there, `advice` finds mistakes
in settings that are valid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from flaggermail.errors import ConfigurationError
from flaggermail.rules.files import load_rules
from flaggermail.rules.findings import KnownNames
from flaggermail.settings import checks, escalation_checks
from flaggermail.settings.escalation_file import EscalationFile
from flaggermail.settings.model import DeskSettings, ElectionsFile, OncallFile, PlatformsFile, Settings
from flaggermail.settings.word_tables import load_intake, load_outcomes, load_reply_words, tag_findings
from flaggermail.yaml_files.faults import checked
from flaggermail.yaml_files.kinds import Model
from flaggermail.yaml_files.source import Fault, YamlSource, read, require_folder, require_open

M = TypeVar("M", bound=Model)

_SQLITE_FILE = "sqlite:///"


def load(directory: Path, rules_directory: Path | None = None, templates_directory: Path | None = None) -> Settings:
    """Loads and checks the configuration in `directory`. Raises ConfigurationError with one line for every fault.

    Rules are read from `rules_directory`, else from `rules` in the directory, else from `rules` beside it (a checkout
    has `config/` and `rules/` side by side); templates from `templates_directory`, else from `templates` in the
    directory. Relative paths in the files are relative to the directory; the settings contain absolute ones.
    """
    directory = directory.absolute()
    require_folder(directory)
    faults: list[Fault] = []
    rules_directory = (rules_directory or rules_of(directory)).absolute()
    require_open(rules_directory)
    intake, outcomes = load_intake(rules_directory, faults), load_outcomes(rules_directory, faults)
    reply_words = load_reply_words(rules_directory, faults)
    sources = {name: read(directory / name, name) for name in _FILES}
    if not (directory / _OPTIONAL).exists():
        sources[_OPTIONAL] = YamlSource(_OPTIONAL)  # the defaults apply
    desk = _model(DeskSettings, sources["flaggermail.yaml"], checks.desk)
    platforms = _model(PlatformsFile, sources["platforms.yaml"], checks.platforms)
    oncall = _model(OncallFile, sources["oncall.yaml"], checks.oncall)
    elections = _model(ElectionsFile, sources["elections.yaml"], checks.elections)
    escalation = _model(EscalationFile, sources["escalation.yaml"], escalation_checks.faults)
    if escalation:
        _add(sources["escalation.yaml"], escalation_checks.names(escalation, oncall, platforms))
    if desk:
        _add(sources["flaggermail.yaml"], tag_findings(desk.tags, outcomes))
    if desk:
        _add(sources["flaggermail.yaml"], checks.players(desk, oncall, platforms))
    if platforms:
        _add(sources["platforms.yaml"], checks.own_address(platforms, desk))
    if oncall:
        _add(sources["oncall.yaml"], checks.correspondents(oncall, desk, platforms))
    whole = not sources["flaggermail.yaml"].faults  # otherwise a label may be unknown only because of such a fault
    known = _known_names(desk if whole else None, platforms)
    rules = load_rules(rules_directory, faults, known, dated_lists=desk is None or desk.referrers.dated_lists)
    faults += [fault for source in sources.values() for fault in source.faults]
    if faults or not (desk and platforms and oncall and elections and escalation and intake and reply_words):
        raise ConfigurationError(*map(str, sorted(faults)))
    return Settings.unchecked(  # its parts are checked
        directory=directory,
        templates=templates_directory or directory / "templates",
        rules_directory=rules_directory,
        desk=_absolute(desk, directory),
        platform_list=platforms.platforms,
        oncall=oncall,
        election_list=elections.elections,
        rules=rules,
        intake=intake,
        reply_words=reply_words,
        escalation=escalation,
        outcome_words=outcomes,
    )


def _known_names(desk: DeskSettings | None, platforms: PlatformsFile | None) -> KnownNames:
    """Returns the names that rules may use."""
    return KnownNames(
        labels=desk.tags.labels if desk else None,
        platforms=[platform.code for platform in platforms.platforms] if platforms else None,
        channels=[channel.code for platform in platforms.platforms for channel in platform.channels]
        if platforms
        else None,
    )


_FILES = ("flaggermail.yaml", "platforms.yaml", "oncall.yaml", "elections.yaml", "escalation.yaml")
_OPTIONAL = "escalation.yaml"


def rules_of(directory: Path) -> Path:
    """Returns the default rules directory of the configuration in `directory`."""
    inside = directory / "rules"
    return inside if inside.is_dir() else directory.parent / "rules"


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
                }
            ),
        }
    )


def _absolute_url(url: str, directory: Path) -> str:
    path = url.removeprefix(_SQLITE_FILE)
    if path == url or path.startswith(":memory:"):
        return url
    return f"{_SQLITE_FILE}{directory / path}"
