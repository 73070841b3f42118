# SPDX-License-Identifier: EUPL-1.2
"""The octets of a story's mail: as our own server delivers it to a played desk, or as its sender writes to a real one.

A mail may answer one of ours. It then refers to it, and NUMBER and CODE in it become the case number that the answered
mail bears, and the code that its writer has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from email.parser import BytesParser
from email.utils import format_datetime, formataddr, parseaddr
from pathlib import Path

from flaggermail.cases.approval import Offer, step_of
from flaggermail.errors import ConfigurationError
from flaggermail.mail.case_numbers import tailed_numbers
from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import Address
from flaggermail.notices import duty, pager_queue
from flaggermail.ports import Role, Transaction
from flaggermail.record.case_values import Topic
from flaggermail.record.definition import where
from flaggermail.record.events import Event, EventKind, added
from flaggermail.record.rows import Device, OutboxMail, Token
from flaggermail.record.states import MailState
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.sections import ByReply
from flaggermail.stories.scenario_file import Answers, ClaimedResult, MailEntry


def enrol(env: Services, tx: Transaction, officer_id: str, by: str) -> None:
    """Records a confirmed device of an officer, whose secret is the same in every run of a scenario."""
    if env.settings.rota.officer(officer_id) is None:
        raise ConfigurationError(f"given: enrolled: {officer_id} is no officer in oncall.yaml")
    now, key = env.clock.now(), f"d{tx.number('device'):06d}"
    commitment = env.codes.make(key, env.randomness.salt() + env.randomness.salt()[:4])
    device = Device(
        id=key, officer=officer_id, enrolled_by=by, enrolled_at=now, commitment=commitment,
        token=env.randomness.token(), confirmed_at=now,
    )  # fmt: skip
    tx.append(Event(EventKind.DEVICE_ENROLLED, now, by, (added(device),), reason=officer_id))


def code_at(env: Services, at: datetime, sender: str, answered: OutboxMail | None) -> str | None:
    """Returns the code that the writer of a mail has at that instant; None if there is none.

    The code is that of the officer who writes, or of the one whose mail is answered if somebody else does.
    """
    persons = {officer.address.lower(): officer.id for officer in env.settings.rota.officers}
    officer = persons.get(sender.lower()) or persons.get(answered.recipient.lower() if answered else "")
    with env.store.read() as tx:
        work = UnitOfWork(env, tx, at)
        offer = _offer(work, answered, officer)
        if offer is not None:
            return offer.code
        device = next(reversed(duty.devices_of(work, officer)), None) if officer else None
        codes = env.codes.codes(device.id, device.commitment, [step_of(at)]) if device else None
    return codes[step_of(at)] if codes else None


def _offer(work: UnitOfWork, answered: OutboxMail | None, officer: str | None) -> Offer | None:
    """Returns the offer of the request that is answered, where the code is a request's and not a device's."""
    means = work.env.settings.desk.approval.means
    if answered is None or means not in {ByReply.PAGER, ByReply.MAIL}:
        return None
    shown = work.tx.find(
        Token,
        where(Token.purpose).is_(Topic.APPROVAL),
        where(Token.notification).is_(answered.notification),
        where(Token.officer).is_(officer),
    )
    offers = [offer for token in shown if (offer := pager_queue.offer_of(work, token)) is not None]
    return max(offers, key=lambda offer: offer.expires_at, default=None)


_CODE = re.compile(rb"\bCODE\b")
_NUMBER = re.compile(rb"\bNUMBER\b")
_REPLACED = frozenset({b"from", b"to", b"date", b"message-id"})
_FIELD = re.compile(rb"\r\n(?![ \t])")  # a line that begins with white space continues the field (RFC 5322, 2.2.3)


def sender_of(file: Path) -> tuple[str, str]:
    """Returns name and address of the mail's sender."""
    return parseaddr(str(BytesParser().parsebytes(file.read_bytes(), headersonly=True)["From"]))


def delivered(file: Path, mail: MailEntry, at: datetime, first_at: datetime) -> Callable[[Services], bytes]:
    """Returns the mail as our own server delivers it: trace fields and verdict on top, references filled in.

    A further copy has the code of the first delivery, at `first_at`.
    """

    def octets(env: Services) -> bytes:
        header, body = _read(file)
        sender = env.parser.parse(header + body).sender
        lines = _trace_fields(env, sender, mail.auth, at) if Role(mail.folder) is Role.INBOX else []
        answered = None if mail.answers is None else _answered_mail(env, mail.answers, file.name)
        if _CODE.search(body):
            code = code_at(env, first_at, sender.key if sender else "", answered)
            body = _CODE.sub((code or "CODE").encode("ascii"), body)
        quoted = _answered_mail(env, mail.quotes, file.name) if mail.quotes is not None else answered
        return _answering(env, (header, body), lines, answered, quoted, at)

    return octets


def written(env: Services, file: Path, key: str, sender: str, answered: OutboxMail | None, at: datetime) -> bytes:
    """Returns the mail in `file` from address `sender` to this desk at `at`; `key` makes its Message-ID unique."""
    header, body = _read(file)
    kept = [line for line in _FIELD.split(header) if line.partition(b":")[0].strip().lower() not in _REPLACED]
    mailbox, domain = env.settings.desk.mailbox, sender.rpartition("@")[2]
    lines = [
        f"Received: from mail.{domain} by {mailbox.authserv_id or 'localhost'} with ESMTPS; {format_datetime(at)}",
        f"From: {formataddr((sender_of(file)[0], sender))}",
        f"To: {mailbox.address}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{key}@{domain}>",
    ]
    header = b"\r\n".join(("\r\n".join(lines).encode(), *kept))
    return _answering(env, (header, body), (), answered, answered, at)


def _read(file: Path) -> tuple[bytes, bytes]:
    """Returns the header and, from the empty line on, the rest of a mail, with the line ends of mail."""
    raw = file.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    header, blank, body = raw.partition(b"\r\n\r\n")
    return header, blank + body


def _answering(
    env: Services, mail: tuple[bytes, bytes], lines: Sequence[str], answered: OutboxMail | None,
    quoted: OutboxMail | None, at: datetime,
) -> bytes:  # fmt: skip
    """Returns the mail below `lines`, as an answer to `answered`, with NUMBER as `quoted` bears it."""
    header, body = mail
    above = list(lines)
    if answered is not None:
        above += _reply_fields(header, env.octets.get(answered.digest), at)
    if quoted is not None:
        number = _number_in(env, quoted)
        header, body = _NUMBER.sub(number, header), _NUMBER.sub(number, body)
    return "".join(f"{line}\r\n" for line in above).encode() + header + body


def _trace_fields(env: Services, sender: Address | None, auth: ClaimedResult, at: datetime) -> list[str]:
    """Returns the fields that our receiving server writes above a mail (RFC 8601), and those a forger writes below."""
    server = env.settings.desk.mailbox.authserv_id or "localhost"
    domain = sender.domain if sender else "invalid"
    says = ClaimedResult.NONE if auth is ClaimedResult.FORGED else auth
    lines = [
        f"Authentication-Results: {server}; dmarc={says} header.from={domain}",
        f"Received: from mail.{domain} by {server} with ESMTPS; {format_datetime(at)}",
    ]
    if auth is ClaimedResult.FORGED:
        lines.append(f"Authentication-Results: {server}; dmarc=pass header.from={domain}")
    return lines


def _reply_fields(header: bytes, answered: bytes, at: datetime) -> list[str]:
    """Returns the header fields that make a mail a reply, and those that its file lacks."""
    own, other = (BytesParser().parsebytes(octets, headersonly=True) for octets in (header, answered))
    message_id = str(other["Message-ID"]).strip().strip("<>")
    domain = str(own["From"]).rpartition("@")[2].strip("> ")
    lacking = {
        "Subject": f"Re: {other['Subject']}",  # folded and encoded as received
        "Date": format_datetime(at),
        "Message-ID": f"<{at:%Y%m%d.%H%M}.{message_id.partition('@')[0]}@mail.{domain}>",
    }
    lines = [f"{name}: {value}" for name, value in lacking.items() if name not in own]
    return [f"In-Reply-To: <{message_id}>", f"References: <{message_id}>", *lines]


def _number_in(env: Services, answered: OutboxMail) -> bytes:
    """Returns the case number as that mail bears it, with its tail if it has one."""
    read = env.parser.parse(env.octets.get(answered.digest))
    prefix, text = env.settings.desk.organisation.case_prefix, f"{read.subject or ''}\n{read.text}"
    tailed = [one.text for one in tailed_numbers(text, prefix) if one.number == answered.case]
    return next(iter((*tailed, answered.case or "NUMBER"))).encode()


def _answered_mail(env: Services, wanted: Answers, file: str) -> OutboxMail:
    found = sent(env, wanted)
    if not found:
        raise ConfigurationError(f"{file}: answers {wanted.model_dump(exclude_none=True)}, but no such mail was sent")
    return found[wanted.number]


def sent(env: Services, wanted: Answers) -> list[OutboxMail]:
    """Returns our sent mails that match `wanted`, ignoring its `number`."""
    with env.store.read() as tx:
        return [
            mail
            for mail in tx.find(OutboxMail, where(OutboxMail.state).is_(MailState.ACCEPTED))
            if _matches(mail, wanted, env)
        ]


def _matches(mail: OutboxMail, wanted: Answers, env: Services) -> bool:
    domains = next((frozenset(p.domains) for p in env.settings.platform_list if p.name == wanted.to), None)
    to = wanted.to is None or mail.recipient.lower() == wanted.to.lower()
    to = to or (domains is not None and in_domains(mail.recipient.rpartition("@")[2], domains))
    return to and wanted.kind in {None, mail.kind} and wanted.case in {None, mail.case}
