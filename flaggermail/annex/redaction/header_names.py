# SPDX-License-Identifier: EUPL-1.2
"""Names in the values of From, To and Cc, and in the local parts of addresses."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from flaggermail.annex.redaction.known import KnownToDesk
from flaggermail.annex.redaction.name_forms import PersonName, person_of
from flaggermail.annex.redaction.name_reading import NamesOfText, ReadName
from flaggermail.annex.redaction.spans import SHORT, SPACES, TextSpan, Word, fold

_PIECES = re.compile(r"[|,/\u2013\u2014\u00b7\u2022(]|\s-\s|\s{3,}")
_LOCAL_PARTS = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_GLUED_INFIXES = ("vande", "vanden", "vander", "van", "de", "den", "der", "ter", "ten", "von", "di", "da")
_SHORTEST_REST = 4
_SURNAME = 3  # words, infixes among them
_PAIR = 2  # given name and surname
_ABBREVIATION = 6  # letters: a display name in capitals shorter than this is an organisation's


class HeaderNames(NamesOfText):
    """The names in the values of one text."""

    def value(self, start: int, end: int) -> Iterator[ReadName]:
        """Yields the names between `start` and `end`; each piece between addresses and separators is one, or none."""
        spans = list(self._addresses_in(start, end))
        at = start
        for span in (*spans, None):
            stop = span.start if span else end
            local = fold(self.text[span.start : span.end].partition("@")[0]) if span else ""
            for begin, finish in self._pieces(at, stop):
                yield from self._display(begin, finish, local)
            at = span.end if span else end

    def _addresses_in(self, start: int, end: int) -> Sequence[TextSpan]:
        return self.addresses[bisect_left(self.addresses, (start,)) : bisect_left(self.addresses, (end,))]

    def _pieces(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yields the names between two addresses; a comma separates names only where it does not turn one around."""
        at = start
        for part in re.split(r"([;\n>])", self.text[start:end]):
            inner = part.strip(f"{SPACES}<>\"'\u2018\u2019\u201c\u201d,[")
            if inner and part not in {";", ">", "\n"}:
                begin = at + part.index(inner)
                yield from self._comma_pieces(begin, begin + len(inner))
            at += len(part)

    def _comma_pieces(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        pieces = self.text[begin:end].split(",")
        if len(pieces) == _PAIR and len(pieces[0].split()) <= _SURNAME:  # "Vries, J. de (Jan)" is one name
            yield begin, end
            return
        at = begin
        for piece in pieces:
            inner = piece.strip(f"{SPACES}\"'")
            if inner:
                yield at + piece.index(inner), at + piece.index(inner) + len(inner)
            at += len(piece) + 1

    def _words_from(self, start: int, most: int) -> Sequence[Word]:
        """Returns the words from a place on, at most that many: never a copy of all that follows."""
        first = self._index(start)
        return self.reader.words[first : first + most]

    def _display(self, start: int, end: int, local: str) -> Iterator[ReadName]:
        """Yields the name in a display name: "Vries, J. de (Jan)", "Jan de Vries | Gemeente", "Jan (Support)".

        `local`: of the address behind it, which tells that "Inaya Post" is a person.
        """
        turned = re.match(rf"([^,|(]{{2,60}}),[{SPACES}]?(?=\S)", self.text[start:end])
        if turned:
            first = [word for word in self._words_from(start, 8) if word.end <= start + turned.end(1)]
            behind = self._index(start + turned.end())
            given = self.reader.words[behind].folded if behind < len(self.reader.words) else ""
            no_name = any(self.known.is_no_name(word.folded) for word in first)
            if first and first[0].capital and (not no_name or _named_by(local, given, first[-1].folded)):
                yield from self._turned(start, end, first[-1].end)
                return
        piece = _PIECES.search(self.text, start, end)
        stop = (
            piece.start() if piece and piece.start() > start and not self.text[start : piece.start()].isspace() else end
        )
        words = [word for word in self._words_from(start, 10) if word.start >= start and word.end <= end]
        inner = [word for word in words if word.end <= stop]
        via = next((i for i, word in enumerate(inner) if word.text in {"via", "at", "bij", "namens"}), len(inner))
        inner = inner[:via]
        titles = self.known.words["titles"]
        named = [word for word in inner if word.folded not in titles]
        if not named or (self._names_none(named) and not self._is_named_by(local, named)):
            return
        if self._is_institution(named) and not self._is_named_by(local, named):
            return
        if all(word.text.isupper() and len(word.text) < _ABBREVIATION for word in named) or not any(
            len(word.text) > 1 for word in named
        ):
            return
        tokens = [word.text for word in named if word.folded not in self.known.words["degrees"]]
        if not tokens:
            return
        last = named[-1].end
        if len(named) < len(words) and self.text[stop : stop + 1] == "(":  # "J. de Vries (Jan)"
            nick = [word for word in words if word.start > stop]
            close = self.text.find(")", stop, end)
            if len(nick) == 1 and close >= 0 and self._is_nick(nick[0]):
                yield ReadName(nick[0].start, nick[0].end, PersonName((nick[0].text,)))
                last = close + 1
        if self.text[last : last + 1] == "." and last < end:
            last += 1
        yield ReadName(named[0].start, last, person_of(self.capitalised(tokens), self.known.words))

    def _is_nick(self, word: Word) -> bool:
        """True if a word in brackets behind a name may be the given name and no organisation: "(Jan)", "(RDW)"."""
        return word.capital and not self.known.is_no_name(word.folded) and not self._is_institution([word])

    def _is_institution(self, words: Sequence[Word]) -> bool:
        """True if all words are the name of an institution."""
        first = self._index(words[0].start)
        return self.reader.lexicon.institution(first) >= len(words)

    def _is_named_by(self, local: str, words: Sequence[Word]) -> bool:
        """True if the local part of an address is a name's first and last word, the first no function."""
        first, last = words[0].folded, words[-1].folded
        return len(words) > 1 and not self.known.is_no_name(first) and _named_by(local, first, last)

    def _names_none(self, words: Sequence[Word]) -> bool:
        """True if words are no person's name: a function, an organisation, a town, words of a sentence."""
        small = any(word.capital for word in words)  # then small words are parts of a surname, whatever they mean
        roles = self.known.words["roles"] | self.known.organisation_words
        infixed = False  # "van Boven" is a name, "Boven" is a word
        for word in words:
            plain = word.folded in self.known.words["infixes"] or len(word.text) == 1
            never = word.folded in self.known.words["never"] and not infixed and (word.capital or not small)
            if not plain and (word.folded in roles or never):
                return True
            infixed = plain
        return words[0].folded in self.known.words["places"]

    def _turned(self, start: int, end: int, comma: int) -> Iterator[ReadName]:
        """Yields a name whose surname comes first."""
        words = [word for word in self._words_from(start, 12) if word.end <= end]
        stop = end
        nick: list[str] = []
        opened = self.text.find("(", comma, end)
        if opened >= 0:
            closed = self.text.find(")", opened, end)
            within = [word for word in words if word.start > opened and word.end <= (closed if closed >= 0 else end)]
            if len(within) == 1 and self._is_nick(within[0]):
                nick = [within[0].text]
                stop = closed + 1 if closed >= 0 else end
            else:
                stop = opened
        behind = [word for word in words if comma < word.start < (opened if opened >= 0 else end)]
        kept = []
        for word in behind:
            if self.known.is_no_name(word.folded) and not word.initial:
                stop = min(stop, word.start)
                break
            kept.append(word.text)
        surname = [word.text for word in words if word.end <= comma]
        infixes = [token for token in kept if fold(token) in self.known.words["infixes"]]
        given = [token for token in kept if token not in infixes]
        found = self.text[start:stop].rstrip(f"{SPACES},-|")
        person = person_of(self.capitalised([*given, *infixes, *surname]), self.known.words)
        yield ReadName(start, start + len(found), person)
        if nick:
            yield ReadName(start, start + len(found), PersonName(tuple(nick)))

    def capitalised(self, tokens: Sequence[str]) -> list[str]:
        """Returns the words of a name, small ones with a capital unless they are infixes."""
        if any(token[0].isupper() for token in tokens):
            return [token for token in tokens if token[0].isupper() or fold(token) in self.known.words["infixes"]]
        return [
            token if fold(token) in self.known.words["infixes"] else token[0].upper() + token[1:] for token in tokens
        ]

    def _index(self, start: int) -> int:
        """Returns the index of the first word at or behind a place."""
        return bisect_left(self.reader.starts, start)


def _named_by(local: str, given: str, surname: str) -> bool:
    """True if a local part is a name's letters: "inaya.post", "ipost", "post.inaya"."""
    return (
        len(surname) > SHORT and surname in local and (given in local or local.startswith((given[:1], surname)))
    )  # a short surname is in every word


def in_address(address: str, known: KnownToDesk) -> PersonName | None:
    """Returns the name in an address: in its local part ("jan.devries"), or with the surname in the host.

    None if it names a function, or one word before a host that is no surname.
    """
    local, _, host = address.partition("@")
    local = local.partition("+")[0]
    parts = _LOCAL_PARTS.findall(local.replace("_", "."))
    if len(parts) == 1 and fold(parts[0]) in known.words["given_names"] and not known.is_of_everybody(host):
        parts += _LOCAL_PARTS.findall(host.rpartition(".")[0].rpartition(".")[2])
    if len(parts) <= 1 or any(known.is_no_name(fold(part)) for part in parts if len(part) > 1):  # one word is no name
        return None
    tokens = [part.upper() if len(part) == 1 else part[0].upper() + part[1:] for part in parts]
    tokens = [token.lower() if fold(token) in known.words["infixes"] and len(token) > 1 else token for token in tokens]
    last = tokens[-1].lower()
    glued = next((infix for infix in sorted(_GLUED_INFIXES, key=len, reverse=True) if last.startswith(infix)), "")
    if glued and len(last) - len(glued) >= _SHORTEST_REST and len(tokens) == _PAIR:  # "j.devries"
        rest = last[len(glued) :]
        return PersonName(
            (tokens[0],) if len(tokens[0]) > 1 else (),
            tokens[0] if len(tokens[0]) == 1 else "",
            (glued,),
            (rest[0].upper() + rest[1:],),
        )
    return person_of(tokens, known.words)
