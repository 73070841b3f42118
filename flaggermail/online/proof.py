# SPDX-License-Identifier: EUPL-1.2
"""The proof at the end: a scratch desk takes in a mail of the check as a referral, answers, archives and verifies it.

The scratch desk has the rules and templates of the real one, an election of its own, and takes the check's mail for one
that a government body wrote. What it sends to anybody but that sender never leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from flaggermail.errors import ArchiveFault
from flaggermail.intake.ingest import ingest
from flaggermail.mail.hops import Hop
from flaggermail.mail.message import Address, MechanicalKind, Message, SenderVerdict, Verdict
from flaggermail.mail.reply_tokens import CHECK_HEADER
from flaggermail.online.check_mail import CheckPart, Marks
from flaggermail.outbox import delivery
from flaggermail.ports import Accepted, Parser, RawMessage, Submission, Submitter
from flaggermail.ports.probing import Found
from flaggermail.record.audit import compared
from flaggermail.record.definition import where
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, OutboxMail, StoredMessage
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.settings.model import ElectionSettings, PeriodSettings
from flaggermail.settings.yaml_files.kinds import Names
from flaggermail.wording.filing import Vouched
from flaggermail.wording.servers import Attempted

ELECTION = "CHECK"
LIST = "government"  # of `rules/lists`
_AROUND = timedelta(days=2)


def scratch_settings(settings: Configuration, now: datetime) -> Configuration:
    """Returns the settings of the scratch desk: an election of today, and the desk's own domain among governments."""
    today, domain = now.astimezone(settings.zone).date(), settings.desk.mailbox.address.rpartition("@")[2].lower()
    election = ElectionSettings(
        code=ELECTION, name=Names(nl="Controle", en="Check"), polling_days=(today,),
        period=PeriodSettings(begins=today - _AROUND, ends=today + _AROUND),
    )  # fmt: skip
    lists = {**settings.rules.lists, LIST: settings.rules.lists.get(LIST, frozenset()) | {domain}}
    rules = replace(settings.rules, lists=lists)
    return settings.model_copy(update={"election_list": (election,), "rules": rules})


@dataclass(frozen=True, slots=True)
class _Vouching:
    """Implements `ports.SenderCheck`: the check knows who wrote its own mail."""

    def verdict(self, octets: bytes, message: Message) -> Verdict:  # noqa: ARG002 - the port's signature
        """Returns that the sender is verified."""
        return Verdict(SenderVerdict.VERIFIED, Vouched.COMPOSED())


@dataclass(frozen=True, slots=True)
class _AsReferral(Parser):
    """Implements `ports.Parser`: reads the check's mail as one that a person at `sender` wrote."""

    real: Parser
    sender: str

    def parse(self, octets: bytes) -> Message:
        """Returns the parsed mail, with that sender and without the marks of a program."""
        message = self.real.parse(octets)
        return replace(message, from_=(Address(self.sender, "check"),), kind=MechanicalKind.HUMAN)

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
            return [Accepted(one, self.now, Attempted.SAYS(words="kept by the check")) for one in recipients]
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
    env = replace(scratch, sender_check=_Vouching(), parser=_AsReferral(scratch.parser, submit.sender))
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
    with suppress(ArchiveFault):
        return scratch.octets.get(digest)
    return None
