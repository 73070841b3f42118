# SPDX-License-Identifier: EUPL-1.2
"""The forms in which people type replies: each good one is its one act, each hostile one is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import process_time

from pydantic import TypeAdapter
from ruamel.yaml import YAML

from flaggermail.record.case_values import Topic
from flaggermail.replies.answered import NotUnderstood, Understood
from flaggermail.replies.request import Request
from flaggermail.replies.verbs import read
from tests.corpus import each
from tests.pace import within
from tests.unit.replies.test_verbs import CALL, CASE, DRAFT, SUBMITTED, about, changed

FOLDER = Path(__file__).parents[2] / "replies"
MESSAGE = {"message": "m00000009"}
ACTS: Mapping[str, Request] = {
    "take": Request("case assign", {"case": CASE, "officer": "officer1"}),
    "ask": Request("case ask", {"case": CASE, "text": "op welk platform?"}),
    "decline": Request("case decide", {"case": CASE, "decision": "decline", "reason": "een mening"}),
    "approve": Request("approve", {"draft": DRAFT}),
    "reject": Request("reject", {"draft": DRAFT, "reason": "de toon"}),
    "ok": Request("oncall ack", {"reminder": "r1"}),
    "called": CALL,
    "to": Request("oncall reassign", {"reminder": "r1", "officer": "officer2"}),
    "with": Request("quarantine place", {**MESSAGE, "case": "2"}),
    "new": Request("quarantine place", {**MESSAGE, "new": True}),
    "noise": Request("quarantine place", {**MESSAGE, "noise": True, "reason": "called noise in a reply"}),
    "genuine": Request("message confirm", MESSAGE),
    "forged": Request("message refuse", {**MESSAGE, "reason": "called forged in a reply"}),
    "sent now": Request("outbox resolve", {"mail": "m00000009", "sent_at": "2027-03-17T21:30:00+01:00"}),
    "sent at": Request("outbox resolve", {"mail": "m00000009", "sent_at": "2027-03-17T21:45:00+01:00"}),
    "not sent": Request("outbox resolve", {"mail": "m00000009", "again": True}),
    "called uncounted": changed(CALL, counts_as=()),
    "done": SUBMITTED,
    "answer": changed(CALL, means="portal"),
    "swap": Request("oncall swap", {"officer": "officer2"}),
}


def _table(name: str) -> object:
    return YAML(typ="safe", pure=True).load((FOLDER / name).read_text("utf-8"))


Good = Mapping[str, Mapping[str, Mapping[str, list[str]]]]
GOOD = [
    (topic, act, language, form)
    for topic, acts in TypeAdapter(Good).validate_python(_table("good_forms.yaml")).items()
    for act, languages in acts.items()
    for language, forms in languages.items()
    for form in forms
]


@each(("topic", "act", "language", "form"), GOOD)
def test_what_people_type_is_its_one_act(topic: str, act: str, language: str, form: str) -> None:
    """Whatever stands around the words without changing them; the answer comes in the language of the words."""
    found = read(form, form, about(Topic(topic)))
    assert isinstance(found, Understood), found
    assert found.requests == (ACTS[act],)
    assert found.language in {language, "nl"}


HOSTILE = [
    (topic, form)
    for topic, forms in TypeAdapter(Mapping[str, list[str]]).validate_python(_table("hostile_forms.yaml")).items()
    for form in forms
]


@each(("topic", "form"), HOSTILE)
def test_what_only_looks_like_a_reply_is_no_act(topic: str, form: str) -> None:
    """A denial, doubt, condition, question or joke, two verbs, somebody else's words, look-alike letters."""
    found = read(form, form, about(Topic(topic)))
    assert isinstance(found, NotUnderstood), found


HOSTILE_WORDS = (
    "niet", "nee", "geen", "nooit", "nog niet", "misschien", "wellicht", "denk ik", "lijkt me", "toch", "maar", "of",
    "als", "mits", "tenzij", "indien", "zodra", "wacht", "stop", "eerst", "straks", "morgen", "bijna", "wie", "?",
    "grapje", "zogenaamd", "not", "no", "never", "don't", "maybe", "perhaps", "i think", "but", "or", "if", "unless",
    "until", "when", "once", "wait", "first", "later", "almost", "who", "joking", "so-called",
    "\U0001f914", "\U0001f44e", "\u274c", "\u2753",
)  # fmt: skip
DENIALS = frozenset({"niet", "not"})
"""Before "sent" they say that a mail was not sent, which is an act of its own: never that it was."""
TEXTS = {"ask": "op welk", "decline": "een mening", "reject": "de toon"}
TIMED = frozenset({"called", "called uncounted", "done", "answer"})
_CLOSED = re.compile(r".*(?:4[05]|gebeld|called|gedaan|done|antwoord)", re.IGNORECASE)


def _closed_part(act: str, form: str) -> int:
    """Returns the length of the form up to its free text, which may hold any word."""
    if act in TIMED and (found := _CLOSED.match(form)):
        return found.end()
    return len(form[: form.index(TEXTS[act])].rstrip(" :;,.-(")) if act in TEXTS else len(form) + 1


def _with_a_word_in_it(act: str, form: str, word: str) -> Iterator[str]:
    """Yields the form with the word at each place before its free text."""
    words = form.split(" ")
    closed = _closed_part(act, form)
    for at in range(len(words) + 1):
        if len(" ".join(words[:at])) < closed:
            yield " ".join((*words[:at], word, *words[at:]))


@each("number", range(len(HOSTILE_WORDS)))
def test_no_form_acts_with_a_hostile_word_in_it(number: int) -> None:
    """Wherever the word stands in a good form; each word is put into every fourth of them."""
    word = HOSTILE_WORDS[number]
    for topic, act, _, form in GOOD[number % 4 :: 4]:
        for hostile in _with_a_word_in_it(act, form, word) if "\n" not in form else ():
            found = read(hostile, hostile, about(Topic(topic)))
            denied = isinstance(found, Understood) and found.requests == (ACTS["not sent"],)
            assert isinstance(found, NotUnderstood) or (denied and act == "sent now" and word in DENIALS), hostile


LONG = (
    "a\u0301\u0327" * 33_000, "\u0334" * 100_000, "ja " * 33_000, "- " * 50_000 + "ok", "1-" * 50_000,
    "akkoord " * 12_500,    "gebeld 21:45 " + "x " * 50_000, "over aan " + "a " * 50_000,
    "123 " * 25_000, "ok\n" * 33_000, "nee, " * 20_000,
)  # fmt: skip


@each("text", LONG)
def test_a_long_reply_is_read_in_linear_time(text: str) -> None:
    """100 kB of accents, separators, verbs or codes take no longer than as much of anything else."""
    for topic in (Topic.APPROVAL, Topic.UNDECIDED):
        begun = process_time()
        read(text, text, about(topic))
        assert within(process_time() - begun, 5), topic
