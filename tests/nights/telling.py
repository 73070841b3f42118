# SPDX-License-Identifier: EUPL-1.2
"""How a night is told: what was broken, and all that happened, in lines."""

from __future__ import annotations

from tests.nights.diary import Diary
from tests.nights.verdict import PROMISES


def story(seed: int, diary: Diary) -> str:
    """The night in lines: true time, the desk's own time in brackets, what happened; `<-` came in, `->` left."""
    broken = [f"night {seed}: {v} ({PROMISES[v.promise]})" for v in diary.violations]
    return "\n".join([*broken, *diary.lines, f"the same night again: ./dev bench nights --night {seed}"])
