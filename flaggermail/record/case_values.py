# SPDX-License-Identifier: EUPL-1.2
"""The closed sets of values in a case: what it is about, where it came from, and how it was decided."""

from __future__ import annotations

from enum import StrEnum


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
