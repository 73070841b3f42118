# SPDX-License-Identifier: EUPL-1.2
"""What the referral of a case lacks, recomputed from the mail of its referrer on each call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from flaggermail.cases.checklist import attempts_told, missing
from flaggermail.errors import ArchiveFault
from flaggermail.mail.message import Message
from flaggermail.record.case_values import Item
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import Case, StoredMessage
from flaggermail.record.states import CaseState
from flaggermail.services import UnitOfWork

LATEST = 20  # mails of a case, besides the referral, among which the referrer's are looked for
MOST_AGAIN = 9  # of these, that are parsed again

Reader = Callable[[UnitOfWork, StoredMessage], Message | None]


def missing_of(
    work: UnitOfWork, case: Case, at_hand: Mapping[str, Message] | None = None, read: Reader | None = None
) -> tuple[Item, ...]:
    """Returns what the referrer has not supplied; empty without a referrer, or if the case is decided or closed.

    `at_hand`: parsed mails by the id of their row. `read` parses another one, or returns None to skip it.
    """
    if case.referrer_address is None or case.decision is not None or case.state == CaseState.CLOSED:
        return ()
    phone = work.env.settings.desk.organisation.phone
    mails = list(_mails_of_referrer(work, case, at_hand or {}, read or _read))
    return missing(mails, work.env.settings.intake, case.type, (phone,) if phone else ())


def attempts_of(work: UnitOfWork, case: Case) -> int:
    """Returns how many own attempts the referrer tells of, by their words; 0 without a referrer."""
    if case.referrer_address is None:
        return 0
    return attempts_told(list(_mails_of_referrer(work, case, {}, _read)), work.env.settings.intake)


def _read(work: UnitOfWork, row: StoredMessage) -> Message | None:
    """Parses a mail for somebody who only looks; skips one that is lost or costly."""
    try:
        return None if row.costly else work.env.parser.parse(work.env.octets.get(row.digest))
    except ArchiveFault:
        return None


def _mails_of_referrer(work: UnitOfWork, case: Case, at_hand: Mapping[str, Message], read: Reader) -> Iterator[Message]:
    """Yields the referrer's mail and its attached mail; what cannot be read is skipped, since this is only advice."""
    here = where(StoredMessage.case).is_(case.number), where(StoredMessage.direction).is_(Direction.IN)
    rows = {row.id: row for row in work.tx.newest(StoredMessage, LATEST, *here)}
    root = case.root_message
    if root is not None and root not in rows:  # with what it brought
        for condition in (where(StoredMessage.id).is_(root), where(StoredMessage.enclosed_in).is_(root)):
            rows |= {row.id: row for row in work.tx.find(StoredMessage, *here, condition)}
    own = {row.id for row in rows.values() if row.from_address == case.referrer_address or row.id == root}
    told = sorted(key for key, row in rows.items() if row.id in own or row.enclosed_in in own)
    again = [rows[key] for key in told if key not in at_hand]
    for row in (*again[:1], *again[1:][-MOST_AGAIN:]):  # the first is the referral itself
        found = read(work, row)
        if found is not None:
            yield found
    yield from (at_hand[key] for key in sorted(at_hand))
