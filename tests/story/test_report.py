# SPDX-License-Identifier: EUPL-1.2
"""The report to Parliament about three elections, from the form that a writer fills in to the file."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flaggermail.documents.model import Document, Picture
from flaggermail.record.case_values import CaseType, Decision, LanguageCode, Origin, Source
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.rows import Case, ClockRow, Election, Notification, ReportFreeze
from flaggermail.record.states import NotificationState
from flaggermail.report import frozen
from flaggermail.rules.configuration import Configuration
from flaggermail.services import UnitOfWork
from flaggermail.settings.reply_words import outcome_word
from tests.doubles.told_report import figures, lines_of, plain, unnamed
from tests.unit.cli.conftest import Desk
from tests.unit.cli.played import played, reopened

META, X = "VF-EP2024-0001/1", "VF-EP2024-0002/1"
DRAFT = """\
languages: [nl, en]
uses:
  VF-EP2024-0001/1:
    reason:
      nl: Op dit platform werd opgeroepen twee vakjes te kleuren.
      en: Posts there called on voters to colour two boxes.
  VF-EP2024-0002/1:
    reason:
      nl: Wie twee vakjes kleurt, brengt een ongeldige stem uit.
      en: A vote with two boxes coloured is invalid.
    paraphrase:
      nl: X liet weten op zulke berichten te letten.
      en: X said that it would pay attention to such posts.
contacts:
  n000002:
    words:
      nl: gevraagd naar het telefoonnummer van die avond.
      en: asked for the telephone number of that evening.
earlier_papers:
  - {chamber: II, year: 2023-2024, dossier: 35165, number: 73}
"""


@pytest.fixture(scope="module")
def afterwards(story_settings: Configuration, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of the desk after the three elections; played once."""
    folder = tmp_path_factory.mktemp("elections")
    with played("account-of-elections", story_settings, folder):
        return folder


@pytest.fixture
def desk(story_settings: Configuration, afterwards: Path, tmp_path: Path) -> Iterator[Desk]:
    """Returns a copy of that desk."""
    folder = tmp_path / "desk"
    shutil.copytree(afterwards, folder)
    found = reopened(story_settings, folder)
    yield found
    found.env.close()


def drafted(desk: Desk, election: str, text: str) -> str:
    """Keeps a draft; returns what was said beside it."""
    path = desk.folder / "draft.yaml"
    path.write_text(text, encoding="utf-8")
    ran = desk.type("report", "draft", election, str(path), officer="writer1")
    assert ran.status == 0, ran.err
    return ran.err


def frozen_report(desk: Desk, election: str, text: str = DRAFT) -> dict[LanguageCode, Document]:
    """Drafts and freezes a report; returns its documents."""
    assert drafted(desk, election, text) == ""
    desk.done("report", "freeze", election, officer="head1")
    return documents(desk, election)


def documents(desk: Desk, election: str) -> dict[LanguageCode, Document]:
    """Returns the documents of the freeze that stands."""
    with desk.env.store.read() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now(), "writer1")
        return dict(frozen.documents(frozen.inputs_of(frozen.the_freeze(work, election))))


# ---------------------------------------------------------------- what is said


def test_an_election_without_a_use_says_so(desk: Desk) -> None:
    """A fixed sentence, and no section about a use."""
    made = frozen_report(desk, "PS2023", "languages: [nl, en]\n")
    dutch, english = (plain(made[language]) for language in LanguageCode)
    assert "Het Ministerie van Voorbeeldzaken heeft de status van verkiezingen flagger rond de verkiezing niet" in dutch
    assert "The Ministry of Example Affairs did not use its status of election flagger around the election." in english
    assert "Melding aan" not in dutch


def test_a_resend_is_one_use_and_a_spoken_answer_is_marked(desk: Desk) -> None:
    """The sending that came back is named, the clocks run from the second, the time of the answer is a note's."""
    text = (
        "languages: [nl]\nuses:\n  VF-TK2023-0001/2:\n    reason: {nl: Twee vakjes.}\n"
        "    paraphrase: {nl: Het is ontvangen.}\n"
    )
    (dutch,) = map(plain, frozen_report(desk, "TK2023", text).values())
    assert "rond de verkiezing eenmaal gebruikt." in dutch
    assert "Een eerdere melding, verstuurd op 22 november 2023 om 10.34 uur, heeft X niet bereikt." in dutch
    assert "X heeft na 0,8 uur (48 minuten) gereageerd, op 22 november 2023 om 11.40 uur." in dutch
    assert "De reactie is mondeling gegeven; het tijdstip is met de hand genoteerd." in dutch
    assert "Een inhoudelijke reactie is niet vastgelegd." in dutch


def test_uses_are_told_in_both_languages(desk: Desk) -> None:
    """An open silence, a forged answer that counts for nothing, a contact apart, citizens as a number."""
    made = frozen_report(desk, "EP2024")
    dutch, english = plain(made[LanguageCode.NL]), plain(made[LanguageCode.EN])
    for sentence in (
        "rond de verkiezing tweemaal gebruikt.",
        "## Melding aan Meta, 5 juni 2024",
        "Op 1 juni 2027 om 12.00 uur, 1090 dagen, 22 uur en 20 minuten (1570940 minuten) na de melding, was nog geen",
        "X heeft na 2,5 uur (2 uur en 32 minuten) gereageerd, op 6 juni 2024 om 13.06 uur.",
        "Over hetzelfde onderwerp is eerder een melding gedaan, op 22 november 2023.",
        "De melding noemt het beleid Civic integrity policy van X.",
        "X liet weten op zulke berichten te letten.",
        "De Kamer is eerder over de status geïnformeerd.[Kamerstukken II 2023-2024, 35 165, nr. 73.]",
        "- 5 juni 2024 om 15.00 uur, per telefoon: gevraagd naar het telefoonnummer van die avond.",
        "factcheckers | 1",
        "eerdere zaken, zonder nieuw signaal | 1",
        "niet in behandeling zijn genomen: minder dan 3.",
        "Uitgave: Ministerie van Voorbeeldzaken",
    ):
        assert sentence in dutch
    for sentence in (
        "used its status of election flagger twice around the election.",
        "X replied after 2.5 hours (2 hours and 32 minutes), on 6 June 2024 at 13:06.",
        "[Parliamentary Papers II 2023-2024, 35 165, no. 73.]",
        "fact-checkers | 1",
        "that were not dealt with: fewer than 3.",
    ):
        assert sentence in english
    assert dutch.count("Totaal | 2") == 2  # as many cases by source as by decision, and two of them with a use


def test_a_signal_from_the_media_counts_where_no_source_was_noted(desk: Desk) -> None:
    """An officer read of the case in the media: it is a signal."""
    text = "languages: [nl, en]\nuses: {VF-TK2023-0001/2: {reason: {nl: A., en: A.}, paraphrase: {nl: B., en: B.}}}\n"
    dutch = plain(frozen_report(desk, "TK2023", text)[LanguageCode.NL])
    assert "media | 1" in dutch
    assert dutch.count("Totaal | 1") == 2


def test_a_use_without_a_recorded_decision_says_so(story_settings: Configuration, tmp_path: Path) -> None:
    """A mail typed by hand was put to a platform; no table of consequences stands there empty."""
    text = (
        "languages: [nl, en]\nuses: {VF-EP2024-0001/1: {reason: {nl: Twee vakjes., en: Two boxes.}, "
        "paraphrase: {nl: X let op., en: X pays attention.}}}\n"
    )
    with played("letter-of-2024", story_settings, tmp_path) as desk:
        made = frozen_report(desk, "EP2024", text)
    dutch, english = (plain(made[language]) for language in LanguageCode)
    assert "voorgelegd aan een platform zonder vooraf vastgelegd besluit | 1" in dutch
    assert "voorgelegd aan een platform | 0" in dutch
    assert "nog geen besluit" not in dutch
    assert "Over hetzelfde onderwerp zijn eerder meldingen gedaan, op 13 maart 2023 en 22 november 2023." in dutch
    assert "eerdere zaken, zonder nieuw signaal | 1" in dutch
    assert "In de tabel staat zo'n zaak onder 'eerdere zaken'." in dutch
    assert "gelezen" not in dutch  # nobody noted when who typed the mail had read the policy
    assert "Er is vooraf geen besluit vastgelegd; een medewerker schreef de mail zelf." in dutch
    assert "No decision was recorded beforehand; a member of staff wrote the mail themselves." in english
    assert "gevolg" not in dutch.partition("## Melding aan X")[2]


def test_nothing_is_said_twice_and_no_code_of_the_desk_is_shown(desk: Desk) -> None:
    """The day of voting stands in the first line alone; the picture names the channel as the text does."""
    for document in frozen_report(desk, "EP2024").values():
        assert "2024" in document.subtitle
        assert "6 ju" not in document.subtitle.casefold()
        pictures = [block for block in document.blocks if isinstance(block, Picture)]
        assert len(pictures) == 3
        for svg in [layout for one in pictures for layout in (one.svg, one.upright)]:
            assert "x-urgent" not in svg
            assert "meta-elections" not in svg
        assert "Urgent Escalation Channel" in pictures[2].svg
        assert "Urgent Escalation Channel" in pictures[2].upright
        assert "geen besluit vastgelegd" not in plain(document)


def test_every_number_has_a_name_and_nothing_says_what_a_platform_did(desk: Desk) -> None:
    """Names are unique; outside them no digit stands in what is made, but the articles of laws in text blocks."""
    for document in frozen_report(desk, "EP2024").values():
        names = [figure.name for figure in figures(document)]
        assert len(set(names)) == len(names)
        of_use = {f"{X}/{name}" for name in ("sent_at", "human/hours", "human/exact", "table/human/minutes")}
        assert of_use | {"uses", "declined", "papers/1/number"} <= set(names)
        text = "\n".join(line for block in document.blocks for line in lines_of(block, unnamed))
        loose = set(re.findall(r"\S*\d\S*", text.partition("Telefoon:")[0].partition("Telephone:")[0]))
        assert loose - {"22", "1,"} <= {"1"}, loose  # article 22 of the DSA; P.O. Box 1
        for sentence in re.split(r"[.\n]", plain(document)):
            found = outcome_word(sentence, desk.env.settings.outcome_words)
            assert found is None or "gives no power to have posts removed" in sentence, sentence


# ---------------------------------------------------------------- frozen, opened, and what moved


def test_a_freeze_stands_until_it_is_undone(desk: Desk) -> None:
    """Only the head freezes and opens; a second freeze names the first; the same freeze gives the same octets."""
    drafted(desk, "EP2024", DRAFT)
    assert desk.type("report", "freeze", "EP2024", officer="writer1").status == 1
    assert desk.type("report", "freeze", "EP2024", officer="officer1").status == 1
    out = desk.folder / "report.html"
    assert "is not frozen" in desk.type("report", "make", "EP2024", "--out", str(out), officer="writer1").err
    desk.done("report", "freeze", "EP2024", officer="head1")
    assert (
        "is frozen since 2027-06-01 by head1 (f00000001)"
        in desk.type("report", "freeze", "EP2024", officer="head1").err
    )
    first = json.loads(desk.done("report", "make", "EP2024", "--out", str(out), "--json", officer="writer1"))
    desk.clock.set(desk.clock.now() + timedelta(days=30))
    again = json.loads(desk.done("report", "make", "EP2024", "--out", str(out), "--json", officer="writer1"))
    assert first == again
    assert [Path(one["file"]).name for one in first["files"]] == ["report.nl.html", "report.en.html"]
    undo = ("report", "freeze", "EP2024", "--undo", "--reason", "the clock of X was noted wrongly")
    assert desk.type(*undo, officer="writer1").status == 1
    desk.done(*undo, officer="head1")
    with desk.env.store.read() as tx:
        (row,) = tx.find(ReportFreeze)
    assert (row.undone_by, row.undone_reason) == ("head1", "the clock of X was noted wrongly")
    assert "f00000002" in desk.done("report", "freeze", "EP2024", officer="head1")


def moved(desk: Desk) -> dict[str, tuple[str, str, list[str]]]:
    """Returns what `report changes` says: figure -> was, is, and the kinds of the events."""
    found = json.loads(desk.done("report", "changes", "EP2024", "--json", officer="writer1"))
    return {one["figure"]: (one["was"], one["is"], [e["kind"] for e in one["events"]]) for one in found["moved"]}


def test_nothing_moves_by_itself(desk: Desk) -> None:
    """That an open use waits longer, or that a report is made, is no change."""
    frozen_report(desk, "EP2024")
    desk.clock.set(desk.clock.now() + timedelta(days=30))
    assert moved(desk) == {}


def test_a_contact_note_months_later_is_named(desk: Desk) -> None:
    """The silent use was answered by phone after all: each figure of its clocks moved, because of that note."""
    frozen_report(desk, "EP2024")
    out = desk.folder / "report.html"
    desk.done("report", "make", "EP2024", "--out", str(out), officer="writer1")
    before = (desk.folder / "report.nl.html").read_bytes()
    desk.done(
        "case", "note", "VF-EP2024-0001", "--means", "phone", "--text", "They had it", "--counts-as", "platform_ack",
        "--at", "2024-06-05T17:00:00+02:00",
    )  # fmt: skip
    found = moved(desk)
    assert found[f"{META}/human/minutes"][:2] == ("", "200")
    assert "contact noted" in found[f"{META}/human/minutes"][2]
    assert not any(name.startswith(X) for name in found)
    said = desk.type("report", "make", "EP2024", "--out", str(out), officer="writer1")
    assert f"since f00000001: {META}/human/minutes was -, is 200" in said.err
    assert (desk.folder / "report.nl.html").read_bytes() == before
    assert "still to be written" in drafted(desk, "EP2024", DRAFT)
    desk.done("report", "freeze", "EP2024", "--undo", "--reason", "late note", officer="head1")
    assert (
        "paraphrase.nl (flaggermail case show VF-EP2024-0001)"
        in desk.type("report", "freeze", "EP2024", officer="head1").err
    )


def test_a_mail_reclassified_months_later_is_named(desk: Desk) -> None:
    """The answer of X turns out to be a robot's: the human clock runs again, because of that act."""
    made = frozen_report(desk, "EP2024")
    with desk.env.store.read() as tx:
        answer = tx.get(ClockRow, f"{X}/human")
    assert answer is not None
    desk.done("message", "reclassify", str(answer.stopped_by), "--kind", "auto_reply")
    was, now, kinds = moved(desk)[f"{X}/human/minutes"]
    assert (was, now) == ("152", "")
    assert {"message reclassified", "clock resumed"} & set(kinds)
    assert documents(desk, "EP2024") == made


def test_a_corrected_clock_and_a_case_reclassified_are_named(desk: Desk) -> None:
    """A sending corrected in the record, and another source of the referral, each name their event."""
    frozen_report(desk, "EP2024")
    desk.done("case", "reclassify", "VF-EP2024-0001", "--source", "media")
    desk.done("case", "reclassify", "VF-TK2023-0001", "--source", "fact_checker")  # of another election
    with desk.env.store.begin() as tx:
        old = tx.get(Notification, X)
        assert old is not None
        assert old.sent_at is not None
        work = UnitOfWork(desk.env, tx, desk.clock.now(), "officer1")
        work.record(EventKind.NOTIFICATION_SENT, changed(old, replace(old, sent_at=old.sent_at - timedelta(minutes=2))))
    found = moved(desk)
    assert found["received/media"] == ("", "1", ["case reclassified"])
    assert found["received/fact_checker"] == ("1", "", ["case reclassified"])
    assert found[f"{X}/sent_at"][2] == ["notification sent"]


def test_what_moved_is_told_in_the_zone_of_the_desk(desk: Desk) -> None:
    """Not in universal time; and a case without a decision is another figure than one with nothing further done."""
    frozen_report(desk, "EP2024")
    with desk.env.store.read() as tx:
        answer = tx.get(ClockRow, f"{X}/human")
    assert answer is not None
    desk.done("message", "reclassify", str(answer.stopped_by), "--kind", "auto_reply")
    opened = ("case", "open", "--election", "EP2024", "--type", "A_content", "--origin", "media")
    desk.done(*opened, "--title", "Undecided")
    desk.done(*opened, "--title", "Left")
    desk.done("case", "decide", "VF-EP2024-0004", "none", "--reason", "nothing to do")
    found = moved(desk)
    assert found[f"{X}/human/at"][0] == "2024-06-06 13:06+02:00"
    assert (found["decisions/undecided"][:2], found["decisions/none"][:2]) == (("", "1"), ("", "1"))


def test_a_use_that_is_gone_hinders_nothing(desk: Desk) -> None:
    """The draft names a use that the record no longer has: what was frozen is made, and the count has moved."""
    made = frozen_report(desk, "EP2024")
    with desk.env.store.begin() as tx:
        old = tx.get(Notification, META)
        assert old is not None
        work = UnitOfWork(desk.env, tx, desk.clock.now(), "officer1")
        gone = replace(old, state=NotificationState.FAILED)
        work.record(EventKind.NOTIFICATION_FAILED, changed(old, gone))
    assert moved(desk)["uses"] == ("2", "1", ["notification failed"])
    out = desk.folder / "report.html"
    desk.done("report", "make", "EP2024", "--out", str(out), officer="writer1")
    assert documents(desk, "EP2024") == made
    printed = desk.type("report", "draft", "EP2024", "--print", officer="writer1")
    assert f"uses.{META}: is no use of this election; there are: {X}" in printed.err


def test_an_exercise_is_nowhere(desk: Desk) -> None:
    """Cases, notifications and mail of an exercise change nothing, not even a number; it has no report itself."""
    before = frozen_report(desk, "EP2024")
    at = datetime(2024, 6, 5, 12, tzinfo=UTC)
    with desk.env.store.begin() as tx:
        template = tx.get(Notification, X)
        election = tx.get(Election, "EP2024")
        assert template is not None
        assert election is not None
        work = UnitOfWork(desk.env, tx, desk.clock.now(), "officer1")
        work.record(EventKind.ELECTION_ADDED, added(replace(election, code="EX240605", exercise=True)))
        for number, code in (("VF-EX240605-0001", "EX240605"), ("VF-EP2024-0099", "EP2024")):
            case = Case(
                number=number, election=code, type=CaseType.CONTENT, origin=Origin.REFERRAL, source=Source.MEDIA,
                token=number, opened_at=at, opened_by="officer1", exercise=True,
            )  # fmt: skip
            row = replace(template, id=f"{number}/1", case=number, token=f"t{number}", exercise=True)
            work.record(EventKind.CASE_OPENED, added(case))
            work.record(EventKind.NOTIFICATION_SENT, added(row))
    assert moved(desk) == {}
    assert documents(desk, "EP2024") == before
    assert "is an exercise" in desk.type("report", "draft", "EX240605", "--print", officer="writer1").err


def test_a_draft_is_marked_throughout(desk: Desk) -> None:
    """Without a freeze, title and every chapter say CONCEPT, and the instant is named."""
    drafted(desk, "EP2024", DRAFT)
    out = desk.folder / "concept.html"
    desk.done("report", "make", "EP2024", "--out", str(out), "--draft", "--language", "nl", officer="writer1")
    page = out.read_text("utf-8")
    assert page.count("<h1>CONCEPT: ") == len(re.findall("<h1>", page))
    assert "Concept, naar de stand van 1 juni 2027 om 12.00 uur; deze cijfers zijn niet vastgelegd." in re.sub(
        "<[^>]+>", "", page
    )


def test_the_uses_are_a_table_too(desk: Desk) -> None:
    """CSV has a line for each use, in one file whatever the languages."""
    frozen_report(desk, "EP2024")
    out = desk.folder / "uses.csv"
    desk.done("report", "make", "EP2024", "--out", str(out), officer="writer1")
    head, meta, other = out.read_text("utf-8").splitlines()
    assert head.startswith("election,notification,platform,channel,kind,sent_at")
    assert meta.startswith(f"EP2024,{META},Meta,Elections desk EU,A_content,2024-06-05T13:40+02:00,mail,,,,")
    assert ",152,2.5,2 hours and 32 minutes,mail,mail," in other


# ---------------------------------------------------------------- what a person may not write


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("X removed the posts.", "draft.yaml:12:7 uses.VF-EP2024-0002/1.paraphrase.nl: holds 'removed'"),
        ("Een zin met \\u202e teken.", "paraphrase.nl: holds the invisible character U+202E"),
        ("Een \\a zin.", "paraphrase.nl: holds the invisible character U+0007"),
        ("Op verzoek van de gemeente Lindewaard.", "paraphrase.nl: names Lindewaard"),
        ("x" * 100_000, "paraphrase.nl: has 100000 characters; at most 4000"),
    ],
)
def test_words_that_may_not_stand_are_named_by_place(desk: Desk, words: str, fault: str) -> None:
    """What a platform did, hidden signs, an authority without consent, and too much."""
    path = desk.folder / "draft.yaml"
    path.write_text(DRAFT.replace("nl: X liet weten op zulke berichten te letten.", f'nl: "{words}"'), "utf-8")
    ran = desk.type("report", "draft", "EP2024", str(path), officer="writer1")
    assert ran.status == 2
    assert fault.removeprefix("draft.yaml:12:7 ") in ran.err
    agreed = DRAFT + "consents: [{name: Lindewaard, consent: true}]\nremarks: {nl: De gemeente Lindewaard stemt in.}\n"
    assert drafted(desk, "EP2024", agreed) == ""


def test_markup_is_text(desk: Desk) -> None:
    """HTML in a person's words stays words."""
    hostile = DRAFT.replace("X liet weten op zulke", "<script>alert(1)</script> & <b>op</b>")
    frozen_report(desk, "EP2024", hostile)
    out = desk.folder / "report.html"
    desk.done("report", "make", "EP2024", "--out", str(out), officer="writer1")
    page = (desk.folder / "report.nl.html").read_text("utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;op&lt;/b&gt;" in page


def test_faults_of_a_draft_are_named_by_line(desk: Desk) -> None:
    """Unknown uses, wrong papers and years, unknown keys."""
    path = desk.folder / "draft.yaml"
    path.write_text(
        "uses:\n  VF-EP2024-0009/1: {}\nearlier_papers:\n"
        "  - {chamber: III, year: 2023-2024, dossier: 12, number: 0}\n"
        "  - {chamber: II, year: 2023-2025, dossier: 35165, number: 7}\nmood: good\n",
        encoding="utf-8",
    )
    err = desk.type("report", "draft", "EP2024", str(path), officer="writer1").err
    assert "draft.yaml:4:6 earlier_papers[0].chamber: 'III' is no chamber; write I or II" in err
    assert "earlier_papers[0].dossier: " in err
    assert "draft.yaml:6:1 mood: is no known key" in err
    path.write_text("uses:\n  VF-EP2024-0009/1: {}\n", encoding="utf-8")
    err = desk.type("report", "draft", "EP2024", str(path), officer="writer1").err
    assert f"draft.yaml:2:3 uses.VF-EP2024-0009/1: is no use of this election; there are: {META}, {X}" in err


def test_only_those_who_account_write_it(desk: Desk) -> None:
    """Officers and report writers draft; archivists and others do not, and a report writer does nothing else."""
    path = desk.folder / "draft.yaml"
    path.write_text(DRAFT, encoding="utf-8")
    for who, status in (("writer1", 0), ("officer1", 0), ("archivist1", 1), ("nobody", 1)):
        assert desk.type("report", "draft", "EP2024", str(path), officer=who).status == status, who
    ran = desk.type("case", "note", "VF-EP2024-0001", "--means", "phone", "--text", "x", officer="writer1")
    assert "writer1 has none of the roles" in ran.err
    assert desk.type("archive", "find", "2024-06", officer="writer1").status == 0


def test_the_form_says_what_is_known_and_fills_in_nothing(desk: Desk) -> None:
    """Reason of the decision and the command that shows the answer are comments; the words are empty."""
    form = desk.done("report", "draft", "EP2024", "--print", officer="writer1")
    assert "    # Reden van het besluit: Votes become invalid" in form
    assert re.search(r"Om deze te lezen: flaggermail message show m\d+", form)
    assert "15.00 uur, per telefoon. Om de notitie te lezen: flaggermail case show VF-EP2024-0001" in form
    assert set(re.findall(r"^ +(?:nl|en): (.*)$", form, re.MULTILINE)) == {'""'}
    assert drafted(desk, "EP2024", form).count("still to be written") == 4
    asked = desk.type("report", "draft", "EP2024", "--print", "--json", officer="writer1").json
    assert isinstance(asked, dict)
    missing, said = asked["missing"], asked["missing_said"]
    assert len(missing) == 4
    assert missing == [f"{one['details']['field']} ({one['details']['command']})" for one in said]


def test_an_election_is_frozen_after_its_period(desk: Desk) -> None:
    """Until the end of its last day only with --early."""
    with desk.env.store.begin() as tx:
        old = tx.get(Election, "PS2027")
        assert old is not None
        work = UnitOfWork(desk.env, tx, desk.clock.now(), "officer1")
        until = desk.clock.now().date()
        work.record(EventKind.ELECTION_ADDED, changed(old, replace(old, period_until=until)))
    drafted(desk, "PS2027", "languages: [nl]\n")
    assert "its period runs until 2027-06-01" in desk.type("report", "freeze", "PS2027", officer="head1").err
    desk.done("report", "freeze", "PS2027", "--early", officer="head1")


def test_a_note_that_is_no_contact_with_a_platform_is_left_out(desk: Desk) -> None:
    """leave_out: true takes a note out, and no words are asked for."""
    text = re.sub(r"contacts:.*?earlier", "contacts: {n000002: {leave_out: true}}\nearlier", DRAFT, flags=re.DOTALL)
    made = frozen_report(desk, "EP2024", text)
    assert "Andere contacten" not in plain(made[LanguageCode.NL])


# ---------------------------------------------------------------- what may not contradict itself


def test_what_would_contradict_itself_is_not_frozen(desk: Desk) -> None:
    """A case that was put to X is recorded as declined: the section tells of a use, the table would not count it."""
    drafted(desk, "EP2024", DRAFT)
    with desk.env.store.begin() as tx:
        old = tx.get(Case, "VF-EP2024-0002")
        assert old is not None
        work = UnitOfWork(desk.env, tx, desk.clock.now(), "officer1")
        work.record(EventKind.CASE_DECIDED, changed(old, replace(old, decision=Decision.DECLINE)))
    assert "to be mended before a freeze: VF-EP2024-0002/1 was sent" in drafted(desk, "EP2024", DRAFT)
    refused = desk.type("report", "freeze", "EP2024", officer="head1")
    assert refused.status == 1
    assert "report EP2024: is not frozen, because it would contradict itself: VF-EP2024-0002/1 was sent" in refused.err
    desk.done("case", "decide", "VF-EP2024-0002", "notify", "--reason", "as it was sent", officer="head1")
    assert "frozen as" in desk.done("report", "freeze", "EP2024", officer="head1")


def test_several_uses_are_shown_together_first(desk: Desk) -> None:
    """One overview, one picture, our own steps and the elections side by side; each figure recomputed by hand.

    X: 10:34 to 13:06. Of the silence of Meta, from 5 June 2024 13:40 to 1 June 2027 12:00: 1,090 days are 1,569,600
    minutes, to 13:40 of 31 May 2027; then 22 hours and 20 minutes. Our steps to Meta: 13:10 to 13:40.
    """
    text = plain(frozen_report(desk, "EP2024")[LanguageCode.NL])
    overview = text.index("Overzicht van het gebruik")
    assert overview < text.index("## Melding aan Meta")
    for line in (
        "Verzonden op | Platform | Onderwerp | Tot de reactie van een medewerker | Tijden berusten op",
        "5 juni 2024 13:40 | Meta | berichten | open, tot nu toe 1090 dagen, 22 uur en 20 minuten | mail",
        "6 juni 2024 10:34 | X | verzoek op berichten te letten | 2,5 uur (2 uur en 32 minuten) | mail",
        "Bij minder dan tien meldingen staat elke waarde er, en geen aandeel.",
        "Meta, 5 juni 2024 | 13:10 | 13:25 | 13:40 | 13:40 | 30 minuten",
        "X, 6 juni 2024 | 10:05 (zaak geopend) | 10:20 | 10:34 | 10:34 | 29 minuten",
        "Provinciale Statenverkiezingen en waterschapsverkiezingen 2023 | 0 | 0 | 0 | ",
        "Tweede Kamerverkiezing 2023 | 1 | 1 | 0 | 48 minuten",
        "Europees Parlementsverkiezing 2024 | 2 | 1 | 1 | 2 uur en 32 minuten; open, tot nu toe 1090 dagen",
    ):
        assert line in text


def test_no_picture_or_table_tells_one_use_twice(desk: Desk) -> None:
    """Of a use alone there is no overview; nobody answered Meta, so it has no table of times; X's answer is one row."""
    text = plain(frozen_report(desk, "EP2024")[LanguageCode.NL])
    meta = text.partition("## Melding aan Meta")[2].partition("## Melding aan X")[0]
    assert "Tijdstippen bij deze melding" not in meta
    assert text.count("6 juni 2024 13:06 | 152 | 2,5 | mail | mail") == 1


def test_a_typed_mail_has_no_reading_date(story_settings: Configuration, tmp_path: Path) -> None:
    """The channel's policy was read on some day; whoever typed the mail noted none, so the table has none."""
    text = "languages: [nl]\nuses: {VF-EP2024-0001/1: {reason: {nl: Twee vakjes.}, paraphrase: {nl: X let op.}}}\n"
    with played("letter-of-2024", story_settings, tmp_path) as desk:
        frozen_report(desk, "EP2024", text)
        out = desk.folder / "uses.csv"
        desk.done("report", "make", "EP2024", "--out", str(out), officer="writer1")
    (line,) = csv.DictReader(out.read_text("utf-8").splitlines())
    assert (line["policy"], line["policy_read_on"], line["sent_basis"]) == ("Civic integrity policy", "", "sent copy")


def test_each_column_is_explained(desk: Desk) -> None:
    """The codebook has a line for each column in its order, and one for each code that stands in the table."""
    frozen_report(desk, "EP2024")
    out = desk.folder / "uses.csv"
    desk.done("report", "make", "EP2024", "--out", str(out), officer="writer1")
    uses = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    book = list(csv.DictReader(out.with_suffix(".codebook.csv").read_text("utf-8").splitlines()))
    assert [one["column"] for one in book if not one["value"]] == list(uses[0])
    assert all(one["meaning_en"] and one["meaning_nl"] for one in book)
    coded = {one["column"] for one in book if one["value"]}
    known = {(one["column"], one["value"]) for one in book}
    assert {(name, use[name]) for use in uses for name in coded if use[name]} <= known
