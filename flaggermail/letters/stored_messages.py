# SPDX-License-Identifier: EUPL-1.2
"""Builds the row of a message, received or composed.

The caller that files it adds its place and the reason.
"""

from __future__ import annotations

from datetime import datetime

from flaggermail.letters import exercises
from flaggermail.letters.outgoing import Frozen, Outgoing
from flaggermail.mail.message import Message, SenderVerdict
from flaggermail.record.kinds import Direction, Place
from flaggermail.record.rows import StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.wording.filing import Basis, Vouched


def taken_in(work: UnitOfWork, message: Message, digest: str, received_at: datetime, place: Place) -> StoredMessage:
    """Returns the row of a received mail, under the next number; `digest` identifies its octets in the archive."""
    return StoredMessage(
        id=_next_id(work),
        message_id=message.message_id,
        content_key=message.content_key,
        digest=digest,
        direction=Direction.IN,
        from_address=message.sender.key if message.sender else None,
        from_name=message.sender.name if message.sender else None,
        subject=message.subject,
        received_at=received_at,
        first_seen_at=work.now,
        mechanical=message.kind,
        place=place,
        defects=message.defects,
        costly=message.costly,
    )


def composed(work: UnitOfWork, outgoing: Outgoing, frozen: Frozen) -> StoredMessage:
    """Returns the row of a mail we composed, under the next number."""
    return StoredMessage(
        id=_next_id(work),
        message_id=frozen.message_id,
        content_key=frozen.content_key,
        digest=frozen.digest,
        direction=Direction.OUT,
        from_address=work.env.settings.desk.mailbox.address.lower(),
        subject=frozen.subject,
        received_at=work.now,  # until our server accepts it
        first_seen_at=work.now,
        kinds=(outgoing.kind,),
        place=Place.OWN,
        case=outgoing.case,
        notification=outgoing.notification,
        match_basis=Basis.OURS(),
        verdict=SenderVerdict.VERIFIED,
        verdict_basis=Vouched.COMPOSED(),
        exercise=exercises.is_exercise_mail(work, outgoing),
    )


def _next_id(work: UnitOfWork) -> str:
    return f"m{work.tx.number('message'):08d}"
