# SPDX-License-Identifier: EUPL-1.2
"""The acts of pages: which commands the forms of a page may send, and how the fields of a form become a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from dataclasses import fields as fields_of
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

from flask import Request
from werkzeug.exceptions import ClientDisconnected

from flaggermail.commands.door import command_of
from flaggermail.door.negotiation import key_of, version_of
from flaggermail.door.pages.forms import (
    ACT,
    AIM,
    HELD,
    KEY,
    OWN_FIELDS,
    TOKEN,
    VERSION,
    FormAim,
    FormTokens,
    is_from_here,
)
from flaggermail.door.problems import Problem
from flaggermail.door.requests import MOST_FIELDS, read_query
from flaggermail.mail.message import Json
from flaggermail.wording.door import DoorProblem

FORM_TYPE = "application/x-www-form-urlencoded"
MOST_FORM = 1_000_000  # octets


@dataclass(frozen=True, slots=True)
class PageAct:
    """A command that a form sends; `fields` are those that it may fill in, `fixed` those that always have one value.

    What the address of the page names, such as its case, is a field of each command that has one of that name, unless
    the form fills it in.

    `lists` are those of the fields that hold several values, `always` those that are sent also when they are empty;
    `words` those whose text holds several, with a space between them. `after` returns the address that is shown then,
    by the fields and the key of what the command made or changed; without it that is the page itself. One that is
    `kept` may be left half filled. `downloads`: it is no command, but a view of which a file is made that the browser
    saves; the address gives its fields.
    """

    command: str
    fields: frozenset[str] = frozenset()
    after: Callable[[Mapping[str, Json], str], str] | None = None
    fixed: Mapping[str, Json] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    kept: bool = False
    downloads: bool = False


@dataclass(frozen=True, slots=True)
class Posted:
    """A form as it was sent: the act by its name on the page, its key, the fields as texts and as a request.

    `version` is that of what the person saw. `texts` are what the page may show again:
    no code.
    """

    act: str
    aim: FormAim
    key: str | None
    version: int | None
    texts: Mapping[str, tuple[str, ...]]
    fields: Mapping[str, Json]


def posted(
    asked: Request, acts: Mapping[str, PageAct], parts: Mapping[str, str], tokens: FormTokens, person: str
) -> Posted:
    """Returns what a form sends from a page with these `parts` in its address.

    Raises Problem for a form of another person, page or site, or that is none.
    """
    if asked.mimetype != FORM_TYPE:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, DoorProblem.MALFORMED())
    if (asked.content_length or 0) > MOST_FORM:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, DoorProblem.BODY_TOO_LARGE(most=MOST_FORM))
    body = asked.get_data(cache=False)
    if len(body) != (asked.content_length or 0):  # the client has gone; what is there may be a form of its own
        raise ClientDisconnected
    pairs = _pairs(body)
    own = {name: text for name, text in pairs if name in OWN_FIELDS}
    if not is_from_here(asked.headers, asked.host) or not tokens.is_token(own.get(TOKEN, ""), person, asked.path):
        raise Problem(HTTPStatus.FORBIDDEN, DoorProblem.NOT_OF_THIS_PAGE())
    act = acts.get(own.get(ACT, ""))
    aim = next((one for one in FormAim if one == own.get(AIM, FormAim.ACT)), None)
    if act is None or aim is None or (aim is not FormAim.ACT and not act.kept):
        raise Problem(HTTPStatus.BAD_REQUEST, DoorProblem.MALFORMED())
    if act.downloads:
        return Posted(own[ACT], FormAim.ACT, None, None, {}, {**parts})
    texts: dict[str, tuple[str, ...]] = {}
    for name, text in pairs:
        if name == HELD or name not in OWN_FIELDS:
            texts[name] = (*texts.get(name, ()), text.replace("\r\n", "\n"))
    # What the form does not show keeps its value; so does a field that was empty before.
    filled = [
        (name, part)
        for name, several in texts.items() if name in act.fields
        for text in several for part in (text.split() if name in act.words else [text]) if part
    ]  # fmt: skip
    command = command_of(act.command)
    fields = read_query(urlencode(filled), command)
    emptied = (act.fields.intersection(texts.get(HELD, ())) | act.always) - fields.keys()
    fields |= {name: [] if name in act.lists else "" for name in emptied}
    version = version_of(own.get(VERSION))
    seen = {} if version is None else {VERSION: version}
    shown_again = {name: several for name, several in texts.items() if name not in command.OF_A_MOMENT}
    named = {spec.name for spec in fields_of(command)} - act.fields
    given = {name: text for name, text in parts.items() if name in named}
    return Posted(
        own[ACT], aim, key_of(own.get(KEY)), version, shown_again, {**fields, **given, **act.fixed, **seen}
    )  # fmt: skip


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), encoding="utf-8", errors="strict",
            max_num_fields=MOST_FIELDS,
        )  # fmt: skip
    except ValueError as fault:
        raise Problem(HTTPStatus.BAD_REQUEST, DoorProblem.MALFORMED()) from fault
