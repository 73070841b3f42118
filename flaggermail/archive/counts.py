# SPDX-License-Identifier: EUPL-1.2
"""Counts that close: what each folder held at the last complete look is archived, or excluded with a reason.

A period is the calendar month, in the desk's zone, in which the server received the mail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from flaggermail.record.rows import Delivery


class Excluded(StrEnum):
    """Why a mail that the server holds is not in the archive."""

    DESTROYED = "destroyed"  # its octets, at the end of the retention period; the server may still have it
    TAKEN_OUT = "taken out"  # by a person, in its review window


class Whereabouts(StrEnum):
    """Where a copy of a mail is."""

    ARCHIVED = "archived"  # on the server and in the archive
    GONE = "gone"  # no longer on the server: in the archive alone, or destroyed there too
    EXCLUDED = "excluded"  # on the server, and not in the archive for a reason
    TAKEN_OUT = "taken out"  # the same, by a person
    LOST = "lost"  # on the server, and its octets are not in the archive without a reason


@dataclass(frozen=True, slots=True)
class FolderCount:
    """One line of the count. `period` is `2026-03`, or None for the whole folder.

    `server`: mails that the server held at `looked_at`, None if it never was counted; of a period, those of them that
    the desk knows. `gone`: copies taken in before that the server no longer holds; they are not in `server`.
    """

    folder: str
    period: str | None
    server: int | None
    archived: int
    excluded: Mapping[Excluded, int]
    gone: int
    looked_at: datetime | None

    @property
    def difference(self) -> int | None:
        """How many mails of the server are neither archived nor excluded; None if the server's number is unknown."""
        return None if self.server is None else self.server - self.archived - sum(self.excluded.values())


@dataclass(frozen=True, slots=True)
class Seen:
    """What the desk last saw of a folder: how many mails it held, and when."""

    held: int | None
    looked_at: datetime | None


def folder_counts(
    copies: Iterable[tuple[Delivery, Whereabouts]], seen: Mapping[str, Seen], zone: tzinfo
) -> list[FolderCount]:  # fmt: skip
    """Returns the lines of each folder: first of all its mails, then of each month.

    `server` is None for a folder that was never looked at, such as a file of old mail.
    """
    tally: dict[tuple[str, str], Counter[Whereabouts]] = {}
    for copy, kept in copies:
        month = f"{copy.internaldate.astimezone(zone):%Y-%m}"
        tally.setdefault((copy.folder, month), Counter())[kept] += 1
    lines: list[FolderCount] = []
    for folder in sorted({*seen, *(folder for folder, _ in tally)}):
        there = seen.get(folder)
        months = [(month, found) for (of, month), found in sorted(tally.items()) if of == folder]
        whole = sum((found for _, found in months), Counter[Whereabouts]())
        looked_at = there.looked_at if there else None
        lines.append(_line(folder, None, there.held if there else None, whole, looked_at))
        for month, found in months:
            known = found.total() - found[Whereabouts.GONE] if there else None
            lines.append(_line(folder, month, known, found, looked_at))
    return lines


def _line(
    folder: str, period: str | None, server: int | None, found: Counter[Whereabouts], looked_at: datetime | None
) -> FolderCount:
    reasons = {Excluded.DESTROYED: found[Whereabouts.EXCLUDED], Excluded.TAKEN_OUT: found[Whereabouts.TAKEN_OUT]}
    excluded = {reason: count for reason, count in reasons.items() if count}
    archived, gone = found[Whereabouts.ARCHIVED], found[Whereabouts.GONE]
    return FolderCount(folder, period, server, archived, excluded, gone, looked_at)
