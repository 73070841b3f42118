# SPDX-License-Identifier: EUPL-1.2
"""A person's name, and every form in which it comes back: initials, one word, inflected, joined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from flaggermail.annex.redaction.known import RedactionWords
from flaggermail.annex.redaction.spans import fold

_SHORTEST_PART = 2  # letters
_SHORTEST_JOINED = 5
_ENDINGS_OF_A = ("y", "i", "ie", "e", "o")  # Polish: Anna, Anny, Annie, Ann\u0119, Anno
_ENDINGS = ("a", "owi", "em", "ie", "u")  # Polish: Jan, Jana, Janowi, Janem
_ADJECTIVES = {
    "ski": ("skiego", "skiemu", "skim"),
    "cki": ("ckiego", "ckiemu", "ckim"),
    "ska": ("skiej",),
    "cka": ("ckiej",),
}


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name as it was learned: words in the order of speech. Empty parts are unknown."""

    given: tuple[str, ...] = ()
    initials: str = ""  # capitals
    infixes: tuple[str, ...] = ()
    surname: tuple[str, ...] = ()


def person_of(tokens: Sequence[str], words: RedactionWords, *, surname: bool = False) -> PersonName:
    """Returns the name in `tokens`; with `surname` a title precedes it, so that one word is a surname."""
    infixes = [index for index, token in enumerate(tokens) if fold(token) in words["infixes"] and len(tokens) > 1]
    initials = "".join(token[0] for token in tokens if len(token) == 1 and token.isupper())
    plain = [i for i, token in enumerate(tokens) if len(token) >= _SHORTEST_PART and i not in infixes]
    if not plain:
        return PersonName()
    inner = [i for i in infixes if i < plain[-1]]
    first = inner[0] if inner else None
    if first is not None:
        given = tuple(tokens[i] for i in plain if i < first)
        last = tuple(tokens[i] for i in plain if i > first)
        between = tuple(fold(tokens[i]) for i in inner if i < next((p for p in plain if p > first), first))
        return PersonName(given, initials, between, last)
    names = [tokens[i] for i in plain]
    if len(names) == 1:
        return PersonName((), initials, (), tuple(names)) if surname or initials else PersonName(tuple(names))
    if surname or (initials and len(tokens[0]) == 1):
        return PersonName((), initials, (), tuple(names))
    return PersonName((names[0],), initials, (), tuple(names[1:]))


@dataclass
class LearnedNames:
    """All names learned from an annex, looked up by one folded word."""

    parts: dict[str, bool] = field(default_factory=dict)  # word or form of it -> whether it is the word itself
    given: set[str] = field(default_factory=set)
    surnames: set[str] = field(default_factory=set)
    before: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)  # surname -> infixes
    joined: set[str] = field(default_factory=set)
    initials: set[str] = field(default_factory=set)  # capitals: "JV", "JPV"
    glued: set[str] = field(default_factory=set)  # as they are written together: "JdV"
    guessed: set[str] = field(default_factory=set)  # words of names that only their shape or a neighbour tells
    seen: set[tuple[PersonName, bool]] = field(default_factory=set)

    def learn(self, person: PersonName, *, guessed: bool = False) -> None:
        """Adds a name and its forms. A `guessed` one is found with its capitals only."""
        if (person, guessed) in self.seen:
            return
        self.seen.add((person, guessed))
        words = {fold(word) for word in (*person.given, *person.surname)}
        if guessed:
            self.guessed |= words - self.parts.keys()
        else:
            self.guessed -= words
        for word in (*person.given, *person.surname):
            self._learn_word(fold(word))
        self.given |= {fold(word) for word in person.given}
        self.surnames |= {fold(word) for word in person.surname}
        if person.surname and person.infixes:
            surname = fold(person.surname[0])
            for form in (surname, *inflected(surname)):
                self.before.setdefault(form, set()).add(person.infixes)
        self.joined |= {form for form in _joined(person) if len(form) >= _SHORTEST_JOINED}
        self._learn_initials(person)

    def _learn_word(self, word: str) -> None:
        if len(word) < _SHORTEST_PART:
            return
        self.parts[word] = True
        for form in inflected(word):
            self.parts.setdefault(form, False)

    def _learn_initials(self, person: PersonName) -> None:
        last = "".join(word[0].upper() for word in person.surname[:1])
        if not last:
            return
        firsts = {person.initials[:1], *(word[0].upper() for word in person.given[:1])} - {""}
        firsts |= {person.initials} - {""}
        firsts |= {"".join(word[0].upper() for word in person.given)} - {""}
        small = "".join(word[0] for word in person.infixes)
        every = "".join(word[0].upper() for word in person.surname)
        for first in firsts:
            self.initials |= {first + last, first + small.upper() + last, first + every}
            self.glued |= {f"{first}{small}{last}", f"{first}{small.upper()}{last}", first + every}


def inflected(word: str) -> Iterator[str]:
    """Yields frequent inflected forms: possessives, Polish cases. Turkish endings come behind an apostrophe."""
    yield f"{word}s"
    if word.endswith("a"):
        yield from (f"{word[:-1]}{ending}" for ending in _ENDINGS_OF_A)
    elif word[-1] not in "eiou":
        yield from (f"{word}{ending}" for ending in _ENDINGS)
    if word.endswith("ek"):
        yield from (f"{word[:-2]}k{ending}" for ending in ("a", "owi", "iem"))
    for adjective, forms in _ADJECTIVES.items():
        if word.endswith(adjective):
            yield from (f"{word[: -len(adjective)]}{form}" for form in forms)


def _joined(person: PersonName) -> Iterator[str]:
    """Yields forms in which several words of a name are written as one: in local parts and file names."""
    infix = "".join(person.infixes)
    last, every = "".join(map(fold, person.surname[:1])), "".join(map(fold, person.surname))
    given, first = "".join(map(fold, person.given)), "".join(map(fold, person.given[:1]))
    if len(person.given) > 1:
        yield given
    letters = {name[:1] for name in (first,) if name} | {person.initials[:1].lower(), person.initials.lower()} - {""}
    for surname in {last, every, infix + last, infix + every} - {""}:
        if surname != last or not infix:
            yield surname
        yield from (letter + surname for letter in letters)
        yield from (surname + letter for letter in letters)
        yield from (name + surname for name in {given, first} - {""})
        yield from (surname + name for name in {given, first} - {""})


def learned(persons: Iterable[PersonName]) -> LearnedNames:
    """Returns the names with all their forms."""
    names = LearnedNames()
    for person in persons:
        names.learn(person)
    return names
