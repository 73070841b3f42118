# SPDX-License-Identifier: EUPL-1.2
"""The draft as a form: YAML with what is known in comments, in the desk's language, for a person to fill in."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from flaggermail.record.case_values import LanguageCode
from flaggermail.report.use_section import MEANS, Style
from flaggermail.report.values import ContactFacts, ReportFacts, UseFacts
from flaggermail.settings.reply_words import outcome_word
from flaggermail.wording.report import FormText

LONGEST = 4000  # characters of one text of a person

_NAME = r"(?:'[a-z]-)?[A-Z][\w'-]*"
_AUTHORITY = re.compile(
    r"\b(?:[Gg]emeente|[Pp]rovincie|[Ww]aterschap|[Mm]unicipality of|[Pp]rovince of|[Ww]ater authority(?: of)?)\s+"
    rf"({_NAME}(?: (?:(?:aan|de|den|op|van) ){{0,2}}{_NAME})*)"
)
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs"})  # control, format (bidirectional too), private use, surrogates
_ORDINARY = frozenset("\n\t\u00ad\u200c\u200d")  # line ends, the soft hyphen and the joiners of some scripts


def faults(text: str, outcomes: Iterable[str], consents: Iterable[str]) -> Iterator[str]:
    """Yields what is wrong with a text, as it continues the name of its key; `outcomes` may be empty."""
    if len(text) > LONGEST:
        yield f"has {len(text)} characters; at most {LONGEST}"
        return
    hidden = next((sign for sign in text if unicodedata.category(sign) in _HIDDEN and sign not in _ORDINARY), None)
    if hidden is not None:
        yield f"holds the invisible character U+{ord(hidden):04X}; remove it"
    word = outcome_word(text, outcomes)
    if word is not None:
        yield f"holds {word!r}: what a platform did is not reported; say what its answer said about the matter"
    for name in _AUTHORITY.findall(text.replace("\u2019", "'")):
        if not any(_is_agreed(name.casefold(), one.casefold()) for one in consents):
            yield f"names {name}; leave the name out, or list it under `consents` with `consent: true`"


def _is_agreed(name: str, consent: str) -> bool:
    """True if the name, perhaps with further words behind it, is that of an authority which agreed."""
    return consent.endswith(name) or name.startswith(f"{consent} ")


_BOTH = tuple(LanguageCode)


@dataclass(frozen=True, slots=True)
class KnownOfUse:
    """What is shown beside a use: the reason on record, which nobody copies for the writer."""

    decided: str
    title: str


def empty(facts: ReportFacts, known: Mapping[str, KnownOfUse], languages: tuple[str, ...], style: Style) -> str:
    """Returns the form of an election with nothing filled in but its languages."""
    return "\n".join(_lines(facts, known, languages, style)) + "\n"


def _lines(
    facts: ReportFacts, known: Mapping[str, KnownOfUse], languages: tuple[str, ...], style: Style
) -> Iterator[str]:  # fmt: skip
    say = style.language
    yield from _comment(FormText.HEAD(election=facts.election).in_language(say))
    yield from _comment(FormText.RULES.words(say))
    yield ""
    yield from _comment(FormText.LANGUAGES.words(say))
    yield f"languages: [{', '.join(languages)}]"
    yield from _part("title", FormText.TITLE.words(say), 0)
    yield ""
    yield "uses:" if facts.uses else "uses: {}"
    for use in facts.uses:
        yield from _use(use, known[use.use.notification], style)
    yield ""
    yield from _comment(FormText.CONTACTS.words(say))
    yield "contacts:" if facts.contacts else "contacts: {}"
    for contact in facts.contacts:
        yield from _contact(contact, style)
    yield ""
    yield from _comment(FormText.PAPERS.words(say))
    yield '# earlier_papers: [{chamber: II, year: 2023-2024, dossier: "35165", number: 73, annex: ""}]'
    yield "earlier_papers: []"
    yield ""
    yield from _comment(FormText.CONSENTS.words(say))
    yield '# consents: [{name: "...", consent: true}]'
    yield "consents: []"
    yield from _part("remarks", FormText.REMARKS.words(say), 0)


def _use(told: UseFacts, known: KnownOfUse, style: Style) -> Iterator[str]:
    say, use = style.language, told.use
    at = style.at("", use.sent_at).text
    yield f"  {use.notification}:"
    yield from _comment(FormText.USE(platform=use.platform, at=at, channel=told.channel_name).in_language(say), 4)
    if known.title:
        yield from _comment(FormText.CASE_TITLE(title=known.title).in_language(say), 4)
    if known.decided:
        yield from _comment(FormText.DECIDED(reason=known.decided).in_language(say), 4)
    yield from _part("reason", FormText.REASON.words(say), 4)
    if told.answer:
        yield from _part("paraphrase", FormText.PARAPHRASE(command=told.shown_by).in_language(say), 4)
    else:
        yield from _comment(FormText.UNANSWERED.words(say), 4)


def _contact(contact: ContactFacts, style: Style) -> Iterator[str]:
    at, means = style.at("", contact.at).text, MEANS[contact.means].words(style.language)
    said = FormText.CONTACT(case=contact.case, at=at, means=means, command=f"flaggermail case show {contact.case}")
    yield f"  {contact.id}:"
    yield from _comment(said.in_language(style.language), 4)
    yield "    leave_out: false"
    yield from _part("words", FormText.WORDS.words(style.language), 4)


def _part(key: str, comment: str, indent: int) -> Iterator[str]:
    """Yields a key with a place for each language."""
    if not indent:
        yield ""
    yield from _comment(comment, indent)
    yield f"{' ' * indent}{key}:"
    yield from (f'{" " * indent}  {language}: ""' for language in _BOTH)


def _comment(text: str, indent: int = 0) -> Iterator[str]:
    """Yields a comment on one line; what somebody wrote cannot end it."""
    quoted = json.dumps(" ".join(text.split()), ensure_ascii=False)[1:-1].replace('\\"', '"')
    yield f"{' ' * indent}# {quoted}"
