# SPDX-License-Identifier: EUPL-1.2
"""The table of what `check` knows, in docs/operation.md; `python -m tests.tools.check_table` writes it there.

A sentence that docs/mistakes.md shows is not repeated: the row names the mistake there. So write that page first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from flaggermail.settings.mistakes import SORTS, SetupFaultCode

DOCS = Path(__file__).parents[2] / "docs"
MANUAL, SHOWN = DOCS / "operation.md", DOCS / "mistakes.md"
_HEAD = "| code | severity | what `check` says |\n|---|---|---|\n"
_TABLE = re.compile(re.escape(_HEAD) + r"(?:\|[^\n]*\n)*")
_LINE = "FILE:LINE:COLUMN KEY: what is wrong, and what would be right"
_TELLING = 40  # characters of a sentence beside its values: with fewer, another sentence may look like it
_PLACE = re.compile(r"\{(\w+)(?::[^{}|]*\|([^{}|]*))?\}")  # {approvers}, {approvers:officer|officers}


def rows() -> Iterator[str]:
    """Yields a row for each mistake, from the worst severity to the least; the places of values are in capitals."""
    shown = dict(re.findall(r"^\| (.*?) \| `` (.*) `` \| \d \|$", SHOWN.read_text("utf-8"), re.MULTILINE))
    for code in SetupFaultCode:
        sort = SORTS[code]
        severity = f"{sort.severity}, refused by `run`" if sort.stops_run else str(sort.severity)
        severity += ", may pass" if sort.passes else ""
        said = _LINE if code is SetupFaultCode.CONFIGURATION else _PLACE.sub(_place, sort.sentence)
        fixed = re.split(r"\{[^{}]*\}", sort.sentence)
        like = re.compile(".+".join(map(re.escape, fixed)))
        mistake = next((words for words, line in shown.items() if like.search(line)), None)
        if mistake and sum(map(len, fixed)) > _TELLING:
            said = f"in [mistakes.md](mistakes.md): {mistake}"
        yield f"| `{code}` | {severity} | {said} |\n"


def _place(found: re.Match[str]) -> str:
    return " ".join(word for word in (found[1].upper(), found[2]) if word)


def with_table(page: str) -> str:
    """Returns the page with the table as it is now."""
    written, count = _TABLE.subn(lambda _: _HEAD + "".join(rows()), page)
    assert count == 1, "the page has no table of mistakes"
    return written


if __name__ == "__main__":
    MANUAL.write_text(with_table(MANUAL.read_text(encoding="utf-8")), encoding="utf-8")
