# SPDX-License-Identifier: EUPL-1.2
"""The shipped mail templates as rendered, and the faults found in wrong templates."""

import re
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import re2

from flaggermail.adapters.files import templates as file_templates
from flaggermail.adapters.files.template_engine import Formats, TemplateEngine, minutes_to
from flaggermail.adapters.files.template_engine import marked_lines as marked
from flaggermail.adapters.files.template_situations import (
    ALIKE,
    DECIDED,
    LISTED,
    MATTER,
    REASONED,
    STOPPED,
    usual,
    variants,
)
from flaggermail.adapters.files.templates import TRIED_WITH, FileTemplates, read_words
from flaggermail.errors import ConfigurationError
from flaggermail.letters.html_part import fixed, guarded
from flaggermail.letters.template_values import LANGUAGES, PLATFORM_TEMPLATES, REPORT_TEMPLATES, VALUES
from flaggermail.record.case_values import Item
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.rules.configuration import load
from flaggermail.rules.draft_patterns import load_draft_patterns
from flaggermail.rules.draft_policy import Requirements, faults
from flaggermail.wording.refusals import CommandRefusal
from tests.corpus import each
from tests.tools.dutch import english_in, english_in_mail

ROOT = Path(__file__).parents[3]
DIRECTORY = ROOT / "config" / "templates"
ZONE = ZoneInfo("Europe/Amsterdam")
TEMPLATES = FileTemplates(DIRECTORY, ZONE)
PATTERNS = load_draft_patterns(ROOT / "rules" / "drafts.yaml")


OURS = {
    "nl": {
        "organisation": "Ministerie van Voorbeelden en Koninkrijksrelaties",
        "election": "Europees Parlement 2024",
        "platforms": "Loudhailer en Omroeper",
        "title": "Oproep om twee vakjes te kleuren",
        "text": "Het bericht zegt dat twee vakjes kleuren mag. Dat maakt het stembiljet ongeldig.",
        "authority": "de gemeente Voorbeeldstad",
        "contact": "het hoofd communicatie, wie@voorbeeldstad.example",
        "reason": "het gaat over een verkiezingsbelofte.",
        "advice": "op uw eigen site uitleggen hoe het zit.",
        "next_step": "kijk wie dit oppakt.",
        "subject": "Bericht over twee vakjes",
        "what": "De mailbox is tien minuten niet bereikbaar.",
        "missing": ["attempts", "link"],
        "question": "Op welk platform stond het bericht?",
        "what_would_work": ["ok", "over aan NAAM"],
        "replies": ["ok", "over aan NAAM"],
        "form": "===== formulier 12ab34 =====\nonjuist:\nbesluit:\n===== einde 12ab34 =====",
        "acknowledged": "om 11:36, geldig tot 12:36",
    },
    "en": {
        "organisation": "Ministry of Examples and Kingdom Relations",
        "election": "European Parliament 2024",
        "platforms": "Loudhailer and Crier",
        "title": "Call to colour two boxes",
        "text": "The post says that two boxes may be coloured. That makes the ballot invalid.",
        "authority": "the municipality of Exampletown",
        "contact": "the head of communication, who@exampletown.example",
        "reason": "it is about a campaign promise.",
        "advice": "explain it on your own pages.",
        "next_step": "see who takes it.",
        "subject": "Post about two boxes",
        "what": "The mailbox was out of reach for ten minutes.",
        "missing": ["attempts", "link"],
        "question": "On which platform was the post?",
        "what_would_work": ["ok", "to NAME"],
        "replies": ["ok", "to NAME"],
        "form": "===== form 12ab34 =====\nincorrect:\ndecide:\n===== end 12ab34 =====",
        "acknowledged": "at 11:36, until 12:36",
    },
}

NUMBERLESS = {
    *REPORT_TEMPLATES,
    "debrief",
    "decline",
    "device_enrolled",
    "device_notice",
    "digest",
    "exercise_mark",
    "handover",
    "held_notices",
    "noise_digest",
    "quarantine_reminder",
    "readiness",
    "reminder_digest",
    "desk_summary",
}

NUMBER_FIRST = {
    *PLATFORM_TEMPLATES,
    "call_sheet",
    "decided_not_to_notify",
    "decided_to_notify",
    "information_request",
    "intake_confirmation",
    "referrer_reply",
}
"""Mail to platforms and referrers, whose number is the key by which their answers are placed."""

_NO_CASE = {  # not about a case
    *REPORT_TEMPLATES,
    "decline",
    "device_enrolled",
    "device_notice",
    "exercise_mark",
    "readiness",
}

WITH_OUR_WORDS = [name for name in PLATFORM_TEMPLATES if name != "own_text"]  # which the officer writes
EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


ADDRESSES = {
    "desk_address": "desk@ministry.example",
    "policy_url": "https://rules.loudhailer.example/civic-integrity",
    "sender": "A. Bode <a.bode@exampletown.example>",
    "to": ["urgent@loudhailer.example", "second@loudhailer.example"],
    "cc": ["copy@loudhailer.example"],
}


def values(name: str, language: str, changes: Mapping[str, object] | None = None) -> dict[str, object]:
    """Returns exactly the values that the callers of `name` pass, with texts of that language."""
    known = {**usual(name), **ADDRESSES, **OURS[language], "language": language, **(changes or {})}
    return {key: known[key] for key in VALUES[name]}


def mails(name: str, language: str) -> Iterator[str]:
    """Yields every variant as subject, empty line and body."""
    for changes in variants(name):
        mail = TEMPLATES.render(name, language, values(name, language, changes))
        yield f"{mail.subject}\n\n{fixed(mail.body)}"


def search(pattern: str, text: str) -> str | None:
    """Searches as the matcher in the adapters does: RE2, ignoring case."""
    match = re2.search(f"(?i){pattern}", text)
    return match.group() if match else None


def requirements(name: str, language: str, *, can_confirm: bool = True) -> Requirements:
    """Returns the requirements of product and platform for a draft made from `name`."""
    return Requirements(
        language=language,
        number="VF-EP2024-0001",
        policy_title="Civic integrity policy",
        policy_url="https://rules.loudhailer.example/civic-integrity",
        policy_read_on=date(2024, 5, 2),
        drafted_on=date(2024, 6, 6),
        can_confirm=can_confirm,
        follow_up=name == "follow_up",
    )


def sentences(text: str) -> list[str]:
    """Returns the sentences, paragraphs, and indented or marked lines."""
    return [part for part in re.split(r"(?<=[.?!:])\s+|\n\s*\n|\n(?=[ |-])", text) if part.strip()]


def test_the_shipped_templates_have_no_fault() -> None:
    """Every template exists in both languages and uses only the values its callers pass."""
    assert TEMPLATES.faults() == ()


@each("name", sorted(VALUES))
@each("language", LANGUAGES)
def test_every_template_reads_as_plain_text(name: str, language: str) -> None:
    """A mail has a one-line subject, lines up to 76 characters, no doubled empty line and no template syntax."""
    for mail in mails(name, language):
        assert not [line for line in mail.splitlines()[2:] if len(line) > (78 if line.startswith("| ") else 76)]
        assert len(mail.splitlines()[0]) <= 120
        assert "\n\n\n" not in mail
        assert not re.search(r"[{}%]|\bNone\b|[ \t]$|(?<=\S) {2,}|\r", mail, re.MULTILINE)
        assert mail.endswith("\n")
        assert not mail.endswith("\n\n")


UNFINISHED = re.compile(
    r"^(?:[|] )?(?:Van|Over|From|About|Doorgestuurd door|Forwarded by):? *(?:[(]|$)"  # a label, and nothing behind it
    r"|\b(?:van|from) +[(]|\A[^\n]*: *(?: \[|\n)|^  ,"
    r"|:\n\n[A-Z][^\n]*:\n"  # a colon, and then another subject
    r"|[(][^()\n]*[(]"  # brackets in brackets
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d",  # a time as machines write it
    re.MULTILINE,
)


@each("name", sorted(VALUES))
@each("language", LANGUAGES)
def test_nothing_is_announced_that_does_not_follow(name: str, language: str) -> None:
    """Behind each label and colon stands something, also of a mail without sender and subject."""
    for mail in mails(name, language):
        assert not (found := UNFINISHED.search(mail)), f"{found}\n{mail}"


@EVERY_LANGUAGE
def test_a_held_alarm_begins_with_a_capital(language: str) -> None:
    """In the list of held-back mail an alarm stands as a sentence on its own line, beside `Nieuwe zaak`."""
    entries = [line for mail in mails("held_notices", language) for line in re.findall(r"\n- \d.*\n  (\S)", mail)]
    assert entries
    assert all(first.isupper() for first in entries)


@each("name", sorted(VALUES))
@each("language", LANGUAGES)
def test_a_subject_begins_with_the_matter(name: str, language: str) -> None:
    """No subject spends its first words, which a phone shows, on that there is something."""
    for mail in mails(name, language):
        assert not re.match("Let op|Alarm:|Attentie|Bericht|Attention|Message", mail), mail.splitlines()[0]


@pytest.mark.parametrize(("name", "changes"), [
    ("officer_notice", {"minutes": 0, "kind": "platform answer", "clocks": [{**STOPPED, "minutes": 0}]}),
    ("reply_answer", {"did": [{"what": "confirmed", "clocks": [{**STOPPED, "minutes": 0}]}]}),
    ("alarm", {"minutes": 0}), ("reminder_handed_over", {"matters": [{**MATTER, "minutes": 0}]}),
])  # fmt: skip
@EVERY_LANGUAGE
def test_less_than_a_minute_is_not_counted(name: str, changes: Mapping[str, object], language: str) -> None:
    """What took less than a minute is said so, not as a count of none."""
    body = TEMPLATES.render(name, language, values(name, language, changes)).body
    assert re.search("minder dan een minuut|binnen een minuut|less than a minute|within a minute", body)
    assert not re.search(r"\b0 minut", body)


def test_an_alarm_names_case_platform_and_minutes_in_its_first_line() -> None:
    """As every other mail to an officer about a notification; long words of the alarm stand below it."""
    first, _, second = TEMPLATES.render("alarm", "nl", values("alarm", "nl")).body.splitlines()[:3]
    assert first == "Alarm: Oproep om twee vakjes te kleuren · Loudhailer · 60 minuten"
    assert second == "Niet zeker is of een mail aan een platform verzonden is."
    first = TEMPLATES.render("alarm", "nl", values("alarm", "nl", {"kind": "refused"})).body.splitlines()[0]
    assert first == "Een mail is geweigerd: Oproep om twee vakjes te kleuren · Loudhailer · 60 minuten"


LEADS = (
    "alarm", "approval_request", "approval_notice", "case_form", "escalation", "officer_notice", "passed_on",
    "reminder_handed_over", "played_call", "reminder", "reply_answer", "submission_request",
)  # fmt: skip
WITHOUT_MINUTES = frozenset({
    "approval_request", "approval_notice", "case_form", "passed_on", "played_call", "reply_answer",
    "submission_request",
})  # fmt: skip


@EVERY_LANGUAGE
@pytest.mark.parametrize("name", LEADS)
@pytest.mark.parametrize("title", ["Twee vakjes", "Een heel lange titel over een video met een verkeerde stemdag " * 3])
def test_a_telephone_shows_what_it_is_about(name: str, language: str, title: str) -> None:
    """The first 90 characters hold the act, the title, the platform and the minutes, and not the number again."""
    for changes in variants(name):
        given = {**values(name, language, changes), **guarded(name, {"title": title})}
        if name in {"reminder_handed_over", "passed_on", "reply_answer", "alarm", "officer_notice"}:
            given |= {"number": "VF-EP2024-0001"}
        if "platform" in given and name != "case_form":
            given |= {"platform": "Loudhailer"}
        if "minutes" in given:
            given |= {"minutes": 60}
        if given.get("kind") == "unplaced mail":
            continue
        first = TEMPLATES.render(name, language, given).body.splitlines()[0]
        assert len(first) <= 90, first
        assert re.match(r"(\| )?[A-Z].{3,60}: (Twee|Een heel)", first), first
        assert "VF-" not in first
        assert name == "case_form" or " · Loudhailer" in first
        said = re.search({"nl": "6[01] minuten", "en": "6[01] minutes"}[language], first)
        assert (said is not None) == (name not in WITHOUT_MINUTES and given.get("matters") != []), first


@EVERY_LANGUAGE
def test_an_officers_reason_behind_ours_is_a_sentence(language: str) -> None:
    """Each reason of words.yaml ends a sentence; what the officer wrote begins the next one."""
    for why in DECIDED:
        changed = values("decided_not_to_notify", language, {"why": why})
        mail = TEMPLATES.render("decided_not_to_notify", language, changed)
        assert not (found := re.search(r"\. [a-z].*", mail.body)), found


@each("name", sorted(VALUES))
@each("language", LANGUAGES)
def test_a_command_in_a_sentence_has_marks_around_it(name: str, language: str) -> None:
    """Else whoever copies it takes the full stop behind it along."""
    text = (DIRECTORY / language / f"{name}.j2").read_text(encoding="utf-8")
    assert not re.findall(r"(?<!`)\bflaggermail [a-z]+.*", text)


@each("name", sorted(VALUES))
@each("language", LANGUAGES)
def test_fixed_lines_are_short_enough_not_to_be_broken(name: str, language: str) -> None:
    """A line without a value is at most 76 characters long in the file; wrapping would leave a single word behind."""
    if name.startswith("report_"):  # sections of a document, whose lines are joined to paragraphs
        return
    lines = (DIRECTORY / language / f"{name}.j2").read_text(encoding="utf-8").splitlines()[1:]
    assert not [line for line in lines if "{" not in line and len(line) > 76]


@each("name", sorted(VALUES))
@each("language", LANGUAGES)
def test_the_number_stands_in_the_subject_and_never_in_a_decline(name: str, language: str) -> None:
    """The case number comes last in the subject of mail to officers, and first in other mail; some mail bears none."""
    mail = TEMPLATES.render(name, language, values(name, language))
    first, last = mail.subject.startswith("[VF-EP2024-0001] "), mail.subject.endswith(" [VF-EP2024-0001]")
    assert (first, last) == (name in NUMBER_FIRST, name not in NUMBER_FIRST | NUMBERLESS)
    assert ("VF-EP2024-0001" in mail.body) == (name not in _NO_CASE) or name == "reply_answer"


@EVERY_LANGUAGE
def test_every_item_of_the_checklist_has_its_words(language: str) -> None:
    """Each item of the checklist has its text in words.yaml, and no text is left over."""
    assert set(read_words(DIRECTORY / "words.yaml")[language].missing) == {item.value for item in Item}


@EVERY_LANGUAGE
def test_every_decision_has_its_words(language: str) -> None:
    """The mail gives the reason and the advice for each closed reason, for refer and for none."""
    assert set(read_words(DIRECTORY / "words.yaml")[language].decided) == set(DECIDED)
    for why in DECIDED:
        said = read_words(DIRECTORY / "words.yaml")[language].decided[why]
        assert (said.reason is None) is (why in {"other", "refer", "none"})
        given = values("decided_not_to_notify", language, {"why": why, "reason": "", "advice": ""})
        body = " ".join(TEMPLATES.render("decided_not_to_notify", language, given).body.split())
        assert " ".join(said.advice.split()) in body
        assert " ".join((said.reason or "").split()) in body


@EVERY_LANGUAGE
def test_every_alarm_has_its_words(language: str) -> None:
    """Each alarm kind has its text and what its reader can do in words.yaml, and no text is left over."""
    words = read_words(DIRECTORY / "words.yaml")[language]
    assert set(words.alarms) == set(words.remedies) == {kind.value for kind in AlarmKind}
    for kind in AlarmKind:
        assert TEMPLATES.render("alarm", language, values("alarm", language, {"kind": kind.value})).body


@each("name", sorted(VALUES))
def test_dutch_and_english_share_no_sentence(name: str) -> None:
    """The Dutch and English templates share no sentence, apart from values, digits and punctuation."""
    dutch, english = ({key for mail in mails(name, language) for key in _own_words(mail)} for language in LANGUAGES)
    assert dutch
    assert english
    assert not dutch & english


def _own_words(mail: str) -> Iterator[str]:
    """Yields the template's own sentences of two words or more, without values."""
    given = {
        LISTED,
        *(value for known in (ALIKE, ADDRESSES, REASONED, *OURS.values()) for value in _texts(known.values())),
    }
    given.discard("")
    mail = re.sub(r"`[^`]*`", " ", mail)  # a command is the same in every language
    for value in sorted(given, key=len, reverse=True):
        mail = re.sub(r"\s+(?:[|] )?".join(map(re.escape, value.split())), " ", mail)
    for part in [*sentences(mail), *mail.splitlines()]:
        words = re.findall(r"[^\W\d_]+", part.lower())
        if len(words) > 1:
            yield " ".join(words)


def _texts(found: Iterable[object]) -> Iterator[str]:
    """Yields every text within the values, including lists and their objects."""
    for one in found:
        if isinstance(one, str):
            yield one
        elif isinstance(one, list):
            yield from _texts(one)
        elif isinstance(one, Mapping):
            yield from _texts(one.values())


@each("name", WITH_OUR_WORDS)
@each("language", LANGUAGES)
def test_every_mail_to_a_platform_says_what_it_must_and_nothing_that_it_must_not(name: str, language: str) -> None:
    """Every mail to a platform meets all requirements of a draft, in every variant."""
    for changes in variants(name):
        given = values(name, language, changes)
        mail = TEMPLATES.render(name, language, given)
        wanted = requirements(name, language, can_confirm=bool(given["can_confirm"]))
        assert faults(mail.subject, mail.body, wanted, PATTERNS, search) == ()


@pytest.mark.parametrize("name", WITH_OUR_WORDS)
@EVERY_LANGUAGE
def test_without_any_one_of_its_sentences_that_carry_an_element_a_mail_to_a_platform_is_refused(
    name: str, language: str
) -> None:
    """Each required element is carried by exactly one sentence; leaving that sentence out is a fault."""
    mail = TEMPLATES.render(name, language, values(name, language))
    wanted = requirements(name, language)
    parts = sentences(mail.body)
    without = [" ".join(parts[:index] + parts[index + 1 :]) for index in range(len(parts))]
    noticed = [fault for body in without for fault in faults(mail.subject, body, wanted, PATTERNS, search)]
    expected = 2 if name == "follow_up" else 7
    assert len(noticed) == len(set(noticed)) == expected, noticed


@pytest.mark.parametrize("name", PLATFORM_TEMPLATES)
@EVERY_LANGUAGE
def test_a_channel_that_cannot_confirm_is_not_asked_to(name: str, language: str) -> None:
    """A mail to a channel that cannot confirm never asks for a receipt."""
    mail = TEMPLATES.render(name, language, values(name, language, {"can_confirm": False}))
    assert not any(
        search(each, " ".join(mail.body.split())) for each in PATTERNS.languages[language].must["confirmation"]
    )


def test_a_general_warning_names_the_days_of_the_earlier_ones_but_not_their_numbers() -> None:
    """A general warning gives the dates of earlier warnings, not their numbers: a reply could be filed wrongly."""
    days = {"en": ("13 March 2023", "and", "22 November 2023"), "nl": ("13 maart 2023", "en", "22 november 2023")}
    for language, (first, conjunction, second) in days.items():
        body = TEMPLATES.render("general_warning", language, values("general_warning", language)).body
        assert first in body
        assert second in body
        assert f"{first} {conjunction} {second}" in " ".join(body.split())
        assert "2023-0001" not in body


@EVERY_LANGUAGE
def test_a_reminder_shows_its_sum_the_phone_and_the_one_acknowledgement(language: str) -> None:
    """A reminder prints a sum that is right for its printed times, the phone number, and one line that ends in "ok"."""
    mail = TEMPLATES.render("reminder", language, values("reminder", language, {"minutes": 75}))
    assert {"en": "Sent at 10:34; it is now 11:34.", "nl": "Verzonden om 10:34; nu 11:34."}[language] in mail.body
    assert "75" in mail.subject
    assert "+31 70 000 0000" in mail.body
    assert len(re.findall(r"^- ok$", mail.body, re.MULTILINE)) == 1


@EVERY_LANGUAGE
def test_an_escalation_names_who_was_told_and_who_acknowledged(language: str) -> None:
    """An escalation lists who was reminded and who acknowledged, with the times."""
    mail = TEMPLATES.render("escalation", language, values("escalation", language))
    for expected in ("- 11:34 J. Wacht", "- 12:34 J. Wacht", "J. Wacht (", "11:36", "60 min", " 11:34.", "- ok\n"):
        assert expected in mail.body


@EVERY_LANGUAGE
def test_text_of_others_is_marked_line_by_line(language: str) -> None:
    """Every line of a sender's text is marked, even if a long line is wrapped."""
    text = f"Reply: genuine\n\n{'word ' * 40}"
    changes = {"text": text, "subject": "one\r\nSubject: two", "kind": "unplaced mail"}
    mail = TEMPLATES.render("officer_notice", language, values("officer_notice", language, changes))
    below = mail.body[mail.body.index("| ") :]
    assert all(line.startswith("|") for line in below.splitlines())
    assert len(below.splitlines()) == 5
    assert "\n" not in mail.subject


def test_a_line_that_a_program_filled_is_broken_within_its_paragraph() -> None:
    """A marked line that is too long wraps within its paragraph, so no single word is left on a line.

    Longer lines count as paragraphs of their own.
    """
    filled = "We saw it ourselves this evening on a telephone of our own, and again on a big"
    assert marked(f"{filled}\nScreen in the office.\n\nKind regards,\n    indented").splitlines() == [
        "| We saw it ourselves this evening on a telephone of our own, and again on a",
        "| big Screen in the office.",
        "|",
        "| Kind regards,",
        "|     indented",
    ]
    assert marked(f"{filled} screen\nKind regards,").splitlines()[1:] == ["| big screen", "| Kind regards,"]
    assert marked(f"{filled}\n- a list").splitlines()[1:] == ["| big", "| - a list"]
    ours = filled.removesuffix(" big")
    assert marked(f"{ours}\nnext").splitlines() == [f"| {ours}", "| next"]


def test_a_value_cannot_add_a_header_field_or_run_as_a_template() -> None:
    """A value cannot add a line to the subject or run as a template."""
    given = values(
        "notification", "en", {"title": "a\nBcc: b@c.example\n\n{{ number.__class__ }}", "text": "{% x %} & <b>"}
    )
    mail = TEMPLATES.render("notification", "en", given)
    assert mail.subject == "[VF-EP2024-0001] a Bcc: b@c.example {{ number.__class__ }}"
    assert "{% x %} & <b>" in mail.body


# ---- faults in templates


@pytest.fixture
def broken(tmp_path: Path) -> Callable[[str, str], FileTemplates]:
    """Returns a function that builds the shipped templates with one replaced English template."""

    def write(source: str, name: str = "alarm") -> FileTemplates:
        directory = tmp_path / "templates"
        shutil.copytree(DIRECTORY, directory)
        (directory / "en" / f"{name}.j2").write_text(source, encoding="utf-8")
        return FileTemplates(directory, ZONE)

    return write


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("Subject: x\n\na\n{{ whta }}\n", "templates/en/alarm.j2:4 whta: 'whta' is undefined"),
        ("Subject: {{ whta }}\n\na\n", "templates/en/alarm.j2:1 whta: 'whta' is undefined"),
        ("Subject: x\n\n{{ what.size }}\n", "templates/en/alarm.j2:3 size: 'str object' has no attribute 'size'"),
        ("Subject: x\n\n{{ number }}\n", "templates/en/alarm.j2:3: a value that may be missing"),
        ("Subject: x\n\na\n{% if what %}\n", "templates/en/alarm.j2:4 syntax: "),
        ("Subject: x\n\n{{ what | upercase }}\n", "templates/en/alarm.j2:3 syntax: No filter named 'upercase'"),
        ("Subject: x\n\n{{ what | clock }}\n", "templates/en/alarm.j2:3: an instant with its zone is needed"),
        ("Subject: x\n\n{{ what.__class__.__mro__ }}\n", "templates/en/alarm.j2:3"),
        ("Subject: x\n\n{% include '../nl/alarm.j2' %}\n", "templates/en/alarm.j2:3"),
        ("Subject: x\n\n{{ range(3) }}\n", "templates/en/alarm.j2:3 range: 'range' is undefined"),
        ("Subject: x\n\n{{ 1 / 0 }}{{ what }}\n", "templates/en/alarm.j2:3"),
        ("Onderwerp: x\n\na\n", "templates/en/alarm.j2:1 Subject: the first line"),
        ("Subject: x\na\n", "templates/en/alarm.j2:2: an empty line"),
        ("Subject: x\n\n", "templates/en/alarm.j2:2: an empty line"),
    ],
)
def test_a_wrong_template_is_named_by_file_and_line(
    broken: Callable[[str], FileTemplates], source: str, fault: str
) -> None:
    """An error names the template's file and line, and the undefined name if there is one."""
    with pytest.raises(ConfigurationError) as error:
        broken(source).render("alarm", "en", values("alarm", "en", {"number": None}))
    assert error.value.faults[0].startswith(fault)


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("Subject: {{ whta }}\n\na\n", "templates/en/alarm.j2:1 whta: nobody gives this"),
        ("Subject: x\n\na\n{% if false %}{{ due_at | clock }}{% endif %}\n", "templates/en/alarm.j2:4 due_at: nobody"),
        ("Subject: x\n\na\n{% include 'decline.j2' %}\n", "templates/en/alarm.j2: uses another file"),
        ("Subject: x\n\n{% for %}\n", "templates/en/alarm.j2:3 syntax: "),
        ("Subject: x\n\n{% for a in 'x' %}{{ a }}{% endfor %}\n{{ a }}\n", "templates/en/alarm.j2:3 a: nobody gives"),
        ("Subject: x\n\n{% for a in 'x' if b %}{{ a }}{% endfor %}\n", "templates/en/alarm.j2:3 b: nobody gives"),
        (
            "Subject: x\n\n{% set a = 1 %}{% filter upper %}{{ a ~ b }}{% endfilter %}\n",
            "templates/en/alarm.j2:3 b: nobody",
        ),
        (
            "Subject: x\n\n{% macro a(b) %}{{ b ~ c }}{% endmacro %}{{ a(1) }}\n",
            "templates/en/alarm.j2:3 c: nobody gives",
        ),
    ],
)
def test_check_names_a_wrong_template_before_anything_starts(
    broken: Callable[[str], FileTemplates], source: str, fault: str
) -> None:
    """`check` finds a wrong template, even in a branch that is seldom taken."""
    (found,) = broken(source).faults()
    assert found.startswith(fault)


@pytest.mark.parametrize(("name", "line", "place"), [
    ("alarm", "{{ (minutes / 60) | round(1) }}", "where minutes is missing"),
    ("alarm", "{{ phone.replace(' ', '') }}", "where phone is missing"),
    ("alarm", "{{ 1 / 0 }}", "where nothing is missing"),
    ("alarm", "{{ {'bounced': 'terug'}[kind] }}", "where "),
    ("alarm", "{{ number[:4] }}", "where number is missing"),
    ("alarm", "{{ 10 ** 10 ** 9 }}", "a template cannot compute a power"),
    ("reminder", "{{ 'kanaal ' ~ channel.upper() if clock == 'decision' }}", "where "),
    ("reminder", "{{ acknowledged }}", "where acknowledged is missing"),
    ("reminder", "{{ known[0].says }}", "where "),
    ("officer_notice", "{{ minutes // 60 }}", "where minutes is missing"),
    ("officer_notice", "{{ original.sender }}", "where "),
    ("officer_notice", "{{ attachments[0] }}", "where "),
    ("officer_notice", "{{ subject.encode('ascii') }}", "where "),
    ("readiness", "{{ '%d' | format(rehearsed) }}", "where rehearsed is missing"),
    ("digest", "{{ number }}", "where number is missing"),
    ("reminder_handed_over", "{% for item in matters %}{{ item.phone.upper() }}{% endfor %}", "where "),
    ("reply_answer", "{{ until | clock }}", "where until is missing"),
    ("notification", "{{ '%.1f' | format(text) }}", "where "),
    ("case_form", "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "where "),
])  # fmt: skip
@EVERY_LANGUAGE
def test_check_fills_in_each_template_with_what_may_be_missing(
    tmp_path: Path, name: str, line: str, place: str, language: str
) -> None:
    """What passes as text and breaks at night is found before: the fault names file, line, and what is special."""
    directory = tmp_path / "templates"
    shutil.copytree(DIRECTORY, directory)
    file = directory / language / f"{name}.j2"
    file.write_text(f"{file.read_text('utf-8')}{line}\n", "utf-8")
    found = FileTemplates(directory, ZONE).faults()
    assert found
    at = len(file.read_text("utf-8").splitlines())
    assert all(fault.startswith(f"templates/{language}/{name}.j2:{at}") for fault in found), found
    assert place in found[0]


def test_check_finds_words_that_a_mail_lacks(tmp_path: Path) -> None:
    """Words of one's own that lack one aspect break the mail that names it."""
    directory = tmp_path / "templates"
    shutil.copytree(DIRECTORY, directory)
    file = directory / "words.yaml"
    file.write_text(re.sub(r"(?m)^    integrity: .*\n", "", file.read_text("utf-8"), count=1), "utf-8")
    assert any(
        "'integrity' is none of those in words.yaml" in fault for fault in FileTemplates(directory, ZONE).faults()
    )


def test_check_names_every_missing_template(tmp_path: Path) -> None:
    """`check` names every missing template in both languages."""
    shutil.copy(DIRECTORY / "words.yaml", tmp_path)
    found = FileTemplates(tmp_path, ZONE).faults()
    assert len(found) == 2 * len(VALUES)
    assert all("this file has to be there" in fault for fault in found)


def _spoilt(directory: Path, file: str, more: str | None) -> None:
    """Adds a line to a file of a template folder, or takes the file away."""
    if more is None:
        (directory / file).unlink()
    else:
        with (directory / file).open("a", encoding="utf-8") as opened:
            opened.write(more)


SPOILT = {
    "a name that nobody gives": ("nl/reminder.j2", "{{ nobody }}\n"),
    "a syntax": ("en/alarm.j2", "{% if %}\n"),
    "a value that may be missing": ("en/reminder.j2", "{{ phone }}\n"),
    "no file": ("nl/alarm.j2", None),
}


@pytest.mark.parametrize("what", sorted(SPOILT))
def test_beside_tried_templates_the_same_faults_are_found(tmp_path: Path, what: str) -> None:
    """`check` does not try again what is as shipped; what differs has each fault, word for word."""
    directory = tmp_path / "templates"
    shutil.copytree(DIRECTORY, directory)
    assert FileTemplates(directory, ZONE).faults(DIRECTORY) == ()
    _spoilt(directory, *SPOILT[what])
    found = FileTemplates(directory, ZONE).faults(DIRECTORY)
    assert found
    assert found == FileTemplates(directory, ZONE).faults()


def test_beside_other_words_each_template_is_tried(tmp_path: Path) -> None:
    """Words of one's own decide what a shipped template becomes."""
    directory = tmp_path / "templates"
    shutil.copytree(DIRECTORY, directory)
    words = (directory / "words.yaml").read_text("utf-8")
    (directory / "words.yaml").write_text(re.sub(r"(?m)^    integrity: .*\n", "", words, count=1), "utf-8")
    found = FileTemplates(directory, ZONE).faults(DIRECTORY)
    assert found
    assert found == FileTemplates(directory, ZONE).faults()


def test_templates_are_no_witness_of_themselves(tmp_path: Path) -> None:
    """A desk whose folder is the shipped one, or a link to it, has every template tried."""
    directory, link = tmp_path / "templates", tmp_path / "link"
    shutil.copytree(DIRECTORY, directory)
    link.symlink_to(directory)
    _spoilt(directory, "nl/reminder.j2", "{{ nobody }}\n")
    for tried in (directory, link, tmp_path / "none"):
        assert FileTemplates(directory, ZONE).faults(tried) == FileTemplates(directory, ZONE).faults() != ()


@each("zone", ["America/Scoresbysund", "Pacific/Kiritimati"])
def test_the_shipped_templates_have_no_fault_in_any_zone(zone: str) -> None:
    """`check` does not try them again, whatever the zone of the desk."""
    assert FileTemplates(DIRECTORY, ZoneInfo(zone)).faults() == ()


def _tried(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Returns which templates are tried from now on, by name and language."""
    found: list[tuple[str, str]] = []

    def check(_: TemplateEngine, which: Collection[tuple[str, str]]) -> tuple[str, ...]:
        found.extend(sorted(which))
        return ()

    monkeypatch.setattr(TemplateEngine, "check", check)
    return found


def test_what_is_as_shipped_is_not_tried_at_a_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests of this program tried it, by the jinja2 that is installed here; of the desk's own each is."""
    assert version("jinja2") == TRIED_WITH
    directory = tmp_path / "templates"
    shutil.copytree(DIRECTORY, directory)
    tried = _tried(monkeypatch)
    assert FileTemplates(directory, ZONE, DIRECTORY).check(at_start=True) == ()
    assert tried == []
    _spoilt(directory, "nl/reminder.j2", "\n")
    assert FileTemplates(directory, ZONE, DIRECTORY).check(at_start=True) == ()
    assert tried == [("reminder", "nl")]


def test_a_reload_tries_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shipped on the disk may be of a version that was installed while this one runs."""
    shipped, directory = tmp_path / "shipped", tmp_path / "templates"
    for folder in (shipped, directory):
        shutil.copytree(DIRECTORY, folder)
        _spoilt(folder, "nl/decline.j2", "{{ of_another_version }}\n")
    (found,) = FileTemplates(directory, ZONE, shipped).check()
    assert "of_another_version" in found
    tried = _tried(monkeypatch)
    assert FileTemplates(directory, ZONE, DIRECTORY).check() == ()
    assert tried == sorted((name, language) for name in VALUES for language in LANGUAGES)


def test_by_another_jinja2_all_is_tried_at_a_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fills a template in elsewhere says nothing about one that is newer."""
    directory = tmp_path / "templates"
    shutil.copytree(DIRECTORY, directory)
    monkeypatch.setattr(file_templates, "version", lambda _: "3.99")
    tried = _tried(monkeypatch)
    assert FileTemplates(directory, ZONE, DIRECTORY).check(at_start=True) == ()
    assert tried == sorted((name, language) for name in VALUES for language in LANGUAGES)


@pytest.mark.parametrize("file", ["nl/alarm.j2", "en/alarm.j2"])
def test_checked_templates_stay_as_they_were_read(tmp_path: Path, file: str) -> None:
    """Edits take effect with a reload, which checks them, also those of a template that no mail was written by yet."""
    directory = tmp_path / "templates"
    shutil.copytree(DIRECTORY, directory)
    templates = FileTemplates(directory, ZONE, DIRECTORY)
    assert templates.check(at_start=True) == ()
    _spoilt(directory, file, "{{ nobody }}\n")
    assert templates.faults() == ()
    assert FileTemplates(directory, ZONE, DIRECTORY).check() != ()


def test_there_is_no_way_out_of_the_directory() -> None:
    """An unknown name or language is refused before any file is opened."""
    for name, language in (("../words", "en"), ("alarm", "../nl"), ("alarm", "fr")):
        with pytest.raises(ConfigurationError, match="no such template"):
            TEMPLATES.render(name, language, {})


# ---- days, instants and lists


FORMATS = {language: Formats(language, words, ZONE) for language, words in read_words(DIRECTORY / "words.yaml").items()}


@each(
    ("instant", "expected"),
    [
        ("2024-06-06T08:34:59+00:00", "10:34"),
        ("2024-01-06T23:34:00+00:00", "00:34"),
        ("2024-03-30T21:59:00+00:00", "22:59 +01:00"),
        ("2024-03-31T00:59:00+00:00", "01:59 +01:00"),
        ("2024-03-31T01:00:00+00:00", "03:00 +02:00"),
        ("2024-03-31T20:00:00+00:00", "22:00 +02:00"),
        ("2024-04-01T08:00:00+00:00", "10:00"),
        ("2024-10-27T00:30:00+00:00", "02:30 +02:00"),
        ("2024-10-27T01:30:00+00:00", "02:30 +01:00"),
        ("2024-10-26T08:00:00+00:00", "10:00"),
    ],
)
def test_a_clock_time_shows_its_offset_around_a_clock_change_only(instant: str, expected: str) -> None:
    """A time shows its offset only near a clock change; 02:30 occurs twice on 27 October 2024."""
    assert FORMATS["en"].clock(datetime.fromisoformat(instant)) == expected


def test_days_instants_and_lists_are_written_as_the_language_does() -> None:
    """Days, instants and lists follow the language, in the zone of the desk."""
    late = datetime(2024, 6, 5, 22, 5, tzinfo=UTC)
    assert [each.day(date(2024, 6, 6)) for each in FORMATS.values()] == ["6 juni 2024", "6 June 2024"]
    assert [each.day(late) for each in FORMATS.values()] == ["6 juni 2024", "6 June 2024"]
    assert [each.instant(late) for each in FORMATS.values()] == ["6 juni 2024 om 00:05", "6 June 2024 at 00:05"]
    assert [each.within(["a", "b", "c"]) for each in FORMATS.values()] == ["a, b en c", "a, b and c"]
    assert [FORMATS["en"].within(each) for each in ([], ["a"], ["a", "b"])] == ["", "a", "a and b"]


def test_minutes_are_those_between_the_printed_times() -> None:
    """Minutes are counted between printed times: seconds are cut off and a clock change adds no hour."""
    first = datetime(2024, 6, 6, 10, 34, 40, tzinfo=ZONE)
    assert minutes_to(first, datetime(2024, 6, 6, 11, 34, 10, tzinfo=ZONE)) == 60
    assert minutes_to(datetime(2024, 3, 31, 1, 30, tzinfo=ZONE), datetime(2024, 3, 31, 3, 30, tzinfo=ZONE)) == 60


def test_the_months_of_templates_and_of_draft_patterns_are_the_same() -> None:
    """Templates and draft patterns use the same months, so that a rendered date is found in a draft."""
    for language, words in read_words(DIRECTORY / "words.yaml").items():
        assert words.months == PATTERNS.languages[language].months


def test_words_that_are_wrong_are_named_by_line_and_key(tmp_path: Path) -> None:
    """A fault in words.yaml is named by line and key when the templates are loaded."""
    text = (DIRECTORY / "words.yaml").read_text(encoding="utf-8")
    (tmp_path / "words.yaml").write_text(text.replace("  preposition: at\n", "  prepositon: at\n"), encoding="utf-8")
    with pytest.raises(ConfigurationError) as error:
        FileTemplates(tmp_path, ZONE)
    assert any(re.search(r"words\.yaml:\d+:\d+ en\.preposition: Field required", each) for each in error.value.faults)


def test_an_alarm_without_words_prevents_the_start(tmp_path: Path) -> None:
    """Words of one's own that lack an alarm are refused when they are loaded, not when that alarm must be sent."""
    text = (DIRECTORY / "words.yaml").read_text(encoding="utf-8")
    (tmp_path / "words.yaml").write_text(
        re.sub(r"^    octets lost: .*\n", "", text, count=1, flags=re.MULTILINE), "utf-8"
    )
    with pytest.raises(ConfigurationError) as error:
        FileTemplates(tmp_path, ZONE)
    (fault,) = error.value.faults
    assert re.search(r"words\.yaml:\d+:\d+ nl\.alarms: lacks the words of octets lost; write", fault)


SEVERAL = re.compile(
    r"\b1 (?:minuten|seconden|mails|meldingen|termijnen|berichten|zaken|bijgevoegde mails|personen|minutes|seconds|"
    r"notices|time limits|cases|persons|points need|punten vragen)\b|\bThey were\b|\bDeze mails\b"
)
POINTS = re.compile(r"\b(?:below|hieronder|hierboven|this|dit)\b")
ONE = re.compile(r"\b2 (?:anderen|persons)\b[^.]*\b(?:goedkeurt|approves)\b")


@each("name", sorted(VALUES))
@each("language", LANGUAGES)
def test_one_is_not_several(name: str, language: str) -> None:
    """A mail about one minute, one mail or one person says so: never "1 minuten"."""
    for changes in variants(name):
        filled = {key: ones(value) for key, value in values(name, language, changes).items()}
        mail = TEMPLATES.render(name, language, filled)
        assert not SEVERAL.search(f"{mail.subject}\n{mail.body}")


@EVERY_LANGUAGE
def test_several_are_not_one(language: str) -> None:
    """Where two persons approve, the verb is theirs: never "2 anderen ... goedkeurt"."""
    for changes in variants("approval_request"):
        mail = TEMPLATES.render("approval_request", language, values("approval_request", language, changes))
        assert not ONE.search(" ".join(mail.body.split()))


@each("name", sorted(VALUES))
@each("language", LANGUAGES)
def test_a_subject_points_at_nothing_below_it(name: str, language: str) -> None:
    """A subject is read alone, in a list of mails or on a lock screen."""
    for changes in variants(name):
        subject = TEMPLATES.render(name, language, values(name, language, changes)).subject
        assert not POINTS.search(subject), subject


TRANSLATED = re.compile(
    r"\bof ours\b|\bstands? on\b|\bon your mail of\b|\bcould not remind\b|\bin hand\b|\bends? soon\b|\bmend\b"
    r"|\bputs? (?:it |the matter )?before\b|\banew: |\bthis very\b|\bcode of six digits\b|\bstill approves\b"
    r"|, for this is not\b|\bis no time\b|\b(?:is|are) over since\b|\bto talk it over\b|\bin no figure\b"
    r"|\bdid not become\b|\bDone: decision\b",
    re.IGNORECASE,
)
"""English that reads as translated from Dutch; each was found in a mail that was read aloud."""


@each("name", sorted(VALUES))
def test_english_mail_reads_as_english(name: str) -> None:
    """No mail says a thing as only a translation would, in any of its branches."""
    for mail in mails(name, "en"):
        assert not (found := TRANSLATED.search(" ".join(mail.split()))), f"{found}\n{mail}"


def test_english_words_of_mails_read_as_english() -> None:
    """Nor do the words that mails take from words.yaml, and the refusals that a reply gets."""
    words = read_words(DIRECTORY / "words.yaml")["en"]
    decided = [text for one in words.decided.values() for text in (one.reason or "", one.advice)]
    said = [*words.alarms.values(), *words.remedies.values(), *words.missing.values(), *words.labels.values(), *decided]
    assert [text for text in (*said, *(one.words("en") for one in CommandRefusal)) if TRANSLATED.search(text)] == []


@EVERY_LANGUAGE
def test_words_of_an_alarm_are_whole(language: str) -> None:
    """They are a subject, so they point at nothing below; the mail that lists what was held back has all of them."""
    listed = " ".join(TEMPLATES.render("held_notices", language, values("held_notices", language)).body.split())
    alarms = read_words(DIRECTORY / "words.yaml")[language].alarms
    assert [words for words in alarms.values() if words[1:] not in listed or POINTS.search(words)] == []


def ones(value: object) -> object:
    """Returns a value of a template with 1 for each number in it."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {key: ones(inner) for key, inner in value.items()}
    if isinstance(value, list) and value and not isinstance(value[0], int):
        return [ones(inner) for inner in value]
    return 1 if isinstance(value, int) else value


@each("name", sorted(VALUES))
def test_no_english_is_in_a_dutch_template(name: str) -> None:
    """Whatever a Dutch template says in any of its branches, it says in Dutch."""
    for changes in variants(name):
        mail = TEMPLATES.render(name, "nl", values(name, "nl", changes))
        assert english_in_mail(f"Subject: {mail.subject}\n\nde het een deze\n{mail.body}".encode()) == ()
        assert english_in(mail.subject) == []


@EVERY_LANGUAGE
def test_every_shipped_label_has_its_words(language: str) -> None:
    """Each label of the shipped configuration has words for notices; another one is shown as it is."""
    shown = Formats(language, read_words(DIRECTORY / "words.yaml")[language], ZONE)
    labels = load(DIRECTORY.parent).desk.tags.labels
    assert set(labels) == set(shown.words.labels)
    assert shown.label("our-own") == "our-own"
    assert language == "en" or not [label for label in labels if english_in(shown.label(label))]
