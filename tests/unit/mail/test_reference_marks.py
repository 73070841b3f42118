# SPDX-License-Identifier: EUPL-1.2
"""References of other organisations are recognised by their marks, and nothing else that has digits is."""

from __future__ import annotations

import time
from datetime import date, datetime

from hypothesis import given
from hypothesis import strategies as st

from flaggermail.mail.reference_marks import MOST, in_subject, is_year, on_lines
from tests.corpus import each
from tests.pace import within
from tests.shipped_parser import LANGUAGE

FORMS = {
    "[3-1220000] Re: Two boxes": "3-1220000",
    "[8-3312000036114] Your priority flag": "8-3312000036114",
    "(Ref# 88172) Update": "#88172",
    "Update (Ref# AB-88172)": "AB-88172",
    "##12345## Re: Two boxes": "#12345",
    "##RE-12345## Two boxes": "RE-12345",
    "[Ticket#2024061010000123] Two boxes": "#2024061010000123",
    "Case #0012345": "#0012345",
    "Case #0012345: Two boxes": "#0012345",
    "Case# 0391774482: Urgent escalation received": "#0391774482",
    "Two boxes ref:_00D30oXyz._5003000abc:ref": "ref:_00D30oXyz._5003000abc:ref",
    "Two boxes [ ref:_00D30oXyz._5003000abc:ref ]": "ref:_00D30oXyz._5003000abc:ref",
    "Two boxes thread::AbC-1dEf2::": "thread::AbC-1dEf2::",
    "TT-123-ABC": "TT-123-ABC",
    "Re: [tt-123-abc] Two boxes": None,  # small letters in brackets are the name of a list
    "Re: TT\u2011123\u2011ABC two boxes": "TT-123-ABC",
    "{TICKET:123}": "#123",
    "[support.example #1234] Two boxes": "#1234",
    "Your case number 1207781345510": "#1207781345510",
    "Zaaknummer 2024-12345": "2024-12345",
    "Uw kenmerk: 2024-55512": "2024-55512",
    "Ref. no.: 12345": "#12345",
    "INC0012345 opened": "INC0012345",
    "\u301012345678\u3011 Two boxes": "#12345678",
    "\uff3b\uff0312345\uff3d": "#12345",
    "[SUP-4411] [EXTERN] Two boxes": "SUP-4411",
    "R\u00e9f. 445566": "#445566",
}
NONE = (
    "[2024-06-06] Two boxes", "(06-06-2024)", "[6 juni 2024]", "[20240606]", "(06062024)", "zaak 20240606",
    "Case 06-06-2024", "[10:34]", "(10.34 uur)", "[18:00:00]", "18h30", "10:00 GMT-0500", "[24 uur]", "24/7",
    "[2024]", "(EP2024)", "[2024-2029]", "[2024/2025]", "#2024", "Re: #TK2025 en #EP2024", "case 2024", "Q3-2024",
    "(+31 70 123 4567)", "(070-1234567)", "[0612345678]", "(06-12345678)", "+31612345678", "(555) 123-4567",
    "[555-123-4567]", "1-800-555-0199", "Telephone number 0612345678", "Tel: 0701234567",
    "[VF-EP2024-0001]", "VF-EP2024-0001-K7QF", "[VF\u2013EP2024\u20130001\u2013K7QF]", "(vf ep2024 0001 k7qf)",
    "Case VF-EP2024-0001", "Case# VF-EP2024-0001-K7QF", "\u20ac 1.500,00", "(EUR 50000)", "[$12345]", "(12.500,00)",
    "[192.0.2.7]", "[2001:db8::1]", "v2.10.12345", "[v2.1]", "[EXTERN] Two boxes", "[SUSPECTED SPAM] Two boxes",
    "[SPAM 5.300]", "#123.456 berichten", "case 12345.67", "zaak 12345%", "case 12345@x.example",
    "[50000]", "(5000000)", "Re[2]: Two boxes", "Re[12345]: Two boxes", "#100dagen", "#covid-19", "COVID-19",
    "12345 posts removed", "https://x.example/p#12345", "https://x.example/status/1798123456789",
    "<12345@x.example>", "(DSA 2022/2065)", "(artikel 127)", "50%", "[100%]", "(1/2)", "Top 100", "(case study 100)",
)  # fmt: skip
BRACKETS = st.sampled_from(["[{}]", "({})", "{{{}}}", "<{}>", "\u3010{}\u3011", "Re: [{}] x", "x ({})", "[ {} ]"])
AROUND = st.sampled_from(
    ["{}", "Re: {}", "{} Two boxes", "Update on {}: done", "RE: Antw: {} \u2013 twee vakjes", "({})"]
)


@each(("subject", "reference"), FORMS.items())
def test_a_reference_is_recognised_in_every_form(subject: str, reference: str | None) -> None:
    """Digits behind a number sign, in brackets, behind a word for it, or in a code of capitals."""
    assert in_subject(subject, "VF", LANGUAGE) == ((reference,) if reference else ())


@each("subject", NONE)
def test_other_digits_are_no_reference(subject: str) -> None:
    """Dates, times, years, telephone numbers, amounts, addresses, versions, tags and numbers of ours are none."""
    assert in_subject(subject, "VF", LANGUAGE) == ()
    assert on_lines(subject, "VF", LANGUAGE) == ()


@given(st.integers(10_000, 10**16).map(str).filter(lambda digits: len(digits) != 8), AROUND)
def test_one_number_is_one_reference_whatever_marks_it(digits: str, around: str) -> None:
    """A receipt with "[Ticket#1]" and an answer with "(Case 1)" name the same."""
    found = {
        in_subject(around.format(form.format(digits)), "VF", LANGUAGE)
        for form in ("#{}", "##{}##", "[Ticket#{}]", "(Case {})", "Ref# {}", "{{ticket:{}}}", "[#{}]")
    }
    assert found == {(f"#{digits}",)}


@given(
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    st.sampled_from(["%Y-%m-%d", "%d-%m-%Y", "%Y%m%d", "%d/%m/%Y", "%d.%m.%Y", "%Y", "%d %B %Y", "%m/%d/%y"]),
    BRACKETS,
)
def test_a_date_is_no_reference(day: date, form: str, bracket: str) -> None:
    """However it is written, and whatever stands around it."""
    assert in_subject(bracket.format(day.strftime(form)), "VF", LANGUAGE) == ()


@given(st.datetimes(), st.sampled_from(["%H:%M", "%H.%M", "%H:%M:%S", "%Hh%M", "%H:%M uur", "%H.%M uur"]), BRACKETS)
def test_a_time_is_no_reference(at: datetime, form: str, bracket: str) -> None:
    """Points and colons between digits make them a time."""
    assert in_subject(bracket.format(at.strftime(form)), "VF", LANGUAGE) == ()


@given(
    st.sampled_from(["0{}", "06-{}", "+31 {}", "+31{}", "0031{}", "070-{}", "(070) {}", "tel 0{}", "06 {}"]),
    st.from_regex(r"[1-9]\d{7}", fullmatch=True),
    BRACKETS,
)
def test_a_telephone_number_is_no_reference(form: str, digits: str, bracket: str) -> None:
    """National and international forms, bare or in brackets."""
    assert in_subject(bracket.format(form.format(digits)), "VF", LANGUAGE) == ()


@given(
    st.integers(0, 10**9),
    st.sampled_from(["\u20ac {:,}", "EUR {}", "${}", "{:,}.00", "{} euro", "\u20ac{}", "{}%"]),
    BRACKETS,
)
def test_an_amount_is_no_reference(amount: int, form: str, bracket: str) -> None:
    """A currency or percentage beside digits makes them an amount."""
    assert in_subject(bracket.format(form.format(amount)), "VF", LANGUAGE) == ()


@given(st.ip_addresses().map(str), BRACKETS)
def test_an_address_of_a_machine_is_no_reference(address: str, bracket: str) -> None:
    """IPv4 and IPv6, as in the subject of a bounce."""
    assert in_subject(bracket.format(address), "VF", LANGUAGE) == ()


@given(
    st.from_regex(r"[A-Z]{2}[0-9]{4}", fullmatch=True), st.integers(1, 99_999), st.sampled_from(["", "-K7QF"]),
    st.sampled_from(["-", " ", "\u2013", "_"]),
    st.sampled_from(["[{}]", "Case# {}", "##{}##", "({})", "Zaak {}", "{}"]),
)  # fmt: skip
def test_a_number_of_ours_is_no_reference(code: str, serial: int, tail: str, joint: str, form: str) -> None:
    """With and without its tail, with any dash, and with the marks of a system that took it over."""
    number = f"VF-{code}-{serial:04}{tail}".replace("-", joint)
    assert in_subject(form.format(number), "VF", LANGUAGE) == ()


@given(st.text(max_size=300))
def test_any_text_gives_a_few_short_references_at_most(text: str) -> None:
    """Never more than `MOST`, each with a digit and bounded in length."""
    for found in (in_subject(text, "VF", LANGUAGE), on_lines(text, "VF", LANGUAGE)):
        assert len(found) <= MOST
        assert all(len(one) <= 160 and not is_year(one) for one in found)


def test_a_line_of_its_own_bears_a_reference() -> None:
    """A short line that a mark ends counts; a sentence, a signature and a bare code do not."""
    lines = [
        "Hello,", "Your case number: 12345678", "[3-1220000]", "KvK 12345678", "TT-123-ABC", " 070 1234567",
        "##998877##", "You told us of case 55667 and of many others that we do not know here at all",
        "Case 55668 is what you mean", "2511 EZ", "[06-12345678]",
    ]  # fmt: skip
    assert on_lines("\n".join(lines), "VF", LANGUAGE) == ("#12345678", "3-1220000", "#998877")


@each(
    "pattern",
    [
        "[1",
        "#12345 ",
        "1",
        "a",
        "- ",
        "[3-1220000] ",
        "case ",
        "ref:",
        "VF-",
        "#",
        "[",
        "1-",
        "case number ",
        "\u0301",
        "1.",
    ],
)
def test_a_subject_of_any_length_costs_little(pattern: str) -> None:
    """100 kB take no longer than what is read of them, and give `MOST` references at most."""
    subject = pattern * (100_000 // len(pattern))

    def cost() -> float:
        begun = time.process_time()
        assert len(in_subject(subject, "VF", LANGUAGE)) <= MOST
        assert len(on_lines(subject.replace(" ", "\n"), "VF", LANGUAGE)) <= MOST
        return time.process_time() - begun

    assert within(min(cost() for _ in range(3)), 0.1)


def test_a_hundred_references_are_read_to_the_fifth() -> None:
    """A subject that lists numbers is no answer."""
    subject = " ".join(f"[#{number}]" for number in range(10_000, 10_100))
    assert in_subject(subject, "VF", LANGUAGE) == ("#10000", "#10001", "#10002", "#10003", "#10004")
