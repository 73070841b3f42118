# SPDX-License-Identifier: EUPL-1.2
"""The log of look-ups in the archive: who asked what, and when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from flaggermail.mail.message import Json
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added
from flaggermail.record.rows import ArchiveReading
from flaggermail.services import EventRef, UnitOfWork

ONE_READING = timedelta(hours=1)
"""Within it, the further lines of a list belong to the reading that began it."""


def is_noted(work: UnitOfWork, name: str, asked: Mapping[str, Json], since: datetime | None = None) -> bool:
    """True if it is on record that the actor asked this, whenever or not before an instant."""
    found = work.tx.find(
        ArchiveReading,
        where(ArchiveReading.request).is_(name),
        where(ArchiveReading.reader).is_(work.actor),
        where(ArchiveReading.asked).is_(stored_request(asked)),
    )
    return any(since is None or row.at >= since for row in found)


def note(
    work: UnitOfWork, name: str, asked: Mapping[str, Json], case: str | None = None, *, goes_on: bool = False
) -> None:
    """Records that the actor read in the archive; `asked` holds no words of a mail's text.

    `goes_on`: they read on in a list; that it began within the hour is enough.
    """
    if goes_on and is_noted(work, name, asked, work.now - ONE_READING):
        return
    row = ArchiveReading(
        id=f"r{work.tx.number('reading'):08d}",
        request=name,
        reader=work.actor,
        at=work.now,
        case=case,
        asked=stored_request(asked),
    )
    work.record(EventKind.ARCHIVE_READ, added(row), about=EventRef(case=case))


def stored_request(asked: Mapping[str, Json]) -> str:
    """Returns the fields of a request as the row of a reading holds them."""
    return json.dumps(asked, sort_keys=True, ensure_ascii=False)
