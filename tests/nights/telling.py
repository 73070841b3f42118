# SPDX-License-Identifier: EUPL-1.2
"""Formats a night as text: its violations and its events, in lines."""

from __future__ import annotations

from tests.nights.diary import Diary
from tests.nights.verdict import PROMISES


def story(seed: int, diary: Diary, option: str = "") -> str:
    """Returns the night in lines: true time, the desk's time in brackets, the event; `<-` incoming, `->` outgoing."""
    broken = [f"night {seed}: {v} ({PROMISES[v.promise]})" for v in diary.violations]
    return "\n".join([*broken, *diary.lines, f"the same night again: ./dev bench nights {option}--night {seed}"])
