# SPDX-License-Identifier: EUPL-1.2
"""The schema of the rules folder: rule files, and the files beside sample mails.

It has no word for outgoing mail, for the actions of a platform or for removing mail, so no rule can send to a platform,
record an outcome or drop a message.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal

import re2
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from flaggermail.mail.message import MechanicalKind, NoReceipt, SenderVerdict
from flaggermail.record.case_values import CaseType, Priority, Source
from flaggermail.rules.classifier import AnswerTemplate, Stage, Statement
from flaggermail.rules.conditions import Wording, is_pattern, wording
from flaggermail.rules.statements import Family, Stated
from flaggermail.settings.yaml_files.kinds import Code, Domain, MailAddress, Model, Text

_OPTIONS = re2.Options()
_OPTIONS.case_sensitive = False
_OPTIONS.log_errors = False  # otherwise RE2 writes to standard error
_UNITS = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3}
_SIZE = re.compile(r"(\d{1,9})\s*([kmg]?b?)", re.IGNORECASE)
_UNLIKE_TEXTS = ("Geachte collega", "What is up")
_FEWEST_WORDS = 5
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


def _searchable(written: str) -> str:
    """Accepts an entry that RE2 can compile and that does not match every text."""
    try:
        compiled = re2.compile(wording(written).pattern, options=_OPTIONS)
    except re2.error as error:
        said = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"is refused by RE2 ({said}); RE2 has no look-around and no back-references") from None
    if compiled.search("") is not None:
        raise ValueError("matches the empty text, so it would match every mail; ask for at least one letter")
    return written


def is_everywhere(entry: Wording) -> bool:
    """True if an entry is found in texts that have no word in common, and so in every text."""
    compiled = re2.compile(entry.pattern, options=_OPTIONS)
    return all(compiled.search(text) is not None for text in _UNLIKE_TEXTS)


def _pattern(written: str) -> str:
    if not is_pattern(written):
        raise ValueError(r"is no pattern; write it between two slashes, such as '/#\d{3,}/'")
    return written


def _octets(value: object) -> object:
    """Converts `5 MB` to a number of octets."""
    if not isinstance(value, str):
        return value
    size = _SIZE.fullmatch(value.strip())
    if size is None or size[2].lower() not in _UNITS:
        raise ValueError("is no size; write octets, or a number with kB, MB or GB")
    return int(size[1]) * _UNITS[size[2].lower()]


def _place(value: str) -> str:
    if not ("." in value or re.fullmatch(r"[a-z0-9][a-z0-9_-]*", value)):
        raise ValueError(
            "is neither a domain nor the name of a list; write a domain with its dot, or NAME of lists/NAME.txt"
        )
    return value


def _field(value: str) -> str:
    if not _FIELD.fullmatch(value):
        raise ValueError("is no header field; write its name without the colon, such as X-Mailer")
    return value


def _enough_words(words: tuple[str, ...]) -> tuple[str, ...]:
    if len(words) < _FEWEST_WORDS:
        raise ValueError(f"has too few words to tell a language by; write at least {_FEWEST_WORDS}")
    return words


Entry = Annotated[Text, AfterValidator(_searchable)]
Pattern = Annotated[Text, AfterValidator(_pattern), AfterValidator(_searchable)]
Entries = Annotated[tuple[Entry, ...], Field(min_length=1)]
Place = Annotated[Text, AfterValidator(_place)]
FieldName = Annotated[str, AfterValidator(_field)]
Size = Annotated[
    int,
    BeforeValidator(_octets),
    Field(ge=0),
    WithJsonSchema({"type": ["integer", "string"], "pattern": r"^\d{1,9}\s*[kKmMgG]?[bB]?$"}),
]

# The kinds that an incoming mail can have, by the stage that may set them.
Incoming = Literal[
    "referral", "platform_ack", "substantive_reply", "auto_reply", "bounce", "delivered", "feedback_report",
    "citizen_report", "noise", "officer_reply",
]  # fmt: skip
KINDS_OF: dict[Stage, frozenset[str]] = {
    Stage.MACHINE: frozenset({"auto_reply", "platform_ack", "bounce", "delivered", "feedback_report", "noise"}),
    Stage.SENDER: frozenset(),
    Stage.PLATFORM: frozenset({"auto_reply", "platform_ack", "substantive_reply", "noise"}),
    Stage.REFERRAL: frozenset({"referral", "officer_reply"}),
    Stage.CITIZEN: frozenset({"citizen_report"}),
    Stage.NOISE: frozenset({"noise"}),
}


class _Bounds(Model):
    """Inclusive bounds of a number."""

    @model_validator(mode="after")
    def _in_order(self) -> _Bounds:
        least, most = getattr(self, "at_least", None), getattr(self, "at_most", None)
        if least is None and most is None:
            raise ValueError("needs `at_least:`, `at_most:` or both")
        if least is not None and most is not None and least > most:
            raise ValueError("can hold for no mail: at_least is more than at_most")
        return self


class OctetsBetween(_Bounds):
    """Bounds of a size in octets."""

    at_least: Size | None = None
    at_most: Size | None = None


class MinutesBetween(_Bounds):
    """Bounds of a time in minutes."""

    at_least: Annotated[int, Field(ge=0)] | None = None
    at_most: Annotated[int, Field(ge=0)] | None = None


class WhenSettings(Model):
    """The conditions of a rule; all of them must hold. A list holds if one of its entries does."""

    all: Annotated[tuple[WhenSettings, ...], Field(min_length=1)] | None = None
    any: Annotated[tuple[WhenSettings, ...], Field(min_length=1)] | None = None
    not_: WhenSettings | None = Field(default=None, alias="not")
    mechanical: Annotated[tuple[MechanicalKind, ...], Field(min_length=1)] | None = None
    no_receipt: Annotated[tuple[NoReceipt, ...], Field(min_length=1)] | None = None
    sender: Annotated[tuple[MailAddress, ...], Field(min_length=1)] | None = None
    domain: Annotated[tuple[Place, ...], Field(min_length=1)] | None = None
    from_platform: bool | None = None
    from_officer: bool | None = None
    platform: Annotated[tuple[Code, ...], Field(min_length=1)] | None = None
    channel: Annotated[tuple[Code, ...], Field(min_length=1)] | None = None
    verdict: Annotated[tuple[SenderVerdict, ...], Field(min_length=1)] | None = None
    placed: bool | None = None
    suggested: bool | None = None
    minutes_since_notification: MinutesBetween | None = None
    election_period: bool | None = None
    declined_before: bool | None = None
    forwarded: bool | None = None
    has_attachment: bool | None = None
    attachment: Entries | None = None
    size: OctetsBetween | None = None
    language: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    states: Annotated[tuple[Stated, ...], Field(min_length=1)] | None = None
    header: Annotated[dict[FieldName, Entries], Field(min_length=1)] | None = None
    subject: Entries | None = None
    body: Entries | None = None
    reply: Entries | None = None


class ThenSettings(Model):
    """The classification of a mail for which all conditions of the rule hold."""

    kind: Incoming | None = None
    kinds: tuple[Incoming, ...] = ()
    source: Source | None = None
    case_type: CaseType | None = None
    template: AnswerTemplate | None = None
    reference: Pattern | None = None
    says: Statement | None = None
    priority: Priority | None = None
    labels: tuple[Code, ...] = ()


class SamplesSettings(Model):
    """The sample mails of a rule: files `samples/NAME.eml`."""

    match: tuple[Text, ...] = ()
    not_match: tuple[Text, ...] = ()


class RuleSettings(Model):
    """One rule."""

    name: Text
    when: WhenSettings
    then: ThenSettings
    samples: SamplesSettings = SamplesSettings.unchecked()


class RulesFile(Model):
    """One file of rules, all of one stage."""

    stage: Stage
    rules: tuple[RuleSettings, ...] = ()


class Placed(StrEnum):
    """What a sample mail answers."""

    CASE = "case"
    NOTIFICATION = "notification"


class GivenSettings(Model):
    """What was known when a sample mail came in."""

    verdict: SenderVerdict = SenderVerdict.VERIFIED
    placed: Placed | None = None
    suggested: bool = False
    channel: Code | None = None
    minutes: Annotated[int, Field(ge=0)] | None = None
    period: bool = True
    declined_before: bool = False


class SampleFile(Model):
    """`samples/NAME.yaml`: what a sample mail demonstrates."""

    about: Text
    given: GivenSettings = GivenSettings.unchecked()
    decided_by: Literal["nobody"] | None = None


class WhoFile(Model):
    """`samples/who.yaml`: the domains and addresses in the sample mails, independent of the desk's own lists."""

    mailbox: MailAddress
    lists: dict[Code, tuple[Domain, ...]] = Field(default_factory=dict)
    platforms: dict[Code, tuple[Domain, ...]] = Field(default_factory=dict)
    channels: dict[Code, Code] = Field(default_factory=dict)
    officers: tuple[MailAddress, ...] = ()


class LanguagesFile(Model):
    """`languages.yaml`: the function words that identify a language."""

    languages: dict[Code, Annotated[tuple[Text, ...], AfterValidator(_enough_words)]] = Field(min_length=1)


class AnswerLanguage(Model):
    """The words of one language by which a platform's mail is read."""

    spelled: dict[Text, str] = Field(default_factory=dict)
    participle: str = ""
    words: dict[Family, str]  # between commas: as many nodes as there are words would take a fifth of a second to read


class AnswerWordsFile(Model):
    """`answer-words.yaml`: the families of words of `rules.statements`."""

    languages: dict[Code, AnswerLanguage]
