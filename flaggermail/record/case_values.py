# SPDX-License-Identifier: EUPL-1.2
"""The closed sets of values in a case: what it is about, where it came from, and how it was decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from flaggermail.record.kinds import Kind
from flaggermail.wording.catalogues import languages


class CaseType(StrEnum):
    """What a case is about."""

    CONTENT = "A_content"
    CHANNEL = "B_channel"  # an account or channel that its owner lost
    ADVERT = "C_advert"
    GENERAL_WARNING = "D_general_warning"  # concerns no particular post
    OTHER = "other"


class Origin(StrEnum):
    """How a case came up."""

    REFERRAL = "referral"
    MEDIA = "media"
    EARLIER_CASES = "earlier_cases"


class Source(StrEnum):
    """Who reported a case."""

    MEDIA = "media"
    FACT_CHECKER = "fact_checker"
    GOVERNMENT_BODY = "government_body"
    FELLOW_AUTHORITY = "fellow_authority"


class Aspect(StrEnum):
    """What of the election a case touches."""

    ORGANISATION = "organisation"
    CONDUCT = "conduct"
    INTEGRITY = "integrity"


class Decision(StrEnum):
    """What was decided on a case."""

    NOTIFY = "notify"
    DECLINE = "decline"
    REFER = "refer"
    NONE = "none"


class DeclineReason(StrEnum):
    """The reasons for declining a referral; `config/templates/words.yaml` contains the text for the referrer."""

    OUTSIDE_PROCESS = "outside_process"  # promises, opinions: not about how the election is run
    ILLEGAL_ONLY = "illegal_only"  # possibly illegal, and nothing more
    SINGLE_POST = "single_post"  # a citizen's report about one post
    MEANS_LEFT = "means_left"  # the channel's owner, or the referrer, has not tried everything they can
    NO_CRITERION = "no_criterion"  # no vote becomes invalid, is misdirected or is lost
    OTHER = "other"  # explained in free text


class Priority(StrEnum):
    """How soon a person must see a case or a message."""

    URGENT = "urgent"
    NORMAL = "normal"


class Item(StrEnum):
    """The items of a complete referral, in the order in which they are requested."""

    ATTEMPTS = "attempts"
    SCREENSHOT = "screenshot"
    LINK = "link"
    CONTACT = "contact"


class ChannelKind(StrEnum):
    """How a channel of a platform is used."""

    MAIL = "mail"
    PORTAL = "portal"
    PHONE = "phone"


class ContactMeans(StrEnum):
    """How a contact took place that is in no mail."""

    PHONE = "phone"
    PORTAL = "portal"
    MEETING = "meeting"
    MAIL = "mail"  # of the years before, and lost since


class MarkedAs(StrEnum):
    """What a person says an old mail is."""

    NOTIFICATION = "notification"  # the copy of a use
    ACKNOWLEDGEMENT = "acknowledgement"  # a platform's, that it has the notification
    ANSWER = "answer"  # a platform's, to the matter


class AuthorWord(StrEnum):
    """Who an officer says wrote a platform's mail."""

    PERSON = "person"
    SYSTEM = "system"


COUNTS = (Kind.NOTIFICATION, Kind.FOLLOW_UP, Kind.PLATFORM_ACK, Kind.SUBSTANTIVE_REPLY)
"""What a contact note can count as, which says the clocks that it starts or stops."""


class LanguageCode(StrEnum):
    """The languages in which the desk writes (ISO 639-1): each has a folder in `wording`."""

    _ignore_ = "folder"
    NL = "nl"
    EN = "en"
    for folder in languages():
        if folder not in {NL, EN}:
            locals()[folder.upper()] = folder


LASTS = timedelta(hours=2)


class Topic(StrEnum):
    """The topic of a mail that we send; the purpose of its token. The last three are for others than officers."""

    NOTICE = "notice"
    NEW_CASE = "new case"
    NEW_CASE_ALIKE = "new case that is like another"
    FORM = "case form"
    APPROVAL = "approval"
    REMINDER = "reminder"
    REMINDER_WITH_MAIL = "reminder with mail"  # one mail waits that may be the answer
    REMINDERS = "reminders"  # several in one mail
    UNDECIDED = "undecided case"
    UNVERIFIED = "unverified mail"
    AUTOMATIC = "automatic mail"  # a platform's, that says more than that ours arrived
    COMMENT = "comment"  # a platform's, by a person, also in a ticket system
    ANSWER = "answer"  # the same, to the matter
    UNCLEAR_REPORT = "unclear report"  # a delivery report that fits several mails of ours
    UNCERTAIN_MAIL = "uncertain mail"  # mail of ours to a platform, of which nobody knows whether it was sent
    UNDELIVERED_MAIL = "undelivered mail"  # mail of ours to a platform that was refused, returned or delayed
    PLAYED_CALL = "played call"  # a call of a rehearsal, to be made now and noted
    QUARANTINE = "quarantine"
    SHIFT = "shift"  # the hand-over
    STAND = "stand"  # how things stand, as an officer asked
    SUBMISSION = "submission"  # a text to submit in a portal or to read out by phone
    DEVICE = "device"  # an officer's device for one-time codes, which its first code confirms
    CASE = "case"
    NOTIFICATION = "notification"
    DECLINE = "decline"


USUAL_LIFE = timedelta(days=7)
LIFETIME: Mapping[Topic, timedelta] = {Topic.APPROVAL: LASTS, Topic.DEVICE: LASTS}
"""How long a reply to a mail is accepted; `USUAL_LIFE` for topics not listed."""


class SenderTrust(StrEnum):
    """How far the sender of a mail is trusted, the most trusted first. Each class has limits of its own."""

    KNOWN = "known"  # verified, and an officer, a platform, of a list in the rules, or in a case of theirs
    VERIFIED = "verified"  # verified, but unknown; or unverified with a key of a case
    UNVERIFIED = "unverified"
    FAILED = "failed"

    @property
    def rank(self) -> int:
        """0 for the most trusted class; what is listed together is listed in this order."""
        return list(SenderTrust).index(self)
