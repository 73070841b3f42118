# SPDX-License-Identifier: EUPL-1.2
"""Runs measurements one after the other, prints what they yield, and writes the report."""

import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import readme_table, table
from tests.bench.figures import Bench, Figure, Measurement


def run(
    measurements: Mapping[str, Measurement], bench: Bench, report: Path | None = None, expected: Sequence[str] = (),
    readme: Path | None = None,
) -> int:  # fmt: skip
    """Runs all measurements; returns 1 if one did not complete, else 0, whatever the goals say.

    A name in `expected` that no figure has counts as a measurement that did not run.

    `report` gets the figures as JSON, including those that a failed measurement yielded before it failed; `readme`
    gets them as a table if none failed.
    """
    figures, failed = list[Figure](), list[str]()
    for name, measurement in measurements.items():
        begun = time.monotonic()
        try:
            figures.extend(_printed(measurement, bench))
        except Exception:  # noqa: BLE001 - the boundary of one measurement: the others run all the same
            table.note(f"{name} did not run:\n{traceback.format_exc()}")
            failed.append(name)
        table.note(f"({name}: {time.monotonic() - begun:,.0f} s)")
    if report is not None:
        table.write(report, figures)
    given = {figure.name for figure in figures}
    failed += [name for name in expected if name not in given and not failed]
    if readme is not None and not failed:
        readme_table.write(readme, table.report(figures), readme_table.machine(datetime.now(UTC).date()))
    for name in failed:
        table.note(f"did not run: {name}")
    return 1 if failed else 0


def _printed(measurement: Measurement, bench: Bench) -> Iterator[Figure]:
    for row in measurement(bench):
        table.show(row)
        if isinstance(row, Figure):
            yield row
