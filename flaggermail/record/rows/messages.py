# SPDX-License-Identifier: EUPL-1.2
"""Messages, received or sent, and by which keys they are filed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from flaggermail.mail.message import Dnssec, MechanicalKind, SenderVerdict, SignatureState
from flaggermail.record.case_values import (
    Priority,
)
from flaggermail.record.definition import Column, Record, References, record
from flaggermail.record.kinds import ArrivalBasis, Direction, Kind, OctetSource, PersonBasis, Place, Role
from flaggermail.record.rows.cases import Case
from flaggermail.wording.said import StoredText


@record
class StoredMessage(Record):
    """One message, received or sent, however often it was delivered."""

    TABLE: ClassVar[str] = "message"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"from_address", "from_name", "subject", "reason", "verdict_basis"})
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("from_address", "id"),  # the latest messages of an author
        ("place", "received_at", "id"),  # the lists of what lies in a place
        ("case", "id"),  # the latest messages of a case
        # Of whom there is mail in a place, and the first of each, see `cases.attention`. No list by instants compares
        # the second field: SQLite would take the index for it and sort all rows.
        ("place", "verdict", "direction", "arrival", "case", "from_address", "received_at", "id"),
    )
    id: str
    message_id: Annotated[str | None, Column.INDEXED]
    content_key: Annotated[str, Column.INDEXED]
    digest: Annotated[str, Column.INDEXED]
    direction: Annotated[Direction, Column.CHECKED]
    from_address: str | None = None
    from_name: str | None = None
    subject: Annotated[str | None, Column.LONG] = None
    received_at: datetime  # INTERNALDATE of the earliest delivery, or the acceptance of a sent mail
    first_seen_at: Annotated[datetime, Column.INDEXED]
    mechanical: MechanicalKind = MechanicalKind.HUMAN
    kinds: tuple[Kind, ...] = ()
    place: Annotated[Place, Column.CHECKED]
    case: Annotated[str | None, References(Case)] = None
    notification: Annotated[str | None, Column.INDEXED] = None
    match_basis: StoredText = StoredText()  # why it was placed there
    reason: StoredText = StoredText()  # why it waits for a person
    suggestions: tuple[StoredText, ...] = ()
    verdict: Annotated[SenderVerdict, Column.CHECKED] = SenderVerdict.UNVERIFIED
    verdict_basis: StoredText = StoredText()
    rule: str | None = None  # that decided, or who corrected it, in words
    automatic: bool = False
    substance: bool = False
    disputed: bool = False
    pending_digest: Annotated[bool, Column.INDEXED] = False  # not named in its digest yet: late mail, or noise
    same_id_as: str | None = None  # another message with this Message-ID and other content
    platform_references: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    ruleset: str | None = None  # the version of the rules that classified it, see `InForce`
    priority: Priority = Priority.NORMAL
    labels: tuple[str, ...] = ()  # from the closed list in the configuration; not counted in any figure
    discarded_at: datetime | None = None  # when its octets were destroyed, at the end of the retention period
    exercise: bool = False  # belongs to an exercise by its case or its sender
    costly: bool = False  # took so long to parse that no other mail's intake parses it again
    enclosed_in: Annotated[str | None, Column.INDEXED] = None  # the message to which it was attached
    placed_by: str | None = None  # the officer who filed it
    from_junk: bool = False  # came in by the junk folder, and nobody took it out of there
    confirmed_by: str | None = None  # the officer who vouches for its sender
    corrected_by: str | None = None  # the officer who said what kind it is
    excluded_by: str | None = None  # who took it out of the archive in its review window; `reason` says why
    arrival: ArrivalBasis = ArrivalBasis.SERVER  # what `received_at` rests on
    person_basis: PersonBasis | None = None  # why a ticket system's mail counts as a person's
    says: StoredText = StoredText()  # what a platform's machine says besides that our mail arrived


@record
class Delivery(Record):
    """One copy of a message in one folder; `id` is folder, numbering and item as it was first seen there.

    `numbering` and `item` are what the mailbox adapter calls the copy; see `ports.RawMessage`. Of a copy in a file of
    old mail, the folder is `file:` and a path, and the item is made of its octets.

    From `verdict` on it says what was found when this copy came in, and nothing changes it: keys are rotated, officers
    confirm and refuse. Those fields are `mail.message.SignatureFacts`.
    """

    TABLE: ClassVar[str] = "delivery"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"verdict_basis"})
    id: str
    message: Annotated[str, References(StoredMessage), Column.INDEXED]
    folder: str
    numbering: Annotated[str, Column.LONG]
    item: Annotated[str, Column.LONG]
    internaldate: datetime
    digest: str
    first_seen_at: datetime
    gone_at: datetime | None = None  # when a complete look at the folder no longer found it there
    arrival: ArrivalBasis = ArrivalBasis.SERVER  # what `internaldate` rests on
    source: OctetSource
    role: Role  # of the folder
    verdict: SenderVerdict
    verdict_basis: StoredText = StoredText()
    signature: SignatureState = SignatureState.NOT_CHECKED
    signature_basis: StoredText = StoredText()
    signer: Annotated[str | None, Column.LONG] = None
    selector: Annotated[str | None, Column.LONG] = None
    key_record: Annotated[str | None, Column.LONG] = None
    key_digest: str | None = None
    dnssec: Dnssec = Dnssec.UNKNOWN
    resolver: str | None = None
    looked_up_at: datetime | None = None


@record
class UnfetchedMail(Record):
    """A mail that the server lists and does not give: its folder is read on behind it, and it is asked for hourly."""

    TABLE: ClassVar[str] = "unfetched_mail"
    id: str  # the key that its delivery will have
    folder: str
    numbering: str
    item: str
    since: datetime
    ended_at: Annotated[datetime | None, Column.INDEXED] = None  # when it was given after all, or found gone


@record
class ThreadKey(Record):
    """A thread key learned from verified mail of a case: a platform's reference, or a Message-ID we do not hold.

    `id` is `reference PLATFORM REFERENCE` or `mail MESSAGE-ID`, numbered from the second author who teaches it on. It
    files mail of the author of `message` only; one that an author used for two cases is ambiguous and files nothing.
    """

    TABLE: ClassVar[str] = "thread_key"
    id: str
    case: Annotated[str, References(Case)]
    notification: str | None = None
    message: str  # the message it was learned from
    learned_at: datetime
    ambiguous: bool = False
