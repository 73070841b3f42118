# SPDX-License-Identifier: EUPL-1.2
"""What `archive verify` finds: the place, what is wrong there, and what to do about it."""

from __future__ import annotations

from flaggermail.wording.said import Sentence


class ArchivePlace(Sentence):
    """What a finding about the archive is about."""

    RECORD = "archive place: record"
    FILE = "archive place: file"
    FOLDER = "archive place: folder"
    MONTH = "archive place: month"


class ArchiveFlaw(Sentence):
    """What is wrong with the archive."""

    RECORD = "archive flaw: record"
    MISSING = "archive flaw: missing"
    CHANGED = "archive flaw: changed"
    UNREADABLE = "archive flaw: unreadable"
    SET_ASIDE = "archive flaw: set aside"
    FOREIGN = "archive flaw: foreign"
    NOT_DESTROYED = "archive flaw: not destroyed"
    NEVER_TAKEN_IN = "archive flaw: never taken in"
    NOT_ON_SERVER = "archive flaw: not on server"
    OCTETS_LOST = "archive flaw: octets lost"
    NOT_COUNTED = "archive flaw: not counted"


class ArchiveRemedy(Sentence):
    """What to do about it."""

    RECORD = "archive remedy: record"
    MISSING = "archive remedy: missing"
    CHANGED = "archive remedy: changed"
    UNREADABLE = "archive remedy: unreadable"
    SET_ASIDE = "archive remedy: set aside"
    FOREIGN = "archive remedy: foreign"
    NOT_DESTROYED = "archive remedy: not destroyed"
    NEVER_TAKEN_IN = "archive remedy: never taken in"
    NOT_ON_SERVER = "archive remedy: not on server"
    OCTETS_LOST = "archive remedy: octets lost"
    NOT_COUNTED = "archive remedy: not counted"
