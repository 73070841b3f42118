# SPDX-License-Identifier: EUPL-1.2
"""Cases are found by number, correspondent, day, tag, officer and platform, at the command line and on the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from flaggermail.commands.cases import AssignCase, OpenCase
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as AnsweringDesk
from flaggermail.errors import Refusal
from flaggermail.mail.case_numbers import fits_number
from flaggermail.mail.message import Json
from flaggermail.record.case_values import CaseType, Origin
from flaggermail.record.rows import Case
from tests.corpus import each
from tests.doubles.paged import OK, Browser, PlayedSource, SeenPage
from tests.store.desk_fixtures import REFERRER, Desk, mail


@pytest.fixture
def cases(desk: Desk) -> tuple[str, str, str]:
    """Returns the numbers of a referral, of a case notified to X, and of one that officer2 has, opened a day later."""
    written = mail(REFERRER, "Wrong polling day", "It says Friday. https://x.example/1")
    desk.receive(written.replace(f"From: {REFERRER}".encode(), f"From: Griffie Linde <{REFERRER}>".encode()))
    (first,) = desk.all(Case)
    notified = desk.drafted().partition("/")[0]
    desk.clock.set(desk.clock.now() + timedelta(days=1))
    third = desk.do(OpenCase(election="EP2024", type=CaseType.CONTENT, origin=Origin.MEDIA, title="Third")).key
    desk.do(AssignCase(case=third, officer="officer2"))
    return first.number, notified, third


def found(desk: Desk, **asked: Json) -> list[str]:
    """Returns the numbers of the cases that are listed."""
    answer = AnsweringDesk(lambda: desk.env, Caller(login="archivist1")).answer("case list", asked)
    lines = answer["cases"]
    assert isinstance(lines, list | tuple)
    return [str(one["number"]) for one in lines]


@pytest.mark.parametrize("asked", [{}, {"number": "EP2024"}], ids=["read in order", "searched"])
def test_the_ten_thousandth_case_comes_after_the_one_before_it(desk: Desk, asked: Mapping[str, Json]) -> None:
    """Also where both opened at one instant, and where the list is read in parts; the hand-over has the same order."""
    with desk.env.store.begin() as tx:
        tx.set_number("case EP2024", 9_997)
    opening = OpenCase(election="EP2024", type=CaseType.CONTENT, origin=Origin.MEDIA, title="One of many")
    numbers = [desk.do(opening).key for _ in range(4)]
    assert [one[-5:] for one in numbers] == ["-9998", "-9999", "10000", "10001"]
    assert found(desk, **asked) == numbers
    for name, wanted in (("case list", asked), ("oncall handover", {})):
        parts, cursor = list[str](), None
        for _ in numbers:
            asked_now = {**wanted, "limit": 1, "cursor": cursor}
            answer = AnsweringDesk(lambda: desk.env, Caller(login="officer1")).answer(name, asked_now)
            lines, cursor = answer["cases"], answer["next"]
            assert isinstance(lines, list | tuple)
            parts += [str(one["number"]) for one in lines]
        assert parts == numbers


@each(
    ("typed", "fits"),
    [
        ("VF-EP2024-0007", True), ("vf-ep2024-0007", True), (" VF EP2024 7 ", True), ("VF\u2013EP2024\u20130007", True),
        ("[VF-EP2024-0007]", True), ("VF-EP2024-0007-K7QF", True), ("VF-EP2024-0007/2", True), ("7", True),
        ("0007", True), ("007", True), ("EP2024-7", True), ("EP2024", True), ("VF-EP2024-00", True),
        ("8", False), ("70", False), ("77", False), ("EP2019", False), ("EP2024-8", False), ("07/", True),
        ("ep2024-000", True), ("VF-EP2024-0007-0001", False),
        ("\u0667", False), ("", False), ("-", False), ("%", False), ("_", False), ("7" * 60, False),
    ],
)  # fmt: skip
def test_any_form_of_a_number_is_known(typed: str, fits: bool) -> None:  # noqa: FBT001 - a table
    """Whole, with a tail, a part of it, or its last digits; nothing in it is a pattern."""
    assert fits_number("VF-EP2024-0007", typed) is fits


def test_each_question_alone(desk: Desk, cases: tuple[str, str, str]) -> None:
    """Referrer, platform, day, officer; the days are the desk's, both included."""
    first, notified, third = cases
    asked: list[tuple[dict[str, Json], list[str]]] = [
        ({"correspondent": REFERRER.upper()}, [first]), ({"correspondent": "lindewaard.example"}, [first]),
        ({"correspondent": "lindewaard"}, [first]), ({"correspondent": "griffie linde"}, [first]),
        ({"correspondent": "waard.example"}, []), ({"correspondent": "other@lindewaard.example"}, []),
        ({"correspondent": "x-platform.example"}, [notified]), ({"correspondent": "urgent@x-platform.example"}, []),
        ({"correspondent": "urgent-escalation@x-platform.example"}, [notified]), ({"correspondent": "%"}, []),
        ({"platform": "X"}, [notified]), ({"platform": "nobody"}, []), ({"officer": "officer2"}, [third]),
        ({"since": "2024-06-07"}, [third]), ({"until": "2024-06-06"}, [first, notified]),
        ({"since": "2024-06-06", "until": "2024-06-06"}, [first, notified]), ({"number": third[-1]}, [third]),
        ({"since": "2024-06-07", "correspondent": "lindewaard"}, []),
        ({"correspondent": " "}, [first, notified, third]),
    ]  # fmt: skip
    assert [(one, found(desk, **one)) for one, _ in asked] == asked


def test_a_long_list_is_followed_with_its_question(desk: Desk, cases: tuple[str, str, str]) -> None:
    """The cursor goes on among what fits."""
    first, notified, _ = cases
    asker = AnsweringDesk(lambda: desk.env, Caller(login="archivist1"))
    part = asker.answer("case list", {"until": "2024-06-06", "limit": 1})
    assert found(desk, until="2024-06-06", limit=1) == [first]
    assert found(desk, until="2024-06-06", cursor=part["next"]) == [notified]


@pytest.mark.parametrize(
    ("asked", "where"), [({"since": "soon"}, "since"), ({"since": "2024-06-07", "until": "2024-06-06"}, "until")]
)
def test_what_cannot_be_asked_is_refused_at_its_field(desk: Desk, asked: dict[str, Json], where: str) -> None:
    """A day that is none, or days that are backwards."""
    with pytest.raises(Refusal) as refused:
        found(desk, **asked)
    assert refused.value.where == where


def looked(desk: Desk, language: str = "en", **asked: str) -> SeenPage:
    """Returns the page of cases as it is asked."""
    return Browser(PlayedSource(desk.env), language=language).look(f"/cases?{urlencode(asked)}")


def test_the_page_finds_and_stays_filled(desk: Desk, cases: tuple[str, str, str]) -> None:
    """The fields hold what was asked; the link to more lines keeps it."""
    first, notified, third = cases
    page = looked(desk, correspondent="lindewaard", since="2024-06-01", state="open", officer="", waiting="")
    shown = [number for number in cases if f"/cases/{number}" in page.links]
    assert shown == [first]
    fields = page.forms[0].fields
    assert {("correspondent", "lindewaard"), ("since", "2024-06-01")} <= set(fields)
    assert '<option value="open" selected>' in page.html
    assert "<details open>" in page.html
    assert [number for number in cases if f"/cases/{number}" in looked(desk).links] == [first, notified, third]
    assert "<details>" in looked(desk).html


def test_further_lines_keep_what_was_asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line is seen once, none that does not fit."""
    monkeypatch.setattr("flaggermail.door.pages.desk_pages.ON_A_PAGE", 2)
    wanted = []
    for title in ("a", "b", "c", "d", "e"):
        key = desk.do(OpenCase(election="EP2024", type=CaseType.CONTENT, origin=Origin.MEDIA, title=title)).key
        if title != "c":
            desk.do(AssignCase(case=key, officer="officer2"))
            wanted.append(key)
    page, seen = looked(desk, officer="officer2"), list[str]()
    while True:
        seen += [one.removeprefix("/cases/") for one in page.links if one.startswith("/cases/VF")]
        further = next((one for one in page.links if "cursor=" in one and "since=" not in one), None)
        if further is None:
            break
        page = Browser(PlayedSource(desk.env)).look(further)
    assert seen == wanted


@pytest.mark.parametrize("language", ["en", "nl"])
def test_nothing_found_is_said(desk: Desk, cases: tuple[str, str, str], language: str) -> None:
    """In words, apart from a desk that has no case yet."""
    del cases
    said = {"en": "No case fits.", "nl": "Er zijn geen zaken die hieraan voldoen."}
    assert said[language] in looked(desk, language, number="EP2019").words


def test_a_desk_without_cases_says_so(desk: Desk) -> None:
    """Nothing was asked that did not fit."""
    assert "There are no cases yet." in looked(desk).words


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"since": "soon"}, "since"), ({"until": "2024-06-01", "since": "2024-06-02"}, "until"),
        ({"number": "7" * 201}, "number"),
    ],
)  # fmt: skip
def test_a_faulty_search_comes_back_filled(desk: Desk, asked: dict[str, str], field: str) -> None:
    """The summary links to the field, which says what is wrong; no case is listed meanwhile."""
    page = looked(desk, **asked)
    assert page.status == 422
    assert f"#search-{field}" in page.links
    assert f'id="search-{field}-fault"' in page.html
    assert set(asked.items()) <= set(page.forms[0].fields)
    assert "No case fits" not in page.words


def test_a_search_is_no_pattern_and_no_markup(desk: Desk, cases: tuple[str, str, str]) -> None:
    """What is typed is text, in the database and on the page."""
    del cases
    for typed in ('"><script>', "' OR 1=1 --", "{{ 7*7 }}", "\u202egnp", "\x00", "a" * 200):
        page = looked(desk, correspondent=typed)
        assert page.status == (OK if "\x00" not in typed else 422)
        assert "<script" not in page.html
        assert not [one for one in page.links if one.startswith("/cases/VF")]
