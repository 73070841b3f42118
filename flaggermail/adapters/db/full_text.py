# SPDX-License-Identifier: EUPL-1.2
"""Searches the texts of one case: FTS5 on SQLite, tsvector on PostgreSQL, made for the one search and never stored.

A case has some dozens of mails, which are indexed in milliseconds; an index on disk would hold the words of every
mail once more, also of those whose octets are destroyed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

if TYPE_CHECKING:
    from flaggermail.ports import SearchTerm

_FTS5 = 'CREATE VIRTUAL TABLE text USING fts5(words, content="", tokenize="unicode61 remove_diacritics 2")'
_VECTOR = "SELECT to_tsvector('simple', CAST(:words AS text)) @@ to_tsquery('simple', CAST(:query AS text))"


def search_sqlite(texts: Sequence[str], terms: Sequence[SearchTerm]) -> list[int]:
    """Returns the numbers of the texts in which every term occurs. The index is in memory."""
    query = " AND ".join(f'"{" ".join(term.words)}"{"*" if term.is_prefix else ""}' for term in terms)
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute(_FTS5)
        memory.executemany("INSERT INTO text(rowid, words) VALUES (?, ?)", enumerate(texts, 1))
        found = memory.execute("SELECT rowid FROM text WHERE text MATCH ? ORDER BY rowid", (query,))
        return [row[0] - 1 for row in found]


def search_postgresql(connection: Connection, texts: Sequence[str], terms: Sequence[SearchTerm]) -> list[int]:
    """Returns the same; the server makes each vector for the one statement."""
    query, vector = " & ".join(f"({_phrase(term)})" for term in terms), text(_VECTOR)
    fits = (connection.execute(vector, {"words": words, "query": query}).scalar() for words in texts)
    return [number for number, found in enumerate(fits) if found]


def _phrase(term: SearchTerm) -> str:
    """Returns the tsquery of a term. Its words are letters and digits alone, so no quotation mark is in them."""
    return " <-> ".join(f"'{word}'" for word in term.words) + (":*" if term.is_prefix else "")
