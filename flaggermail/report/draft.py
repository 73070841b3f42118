# SPDX-License-Identifier: EUPL-1.2
"""Reads the draft of a report, a YAML file that a person fills in; each fault is named by file, line and column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from flaggermail.errors import ConfigurationError
from flaggermail.record.case_values import CaseType, LanguageCode
from flaggermail.report import form
from flaggermail.report.values import (
    BothLanguages,
    Colophon,
    ContactWords,
    Paper,
    ReportFacts,
    UseWords,
    WrittenParts,
)
from flaggermail.settings.model import Settings
from flaggermail.settings.sections import ColophonSettings
from flaggermail.settings.yaml_files.faults import checked
from flaggermail.settings.yaml_files.kinds import Model, Names, Text, shape
from flaggermail.settings.yaml_files.plain import Key
from flaggermail.settings.yaml_files.source import FileFault, read_text
from flaggermail.wording.report import MissingWords
from flaggermail.wording.said import StoredText

LONGEST_DRAFT = 400_000  # characters


def _as_text(value: object) -> object:
    """Returns what was written without quotes as text: a dossier's number, or nothing at all."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _dossier(value: str) -> str:
    """Returns the number of a dossier without the space or point in it."""
    return value[:2] + value[2:].lstrip(" .") if value[2:3] in {" ", "."} else value


Words = Annotated[str, BeforeValidator(_as_text)]
SessionYear = Annotated[
    str, BeforeValidator(_as_text), shape(r"\d{4}-\d{4}", "is no session year; write it in the form 2023-2024")
]
Dossier = Annotated[
    str,
    BeforeValidator(_as_text),
    shape(r"\d{2}[ .]?\d{3}(?: [IVXLC]+)?", "is no number of a dossier; write five digits, such as 35165"),
    AfterValidator(_dossier),
]


class WordsPart(Model):
    """The same in each language; a further one has a key of its own, as these two."""

    nl: Words = ""
    en: Words = ""
    for _code in LanguageCode:
        __annotations__.setdefault(_code.value, "Words")
        locals().setdefault(_code.value, "")


class UsePart(Model):
    """A person's words about one use."""

    reason: WordsPart = WordsPart()
    paraphrase: WordsPart = WordsPart()


class ContactPart(Model):
    """A person's words about one contact."""

    words: WordsPart = WordsPart()
    leave_out: bool = False


class PaperPart(Model):
    """One parliamentary paper."""

    chamber: Annotated[str, shape("I|II", "is no chamber; write I or II")]
    year: SessionYear
    dossier: Dossier
    number: int = Field(ge=1)
    annex: Words = ""


class ColophonPart(Model):
    """The last page."""

    publisher: WordsPart = WordsPart()
    address: WordsPart = WordsPart()
    telephone: Words = ""
    hours: WordsPart = WordsPart()


class ConsentPart(Model):
    """An authority that may be named."""

    name: Text
    consent: bool


class DraftFile(Model):
    """The draft."""

    languages: tuple[LanguageCode, ...] = ()
    title: WordsPart = WordsPart()
    uses: Mapping[str, UsePart] = Field(default_factory=dict)
    contacts: Mapping[str, ContactPart] = Field(default_factory=dict)
    earlier_papers: tuple[PaperPart, ...] = ()
    colophon: ColophonPart | None = None
    consents: tuple[ConsentPart, ...] = ()
    remarks: WordsPart = WordsPart()


def read(text: str, name: str, facts: ReportFacts, settings: Settings) -> WrittenParts:
    """Returns what a draft says; `name` is that of its file. Raises ConfigurationError with one line per fault."""
    if len(text) > LONGEST_DRAFT:
        raise ConfigurationError(f"{name}:1:1: has {len(text)} characters; at most {LONGEST_DRAFT}")
    source = read_text(text, name)
    file = checked(DraftFile, source)
    faults: list[FileFault] = list(source.faults)
    if file is not None:
        faults += [source.fault(key, words) for key, words in _Checks(file, facts, settings.outcome_words).found()]
    if file is None or faults:
        raise ConfigurationError(*map(str, sorted(set(faults))))
    colophon = file.colophon or settings.desk.report.colophon
    return WrittenParts(
        languages=file.languages or (settings.desk.organisation.language,),
        title=by_language(file.title),
        uses={
            number: UseWords(reason=by_language(part.reason), paraphrase=by_language(part.paraphrase))
            for number, part in file.uses.items()
        },
        contacts={
            note: ContactWords(words=by_language(part.words), leave_out=part.leave_out)
            for note, part in file.contacts.items()
        },
        papers=tuple(Paper(**paper.model_dump()) for paper in file.earlier_papers),
        colophon=None if colophon is None else _colophon(colophon),
        remarks=by_language(file.remarks),
        consents=tuple(one.name for one in file.consents if one.consent),
    )


@dataclass(frozen=True, slots=True)
class _Checks:
    """What the types of a draft do not say."""

    file: DraftFile
    facts: ReportFacts
    outcomes: tuple[str, ...]

    def found(self) -> Iterator[tuple[Key, str]]:
        """Yields each fault with its key."""
        file, types = self.file, {one.use.notification: one.about for one in self.facts.uses}
        if len(set(file.languages)) < len(file.languages):
            yield ("languages",), "names a language twice; keep it once"
        yield from _unknown("uses", file.uses, list(types), "use")
        yield from _unknown("contacts", file.contacts, [one.id for one in self.facts.contacts], "contact")
        yield from self._of(("title",), file.title, ())
        yield from self._of(("remarks",), file.remarks, self.outcomes)
        for number, use in file.uses.items():
            # Why an account or an advertisement was put to a platform is that it was blocked: no account of an outcome.
            about = types.get(number)
            free = about in {CaseType.CHANNEL, CaseType.ADVERT}
            yield from self._of(("uses", number, "reason"), use.reason, () if free else self.outcomes)
            yield from self._of(("uses", number, "paraphrase"), use.paraphrase, self.outcomes)
        for note, contact in file.contacts.items():
            yield from self._of(("contacts", note, "words"), contact.words, self.outcomes)
        for place, paper in enumerate(file.earlier_papers):
            first, second = (int(year) for year in paper.year.split("-"))
            if second != first + 1:
                yield ("earlier_papers", place, "year"), f"{paper.year!r} is no session year; write {first}-{first + 1}"
            for words in form.faults(paper.annex, (), self._consents()):
                yield ("earlier_papers", place, "annex"), words

    def _of(self, key: Key, words: WordsPart, outcomes: tuple[str, ...]) -> Iterator[tuple[Key, str]]:
        for language in LanguageCode:
            for fault in form.faults(getattr(words, language), outcomes, self._consents()):
                yield (*key, language.value), fault

    def _consents(self) -> list[str]:
        return [one.name for one in self.file.consents if one.consent]


def _unknown(
    section: str, named: Mapping[str, object], known: list[str], what: str
) -> Iterator[tuple[Key, str]]:  # fmt: skip
    for key in named:
        if key not in known:
            there = ", ".join(known) or "none"
            yield (section, key), f"is no {what} of this election; there are: {there}"


def by_language(words: WordsPart | Names) -> BothLanguages:
    """Returns words in each language."""
    return {language.value: getattr(words, language).strip() for language in LanguageCode}


def _colophon(part: ColophonPart | ColophonSettings) -> Colophon:
    publisher, address, hours = map(by_language, (part.publisher, part.address, part.hours))
    return Colophon(publisher=publisher, address=address, telephone=part.telephone, hours=hours)


def missing(written: WrittenParts, facts: ReportFacts) -> Iterator[StoredText]:
    """Yields what is still to be written before the report may be frozen, with the command that shows its matter."""
    for language in written.languages:
        for told in facts.uses:
            number = told.use.notification
            words = written.uses.get(number)
            if words is None or not words.reason.get(language):
                yield _lacks(f"uses.{number}.reason.{language}", f"flaggermail case show {told.use.case}")
            if told.answer and (words is None or not words.paraphrase.get(language)):
                yield _lacks(f"uses.{number}.paraphrase.{language}", told.shown_by)
        for contact in facts.contacts:
            said = written.contacts.get(contact.id)
            if said is None or not (said.leave_out or said.words.get(language)):
                yield _lacks(f"contacts.{contact.id}.words.{language}", f"flaggermail case show {contact.case}")


def _lacks(field: str, command: str) -> StoredText:
    return MissingWords.FIELD(field=field, command=command)
