# SPDX-License-Identifier: EUPL-1.2
"""Reads mails that somebody hands in, without a desk: their content, and the conversations they form."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from flaggermail.desk.inspections import octets, texts
from flaggermail.errors import Refusal
from flaggermail.mail.message import contract, packed, unpacked
from flaggermail.mail.threads import conversations

if TYPE_CHECKING:
    from flaggermail.desk.ground import Ground
    from flaggermail.mail.message import Json
    from flaggermail.ports import Parser


def parse(ground: Ground, request: Mapping[str, Json]) -> dict[str, Json]:
    """Returns {"mails": [...]}: the content of each mail in `mails` (Base64), with the seconds its parsing took."""
    reader = ground.parser()
    return {"mails": [_parsed(reader, octets(text)) for text in texts(request, "mails")]}


def _parsed(reader: Parser, mail: bytes) -> dict[str, Json]:
    begun = time.perf_counter()
    message = reader.parse(mail)
    seconds = round(time.perf_counter() - begun, 6)
    return {**contract(message), "seconds": seconds}


def read_for_threads(ground: Ground, request: Mapping[str, Json]) -> dict[str, Json]:
    """Returns {"messages": [...]}: of each mail in `mails` (Base64) what `threads` needs, without its text."""
    reader = ground.parser()
    bare = (
        replace(reader.parse(octets(text)), text="", html_text="", reply_text="", headers=(), html=None, forwarded=None)
        for text in texts(request, "mails")
    )
    return {"messages": [packed(message) for message in bare]}


def group(_: Ground, request: Mapping[str, Json]) -> dict[str, Json]:
    """Returns {"threads": [[Message-ID, ...], ...]} of the `messages` that "threads read" gave."""
    given = request["messages"]
    if not isinstance(given, list | tuple):
        raise Refusal("messages: must be a list of what `threads read` answered")
    try:
        messages = [unpacked(one) for one in given]
    except (TypeError, KeyError, ValueError) as fault:
        raise Refusal("messages: must be a list of what `threads read` answered") from fault
    return {"threads": conversations(messages)}
