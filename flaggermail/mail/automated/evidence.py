# SPDX-License-Identifier: EUPL-1.2
"""The evidence that decides the mechanical kind of a mail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from flaggermail.mail.fields import read_header, unfolded, words_decoded
from flaggermail.mail.forwards.reply_text import NONE, PlainLines
from flaggermail.mail.machine_words import MachineWords, words_of
from flaggermail.mail.message import Address, BounceClass
from flaggermail.mail.vocabulary import folded

FAILED, DELAYED = BounceClass.FAILED, BounceClass.DELAYED
_DELIVERED = "delivered"
_DONE = frozenset({_DELIVERED, "relayed", "expanded"})

MOST_RECIPIENTS = 1000
_TYPED = re.compile(r"^\s*[A-Za-z0-9-]{1,40}\s*;\s*")  # "rfc822; ADDRESS" (RFC 3464, section 2.3.2)
_QUOTED_ID = re.compile(r"^[> \t]{0,8}(?:original-)?message-id:\s{0,4}<([^<>\s]{1,250})>", re.IGNORECASE | re.MULTILINE)
_LONGEST_LIST = 20_000  # characters
_ADDRESS = re.compile(r"[^\s<>()\[\]\"':;,|=`@]{1,120}@[^\s<>()\[\]\"':;,|@`]{1,200}")
_XTEXT = re.compile(rb"\+([0-9A-F]{2})")
_GROUPS = re.compile(rb"\r?\n[ \t]*\r?\n")


@dataclass(frozen=True, slots=True)
class Recipient:
    """The report on one recipient (RFC 3464, section 2.3); `action` in lower case, empty if missing."""

    address: str
    action: str
    status: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The recipients of a report, in order."""

    recipients: tuple[Recipient, ...] = ()
    envelope_id: str | None = (
        None  # the sender's identifier of the envelope (RFC 3461, section 4.4; RFC 3464, section 2.2.1)
    )

    @property
    def bounce(self) -> BounceClass | None:
        """The worst action reported, if it is a failure or a delay."""
        actions = {_action(recipient) for recipient in self.recipients}
        return next((bounce for bounce in BounceClass if bounce in actions), None)

    @property
    def delivered(self) -> bool:
        """True if the mail reached a recipient, and no action reported is a failure or a delay."""
        return self.bounce is None and any(_action(recipient) == _DELIVERED for recipient in self.recipients)

    @property
    def unreached(self) -> tuple[str, ...]:
        """The failed recipients or, if there are none, the delayed ones; lower case, without repeats."""
        wanted = self.bounce
        if wanted is None:
            return ()
        found = (recipient.address.lower() for recipient in self.recipients if _action(recipient) == wanted)
        # Some servers cut off the local part and leave "@" and a host, which identifies no recipient.
        return tuple(dict.fromkeys(address for address in found if address and not address.startswith("@")))


def _action(recipient: Recipient) -> str:
    if recipient.action in _DONE:
        return _DELIVERED
    if recipient.action in {FAILED, DELAYED}:
        return recipient.action
    # Some systems omit or misspell Action; the class of the status code has the same meaning (RFC 3463, section 2).
    return {"5": FAILED, "4": DELAYED, "2": _DELIVERED}.get(recipient.status[:1], FAILED if recipient.action else "")


def read_report(octets: bytes) -> DeliveryReport:
    """Parses the body of a message/delivery-status or message/global-delivery-status part. Never raises."""
    recipients: list[Recipient] = []
    envelope_id: str | None = None
    for group in _GROUPS.split(octets)[: MOST_RECIPIENTS + 1]:
        fields: dict[str, str] = {}
        for name, value in read_header(group.lstrip(b"\r\n")).fields:
            fields.setdefault(name, words_decoded(unfolded(value)[0]).strip())
        envelope_id = envelope_id or fields.get("original-envelope-id") or None
        # Original-Recipient, if present, is the address we wrote to (RFC 3464, section 2.3.1).
        original, final = (_address(fields.get(f"{which}-recipient", "")) for which in ("original", "final"))
        address = original if "@" in original else final or original
        if address or "action" in fields:
            action = fields.get("action", "").partition(" ")[0].strip(";.").lower()
            recipients.append(Recipient(address, action, fields.get("status", "")))
    return DeliveryReport(tuple(recipients), envelope_id)


def decoded_xtext(text: str) -> str:
    """Decodes xtext (RFC 3461, section 4): "+3D" is "=". Some servers report the envelope identifier still encoded."""
    octets = _XTEXT.sub(lambda found: bytes([int(found.group(1), 16)]), text.encode("utf-8", "replace"))
    return octets.decode("utf-8", "replace")


def _address(value: str) -> str:
    """Returns the address in a typed field, without type, brackets and comments."""
    plain = _TYPED.sub("", value, count=1).partition(" (")[0].strip()
    inner = plain[plain.find("<") + 1 :].partition(">")[0] if "<" in plain else plain
    return inner.strip("<>\"' \t;,")


def quoted_message_id(text: str) -> str | None:
    """Returns the first Message-ID quoted in the text of a bounce without parts, or None."""
    match = _QUOTED_ID.search(text)
    return match.group(1) if match else None


def usable_addresses(value: str) -> tuple[str, ...]:
    """Returns the addresses in a field that lists recipients, in lower case; skips pipes and paths."""
    return tuple(dict.fromkeys(found.rstrip(".").lower() for found in _ADDRESS.findall(value[:_LONGEST_LIST])))


MOST_LINES = 600  # lines of a notice; the returned mail is below
_LONGEST_LINE = 400
_LONGEST_HEADER = 20_000  # characters read of a returned header
_LONGEST_MARK = 90  # characters
_WITHIN = 12  # lines between the mark and the returned header
_HEADER_LINES = 400
_SENTENCE = 6  # words
_NEAR = 12  # the first non-empty lines, in which a notice states what it is

_TEXT_ADDRESS = r"([^\s<>()\[\]\"':;,|=`]{1,120}@[^\s<>()\[\]\"':;,|@`]{1,200})"
_ANYWHERE = re.compile(_TEXT_ADDRESS)
# Observed forms: an address in brackets of any kind, after a bullet, a type ("rfc822;"), a quoted name, or the code and
# status of a reply ("550 5.1.1"). After a header label ("To:") it does not count.
_AT_START = re.compile(
    r"[-*\u2022]{0,3}\s{0,4}(?:\d{3}[- ](?:\d\.\d{1,3}\.\d{1,3} )?)?(?:(?:rfc822|smtp|internet)\s?[;:]\s?)?"
    r"(?:\"[^\"]{0,80}\"\s?|'[^']{0,80}'\s?(?=<))?[<\[\"'(]{0,2}" + _TEXT_ADDRESS,
    re.IGNORECASE,
)
# "550 ..." at the start of a line or after "said:", or a status of RFC 3463; not "500 euro" and not a date
_CODE = re.compile(r"(?:^|[:<>\]\[(\"] ?)[45]\d\d[ -](?=\S)|(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![.\d])")
_HEADER_LINE = re.compile(
    r"[\s>|]{0,8}(?:return-path|received|message-id|x-received|dkim-signature|x-originating-ip):", re.IGNORECASE
)
_ANY_HEADER = re.compile(r"[!-9;-~]{1,80}:")
_INDENT = re.compile(r"[ \t>|]{0,8}")
_DASHES = "-_=*#~+|<>[]() \t\u00a0:."


@dataclass(frozen=True, slots=True)
class BounceNotice:
    """The content of a bounce text. Addresses in lower case; `returned` is the header of the returned mail."""

    listed: tuple[str, ...] = ()  # recipients after a label, or at the start of a line below the failure
    mentioned: tuple[str, ...] = ()  # other addresses: in or before a sentence that reports a failure
    delayed: bool = False
    says_so: bool = False  # the first lines report a failure or a delay
    coded: bool = False  # quotes an SMTP reply or status (RFC 5321, section 4.2; RFC 3463)
    report: DeliveryReport | None = None  # the fields of RFC 3464 written out in the text
    returned: Mapping[str, str] = field(default_factory=dict)

    @property
    def recipients(self) -> tuple[str, ...]:
        """The listed recipients, or the mentioned ones if none is listed."""
        return self.listed or self.mentioned


def read_notice(text: str, words: MachineWords) -> BounceNotice:
    """Parses the text of a mail as a bounce notice; empty if it is something else. Never raises."""
    lines = [line[:_LONGEST_LINE] for line in text.split("\n", MOST_LINES * 4)]
    end = _returned_at(lines, words)
    above = lines[: min(end, MOST_LINES)]
    plain = [folded(line) for line in above]
    whole = " ".join(plain)
    known = words_of(whole)
    fails, delays = words.needed_for_failure.met(whole, known), words.needed_for_delay.met(whole, known)
    failing = [at for at, line in enumerate(plain) if words.failure.search(line)] if fails else []
    near = [at for at, line in enumerate(plain) if line][:_NEAR]
    fields = [line for line in above if ":" in line or not line.strip()]
    written = read_report("\n".join(line.strip() for line in fields).encode()) if _has_report_fields(plain) else None
    first = failing[0] if failing else len(above)
    listed = _distinct([*_labelled(above, plain, words), *_at_line_start(above[first:], plain[first:], words)])
    return BounceNotice(
        listed=listed,
        mentioned=()
        if listed
        else _distinct(_in_failure_sentences(above, plain, failing)) or _distinct(_at_line_start(above, plain, words)),
        delayed=delays and any(words.delay.search(_pair(plain, at)) for at in range(len(plain))),
        says_so=any(at in near for at in failing)
        or (delays and any(words.delay.search(_pair(plain, at)) for at in near)),
        coded=any(_CODE.search(line) for line in plain),
        report=written if written and written.recipients else None,
        returned=_returned_header(lines[end:]),
    )


def _has_report_fields(plain: Sequence[str]) -> bool:
    return any(line.startswith(("final-recipient:", "original-recipient:")) for line in plain)


def _pair(plain: Sequence[str], at: int) -> str:
    """Returns a line joined with the next, because phrases are broken across lines."""
    return f"{plain[at]} {plain[at + 1]}" if at + 1 < len(plain) else plain[at]


def _returned_at(lines: Sequence[str], words: MachineWords) -> int:
    """Returns the index of the line at which the returned mail begins, or the number of lines."""
    for at, line in enumerate(lines):
        mark = folded(line[:120].strip(_DASHES))
        if at and mark.startswith(words.returned_lines) and _is_mark(line, mark):
            return at
        if at and _HEADER_LINE.match(line) and not line.lower().lstrip(" >|").startswith("received >>>"):
            return at
    return len(lines)


def _is_mark(line: str, mark: str) -> bool:
    """True for a heading: dashed, or ending like one, or short; not a sentence ("the text of your message was ...")."""
    framed = line.strip()[:1] in "-=*|#" or line.rstrip()[-1:] in ":.-*=|"
    return len(mark) <= _LONGEST_MARK and (framed or len(mark.split()) < _SENTENCE)


def _returned_header(lines: Sequence[str]) -> dict[str, str]:
    """Returns the header fields below the mark, whatever indentation or quote marks they have."""
    start = next((at for at, line in enumerate(lines[:_WITHIN]) if _ANY_HEADER.match(line.lstrip(" \t>|"))), None)
    if start is None:
        return {}
    indent = _INDENT.match(lines[start])
    prefix = indent.group() if indent else ""
    block = "\n".join(line.removeprefix(prefix) for line in lines[start : start + _HEADER_LINES])[:_LONGEST_HEADER]
    found: dict[str, str] = {}
    for name, value in read_header(block.encode("utf-8", "replace")).fields:
        found.setdefault(name, words_decoded(unfolded(value)[0]).strip())
    return found


def _distinct(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(address.rstrip(".").lower() for address in found))


def _labelled(above: Sequence[str], plain: Sequence[str], words: MachineWords) -> Iterator[str]:
    for at, line in enumerate(plain):
        label = words.label.match(line.lstrip(_DASHES))
        if label and (found := _ANYWHERE.search(above[at])):
            yield found.group(1)


def _at_line_start(lines: Sequence[str], plain: Sequence[str], words: MachineWords) -> Iterator[str]:
    """Yields addresses at the start of lines, unless the line continues a sentence of the line above."""
    for at, line in enumerate(lines):
        found = _AT_START.match(line.lstrip())
        before = plain[at - 1] if found and at else ""
        broken = len(before.split()) >= _SENTENCE and before[-1] not in ":.)>-" and not words.failure.search(before)
        if found and not broken:
            yield found.group(1)


def _in_failure_sentences(above: Sequence[str], plain: Sequence[str], failing: Sequence[int]) -> Iterator[str]:
    """Yields addresses in the failure sentence, "Unable to deliver message to <a@b>", or on its next line."""
    for at in failing:
        found = _ANYWHERE.findall(above[at]) or (_ANYWHERE.findall(above[at + 1]) if at + 1 < len(plain) else [])
        yield from found[:1]


_CLOSING_BRACKETS = frozenset("])\u3011")
_TAG = re.compile(r"\s*\[([^\[\]]{1,60})\][\s:-]{0,5}(?=\S)")
_MOST_TAGS = 3
_ENDS = ":\uff1a([-\u2013\u2014\u3011"


@dataclass(frozen=True)
class KindEvidence:
    """Evidence for the kind. `fields`: topmost value by lower-case name; `types`: the content types of all parts."""

    words: MachineWords
    fields: Mapping[str, str]
    types: Sequence[str]
    report_type: str  # of a multipart/report (RFC 6522), lower case, else empty
    report: DeliveryReport | None
    disposition: str  # of a message/disposition-notification (RFC 8098, section 3.2.6), else empty
    sender: Address | None
    subject: str
    to: Sequence[Address] = ()
    text: str = ""
    returned: Mapping[str, str] = field(default_factory=dict)  # header of the returned mail, if any
    published: str = ""  # the event reported by a sending service, see mail.automated.sending_service
    written: DeliveryReport | None = None  # a report that a server attached as plain text, without its content type
    plain: PlainLines = NONE  # of the text

    @cached_property
    def notice(self) -> BounceNotice:
        """The text parsed as a bounce notice. Costly, so it is parsed only on demand, for mail from machines."""
        return read_notice(self.text, self.words)

    @cached_property
    def reports_failure(self) -> bool:
        """True if the subject or the first lines report a failed or delayed delivery."""
        return self.subject_reports_failure or self.notice.says_so

    @cached_property
    def subject_reports_failure(self) -> bool:
        """True if the subject reports it."""
        return bool(begins(self.subject, self.words.bounce_subjects))

    @cached_property
    def coded(self) -> bool:
        """True if the subject reports it, or the first lines do and an SMTP reply is quoted."""
        return self.subject_reports_failure or (self.notice.says_so and self.notice.coded)

    @cached_property
    def proven(self) -> bool:
        """As `coded`, or the first lines report it above the returned mail; other robots return our mail as well."""
        return self.coded or (self.notice.says_so and bool(self.notice.returned or self.returned))

    @cached_property
    def tells_failure(self) -> bool:
        """True if words of failure come with the returned mail or with the address of a failed recipient."""
        return self.proven or (self.notice.says_so and bool(self.notice.recipients))

    @cached_property
    def answers(self) -> bool:
        """True if the mail says that it answers another one."""
        return "in-reply-to" in self.fields or "references" in self.fields

    @cached_property
    def null_path(self) -> bool:
        """An empty return path (RFC 5321, section 4.5.5); some servers write the daemon's name or "null" instead."""
        if "return-path" not in self.fields:
            return False
        path = self.fields["return-path"].replace(" ", "").strip("<>").lower()
        return path in {"", "null"} or path.partition("@")[0] in self.words.daemon_addresses

    @cached_property
    def local(self) -> str:
        """The local part of the author, folded; the whole address if it has no domain."""
        return folded(self.sender.address.rpartition("@")[0] or self.sender.address).strip('"') if self.sender else ""


def begins(subject: str, phrases: tuple[str, ...]) -> str:
    """Returns how `subject` starts with a phrase: "whole" alone or before a colon, "more" before other words, else "".

    A single word counts only as "whole" ("Absence: ...", "[Absence] ..."): a person may write "Absence de bulletins".
    A list's or gateway's tag before it is left out.
    """
    boxes = folded(subject[:200])
    for _ in range(_MOST_TAGS):  # "[list] Automatic reply: ...", "[EXTERN] [list] ..."
        tag = _TAG.match(boxes)
        if tag is None or tag.group(1).startswith(phrases):
            break
        boxes = boxes[tag.end() :]
    plain, found = boxes.lstrip("*[(\u3010 "), ""
    if not plain.startswith(phrases):
        return ""
    opened = plain != boxes
    for phrase in phrases:
        if plain.startswith(phrase):
            boxed = opened and plain[len(phrase) :].lstrip()[:1] in _CLOSING_BRACKETS
            behind = plain[len(phrase) :].lstrip("\u3011]) ")
            if not behind or boxed or behind[0] in _ENDS or phrase.endswith(":"):
                return "whole"
            if " " in phrase and not plain[len(phrase)].isalnum():
                found = "whole" if begins(behind, phrases) else "more"
    return found
