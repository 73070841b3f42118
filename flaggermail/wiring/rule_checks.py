# SPDX-License-Identifier: EUPL-1.2
"""Checks of a rule set by the parser that reads its sample mails: `rules check` loads nothing else of a desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaggermail.adapters.parsing.patterns import Re2Matcher
from flaggermail.adapters.parsing.worker import ContainedParser

if TYPE_CHECKING:
    from flaggermail.health.findings import Confinement
    from flaggermail.rules.configuration import Configuration
    from flaggermail.rules.rulebook import RuleFinding
    from flaggermail.settings.yaml_files.source import FileFault


def rule_findings(settings: Configuration, begun: ContainedParser | None = None) -> list[RuleFinding]:
    """Returns faults and warnings about the rules of the settings and their sample mails.

    `begun` parses them, and is closed; without it processes are started.
    """
    from flaggermail.rules import rulebook  # noqa: PLC0415 - a reload needs it, and a daemon that waits does not

    faults: list[FileFault] = []
    samples = rulebook.load_samples(settings.rules_directory, faults)
    remarks = [rulebook.RuleFinding(fault.file, fault.line, fault.column, fault.said) for fault in faults]
    reader = begun or ContainedParser(settings.rules_directory)
    try:
        return remarks or rulebook.check(settings.rules, samples, reader, Re2Matcher())
    finally:
        reader.close()


def parser_confinement(settings: Configuration) -> Confinement:
    """Returns what confines the processes that parse mail on this machine; starts one to find out, and ends it."""
    reader = ContainedParser(settings.rules_directory)
    try:
        return reader.confinement()
    finally:
        reader.close()
