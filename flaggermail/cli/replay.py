# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail replay`: plays scenarios through the live code and compares the outcome with their expectations."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import click

from flaggermail.cli.session import as_json_option, show_json
from flaggermail.cli.terminal import safe_line
from flaggermail.shipped import stories

_FILE = "scenario.yaml"


class ScenarioPath(click.Path):
    """A path that exists, or the name of a shipped story."""

    def __init__(self) -> None:
        super().__init__(exists=True, path_type=Path)

    def convert(self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Returns the path; a file or folder of that name comes before a story."""
        shipped = stories().get(str(value))
        path = shipped if shipped is not None and not Path(str(value)).exists() else value
        return Path(str(super().convert(path, param, ctx)))


@click.command(name="replay")
@click.argument("paths", metavar="SCENARIO...", nargs=-1, required=True, type=ScenarioPath())
@as_json_option
def command(paths: tuple[Path, ...], *, as_json: bool) -> None:
    """Play a scenario in simulated time.

    SCENARIO is a folder with scenario.yaml and its mails, a folder of such folders, or the name of a shipped story
    (S05, S08). Deviations from the expected
    outcome are printed to standard error; the exit status is 1 if there are any.

    Example: flaggermail replay tests/scenarios/S01
    """
    from flaggermail import logbook
    from flaggermail.cli.acting import typed
    from flaggermail.wiring.runs import play

    logbook.configure(logging.WARNING)  # print the story, not the log of each step
    scenarios = list(_scenarios(paths))
    reports = [play(scenario, typed) for scenario in scenarios]
    if as_json:
        alone = len(paths) == 1 and _is_scenario(paths[0])
        show_json(reports[0].json if alone else [report.json for report in reports])
    different = False
    for scenario, report in zip(scenarios, reports, strict=True):
        if not as_json:
            for line in report.story:
                click.echo(safe_line(line))
        for difference in report.differences:
            click.echo(safe_line(f"{scenario.name}: {difference}"), err=True)
            different = True
    if different:
        raise click.exceptions.Exit(1)


def _is_scenario(path: Path) -> bool:
    return path.name == _FILE or (path / _FILE).is_file()


def _scenarios(paths: tuple[Path, ...]) -> Iterator[Path]:
    """Yields the folder of each scenario: a path may be the scenario, its file, or a folder of scenarios."""
    for path in paths:
        if _is_scenario(path):
            yield path.parent if path.name == _FILE else path
            continue
        found = sorted(entry for entry in path.iterdir() if _is_scenario(entry)) if path.is_dir() else []
        if not found:
            raise click.UsageError(f"{path}: holds no {_FILE}, and no folder in it does.")
        yield from found
