# SPDX-License-Identifier: EUPL-1.2
"""The figures of played scenarios, as the command prints them: as a document, as CSV, and as a table."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from flaggermail.cases import lifecycle
from flaggermail.cli.acting import typed
from flaggermail.documents.dates import DateForm, DecimalSign
from flaggermail.errors import Refusal
from flaggermail.record.case_values import CaseType, Origin
from flaggermail.record.rows import Case, Election
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.sections import ReportSettings
from flaggermail.stories.doubles import SetClock
from tests import asking
from tests.corpus import each
from tests.doubles.scenarios import Reopen

Json = dict[str, object]
Open = Callable[[str], Services]


@pytest.fixture
def played(reopened: Reopen) -> Open:
    """Returns a function that opens a scenario's desk a day after its end."""
    return lambda name: reopened(name, lambda ended: ended + timedelta(days=1))


def figures(env: Services, *options: str) -> Json:
    """Returns the document of the command."""
    found = json.loads(typed(env, "officer1", ["latency", "--json", *options]))
    assert isinstance(found, dict)
    return found


def uses(document: Json, name: str = "uses") -> list[Json]:
    """Returns the objects in a list of the document."""
    found = document[name]
    assert isinstance(found, list)
    return found


Line = tuple[object, ...]
Figure = tuple[str, Line, Line | None, Line | None, Line | None]
OF_STOP = ("at", "minutes", "hours", "basis", "form")
BY_QUOTATION: Line = ("2024-06-06T13:06:00+02:00", 152, "2.5", "quoted words", "mail")
BY_MAIL: Line = ("2024-06-06T13:06:00+02:00", 152, "2.5", "mail", "mail")
BY_PHONE: Line = ("2027-03-17T21:45:00+01:00", 255, "4.3", "by hand", "oral")
RESENT: Line = ("2024-06-06T11:40:00+02:00", 48, "0.8", "mail", "mail")
TWICE: Line = ("2026-10-25T02:10:00+01:00", 90, "1.5", "mail", "mail")
META: Line = ("2027-03-15T14:05:00+01:00", 25, "0.4", "mail", "mail")
X: Line = ("2027-03-15T16:20:00+01:00", 158, "2.6", "mail", "mail")
LATE: Line = ("2027-03-17T22:40:00+01:00", 310, "5.2", "mail", "mail")

# election -> number, (sent at, basis of it), and the stops of receipt, human and substance of its uses
FIGURES: dict[str, tuple[str, list[Figure]]] = {
    "S01": ("EP2024", [
        ("VF-EP2024-0001/1", ("2024-06-06T10:34:00+02:00", "mail"), BY_MAIL, BY_MAIL, BY_MAIL),
    ]),
    "S05": ("PS2027", [
        ("VF-PS2027-0003/1", ("2027-03-17T11:00:00+01:00", "mail"),
         ("2027-03-17T11:01:00+01:00", 1, "0.0", "mail", "automatic"),
         ("2027-03-17T12:48:00+01:00", 108, "1.8", "mail", "mail"), None),
    ]),
    "S08": ("PS2027", [
        ("VF-PS2027-0006/1", ("2027-03-17T17:30:00+01:00", "mail"), LATE, LATE, None),
    ]),
    "S08-phone-note": ("PS2027", [
        ("VF-PS2027-0006/1", ("2027-03-17T17:30:00+01:00", "mail"), BY_PHONE, BY_PHONE, None),
    ]),
    "S10": ("PS2027", [
        ("VF-PS2027-0008/1", ("2027-03-15T13:40:00+01:00", "mail"), META, META, None),
        ("VF-PS2027-0008/2", ("2027-03-15T13:42:00+01:00", "mail"), X, X, X),
    ]),
    "resend-after-bounce": ("EP2024", [
        ("VF-EP2024-0001/2", ("2024-06-06T10:52:00+02:00", "mail"), RESENT, RESENT, RESENT),
    ]),
    "letter-of-2024": ("EP2024", [
        ("VF-EP2024-0001/1", ("2024-06-06T10:34:00+02:00", "sent copy"), BY_QUOTATION, BY_QUOTATION, BY_QUOTATION),
    ]),
    "clock-change-night": ("PS2027", [
        ("VF-PS2027-0001/1", ("2026-10-25T01:40:00+02:00", "mail"), TWICE, TWICE, TWICE),
    ]),
    "typed-by-hand": ("TK2023", []),  # an election without any use
}  # fmt: skip


@each("name", FIGURES)
def test_the_figures_of_a_scenario(played: Open, name: str) -> None:
    """Instants, minutes, tenths, basis and form of each clock; the CSV and the record as it stood say the same."""
    election, expected = FIGURES[name]
    env = played(name)
    document = figures(env, "--election", election)
    assert [_figure(use) for use in uses(document)] == expected
    (counted,) = [one for one in uses(document, "summary") if one["by"] == "election"]
    waits = [int(str(human[1])) for *_, human, _ in expected if human is not None]
    assert counted == {
        "by": "election", "name": election, "sent": len(expected), "answered": len(waits), "open": 0,
        "median_minutes": None, "longest_minutes": max(waits, default=None),
    }  # fmt: skip
    assert of_csv(env, "--election", election) == [_flat(use) for use in uses(document)]
    assert of_csv(env, "--summary", "--election", election) == [_flat(one) for one in uses(document, "summary")]
    now = str(figures(env)["as_of"])
    assert figures(env, "--as-of", now) == figures(env)


@each("name", FIGURES)
def test_page_and_picture_say_what_the_document_says(played: Open, name: str) -> None:
    """Each use's rows are in the page and its times in the picture, in both languages; again gives the same octets."""
    election, expected = FIGURES[name]
    env = played(name)
    for language, comma in (("nl", ","), ("en", ".")):
        drawn, page = (
            typed(env, "officer1", ["latency", "--election", election, "--format", form, "--language", language])
            for form in ("svg", "html")
        )
        rows = re.findall(r"<tr[^>]*>(?:<t[hd][^>]*>[^<]*</t[hd]>)+</tr>", page)
        cells = [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in rows]
        shown = [(row[1].split()[3], row[2], row[3]) for row in cells if ":" in row[1] and row[2]]
        # An answer that stopped several clocks has one row.
        stops = [stop for _, _, *clocks in expected for stop in dict.fromkeys(clocks) if stop is not None]
        assert shown == [(str(at)[11:16], str(count), str(hours).replace(".", comma)) for at, count, hours, *_ in stops]
        for _, sent, *clocks in expected:
            for at, *_ in filter(None, (sent, *clocks)):
                assert f">{str(at)[11:16]}</text>" in drawn
        summed = str(max((int(str(human[1])) for *_, human, _ in expected if human is not None), default="-"))
        counts = [str(len(expected)), str(len(expected)), "0", summed]
        assert not expected or counts in [row[1:5] for row in cells]
        assert election not in [row[0] for row in cells]  # a reader knows it by its name
        assert drawn.count("<g ") == len(expected)
        assert page.count("<svg ") == 2 * (len(expected) + (len(expected) > 1))  # broad and upright; all in one
        assert ET.fromstring(drawn).tag.endswith("svg")  # noqa: S314 - written by the call above
        again = ["latency", "--election", election, "--format", "html", "--language", language]
        assert typed(env, "officer1", again) == page


def _figure(use: Json) -> Figure:
    assert list(use) == [
        "case", "notification", "platform", "channel", "election", "sent_at", "sent_basis", "receipt", "human",
        "substance", "state",
    ]  # fmt: skip
    receipt, human, substance = (_stop(use[kind]) for kind in ("receipt", "human", "substance"))
    assert use["state"] == ("open" if human is None else "answered")
    return str(use["notification"]), (use["sent_at"], use["sent_basis"]), receipt, human, substance


def _stop(stop: object) -> Line | None:
    if stop is None:
        return None
    assert isinstance(stop, dict)
    assert tuple(stop) == OF_STOP
    return tuple(stop.values())


def _flat(row: Mapping[str, object]) -> dict[str, str]:
    """Returns the cells that a row of the document has in CSV."""
    cells: dict[str, object] = {}
    for name, value in row.items():
        if name in {"receipt", "human", "substance"}:
            stop = value if isinstance(value, dict) else dict.fromkeys(OF_STOP)
            cells |= {f"{name}_{part}": of_stop for part, of_stop in stop.items()}
        else:
            cells[name] = value
    return {name: "" if value is None else str(value) for name, value in cells.items()}


def of_csv(env: Services, *options: str) -> list[dict[str, str]]:
    """Returns the lines of the command's CSV by their heads."""
    printed = typed(env, "officer1", ["latency", "--format", "csv", *options])
    return list(csv.DictReader(io.StringIO(printed, newline="")))


def test_an_open_use_waits_until_the_instant_asked(played: Open) -> None:
    """S08 at nine in the evening, before anything came: open for 210 minutes, and the answer of 22:40 is unknown."""
    env = played("S08")
    document = figures(env, "--as-of", "2027-03-17T21:00")
    assert [(use["state"], use["human"]) for use in uses(document)] == [("open", None)]
    expected = {"sent": 1, "answered": 0, "open": 1, "median_minutes": None, "longest_minutes": 210}
    assert [one for one in uses(document, "summary") if one["name"] == "PS2027"] == [
        {"by": "election", "name": "PS2027", **expected}
    ]
    assert uses(figures(env, "--as-of", "2027-03-17T17:29")) == []


def test_a_note_counts_from_its_entry_in_the_record(played: Open) -> None:
    """At 21:46 nobody had noted the call of 21:45 yet: the record as it stood then shows the use as open."""
    env = played("S08-phone-note")
    states = [uses(figures(env, "--as-of", f"2027-03-17T21:{minute}"))[0]["state"] for minute in (46, 47)]
    assert states == ["open", "answered"]


def test_figures_of_one_platform(played: Open) -> None:
    """A platform is asked for by its code or its name."""
    env = played("S10")
    for named in ("meta", "Meta", "META"):
        assert [use["channel"] for use in uses(figures(env, "--platform", named))] == ["meta-elections"]


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        (["--election", "XX1999"], "election XX1999: there is no such election"),
        (["--platform", "Hyves"], "platform Hyves: is not in the record; known are"),
        (["--election", "ep2024"], "election ep2024: there is no such election; did you mean EP2024?"),
        (["--platform", "Metta"], "platform Metta: is not in the record; did you mean Meta?"),
        (["--as-of", "2030-01-01T00:00"], "as of 2030-01-01T00:00:00+01:00: has not come yet"),
        (["--as-of", "yesterday"], "'yesterday' is no instant"),
        (["--format", "xls"], "'xls' is not one of"),
        (["--language", "nl"], "goes with --format svg and html"),
        (["--format", "html", "--language", "fy"], "'fy' is not one of"),
    ],
)
def test_what_has_no_figures_is_refused(played: Open, options: list[str], refusal: str) -> None:
    """A misspelt election would otherwise read as one without a use."""
    with pytest.raises(Refusal, match=re.escape(refusal)):
        typed(played("S01"), "officer1", ["latency", *options])


def test_the_table_of_the_letter_of_2024(played: Open) -> None:
    """Instants, minutes, tenths, basis and form are columns; the summary and how to read it follow."""
    printed = typed(played("letter-of-2024"), "officer1", ["latency", "--election", "EP2024"])
    assert printed.splitlines()[:6] == [
        "VF-EP2024-0001/1  X, x-urgent, EP2024: answered",
        "CLOCK      AT                      MINUTES  HOURS  BASIS         FORM",
        "sent       2024-06-06 10:34+02:00                  sent copy",
        "receipt    2024-06-06 13:06+02:00  152      2.5    quoted words  mail",
        "human      2024-06-06 13:06+02:00  152      2.5    quoted words  mail",
        "substance  2024-06-06 13:06+02:00  152      2.5    quoted words  mail",
    ]
    assert "election  EP2024    1     1         0     none    152 min" in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_figures_go_to_a_file(played: Open, tmp_path: Path) -> None:
    """`--out` writes what would have been printed, and prints nothing."""
    env, out = played("S10"), tmp_path / "latency.csv"
    printed = typed(env, "officer1", ["latency", "--format", "csv"])
    assert typed(env, "officer1", ["latency", "--format", "csv", "--out", str(out)]) == ""
    assert out.read_bytes().decode() == printed.replace("\r\n", "\n").replace("\n", "\r\n")


def test_page_and_picture_are_in_the_language_of_the_organisation(played: Open, tmp_path: Path) -> None:
    """Without `--language` the page is in the desk's own; a file gets the octets that would have been printed."""
    env = played("S10")
    for form in ("svg", "html"):
        printed = typed(env, "officer1", ["latency", "--format", form])
        out = tmp_path / f"latency.{form}"
        assert "Reactietijden van platforms" in printed
        assert typed(env, "officer1", ["latency", "--format", form, "--out", str(out)]) == ""
        assert out.read_bytes().decode() == printed


@pytest.mark.parametrize("form", ["csv", "json", "svg", "html"])
def test_the_ending_of_the_file_says_the_format(played: Open, tmp_path: Path, form: str) -> None:
    """As for `report make`: a page that is asked for by its name is a page, and no table called .html."""
    env, out = played("S01"), tmp_path / f"Figures.{form.upper()}"
    assert typed(env, "officer1", ["latency", "--out", str(out)]) == ""
    printed = typed(env, "officer1", ["latency", "--format", form])
    assert out.read_bytes().decode().splitlines() == printed.splitlines()


def test_a_file_may_be_a_table_or_bear_any_name(played: Open, tmp_path: Path) -> None:
    """Of .txt and of no ending the format is the table; what is named goes into a file of any ending that is none."""
    env = played("S01")
    table = typed(env, "officer1", ["latency"])
    for name, more in (("figures.txt", []), ("figures", []), ("figures.old", ["--format", "table"])):
        typed(env, "officer1", ["latency", "--out", str(tmp_path / name), *more])
        assert (tmp_path / name).read_text("utf-8") == table


@pytest.mark.parametrize(
    ("name", "options", "refusal"),
    [
        ("x.html", ["--format", "csv"], "a file that ends in .html is html, and csv was asked for; leave one of them"),
        ("x.csv", ["--json"], "a file that ends in .csv is csv, and json was asked for; leave one of them out"),
        ("x.xlsx", [], ".xlsx is no format; end it in one of .txt, .json, .csv, .svg, .html, or name --format"),
    ],
)
def test_a_file_that_says_another_format_is_refused(
    played: Open, tmp_path: Path, name: str, options: list[str], refusal: str
) -> None:
    """Nothing is written, and the words name both."""
    with pytest.raises(Refusal, match=re.escape(refusal)):
        typed(played("S01"), "officer1", ["latency", "--out", str(tmp_path / name), *options])
    assert not (tmp_path / name).exists()


def test_the_decimal_sign_of_the_settings_is_drawn(played: Open) -> None:
    """A ministry that prints a point in Dutch has it in page and picture too."""
    env = played("S01")
    report = ReportSettings(decimal_sign=DecimalSign.POINT)
    desk = env.settings.desk.model_copy(update={"report": report})
    with_point = replace(env, settings=env.settings.model_copy(update={"desk": desk}))
    for form in ("svg", "html"):
        assert ">2.5 uur</text>" in typed(with_point, "officer1", ["latency", "--format", form])
        assert ">2,5 uur</text>" in typed(env, "officer1", ["latency", "--format", form])


def test_an_open_use_is_drawn_until_the_instant_asked(played: Open) -> None:
    """S08 at nine in the evening: 210 minutes without an answer."""
    env, at = played("S08"), ["--as-of", "2027-03-17T21:00", "--language", "nl"]
    drawn, page = (typed(env, "officer1", ["latency", "--format", form, *at]) for form in ("svg", "html"))
    for document in (drawn, page):
        assert "210 minuten zonder reactie van een medewerker" in document
        assert ">21:00</text>" in document


# ---------------------------------------------------------------- the account of a case


def account(env: Services, case: str, *options: str) -> str:
    """Returns what the command prints of a case."""
    return typed(env, "officer1", ["case", "show", case, "--account", *options])


def test_the_account_of_the_letter_of_2024(played: Open) -> None:
    """The exchange as the report prints it: 2.5 hours, the basis of both instants, and who wrote what to whom."""
    env = played("letter-of-2024")
    assert account(env, "VF-EP2024-0001") == (
        "Het Ministerie van Voorbeeldzaken heeft X op 6 juni 2024 om 10.34 uur via het kanaal Urgent Escalation "
        "Channel gevraagd te letten op zulke berichten, omdat zij eerder verschenen. De melding noemt het beleid "
        '"Civic integrity policy" van X. '
        "Het tijdstip van verzending komt van onze kopie in Verzonden. "
        "X heeft na 2,5 uur (2 uur en 32 minuten) gereageerd, op 6 juni 2024 om 13.06 uur. "
        "Onder het antwoord stond onze melding; daaraan is het herkend.\n"
        "\n"
        "Melding: Notification of narratives that were spread during earlier elections\n"
        "Van: Verkiezingen flagger <verkiezingenflagger@bzk.example>\n"
        "Datum verzending: 2024-06-06 10:34+02:00\n"
        "Aan: urgent-escalation@x-platform.example\n"
        "CC:\n"
        "\n"
        "Reactie: Re: Notification of narratives that were spread during earlier elections\n"
        "Van: Robin Vance <gov-eu@x-platform.example>\n"
        "Datum ontvangst: 2024-06-06 13:06+02:00\n"
        "Aan: Verkiezingen flagger <verkiezingenflagger@bzk.example>\n"
        "CC:\n"
    )
    assert "10:34+02:00, basis: sent copy" in typed(env, "officer1", ["case", "show", "VF-EP2024-0001"])
    english = account(env, "VF-EP2024-0001", "--language", "en")
    assert "X replied after 2.5 hours (2 hours and 32 minutes), on 6 June 2024 at 13:06." in english
    assert "\nDate received: 2024-06-06 13:06+02:00\n" in english


def test_the_form_of_dates_and_the_sign_are_settings(played: Open) -> None:
    """As the report of 2024 has them: English abbreviations under Dutch labels, and a point."""
    env = played("letter-of-2024")
    report = ReportSettings(date_form=DateForm.ABBREVIATED, decimal_sign=DecimalSign.POINT)
    desk = env.settings.desk.model_copy(update={"report": report})
    printed = account(replace(env, settings=env.settings.model_copy(update={"desk": desk})), "VF-EP2024-0001")
    assert printed.startswith("Ministerie van Voorbeeldzaken heeft X")  # its name, where nothing else is set
    assert "X heeft na 2.5 uur (2 uur en 32 minuten) gereageerd" in printed
    assert "Datum ontvangst: Thu 06-Jun-2024 13:06\n" in printed


def test_a_policy_is_told_only_if_the_notification_names_it(played: Open) -> None:
    """The desk knows the channel's policy; a letter may not claim that a mail it did not write cites it."""
    assert "De melding noemt het beleid" not in account(played("typed-by-hand"), "VF-PS2027-0001")
    assert "De melding noemt het beleid" in account(played("letter-of-2024"), "VF-EP2024-0001")  # the letter names it
    assert "De melding noemt het beleid" in account(played("S01"), "VF-EP2024-0001")


@each("name", [name for name, (_, uses) in FIGURES.items() if uses])
def test_an_account_shows_no_tail(played: Open, name: str) -> None:
    """The tail of a number is a key to the case, in our subject and in an answer's; a letter shows the bare number."""
    env = played(name)
    tails = [*(row.tail for row in asking.cases(env)), *(row.tail for row in asking.notifications(env))]
    assert any(tails)
    for number in {str(use["case"]) for use in uses(figures(env))}:
        printed = account(env, number) + account(env, number, "--json")
        assert not [tail for tail in tails if tail and tail in printed.upper()]


def test_case_show_and_latency_name_the_same_basis_and_form(played: Open) -> None:
    """A use that was typed by hand starts from its copy; the answer to it came by mail, and is not said to be noted."""
    for name, said in (
        ("typed-by-hand", "90 minutes, 1.5 hours (1 hour and 30 minutes)\n"),
        ("letter-of-2024", "152 minutes, 2.5 hours (2 hours and 32 minutes), basis: quoted words\n"),
        ("S08-phone-note", "255 minutes, 4.3 hours (4 hours and 15 minutes), oral, basis: by hand\n"),
        ("S05", "1 minute, 0.0 hours (1 minute), automatic\n"),
    ):
        env = played(name)
        use = uses(figures(env))[-1]
        shown = json.loads(typed(env, "officer1", ["case", "show", str(use["case"]), "--json"]))
        (own,) = [one for one in shown["notifications"] if one["id"] == use["notification"]]
        for clock in own["clocks"]:
            stop = use[clock["kind"]]
            stopped = (stop["basis"], stop["form"]) if isinstance(stop, dict) else (None, None)
            assert (clock["basis"], clock["form"]) == stopped
        assert said in typed(env, "officer1", ["case", "show", str(use["case"])])


def test_a_dossier_names_basis_and_form(played: Open, tmp_path: Path) -> None:
    """The list of a case says what each instant rests on and how an answer was given, as `latency` does."""
    for name, case, said in (
        ("letter-of-2024", "VF-EP2024-0001", ("10:34+02:00, basis: volgens verzonden kopie", "geciteerde tekst")),
        ("S08-phone-note", "VF-PS2027-0006", ("(4 uur en 15 minuten), mondeling, basis: met de hand",)),
    ):
        out = tmp_path / f"dossier-{case}"
        typed(played(name), "officer1", ["archive", "export", case, "--out", str(out)])
        shown = (out / "data" / case / "index.txt").read_text("utf-8")
        assert [words for words in said if words not in shown] == []


def test_a_silence_of_weeks_is_told_in_days(played: Open) -> None:
    """Nine days without an answer: minutes, and days that a reader can picture, in table, page, picture and account."""
    env = played("S08")
    at = ["--as-of", "2027-03-26T17:31"]
    clock = env.clock
    assert isinstance(clock, SetClock)
    clock.set(clock.now() + timedelta(days=9))
    (answer,) = (row for row in asking.messages(env) if row.from_name == "Elections EU")
    typed(env, "officer1", ["message", "reclassify", answer.id, "--kind", "auto_reply"])
    assert "310 min" in typed(env, "officer1", ["latency", *at])
    now = str(figures(env)["as_of"])
    waited = uses(figures(env), "summary")[0]["longest_minutes"]
    assert f"{waited} min (10 days)" in typed(env, "officer1", ["latency", "--as-of", now])
    for form in ("svg", "html"):
        assert f"{waited} minuten (10 dagen) zonder reactie" in typed(env, "officer1", ["latency", "--format", form])
    assert f">{waited} (10 dagen)</td>" in typed(env, "officer1", ["latency", "--format", "html"])
    assert "10 dagen, 5 uur en 10 minuten (14710 minuten) na de melding" in account(env, "VF-PS2027-0006")


def test_a_correction_changes_the_account_and_not_what_was_printed_before(played: Open) -> None:
    """S05's answer turns out to be a machine's: the use is open, and the figures as of the day before stay."""
    env = played("S05")
    before = figures(env)
    (answer,) = (row for row in asking.messages(env) if row.from_name == "Casey")
    clock = env.clock
    assert isinstance(clock, SetClock)
    clock.set(clock.now() + timedelta(hours=1))
    typed(env, "officer1", ["message", "reclassify", answer.id, "--kind", "auto_reply"])
    assert [use["state"] for use in uses(figures(env))] == ["open"]
    then = figures(env, "--as-of", str(before["as_of"]))
    assert (then["uses"], then["summary"]) == (before["uses"], before["summary"])
    printed = account(env, "VF-PS2027-0003")
    assert "Na 1 minuut kwam een automatische ontvangstbevestiging, op 17 maart 2027 om 11.01 uur." in printed
    assert "was nog geen reactie van een medewerker van Meta vastgelegd." in printed
    assert "\nOntvangstbevestiging: " in printed
    assert "\nReactie:" not in printed


def test_each_use_of_a_case_is_told(played: Open) -> None:
    """One referral, two platforms, two paragraphs; the document holds the parts of each."""
    env = played("S10")
    assert account(env, "VF-PS2027-0008").count("Het Ministerie van Voorbeeldzaken heeft") == 2
    document = json.loads(account(env, "VF-PS2027-0008", "--json", "--language", "en"))
    assert [use["notification"] for use in document["uses"]] == ["VF-PS2027-0008/1", "VF-PS2027-0008/2"]
    assert document["uses"][1]["answer"] == {
        "subject": "Re: [VF-PS2027-0008] Request to check posts on colouring two boxes",
        "from": "Government Affairs EU <gov-eu@x-platform.example>", "at": "2027-03-15T16:20:00+01:00",
        "to": ["verkiezingenflagger@bzk.example"], "cc": [],
    }  # fmt: skip


def test_a_spoken_answer_has_no_head(played: Open) -> None:
    """The late mail stopped no clock: the answer of the account is the call, noted by hand."""
    printed = account(played("S08-phone-note"), "VF-PS2027-0006")
    assert "TikTok heeft na 4,3 uur (4 uur en 15 minuten) gereageerd, op 17 maart 2027 om 21.45 uur." in printed
    assert "De reactie is mondeling gegeven; het tijdstip is met de hand genoteerd." in printed
    assert "Datum ontvangst" not in printed


def test_what_came_back_is_told_and_is_no_use(played: Open) -> None:
    """The account names the first attempt, and counts from the second."""
    printed = account(played("resend-after-bounce"), "VF-EP2024-0001")
    assert "Een eerdere melding, verstuurd op 6 juni 2024 om 10.34 uur, heeft X niet bereikt." in printed
    assert "X heeft na 0,8 uur (48 minuten) gereageerd, op 6 juni 2024 om 11.40 uur." in printed


def test_an_account_survives_the_loss_of_a_mail(played: Open) -> None:
    """Instants are of the record; of a lost mail the row still says who wrote it."""
    env = played("letter-of-2024")
    (answer,) = (row for row in asking.messages(env) if row.from_name == "Robin Vance")
    env.octets.discard(answer.digest)
    printed = account(env, "VF-EP2024-0001")
    assert "Van: Robin Vance <gov-eu@x-platform.example>\nDatum ontvangst: 2024-06-06 13:06+02:00\nAan:\nCC:" in printed


def test_what_has_no_account_is_refused(played: Open) -> None:
    """A case that no platform heard of, an exercise, and a language without an account."""
    env = played("bounce-without-id")
    with pytest.raises(Refusal, match="no notification of it reached a platform"):
        account(env, "VF-EP2024-0001")
    with pytest.raises(Refusal, match="--language is that of --account"):
        typed(env, "officer1", ["case", "show", "VF-EP2024-0001", "--language", "nl"])
    typed(env, "officer1", ["exercise", "start", "--story", "S08", "--even-today"])
    (exercise,) = (row.code for row in _elections(env) if row.exercise)
    with pytest.raises(Refusal, match="is an exercise, which no figure includes"):
        typed(env, "officer1", ["latency", "--election", exercise])
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, env.clock.now())
        rehearsed = Case(
            number="", election=exercise, type=CaseType.OTHER, origin=Origin.MEDIA, token="", opened_at=work.now,
            opened_by="officer1",
        )  # fmt: skip
        number = lifecycle.new_case(work, rehearsed, "a rehearsal").number
    with pytest.raises(Refusal, match="is of an exercise; there is no account of it"):
        account(env, number)


def _elections(env: Services) -> list[Election]:
    with env.store.read() as tx:
        return tx.find(Election)


# ---------------------------------------------------------------- the manual

PAGE = Path(__file__).parents[2] / "docs" / "report-writer.md"


def test_the_manual_shows_what_is_printed(played: Open) -> None:
    """Both examples of the page are the output of the commands above them."""
    env = played("letter-of-2024")
    page = PAGE.read_text("utf-8")
    for printed in (
        typed(env, "officer1", ["latency", "--election", "EP2024"]),
        account(env, "VF-EP2024-0001", "--language", "nl"),
    ):
        assert "\n".join(f"    {line}".rstrip() for line in printed.splitlines()) in page, printed
