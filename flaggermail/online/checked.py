# SPDX-License-Identifier: EUPL-1.2
"""What a check knows so far, and how it sends a mail to the desk itself and finds it again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from enum import StrEnum
from hmac import compare_digest
from typing import Protocol

from flaggermail.errors import ArchiveFailure
from flaggermail.intake.ingest import ingest
from flaggermail.mail.compose import Letter, compose
from flaggermail.mail.hops import Hop
from flaggermail.mail.message import Address, MechanicalKind, Message, SenderVerdict, Verdict
from flaggermail.mail.reply_tokens import CHECK_HEADER, OWN_HEADER
from flaggermail.outbox import delivery
from flaggermail.ports import (
    Accepted,
    Clock,
    Folder,
    Pager,
    Parser,
    RawMessage,
    Refused,
    Resolver,
    Role,
    Submission,
    Submitter,
    TokenReach,
)
from flaggermail.ports.probing import DatabaseSeen, Found, MailboxProbe, ReplicaSeen, SubmissionProbe, SubmissionSeen
from flaggermail.record.audit import compared
from flaggermail.record.definition import where
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, OutboxMail, StoredMessage
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.settings.model import ElectionNames, ElectionSettings, PeriodSettings
from flaggermail.wording.filing import SenderEvidence
from flaggermail.wording.said import UNSAID
from flaggermail.wording.servers import AttemptText

SUBJECT = "flaggermail check"
MARK = "X-MS-Exchange-Organization-AuthAs"
_BODY = """\
Deze mail stuurt Flaggermail aan zichzelf om de mailservers te controleren. Hij wordt daarna verwijderd.
Flaggermail sends this mail to itself to check the mail servers. It is deleted afterwards.

    two   spaces, a tab\tand an accent: één
.a line that begins with a dot
"""

Seal = Callable[[str], bytes | None]


class CheckPart(StrEnum):
    """What a mail of a check is for."""

    PLAIN = "plain"
    PLUS = "plus"
    FORGED = "forged"  # bears a forged mark in a field that only the server may write
    ANSWER = "answer"  # the scratch desk's confirmation


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one check: its random bits, and the seal over them."""

    bits: str
    seal: str

    @classmethod
    def made(cls, bits: str, seal: Seal) -> Marks:
        """Returns the marks of a check; the seal is empty where this account can make none."""
        return cls(bits, _sealed(bits, seal))

    @property
    def forged(self) -> str:
        """A mark that no server writes: `Internal` it writes itself on what its own users submit."""
        return f"forged-{self.bits}"

    def value(self, part: CheckPart) -> str:
        """Returns the value of the header field."""
        return f"{self.bits} {part} {self.seal}".rstrip()

    def message_id(self, part: CheckPart, domain: str) -> str:
        """Returns the Message-ID, without angle brackets."""
        return f"check.{self.bits}.{part}@{domain}"


def compose_mail(marks: Marks, part: CheckPart, own: Address, to: str, at: datetime) -> bytes:
    """Returns the octets of one mail of a check, from the desk's own address to that, or to a plus-address of it."""
    headers = [(CHECK_HEADER, marks.value(part)), (OWN_HEADER, marks.bits), ("Auto-Submitted", "auto-generated")]
    if part is CheckPart.FORGED:
        headers.append((MARK, marks.forged))
    return compose(
        Letter(
            message_id=marks.message_id(part, own.domain),
            date=at,
            from_=own,
            to=(Address(to),),
            subject=f"{SUBJECT} {marks.bits} {part}",
            body=_BODY,
            headers=tuple(headers),
        )
    )


def part_of(octets: bytes, bits: str) -> CheckPart | None:
    """Returns what a mail of the check with these bits is for, by its field or else by its subject."""
    for name in (CHECK_HEADER, "Subject"):
        words = header_field(octets, name).split()
        after = words[words.index(bits) + 1 :] if bits in words else []
        if after and after[0] in set(CheckPart):
            return CheckPart(after[0])
    return None


def bits_of(octets: bytes, seal: Seal) -> str | None:
    """Returns the bits of a mail that a check of this desk sent, by its seal; None for any other mail."""
    words = header_field(octets, CHECK_HEADER).split()
    if len(words) != 3:  # noqa: PLR2004 - bits, part, seal
        return None
    expected = _sealed(words[0], seal)
    return words[0] if expected and compare_digest(expected.encode(), words[2].encode("utf-8", "replace")) else None


def header_field(octets: bytes, name: str) -> str:
    """Returns the first header field of that name as one line; empty if there is none."""
    found = fields(octets, name)
    return found[0] if found else ""


def fields(octets: bytes, name: str) -> list[str]:
    """Returns the header fields of that name, each as one line."""
    header = message_from_bytes(octets.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    return [" ".join(str(value).split()) for value in header.get_all(name, [])]


def body_digest(octets: bytes) -> str:
    """Returns the SHA-256 of the body, without empty lines at its end (RFC 6376, section 3.4.3)."""
    body = octets.partition(b"\r\n\r\n")[2]
    while body.endswith(b"\r\n"):
        body = body.removesuffix(b"\r\n")
    return hashlib.sha256(body + b"\r\n").hexdigest()


def _sealed(bits: str, seal: Seal) -> str:
    made = seal(f"mail of check {bits}")
    return made.hex()[:32] if made is not None else ""


class TrustProofs(Protocol):
    """Keeps whether a forged internal mark survives at the mail server."""

    def record(self, *, survived: bool, message_id: str) -> None:
        """Records the outcome of a trial with the mail of this Message-ID, without angle brackets."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMeans:
    """The settings, the servers as they are probed, and this machine."""

    settings: Configuration
    mailbox: MailboxProbe
    submission: SubmissionProbe
    submitter: Submitter
    resolver: Resolver
    pager: Pager
    other_mailbox: Callable[[], TokenReach | None]  # raises LinkLost; None where no mailbox is named
    database: Callable[[], DatabaseSeen | None]  # raises FlaggermailError; None if there is none yet
    replica: Callable[[], ReplicaSeen | None]  # raises StoreFailure; None if none is named
    free: Callable[[], Mapping[str, int]]  # octets by place
    seal: Callable[[str], bytes | None]  # as in `ports.CodeVault`
    scratch: Callable[[Configuration, Submitter, Clock], AbstractContextManager[Services]]  # empty, and thrown away
    clock: Clock
    token: Callable[[], str]  # as in `ports.Randomness`
    wait: Callable[[float], None]  # seconds
    local_offset: Callable[[], timedelta]  # of this machine's own time from UTC
    marks: TrustProofs | None = None  # None: the configuration trusts no internal marks
    pages: bool = True  # whether the pagers are called
    patience: float = 90.0  # seconds until a mail counts as lost


ELECTION = "CHECK"
LIST = "government"  # of `rules/lists`
_AROUND = timedelta(days=2)


def scratch_settings(settings: Configuration, now: datetime) -> Configuration:
    """Returns the settings of the scratch desk: an election of today, and the desk's own domain among governments."""
    today, domain = now.astimezone(settings.zone).date(), settings.desk.mailbox.address.rpartition("@")[2].lower()
    election = ElectionSettings(
        code=ELECTION, name=ElectionNames(nl="Controle", en="Check"), polling_days=(today,),
        period=PeriodSettings(begins=today - _AROUND, ends=today + _AROUND),
    )  # fmt: skip
    lists = {**settings.rules.lists, LIST: settings.rules.lists.get(LIST, frozenset()) | {domain}}
    rules = replace(settings.rules, lists=lists)
    return settings.model_copy(update={"election_list": (election,), "rules": rules})


@dataclass(frozen=True, slots=True)
class _VouchingCheck:
    """Implements `ports.SenderCheck`: the check knows who wrote its own mail."""

    def verdict(self, octets: bytes, message: Message) -> Verdict:  # noqa: ARG002 - the port's signature
        """Returns that the sender is verified."""
        return Verdict(SenderVerdict.VERIFIED, SenderEvidence.COMPOSED())


@dataclass(frozen=True, slots=True)
class _AsReferral(Parser):
    """Implements `ports.Parser`: reads the check's mail as one that a person at `sender` wrote."""

    real: Parser
    sender: str

    def parse(self, octets: bytes) -> Message:
        """Returns the parsed mail, with that sender and without the marks of a program."""
        message = self.real.parse(octets)
        human = MechanicalKind.HUMAN
        return replace(message, from_=(Address(self.sender, "check"),), kind=human, answerable=True)

    def attachment(self, octets: bytes, number: int) -> bytes | None:
        """Returns the decoded octets of an attachment."""
        return self.real.attachment(octets, number)

    def hops(self, octets: bytes) -> tuple[Hop, ...]:
        """Returns the servers that relayed the mail."""
        return self.real.hops(octets)

    def close(self) -> None:
        """Ends the parsing processes."""
        self.real.close()


@dataclass(slots=True)
class OnlyOurselves(Submitter):
    """Implements `ports.Submitter`: mail to `sender` goes to the desk's own address; no other mail leaves."""

    real: Submitter
    own: str
    sender: str
    marks: Marks
    now: datetime
    answers: list[Submission] = field(default_factory=list)

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Submits the confirmation, marked as mail of the check; all else counts as accepted and stays here."""
        del sender, witness
        if list(recipients) != [self.sender]:
            return [Accepted(one, self.now, AttemptText.SAYS(words="kept by the check")) for one in recipients]
        mark = f"{CHECK_HEADER}: {self.marks.value(CheckPart.ANSWER)}\r\n".encode("ascii")
        self.answers += self.real.submit(mark + octets, self.own, [self.own])
        return [replace(self.answers[-1], recipient=self.sender)]


@dataclass(slots=True)
class ScratchProof:
    """The scratch desk's account: what it says of each step is empty where it went well."""

    case: str | None = None
    filed: str = ""
    sent: Submission | None = None
    arrived: bool = False
    mails: int = 0
    lost: str = ""
    events: int = 0
    findings: str = ""


def play(scratch: Services, found: Found, submit: OnlyOurselves) -> ScratchProof:
    """Takes in the check's mail and sends the confirmation. Raises FlaggermailError."""
    proof = ScratchProof()
    env = replace(scratch, sender_check=_VouchingCheck(), parser=_AsReferral(scratch.parser, submit.sender))
    raw = RawMessage(found.octets, found.internaldate, found.folder, found.numbering, found.item, source=found.source)
    proof.filed = ingest(env, raw)
    with env.store.read() as tx:
        cases = tx.find(Case)
        confirmed = tx.find(OutboxMail, where(OutboxMail.kind).is_(Kind.INTAKE_CONFIRMATION))
    proof.case = cases[0].number if cases else None
    if confirmed:
        delivery.drain(env)
        proof.sent = submit.answers[0] if submit.answers else None
    return proof


def verify(scratch: Services, taken_in: Sequence[Found], proof: ScratchProof) -> None:
    """Compares the archive with the mails that were taken in, and the record with its events and the archive."""
    with scratch.store.read() as tx:
        result, kept = tx.verify(), {row.digest for row in tx.find(StoredMessage)}
    back = [octets for digest in sorted(kept) if (octets := _given_back(scratch, digest)) is not None]
    proof.mails = len(back)
    if not {mail.octets for mail in taken_in} <= set(back) or len(back) < len(kept):
        proof.lost = f"{len(back)} of {len(kept)}"
    differing = (finding for _, finding in compared(result.octets, scratch.octets.files()) if finding is not None)
    proof.events, proof.findings = result.head.seq, "; ".join(str(one) for one in (*result.findings, *differing))


def _given_back(scratch: Services, digest: str) -> bytes | None:
    with suppress(ArchiveFailure):
        return scratch.octets.get(digest)
    return None


_POLL = 1.0  # seconds between two looks for a mail of the check


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail of the check, and what became of it."""

    octets: bytes
    answer: Submission
    found: Found | None
    sent_at: datetime
    seen_at: datetime  # when it was found, or given up

    @property
    def seconds(self) -> int:
        """From sending to the look that found it, or to the last one."""
        return round((self.seen_at - self.sent_at).total_seconds())


@dataclass(slots=True)
class Checked:
    """What a check knows so far; the steps read it and add to it."""

    means: CheckMeans
    marks: Marks
    certificate_ends: datetime | None = None  # of the mailbox server
    offers: frozenset[str] = frozenset()
    folders: tuple[Folder, ...] = ()
    submission: SubmissionSeen = field(default_factory=lambda: SubmissionSeen(UNSAID, UNSAID))
    sent: dict[CheckPart, Sent] = field(default_factory=dict)
    proof: ScratchProof = field(default_factory=ScratchProof)

    @property
    def plain(self) -> Sent:
        """The mail that arrived at the desk's own address."""
        return self.sent[CheckPart.PLAIN]

    @property
    def domain(self) -> str:
        """The domain of the desk's own address, as it is written there."""
        return self.means.settings.desk.mailbox.address.rpartition("@")[2]

    def send(self, part: CheckPart, to: str) -> Sent:
        """Sends one mail of the check and waits until it is in the mailbox, or for as long as patience lasts."""
        means, mailbox = self.means, self.means.settings.desk.mailbox
        own = Address(mailbox.address, mailbox.display_name.nl)
        began = means.clock.now()
        octets = compose_mail(self.marks, part, own, to, began.astimezone(means.settings.zone))
        (answer,) = means.submitter.submit(octets, mailbox.address, [to])
        found = None if isinstance(answer, Refused) else self.awaited(part)
        self.sent[part] = Sent(octets, answer, found, began, means.clock.now())
        return self.sent[part]

    def awaited(self, part: CheckPart) -> Found | None:
        """Returns the mail once it has arrived; a copy that the server files in Sent is no arrival."""
        waited = 0.0
        while True:
            there = [mail for mail in self.in_mailbox() if part_of(mail.octets, self.marks.bits) is part]
            arrived = [mail for mail in there if mail.role is not Role.SENT]
            if arrived:
                return min(arrived, key=lambda mail: list(Role).index(mail.role))
            if waited >= self.means.patience:
                return None
            self.means.wait(_POLL)
            waited += _POLL

    def in_mailbox(self) -> Sequence[Found]:
        """Returns everything that this check has in the mailbox."""
        return self.means.mailbox.find(self.folders, CHECK_HEADER, self.marks.bits)
