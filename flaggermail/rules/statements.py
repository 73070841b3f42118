# SPDX-License-Identifier: EUPL-1.2
"""Reads what a platform's own words say: an answer to the matter, a polite receipt, the state of a ticket, or none.

By shape, not by sentences: the families of `rules/answer-words.yaml` say which words are verbs, objects and denials,
and each clause is read for who does what to what. What is asked, to come, in doubt, under a condition or not yet done
answers nothing. Time is linear in the text. What was done to a post is not kept: only that a mail answers the matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from flaggermail.mail.vocabulary import folded

_READ = 6000  # characters
_PARAGRAPH = re.compile(r"\n\s*\n")
_SENTENCE = re.compile(r"(?<=[.!?])[\s)\"]+|(?<=[.!?])$")
_TOKEN = re.compile(r"[^\W\d_]+|[,;:\u2013\u2014()]")
_NEAR, _FRAGMENT = 4, 6  # words between a pronoun that relates and its verb; of a sentence without a verb
_BREAKS = frozenset(",;:\u2013\u2014()")


class Stated(StrEnum):
    """What the words of a mail say, the first that holds."""

    ANSWER = "answer"  # answers the matter
    TICKET = "ticket"  # a survey, a merge or a closure of a ticket
    RECEIPT = "receipt"  # politely confirms, and no more
    ATTENTION = "attention"  # promises attention to posts like these
    PROMISE = "promise"  # promises to examine the matter
    UNSTATED = "unstated"


class Family(StrEnum):
    """The families of words of one language; see the head of `rules/answer-words.yaml`."""

    INFORMS, JOINS, MATTER, GENERIC = "informs", "joins", "matter", "generic"
    LINK, SENT, FOREIGN = "link", "sent", "foreign"
    IT, YOU, US, SELF = "it", "you", "us", "self"
    ACT, ACT_NOW, ACT_TO, CLOSED, REVIEWED, TRIAGED = "act", "act_now", "act_to", "closed", "reviewed", "triaged"
    AUX, BE, STATE, KEEP, JUDGE, COMPLY = "aux", "be", "state", "keep", "judge", "comply"
    VIOLATION, RULES, FOUND, DECIDED = "violation", "rules", "found", "decided"
    ACTION, TAKEN, TAKE, REASON = "action", "taken", "take", "reason"
    NO, NOT, NOBODY, CANNOT = "no", "not", "nobody", "cannot"
    FUTURE, MODAL, BEING, PENDING = "future", "modal", "being", "pending"
    CONDITION, TIME, UNSURE, ASK = "condition", "time", "unsure", "ask"
    RELATIVE, NEEDED = "relative", "needed"
    THANK, CONTACT, RECEIVED, RATE = "thank", "contact", "received", "rate"
    PROCESS, PASSIVE, DONE = "process", "passive", "done"  # the last by its form alone
    PUT, MARK, MANAGED, LET, STAND = "put", "mark", "managed", "let", "stand"
    VIEWER, VIEW = "viewer", "view"
    ATTEND, EXAMINE, RETURN, SOON, ROUTINE = "attend", "examine", "return", "soon", "routine"


_F = Family
Words = Mapping[Family, str]  # with commas between phrases
_COURTEOUS = frozenset({_F.THANK, _F.CONTACT, _F.ROUTINE, _F.RETURN, _F.SOON, _F.RATE})
_FORMAL = frozenset({_F.SENT, _F.CONTACT})  # of a form letter rather than of a note in haste
_SERVICE = frozenset({_F.RETURN, _F.SOON, _F.ROUTINE})
_HANDLED = frozenset({_F.TRIAGED, _F.EXAMINE, _F.REVIEWED})
_OF_RECEIPT = _COURTEOUS | _HANDLED | {_F.SENT, _F.RECEIVED}
_STICKY = frozenset({_F.CONDITION, _F.TIME, _F.UNSURE, _F.ASK})  # hold for the rest of the sentence
_VERBS = frozenset({_F.AUX, _F.BE, _F.US, _F.KEEP, _F.JUDGE, _F.MATTER, _F.FOREIGN, _F.IT})  # a clause of its own


@dataclass(frozen=True)
class _Lexicon:
    """The families of each phrase of one language, by its first word, the longest phrase first."""

    spelled: Mapping[str, str]
    participle: re.Pattern[str]
    phrases: Mapping[str, Sequence[tuple[tuple[str, ...], frozenset[Family]]]]

    @classmethod
    def from_words(cls, spelled: Mapping[str, str], participle: str, words: Words) -> _Lexicon:
        families: dict[tuple[str, ...], frozenset[Family]] = {}
        for name, phrase in ((name, phrase) for name, phrases in words.items() for phrase in phrases.split(",")):
            of = {_F.SENT, _F.FOREIGN} if name is _F.SENT else {name}
            key = tuple(_TOKEN.findall(folded(phrase)))
            families[key] = families.get(key, frozenset()) | of
        families.pop((), None)
        grouped: dict[str, list[tuple[tuple[str, ...], frozenset[Family]]]] = {}
        for key, several in sorted(families.items(), key=lambda one: -len(one[0])):
            grouped.setdefault(key[0], []).append((key, several))
        return cls(spelled, re.compile(participle or "(?!)"), grouped)

    def tagged(self, sentence: str) -> list[frozenset[Family] | None]:
        """Returns the families of each word or phrase of a folded sentence; None for a mark that ends a clause."""
        for written, meant in self.spelled.items():
            sentence = sentence.replace(written, meant)
        tokens, tags, at = _TOKEN.findall(sentence), list[frozenset[Family] | None](), 0
        while at < len(tokens):
            length, found = self._at(tokens, at)
            tags.append(None if tokens[at] in _BREAKS else found)
            at += length
        return tags

    def _at(self, tokens: Sequence[str], at: int) -> tuple[int, frozenset[Family]]:
        courteous = frozenset[Family]()  # hides no word of the matter
        for phrase, families in self.phrases.get(tokens[at], ()):
            if tuple(tokens[at : at + len(phrase)]) == phrase:
                if not families <= _COURTEOUS:
                    return len(phrase), families | courteous
                courteous |= families
        return 1, courteous | frozenset({_F.DONE} if self.participle.fullmatch(tokens[at]) else ())


@dataclass(frozen=True)
class AnswerWords:
    """The words of each language, as `rules/answer-words.yaml` has them; `read` gives a mail's statement."""

    languages: Mapping[str, tuple[Mapping[str, str], str, Words]] = field(default_factory=dict)
    """For each the other spellings, the form of participles, and the words."""

    @cached_property
    def _lexicons(self) -> Sequence[_Lexicon]:
        return [_Lexicon.from_words(*of) for of in self.languages.values()]

    def read(self, text: str) -> Stated:
        """Returns what the sender's own words say. Never raises."""
        sentences = [sentence for written in _sentences(text) if (sentence := self._sentence(written)) is not None]
        if any(sentence.answers for sentence in sentences):
            return Stated.ANSWER
        whole = frozenset().union(*(sentence.families for sentence in sentences))
        formal = _F.SENT in whole and any(sentence.confirms for sentence in sentences)
        personal = [sentence.families for sentence in sentences if sentence.is_personal]
        written = any(_F.SELF in families for families in personal)
        if not (formal or written) and any(sentence.tells_of_ticket for sentence in sentences):
            return Stated.TICKET
        particular = not whole & {_F.RETURN, _F.SOON} and any(sentence.is_particular for sentence in sentences)
        polite = whole & (_OF_RECEIPT - _FORMAL) if whole & _FORMAL else len(whole & _SERVICE) > 1
        if polite and not (personal or particular) and _F.SELF not in whole:
            return Stated.RECEIPT
        if _F.RETURN not in whole and any(sentence.promised(_F.ATTEND) for sentence in sentences):
            return Stated.ATTENTION
        promised = any(sentence.promised(_F.EXAMINE, _F.ATTEND) for sentence in sentences)
        return Stated.PROMISE if promised else Stated.UNSTATED

    def _sentence(self, written: str) -> _Sentence | None:
        """Returns a sentence in the language with the most of its words; None if none has any."""
        small = folded(written.replace("\u2019", "'"))
        read = [lexicon.tagged(small) for lexicon in self._lexicons]
        tags = max(read, key=lambda one: sum(bool(families) for families in one), default=[])
        return _Sentence.from_tags(tags, asks="?" in small) if any(tags) else None


def _sentences(text: str) -> Iterator[str]:
    for paragraph in _PARAGRAPH.split(text[:_READ]):
        for sentence in _SENTENCE.split(" ".join(paragraph.split())):
            if sentence:
                yield sentence


@dataclass(frozen=True)
class _Sentence:
    """The clauses of a sentence, and whether it asks."""

    clauses: Sequence[_Clause]
    asks: bool
    families: frozenset[Family]

    @classmethod
    def from_tags(cls, tags: Sequence[frozenset[Family] | None], *, asks: bool) -> _Sentence:
        """Splits at marks and joining words; what a condition opens holds to the end of the sentence."""
        clauses, own, open_ = list[_Clause](), list[frozenset[Family]](), frozenset[Family]()
        single = sum(tag is not None for tag in tags) <= _FRAGMENT
        for tag in (*tags, None):
            if own and (tag is None or tag & {_F.JOINS, _F.TIME}):
                # One without subject and verb goes on with those of the clause before it.
                goes_on = bool(clauses) and not frozenset().union(*own) & _VERBS
                given = open_ | clauses[-1].families if goes_on else open_
                clauses.append(_Clause(tuple(own), given, bool(clauses), single))
                open_ |= clauses[-1].lasting
                own = []
            if tag is not None and _F.INFORMS in tag:
                own = []
            elif tag is not None and _F.JOINS not in tag:
                own.append(tag)
        return cls(clauses, asks, frozenset().union(*filter(None, tags)))

    @property
    def answers(self) -> bool:
        return not self.asks and any(clause.answers for clause in self.clauses)

    def promised(self, *what: Family) -> list[frozenset[Family]]:
        """Returns the families of each clause that promises one of these."""
        clauses = () if self.asks else self.clauses
        return [one.families for one in clauses if any(one.promises(family) for family in what)]

    @property
    def is_particular(self) -> bool:
        """True if it promises something about this very post or account, as no form letter does."""
        promised = self.promised(_F.EXAMINE, _F.ATTEND)
        return any(_F.MATTER in of and not of & {_F.GENERIC, _F.RULES} for of in promised)

    @property
    def is_personal(self) -> bool:
        """True if it says something that no form letter does: of this post, of the writer, or a question."""
        of, matter = self.families, self.families & {_F.MATTER, _F.LINK} and not self.families & {_F.GENERIC, _F.RULES}
        handled = of & {*_HANDLED, _F.SENT, _F.NEEDED} or (_F.PROCESS in of and of & {_F.AUX, _F.FUTURE})
        if (handled and not matter) or of & (_COURTEOUS | {_F.RECEIVED}):
            return False
        return bool(matter or self.asks or _F.SELF in of or len(of & {_F.US, _F.IT, _F.YOU, _F.NOT}) > 1)

    @property
    def confirms(self) -> bool:
        received = any(_F.RECEIVED in clause.families and not clause.is_denied for clause in self.clauses)
        return received and _F.RATE not in self.families  # "the support you received"

    @property
    def tells_of_ticket(self) -> bool:
        return _F.RATE in self.families or {_F.CLOSED, _F.SENT} <= self.families


@dataclass(frozen=True)
class _Clause:
    """The families of each word of a clause, with what it takes from the clauses before it (`given`)."""

    tags: Sequence[frozenset[Family]]
    given: frozenset[Family]
    follows: bool  # another clause stands before it
    single: bool  # its sentence has few words, and need have no verb

    @cached_property
    def families(self) -> frozenset[Family]:
        return frozenset().union(self.given, *self.tags)

    def _has(self, *families: Family) -> bool:
        return not self.families.isdisjoint(families)

    @property
    def answers(self) -> bool:
        """True if it says what was done, decided or judged about the matter."""
        if self._has(_F.CONDITION, _F.TIME, _F.ASK, _F.PENDING):
            return False
        if self._refuses or self._decides or self._judges:
            return True
        return not self._has(_F.UNSURE) and (self._acted or self._reviewed or self._states)

    def promises(self, what: Family) -> bool:
        """True if the writers say that they will do it, or do it from now on."""
        to_come = self._has(_F.FUTURE) or (what is _F.ATTEND and self._has(_F.US))
        return to_come and self._has(what) and not self._has(_F.CONDITION, _F.TIME, _F.ASK) and not self.is_denied

    @property
    def lasting(self) -> frozenset[Family]:
        """What holds for the clauses behind it too."""
        lasting = self.families & (_STICKY if self._is_denied_decision else _STICKY | {_F.DECIDED})
        return lasting | ({_F.UNSURE} if self._of_any else set())

    @property
    def is_denied(self) -> bool:
        return self._has(_F.NOT, _F.NO, _F.NOBODY)

    @property
    def _to_come(self) -> bool:
        return self._has(_F.FUTURE, _F.MODAL, _F.BEING)

    @property
    def _of_matter(self) -> bool:
        return self._has(_F.MATTER) or not self._has(_F.FOREIGN, _F.YOU)

    @property
    def _acted(self) -> bool:
        """Done to the matter: "we removed the post", "both were locked", "no measures were taken"."""
        if self._has(_F.NOBODY):
            return False
        if self._has(_F.MANAGED) and not self.is_denied:
            return self._has(_F.ACT_TO, _F.ACT) and self._of_matter
        if self._to_come:
            return False
        if self._has(_F.ACTION) and self._has(_F.TAKEN):
            return not self._has(_F.NEEDED)
        return self._done and not self.is_denied and self._of_matter

    @property
    def _done(self) -> bool:
        acts = any(_F.ACT in tag and not self._qualifies(at) for at, tag in enumerate(self.tags)) and not self._of_any
        labels = self._has(_F.PUT) and self._has(_F.MARK)
        closes = self._has(_F.CLOSED) and self._has(_F.MATTER)
        makes = self._has(_F.TAKEN) and self._has(_F.STATE)  # "took the video down"
        now = self._has(_F.ACT_NOW) and not self._has(_F.RELATIVE)
        return acts or labels or closes or makes or now or self._done_in_other_words

    @property
    def _of_any(self) -> bool:
        """True for what is done to any such post: "content which misleads voters is removed"."""
        nouns = [at for at, tag in enumerate(self.tags[:-1]) if _F.MATTER in tag and _F.RELATIVE in self.tags[at + 1]]
        bare = any(_F.GENERIC in self.tags[at] or not at or _F.RELATIVE in self.tags[at - 1] for at in nouns)
        return bare and not self._has(_F.YOU, _F.PASSIVE)

    @property
    def _done_in_other_words(self) -> bool:
        """True for "the upload has been yanked": a participle of no family, as a passive behind the matter."""
        at = next((at for at, tag in enumerate(self.tags) if _F.DONE in tag and not self._qualifies(at)), 0)
        before = frozenset().union(*self.tags[:at])
        return {_F.MATTER, _F.PASSIVE} <= before and not before & {_F.US, _F.FOREIGN, _F.LINK}

    def _qualifies(self, at: int) -> bool:
        """True for "reports about removed posts", "posts that were removed" and "she removed herself"."""
        back = at - 1
        while back >= 0 and self.tags[back] & {_F.AUX, _F.BE, _F.PASSIVE} and _F.RELATIVE not in self.tags[back]:
            back -= 1
        if back >= 0 and _F.RELATIVE in self.tags[back] and (back or self.follows) and back < at - 1:
            return True
        behind = self.tags[at + 1] if at + 1 < len(self.tags) else frozenset()
        return _F.YOU in behind or (_F.MATTER in behind and at > 0 and not self.tags[at - 1] - _COURTEOUS)

    @property
    def _reviewed(self) -> bool:
        seen = self._has(_F.REVIEWED) and self._of_matter
        return seen and not (self._to_come or self.is_denied or self._has(_F.TRIAGED))

    @property
    def _states(self) -> bool:
        """How the matter is or stays: "is no longer available", "stays up"."""
        if self._has(_F.BEING) or (self._has(_F.NOBODY) and not self._has(_F.VIEWER)):
            return False
        if self._has(_F.LET) and self._has(_F.STAND) and self._has(_F.US, _F.IT, _F.MATTER):
            return self._of_matter and not self.is_denied
        if self._has(_F.KEEP):
            return self._of_matter and not self._has(_F.US)
        if self._has(_F.VIEWER) and self._has(_F.VIEW) and self._has(_F.MATTER, _F.IT):  # "users no longer see it"
            return self._has(_F.NOT, _F.NO) and not self._has(_F.US, _F.FUTURE)
        if self._to_come or not self._has(_F.STATE):
            return False
        nouns = [tag for tag in self.tags if tag & {_F.MATTER, _F.FOREIGN, _F.US}]
        if self._has(_F.MATTER):
            return _F.MATTER in nouns[0] and (self._has(_F.BE) or self.single) if nouns else self._has(_F.BE)
        named = self._has(_F.IT) and self._has(_F.BE)
        return (named or _F.STATE in self.tags[0]) and not self._has(_F.FOREIGN, _F.LINK, _F.US, _F.YOU)

    @property
    def _judges(self) -> bool:
        """Whether rules are broken: "does not violate our policies", "no breach was found"."""
        if self._to_come or (self._has(_F.UNSURE) and not self.is_denied):
            return False
        ruled = self._has(_F.RULES) or (self._has(_F.MATTER, _F.IT) and not self._has(_F.US))
        if any(_F.JUDGE in tag for tag in self.tags) and ruled and not self._generic:
            return True
        if self._has(_F.COMPLY) and ruled and not self._generic and not self._by_rules:
            return self._has(_F.BE, _F.RULES) or not self._has(_F.FOREIGN)
        return self._has(_F.VIOLATION) and self._has(_F.NO, _F.NOT, _F.FOUND, _F.BE)

    @property
    def _by_rules(self) -> bool:
        """True for "is assessed in line with our policies"."""
        at = next((at for at, tag in enumerate(self.tags) if _F.COMPLY in tag), 0)
        verbs = [tag for tag in self.tags[:at] if tag & {_F.AUX, _F.BE, _F.REVIEWED, _F.EXAMINE}]
        return bool(verbs) and bool(verbs[-1] & {_F.REVIEWED, _F.EXAMINE})

    @property
    def _generic(self) -> bool:
        """True if the verb stands in "content that violates our rules"."""
        at = next((at for at, tag in enumerate(self.tags) if tag & {_F.JUDGE, _F.COMPLY}), 0)
        for back in range(at - 1, max(0, at - _NEAR) - 1, -1):
            if _F.RELATIVE in self.tags[back] and not self.tags[back] & {_F.MATTER, _F.FOREIGN}:
                found_none = self.is_denied and self._has(_F.NO, _F.FOUND)
                return (bool(back) or self.follows) and not found_none
            if self.tags[back] & {_F.MATTER, _F.FOREIGN, _F.IT}:
                break
        return False

    @property
    def _refuses(self) -> bool:
        """Will not act: "we will not remove it", "no action will be taken", "no reason to intervene"."""
        if not self.is_denied or self._has(_F.UNSURE, _F.NEEDED, _F.NOBODY):
            return False
        if self._has(_F.REASON) and self._has(_F.ACT_TO, _F.ACTION, _F.TAKE):
            return True
        if self._has(_F.CANNOT) and not self._has(_F.FUTURE):
            return False
        if self._has(_F.ACTION, _F.STATE) and self._has(_F.TAKE, _F.TAKEN):  # "will not take this down"
            return self._has(_F.ACTION) or self._has(_F.FUTURE)
        return self._of_matter and self._has(_F.FUTURE, _F.US) and self._has(_F.ACT_TO, _F.ACT)

    @property
    def _is_denied_decision(self) -> bool:
        first = next((at for at, tag in enumerate(self.tags) if _F.DECIDED in tag), 0)
        return any(tag & {_F.NOT, _F.NO, _F.NOBODY} for tag in self.tags[:first])

    @property
    def _decides(self) -> bool:
        """Decided: "we decided to leave it up"."""
        to = self._has(_F.ACT_TO, _F.ACT, _F.KEEP, _F.ACTION)
        return self._has(_F.DECIDED) and to and not (self._has(_F.FUTURE, _F.BEING) or self._is_denied_decision)
