# SPDX-License-Identifier: EUPL-1.2
"""Every sentence that the program says by code has its words in both languages, and is said with its details."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest

from flaggermail.annex.redaction.marks import PrintedPart
from flaggermail.errors import Refusal
from flaggermail.health.findings import HealthLimits, Measured, findings
from flaggermail.record.case_values import CaseType, LanguageCode, Source, Topic
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Place
from flaggermail.record.states import MailState
from flaggermail.replies import case_form, verbs
from flaggermail.settings.mistakes import SORTS
from flaggermail.wording import catalogues
from flaggermail.wording.alarms import AlarmText, Health, HealthPlace
from flaggermail.wording.annex import MarkedPlace
from flaggermail.wording.catalogues import NotWorded, catalogue, details_of, languages, locale, sets
from flaggermail.wording.filing import FilingReason, SuggestionText
from flaggermail.wording.hints import HintByCommand, HintByMail
from flaggermail.wording.pages import EventWord, ScreenText
from flaggermail.wording.pieces import MailWord, MeantimeAct, RefusalPart, SourceWord, TypeWord
from flaggermail.wording.refusals import CommandRefusal, ReportRefusal, SendingRefusal, ViewRefusal
from flaggermail.wording.said import Sentence, StoredText, as_written, counted, every
from flaggermail.wording.sheets import PlaceWord
from tests.corpus import each
from tests.tools.dutch import english_in
from tests.tools.said import sample

PACKAGE = Path(__file__).parents[3] / "flaggermail"
ROOMS_OF_THE_TERMINAL = ("cli/",)
LIMITS = HealthLimits(free=500, clock=timedelta(seconds=90), certificate=timedelta(days=30))
SETS = frozenset(type(one).__name__ for one in every().values())


@each("language", languages())
@each("of", sets())
def test_a_catalogue_has_the_sentences_of_its_set_and_no_other(language: str, of: str) -> None:
    """Each language words each code of an enumeration, in its order, and nothing else."""
    here = [code for code, one in every().items() if type(one).__module__ == f"flaggermail.wording.{of}"]
    assert list(catalogue(language, of)) == here


@each("code", sorted(every()))
def test_a_sentence_is_said_in_every_language(code: str) -> None:
    """Each sentence is worded in each language without a gap, with the same details, and without English in Dutch."""
    sentence = every()[code]
    said = sample(sentence)
    for language in languages():
        assert said.in_language(language).strip(), language
        assert not re.search(r"[{}]", said.in_language(language))
        assert details_of(sentence.words(language)) == sentence.details
        assert all(name.isidentifier() for name in sentence.details)
    assert english_in(said.in_language("nl")) == []


def test_each_kind_of_event_has_its_words_and_nothing_else_has() -> None:
    """Pages show an event by the words whose code ends in its kind, in the order of the kinds."""
    assert [word.value for word in EventWord] == [f"event: {kind}" for kind in EventKind]


@each(
    "said, of",
    [(set(MeantimeAct) - {MeantimeAct.CHANGED}, EventKind), (set(MarkedPlace), PrintedPart), (set(PlaceWord), Place)],
)
def test_what_is_said_by_the_name_of_a_value_has_that_name(said: set[Sentence], of: type[StrEnum]) -> None:
    """Each of these sentences is said of a value of its name."""
    assert {one.name for one in said} <= of.__members__.keys()


def test_some_english_is_found() -> None:
    """The words that this file looks for are those of the sentences: nearly every English one has some."""
    long = [sample(one).english for one in every().values() if len(one.words("en").split()) > 6]
    found = [said for said in long if not english_in(said)]
    assert len(found) < len(every()) // 20, found


@pytest.mark.parametrize("details", [{"case": "VF-1", "draft": "1"}, {"draft": "1"}])
def test_a_sentence_is_not_said_with_other_details(details: dict[str, str]) -> None:
    """A detail that is missing, or is none of the sentence, is refused where the sentence is said."""
    with pytest.raises(NotWorded, match="case closed already: has the details"):
        CommandRefusal.CASE_CLOSED_ALREADY(**details)


@pytest.fixture(name="french")
def folder_of_french(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A third language, whose folder is all that is added."""
    monkeypatch.setattr(catalogues, "FOLDERS", [*catalogues.FOLDERS, tmp_path])
    (tmp_path / "fr").mkdir()
    catalogue.cache_clear()
    yield tmp_path / "fr"
    catalogue.cache_clear()
    locale.cache_clear()


def test_nothing_is_worded_in_another_language(french: Path) -> None:
    """A language without a catalogue, or a catalogue without a sentence, ends in an error and in no other words."""
    said = CommandRefusal.CASE_CLOSED_ALREADY(case="VF-1")
    with pytest.raises(NotWorded, match="no words in 'fr' for refusals"):
        said.in_language("fr")
    (french / "refusals.toml").write_text('"no such row" = "{table} {key}"\n')
    assert CommandRefusal.NO_SUCH_ROW(table="mail", key="7").in_language("fr") == "mail 7"
    with pytest.raises(NotWorded, match="case closed already: no words in 'fr'"):
        said.in_language("fr")


def test_a_language_has_its_own_plural(french: Path) -> None:
    """A number has the form that the language's rule names, of as many as the language has; two counts fit."""
    polish = "n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2"
    there = replace(locale("en"), forms=3, plural=polish)
    assert [there.counted(n, "plik", "pliki", "plików") for n in (1, 2, 5, 22)] == (
        ["1 plik", "2 pliki", "5 plików", "22 pliki"]
    )
    with pytest.raises(NotWorded, match="2 forms of a plural, of 3"):
        there.counted(1, "a", "b")
    (french / "locale.toml").write_bytes((PACKAGE / "wording" / "en" / "locale.toml").read_bytes())
    (french / "refusals.toml").write_text('"no such row" = "{table:mail|mails}, {key:jour|jours}"\n')
    assert CommandRefusal.NO_SUCH_ROW(table=1, key=2).in_language("fr") == "1 mail, 2 jours"
    assert languages() == ("en", "fr", "nl")


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Yields the calls of a module that say a sentence, each with the name of the sentence."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id in SETS and node.func.attr.isupper():
                yield f"{owner.id}.{node.func.attr}", node


def test_every_call_gives_the_details_of_its_sentence() -> None:
    """Whoever says a sentence gives each detail that its words name, and no other."""
    sentences = {f"{type(one).__name__}.{one.name}": one for one in every().values()}
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for name, call in calls(path):
            given = {word.arg for word in call.keywords}
            if None not in given and given != sentences[name].details:
                wrong.append(f"{path.relative_to(PACKAGE)}:{call.lineno}: {name}")
    assert wrong == []


def test_each_heading_of_a_catalogue_names_the_set_below_it() -> None:
    """By the name that the set has in Python, in both languages."""
    headings = [
        (path.relative_to(PACKAGE), *found)
        for path in sorted((PACKAGE / "wording").glob("*/*.toml"))
        for found in re.findall(r'^# (\w+): .*\n(?:#.*\n)*"([^"]+)"', path.read_text("utf-8"), re.MULTILINE)
    ]
    assert len(headings) > 100
    sentences = every()
    assert [one for one in headings if type(sentences[one[2]]).__name__ != one[1]] == []


def test_every_sentence_is_said_somewhere() -> None:
    """No sentence is left over."""
    text = "\n".join(path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py")) if path.parent.name != "wording")
    text += "".join((PACKAGE / "wording" / name).read_text("utf-8") for name in ("said.py", "hints.py"))
    answers = (PACKAGE / "adapters" / "server_answers" / "answers.yaml").read_text("utf-8")
    named = set(re.findall(r"\b[A-Z]\w+\.[A-Z][A-Z0-9_]*\b", text))
    named |= {f"{type(one).__name__}.{one.name}" for one in every().values() if f'"{one.value}"' in answers}
    pages = "".join(
        path.read_text("utf-8") for path in sorted((PACKAGE / "door" / "pages" / "templates").glob("*.html"))
    )
    said = set(re.findall(r"say\('(\w+)'", pages))
    assert said <= ScreenText.__members__.keys()  # as no list but the English catalogue holds them
    named |= {f"ScreenText.{name}" for name in said}
    left = {f"{type(one).__name__}.{one.name}" for one in every().values()} - named
    by_name = (
        "OutboxFindingText.",
        "ArchiveFlaw.",
        "ArchiveRemedy.",
        "AlarmName.",
        "TypeWord.",
        "SourceWord.",
        "DecisionWord.",
        "WaitedWord.",
        "MailWord.",
        "CaseStateWord.",
        "ClockWord.",
        "NotificationWord.",
        "VerdictWord.",
        "AspectWord.",
        "CountsWord.",
        "DeclineGroundWord.",
        "StatusWord.",
        "EventWord.",
        "MeantimeAct.",
        "MarkedPlace.",
        "PlaceWord.",
        "WooGround.",
        "OnlineFinding.",
        "OnlineRemedy.",
        "OnlineStep.",
        "MachineStatement.",
        "ReadingField.",
        "RequestValue.",
        "ActPart.",
        "HintByCommand.",
        "HintByMail.",
        "Dossier",
    )  # said by the name of a value
    assert {one for one in left if not one.startswith(by_name)} == set()


def is_plain_name(module: str, given: ast.expr) -> bool:
    """True for the name of a constant of that module that is plain text."""
    if not isinstance(given, ast.Name) or not given.id.isupper():
        return False
    found = getattr(import_module(f"flaggermail.{module.removesuffix('.py').replace('/', '.')}"), given.id)
    return not isinstance(found, StoredText)


def test_a_refusal_below_the_terminal_is_a_sentence() -> None:
    """Only what a terminal alone can refuse, such as a file that is there already, is refused in plain English."""
    plain = [
        f"{name}:{node.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if not (name := path.relative_to(PACKAGE).as_posix()).startswith(ROOMS_OF_THE_TERMINAL)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Refusal", "NotFound"}
        if any(isinstance(given, ast.Constant | ast.JoinedStr) or is_plain_name(name, given) for given in node.args)
    ]
    assert plain == []


def test_a_refusal_reads_in_english_and_is_said_in_dutch() -> None:
    """The text of a refusal is its English sentence, as a terminal shows it."""
    refusal = Refusal(CommandRefusal.OBSERVING(what=RefusalPart.CASE(key="VF-1")))
    assert str(refusal).startswith("case VF-1: the desk observes and sends nothing")
    assert refusal.said.in_language("nl").startswith("zaak VF-1: de desk kijkt alleen mee")
    assert str(Refusal("only here")) == Refusal("only here").said.in_language("nl") == "only here"


REFUSALS = (*CommandRefusal, *ReportRefusal, *SendingRefusal, *ViewRefusal)
HINTS = {one.value.partition(": ")[2]: one for one in HintByCommand}
LINE = re.compile(r"`flaggermail|(?<!\w)--[a-z]")
TOLD_APART = {
    SendingRefusal.WITHHELD,
    SendingRefusal.WITHHELD_DRAFT,
    ViewRefusal.REPLAY_HAS_NO_SERVERS,
}  # alarms and states of a mail, whose reader was refused nothing; one that begins with what was typed, and only there


def test_a_refusal_says_the_fact_and_its_hint_the_line() -> None:
    """No refusal names a line of a terminal; what to do is a hint, of its code in each way of reading it."""
    lines = [one.name for one in REFUSALS for language in languages() if LINE.search(one.words(language))]
    assert set(lines) == {one.name for one in TOLD_APART}
    assert [one.name for one in HintByCommand] == [one.name for one in HintByMail]
    assert HINTS.keys() == {one.value.partition(": ")[2] for one in HintByMail}
    by_code = {one.value: one for one in REFUSALS}
    assert all(one.details <= by_code[code].details for code, one in HINTS.items())


def test_a_hint_fits_the_way_in_which_it_is_read() -> None:
    """A terminal shows a command; a mail shows the line to answer with, in the reader's language."""
    refusal = Refusal(CommandRefusal.POLICY_DAY_TO_REPEAT(draft="7/1", day="2027-03-17"))
    fact = "draft 7/1: the policy was read on 2027-03-17; see whether it still reads so, then repeat that day; "
    assert str(refusal) == f"{fact}`flaggermail approve 7/1 --policy-read 2027-03-17`"
    assert refusal.by_mail.english == f"{fact}answer `approve CODE 2027-03-17`"
    assert refusal.by_mail.in_language("nl").endswith("; antwoord `akkoord CODE 2027-03-17`")
    assert refusal.said.code == "policy day to repeat"
    assert Refusal(CommandRefusal.CASE_CLOSED_ALREADY(case="VF-1")).by_mail == CommandRefusal.CASE_CLOSED_ALREADY(
        case="VF-1"
    )


FORM = case_form.SentForm(mark="m", language=LanguageCode.EN)


@each("language", LanguageCode)
def test_a_hint_offers_a_reply_that_is_understood(language: LanguageCode) -> None:
    """Each line that a mail offers begins with a word that a reply or the form has in that language."""
    known = [line for topic in Topic for line in verbs.would_work(topic, language)]
    known += case_form.filled_form(replace(FORM, language=language)).splitlines()
    words = {re.split(r"[ :]", line)[0] for line in known}
    offered = [line for hint in HintByMail for line in re.findall(r"`([^`]+)`", hint.words(language))]
    begins = {re.split(r"[ :]", line)[0] for line in offered} - {"flaggermail"}
    assert len(begins) > 10
    assert begins <= words


def test_details_are_stored_apart_from_the_sentence() -> None:
    """What a person wrote stays a detail, even if it looks like a sentence of ours."""
    posing = str(FilingReason.UNKNOWN())
    said = FilingReason.LATE(reason=as_written(posing))
    assert said.detail("reason") == {"code": "as written", "text": posing}
    assert said.english == f"{posing}; taken in late"
    assert FilingReason.LATE(reason=FilingReason.UNKNOWN()).english == "no rule knows what it is; taken in late"
    assert as_written("{case} {0}").in_language("nl") == "{case} {0}"


def test_an_instant_or_a_score_is_said_in_words() -> None:
    """No Dutch sentence shows an instant as digits with its zone behind it, or a number that has no name."""
    bare = re.compile(r"\{\w+\} UTC|\(\{(?:score|count)\}\)")
    assert not [one for one in every().values() if bare.search(one.words("nl"))]


def test_several_details_are_listed() -> None:
    """Sentences are listed with semicolons, other details with commas."""
    assert SuggestionText.SUGGESTION(
        case="VF-1", score=60, why=[SuggestionText.NUMBER(), SuggestionText.CLOSED()]
    ).english == ("VF-1 (60): its number is named; the case is closed")
    assert CommandRefusal.NOT_ONE_OF(name="type", given="x", allowed=["a", "b"]).english.endswith("one of a, b")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "an old sentence",
        '{"code":"no such code"}',
        '{"code":',
        "[1]",
        '{"code":"filed: late"}',
    ],
)
def test_text_without_a_code_words_itself(text: str) -> None:
    """Whatever stands in a row can be shown, a sentence without its details too."""
    assert StoredText(text).in_language("nl") == StoredText(text).english == text


def test_a_number_has_the_noun_that_fits() -> None:
    """One minute is one minute."""
    assert [counted(n, "minuut", "minuten") for n in (0, 1, 2)] == ["0 minuten", "1 minuut", "2 minuten"]
    assert AlarmText.UNANSWERED(count=1, since="2024-06-06").in_language("nl").startswith("1 mail wacht ")


@pytest.mark.parametrize(
    ("words", "values"), [(TypeWord, CaseType), (SourceWord, Source), (MailWord, MailState)]
)  # fmt: skip
def test_every_closed_value_that_a_sentence_names_has_its_words(words: type[Sentence], values: type[StrEnum]) -> None:
    """Dutch words are no codes, such as A_content."""
    assert set(values.__members__) <= set(words.__members__)
    codes = {value.value for value in values} - {"media"}
    assert not codes & {words[name].words("nl") for name in values.__members__}


NOUNS = (
    "officers|approvers|mails|cases|lines|days|minutes|weeks|seconds|pagers|channels|elections|events|times|faults|"
    "warnings|files|messages|entries|rules|devices|characters|rows|attempts|octets|replies"
)
UNCOUNTED = re.compile(rf"(?<![\d.])\{{[a-z_]*\}} (?:{NOUNS})\b")
FOLLOWS = re.compile(rf" (?:{NOUNS})\b")
ROOMS_THAT_TELL = ("cli", "commands", "settings", "replay", "notices", "reminders", "adapters/files", "health", "desk")


def uncounted(path: Path) -> Iterator[str]:
    """Yields the strings of a module in which a plural follows a number that may be one."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.JoinedStr):
            continue
        for number, behind in pairwise(node.values):
            if (
                isinstance(number, ast.FormattedValue)
                and number.format_spec is None
                and not (isinstance(number.value, ast.Name) and number.value.id.isupper())
                and isinstance(behind, ast.Constant)
                and isinstance(behind.value, str)
                and FOLLOWS.match(behind.value)
            ):
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}: {behind.value}"


def test_one_officer_is_not_1_officers() -> None:
    """A number is said with the noun that fits it, in sentences, in what `check` says, and in other rooms that tell."""
    told = {code: one.words(language) for code, one in every().items() for language in languages()}
    told |= {code: sort.sentence for code, sort in SORTS.items()}
    assert [words for words in told.values() if UNCOUNTED.search(words)] == []
    modules = [path for room in ROOMS_THAT_TELL for path in sorted((PACKAGE / room).rglob("*.py"))]
    assert [found for path in modules for found in uncounted(path)] == []


def comparisons(path: Path) -> Iterator[str]:
    """Yields the places of a module at which something is compared with one language."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Compare):
            continue
        for side in (node.left, *node.comparators):
            written = isinstance(side, ast.Constant) and side.value in languages()
            named = isinstance(side, ast.Attribute) and ast.unparse(side.value) == "LanguageCode"
            if written or named:
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}: {ast.unparse(node)}"


def test_no_code_asks_which_language_it_is() -> None:
    """What differs by language is in its catalogue, its locale, or a table keyed by language."""
    assert [found for path in sorted(PACKAGE.rglob("*.py")) for found in comparisons(path)] == []


def test_no_code_stands_twice() -> None:
    """A code belongs to one sentence."""
    with pytest.raises(ValueError, match="two sentences have the code 'as written'"):

        class Again(Sentence):
            AGAIN = "as written"


@pytest.mark.outside
def test_a_row_is_read_that_says_what_no_module_imported_so_far_knows() -> None:
    """The set of a code is found by its catalogue."""
    stored = CommandRefusal.NO_SUCH_ROW(table="alarm", key="a1")
    asked = f"from flaggermail.wording.said import StoredText; print(StoredText({str(stored)!r}).english)"
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == stored.english


@pytest.mark.parametrize("stored", ["2027-03-17 10:00+01:00", "2027-03-17 10:00", "2027-03-17T10:00:00+01:00"])
def test_an_instant_is_said_in_words(stored: str) -> None:
    """Mail names a day and a time as people do, whatever form the record has; what is no instant stays as it is."""
    said = AlarmText.MAILBOX(folder="INBOX", at=stored)
    assert said.in_language("nl") == "INBOX was niet te lezen na 17 maart 2027 om 10:00"
    assert said.english == "INBOX could not be read after 17 March 2027 at 10:00"
    assert AlarmText.MAILBOX(folder="INBOX", at="soon").english == "INBOX could not be read after soon"


@each("one", [*AlarmText, *Health])
def test_an_alarm_names_no_instant_as_machines_write_it(one: AlarmText | Health) -> None:
    """In Dutch every instant of an alarm is in words; the English of a measurement is what `status` prints."""
    said = sample(one, dict.fromkeys(("at", "since"), "2027-03-17 10:00"))
    instants = {"at", "since"} & details_of(one.words("nl"))
    assert ("17 maart 2027 om 10:00" in said.in_language("nl")) is bool(instants)


@each("place", [*HealthPlace])
def test_what_is_measured_has_its_dutch_name(place: HealthPlace) -> None:
    """A disk or a certificate is named as people name it; the finding keeps its English name."""
    english, dutch = place.words("en"), place.words("nl")
    (finding,) = findings(Measured(free={english: 0}), LIMITS, datetime(2027, 3, 17, tzinfo=UTC))
    assert (finding.what, finding.shown.english) == (f"disk of {english}", f"disk of {english}")
    assert finding.shown.in_language("nl") == f"schijf van {dutch}"
