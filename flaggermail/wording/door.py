# SPDX-License-Identifier: EUPL-1.2
"""Why the door does not answer what was asked."""

from __future__ import annotations

from flaggermail.wording.said import Sentence


class DoorProblem(Sentence):
    """Why the door does not answer a request, or not now."""

    STRANGER = "stranger"
    CONTAINER = "account of a container"
    NO_ACCOUNT = "account unknown"
    NOT_THE_PROXY = "not the proxy"
    NOBODY_NAMED = "nobody named"
    NO_SUCH_ADDRESS = "no such address"
    NO_SUCH_REQUEST = "no such request"
    METHOD = "method not allowed"
    MALFORMED = "malformed request"
    MEDIA_TYPE = "media type"
    BODY_TOO_LARGE = "body too large"
    BODY_TOO_DEEP = "body too deep"
    BODY_NO_JSON = "body is no json"
    BODY_NO_OBJECT = "body is no object"
    BODY_UNWANTED = "body unwanted"
    QUERY_UNWANTED = "query unwanted"
    NO_QUERY = "query unreadable"
    FIELD_TWICE = "field twice"
    NO_VERSION = "no version"
    TWO_VERSIONS = "two versions"
    NO_KEY = "no key of a repeat"
    NOT_OF_THIS_PAGE = "form not of this page"
    TOO_SLOW = "request too slow"
    TOO_MUCH_AT_ONCE = "too much at once"
    RECORD_BUSY = "record busy"
    RECORD_AWAY = "record away"
    COMMAND_IN_DOUBT = "command in doubt"
    READING_UNKEPT = "reading unkept"
    RECORD_FAULTY = "record faulty"
    FILE_FAULTY = "file faulty"
    CONFIGURATION_FAULTY = "configuration faulty"
    STOPPING = "door stops"
    FAULT = "fault of the program"


class BridgeText(Sentence):
    """What `flaggermail web` says in the place of a page."""

    ELSEWHERE = "bridge: elsewhere"
    NO_PAGE = "bridge: no page"
    NO_COOKIE = "bridge: no cookie"
    USED = "bridge: used"
    TOO_LARGE = "bridge: too large"
    NOT_WHOLE = "bridge: not whole"
    NO_DOOR = "bridge: no door"


class RepeatRefusal(Sentence):
    """Why a command is no repeat of the one that had its key."""

    OF_ANOTHER_PERSON = "key of another person"
    OF_ANOTHER_REQUEST = "key of another request"


class FormRefusal(Sentence):
    """Why a form of a page is not kept."""

    TOO_LONG_TO_KEEP = "form too long to keep"
