# SPDX-License-Identifier: EUPL-1.2
"""What the mechanical kind of a mail is decided on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from flaggermail.mail.automated.bounce_text import BounceNotice, read_notice
from flaggermail.mail.automated.dsn import DeliveryReport
from flaggermail.mail.machine_words import MachineWords
from flaggermail.mail.message import Address
from flaggermail.mail.vocabulary import folded

_ENDS = ":\uff1a([-\u2013\u2014\u3011"


@dataclass(frozen=True)
class Signs:
    """What the kind is decided on. `fields`: topmost value of each field, small-letter names; `types`: of all parts."""

    words: MachineWords
    fields: Mapping[str, str]
    types: Sequence[str]
    report_type: str  # of a multipart/report (RFC 6522), small letters, else empty
    report: DeliveryReport | None
    disposition: str  # of a message/disposition-notification (RFC 8098, section 3.2.6), else empty
    sender: Address | None
    subject: str
    to: Sequence[Address] = ()
    text: str = ""
    returned: Mapping[str, str] = field(default_factory=dict)  # header of the mail that comes with it
    published: str = ""  # the event that a sending service reports, see mail.automated.sending_service

    @cached_property
    def notice(self) -> BounceNotice:
        """The text as the notice of a mail system; read only where the mail comes from a machine, since it costs."""
        return read_notice(self.text, self.words)

    @cached_property
    def tells(self) -> bool:
        """Whether subject or first lines tell of a failed or late delivery."""
        return self.titled or self.notice.says_so

    @cached_property
    def titled(self) -> bool:
        """Whether the subject does."""
        return bool(begins(self.subject, self.words.bounce_subjects))

    @cached_property
    def coded(self) -> bool:
        """Whether the subject does, or the first lines do and a reply of SMTP stands with them."""
        return self.titled or (self.notice.says_so and self.notice.coded)

    @cached_property
    def proven(self) -> bool:
        """As `coded`, or the returned mail stands with them; a robot that confirms quotes our mail as well."""
        return self.coded or (self.notice.says_so and bool(self.notice.returned or self.returned))

    @cached_property
    def null_path(self) -> bool:
        """RFC 5321, section 4.5.5; some servers write the daemon's name, or "null", in its place."""
        if "return-path" not in self.fields:
            return False
        path = self.fields["return-path"].replace(" ", "").strip("<>").lower()
        return path in {"", "null"} or path.partition("@")[0] in self.words.daemon_addresses

    @property
    def local(self) -> str:
        """The local part of the author, folded; the whole address where it has no domain."""
        return folded(self.sender.address.rpartition("@")[0] or self.sender.address).strip('"') if self.sender else ""


def begins(subject: str, phrases: Sequence[str]) -> str:
    """How `subject` begins with a phrase: "whole" by itself or before a colon, "more" before other words, else empty.

    One word counts only as "whole" ("Absence: ..."): "Absence de bulletins" is a person's subject.
    """
    plain, found = folded(subject[:200]).lstrip("*[(\u3010 "), ""
    for phrase in phrases:
        if plain.startswith(phrase):
            behind = plain[len(phrase) :].lstrip("\u3011]) ")
            if not behind or behind[0] in _ENDS or phrase.endswith(":"):
                return "whole"
            if " " in phrase and not plain[len(phrase)].isalnum():
                found = "whole" if begins(behind, phrases) else "more"
    return found
