# SPDX-License-Identifier: EUPL-1.2
"""Converts octets to mail.message.Message; any input yields a value with its defects."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flaggermail.adapters.parsing.mechanical import with_mechanical_kind
from flaggermail.adapters.parsing.unpacking import PGP_ENCRYPTED, OutOfTime, Unpacked, bare_outlook, unpacked
from flaggermail.mail.automated.mechanical_kind import answerable, is_robot
from flaggermail.mail.automated.ticket_frame import without_repeated
from flaggermail.mail.charset import decoded, safe_name, storable
from flaggermail.mail.compose import unflowed
from flaggermail.mail.fields import Header, read_addresses, read_date, read_header, unfolded, words_decoded
from flaggermail.mail.forwards.boilerplate import without_banners
from flaggermail.mail.forwards.forwarded import Inline, find_inline
from flaggermail.mail.forwards.reply_text import NONE, PlainLines, plain_lines, reply_text, text_of, unquoted_lines
from flaggermail.mail.hidden_html import shown
from flaggermail.mail.html_page import is_source, whole_and_seen
from flaggermail.mail.message import (
    Address,
    Attachment,
    Forwarded,
    ForwardSource,
    HtmlReading,
    MechanicalKind,
    Message,
    Signer,
)
from flaggermail.mail.mime import (
    CLOSED,
    ENCLOSED,
    LARGEST_SAVED,
    NO_BOUNDARY,
    NOT_DECODED,
    OUTLOOK,
    Part,
    files_in,
    read_part,
)
from flaggermail.mail.reply_tokens import content_key, message_ids, read_keys
from flaggermail.mail.signature import completed, numbers_in, signature_of
from flaggermail.mail.subject import split_subject
from flaggermail.mail.vocabulary import Language

LONGEST_TEXT = 2_000_000  # characters of text kept
LONGEST_MARKUP = 300_000  # characters read of the HTML form of a text
TEXT_CUT = "text cut"
HIDDEN_TEXT = "hidden text"
NO_AUTHOR = "no author"
DUPLICATE = "duplicate header"
UNSAFE_NAME = "unsafe attachment name"

_ONCE = ("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references")  # RFC 5322, section 3.6
_UNENCODED = frozenset({"", "7bit", "8bit", "binary"})  # RFC 2045, section 6.2: encodings that leave octets unchanged
_RETURNED = ENCLOSED | {"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}
# A header with none of these fields does not belong to a delivered mail, but to a part cut out of one.
_DELIVERED = frozenset({*_ONCE, "received", "return-path", "delivered-to", "authentication-results"})
_SHOWN = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext", "text/x-amp-html"})
_ENCRYPTED = re.compile(r"^-----BEGIN PGP MESSAGE-----", re.MULTILINE)  # RFC 9580, section 6.2.1
_META_CHARSET = re.compile(rb"<meta[^>]{1,200}?charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_META_WITHIN = 4096
_OCTETS = "application/octet-stream"
_WORD = re.compile(rb"\w\w")
_LONE_CR = re.compile(rb"\r(?!\n)")
_OLD_MAC = re.compile(
    rb"[!-9;-~]{1,80}:[^\r\n]{0,998}\r[!-9;-~]{1,80}:"
)  # the first line ends with a CR, the line end of an old Mac


class StandardParser:
    """Implements ports.Parser in this process; for mail from strangers use adapters.parsing.worker.ContainedParser."""

    def __init__(self, language: Language, *, thorough: bool = False) -> None:
        """`language`: the vocabulary of rules/mail-language.yaml. `thorough`: takes no short way, for comparison."""
        self._language = language
        self._thorough = thorough

    def parse(self, octets: bytes) -> Message:
        """Returns the parsed mail; never raises on content."""
        try:
            return _MailReader(octets, self._language, thorough=self._thorough).message()
        except (Exception, OutOfTime) as fault:  # noqa: BLE001 - the boundary of one message: the next must be read
            bare = header_only(octets, f"parser failed: {type(fault).__name__}")
            return replace(bare, overran=isinstance(fault, OutOfTime))

    def attachment(self, octets: bytes, number: int) -> bytes | None:
        """Returns the decoded octets of `Message.attachments[number]`; None if they cannot be decoded alone."""
        try:
            content, defect = _MailReader(octets, self._language).listed[number].octets(LARGEST_SAVED)
        except (Exception, OutOfTime):  # noqa: BLE001 - as in `parse`; a file within a text is not a part
            return None
        return None if defect == NOT_DECODED else content

    def digests(self, octets: bytes) -> tuple[str | None, ...]:
        """Returns the SHA-256 of the decoded octets of each attachment; see `ports.Parser`."""
        try:
            found = [part.octets(LARGEST_SAVED) for part in _MailReader(octets, self._language).listed]
        except (Exception, OutOfTime):  # noqa: BLE001 - as in `parse`
            return ()
        return tuple(None if defect == NOT_DECODED else hashlib.sha256(one).hexdigest() for one, defect in found)


def header_only(octets: bytes, defect: str) -> Message:
    """Reads digest, size, Message-ID, people, Date and Subject from the first 64 KiB, without any MIME structure."""
    digest = hashlib.sha256(octets).hexdigest()
    bare = Message(sha256=digest, size=len(octets), defects=(defect,), content_key=digest)
    try:
        fields = _Fields.from_header(read_header(octets[:65536]))
        return replace(
            bare,
            message_id=next(iter(fields.ids("message-id")), None),
            from_=fields.addresses("from"),
            to=fields.addresses("to"),
            cc=fields.addresses("cc"),
            date=fields.date()[1],
            subject=fields.text("subject"),
        )
    except Exception:  # noqa: BLE001 - the mail is archived and quarantined even if its header cannot be read
        return bare


@dataclass(frozen=True, slots=True)
class _Fields:
    """Header fields in two forms: only unfolded (addresses are split before decoding), and decoded."""

    folded: tuple[tuple[str, str], ...]
    decoded: tuple[tuple[str, str], ...]
    defects: tuple[str, ...]

    @classmethod
    def from_header(cls, header: Header) -> _Fields:
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

    def date(self) -> tuple[str | None, datetime | None, str | None]:
        """Returns the first readable Date field as written, its instant and a defect; else the first Date field."""
        found = [(text, *read_date(text)) for text in (value for key, value in self.decoded if key == "date") if text]
        return next((one for one in found if one[1]), found[0] if found else (None, None, None))

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Returns the mailboxes of all fields of that name: mail programs reply to those of a second field too."""
        values = [value for key, value in self.folded if key == name]
        return tuple(dict.fromkeys(address for value in values for address in read_addresses(value, words_decoded)))


_OwnWords = tuple[str, Forwarded | None, Signer]


class _MailReader:
    """Parses one mail."""

    def __init__(self, octets: bytes, language: Language, *, thorough: bool = False) -> None:
        self.octets = octets
        self.thorough = thorough
        self.language = language
        source = _LONE_CR.sub(b"\n", octets) if b"\n" not in octets or _OLD_MAC.match(octets) else octets
        self.root = _unwrapped_root(bare_outlook(octets) or read_part(source))
        opened = unpacked(self.root.walk())
        self.parts = opened.parts
        self.fields = _Fields.from_header(self.root.header)
        self.defects: list[str] = [*self.fields.defects, *opened.defects]
        self.body = _body(opened)
        self.listed = [part for part in (*self.parts, *opened.spare) if is_attachment(part, self.body)]

    def message(self) -> Message:
        fields = self.fields
        text, unseen = self._text(self.body)
        date_text, date, date_defect = fields.date()
        authors = fields.addresses("from")
        self._note(date_defect, None if authors else NO_AUTHOR)
        read = Message(
            sha256=hashlib.sha256(self.octets).hexdigest(),
            size=len(self.octets),
            message_id=next(iter(fields.ids("message-id")), None),
            in_reply_to=fields.ids("in-reply-to"),
            references=fields.ids("references"),
            from_=authors,
            reply_to=fields.addresses("reply-to"),
            to=fields.addresses("to"),
            cc=fields.addresses("cc"),
            subject=fields.text("subject"),
            date=date,
            text=text,
            unseen=unseen,
            html_text=self._html_text(),
            headers=fields.decoded,
        )
        lines = text.split("\n")
        plain = NONE if self.thorough else plain_lines(lines, self.language)
        read = with_mechanical_kind(read, self.parts, self.octets, self.language, plain)
        own, forwarded, signer = self._own_words(read, lines, plain)
        keys = read_keys(read, self.language, forwarded)
        html = self._html() if read.kind is MechanicalKind.HUMAN and keys.tokens else None
        for part in self.parts:
            self._note(*part.defects)
        attachments = tuple(_attachment(part) for part in self.listed)
        if "\nbegin " in read.text:
            attachments += tuple(
                Attachment(safe_name(name), _OCTETS, size) for name, size in files_in(read.text.encode())
            )
        if any(found.filename != part.filename for found, part in zip(attachments, self.listed, strict=False)):
            self._note(UNSAFE_NAME)
        whole = "\n".join((read.text, *(words for _, words in unseen)))
        return replace(
            read,
            answerable=answerable(read, ()) and not is_robot(read, self.language),
            keys=keys,
            forwarded=forwarded,
            reply_text=own,
            signer=signer,
            phones=numbers_in(text),
            html=html,
            attachments=attachments,
            enclosed=tuple(self._spans()) if read.kind is MechanicalKind.HUMAN else (),
            defects=tuple(dict.fromkeys(self.defects)),
            content_key=content_key(read.subject, read.from_, date_text, read.to, read.cc, read.references, whole),
        )

    def _note(self, *defects: str | None) -> None:
        self.defects += [defect for defect in defects if defect]

    def _text(self, part: Part | None) -> tuple[str, tuple[tuple[int, str], ...]]:
        """Returns the text that a reader sees, and what is hidden in it."""
        if part is None:
            return "", ()
        octets, defect = part.octets()
        markup = part.type.value == "text/html"
        charset = part.type.parameters.get("charset") or (_meta_charset(octets) if markup else None)
        text, wrong = decoded(octets, charset)
        plain, unseen = shown(text) if markup or is_source(text) else (_unflowed(text, part.type.parameters), ())
        self._note(
            defect,
            wrong,
            TEXT_CUT if len(text) > LONGEST_TEXT else None,
            HIDDEN_TEXT if unseen else None,
            PGP_ENCRYPTED if "-----BEGIN PGP M" in plain and _ENCRYPTED.search(plain) else None,
        )
        kept = storable(plain[:LONGEST_TEXT])
        return kept, tuple((min(at, len(kept)), storable(words)) for at, words in unseen)

    def _html_text(self) -> str:
        """Returns the text of the HTML part beside a plain one; defects are noted for the part that is shown only."""
        if self.body is None or self.body.type.value != "text/plain":
            return ""
        part = next((part for part in self.parts if part.type.value == "text/html" and _is_text(part)), None)
        if part is None or part is self.body:
            return ""
        octets = part.octets()[0]
        markup = decoded(octets, part.type.parameters.get("charset") or _meta_charset(octets))[0]
        return storable(shown(markup[:LONGEST_MARKUP])[0][:LONGEST_MARKUP])

    def _own_words(self, read: Message, lines: Sequence[str], plain: PlainLines) -> _OwnWords:
        """Returns the writer's own words in the lines of the text, the mail that they forward, and who signed."""
        if read.comment is not None and read.kind is MechanicalKind.HUMAN:
            signer = signature_of(unquoted_lines(lines, self.language, plain), self.language, plain)
            return read.comment.text, None, signer  # around it stands the frame, and below it what we wrote
        subject = split_subject(read.subject or "", self.language)
        inline: Inline | None = None
        enclosed: Forwarded | None = None
        if read.kind is MechanicalKind.HUMAN:
            recipients = frozenset(address.key for address in (*read.to, *read.cc))
            answers, no_mail = bool(read.in_reply_to), plain.no_mail
            inline = find_inline(lines, subject, self.language, answers=answers, recipients=recipients, plain=no_mail)
        if read.kind is MechanicalKind.HUMAN or (read.kind is MechanicalKind.AUTO_REPLY and not self._is_report()):
            enclosed = next((found for part in self.parts if (found := self._enclosed(part))), None)
        own = lines[: inline.start] if inline else lines
        if read.kind is MechanicalKind.AUTO_REPLY:
            own = without_repeated(own, (*read.to, *read.cc), self.language, plain)
        forwarded = enclosed or (inline.mail if inline else None)
        kept = unquoted_lines(own, self.language, plain)
        return text_of(kept, self.language, plain), forwarded, self._signer(read, own, kept, plain)

    def _signer(self, read: Message, own: Sequence[str], kept: Sequence[str], plain: PlainLines) -> Signer:
        """Returns who signed; nobody where all of the text is another's. `kept`: the lines of it that quote nothing."""
        first, begun = (next(filter(str.strip, some), "") for some in (kept, own))
        others = first != begun and first != next(filter(str.strip, without_banners(list(own), self.language)), "")
        if others or read.kind is not MechanicalKind.HUMAN:
            return Signer()
        signer = signature_of(kept, self.language, plain)
        name = read.sender.name if signer.name and read.sender else None
        return completed(signer, name, self.language) if name else signer

    def _html(self) -> HtmlReading | None:
        """Returns the HTML of the mail: its text, or the alternatives to it (RFC 2046, section 5.1.4), all in a row."""
        found = [part for part in self.parts if part is self.body or (_is_text(part) and part.filename is None)]
        found += [self.body] if self.body and all(part is not self.body for part in self.parts) else []
        markups = ((part.type.value, self._markup(part)) for part in found)
        markup = "<br>".join(text for value, text in markups if value == "text/html" or is_source(text))
        if not markup.strip():
            return None
        whole, seen = whole_and_seen(markup)
        words = [reply_text(text.split("\n"), self.language) for text in (whole, seen)]
        return HtmlReading(storable(whole), storable(words[0]), storable(seen), storable(words[1]))

    def _markup(self, part: Part) -> str:
        octets = part.octets()[0]
        return decoded(octets, part.type.parameters.get("charset") or _meta_charset(octets))[0]

    def _spans(self) -> Iterator[tuple[int, int]]:
        """Yields the offsets of the attached mails, except those nested in an attached mail.

        The span of an encoded mail includes its part's header, which states the encoding: such a span parses as a mail.
        """
        for part in self.parts:
            if part.type.value in CLOSED and part.children and part.span:
                plain = part.type.value != OUTLOOK and part.encoding in _UNENCODED
                yield (part.span[1] - len(part.body) if plain else part.span[0]), part.span[1]

    def _is_report(self) -> bool:
        """True if the mail attached to a machine's mail is the one that it reports on (RFC 6522)."""
        return any(part.type.value == "multipart/report" for part in self.parts)

    def _enclosed(self, part: Part) -> Forwarded | None:
        """Returns the mail in a message/rfc822 part (RFC 2046, section 5.2.1) or an Outlook file as a forward."""
        if part.type.value not in CLOSED or not part.children:
            return None
        inner = part.children[0]
        fields = _Fields.from_header(inner.header)
        senders = fields.addresses("from")
        return Forwarded(
            sender=senders[0] if senders else None,
            to=fields.addresses("to"),
            cc=fields.addresses("cc"),
            subject=fields.text("subject"),
            date=fields.text("date"),
            body=self._text(_body(unpacked(inner.walk())))[0].strip(),
            source=ForwardSource.ATTACHMENT,
        )


def _body(opened: Unpacked) -> Part | None:
    """Returns the part with the text; a part of winmail.dat only if no other part has text."""
    own = body_part(opened.parts)
    return own if own and own.body.strip() else body_part((*opened.parts, *opened.spare)) or own


def body_part(parts: Sequence[Part]) -> Part | None:
    """Returns the part with the mail's own text: the first plain one, or HTML if there is none or it is empty.

    Some programs name the text part: a named part that is not an attachment is used if no unnamed one is.
    """
    texts = [part for part in parts if _is_text(part)]
    for candidates in ([part for part in texts if part.filename is None], texts):
        plain = [part for part in candidates if part.type.value == "text/plain"]
        if (
            plain and NO_BOUNDARY in plain[0].defects and not plain[0].body.strip()
        ):  # a multipart that a gateway emptied
            plain = [part for part in plain if _WORD.search(part.body)] or plain
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
    """True if `part` is listed as an attachment: not the unnamed text, its HTML form, another text or a container."""
    if part.type.value.startswith("multipart/") or (part is body and part.filename is None):
        return False
    return part.filename is not None or not _is_text(part) or part.type.value not in _SHOWN


def _attachment(part: Part) -> Attachment:
    return Attachment(safe_name(part.filename) if part.filename else None, part.type.value, part.size)


def _unwrapped_root(root: Part) -> Part:
    """Returns `root`, or the mail in it if `root` is an attached mail cut out of another.

    Never descends into a delivered mail: its authentication results are in its own header, not in a stranger's.
    """
    if any(name in _DELIVERED for name, _ in root.header.fields):
        return root
    opened = next(iter(unpacked([root]).parts))
    return opened.children[0] if opened.type.value in CLOSED and opened.children else root


def _unflowed(text: str, parameters: Mapping[str, str]) -> str:
    """Joins the paragraphs of `text` if it is format=flowed (RFC 3676, section 4)."""
    if parameters.get("format", "").lower() != "flowed":
        return text
    return unflowed(text, delete_space=parameters.get("delsp", "").lower() == "yes")


def _meta_charset(octets: bytes) -> str | None:
    """Returns the charset that HTML declares (WHATWG HTML, section 4.2.5.4), for mail that declares none."""
    found = _META_CHARSET.search(octets, 0, _META_WITHIN)
    return found.group(1).decode("ascii") if found else None
