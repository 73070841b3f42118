# SPDX-License-Identifier: EUPL-1.2
"""The mechanical kind of a mail and, for a report, the mail and the recipients it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.utils import getaddresses

from flufl.bounce import all_failures

from flaggermail.mail.automated import out_of_office, ticket_frame
from flaggermail.mail.automated.evidence import (
    DELAYED,
    FAILED,
    DeliveryReport,
    KindEvidence,
    decoded_xtext,
    quoted_message_id,
    read_report,
    usable_addresses,
)
from flaggermail.mail.automated.mechanical_kind import ServiceEvent, mechanical_kind, read_published
from flaggermail.mail.fields import read_header, unfolded, words_decoded
from flaggermail.mail.forwards.reply_text import PlainLines, reply_text
from flaggermail.mail.message import MechanicalKind, Message, NoReceipt
from flaggermail.mail.mime import ENCLOSED, Part
from flaggermail.mail.reply_tokens import ORIGINAL_HEADER, OWN_HEADER, message_ids, own_ids, tokens
from flaggermail.mail.vocabulary import Language

NOBODY = "nobody@invalid"  # stands for a missing author, which the library cannot read
LARGEST = 512 * 1024  # octets read; recipients are listed above the returned mail


@dataclass(frozen=True, slots=True)
class FailedRecipients:
    """Lower-case addresses of recipients."""

    failed: tuple[str, ...] = ()
    delayed: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """The failed recipients or, if there are none, the delayed ones."""
        return self.failed or self.delayed


def read_failures(octets: bytes) -> FailedRecipients:
    """Returns the recipients that a bounce names in its text; empty if the library cannot read it."""
    try:
        mail = message_from_bytes(octets[:LARGEST])
        if not getaddresses([mail.get("from", "")]):
            del mail["from"]
            mail["From"] = NOBODY
        delayed, failed = all_failures(mail)
        return FailedRecipients(_addresses(failed), _addresses(delayed))
    except Exception:  # noqa: BLE001 - boundary to a library that parses strangers' mail
        return FailedRecipients()


def _addresses(found: object) -> tuple[str, ...]:
    if not isinstance(found, (set, frozenset, list, tuple)):
        return ()
    texts = (item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item) for item in found)
    return tuple(sorted({text.strip().strip("<>.").lower() for text in texts if "@" in text}))


_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_HEADERS_ONLY = frozenset(
    {"text/rfc822-headers", "text/rfc822-header", "message/rfc822-headers", "message/global-headers"}
)
_RECEIPT = "message/disposition-notification"
_PLAIN = "text/plain"
_AUTO, _FORWARDED = "auto-submitted", "auto-forwarded"
_WRITTEN = re.compile(rb"^(?:final-recipient|original-recipient)[ \t]{0,8}:", re.IGNORECASE | re.MULTILINE)
_FEEDBACK = re.compile(rb"\s{0,20}(?:(?:version|user-agent):[^\n]{0,200}\r?\n){0,2}feedback-type:", re.IGNORECASE)
_LONGEST_PART = 100_000  # octets
_NOT_RECIPIENTS = ("return-path", "from", "sender", "reply-to", "message-id", "references")


def with_mechanical_kind(
    read: Message, parts: Sequence[Part], octets: bytes, language: Language, plain: PlainLines
) -> Message:
    """Returns `read` with its kind and, if it is a report, the mail and the recipients it is about.

    `parts`: all parts of the mail; enclosed mails are not descended into. `plain`: the lines
    of the text that need no look. Never raises on content.
    """
    fields = _topmost(read.headers)
    published = read_published(fields, read.text)
    returned = _returned(parts)
    signs = KindEvidence(
        words=language.machines,
        fields=fields,
        types=[_told_type(part) for part in parts],
        report_type=_report_type(parts),
        report=_report(parts),
        disposition=_disposition(parts),
        sender=read.sender,
        subject=read.subject or "",
        to=read.to,
        text=read.text,
        returned=returned,
        published=published.event if published else "",
        written=_written_report(parts),
        plain=plain,
    )
    kind = mechanical_kind(signs, language)
    if kind in {MechanicalKind.HUMAN, MechanicalKind.AUTO_REPLY}:
        receipts = [part for part in parts if part.type.value == _RECEIPT]
        read = _with_author(read if kind is read.kind else replace(read, kind=kind), signs, language)
        return replace(read, original_message_id=_quoted_original(receipts)) if receipts else read
    read = replace(read, kind=kind)
    read = _with_original(read, signs, published, parts)
    return _with_failures(read, signs, published, octets) if kind is MechanicalKind.BOUNCE else read


def _with_author(read: Message, signs: KindEvidence, language: Language) -> Message:
    """Adds whose comment the mail holds, or what it says that is no receipt; a comment's kind is a person's."""
    automatic = read.kind is MechanicalKind.AUTO_REPLY
    if (stated := out_of_office.stated(signs, read.kind, language)) is not None:
        until = out_of_office.end_of_absence(read.text, language, signs.plain) if stated is NoReceipt.ABSENCE else ""
        return replace(read, no_receipt=stated, away_until=until)
    framed = signs.null_path or ticket_frame.is_ticket_system(signs.fields, language.machines)
    if not (automatic or framed):
        return read
    ours = (*read.to, *read.cc)
    comment = ticket_frame.named_comment(read.text, ours, language, signs.plain)
    framed = framed or ticket_frame.asks_for_replies_above(read.text, language)
    if comment is not None and not framed and not signs.fields.get(_AUTO, "").lower().startswith("auto-replied"):
        framed = ticket_frame.calls_it_comment(read, comment.text, language, signs.plain)
    if comment is None and framed and not signs.fields.get(_AUTO, "").lower().startswith("auto-replied"):
        own = reply_text(read.text.split("\n"), language, signs.plain)
        comment = ticket_frame.named_author(read, own, language) if automatic else None
    if comment is None and automatic and signs.fields.get(_AUTO, "").lower().startswith("auto-generated"):
        own = reply_text(read.text.split("\n"), language, signs.plain)
        comment = ticket_frame.signed_author(read, own, language)
        framed = framed or comment is not None
    return replace(read, comment=comment, kind=MechanicalKind.HUMAN if comment and framed else read.kind)


def _topmost(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Returns the topmost field of each name; of Auto-Submitted the one below what a forwarding mailbox added."""
    fields = dict(reversed(headers))
    if fields.get(_AUTO, "").lower().startswith(_FORWARDED):
        below = [value for name, value in headers if name == _AUTO and not value.lower().startswith(_FORWARDED)]
        fields[_AUTO] = below[0] if below else fields[_AUTO]
    return fields


def _told_type(part: Part) -> str:
    """Returns the content type; that of a report of RFC 5965 also where a server calls the report plain text."""
    plain = part.type.value == _PLAIN and part.filename is None and _FEEDBACK.match(part.body)
    return "message/feedback-report" if plain else part.type.value


def _written_report(parts: Sequence[Part]) -> DeliveryReport | None:
    """Returns the report of RFC 3464 that some servers attach as plain text, below the text for people."""
    texts = [part for part in parts if part.type.value == _PLAIN]
    for part in texts if len(parts) > 1 else ():
        if _WRITTEN.search(octets := part.octets()[0][:_LONGEST_PART]):
            report = read_report(octets)
            if report.bounce is not None:
                return report
    return None


def _returned(parts: Iterable[Part]) -> dict[str, str]:
    """Returns the header of the returned mail (RFC 6522, section 3: a whole mail or its header only)."""
    for part in parts:
        if part.type.value in ENCLOSED and part.children:
            header = part.children[0].header
        elif part.type.value in _HEADERS_ONLY:
            header = read_header(part.octets()[0].lstrip(b"\r\n"))
        else:
            continue
        found: dict[str, str] = {}
        for name, value in header.fields:
            found.setdefault(name, words_decoded(unfolded(value)[0]).strip())
        return found
    return {}


def _report(parts: Iterable[Part]) -> DeliveryReport | None:
    found = [read_report(part.octets()[0]) for part in parts if part.type.value in _REPORTS]
    if not found:
        return None
    envelope_id = next((report.envelope_id for report in found if report.envelope_id), None)
    return DeliveryReport(tuple(recipient for report in found for recipient in report.recipients), envelope_id)


def _report_type(parts: Iterable[Part]) -> str:
    report = next((part for part in parts if part.type.value == "multipart/report"), None)
    return report.type.parameters.get("report-type", "").lower() if report else ""


def _disposition(parts: Iterable[Part]) -> str:
    part = next((part for part in parts if part.type.value == _RECEIPT), None)
    value = read_header(part.octets()[0].lstrip(b"\r\n")).first("disposition") if part else None
    return unfolded(value)[0].lower() if value else ""


def _with_original(
    read: Message, signs: KindEvidence, published: ServiceEvent | None, parts: Iterable[Part]
) -> Message:
    """Adds what names the original mail: subject, token, Message-ID or our envelope identifier, which equals it."""
    report = signs.report or signs.written or signs.notice.report
    envelope_id = report.envelope_id if report else None
    header = signs.returned or signs.notice.returned
    original = _own_id(header) or _message_id(signs.returned) or (published.message_id if published else None)
    original = original or _message_id(signs.notice.returned) or quoted_message_id(read.text) or _quoted_original(parts)
    if original is None and envelope_id and "@" in envelope_id:
        original = next(iter(message_ids(f"<{decoded_xtext(envelope_id).strip('<>')}>")), None)
    return replace(
        read,
        original_message_id=original,
        original_envelope_id=envelope_id,
        original_subject=header.get("subject"),
        original_token=next(iter(tokens(_own_fields(header))), None),
    )


def _quoted_original(parts: Iterable[Part]) -> str | None:
    """Returns the Message-ID named by a disposition notification (RFC 8098, 3.2.5) or by a header returned as text."""
    candidates = (part for part in parts if part.type.value.startswith(("text/", "message/")))
    texts = (part.octets()[0][:_LONGEST_PART].decode("utf-8", "replace") for part in candidates)
    return next((found for text in texts if (found := quoted_message_id(text))), None)


def _own_id(fields: Mapping[str, str]) -> str | None:
    """Returns our own Message-ID, whatever a server wrote into the field meant for it."""
    return next(iter(own_ids(_own_fields(fields))), None)


def _own_fields(fields: Mapping[str, str]) -> list[str]:
    return [fields.get(name.lower(), "") for name in (OWN_HEADER, ORIGINAL_HEADER)]


def _message_id(fields: Mapping[str, str]) -> str | None:
    return next(iter(message_ids(fields.get("message-id", ""))), None)


def _with_failures(read: Message, signs: KindEvidence, published: ServiceEvent | None, octets: bytes) -> Message:
    """Adds the failed recipients: from the report, else X-Failed-Recipients, else the text, else the returned mail."""
    notice, report = signs.notice, signs.report or signs.written
    if report and report.unreached:
        return replace(read, failed_recipients=report.unreached, bounce_class=report.bounce)
    if published:
        late = published.event == "delay"
        return replace(read, failed_recipients=published.recipients, bounce_class=DELAYED if late else FAILED)
    named = [address for value in read.header_all("x-failed-recipients") for address in usable_addresses(value)]
    if named:
        return replace(read, failed_recipients=tuple(dict.fromkeys(named)), bounce_class=FAILED)
    if notice.report and notice.report.unreached:
        return replace(read, failed_recipients=notice.report.unreached, bounce_class=notice.report.bounce)
    told = report.bounce if report else None
    library = read_failures(octets)
    # flufl.bounce also takes "your message was blocked" for a delay
    late = notice.delayed or bool(library.delayed and not library.failed and not notice.says_so)
    own = {address.key for address in (*read.to, *read.from_)} | _returned_non_recipients(signs)
    listed, known, mentioned = (_without(found, own) for found in (notice.listed, library.all, notice.mentioned))
    # flufl.bounce knows few formats well: where both found recipients but none in common, it is right more often
    recipients = known if known and not set(listed) & set(known) else listed
    # a person may write to their own address
    recipients = recipients or mentioned or notice.listed or library.all or notice.mentioned or _single_recipient(signs)
    delayed = told is DELAYED or (told is None and late and not (report and report.delivered))
    return replace(read, failed_recipients=recipients, bounce_class=DELAYED if delayed else FAILED)


def _returned_non_recipients(signs: KindEvidence) -> AbstractSet[str]:
    """Returns the addresses in the header of the returned mail that are not recipients."""
    fields = {**signs.notice.returned, **signs.returned}
    return {found for name in _NOT_RECIPIENTS for found in usable_addresses(fields.get(name, ""))}


def _without(found: tuple[str, ...], own: AbstractSet[str]) -> tuple[str, ...]:
    """Returns `found` without the addresses in the bounce's own From and To."""
    return tuple(address for address in found if address not in own)


def _single_recipient(signs: KindEvidence) -> tuple[str, ...]:
    """Returns the returned mail's recipient if there is only one; of several, the failed one is unknown."""
    header = signs.returned or signs.notice.returned
    found = usable_addresses(header.get("to", "")) if not header.get("cc") else ()
    return found if len(found) == 1 else ()
