# SPDX-License-Identifier: EUPL-1.2
"""The whole configuration of a desk: its settings and its rules, read and checked together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flaggermail.rules.classifier import RuleSet
from flaggermail.rules.files import load_rules
from flaggermail.rules.findings import KnownNames
from flaggermail.settings.model import PlatformsFile, Settings
from flaggermail.settings.reading import read


class Configuration(Settings):
    """The settings of a desk, and its rules."""

    rules: RuleSet


def load(directory: Path, rules_directory: Path | None = None, templates: Path | None = None) -> Configuration:
    """Loads and checks the configuration in `directory`. Raises ConfigurationError with one line for every fault.

    Rules are read from `rules_directory`, else from `rules` in the directory, else from `rules` beside it (a checkout
    has `config/` and `rules/` side by side); templates from `templates`, else from `templates` in the directory.
    """
    found = read(directory, rules_directory, templates)
    dated_lists = found.desk is None or found.desk.referrers.dated_lists
    known = _known_names(found.labels(), found.platforms)
    rules = load_rules(found.rules_directory, found.faults, known, dated_lists=dated_lists)
    return Configuration.unchecked(**found.values(), rules=rules)  # its parts are checked


def _known_names(labels: Sequence[str] | None, file: PlatformsFile | None) -> KnownNames:
    """Returns the names that rules may use; None where a fault hides them."""
    if file is None:
        return KnownNames(labels=labels, platforms=None, channels=None)
    channels = [channel.code for platform in file.platforms for channel in platform.channels]
    return KnownNames(labels=labels, platforms=[platform.code for platform in file.platforms], channels=channels)
