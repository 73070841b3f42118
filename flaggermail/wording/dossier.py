# SPDX-License-Identifier: EUPL-1.2
"""The words of a dossier; those of a closed value have its name. MDTO metadata uses the Dutch ones."""

from __future__ import annotations

from flaggermail.wording.said import Sentence


class Label(Sentence):
    """The words around the facts in a list of a dossier."""

    CASES = "dossier: cases"
    CASE = "dossier: case"
    ELECTION = "dossier: election"
    TYPE = "dossier: type"
    ORIGIN = "dossier: origin"
    STATE = "dossier: state"
    TITLE = "dossier: title"
    OPENED = "dossier: opened"
    CLOSED = "dossier: closed"
    HOLDS = "dossier: holds"
    DECIDED = "dossier: decided"
    REASON = "dossier: reason"
    EXERCISE = "dossier: exercise"
    REFERRER = "dossier: referrer"
    MAILS = "dossier: mails"
    NUMBER = "dossier: number"
    AT = "dossier: at"
    WAY = "dossier: way"
    RECEIVED = "dossier: received"
    SENT = "dossier: sent"
    SENDER = "dossier: sender"
    SUBJECT = "dossier: subject"
    KINDS = "dossier: kinds"
    FILES = "dossier: files"
    ABSENT = "dossier: absent"
    NOTIFICATIONS = "dossier: notifications"
    CLOCKS = "dossier: clocks"
    NOTES = "dossier: notes"
    LEFT_OUT = "dossier: left out"
    NONE = "dossier: none"
    AS_OF = "dossier: as of"
    ORGANISATION = "dossier: organisation"
    PLATFORM = "dossier: platform"
    WORDS = "dossier: words"
    AUTHOR = "dossier: author"
    BACK = "dossier: back"
    RECEIPTS = "dossier: receipts"
    TAKEN_IN = "dossier: taken in"
    OCTETS_BY = "dossier: octets by"
    SENDER_WAS = "dossier: sender was"
    SIGNATURE = "dossier: signature"
    KEY = "dossier: key"
    RESOLVER = "dossier: resolver"
    LOOKED_UP = "dossier: looked up"


class Absence(Sentence):
    """Why the octets of a mail, or of an attachment, are not in a dossier."""

    OFFICERS = "absence: officers"
    NEVER_LEFT = "absence: never left"
    DESTROYED = "absence: destroyed"
    LOST = "absence: lost"
    UNDECODED = "absence: undecoded"


class DossierCaseType(Sentence):
    """What a case is about."""

    CONTENT = "dossier case type: A_content"
    CHANNEL = "dossier case type: B_channel"
    ADVERT = "dossier case type: C_advert"
    GENERAL_WARNING = "dossier case type: D_general_warning"
    OTHER = "dossier case type: other"


class DossierKind(Sentence):
    """What a mail is."""

    REFERRAL = "dossier kind: referral"
    PLATFORM_ACK = "dossier kind: platform_ack"
    SUBSTANTIVE_REPLY = "dossier kind: substantive_reply"
    AUTO_REPLY = "dossier kind: auto_reply"
    BOUNCE = "dossier kind: bounce"
    DELIVERED = "dossier kind: delivered"
    FEEDBACK_REPORT = "dossier kind: feedback_report"
    CITIZEN_REPORT = "dossier kind: citizen_report"
    NOISE = "dossier kind: noise"
    UNKNOWN = "dossier kind: unknown"
    OFFICER_REPLY = "dossier kind: officer_reply"
    NOTIFICATION = "dossier kind: notification"
    DECLINE = "dossier kind: decline"
    INTAKE_CONFIRMATION = "dossier kind: intake_confirmation"
    INFORMATION_REQUEST = "dossier kind: information_request"
    DECISION_NOTICE = "dossier kind: decision_notice"
    FOLLOW_UP = "dossier kind: follow_up"
    APPROVAL_REQUEST = "dossier kind: approval_request"
    OFFICER_NOTICE = "dossier kind: officer_notice"
    REPLY_ANSWER = "dossier kind: reply_answer"
    DIGEST = "dossier kind: digest"
    CONTACT_NOTE = "dossier kind: contact_note"
    REMINDER = "dossier kind: reminder"
    ESCALATION = "dossier kind: escalation"
    ALARM = "dossier kind: alarm"


class DossierCaseState(Sentence):
    """How a case stands."""

    OPEN = "dossier case state: open"
    DECIDED = "dossier case state: decided"
    NOTIFIED = "dossier case state: notified"
    ANSWERED = "dossier case state: answered"
    CLOSED = "dossier case state: closed"


class DossierOrigin(Sentence):
    """What a case began with."""

    REFERRAL = "dossier origin: referral"
    MEDIA = "dossier origin: media"
    EARLIER_CASES = "dossier origin: earlier_cases"


class DossierSource(Sentence):
    """Who reported a case."""

    MEDIA = "dossier source: media"
    FACT_CHECKER = "dossier source: fact_checker"
    GOVERNMENT_BODY = "dossier source: government_body"
    FELLOW_AUTHORITY = "dossier source: fellow_authority"


class DossierDecision(Sentence):
    """What was decided on a case."""

    NOTIFY = "dossier decision: notify"
    DECLINE = "dossier decision: decline"
    REFER = "dossier decision: refer"
    NONE = "dossier decision: none"


class DossierClock(Sentence):
    """What a clock waits for."""

    RECEIPT = "dossier clock: receipt"
    HUMAN = "dossier clock: human"
    SUBSTANCE = "dossier clock: substance"


class DossierClockState(Sentence):
    """How a clock stands."""

    RUNNING = "dossier clock state: running"
    STOPPED = "dossier clock state: stopped"
    CANCELLED = "dossier clock state: cancelled"


class DossierNotificationState(Sentence):
    """How a notification stands."""

    DRAFT = "dossier notification: draft"
    APPROVED = "dossier notification: approved"
    SENT = "dossier notification: sent"
    FAILED = "dossier notification: failed"
    REJECTED = "dossier notification: rejected"
    CANCELLED = "dossier notification: cancelled"


class DossierMeans(Sentence):
    """How a contact was made."""

    PHONE = "dossier means: phone"
    PORTAL = "dossier means: portal"
    MAIL = "dossier means: mail"
    MEETING = "dossier means: meeting"


class DossierVerdict(Sentence):
    """Whether somebody vouches for a sender."""

    VERIFIED = "dossier verdict: verified"
    UNVERIFIED = "dossier verdict: unverified"
    FAILED = "dossier verdict: failed"


class DossierSignature(Sentence):
    """What became of a DKIM signature."""

    VERIFIED = "dossier signature: verified"
    FAILED = "dossier signature: failed on the stored copy"
    ABSENT = "dossier signature: absent"
    NOT_CHECKED = "dossier signature: not checked"


class DossierDnssec(Sentence):
    """Whether an answer of the DNS was authentic."""

    YES = "dossier DNSSEC: yes"
    NO = "dossier DNSSEC: no"
    UNKNOWN = "dossier DNSSEC: not known"


class DossierOctets(Sentence):
    """Where the octets of a mail are from."""

    IMAP = "dossier octets: imap"
    GRAPH_MIME = "dossier octets: graph-mime"
    FILE = "dossier octets: file"
    PLAYED = "dossier octets: played"
