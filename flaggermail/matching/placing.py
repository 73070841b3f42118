# SPDX-License-Identifier: EUPL-1.2
"""Where a message belongs: numbers suggest, keys and addresses place.

Every key that the mail carries names a case; `NEEDS` says, for each kind of key, what else must be true before it
places a mail. A key that does not place suggests: the mail waits for a person, with the key as a clue. Only a placed
mail of a platform has a notification, and only a mail with a notification stops clocks.

A subject alone, or being the only open case, never files a mail. The same holds for a key of ours under a different
subject. A score files only repeated referrals (`scoring`), never a platform's mail.

Whether the author of a mail addressed it to us.

A platform answers whoever opens a ticket there. Its answer to somebody else is genuine and signed; passed on to us, it
still says to whom it was written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from flaggermail.mail.authentication.dkim_signature import read_signature
from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import Address, Message
from flaggermail.matching import scoring
from flaggermail.matching.scoring import Clue, Suggestion
from flaggermail.wording.filing import PlacementBasis
from flaggermail.wording.said import StoredText


class KeyKind(StrEnum):
    """What names a case in a mail. Where a mail carries several, the most specific comes first: see `lookup`."""

    TOKEN = "token"  # noqa: S105 - not a secret. Ours, unguessable, in a Message-ID, an address or a header
    OUR_MAIL = "our mail"  # the Message-ID of a mail that we sent
    THEIR_MAIL = "their mail"  # the Message-ID of a mail that we received
    TAIL = "tail"  # the case number with the random tail that one correspondent was sent: see `answer_keys`
    TAUGHT = "taught"  # a thread key that earlier mail of the case taught: see `thread_keys`
    QUOTATION = "quotation"  # words of a letter of ours to the platform, many in a row
    REFERENCE_AND_WORDS = "reference and words"  # a reference that its case taught, and some words of ours in a row
    NUMBER = "number"  # the bare case number, which everybody knows who ever saw a subject of ours
    PLACED_BEFORE = "placed before"  # the address, from which a person filed a mail in that case and in no other


class Proof(StrEnum):
    """What a key needs in order to place a mail."""

    KEY = "the key alone"
    VERIFIED = "a verified sender"
    ADDRESS = "a verified sender at an address that belongs to the key"


class Writer(StrEnum):
    """In whose name a mail comes, as far as keys are concerned."""

    PLATFORM = "platform"  # its mail may stop clocks, so it must also be addressed to us: see `_doubts`
    COLLEAGUE = "colleague"  # found in Sent: the mailbox itself vouches for it
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Sender:
    """The owner of the sender's address: a platform (code), an officer (id), or neither."""

    platform: str | None
    officer: str | None
    answers: str | None = None  # the token of the mail to which an officer replied
    asks: bool = False  # a verified officer asks, not in reply to a mail, to be shown something


_ITSELF = frozenset({Proof.KEY, Proof.VERIFIED})


@dataclass(frozen=True, slots=True)
class Needs:
    """What a kind of key needs in mail of each writer (None: it never places), and the clue that it gives otherwise."""

    platform: Proof | None
    other: Proof | None
    colleague: Proof | None
    clue: Clue

    def proof_for(self, writer: Writer) -> Proof | None:
        """Returns the proof needed in mail of that writer."""
        return {Writer.PLATFORM: self.platform, Writer.OTHER: self.other, Writer.COLLEAGUE: self.colleague}[writer]


NEEDS: Mapping[KeyKind, Needs] = {
    KeyKind.TOKEN: Needs(Proof.KEY, Proof.KEY, Proof.KEY, scoring.OUR_KEY),
    KeyKind.OUR_MAIL: Needs(Proof.KEY, Proof.KEY, Proof.KEY, scoring.OUR_KEY),
    KeyKind.THEIR_MAIL: Needs(Proof.ADDRESS, Proof.KEY, Proof.KEY, scoring.SAME_THREAD),
    KeyKind.TAIL: Needs(Proof.KEY, Proof.ADDRESS, None, scoring.TAIL),
    KeyKind.TAUGHT: Needs(Proof.ADDRESS, Proof.ADDRESS, Proof.KEY, scoring.SAME_THREAD),
    KeyKind.QUOTATION: Needs(Proof.VERIFIED, None, None, scoring.QUOTES),
    KeyKind.REFERENCE_AND_WORDS: Needs(Proof.VERIFIED, None, None, scoring.QUOTES),
    KeyKind.NUMBER: Needs(Proof.ADDRESS, Proof.ADDRESS, None, scoring.NUMBER),
    KeyKind.PLACED_BEFORE: Needs(Proof.ADDRESS, Proof.ADDRESS, None, scoring.PLACED_BEFORE),
}
"""The whole rule. Who can guess or learn a key of a kind decides what it needs."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key found in a mail, and the case it names; `basis` is stored with the mail that it places.

    `platform` is the one to which we gave the key: it places no mail of another. `addresses` are those, in lower case,
    to which the key belongs.
    """

    kind: KeyKind
    case: str
    basis: StoredText
    notification: str | None = None
    platform: str | None = None
    addresses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Use:
    """A notification of a case, reduced to what placing needs."""

    notification: str
    case: str
    platform: str
    open: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows about the keys of a message, the most specific key first, and about its sender."""

    keys: Sequence[Key] = ()
    sender: str = ""  # the address, in lower case
    verified: bool = False
    writer: Writer = Writer.OTHER
    sender_platform: str | None = None
    to_us: bool = True  # To or Cc names an address of ours: see `addressed`
    uses: Sequence[Use] = ()  # of the cases above, and every open one of the sender's platform
    clues: Mapping[str, Sequence[Clue]] = field(default_factory=dict)  # other evidence for a case
    other_subject: frozenset[str] = frozenset()  # of the cases above, those with a different subject than this mail
    closed: frozenset[str] = frozenset()  # of the cases above, those that only verified mail may re-open
    elsewhere: frozenset[str] = frozenset()  # notifications whose channel lists `hosts`, none of them the sender's
    threshold: int | None = None  # the score from which this mail is filed without a person; None: never


@dataclass(frozen=True, slots=True)
class Placement:
    """The case (and which notification in it), or suggestions; `basis` names the key that decided.

    `hints` are suggestions too weak to keep a referral from opening a new case; `by_score` is the suggestion that filed
    it.
    """

    case: str | None
    notification: str | None
    basis: StoredText
    suggestions: tuple[Suggestion, ...] = ()
    hints: tuple[Suggestion, ...] = ()
    by_score: Suggestion | None = None


def place(known: Known) -> Placement:
    """Places a message by the known facts: the first key without a doubt decides."""
    found = next((key for key in known.keys if not _doubts(key, known)), None)
    if found is not None and (found.case not in known.other_subject or found.kind is KeyKind.PLACED_BEFORE):
        return Placement(found.case, _notification(found, known), found.basis)
    suggestions = scoring.suggest(_clues(known, found))
    sure = scoring.certain(suggestions, known.threshold)
    if sure is not None:
        return Placement(
            sure.case, None, PlacementBasis.SCORE(score=sure.score), suggestions=suggestions, by_score=sure
        )
    strong = tuple(one for one in suggestions if one.score >= scoring.HOLDS)
    return Placement(None, None, StoredText(), suggestions=strong, hints=suggestions[len(strong) :])


def _doubts(key: Key, known: Known) -> tuple[Clue, ...]:
    """Returns why a key only suggests; empty if it places this mail.

    A platform answers whoever opens a ticket there, with a signature that is genuine. So its mail must be addressed to
    us, and where it could stop a clock the key must be one that this platform was given: it knows no other recipient's.
    """
    needed = NEEDS[key.kind].proof_for(known.writer)
    waited_for = any(use.case == key.case and use.platform == known.sender_platform for use in known.uses)
    platforms = known.writer is Writer.PLATFORM
    closed = key.case in known.closed and (not known.verified or key.kind is KeyKind.PLACED_BEFORE)
    doubts = (
        (scoring.NOT_TO_US, platforms and not known.to_us),
        (scoring.OTHER_RECIPIENT, waited_for and needed in _ITSELF and key.platform != known.sender_platform),
        (scoring.OTHER_ADDRESS, needed is Proof.ADDRESS and known.sender not in key.addresses),
        (scoring.OTHER_HOST, _notification(key, known) in known.elsewhere),
        (scoring.OTHER_CASE_WAITS, key.kind is KeyKind.PLACED_BEFORE and _awaited_elsewhere(key, known)),
        (scoring.NOT_VERIFIED, not known.verified and (closed or needed not in {Proof.KEY, None})),
        (scoring.CLOSED, closed),
        (scoring.NOT_ENOUGH, needed is None),
    )
    return tuple(clue for clue, holds in doubts if holds)


def _notification(key: Key, known: Known) -> str | None:
    """Returns the notification that a platform's mail answers; the key selects only among those to that platform.

    A platform never stops another platform's clock, whatever key its mail carries.
    """
    if known.sender_platform is None:
        return key.notification  # a bounce or a colleague's mail: it stops no clock
    if key.kind is KeyKind.PLACED_BEFORE:
        return None  # an address is no key of ours: it files, and stops nothing
    own = [use.notification for use in known.uses if use.case == key.case and use.platform == known.sender_platform]
    if key.notification in own:
        return key.notification
    return own[0] if len(own) == 1 else None


def _awaited_elsewhere(key: Key, known: Known) -> bool:
    """True if another case waits for the sender's platform: its mail may be meant for that one."""
    return any(use.open and use.case != key.case and use.platform == known.sender_platform for use in known.uses)


def _clues(known: Known, under_other_subject: Key | None) -> dict[str, list[Clue]]:
    """Returns the clues for each case, the most specific kind first."""
    found: dict[str, list[Clue]] = {}
    for key in known.keys:
        if under_other_subject is not None and key.case == under_other_subject.case:
            found.setdefault(key.case, [scoring.OTHER_SUBJECT])
        else:
            found.setdefault(key.case, []).extend((NEEDS[key.kind].clue, *_doubts(key, known)))
    for case, those in known.clues.items():
        found.setdefault(case, []).extend(those)
    for use in known.uses:
        if use.open and use.platform == known.sender_platform:
            found.setdefault(use.case, []).append(scoring.WAITS)
    return found


# ---- whether the author addressed it to us


FIELD = "dkim-signature"


def to_us(message: Message, ours: Collection[str], signers: frozenset[str], *, plus_addresses: bool) -> bool:
    """True if To or Cc names one of our addresses `ours` (in lower case), or one with a detail (RFC 5233).

    Being among the blind recipients proves nothing: so is everybody to whom a mail is passed on. A field counts only if
    every signature of the author's organisation (`signers`: its domains) covers it, and if it occurs once: whoever
    passes a signed mail on can add a field that was not signed (RFC 6376, section 8.15).
    """
    author = message.sender.domain if message.sender else ""
    signatures = [signature for value in message.header_all(FIELD) if (signature := read_signature(value))]
    covers = [
        one.covers
        for one in signatures
        if in_domains(one.domain, signers | {author}) or in_domains(author, frozenset({one.domain}))
    ]
    return any(
        len(message.header_all(name)) == 1
        and all(name in covered for covered in covers)
        and any(_is_ours(address, ours, plus_addresses=plus_addresses) for address in addresses)
        for name, addresses in (("to", message.to), ("cc", message.cc))
    )


def _is_ours(address: Address, ours: Collection[str], *, plus_addresses: bool) -> bool:
    local, _, domain = address.key.rpartition("@")
    plain = f"{local.partition('+')[0]}@{domain}"
    return address.key in ours or (plus_addresses and plain in ours)
