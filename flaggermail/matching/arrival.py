# SPDX-License-Identifier: EUPL-1.2
"""Whether a mail's arrival time is reliable: every latency is computed from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from flaggermail.mail.authentication.received_fields import RECEIVED, own_received_line, taken_at
from flaggermail.notifications import clocks
from flaggermail.record.instants import EARLIEST
from flaggermail.record.kinds import ArrivalBasis
from flaggermail.wording.filing import Dispute
from flaggermail.wording.said import Said

TOLERANCE = timedelta(minutes=2)
_IN_FILE: Mapping[ArrivalBasis, Dispute] = {
    ArrivalBasis.OWN_LINE: Dispute.OWN_LINE,
    ArrivalBasis.LAST_HOP: Dispute.LAST_HOP,
    ArrivalBasis.MBOX: Dispute.MBOX_LINE,
    ArrivalBasis.MAILDIR: Dispute.MAILDIR,
    ArrivalBasis.FILE: Dispute.FILE,
    ArrivalBasis.MOVED: Dispute.MOVED,
}


def disputed(internaldate: datetime, looked_at: datetime | None, received: str | None) -> Said | None:
    """Returns why the INTERNALDATE is disputed, or None.

    It is disputed if it lies before a complete look at the folder that did not show the mail (`looked_at`), or too far
    from the time in our own receiving server's Received field (`received`: its line; RFC 5322, section 3.6.7).
    """
    if looked_at is not None and internaldate < looked_at - TOLERANCE:
        return Dispute.BEFORE_LOOK(at=f"{looked_at.astimezone(UTC):%Y-%m-%d %H:%M}")
    taken = taken_at(received) if received else None
    if taken is not None and abs(internaldate - taken) > TOLERANCE:
        return Dispute.SERVER_LINE(at=f"{taken.astimezone(UTC):%Y-%m-%d %H:%M}")
    return None


def is_possible(internaldate: datetime, now: datetime) -> bool:
    """True if a mail that is seen `now` can have arrived then, as far as both clocks can be trusted."""
    return EARLIEST <= internaldate <= now + TOLERANCE


def impossible(internaldate: datetime, written: str) -> Said:
    """Returns why an INTERNALDATE is no arrival; `written` is its text if no calendar holds it."""
    if written:
        return Dispute.NO_INSTANT(text=written)
    at = internaldate.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "minutes")
    return Dispute.TOO_OLD(at=at) if internaldate < EARLIEST else Dispute.AFTER_SIGHT(at=at)


def too_early(sent_at: datetime | None, arrived_at: datetime) -> Said | None:
    """Returns why the arrival time of an answer is impossible, or None: it lies before the notification was sent.

    One of the two clocks was wrong. Such an answer stops no clock, so a person must be informed.
    """
    if sent_at is None or clocks.counts(sent_at, arrived_at):
        return None
    return Dispute.BEFORE_SENDING(at=f"{sent_at.astimezone(UTC):%Y-%m-%d %H:%M}")


def disputed_in_file(basis: ArrivalBasis) -> Said:
    """Returns why an arrival that no look saw is disputed: whoever had the file, or moved the mail, could write it."""
    return _IN_FILE[basis]()


def in_file(
    fields: Sequence[tuple[str, str]], server: str | None, stored: tuple[datetime, ArrivalBasis], now: datetime
) -> tuple[datetime, ArrivalBasis]:
    """Returns when a mail in a file arrived, and what that rests on.

    `fields`: its header; `server`: our receiving server, if the settings name it; `stored`: what the file itself says.
    The Received fields come first, as a copied file has the time of the copy. The Date field is never asked.
    """
    own = own_received_line(fields, server) if server else None
    last = next((line for name, line in fields if name == RECEIVED), None)
    for line, basis in ((own, ArrivalBasis.OWN_LINE), (last, ArrivalBasis.LAST_HOP)):
        taken = taken_at(line) if line else None
        if taken is not None and EARLIEST <= taken <= now:
            return taken, basis
    at, basis = stored
    return (at, basis) if EARLIEST <= at <= now else (now, ArrivalBasis.FILE)
