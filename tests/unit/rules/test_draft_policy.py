# SPDX-License-Identifier: EUPL-1.2
"""What a draft to a platform must and must not say (the shipped patterns of `rules/drafts.yaml`)."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import re2

from flaggermail.errors import ConfigurationError
from flaggermail.rules.draft_patterns import load_draft_patterns
from flaggermail.rules.draft_policy import FORBIDDEN, MISSING, Requirements, faults
from flaggermail.wording.refusals import DraftFault
from tests.corpus import each

ROOT = Path(__file__).parents[3]
PATTERNS = load_draft_patterns(ROOT / "rules" / "drafts.yaml")

GOOD = {
    "en": """Posts say that two boxes may be coloured.
Could you check these under Voting rules (https://rules.example/voting), read on
2 May 2024? The decision is yours. Please confirm receipt, quoting VF-EP2024-0001.""",
    "nl": """Berichten zeggen dat er twee vakjes gekleurd mogen worden.
Wilt u dit toetsen aan Voting rules (https://rules.example/voting), gelezen op
2 mei 2024? De beslissing is aan u. Wilt u de ontvangst bevestigen en VF-EP2024-0001 noemen?""",
}

ELEMENTS = {
    "en": {
        "check": ("Could you check these", "These fall"),
        "decides": ("The decision is yours.", ""),
        "confirmation": ("Please confirm receipt, quoting", "Our number is"),
        "number": ("VF-EP2024-0001", "our number"),
        "title": ("Voting rules", "your rules"),
        "address": ("https://rules.example/voting", "on your pages"),
        "read": ("2 May 2024", "a day in May"),
    },
    "nl": {
        "check": ("Wilt u dit toetsen aan", "Dit valt onder"),
        "decides": ("De beslissing is aan u.", ""),
        "confirmation": ("Wilt u de ontvangst bevestigen en VF-EP2024-0001 noemen?", "Ons nummer: VF-EP2024-0001."),
        "number": ("VF-EP2024-0001", "ons nummer"),
        "title": ("Voting rules", "uw regels"),
        "address": ("https://rules.example/voting", "op uw site"),
        "read": ("2 mei 2024", "een dag in mei"),
    },
}

SAID = {
    "removal": (
        "Please remove these posts.", "We hope for their removal.", "Could you take the post down?",
        "A takedown would help.", "Delete it.", "Kunt u dit verwijderen?", "Wij hopen op verwijdering.",
        "Haal dit bericht weg.", "Kunt u het offline halen?", "Dit moet weggehaald worden.",
    ),
    "illegality": (
        "This post is illegal.", "It is unlawful content.", "That is a criminal offence.", "It breaks Dutch law.",
        "Dit is illegale inhoud.", "Het bericht is onrechtmatig.", "Dit is strafbaar.", "Dat is in strijd met de wet.",
    ),
    "deadline": (
        "The deadline is noon.", "Answer within 24 hours.", "Reply no later than Friday.", "Please respond by 18:00.",
        "Act as soon as possible.", "Reageer binnen 24 uur.", "Antwoord uiterlijk vrijdag.",
        "Graag zo spoedig mogelijk.", "Wij horen dit graag voor 18:00 van u.",
    ),
    "power": (
        "Under the DSA you have a role.", "You are legally obliged to act.", "We demand an answer.",
        "This is our legal power.", "See the Digital Services Act.", "Op grond van de DSA.",
        "U bent wettelijk verplicht.", "Wij eisen een antwoord.", "Dit is onze bevoegdheid.",
        "Zie de digitaledienstenverordening.",
    ),
    "status": ("We are a trusted flagger.", "As Trusted-Flagger.", "Wij zijn een trusted flagger."),
}  # fmt: skip

HARMLESS = (
    "Posts say that polling stations close at 18:00 and that nobody may vote before 9:00.",
    "Under the Electoral Act a ballot with two coloured boxes is invalid.",
    "The account of the municipality was blocked on 2 June.",
    "It is spread through the Urgent Escalation Channel.",
    "Het bericht zegt dat u twee vakjes moet kleuren.",
    "Volgens de Kieswet is zo'n stem ongeldig.",
    "De stembureaus zijn open tot 21:00.",
)


def search(pattern: str, text: str) -> str | None:
    """Searches as the matcher in the adapters does: RE2, ignoring case."""
    match = re2.search(f"(?i){pattern}", text)
    return match.group() if match else None


def required(language: str, *, can_confirm: bool = True, follow_up: bool = False) -> Requirements:
    """Returns the requirements that the good drafts meet."""
    return Requirements(
        language=language,
        number="VF-EP2024-0001",
        policy_title="Voting rules",
        policy_url="https://rules.example/voting",
        policy_read_on=date(2024, 5, 2),
        drafted_on=date(2024, 6, 6),
        can_confirm=can_confirm,
        follow_up=follow_up,
    )


def found(
    body: str,
    language: str = "en",
    *,
    subject: str = "[VF-EP2024-0001] Two boxes",
    can_confirm: bool = True,
    follow_up: bool = False,
) -> tuple[str, ...]:
    """Returns the faults of a draft."""
    wanted = required(language, can_confirm=can_confirm, follow_up=follow_up)
    return tuple(fault.english for fault in faults(subject, body, wanted, PATTERNS, search))


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_complete_draft_has_no_fault(language: str) -> None:
    """A complete draft has no fault, with other line breaks or an ISO date too."""
    body = GOOD[language]
    assert found(body, language) == ()
    assert found("\n".join(body.split()), language) == ()
    assert found(body.replace("2 May 2024", "2024-05-02").replace("2 mei 2024", "2024-05-02"), language) == ()


@each(("language", "what"), [(lang, what) for lang, each in ELEMENTS.items() for what in each])
def test_each_missing_element_is_named_alone(language: str, what: str) -> None:
    """A missing element gives exactly one fault, which says what to write."""
    old, new = ELEMENTS[language][what]
    assert old in GOOD[language]
    (fault,) = found(GOOD[language].replace(old, new), language)
    assert fault == MISSING[what]().english if what in MISSING else what in fault
    assert "\n" not in fault


@each("language", ["nl", "en"])
@each(("what", "sentence"), [(what, each) for what, sentences in SAID.items() for each in sentences])
def test_what_must_not_be_said_is_refused_in_either_language(language: str, what: str, sentence: str) -> None:
    """A forbidden statement is refused in both languages, in the body and in the subject."""
    assert [
        fault
        for fault in found(f"{GOOD[language]} {sentence}", language)
        if FORBIDDEN[what].words("en").partition("!r} ")[2] in fault
    ]
    assert [
        fault
        for fault in found(GOOD[language], language, subject=sentence)
        if FORBIDDEN[what].words("en").partition("!r} ")[2] in fault
    ]


@each("sentence", HARMLESS)
def test_what_a_narrative_is_about_may_be_told(sentence: str) -> None:
    """Times, election rules and blocked accounts may be mentioned."""
    assert found(f"{GOOD['en']} {sentence}") == ()


def test_a_forbidden_word_in_the_policys_own_title_or_in_an_address_is_no_word_of_ours() -> None:
    """Forbidden words in the policy's own title or address are allowed."""
    wanted = replace(required("en"), policy_title="Illegal content and removal", policy_url="https://p.example/remove")
    body = (
        GOOD["en"]
        .replace("Voting rules", wanted.policy_title)
        .replace("https://rules.example/voting", wanted.policy_url)
    )
    assert faults("[VF-EP2024-0001] Two boxes", body, wanted, PATTERNS, search) == ()


def test_a_policy_read_in_the_future_is_a_fault() -> None:
    """A reading on the day of the draft is in order; one on a later day is not, except that a follow-up names none."""
    wanted = required("en")
    today, before = (replace(wanted, drafted_on=date(2024, 5, day)) for day in (2, 1))
    assert faults("[VF-EP2024-0001] Two boxes", GOOD["en"], today, PATTERNS, search) == ()
    (fault,) = faults("[VF-EP2024-0001] Two boxes", GOOD["en"], before, PATTERNS, search)
    assert fault == DraftFault.POLICY_AHEAD(day="2 May 2024")
    follow_up = replace(before, follow_up=True)
    assert faults("[VF-EP2024-0001] Two boxes", GOOD["en"], follow_up, PATTERNS, search) == ()


def test_a_channel_that_cannot_confirm_is_not_asked_to() -> None:
    """A draft to a channel that cannot confirm needs no request for a receipt, but still its number."""
    old, new = ELEMENTS["en"]["confirmation"]
    assert found(GOOD["en"].replace(old, new), can_confirm=False) == ()
    assert found(GOOD["en"].replace(f"{old} VF-EP2024-0001.", ""), can_confirm=False) != ()


def test_a_follow_up_needs_only_its_number_and_who_decides() -> None:
    """A follow-up needs only its number and who decides; forbidden statements are refused there too."""
    body = "This adds to VF-EP2024-0001. You alone decide what to do with it."
    assert found(body, follow_up=True) == ()
    assert found("This adds to VF-EP2024-0001.", follow_up=True) == (MISSING["decides"]().english,)
    assert len(found("You alone decide what to do with it.", follow_up=True)) == 1
    assert len(found(f"{body} Please remove it.", follow_up=True)) == 1


@each(
    ("old", "new"),
    [
        ("2 May 2024", "12 May 2024"),
        ("2 May 2024", "2 May 20245"),
        ("https://rules.example/voting", "https://rules.example/voting-2019"),
        ("https://rules.example/voting", "https://rules.example/voting/old"),
        ("https://rules.example/voting", "https://rules.example/voting?v=1"),
        ("VF-EP2024-0001", "VF-EP2024-00012"),
        ("VF-EP2024-0001", "OLD-VF-EP2024-0001"),
    ],
)
def test_a_longer_date_address_or_number_is_another_one(old: str, new: str) -> None:
    """A longer date, address or number does not count as the required one."""
    assert len(found(GOOD["en"].replace(old, new))) == 1


@each(
    "char",
    [
        "\u200b",
        "\u00ad",
        "\u202e",
        "\u2066",
        "\ufeff",
        "\u2028",
        "\u3164",
        "\u034f",
        "\ufe0f",
        "\x00",
        "\r",
        "\U000e0041",
    ],
)
def test_an_unseen_character_is_named_by_its_code_point_and_line(char: str) -> None:
    """An invisible character in body or subject is named by code point and line."""
    name = f"U+{ord(char):04X}"
    body = f"{GOOD['en']}\nBye{char}bye {char}"
    (fault,) = found(body)
    assert fault.startswith("body, line 4: ")
    assert name in fault
    (fault,) = found(GOOD["en"], subject=f"Two{char}boxes")
    assert fault.startswith("subject, line 1: ")
    assert name in fault


def test_a_line_break_in_the_subject_is_a_fault_and_letters_with_accents_are_none() -> None:
    """A line break in the subject is a fault; accented letters are not."""
    assert "U+000A" in found(GOOD["en"], subject="Two\nboxes")[0]
    assert found(f"{GOOD['en']} Één \u201cvakje\u201d\u00a0meer.", subject="Één vakje") == ()


def test_a_word_hidden_behind_full_width_letters_is_found() -> None:
    """Full-width letters count as the letters they look like."""
    assert len(found(f"{GOOD['en']} Please \uff52\uff45\uff4d\uff4f\uff56\uff45 it.")) == 1


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("    removal:\n", "    removel:\n", "nl.must_not.removal: Field required"),
        (r"      - '\billega\w+'", "      - '(?=illegal)'", "nl.must_not.illegality[0]: "),
        ("januari, ", "", "nl.months: "),
        ("nl:\n", "nl: [\n", "the bracket opened here"),
        ("  must:\n", "  must: {}\n  musts:\n", "nl.must.check: Field required"),
    ],
)
def test_a_fault_in_the_patterns_is_named_by_line_and_key(tmp_path: Path, old: str, new: str, fault: str) -> None:
    """A missing or invalid pattern is named by line and key."""
    text = (ROOT / "rules" / "drafts.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "drafts.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as error:
        load_draft_patterns(path)
    matching = [line for line in error.value.faults if fault in line]
    assert matching
    assert matching[0].split(":")[1].isdigit()


def test_a_missing_file_of_patterns_is_named(tmp_path: Path) -> None:
    """A missing file of patterns is a fault of the configuration."""
    with pytest.raises(ConfigurationError, match=r"drafts\.yaml:1:1: the file is missing"):
        load_draft_patterns(tmp_path / "drafts.yaml")
