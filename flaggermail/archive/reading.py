# SPDX-License-Identifier: EUPL-1.2
"""Who may read the archive, and the event of each reading."""

from __future__ import annotations

import json
from collections.abc import Mapping

from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.record.events import EventKind, added
from flaggermail.record.rows import ArchiveReading
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.wording.refusals import Because


def may_read(work: UnitOfWork, name: str) -> None:
    """Raises Refusal unless the actor is an officer or associate of the desk; `name` is what they ask for."""
    rota = work.env.settings.rota
    if rota.officer(work.actor) is None and rota.associate(work.actor) is None:
        raise Refusal(Because.NO_READER(name=name))


def note(work: UnitOfWork, name: str, asked: Mapping[str, Json], case: str | None = None) -> None:
    """Records that the actor read in the archive; `asked` holds no words of a mail's text."""
    row = ArchiveReading(
        id=f"r{work.tx.number('reading'):08d}",
        request=name,
        reader=work.actor,
        at=work.now,
        case=case,
        asked=written(asked),
    )
    work.record(EventKind.ARCHIVE_READ, added(row), about=EventRef(case=case))


def written(asked: Mapping[str, Json]) -> str:
    """Returns the fields of a request as the row of a reading holds them."""
    return json.dumps(asked, sort_keys=True, ensure_ascii=False)
