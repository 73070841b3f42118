# SPDX-License-Identifier: EUPL-1.2
"""The kinds of incoming mail and of mail that the desk writes, and where a message is filed."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """The kind of a message."""

    REFERRAL = "referral"
    PLATFORM_ACK = "platform_ack"
    SUBSTANTIVE_REPLY = "substantive_reply"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    DELIVERED = "delivered"
    FEEDBACK_REPORT = "feedback_report"
    CITIZEN_REPORT = "citizen_report"
    NOISE = "noise"
    UNKNOWN = "unknown"
    OFFICER_REPLY = "officer_reply"
    NOTIFICATION = "notification"
    DECLINE = "decline"
    INTAKE_CONFIRMATION = "intake_confirmation"
    INFORMATION_REQUEST = "information_request"
    DECISION_NOTICE = "decision_notice"
    FOLLOW_UP = "follow_up"
    APPROVAL_REQUEST = "approval_request"
    OFFICER_NOTICE = "officer_notice"
    REPLY_ANSWER = "reply_answer"
    DIGEST = "digest"
    CONTACT_NOTE = "contact_note"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    ALARM = "alarm"


class Direction(StrEnum):
    """Whether a message was received or sent."""

    IN = "in"
    OUT = "out"


class Role(StrEnum):
    """What a folder is for (RFC 6154); `OTHER` is any folder colleagues use, the trash included."""

    INBOX = "inbox"
    SENT = "sent"
    JUNK = "junk"
    OTHER = "other"


class OctetSource(StrEnum):
    """Who gave us the octets of a delivery.

    It decides what a later check of a signature proves: some servers give other octets than they received.
    """

    IMAP = "imap"  # a body fetched over IMAP: the octets that the server stored (RFC 9051, section 6.4.5)
    GRAPH_MIME = "graph-mime"  # MIME that Exchange composed: a signature may fail though the sender's was whole
    FILE = "file"  # a file of old mail
    PLAYED = "played"  # the story of a rehearsal


class AssignedBy(StrEnum):
    """Where we learned the Message-ID that a server assigned to our mail."""

    ANSWER = "answer"  # its reply to the final dot
    COPY = "copy"  # the copy in the folder of sent mail


class TrustMark(StrEnum):
    """A field that a mail server writes into mail of its own organisation, and removes from all other mail."""

    INTERNAL = "exchange internal"  # X-MS-Exchange-Organization-AuthAs: Internal


class PersonBasis(StrEnum):
    """Why a mail that its own fields call automatic counts as a person's."""

    COMMENT = "comment in a ticket system"  # a named comment in a vendor's frame
    OFFICER = "an officer's word"


class Place(StrEnum):
    """Where a message is filed."""

    CASE = "case"
    QUARANTINE = "quarantine"
    NOISE = "noise"
    DECLINED = "declined"
    OWN = "own"  # written by the desk


class ArrivalBasis(StrEnum):
    """What the instant of a mail's arrival rests on.

    All but the server's own and our first sight are claims of a file or of who moved it in, and disputed until a person
    confirms them.
    """

    SERVER = "server"  # INTERNALDATE (RFC 9051, section 2.3.3)
    FIRST_SIGHT = "first sight"  # the desk's clock as it first saw the mail: its INTERNALDATE cannot be
    OWN_LINE = "own received line"  # the Received field of our own receiving server, in a file
    LAST_HOP = "received line"  # the topmost Received field, whoever wrote it
    MBOX = "mbox line"  # the From_ line of an mbox file (RFC 4155)
    MAILDIR = "maildir"  # the modification time of a file in a Maildir
    FILE = "file"  # the modification time of any other file, which proves nothing
    MOVED = "moved in"  # INTERNALDATE, of old mail that came into the mailbox in bulk
    BY_HAND = "by hand"  # a person named it

    @property
    def in_file(self) -> bool:
        """True if no look at the mailbox could see it come: it is history, from a file or moved in."""
        return self not in FROM_MAILBOX

    @property
    def first_sight(self) -> ArrivalBasis:
        """What the arrival rests on if the instant cannot be: our first sight; history stays history."""
        return self if self.in_file else ArrivalBasis.FIRST_SIGHT


FROM_MAILBOX = (ArrivalBasis.SERVER, ArrivalBasis.FIRST_SIGHT, ArrivalBasis.BY_HAND)
"""Of mail that waits for a person today; mail from files waits apart from it, and presses nobody."""


class PieceKind(StrEnum):
    """What became of a piece of a text, beside another text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


class AnnexForm(StrEnum):
    """Which mails of an exchange an annex prints."""

    REPLY = "reply"  # the answer alone, with what it quotes
    THREAD = "thread"  # each mail once, oldest first


class Versioned(StrEnum):
    """What has versions that are in force for a period."""

    RULES = "rules"
    TEMPLATES = "templates"


class RetentionList(StrEnum):
    """Which list of the retention overview a line is of."""

    THINGS = "things"  # all that is kept
    REVIEW = "review"  # mail that people may take out of the archive


class ReportForm(StrEnum):
    """The formats in which a report to Parliament is made, by the ending of the file's name."""

    ODT = "odt"
    PDF = "pdf"
    HTML = "html"
    CSV = "csv"  # the uses alone, a line each
