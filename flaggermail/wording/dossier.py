# SPDX-License-Identifier: EUPL-1.2
"""The words of a dossier; those of a closed value have its name. MDTO metadata uses the Dutch ones.

Also what `archive verify` finds: the place, what is wrong there, and what to do about it.
"""

from __future__ import annotations

from flaggermail.wording.said import Sentence, of_catalogue


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

    vars().update(of_catalogue("dossier", "dossier kind: "))


class DossierCaseState(Sentence):
    """How a case stands."""

    vars().update(of_catalogue("dossier", "dossier case state: "))


class DossierOrigin(Sentence):
    """What a case began with."""

    vars().update(of_catalogue("dossier", "dossier origin: "))


class DossierClockState(Sentence):
    """How a clock stands."""

    vars().update(of_catalogue("dossier", "dossier clock state: "))


class DossierNotificationState(Sentence):
    """How a notification stands."""

    vars().update(of_catalogue("dossier", "dossier notification: "))


class DossierMeans(Sentence):
    """How a contact was made."""

    vars().update(of_catalogue("dossier", "dossier means: "))


class DossierVerdict(Sentence):
    """Whether somebody vouches for a sender."""

    vars().update(of_catalogue("dossier", "dossier verdict: "))


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

    vars().update(of_catalogue("dossier", "dossier octets: "))


class ArchivePlace(Sentence):
    """What a finding about the archive is about."""

    RECORD = "archive place: record"
    FILE = "archive place: file"
    FOLDER = "archive place: folder"
    MONTH = "archive place: month"


class ArchiveFlaw(Sentence):
    """What is wrong with the archive, by the name of `archive.verify.ArchiveFindingKind`."""

    vars().update(of_catalogue("dossier", "archive flaw: "))


class ArchiveRemedy(Sentence):
    """What to do about it."""

    vars().update(of_catalogue("dossier", "archive remedy: "))
