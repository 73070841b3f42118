# SPDX-License-Identifier: EUPL-1.2
"""The steps of `check --online`, and every outcome of each: its code, its result and the place that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from flaggermail.wording.online import OnlineFinding, OnlineRemedy, OnlineStep
from flaggermail.wording.said import UNSAID, Detail, StoredText
from flaggermail.wording.servers import AttemptText


class CheckStep(StrEnum):
    """One step, in the order in which they are told."""

    IMAP_CONNECT = "imap-connect"
    IMAP_CERTIFICATE = "imap-certificate"
    IMAP_LOGIN = "imap-login"
    CAPABILITIES = "imap-capabilities"
    FOLDERS = "folders"
    RIGHTS = "rights"
    OTHER_MAILBOX = "other-mailbox"
    LEFT_OVER = "left-over"
    SUBMISSION_CONNECT = "submission-connect"
    SUBMISSION_CERTIFICATE = "submission-certificate"
    SUBMISSION_LOGIN = "submission-login"
    SUBMISSION_OFFERS = "submission-capabilities"
    SELF_MAIL = "self-mail"
    MESSAGE_ID = "message-id"
    OWN_HEADER = "own-header"
    BODY = "body-hash"
    KEYWORD = "keyword"
    RESULTS = "authentication-results"
    PLUS_ADDRESS = "plus-address"
    CLOCK = "clock"
    SPF = "dns-spf"
    DKIM = "dns-dkim"
    DMARC = "dns-dmarc"
    FORGED_MARK = "forged-mark"
    PAGERS = "pagers"
    DISK = "disk-space"
    DATABASE = "database-server"
    REPLICA = "database-replica"
    TIME_ZONE = "time-zone"
    PLACED = "proof-placed"
    ANSWERED = "proof-answered"
    ARCHIVED = "proof-archived"
    VERIFIED = "proof-verified"
    CLEAN_UP = "clean-up"

    @property
    def said(self) -> StoredText:
        """The name of the step."""
        return OnlineStep[self.name]()


class Result(StrEnum):
    """How a step ended."""

    OK = "ok"
    MEND = "to mend"
    WARNING = "warning"
    NOT_TRIED = "not tried"


_NOTHING: Mapping[str, Detail] = MappingProxyType({})
_KEY = "flaggermail.yaml"
_MAILBOX, _SUBMISSION = f"{_KEY} mailbox", f"{_KEY} submission"


class OutcomeCode(StrEnum):
    """One thing that a step may find. The words for it, and for what to mend, have its name in `wording.online`.

    A member is its code, its result and the place that it is about: a key of ours, or the mail server's side.
    """

    result: Result
    where: str

    def __new__(cls, code: str, result: Result, where: str) -> Self:
        """Makes a member."""
        member = str.__new__(cls, code)
        member._value_, member.result, member.where = code, result, where
        return member

    NOT_TRIED = "not-tried", Result.NOT_TRIED, "an earlier step"
    BROKEN = "broken", Result.MEND, "this step"
    IMAP_OPEN = "imap-open", Result.OK, f"{_MAILBOX}.host"
    IMAP_CLOSED = "imap-closed", Result.MEND, f"{_MAILBOX}.host"
    CERTIFICATE_GOOD = "certificate-good", Result.OK, "the server"
    CERTIFICATE_ENDS = "certificate-ends", Result.WARNING, "the server"
    CERTIFICATE_NONE = "certificate-none", Result.WARNING, f"{_KEY} tls"
    IMAP_LOGGED_IN = "imap-logged-in", Result.OK, f"{_MAILBOX}.user"
    IMAP_LOGIN_REFUSED = "imap-login-refused", Result.MEND, f"{_MAILBOX}.user"
    IMAP_LOGIN_FAILED = "imap-login-failed", Result.MEND, "the mailbox server"
    CAPABLE = "imap-capable", Result.OK, "the mailbox server"
    CAPABLE_OF_LESS = "imap-capable-of-less", Result.WARNING, "the mailbox server"
    FOLDERS_THERE = "folders-there", Result.OK, f"{_MAILBOX}.inbox, sent, junk"
    FOLDER_MISSING = "folder-missing", Result.MEND, f"{_MAILBOX}.inbox, sent"
    JUNK_MISSING = "junk-missing", Result.WARNING, f"{_MAILBOX}.junk"
    FOLDERS_UNREAD = "folders-unread", Result.MEND, "the mailbox server"
    RIGHTS_GIVEN = "rights-given", Result.OK, "the mailbox server"
    RIGHTS_TRIED = "rights-tried", Result.OK, "the mailbox server"
    RIGHT_LACKING = "right-lacking", Result.MEND, "the mailbox server"
    OTHER_REFUSED = "other-refused", Result.OK, f"{_KEY} oauth2.other_mailbox"
    OTHER_OPENED = "other-opened", Result.MEND, f"{_KEY} oauth2.other_mailbox"
    OTHER_UNCLEAR = "other-unclear", Result.MEND, f"{_KEY} oauth2.other_mailbox"
    OTHER_ACCEPTED = "other-accepted", Result.WARNING, f"{_KEY} oauth2.accept_risk"
    OTHER_UNASKED = "other-unasked", Result.NOT_TRIED, f"{_MAILBOX}.login"
    LEFT_NOTHING = "left-nothing", Result.OK, "the mailbox"
    LEFT_REMOVED = "left-removed", Result.WARNING, "the mailbox"
    LEFT_THERE = "left-there", Result.WARNING, "the mailbox"
    SUBMISSION_OPEN = "submission-open", Result.OK, f"{_SUBMISSION}.host"
    SUBMISSION_CLOSED = "submission-closed", Result.MEND, f"{_SUBMISSION}.host"
    SUBMISSION_LOGGED_IN = "submission-logged-in", Result.OK, f"{_SUBMISSION}.user"
    SUBMISSION_NO_LOGIN = "submission-no-login", Result.OK, f"{_SUBMISSION}.user"
    SUBMISSION_LOGIN_REFUSED = "submission-login-refused", Result.MEND, f"{_SUBMISSION}.user"
    SUBMISSION_OFFERS = "submission-capable", Result.OK, "the submission server"
    SUBMISSION_OFFERS_LESS = "submission-capable-of-less", Result.WARNING, "the submission server"
    SUBMISSION_NO_UTF8 = "submission-no-utf8", Result.MEND, f"{_SUBMISSION}.smtputf8"
    SUBMISSION_SMALL = "submission-small", Result.WARNING, "the submission server"
    SELF_ARRIVED = "self-arrived", Result.OK, f"{_MAILBOX}.address"
    SELF_JUNK = "self-junk", Result.WARNING, "the mail server's junk filter"
    SELF_REFUSED = "self-refused", Result.MEND, "the submission server"
    SELF_UNCERTAIN = "self-uncertain", Result.MEND, "the submission server"
    SELF_MISSING = "self-missing", Result.MEND, f"{_MAILBOX}.address"
    ID_KEPT = "message-id-kept", Result.OK, "the mail server"
    ID_REPLACED = "message-id-replaced", Result.WARNING, "the mail server"
    HEADER_KEPT = "own-header-kept", Result.OK, "the mail server"
    HEADER_LOST = "own-header-lost", Result.MEND, "the mail server"
    BODY_KEPT = "body-kept", Result.OK, "the mail server"
    BODY_CHANGED = "body-changed", Result.WARNING, "the mail server"
    KEYWORD_KEPT = "keyword-kept", Result.OK, f"{_MAILBOX}.keyword"
    KEYWORD_LOST = "keyword-lost", Result.WARNING, f"{_MAILBOX}.keyword"
    KEYWORD_UNUSED = "keyword-unused", Result.NOT_TRIED, f"{_MAILBOX}.keyword"
    RESULTS_OURS = "results-ours", Result.OK, f"{_MAILBOX}.authserv_id"
    RESULTS_OTHER = "results-other", Result.MEND, f"{_MAILBOX}.authserv_id"
    RESULTS_NONE = "results-none", Result.WARNING, f"{_MAILBOX}.authserv_id"
    RESULTS_UNTRUSTED = "results-untrusted", Result.WARNING, f"{_MAILBOX}.authserv_id"
    PLUS_KEPT = "plus-kept", Result.OK, f"{_MAILBOX}.plus_addresses"
    PLUS_LOST = "plus-refused", Result.MEND, f"{_MAILBOX}.plus_addresses"
    PLUS_MISSING = "plus-missing", Result.MEND, f"{_MAILBOX}.plus_addresses"
    PLUS_STRIPPED = "plus-stripped", Result.MEND, f"{_MAILBOX}.plus_addresses"
    PLUS_OFF = "plus-off", Result.NOT_TRIED, f"{_MAILBOX}.plus_addresses"
    CLOCK_AGREES = "clock-agrees", Result.OK, f"{_KEY} watch.clock_skew_seconds"
    CLOCK_DIFFERS = "clock-differs", Result.MEND, f"{_KEY} watch.clock_skew_seconds"
    SPF_FOUND = "spf-found", Result.OK, "the DNS"
    SPF_NONE = "spf-none", Result.WARNING, "the DNS"
    SPF_SEVERAL = "spf-several", Result.MEND, "the DNS"
    DKIM_FOUND = "dkim-found", Result.OK, "the DNS"
    DKIM_UNSIGNED = "dkim-unsigned", Result.WARNING, "the submission server"
    DKIM_KEYLESS = "dkim-keyless", Result.MEND, "the DNS"
    DMARC_FOUND = "dmarc-found", Result.OK, "the DNS"
    DMARC_NONE = "dmarc-none", Result.WARNING, "the DNS"
    DNS_SILENT = "dns-silent", Result.WARNING, "/etc/resolv.conf"
    MARK_GONE = "mark-gone", Result.OK, f"{_MAILBOX}.trust"
    MARK_SURVIVES = "mark-survives", Result.MEND, f"{_MAILBOX}.trust"
    MARK_UNKNOWN = "mark-unknown", Result.MEND, f"{_MAILBOX}.trust"
    MARK_UNASKED = "mark-unasked", Result.NOT_TRIED, f"{_MAILBOX}.trust"
    PAGERS_TAKEN = "pagers-taken", Result.OK, "oncall.yaml pagers"
    PAGERS_NONE = "pagers-none", Result.NOT_TRIED, "oncall.yaml pagers"
    PAGERS_LEFT_OUT = "pagers-left-out", Result.NOT_TRIED, "--no-pages"
    PAGER_REFUSED = "pager-refused", Result.MEND, "oncall.yaml pagers"
    DISK_ENOUGH = "disk-enough", Result.OK, f"{_KEY} watch.disk_free_mb"
    DISK_LOW = "disk-low", Result.MEND, f"{_KEY} watch.disk_free_mb"
    DATABASE_GOOD = "database-good", Result.OK, f"{_KEY} store.database"
    DATABASE_NEW = "database-new", Result.OK, f"{_KEY} store.database"
    DATABASE_BAD = "database-bad", Result.MEND, f"{_KEY} store.database"
    REPLICA_GOOD = "replica-good", Result.OK, f"{_KEY} store.replica"
    REPLICA_NONE = "replica-none", Result.NOT_TRIED, f"{_KEY} store.replica"
    REPLICA_BAD = "replica-bad", Result.MEND, f"{_KEY} store.replica"
    REPLICA_WRITES = "replica-writes", Result.MEND, f"{_KEY} store.replica"
    REPLICA_OTHER = "replica-other", Result.MEND, f"{_KEY} store.replica"
    REPLICA_SCHEMA = "replica-schema", Result.MEND, f"{_KEY} store.replica"
    REPLICA_BEHIND = "replica-behind", Result.WARNING, f"{_KEY} store.replica"
    TIME_ZONE_SAME = "time-zone-same", Result.OK, f"{_KEY} organisation.time_zone"
    TIME_ZONE_OTHER = "time-zone-other", Result.WARNING, f"{_KEY} organisation.time_zone"
    PROOF_PLACED = "proof-placed", Result.OK, "a scratch desk"
    PROOF_UNPLACED = "proof-unplaced", Result.MEND, "the rules"
    PROOF_ANSWERED = "proof-answered", Result.OK, "a scratch desk"
    PROOF_UNANSWERED = "proof-unanswered", Result.MEND, "the mail server"
    PROOF_ARCHIVED = "proof-archived", Result.OK, "a scratch desk"
    PROOF_UNARCHIVED = "proof-unarchived", Result.MEND, "this machine"
    PROOF_VERIFIED = "proof-verified", Result.OK, "a scratch desk"
    PROOF_UNVERIFIED = "proof-unverified", Result.MEND, "this program"
    CLEANED = "cleaned", Result.OK, "the mailbox"
    REMAINS = "remains", Result.WARNING, "the mailbox"

    def at(self, at: CheckStep, /, *, mend: Mapping[str, Detail] = _NOTHING, **details: Detail) -> StepOutcome:
        """Returns this outcome of the step `at`; `details` are those of its sentence, `mend` those of what mends it.

        Where the server's answer is known, its meaning says what mends it, and nothing else is offered.
        """
        needs = self.result in {Result.MEND, Result.WARNING}
        what, meaning = _told_apart(details.get("words"))
        if needs and meaning:
            return StepOutcome(at, self, OnlineFinding[self.name](**{**details, "words": what}), meaning, "")
        cure = OnlineRemedy[self.name](**mend) if needs else UNSAID
        return StepOutcome(at, self, OnlineFinding[self.name](**details), cure, self.where)


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """The outcome of one step, in words; `mend` is empty if nothing is to be mended.

    `where` is the place that it is about, empty where `mend` names it.
    """

    step: CheckStep
    code: OutcomeCode
    what: StoredText
    mend: StoredText
    where: str

    @property
    def result(self) -> Result:
        """How the step ended."""
        return self.code.result

    @property
    def went_well(self) -> bool:
        """True if steps that rest on this one can be tried."""
        return self.result in {Result.OK, Result.WARNING}


def _told_apart(words: Detail | None) -> tuple[StoredText, StoredText]:
    """Returns a server's answer and what it means; the meaning is empty where it is not known."""
    if not isinstance(words, StoredText) or words.code != AttemptText.HINTED:
        return UNSAID, UNSAID
    return words.sentences("what")[0], words.sentences("hint")[0]
