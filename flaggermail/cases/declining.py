# SPDX-License-Identifier: EUPL-1.2
"""Declining citizens' reports: one answer per sender and period, and minimal storage.

Senders are remembered as an HMAC under a key of the election. The key is created at the first decline and destroyed
when the election closes; from then on no row can be traced to a person. The octets are destroyed later, see
`retention`.
"""

from __future__ import annotations

from dataclasses import replace

from flaggermail.cases import attention, citizen_criteria, elections
from flaggermail.letters import writing
from flaggermail.letters.outgoing import REPLIED, Outgoing
from flaggermail.letters.writing import issue, note_unmade, queue
from flaggermail.mail.message import Address, Message
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Decline, ElectionSecret, StoredMessage, Token
from flaggermail.record.topics import Topic
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.word_tables import FREE_MAIL
from flaggermail.wording.filing import Basis
from flaggermail.wording.said import Said


def doubts(work: UnitOfWork, message: Message) -> tuple[Said, ...]:
    """Returns why a person must decide about an apparent citizen's report."""
    free_mail = work.env.settings.rules.lists.get(FREE_MAIL, frozenset())
    return citizen_criteria.doubts(message, free_mail, work.env.settings.intake)


def declined_before(work: UnitOfWork, message: Message) -> bool:
    """True if this sender was told, in this period, that reports about single posts are not handled."""
    election = elections.election_of(work, message)
    if election is None or message.sender is None:
        return False
    row = told(work, work.tx.get(ElectionSecret, election.code), message.sender.key)
    return row is not None and row.taken_back_at is None


def told(work: UnitOfWork, held: ElectionSecret | None, address: str) -> Decline | None:
    """Returns the decline row of a sender, as long as the election's key exists."""
    if held is None or held.secret is None:
        return None
    return work.tx.get(Decline, f"{held.election}/{citizen_criteria.pseudonym(held.secret, address)}")


def decline(work: UnitOfWork, stored: StoredMessage, message: Message) -> bool:
    """Tells a citizen that reports about single posts go to the platform itself; returns True if the mail is queued."""
    election = elections.election_of(work, message)
    if election is None or message.sender is None:
        return False
    if writing.suppresses(work, Kind.DECLINE, f"decline/{stored.id}", EventRef(message=stored.id)):
        return False  # not recorded as told, so this sender is told at their next mail
    if not attention.may_answer(work, stored, Kind.DECLINE, EventRef(message=stored.id)):
        return False  # as above
    held = work.tx.get(ElectionSecret, election.code) or _new_key(work, election.code)
    if held.secret is None:
        return False
    old = told(work, held, message.sender.key)
    row = Decline(
        id=f"{held.election}/{citizen_criteria.pseudonym(held.secret, message.sender.key)}", election=held.election,
        declined_at=work.now, message=stored.id,
    )  # fmt: skip
    change = added(row) if old is None else changed(old, row)
    work.record(EventKind.SENDER_DECLINED, change, about=EventRef(message=stored.id))
    _queue_answer(work, f"decline/{row.id}/{stored.id}", stored.id, message, message.sender)
    return True


def _new_key(work: UnitOfWork, election: str) -> ElectionSecret:
    """Creates a key of 256 random bits for an election."""
    key = work.env.randomness.token()
    key += work.env.randomness.token()
    held = ElectionSecret(election=election, secret=key, made_at=work.now)
    work.record(EventKind.ELECTION_KEY_MADE, added(held), reason=election)
    return held


def destroy_key(work: UnitOfWork, election: str) -> None:
    """Destroys the election's key: neither row nor chain can identify declined senders any more."""
    held = work.tx.get(ElectionSecret, election)
    if held is None or held.secret is None:
        return
    change = changed(held, replace(held, secret=None, destroyed_at=work.now))
    work.record(EventKind.ELECTION_KEY_DESTROYED, change, reason=election)
    work.tx.erase(ElectionSecret, [election], ["secret"], held.made_at)


def _queue_answer(work: UnitOfWork, dedupe: str, declined: str, message: Message, sender: Address) -> None:
    token = Token(token=work.env.randomness.token(), purpose=Topic.DECLINE, issued_at=work.now)
    issue(work, token)
    language = work.env.settings.desk.organisation.language
    platforms = [p for p in work.env.settings.platform_list if p.report_url]
    unmade = queue(
        work,
        Outgoing(
            kind=Kind.DECLINE,
            template="decline",
            language=language,
            to=(Address(sender.key, sender.name),),
            values={"report_urls": [{"platform": p.name, "url": getattr(p.report_url, language)} for p in platforms]},
            dedupe=dedupe,
            token=token.token,
            answers=(message.message_id,) if message.message_id else (),
            automatic=REPLIED,
            shows=declined,
        ),
    )
    if unmade:
        note_unmade(work, Kind.DECLINE, EventRef(message=declined))


def set_aside(
    work: UnitOfWork, stored: StoredMessage, reason: Said, kinds: tuple[Kind, ...] | None = None
) -> StoredMessage:
    """Reduces a filed mail, and mail attached to it, to what is kept of one that was declined at once."""
    rows = [stored, *attached(work, stored)]
    kept = [replace(citizen_criteria.minimal(row, reason), from_junk=False) for row in rows]
    kept[0] = replace(
        kept[0],
        kinds=kept[0].kinds if kinds is None else kinds,
        match_basis=Basis.BY_HAND(officer=work.actor),
        placed_by=work.actor,
    )
    for old, new in zip(rows, kept, strict=True):
        work.record(EventKind.MESSAGE_DECLINED, changed(old, new), about=EventRef(message=new.id))
    work.tx.erase(StoredMessage, [row.id for row in rows], citizen_criteria.PERSONAL, stored.first_seen_at)
    return kept[0]


def attached(work: UnitOfWork, stored: StoredMessage) -> list[StoredMessage]:
    """Returns the mails that were attached to a mail and are filed with it, each stored as a message of its own."""
    return work.tx.find(
        StoredMessage, where(StoredMessage.enclosed_in).is_(stored.id), where(StoredMessage.placed_by).is_(None)
    )
