# SPDX-License-Identifier: EUPL-1.2
"""Thread keys: what the mail of a case taught, in addition to our own tokens.

A platform's system assigns its own reference and drops our References; people answer a mail that never reached us. A
key that mail of a case named leads later mail there, but only mail from the very address that taught it: a reference is
a short number, and everybody can write one. An address from which a person filed mail in one case alone is a key too;
it files, and stops no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from flaggermail.cases import elections
from flaggermail.mail import reference_marks, reply_tokens
from flaggermail.mail.case_numbers import without_numbers
from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import MechanicalKind, Message, SenderVerdict
from flaggermail.matching.placing import Key, KeyKind
from flaggermail.record.definition import where
from flaggermail.record.events import Change, EventKind, added, changed
from flaggermail.record.rows import Case, Notification, StoredMessage, ThreadKey
from flaggermail.record.states import NotificationState
from flaggermail.rules import classifier
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.wording.filing import PlacementBasis
from flaggermail.wording.said import StoredText

MOST_TAUGHT = 5  # keys that one mail teaches; a receipt names one reference, a mail answers one mail
MOST_TEACHERS = 5  # addresses that teach one key
_REFERENCE, _MAIL, _ADDRESS = "reference ", "mail ", "address "


@dataclass(frozen=True, slots=True)
class Learned:
    """The learned keys in a mail; each bears the addresses that taught it."""

    mails: list[Key] = field(default_factory=list)  # Message-IDs that it answers
    references: dict[str, list[Key]] = field(default_factory=dict)  # of the platform, by the reference
    addresses: list[Key] = field(default_factory=list)  # its sender, from whom a person filed mail in one case


def learned_keys(work: UnitOfWork, message: Message, platform: str | None) -> Learned:
    """Returns the learned keys in `message`; one that two cases share is left out."""
    words = _words(work, message, platform) | _sender(work, message, platform)
    rows = {row.id: row for row in _held(work, words) if not row.ambiguous}
    if not rows:
        return Learned()
    values = _values_by_id(words)
    teachers = _teachers(work, rows.values())
    found = Learned()
    for key, row in ((key, rows[key]) for key in values if key in rows):
        value = values[key]
        kind = KeyKind.PLACED_BEFORE if value.startswith(_ADDRESS) else KeyKind.TAUGHT
        made = Key(kind, row.case, words[value], row.notification, addresses=teachers[key])
        if value.startswith(_REFERENCE):
            found.references.setdefault(_bare(value, platform), []).append(made)
        else:
            (found.addresses if kind is KeyKind.PLACED_BEFORE else found.mails).append(made)
    return found


def learn(
    work: UnitOfWork, stored: StoredMessage, message: Message, platform: str | None, *, by_hand: bool = False
) -> None:
    """Learns the thread keys in this mail, which was filed in its case.

    Only the referrer of the case, or a platform that was notified in it, teaches, and only in verified mail: a person
    who files a mail says where it belongs, not who wrote it. That filing overrides what the same address taught before.
    """
    if stored.case is None or stored.verdict != SenderVerdict.VERIFIED or not _may_teach(work, stored, platform):
        return
    held = {
        m.message_id for m in work.tx.find(StoredMessage, where(StoredMessage.message_id).in_(_answered_ids(message)))
    }
    said = "\n".join((message.subject or "", message.reply_text, *stored.platform_references))
    ours = {*held, *_of_our_letters(work, stored.case, platform)}
    values = [value for value in _words(work, message, platform, said) if _bare(value, platform) not in ours]
    values = values[:MOST_TAUGHT]
    of_id = _values_by_id(values)
    known = _held(work, values)
    teachers = _teachers(work, known)
    fresh = ThreadKey(id="", case=stored.case, notification=stored.notification, message=stored.id, learned_at=work.now)
    changes: list[Change] = []
    for value in values:
        rows = [row for row in known if of_id[row.id] == value]
        own = [row for row in rows if stored.from_address in teachers[row.id]]
        free = [key for key in _ids(value) if key not in {row.id for row in rows}]
        changes += _corrections(own, fresh, by_hand=by_hand)
        changes += [added(replace(fresh, id=free[0]))] if free and not own else []
    changes += _named(work, stored.case, [_bare(value, platform) for value in values if value.startswith(_REFERENCE)])
    if changes:
        about = EventRef(stored.case, stored.notification, stored.id)
        work.record(EventKind.KEY_LEARNED, *changes, about=about)


def learn_address(work: UnitOfWork, stored: StoredMessage, platform: str | None) -> None:
    """Learns the address of a platform's verified mail that a person filed in a case; of two cases it is ambiguous.

    A platform also answers from addresses that platforms.yaml does not name. So mail from a domain on no list of the
    rules counts as its own, in a case in which a platform was notified.
    """
    case = work.tx.get(Case, stored.case) if stored.case is not None else None
    if case is None or stored.from_address is None or stored.verdict != SenderVerdict.VERIFIED:
        return
    referrers = stored.from_address == case.referrer_address or _is_listed(work, stored.from_address)
    if platform is None and (referrers or not _is_notified(work, case.number)):
        return
    key = f"{_ADDRESS}{stored.from_address}"
    row = work.tx.get(ThreadKey, key)
    fresh = ThreadKey(id=key, case=case.number, message=stored.id, learned_at=work.now)
    if row is None:
        change = added(fresh)
    elif row.message == stored.id:  # the mail itself was moved
        change = changed(row, fresh)
    elif row.case != case.number and not row.ambiguous:
        change = changed(row, replace(row, ambiguous=True))
    else:
        return
    work.record(EventKind.KEY_LEARNED, change, about=EventRef(stored.case, stored.notification, stored.id))


def _is_listed(work: UnitOfWork, address: str) -> bool:
    """True if an address is an officer's, or its domain is on a list: of referrers, or of free mail."""
    domain = address.rpartition("@")[2]
    listed = any(in_domains(domain, domains) for domains in work.env.settings.rules.lists.values())
    return listed or work.env.settings.rota.by_address(address) is not None


def _is_notified(work: UnitOfWork, case: str) -> bool:
    return work.tx.exists(
        Notification, where(Notification.case).is_(case), where(Notification.state).is_(NotificationState.SENT)
    )


def _sender(work: UnitOfWork, message: Message, platform: str | None) -> dict[str, StoredText]:
    """Returns the verified sender's address as a key, with its description.

    Nothing for a report of a mail server, or for an address of which none is learned.
    """
    answers = message.kind in {MechanicalKind.HUMAN, MechanicalKind.AUTO_REPLY}
    if message.sender is None or message.vouched.value != SenderVerdict.VERIFIED or not answers:
        return {}
    if platform is None and _is_listed(work, message.sender.key):
        return {}
    return {f"{_ADDRESS}{message.sender.key}": PlacementBasis.PLACED_BEFORE(address=message.sender.key)}


def forget(work: UnitOfWork, stored: StoredMessage) -> None:
    """Makes the keys learned from this mail ambiguous, so that they file no later mail in the case it leaves."""
    taught = work.tx.find(
        ThreadKey,
        where(ThreadKey.message).is_(stored.id),
        where(ThreadKey.case).is_(stored.case),
        where(ThreadKey.ambiguous).is_(False),
    )
    changes = [changed(key, replace(key, ambiguous=True)) for key in taught]
    if changes:
        work.record(EventKind.KEY_FORGOTTEN, *changes, about=EventRef(stored.case, stored.notification, stored.id))


def _named(work: UnitOfWork, number: str, references: Iterable[str]) -> Iterator[Change]:
    """Yields the change by which a case names the platform's references that a mail of it taught."""
    case = work.tx.get(Case, number)
    known = merged(case.platform_references, references) if case is not None else ()
    if case is not None and known != case.platform_references:
        yield changed(case, replace(case, platform_references=known))


def _corrections(own: Iterable[ThreadKey], fresh: ThreadKey, *, by_hand: bool) -> Iterator[Change]:
    """Yields the changes to the rows of one key that the same address taught before."""
    for row in own:
        if by_hand and (row.ambiguous or row.case != fresh.case):
            yield changed(row, replace(fresh, id=row.id))
        elif row.case != fresh.case and not row.ambiguous:
            yield changed(row, replace(row, ambiguous=True))


def _may_teach(work: UnitOfWork, stored: StoredMessage, platform: str | None) -> bool:
    case = work.tx.get(Case, stored.case) if stored.case else None
    if case is None or stored.from_address is None:
        return False
    if platform is not None:
        return work.tx.exists(
            Notification, where(Notification.case).is_(case.number), where(Notification.platform).is_(platform)
        )
    return stored.from_address == case.referrer_address


def _teachers(work: UnitOfWork, rows: Iterable[ThreadKey]) -> dict[str, frozenset[str]]:
    """Returns, by row, the address that taught the key: the author of its mail, as long as that mail is verified."""
    taught_by = {row.id: row.message for row in rows}
    mails = {
        m.id: m
        for m in work.tx.find(
            StoredMessage,
            where(StoredMessage.id).in_(sorted(set(taught_by.values()))),
            where(StoredMessage.verdict).is_(SenderVerdict.VERIFIED),
        )
    }
    authors = {key: mails[message].from_address if message in mails else None for key, message in taught_by.items()}
    return {key: frozenset({author} if author else ()) for key, author in authors.items()}


def ids_of_mails(names: Iterable[str]) -> list[str]:
    """Returns the first id of the key of each of these Message-IDs."""
    return [f"{_MAIL}{name}" for name in sorted(names)]


def _held(work: UnitOfWork, values: Iterable[str]) -> list[ThreadKey]:
    """Returns the rows of these keys. Where the first author taught nothing, no other did."""
    first = work.tx.find(ThreadKey, where(ThreadKey.id).in_(list(values)))
    further = [key for row in first for key in _ids(row.id)[1:]]
    return [*first, *work.tx.find(ThreadKey, where(ThreadKey.id).in_(further))] if further else first


def _ids(value: str) -> list[str]:
    """Returns the ids of the rows of a key, one for each address that taught it; the first has no number."""
    return [value, *(f"{value} ({number})" for number in range(2, MOST_TEACHERS + 1))]


def _values_by_id(values: Iterable[str]) -> dict[str, str]:
    return {key: value for value in values for key in _ids(value)}


def _words(work: UnitOfWork, message: Message, platform: str | None, said: str | None = None) -> dict[str, StoredText]:
    """Returns the keys in a mail, each with its description; with `said`, only the references in that text."""
    words = _references(work, message, platform, said)
    return words | {f"{_MAIL}{name}": PlacementBasis.REFERS_TOO(message=name) for name in _answered_ids(message)}


def _references(work: UnitOfWork, message: Message, platform: str | None, said: str | None) -> dict[str, StoredText]:
    """Returns the keys of the platform's own references in a mail of that platform, each with its description.

    Those of its subject come first: the text may speak of other matters. A quotation may bear the number of another
    case, so a mail teaches no more than it says itself (`said`); it is placed by what it quotes too.
    """
    if platform is None:
        return {}
    found = classifier.references(message, work.env.settings.rules, work.env.matcher.find)
    ruled = [one for one in found if said is None or one in said]
    heading = [one for one in ruled if one in (message.subject or "")]
    both = dict.fromkeys((*heading, *marked_references(work, message), *ruled))
    named = [one for one in both if not reference_marks.is_year(one)]
    return {f"{_REFERENCE}{platform} {reference}": PlacementBasis.REFERENCE(reference=reference) for reference in named}


def marked_references(work: UnitOfWork, message: Message) -> tuple[str, ...]:
    """Returns the references that a mail marks in its subject or on lines of its own, for any author."""
    lines = reference_marks.on_lines(*_with_present_numbers(work, message.reply_text), work.env.language)
    return (*in_subject(work, message.subject), *lines)


def in_subject(work: UnitOfWork, subject: str | None) -> tuple[str, ...]:
    """Returns the references that a subject marks."""
    return reference_marks.in_subject(*_with_present_numbers(work, subject or ""), work.env.language)


def _with_present_numbers(work: UnitOfWork, text: str) -> tuple[str, str]:
    """Returns a text without our numbers of an earlier prefix, and the prefix of those that it may still hold."""
    present, *earlier = elections.prefixes_in(work, text)
    for prefix in earlier:
        text = without_numbers(text, prefix)
    return text, present


def _of_our_letters(work: UnitOfWork, case: str, platform: str | None) -> tuple[str, ...]:
    """Returns what looks like a reference in the subjects of our notifications, which answers repeat."""
    if platform is None:  # we notify platforms alone
        return ()
    uses = work.tx.find(
        Notification,
        where(Notification.case).is_(case),
        where(Notification.platform).is_(platform),
        where(Notification.counted).is_(True),
    )
    return tuple(reference for use in uses for reference in in_subject(work, use.subject))


def _bare(value: str, platform: str | None) -> str:
    """Returns the reference or Message-ID that a key's value names."""
    return value.removeprefix(f"{_REFERENCE}{platform} ").removeprefix(_MAIL)


def merged(named: Iterable[str], further: Iterable[str]) -> tuple[str, ...]:
    """Returns the references of both without repeats."""
    found = list(dict.fromkeys(named))
    for one in dict.fromkeys(further):
        if not is_among(one, found):
            found.append(one)
    return tuple(found)


def is_among(reference: str, known: Iterable[str]) -> bool:
    """True if `known` has this reference, also in a form with more words: "Case# 5519" is "#5519"."""
    bare = reference.removeprefix("#")
    return any(one == bare or one.endswith((f"#{bare}", f" {bare}")) for one in known)


def _answered_ids(message: Message) -> list[str]:
    """Returns the Message-IDs that this mail answers, except those with a token of ours, which are matched directly."""
    named = dict.fromkeys((*message.in_reply_to, *reply_tokens.followed(message)))
    return [name for name in named if not reply_tokens.tokens([name])]
