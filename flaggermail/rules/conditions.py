# SPDX-License-Identifier: EUPL-1.2
"""The conditions of rules: each is a value that examines a mail and reports what it examined and found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from flaggermail.mail.fields import in_domains
from flaggermail.mail.machine_words import UNKNOWN, Languages
from flaggermail.mail.message import Message, SenderVerdict
from flaggermail.rules.statements import AnswerWords, Stated

Find = Callable[[str, str], tuple[int, int] | None]  # pattern (RE2), text -> start and past-the-end index of the match

_SHOWN = 80  # characters of a match that a trace repeats


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about a message besides its content."""

    platform: str | None = None  # code of the platform whose domain the sender has
    from_officer: bool = False
    placed: bool = False  # belongs to a case
    suggested: bool = False  # may belong to a case; a person decides
    channel: str | None = None  # code, of the notification that it answers
    minutes: int | None = None  # since that notification was sent
    verdict: SenderVerdict = SenderVerdict.UNVERIFIED
    period: bool = False  # an election period is running
    declined_before: bool = False
    remembered: str | None = None  # the list to which an officer added the sender's domain


@dataclass(frozen=True)
class MailFacts:
    """Everything that a condition may examine. A domain in `lists` includes its subdomains."""

    message: Message
    context: Context
    lists: Mapping[str, frozenset[str]]
    languages: Languages
    find: Find
    answers: AnswerWords = field(default_factory=AnswerWords)

    @cached_property
    def language(self) -> str:
        """The language of the sender's own words, or else of the whole text; `unknown` if there is too little text."""
        own = self.languages.guess(self.message.reply_text)
        return own if own != UNKNOWN else self.languages.guess(self.message.text)

    @cached_property
    def states(self) -> Stated:
        """What the sender's own words say of the matter, as a platform writes."""
        return self.answers.read(self.message.reply_text)


@dataclass(frozen=True, slots=True)
class ConditionTrace:
    """The trace of one condition: whether it held, what it found and where, and the traces of nested conditions."""

    condition: str
    held: bool
    saw: str = ""
    where: str = ""
    within: tuple[ConditionTrace, ...] = ()

    def leaves(self) -> Iterator[ConditionTrace]:
        """Yields the traces of simple conditions, in the order of the rule."""
        if not self.within:
            yield self
        for part in self.within:
            yield from part.leaves()


@dataclass(frozen=True, slots=True)
class Condition:
    """Base class of conditions. Conditions that must all hold are evaluated in order of `cost`."""

    @property
    def cost(self) -> int:
        """The relative cost of evaluation, without a unit."""
        return 1

    def look(self, facts: MailFacts, *, whole: bool = False) -> ConditionTrace:
        """Evaluates the condition; `whole` continues after the result is known, to show a person the complete trace."""
        raise NotImplementedError

    def holds(self, facts: MailFacts) -> bool:
        """Returns what `look` finds, without its trace: most conditions fail, and nobody reads why."""
        return self.look(facts).held


# ---- conditions on facts

# name -> the fact that it tests
YES_OR_NO: Mapping[str, Callable[[MailFacts], bool]] = {
    "from_platform": lambda facts: facts.context.platform is not None,
    "from_officer": lambda facts: facts.context.from_officer,
    "placed": lambda facts: facts.context.placed,
    "suggested": lambda facts: facts.context.suggested,
    "forwarded": lambda facts: facts.message.forwarded is not None,
    "has_attachment": lambda facts: bool(facts.message.attachments),
    "election_period": lambda facts: facts.context.period,
    "declined_before": lambda facts: facts.context.declined_before,
}
WORDS_OF: Mapping[str, Callable[[MailFacts], str | None]] = {
    "mechanical": lambda facts: facts.message.kind.value,
    "no_receipt": lambda facts: facts.message.no_receipt,
    "verdict": lambda facts: facts.context.verdict,
    "sender": lambda facts: facts.message.sender.key if facts.message.sender else None,
    "platform": lambda facts: facts.context.platform,
    "channel": lambda facts: facts.context.channel,
    "language": lambda facts: facts.language,
    "states": lambda facts: facts.states,
}
NUMBER_OF: Mapping[str, Callable[[MailFacts], int | None]] = {
    "size": lambda facts: facts.message.size,
    "minutes_since_notification": lambda facts: facts.context.minutes,
}


@dataclass(frozen=True, slots=True)
class YesOrNo(Condition):
    """A fact that is true or false."""

    name: str
    wanted: bool
    shown: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shown", f"{self.name}: {_yaml(self.wanted)}")

    def look(self, facts: MailFacts, *, whole: bool = False) -> ConditionTrace:
        """Tests whether the fact has the wanted value."""
        del whole
        found = YES_OR_NO[self.name](facts)
        return ConditionTrace(self.shown, found == self.wanted, f"is {_yaml(found)}")

    def holds(self, facts: MailFacts) -> bool:
        """Tests whether the fact has the wanted value."""
        return YES_OR_NO[self.name](facts) == self.wanted


@dataclass(frozen=True, slots=True)
class OneOf(Condition):
    """A fact whose value is one of several words; case is ignored."""

    name: str
    values: tuple[str, ...]
    lower: frozenset[str] = field(init=False, compare=False, repr=False)
    shown: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lower", frozenset(value.lower() for value in self.values))
        object.__setattr__(self, "shown", f"{self.name}: [{', '.join(self.values)}]")

    def look(self, facts: MailFacts, *, whole: bool = False) -> ConditionTrace:
        """Tests whether the fact is one of the words."""
        del whole
        found = WORDS_OF[self.name](facts)
        held = found is not None and found.lower() in self.lower
        return ConditionTrace(self.shown, held, f"is {found or 'none'}")

    def holds(self, facts: MailFacts) -> bool:
        """Tests whether the fact is one of the words."""
        found = WORDS_OF[self.name](facts)
        return found is not None and found.lower() in self.lower


@dataclass(frozen=True, slots=True)
class Domain(Condition):
    """The sender's domain is one of the named domains, a subdomain of one, or on a named list."""

    values: tuple[str, ...]
    shown: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shown", f"domain: [{', '.join(self.values)}]")

    def look(self, facts: MailFacts, *, whole: bool = False) -> ConditionTrace:
        """Tests whether the sender's domain is named."""
        del whole
        domain = _sender_domain(facts)
        hit = self._hit(facts)
        on = f"is {domain or 'none'}"
        saw = on if hit is None or "." in hit else f"{on}, on the list {hit}"
        return ConditionTrace(self.shown, hit is not None, saw)

    def holds(self, facts: MailFacts) -> bool:
        """Tests whether the sender's domain is named."""
        return self._hit(facts) is not None

    def _hit(self, facts: MailFacts) -> str | None:
        domain, remembered = _sender_domain(facts), facts.context.remembered
        for value in self.values:
            if value == remembered or in_domains(domain, _domains(value, facts.lists)):
                return value
        return None


def _sender_domain(facts: MailFacts) -> str:
    return facts.message.sender.domain if facts.message.sender else ""


def _domains(value: str, lists: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset([value]) if "." in value else lists.get(value, frozenset())


@dataclass(frozen=True, slots=True)
class Between(Condition):
    """A number within inclusive bounds; None means no bound on that side. Fails if there is no number."""

    name: str
    least: int | None
    most: int | None

    def look(self, facts: MailFacts, *, whole: bool = False) -> ConditionTrace:
        """Tests whether the number is within the bounds."""
        del whole
        found = NUMBER_OF[self.name](facts)
        low, high = self.least is None or (found or 0) >= self.least, self.most is None or (found or 0) <= self.most
        bounds = ", ".join(
            f"{word}: {value}"
            for word, value in (("at_least", self.least), ("at_most", self.most))
            if value is not None
        )
        return ConditionTrace(
            f"{self.name}: {{{bounds}}}",
            found is not None and low and high,
            "is none" if found is None else f"is {found}",
        )


# ---- conditions on text


@dataclass(frozen=True, slots=True)
class Wording:
    """An entry of a word list: as written in the rule, and as a pattern of RE2."""

    written: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Words(Condition):
    """At least one of several words or patterns occurs in a place of the mail."""

    place: str  # subject | body | reply | header NAME | attachment
    entries: tuple[Wording, ...]
    together: str = field(init=False, compare=False)
    shown: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        named = self.place.replace("header ", "header.")
        object.__setattr__(self, "shown", f"{named}: [{', '.join(entry.written for entry in self.entries)}]")
        object.__setattr__(self, "together", "|".join(f"(?:{entry.pattern})" for entry in self.entries))

    @property
    def cost(self) -> int:
        """Body and reply are longer than subject and attachment names, so they cost more."""
        return {"subject": 2, "attachment": 2, "reply": 3, "body": 4}.get(self.place, 2)

    def look(self, facts: MailFacts, *, whole: bool = False) -> ConditionTrace:
        """Finds the first match. The entries are searched together first, one by one only on a match."""
        del whole
        for text in texts(self.place, facts.message):
            span = facts.find(self.together, text)
            if span is not None:
                at, saw = self._hit(facts.find, text, *span)
                return ConditionTrace(self.shown, held=True, saw=saw, where=where(self.place, text, at))
        return ConditionTrace(self.shown, held=False, saw="found nowhere")

    def holds(self, facts: MailFacts) -> bool:
        """Searches the entries together."""
        return any(facts.find(self.together, text) is not None for text in texts(self.place, facts.message))

    def _hit(self, find: Find, text: str, start: int, end: int) -> tuple[int, str]:
        """Returns where the match starts and how it is shown, without the characters that delimit a whole word."""
        spans = ((entry, find(entry.pattern, text)) for entry in self.entries)
        by = next((entry for entry, span in spans if span is not None and span[0] == start), None)
        if by is not None and not is_pattern(by.written):
            start, end = _trimmed(text, start, end)
        found = repr(text[start:end][:_SHOWN])
        same = by is None or by.written.lower() == text[start:end].lower()
        return start, f"has {found}" if same else f"has {found} by {by.written if by else ''}"


def texts(place: str, message: Message) -> tuple[str, ...]:
    """Returns the texts of a place of the mail."""
    if place == "subject":
        return (message.subject or "",)
    if place == "body":
        return (message.text,)
    if place == "reply":
        return (message.reply_text,)
    if place == "attachment":
        return tuple(attachment.filename or attachment.content_type for attachment in message.attachments)
    return message.header_all(place.removeprefix("header "))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Strips the delimiters that the pattern of a whole word matches before and after it."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return start, end


def where(place: str, text: str, at: int) -> str:
    """Describes a position; line and column count from 1."""
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return f"{place}, column {column}" if "\n" not in text else f"{place}, line {line}, column {column}"


# ---- conditions that hold others


@dataclass(frozen=True, slots=True)
class All(Condition):
    """All conditions hold. Sorted by cost."""

    of: tuple[Condition, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "of", tuple(sorted(self.of, key=lambda condition: condition.cost)))

    @property
    def cost(self) -> int:
        """The cost of the most expensive condition."""
        return max((condition.cost for condition in self.of), default=0)

    def look(self, facts: MailFacts, *, whole: bool = False) -> ConditionTrace:
        """Stops at the first condition that fails, unless `whole`."""
        within: list[ConditionTrace] = []
        held = True
        for condition in self.of:
            within.append(condition.look(facts, whole=whole))
            held = held and within[-1].held
            if not held and not whole:
                break
        return ConditionTrace("all", held, within=tuple(within))

    def holds(self, facts: MailFacts) -> bool:
        """Stops at the first condition that fails."""
        return all(condition.holds(facts) for condition in self.of)


@dataclass(frozen=True, slots=True)
class Either(Condition):
    """At least one condition holds: `any` in a rule."""

    of: tuple[Condition, ...]

    @property
    def cost(self) -> int:
        """The cost of the most expensive condition."""
        return max((condition.cost for condition in self.of), default=0)

    def look(self, facts: MailFacts, *, whole: bool = False) -> ConditionTrace:
        """Stops at the first condition that holds, unless `whole`."""
        within: list[ConditionTrace] = []
        for condition in self.of:
            within.append(condition.look(facts, whole=whole))
            if within[-1].held and not whole:
                break
        return ConditionTrace("any", any(part.held for part in within), within=tuple(within))

    def holds(self, facts: MailFacts) -> bool:
        """Stops at the first condition that holds."""
        return any(condition.holds(facts) for condition in self.of)


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """The condition does not hold."""

    of: Condition

    @property
    def cost(self) -> int:
        """The cost of the negated condition."""
        return self.of.cost

    def look(self, facts: MailFacts, *, whole: bool = False) -> ConditionTrace:
        """Negates the result."""
        found = self.of.look(facts, whole=whole)
        return ConditionTrace("not", not found.held, within=(found,))


def _yaml(value: bool) -> str:  # noqa: FBT001 - the value of a fact, not a switch
    return "true" if value else "false"


def wording(written: str) -> Wording:
    """Parses an entry of a word list. `/.../` is a pattern of RE2; anything else is whole words, in any script.

    A `*` at the start or end of a word matches letters and digits; white space matches any white space.
    """
    if is_pattern(written):
        return Wording(written, written[1:-1])
    words = written.split()
    begins = _EDGE_BEFORE if words and words[0][0].isalnum() else ""
    ends = _EDGE_AFTER if words and words[-1][-1].isalnum() else ""
    return Wording(written, begins + r"\s+".join(_word(word) for word in words) + ends)


def is_pattern(written: str) -> bool:
    """True if an entry is a pattern between two slashes."""
    return len(written) > 2 and written.startswith("/") and written.endswith("/")  # noqa: PLR2004 - two slashes and one character


_EDGE_BEFORE, _EDGE_AFTER = r"(?:^|[^\pL\pN])", r"(?:[^\pL\pN]|$)"
_ANY = r"[\pL\pN]*"
_META = frozenset(r"\.+*?()|[]{}^$")


def _word(word: str) -> str:
    bare = word.strip("*")
    escaped = "".join(f"\\{sign}" if sign in _META else sign for sign in bare)
    return f"{_ANY if word.startswith('*') else ''}{escaped}{_ANY if word.endswith('*') else ''}"
