# SPDX-License-Identifier: EUPL-1.2
"""The closed sets of values in channels and contact notes: how a platform is reached, and what a contact counts as."""

from __future__ import annotations

from enum import StrEnum

from flaggermail.record.kinds import Kind
from flaggermail.wording.catalogues import languages


class ChannelKind(StrEnum):
    """How a channel of a platform is used."""

    MAIL = "mail"
    PORTAL = "portal"
    PHONE = "phone"


class ContactMeans(StrEnum):
    """How a contact that no mail of ours shows took place."""

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
