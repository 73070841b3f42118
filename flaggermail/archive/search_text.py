# SPDX-License-Identifier: EUPL-1.2
"""What of a text is searched, and what a search may ask for.

Handles and addresses of posts are left out before anything is indexed, so that no search finds whoever wrote a post. A
word is left out if it holds @, a slash, a dot between letters, or a sign in code (%40, &#64;), in whatever disguise; so
is the name behind a sign that stands alone (`@ name`, `u / name`).
"""

from __future__ import annotations

import re
import unicodedata

from flaggermail.errors import Refusal
from flaggermail.ports import SearchTerm
from flaggermail.wording.refusals import ViewRefusal

LONGEST_QUERY = 200  # characters
SHORTEST_PREFIX = 2
PIECE = 50_000  # characters: PostgreSQL indexes a text of at most one megabyte, and positions up to 16,383
WRAPPED = 60  # columns from which a line that ends in an address may continue it on the next line

_DOT = re.compile(r"[\[({<](?:\.|dot|punt)[\])}>]", re.IGNORECASE)
_AT = re.compile(r"[\[({<](?:@|at|apenstaartje)[\])}>]", re.IGNORECASE)
_CODED = r"%[0-9A-Fa-f]{2}|=40|&#?\w{1,31};"
_LEFT_OUT = re.compile(rf"[@/\\]|[^\W_]\.[^\W\d_]{{2}}|{_CODED}")
_OPEN_END = re.compile(rf"(?:[@/\\]|{_CODED})\W{{0,20}}$")  # a name may follow
_WORD = re.compile(r"[^\W_]+")
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»", '"'))


def searchable(text: str) -> list[str]:
    """Returns the words of a text that are searched: folded, in order, and none of a handle or address of a post."""
    return [word for chunk in _kept(text) if chunk is not None for word in _WORD.findall(_folded(chunk))]


def pieces(text: str) -> list[str]:
    """Returns the searchable words of a text in pieces that both engines can index."""
    found, length = [list[str]()], 0
    for word in searchable(text):
        if length + len(word) > PIECE and found[-1]:
            found.append([])
            length = 0
        found[-1].append(word[:PIECE])
        length += len(word) + 1
    return [" ".join(piece) for piece in found if piece]


def terms(query: str) -> tuple[SearchTerm, ...]:
    """Returns the words, "phrases" and beginnings* that a search asks for; all must occur. Raises Refusal."""
    if len(query) > LONGEST_QUERY:
        raise Refusal(ViewRefusal.TEXT_TOO_LONG(length=len(query), most=LONGEST_QUERY))
    if None in _kept(query):
        raise Refusal(ViewRefusal.TEXT_NOT_KEPT())
    parts = query.translate(_QUOTES).split('"')
    if len(parts) % 2 == 0:
        raise Refusal(ViewRefusal.QUOTE_OPEN())
    chunks = [chunk for number, part in enumerate(parts) for chunk in ([part] if number % 2 else part.split())]
    found = tuple(term for term in map(_term, chunks) if term.words)
    if not found:
        raise Refusal(ViewRefusal.NO_WORD())
    return found


def _term(chunk: str) -> SearchTerm:
    """Returns the words of a chunk, none if it holds signs alone. Raises Refusal."""
    body = chunk.strip()
    is_prefix = body.endswith("*")
    words = tuple(_WORD.findall(_folded(body)))
    if "*" in body.rstrip("*"):
        raise Refusal(ViewRefusal.STAR_WITHIN(given=ascii(chunk[:60])))
    if is_prefix and len("".join(words[-1:])) < SHORTEST_PREFIX:
        raise Refusal(ViewRefusal.STEM_TOO_SHORT(given=ascii(chunk[:60]), least=SHORTEST_PREFIX))
    return SearchTerm(words, is_prefix)


def _kept(text: str) -> list[str | None]:
    """Returns the words between white space, with None for each that is left out."""
    found: list[str | None] = []
    is_open = False  # the word before ended where a name may follow
    for line in _seen(text).splitlines():
        chunks = line.split()
        for number, chunk in enumerate(chunks):
            out = is_open or _LEFT_OUT.search(chunk) is not None
            found.append(None if out else chunk)
            wrapped = "/" in chunk and number == len(chunks) - 1 and len(line) >= WRAPPED
            is_open = wrapped or (out and _OPEN_END.search(chunk[-60:]) is not None)
    return found


def _seen(text: str) -> str:
    """Returns the text as a reader sees it: compatible forms made plain, no invisible signs, disguised dots undone."""
    plain = unicodedata.normalize("NFKC", text)
    shown = "".join(sign for sign in plain if sign in "\n\r\t" or unicodedata.category(sign) not in {"Cf", "Cc"})
    return _AT.sub("@", _DOT.sub(".", shown))


def _folded(text: str) -> str:
    """Returns the text without case and diacritics."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))
