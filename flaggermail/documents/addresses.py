# SPDX-License-Identifier: EUPL-1.2
"""Links as paper needs them: each is followed by a note with its address, and in a note by the address itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeGuard

from flaggermail.documents.model import Figure, Link, Note, Text, Words

_OF_THE_WEB = re.compile(r"https?://\S+", re.ASCII)


def with_addresses(words: Words) -> Iterator[Text | Figure | Link | Note]:
    """Yields the words with the addresses of links to the web whose words do not say where they lead."""
    for word in words:
        if isinstance(word, Note):
            yield Note([*_in_note(word)])
            continue
        yield word
        if _leads_away(word):
            yield Note([Text(word.address)])


def _in_note(note: Note) -> Iterator[Text | Figure | Link]:
    for word in note.words:
        yield word
        if _leads_away(word):
            yield Text(f" ({word.address})")


def _leads_away(word: Text | Figure | Link | Note) -> TypeGuard[Link]:
    return isinstance(word, Link) and bool(_OF_THE_WEB.fullmatch(word.address)) and word.address not in word.text
