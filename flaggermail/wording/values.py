# SPDX-License-Identifier: EUPL-1.2
"""The closed values that a sentence may name, in words: each set has the names of the members that it words."""

from __future__ import annotations

from flaggermail.wording.said import Sentence


class TypeWord(Sentence):
    """What a case is about."""

    CONTENT = "type: content", "content", "inhoud"
    CHANNEL = "type: channel", "a hacked or blocked account", "gehackt of geblokkeerd account"
    ADVERT = "type: advert", "a blocked advert", "geblokkeerde advertentie"
    GENERAL_WARNING = "type: general warning", "a general warning", "algemene waarschuwing"
    OTHER = "type: other", "something else", "anders"


class SourceWord(Sentence):
    """Who reported a case."""

    MEDIA = "source: media", "media", "media"
    FACT_CHECKER = "source: fact checker", "a fact-checker", "factchecker"
    GOVERNMENT_BODY = "source: government body", "a government body", "rijksoverheid"
    FELLOW_AUTHORITY = "source: fellow authority", "a fellow authority", "medeoverheid"
    UNKNOWN = "source: unknown", "unknown", "onbekend"


class MailWord(Sentence):
    """The state of a mail of ours."""

    QUEUED = "mail state: queued", "queued", "wacht op verzending"
    ATTEMPTING = "mail state: attempting", "attempting", "wordt verzonden"
    ACCEPTED = "mail state: accepted", "accepted", "aangenomen"
    REFUSED = "mail state: refused", "refused", "geweigerd"
    UNCERTAIN = "mail state: uncertain", "uncertain", "onzeker"
    CANCELLED = "mail state: cancelled", "cancelled", "ingetrokken"
