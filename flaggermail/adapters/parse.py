# SPDX-License-Identifier: EUPL-1.2
"""Octets to core.message.Message; whatever comes in, a value comes out, with its defects."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flaggermail.adapters.failures import read_failures
from flaggermail.core.addresses import read_addresses, read_written
from flaggermail.core.automatic import Signs, mechanical_kind
from flaggermail.core.charset import decoded, storable
from flaggermail.core.dsn import DELAYED, FAILED, DeliveryReport, original_message_id, quoted_message_id, read_report
from flaggermail.core.fields import Header, read_date, read_header, unfolded, words_decoded
from flaggermail.core.forwarded import Inline, find_inline
from flaggermail.core.hypertext import text_of
from flaggermail.core.ident import content_key, message_ids
from flaggermail.core.language import Language
from flaggermail.core.message import Address, Attachment, Forwarded, MechanicalKind, Message
from flaggermail.core.mime import ENCLOSED, Part, read_part
from flaggermail.core.quoted import reply_text
from flaggermail.core.subject import split_subject

LONGEST_TEXT = 2_000_000  # characters of text kept
TEXT_CUT = "text cut"
NO_AUTHOR = "no author"
DUPLICATE = "duplicate header"

_ONCE = ("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references")  # RFC 5322, section 3.6
_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_IDENTITY = frozenset({"", "7bit", "8bit", "binary"})  # RFC 2045, section 6.2: the octets as they are
_RETURNED = ENCLOSED | {"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}
_LONE_CR = re.compile(rb"\r(?!\n)")


class StandardParser:
    """Implements ports.Parser in this process; for mail from strangers use adapters.parse_worker.ContainedParser."""

    def __init__(self, language: Language) -> None:
        """`language`: the words of rules/mail-language.yaml."""
        self._language = language

    def parse(self, octets: bytes) -> Message:
        """The mail as a value; never raises on content."""
        try:
            return _Reading(octets, self._language).message()
        except Exception as fault:  # noqa: BLE001 - the one boundary of a message: the next one must go on
            return header_only(octets, f"parser failed: {type(fault).__name__}")


def header_only(octets: bytes, defect: str) -> Message:
    """What the first 64 kB of a mail tell without any structure: its digest, size, Message-ID, From and Subject."""
    digest = hashlib.sha256(octets).hexdigest()
    bare = Message(sha256=digest, size=len(octets), defects=(defect,), content_key=digest)
    try:
        fields = _Fields.of(read_header(octets[:65536]))
        return replace(
            bare,
            message_id=next(iter(fields.ids("message-id")), None),
            from_=fields.addresses("from"),
            subject=fields.text("subject"),
        )
    except Exception:  # noqa: BLE001 - second line of defence: the mail is archived and quarantined even so
        return bare


@dataclass(frozen=True, slots=True)
class _Fields:
    """Header fields twice: unfolded only (for addresses, which are split before decoding) and decoded."""

    folded: tuple[tuple[str, str], ...]
    decoded: tuple[tuple[str, str], ...]
    defects: tuple[str, ...]

    @classmethod
    def of(cls, header: Header) -> _Fields:
        lines = [(name, *unfolded(value)) for name, value in header.fields]
        names = [name for name, _, _ in lines]
        defects = [*header.defects, *(defect for _, _, defect in lines if defect)]
        defects += [DUPLICATE for name in _ONCE if names.count(name) > 1]
        return cls(
            tuple((name, text) for name, text, _ in lines),
            tuple((name, words_decoded(text).strip()) for name, text, _ in lines),
            tuple(dict.fromkeys(defects)),
        )

    def text(self, name: str) -> str | None:
        return next((value for key, value in self.decoded if key == name), None)

    def ids(self, name: str) -> tuple[str, ...]:
        return message_ids(storable(next((value for key, value in self.folded if key == name), "")))

    def addresses(self, name: str) -> tuple[Address, ...]:
        """The mailboxes of all fields of that name, since what stands in the second is written to as well."""
        values = [value for key, value in self.folded if key == name]
        return tuple(dict.fromkeys(address for value in values for address in read_addresses(value, words_decoded)))


class _Reading:
    """One mail while it is being read."""

    def __init__(self, octets: bytes, language: Language) -> None:
        self.octets = octets
        self.language = language
        source = octets if b"\n" in octets else _LONE_CR.sub(b"\n", octets)  # an old Mac file
        self.root = read_part(source)
        self.parts = tuple(self.root.walk())
        self.fields = _Fields.of(self.root.header)
        self.defects: list[str] = list(self.fields.defects)
        self.body = body_part(self.parts)

    def message(self) -> Message:
        fields = self.fields
        text = self._text(self.body)
        date, date_defect = read_date(date_text) if (date_text := fields.text("date")) else (None, None)
        self._note(date_defect, None if fields.addresses("from") else NO_AUTHOR)
        read = Message(
            sha256=hashlib.sha256(self.octets).hexdigest(),
            size=len(self.octets),
            message_id=next(iter(fields.ids("message-id")), None),
            in_reply_to=fields.ids("in-reply-to"),
            references=fields.ids("references"),
            from_=fields.addresses("from"),
            reply_to=fields.addresses("reply-to"),
            to=fields.addresses("to"),
            cc=fields.addresses("cc"),
            subject=fields.text("subject"),
            date=date,
            text=text,
            headers=fields.decoded,
        )
        read = self._with_kind(read)
        read = self._with_own_words(read)
        for part in self.parts:
            self._note(*part.defects)
        return replace(
            read,
            attachments=tuple(_attachment(part) for part in self.parts if is_attachment(part, self.body)),
            enclosed=tuple(self._spans()) if read.kind is MechanicalKind.HUMAN else (),
            defects=tuple(dict.fromkeys(self.defects)),
            content_key=content_key(read.subject, read.from_, date_text, read.to, read.cc, read.references, read.text),
        )

    def _note(self, *defects: str | None) -> None:
        self.defects += [defect for defect in defects if defect]

    def _text(self, part: Part | None) -> str:
        if part is None:
            return ""
        octets, defect = part.octets()
        text, wrong = decoded(octets, part.type.parameters.get("charset"))
        self._note(defect, wrong, TEXT_CUT if len(text) > LONGEST_TEXT else None)
        plain = text_of(text) if part.type.value == "text/html" else text
        return storable(plain[:LONGEST_TEXT])

    def _with_kind(self, read: Message) -> Message:
        report = self._report()
        signs = Signs(
            fields=dict(reversed(read.headers)),  # reversed: the topmost field of a name wins
            types=[part.type.value for part in self.parts],
            report_type=self._report_type(),
            report=report,
            disposition=self._disposition(),
            sender=read.sender,
            subject=read.subject or "",
        )
        kind = mechanical_kind(signs, self.language)
        if kind in {MechanicalKind.HUMAN, MechanicalKind.AUTO_REPLY}:
            return replace(read, kind=kind)
        original = next(
            (found for part in self.parts if part.type.value in _RETURNED if (found := _original(part))), None
        )
        read = replace(read, kind=kind, original_message_id=original or quoted_message_id(read.text))
        return self._with_failures(read, report) if kind is MechanicalKind.BOUNCE else read

    def _report(self) -> DeliveryReport | None:
        parts = [part for part in self.parts if part.type.value in _REPORTS]
        if not parts:
            return None
        return DeliveryReport(tuple(found for part in parts for found in read_report(part.octets()[0]).recipients))

    def _disposition(self) -> str:
        part = next((part for part in self.parts if part.type.value == "message/disposition-notification"), None)
        value = read_header(part.octets()[0].lstrip(b"\r\n")).first("disposition") if part else None
        return unfolded(value)[0].lower() if value else ""

    def _report_type(self) -> str:
        report = next((part for part in self.parts if part.type.value == "multipart/report"), None)
        return report.type.parameters.get("report-type", "").lower() if report else ""

    def _with_failures(self, read: Message, report: DeliveryReport | None) -> Message:
        if report and report.unreached:
            return replace(read, failed_recipients=report.unreached, bounce_class=report.outcome)
        named = tuple(
            address.key for value in read.header_all("x-failed-recipients") for address in read_written(value)
        )
        if named:
            return replace(read, failed_recipients=tuple(dict.fromkeys(named)), bounce_class=FAILED)
        found = read_failures(self.octets)
        outcome = report.outcome if report else None
        delayed = outcome == DELAYED or (found.delayed and not found.failed)
        recipients = found.failed or found.delayed
        return replace(read, failed_recipients=recipients, bounce_class=DELAYED if delayed else FAILED)

    def _with_own_words(self, read: Message) -> Message:
        lines = read.text.split("\n")
        subject = split_subject(read.subject or "", self.language)
        inline: Inline | None = None
        enclosed: Forwarded | None = None
        if read.kind is MechanicalKind.HUMAN:
            inline = find_inline(lines, subject, self.language, answers=bool(read.in_reply_to))
            enclosed = next((found for part in self.parts if (found := self._enclosed(part))), None)
        own = lines[: inline.start] if inline else lines
        forwarded = enclosed or (inline.mail if inline else None)
        return replace(read, forwarded=forwarded, reply_text=reply_text(own, self.language))

    def _spans(self) -> Iterator[tuple[int, int]]:
        """Where the attached mails stand, those inside an attached one left out; RFC 2046 allows them no encoding."""
        end = 0
        for part in self.parts:
            if part.type.value in ENCLOSED and part.children and part.body and part.encoding in _IDENTITY:
                start = self.octets.find(part.body, end)
                if start >= 0:
                    end = start + len(part.body)
                    yield start, end

    def _enclosed(self, part: Part) -> Forwarded | None:
        """The mail in a message/rfc822 part as a forward (RFC 2046, section 5.2.1)."""
        if part.type.value not in ENCLOSED or not part.children:
            return None
        inner = part.children[0]
        fields = _Fields.of(inner.header)
        senders = fields.addresses("from")
        return Forwarded(
            sender=senders[0] if senders else None,
            to=fields.addresses("to"),
            cc=fields.addresses("cc"),
            subject=fields.text("subject"),
            date=fields.text("date"),
            body=self._text(body_part(tuple(inner.walk()))).strip(),
            source="attachment",
        )


def body_part(parts: Sequence[Part]) -> Part | None:
    """The part that holds the mail's own text: the first plain one, or HTML where there is none or it is empty.

    A named part that is no attachment (some programs name the text) is the text where no nameless one is.
    """
    texts = [part for part in parts if _is_text(part)]
    for candidates in ([part for part in texts if part.filename is None], texts):
        plain = [part for part in candidates if part.type.value == "text/plain"]
        markup = [part for part in candidates if part.type.value == "text/html"]
        if plain and (plain[0].body.strip() or not markup):
            return plain[0]
        if markup or candidates:
            return (markup or candidates)[0]
    return parts[0] if len(parts) == 1 and parts[0].type.value.startswith("text/") else None


def _is_text(part: Part) -> bool:
    return (
        part.type.value.startswith("text/")
        and part.type.value not in _RETURNED
        and part.disposition.value != "attachment"
    )


def is_attachment(part: Part, body: Part | None) -> bool:
    """Whether `part` is listed: not the nameless text itself, its HTML form, a further piece of it, or a container."""
    if part.type.value.startswith("multipart/") or (part is body and part.filename is None):
        return False
    return part.filename is not None or not _is_text(part)


def _attachment(part: Part) -> Attachment:
    name = storable(part.filename).replace("\n", " ") if part.filename else None
    return Attachment(name, part.type.value, part.size)


def _original(part: Part) -> str | None:
    if part.children:
        value = part.children[0].header.first("message-id")
        return next(iter(message_ids(storable(unfolded(value)[0]))), None) if value else None
    return original_message_id(part.octets()[0])
