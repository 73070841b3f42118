# SPDX-License-Identifier: EUPL-1.2
"""What a notice shows of a received mail: who wrote which words, without our own mail repeated below an answer.

Open cases that a new referral is like, so that one matter of two colleagues does not stay two cases.

Nothing is placed by this: the officer is told, with the reply that makes one case of the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flaggermail.cases.checklist import named
from flaggermail.cases.lifecycle import Reader, newest_in_hand
from flaggermail.documents.octets import MediaType
from flaggermail.errors import OctetsLost
from flaggermail.mail.fields import in_domains
from flaggermail.mail.hops import Hop
from flaggermail.mail.message import Address, Message
from flaggermail.mail.signature import signature_of
from flaggermail.record import clocks
from flaggermail.record.rows import Case, Notification, StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.settings.model import Settings
from flaggermail.settings.word_tables import FREE_MAIL
from flaggermail.wording.filing import SuggestionText
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.said import StoredText

SHOWN_TEXT = 6000  # characters of a mail shown in a notice; a command shows the rest


def template_values(stored: StoredMessage, message: Message, *, is_answer: bool) -> dict[str, object]:
    """Returns `text`, the sender's own words; `original`, the mail that they forwarded, or None; and `whole`.

    An answer to our mail is shown by its new words alone; `whole` is then the command that shows all of it.
    """
    inner = message.forwarded
    if inner is not None:
        note = message.reply_text.strip()[:SHOWN_TEXT]
        original = {"sender": _written(inner.sender), "text": inner.body[: SHOWN_TEXT - len(note)]}
        return {"text": note, "original": original, "whole": ""}
    own = (message.shown_text or message.reply_text).strip() if is_answer else ""
    left_out = bool(own) and own != message.text.strip()
    text = own if left_out else message.text
    return {
        "text": text[:SHOWN_TEXT],
        "original": None,
        "whole": f"flaggermail message show {stored.id}" if left_out else "",
    }


def signed(work: UnitOfWork, message: Message | None) -> dict[str, str]:
    """Returns who signed below the sender's own words, as template values; empty without a signature."""
    phone = work.env.settings.desk.organisation.phone
    found = signature_of(message.text if message else "", work.env.language, (phone,) if phone else ())
    return {"signer": found.name, "signer_phone": found.phone, "signer_organisation": found.organisation}


def in_one_text(message: Message) -> str:
    """Returns the note above a forward and the forwarded text, or the whole text."""
    text = message.text if message.forwarded is None else f"{message.reply_text}\n\n{message.forwarded.body}"
    return text[:SHOWN_TEXT]


def _written(author: Address | None) -> str:
    """Returns the author as the forward names them; empty if it names none."""
    if author is None:
        return ""
    return f"{author.name} <{author.address}>" if author.name else author.address


def kind_of(content_type: str) -> str:
    """Returns what to call an attachment without a name."""
    return RefusalPart.ATTACHED_MAIL() if content_type == MediaType.MAIL else content_type


def minutes(work: UnitOfWork, stored: StoredMessage) -> int | None:
    """Returns the minutes from the sending of the notification that a mail is about to its arrival; None if neither."""
    use = work.tx.get(Notification, stored.notification) if stored.notification else None
    if use is None or use.sent_at is None or use.sent_at > stored.received_at or stored.disputed:
        return None
    return clocks.minutes(use.sent_at, stored.received_at)


def unread(message: Message, attached: Sequence[Message]) -> int:
    """Returns the number of mails of a delivery that were not read whole, the mail that brought them included."""
    late = sum(inner.overran for inner in attached)
    return late + 1 if late or message.overran else 0


# ---- cases that a referral is like


WITHIN = timedelta(hours=24)  # from the opening of the earlier case
MOST = 2  # cases that a notice names


@dataclass(frozen=True, slots=True)
class SimilarCase:
    """An open case that a new one is like, and why."""

    case: Case
    why: tuple[StoredText, ...]


def alike(
    work: UnitOfWork, case: Case, stored: StoredMessage, message: Message, read: Reader
) -> tuple[SimilarCase, ...]:
    """Returns the open cases that the case opened by this mail is like, those with a clue of the mail itself first."""
    hinted = {str(hint.detail("case")): hint.sentences("why") for hint in stored.suggestions}
    found = {
        number: SimilarCase(other, why) for number, why in hinted.items() if (other := _in_hand(work, number, case))
    }
    others = _of_organisation(work, case, message, read)
    while len(found) < MOST and (other := next(others, None)):  # to compare one more is to read its mail again
        found.setdefault(other.number, SimilarCase(other, (SuggestionText.SAME_ORGANISATION(),)))
    return tuple(found.values())[:MOST]


def platform_names(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """Returns the names of each platform, by its code."""
    return {one.code: (one.name, *one.also_called) for one in settings.platform_list}


def _in_hand(work: UnitOfWork, number: str, case: Case) -> Case | None:
    other = work.tx.get(Case, number)
    fits = other is not None and other.number != case.number and other.closed_at is None
    return other if fits and other is not None and other.exercise == case.exercise else None


def _of_organisation(work: UnitOfWork, case: Case, message: Message, read: Reader) -> Iterator[Case]:
    """Yields the cases of the last day that the same organisation referred: one type, and no other platform named.

    A referral that names no platform may be about the same.
    """
    domain = _organisation(work, case)
    if not domain:
        return
    names = platform_names(work.env.settings)
    here = frozenset(named(_text(message), names))
    for other in newest_in_hand(work, case.election):
        like = other.number != case.number and other.type == case.type and _organisation(work, other) == domain
        if (
            like
            and case.opened_at - other.opened_at <= WITHIN
            and (not here or not (there := _platforms_of(work, other, names, read)) or here & there)
        ):
            yield other


def _organisation(work: UnitOfWork, case: Case) -> str:
    """Returns the domain of the referrer; empty for a provider of mailboxes to the public."""
    domain = (case.referrer_address or "").rpartition("@")[2]
    public = work.env.settings.rules.lists.get(FREE_MAIL, frozenset())
    return "" if in_domains(domain, public) else domain


def _platforms_of(work: UnitOfWork, other: Case, names: Mapping[str, tuple[str, ...]], read: Reader) -> frozenset[str]:
    root = work.tx.get(StoredMessage, other.root_message) if other.root_message else None
    mail = read(work, root) if root is not None else None
    return frozenset(named(_text(mail), names)) if mail is not None else frozenset()


def _text(mail: Message) -> str:
    return f"{mail.subject or ''}\n{in_one_text(mail)}"


def hops_of(work: UnitOfWork, stored: StoredMessage) -> tuple[Hop, ...]:
    """Returns the servers that relayed the mail, the first one first; empty if its octets are gone or unreadable."""
    if stored.discarded_at is not None:
        return ()
    try:
        return work.env.parser.hops(work.env.octets.get(stored.digest))
    except OctetsLost:
        return ()


def hop_values(hops: Iterable[Hop]) -> list[dict[str, object]]:
    """Returns the hops as values of a template; the names are strangers' words."""
    return [
        {"at": hop.at, "hop_by": hop.by, "hop_from": hop.sender, "hop_protocol": hop.protocol, "delay": _whole(hop)}
        for hop in hops
    ]


def _whole(hop: Hop) -> int | None:
    return None if hop.delay is None else round(hop.delay)
