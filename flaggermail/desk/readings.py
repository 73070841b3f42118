# SPDX-License-Identifier: EUPL-1.2
"""What a view has shown, and the row that is kept of it: a person, a case, draft or mail, and the hour.

A list is no reading: it has no text of a mail. What the archive shows is kept as an event, so it needs no row.
"""

from __future__ import annotations

from collections.abc import Iterable

from flaggermail import logbook
from flaggermail.annex import approved
from flaggermail.commands.named_rows import draft_id, the_case, the_mail, the_message
from flaggermail.desk.views import READS
from flaggermail.desk.views.view import ArchiveView, Document, View
from flaggermail.errors import ReadingUnkept, ServerFull, StoreAway, StoreBusy, StoreFailure
from flaggermail.record.readings import ReadAccess, ReadItem, ReadKind, hour_of
from flaggermail.services import UnitOfWork


def items_of(work: UnitOfWork, name: str, view: View, shown: Document) -> tuple[ReadItem, ...]:
    """Returns what a view showed, by the keys of the record; nothing for a view that is none of `READS`."""
    if name not in READS:
        return ()
    named = getattr(view, READS[name])
    if named is None:
        return _of_events(shown)
    if name == "case readers":
        return (ReadItem(ReadKind.READERS, the_case(work, named).number),)
    return _FOUND[READS[name]](work, named)


def _of_annex(work: UnitOfWork, key: str) -> tuple[ReadItem, ...]:
    return (ReadItem(ReadKind.CASE, approved.the_annex(work, key).case),)


def _of_case(work: UnitOfWork, key: str) -> tuple[ReadItem, ...]:
    return (ReadItem(ReadKind.CASE, the_case(work, key).number),)


def _of_draft(work: UnitOfWork, key: str) -> tuple[ReadItem, ...]:
    return (ReadItem(ReadKind.DRAFT, draft_id(work, key)),)


def _of_message(work: UnitOfWork, key: str) -> tuple[ReadItem, ...]:
    return (ReadItem(ReadKind.MAIL, the_message(work, key).id),)


def _of_outbox(work: UnitOfWork, key: str) -> tuple[ReadItem, ...]:
    """Returns the draft, message or case that an outgoing mail is about; nothing for one about none of them."""
    mail = the_mail(work, key)
    found = ((ReadKind.DRAFT, mail.notification), (ReadKind.MAIL, mail.shows), (ReadKind.CASE, mail.case))
    return next(((ReadItem(kind, about),) for kind, about in found if about is not None), ())


_FOUND = {  # by the field of a view
    "annex": _of_annex, "case": _of_case, "draft": _of_draft, "mail": _of_outbox, "message": _of_message,
}  # fmt: skip


def _of_events(shown: Document) -> tuple[ReadItem, ...]:
    """Returns the cases of the events that were shown, whose changes hold the words of their rows."""
    events = shown.get("events")
    cases = {str(one["case"]) for one in events if one.get("case")} if isinstance(events, list | tuple) else set()
    return tuple(ReadItem(ReadKind.CASE, case) for case in sorted(cases))


def keep(work: UnitOfWork, view: View, items: Iterable[ReadItem]) -> None:
    """Keeps who read these in this hour. A record that cannot be written is logged, and the person reads all the same.

    An officer who may not read on a full disk could not see what fills it, or which clock runs. Where a replica
    answers, the primary may be away for long, and nobody reads unseen: raises ReadingUnkept.
    """
    kept = [ReadAccess(work.actor, item, hour_of(work.now)) for item in items]
    if not kept or isinstance(view, ArchiveView):
        return
    try:
        work.env.store.readings.keep(kept)
    except (StoreBusy, StoreFailure) as fault:
        if work.env.store.has_replica and isinstance(fault, StoreAway) and not isinstance(fault, ServerFull):
            raise ReadingUnkept(str(fault)) from fault
        logbook.reading_not_kept(work.actor, ", ".join(f"{one.item.kind} {one.item.key}" for one in kept), str(fault))
