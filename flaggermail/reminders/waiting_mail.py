# SPDX-License-Identifier: EUPL-1.2
"""Quarantined mail that may be the answer for which a clock runs: reminders, escalations and pages name it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flaggermail.cases import elections
from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import SenderVerdict
from flaggermail.matching import scoring, thread_keys
from flaggermail.record.definition import where
from flaggermail.record.kinds import FROM_MAILBOX, Direction, Place
from flaggermail.record.rows import Case, Channel, Notification, Platform, StoredMessage
from flaggermail.services import UnitOfWork

LISTED = 5  # mails named in one reminder


_RANKS = 3


@dataclass(frozen=True, slots=True)
class Parked:
    """Quarantined mail that may be the answer; `own`: it comes in the platform's name, genuine or not."""

    mail: StoredMessage
    own: bool

    @property
    def rank(self) -> int:
        """0: in the platform's name; 1: tied to the case by a clue; 2: either, from a sender who failed the check."""
        if self.mail.verdict == SenderVerdict.FAILED:
            return 2
        return 0 if self.own else 1


def waiting_for(work: UnitOfWork, case: Case, notification: Notification | None, since: datetime) -> list[Parked]:
    """Returns the mail in the quarantine that may be the answer, at most `LISTED`: by rank, verified first, by arrival.

    It comes in the name of the platform notified, or a clue ties it to the case. Mail from before `since`, when the
    clock started, is no answer. Mail in the junk folder counts, as no notice of it was sent. Whether a sender is
    genuine is another matter: the verdict stands beside each.
    """
    platform = work.tx.get(Platform, notification.platform) if notification else None
    if platform is None:
        return []
    domains, channels = frozenset(platform.domains), work.tx.find(Channel, where(Channel.platform).is_(platform.code))
    addresses = {address for channel in channels for address in channel.answers_from}
    parked = work.tx.find(
        StoredMessage,
        where(StoredMessage.place).is_(Place.QUARANTINE),
        where(StoredMessage.exercise).is_(case.exercise),
        where(StoredMessage.arrival).in_(FROM_MAILBOX),
    )
    found = []
    for mail in sorted(parked, key=lambda mail: (mail.verdict != SenderVerdict.VERIFIED, mail.received_at, mail.id)):
        if (
            mail.direction == Direction.IN
            and mail.received_at >= since
            and (mail.enclosed_in is None or mail.placed_by is not None)
            and mail.from_address is not None
        ):
            own = in_domains(mail.from_address.rpartition("@")[2], domains) or mail.from_address in addresses
            if own or _is_tied(work, mail, case):
                found.append(Parked(mail, own))
    return _fairly(found)


def placed_by_reply(found: Sequence[Parked]) -> StoredMessage | None:
    """Returns the mail that `bij NUMMER` in reply to the reminder places: the only one of the best rank, if one is.

    So a stranger who names the case, or a forger, cannot take the reply away from the mail of the platform.
    """
    best = [one.mail for one in found if one.rank == found[0].rank]
    return best[0] if len(best) == 1 else None


def entries_of(
    work: UnitOfWork, case: Case, platform: Platform | None, found: Sequence[Parked]
) -> list[dict[str, object]]:
    """Returns the mails as template values; `reply` is the number to answer with, beside the mail that it places."""
    meant, who = placed_by_reply(found), platform.name if platform else ""
    return [
        {
            "at": one.mail.received_at,
            "who": who if one.own else one.mail.from_address,
            "verdict": one.mail.verdict,
            "reply": elections.short_number(work, case) if one.mail == meant else "",
            "place": one.mail.id,
        }
        for one in found
    ]


def _is_tied(work: UnitOfWork, mail: StoredMessage, case: Case) -> bool:
    """True if a clue of weight names the case, or the subject bears a reference that the platform gave it."""
    suggested = (scoring.read(text) for text in mail.suggestions)
    if any(one.case == case.number and one.score >= scoring.HOLDS for one in suggested):
        return True
    bare = (re.split("[# ]", one)[-1].casefold() for one in case.platform_references)
    subject = (mail.subject or "").casefold()
    return any(one in subject for one in bare) and any(
        thread_keys.is_among(one, case.platform_references) for one in thread_keys.in_subject(work, mail.subject)
    )


def _fairly(found: Sequence[Parked]) -> list[Parked]:
    """Returns the first `LISTED` mails by rank; each rank keeps a place, however many mails the others have."""
    ranked = [[one for one in found if one.rank == rank] for rank in range(_RANKS)]
    free = LISTED - sum(map(bool, ranked))
    kept = []
    for mails in ranked:
        kept += mails[: 1 + free]
        free -= max(len(mails[: 1 + free]) - 1, 0)
    return kept
