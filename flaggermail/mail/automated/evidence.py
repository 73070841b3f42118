# SPDX-License-Identifier: EUPL-1.2
"""The evidence that decides the mechanical kind of a mail."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from flaggermail.mail.automated.bounce_text import BounceNotice, read_notice
from flaggermail.mail.automated.dsn import DeliveryReport
from flaggermail.mail.forwards.plain_lines import NONE, PlainLines
from flaggermail.mail.machine_words import MachineWords
from flaggermail.mail.message import Address
from flaggermail.mail.vocabulary import folded

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
