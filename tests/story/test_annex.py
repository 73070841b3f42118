# SPDX-License-Identifier: EUPL-1.2
"""The mails of a use become the annex of a report: one person marks, another approves, and only marks differ."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from flaggermail.annex import approved
from flaggermail.cli.acting import typed
from flaggermail.desk.views.annex import FilledAnnexForm
from flaggermail.documents.model import Heading, Labelled, Paragraph, Text, Verbatim
from flaggermail.door.application import GONE, INTERIM
from flaggermail.errors import Refusal
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.events import EventKind
from flaggermail.record.rows import Annex
from flaggermail.services import Services, UnitOfWork
from tests.doubles.annexes import applied, by_hand, edited, form_of
from tests.doubles.paged import OFFICER1, PlayedSource, pages_of
from tests.doubles.scenarios import Reopen

CASE, USE, ANNEX = "VF-EP2024-0001", "VF-EP2024-0001/1", "a00000001"
Play = Callable[[str], Services]
LETTER = """\
Mail 1

Re: Notification of narratives that were spread during earlier elections

Van: [gelakt 5.1.2e] <[gelakt 5.1.2e]>
Datum ontvangst: 2024-06-06 13:06+02:00
Aan: [gelakt 5.1.2i]
CC: 

Dear [gelakt 5.1.2e],

Thank you for the heads-up. We will pay attention to posts of this kind today, and please do flag any of them directly \
to us.

Best,
[gelakt 5.1.2e]

On Thu, Jun 6, 2024 at 10:34 AM Verkiezingen flagger <[gelakt 5.1.2i]> wrote:
> Dear people at X, dear [gelakt 5.1.2e],
>
> On March 13 of 2023 we notified you of posts that call on voters to draw a
> box by hand beside the list of candidates. On November 22 of 2023 we
> notified you of posts that call on voters to colour two boxes on one list.
> In both cases the vote becomes invalid.
>
> Today the Netherlands elect the members of the European Parliament. It is
> possible that posts of these kinds are spread again, if only as a joke. We
> kindly ask you to be attentive to them when notified of them by users of
> your platform, on the basis of your civic integrity policy (#).
>
> Kind regards,

[Regels binnen een alinea zijn samengevoegd; de regeleinden van de mail zijn niet overgenomen.]

Waar [gelakt ...] staat, zijn woorden onleesbaar gemaakt; daarachter staat de grond in de Wet open overheid (Woo): https://wetten.overheid.nl/BWBR0045754/#Hoofdstuk5
5.1.2e  de eerbiediging van de persoonlijke levenssfeer
5.1.2i  het goed functioneren van de Staat
"""  # noqa: W291 - the label CC stays, and nothing stands behind it


@pytest.fixture
def played(reopened: Reopen) -> Play:
    """Returns a function that opens a copy of a scenario's desk three months after its end."""
    return lambda name: reopened(name, lambda ended: ended + timedelta(days=90))


def kinds(env: Services) -> list[str]:
    """Returns the kinds of the events about annexes, and of the readings."""
    with env.store.read() as tx:
        return [
            event.kind.value if event.kind is not EventKind.ARCHIVE_READ else str(event.changes[0].values["request"])
            for _, event in tx.events()
            if event.kind.value.startswith("annex") or event.kind is EventKind.ARCHIVE_READ
        ]


def refused(env: Services, officer: str, *words: str) -> str:
    """Returns the refusal of a command line."""
    with pytest.raises(Refusal) as caught:
        typed(env, officer, ["annex", *words])
    return str(caught.value)


def test_the_letter_of_2024_is_marked_by_one_and_approved_by_another(played: Play, tmp_path: Path) -> None:
    """Proposed and edited by one officer, approved by the head, and printed to the character but for the markers."""
    env = played("letter-of-2024")
    said = typed(env, "officer1", ["annex", "propose", CASE, "--form", "reply"])
    assert said.startswith(f"annex {ANNEX} of {USE}: 1 mail, ")
    assert said.endswith(f"read and correct them: `flaggermail annex edit {ANNEX}`\n")
    form = form_of(env, ANNEX)
    assert "\n# 5.1.2h  de beveiliging van personen en bedrijven en het voorkomen van sabotage\n" in form
    assert edited(env, ANNEX, by_hand(form, ["Anne", "Robin"]), tmp_path) == (
        f"annex {ANNEX}, revision 2: confirmed with 7 marks; another person: `flaggermail annex approve {ANNEX}`\n"
    )
    own = refused(env, "officer1", "approve", ANNEX, "--revision", "2")
    assert own == f"annex {ANNEX}: officer1 has a hand in its marks; officer2, head1 may approve it"
    assert typed(env, "head1", ["annex", "approve", ANNEX]) == LETTER
    with env.store.read() as tx:
        assert approved.texts(UnitOfWork(env, tx, env.clock.now()), USE) is None
    assert "revision 2: approved" in typed(env, "head1", ["annex", "approve", ANNEX, "--revision", "2"])
    files = applied(env, ANNEX, tmp_path / "out")
    assert sorted(files) == ["annex.html", "annex.odt", "annex.pdf", "annex.txt", "manifest.json"]
    assert files["annex.txt"].decode() == LETTER
    assert kinds(env) == [
        "annex proposed", "annex form", "annex form read", "annex confirmed", "annex show", "annex approved",
        "annex files",
    ]  # fmt: skip


def test_the_files_of_an_annex_tell_how_far_they_are(played: Play, tmp_path: Path) -> None:
    """By interim answers to whoever asks for them, up to the end; they are made no more once nobody waits."""
    env = played("letter-of-2024")
    typed(env, "officer1", ["annex", "propose", CASE])
    edited(env, ANNEX, form_of(env, ANNEX), tmp_path)
    typed(env, "head1", ["annex", "approve", ANNEX, "--revision", "2"])
    client, told = pages_of(PlayedSource(env)).test_client(), list[str]()

    def ask(*, gone: bool = False, **headers: str) -> int:
        around = {"X_REMOTE_UID": str(OFFICER1), INTERIM: told.append, GONE: lambda: gone}
        return client.get(f"/v1/views/annex-files?annex={ANNEX}", headers=headers, environ_overrides=around).status_code

    assert (ask(Prefer="progress"), told) == (200, sorted(told))
    assert len(told) > len(["mails", "text", "page", "odt", "pdf"])
    assert told[-1] == "1.0000"
    told.clear()
    assert (ask(), told) == (200, [])
    assert ask(gone=True, Prefer="progress") == 503
    assert told == []


def test_a_thread_prints_each_mail_once(played: Play) -> None:
    """The quotation below the answer repeats the mail above it: one line says so; what differs from it stays."""
    env = played("letter-of-2024")
    typed(env, "officer1", ["annex", "propose", CASE])
    assert "[ ] Hier" not in form_of(env, ANNEX)
    shown = typed(env, "officer1", ["annex", "show", ANNEX])
    assert shown.index("Datum verzending: 2024-06-06 10:34+02:00") < shown.index("Datum ontvangst: 2024-06-06 13:06")
    assert len(re.findall(r"box\s+(?:> )?by\s+(?:> )?hand", shown)) == 1
    end = shown.partition("wrote:\n")[2].partition("\n[Regels")[0]
    assert end == (
        "[Hier wordt de tekst van mail 1 geciteerd. Die staat hierboven.]\n"
        "> your platform, on the basis of your civic integrity policy (#).\n"
        ">\n> Kind regards,\n"
    )


def test_a_report_gets_the_latest_approved_annex(played: Play, tmp_path: Path) -> None:
    """As parts of a document with headings from level 3; an earlier approved annex is withdrawn with it."""
    env = played("letter-of-2024")
    for annex, form in ((ANNEX, "reply"), ("a00000002", "thread")):
        typed(env, "officer1", ["annex", "propose", USE, "--form", form])
        edited(env, annex, form_of(env, annex), tmp_path)
        typed(env, "officer2", ["annex", "approve", annex, "--revision", "2"])
    with env.store.read() as tx:
        work = UnitOfWork(env, tx, env.clock.now())
        blocks, states = approved.blocks(work, USE, LanguageCode.NL), [row.state.value for row in tx.find(Annex)]
        assert approved.blocks(work, "VF-EP2024-0001/2", LanguageCode.NL) is None
    assert states == ["withdrawn", "approved"]
    assert blocks is not None
    assert [type(block) for block in blocks] == [
        *[Heading, Heading, Labelled, Verbatim] * 2, Paragraph, Paragraph, Labelled,
    ]  # fmt: skip
    assert [block.level for block in blocks if isinstance(block, Heading)] == [3, 4, 3, 4]
    labels = [[label for label, _ in block.lines] for block in blocks if isinstance(block, Labelled)]
    mails = [["Van", "Datum verzending", "Aan", "CC"], ["Van", "Datum ontvangst", "Aan", "CC"]]
    assert labels == [*mails, ["5.1.2e", "5.1.2h", "5.1.2i"]]  # the grounds of its marks, and no other
    assert isinstance(blocks[-1], Labelled)
    assert blocks[-1].lines[0][1] == [Text("de eerbiediging van de persoonlijke levenssfeer")]
    assert [block.language for block in blocks if isinstance(block, Verbatim)] == ["en", "en"]
    assert "no annexes" not in typed(env, "officer1", ["annex", "list", "--case", CASE])


def test_an_unchanged_form_confirms_and_a_second_proposal_keeps_the_work(played: Play, tmp_path: Path) -> None:
    """--keep takes marks and removals over; without it the program's own proposals stand there again."""
    env = played("letter-of-2024")
    typed(env, "officer1", ["annex", "propose", USE, "--form", "reply"])
    edited(env, ANNEX, by_hand(form_of(env, ANNEX), ["heads-up"]), tmp_path)
    kept = form_of(env, ANNEX).replace(f"# {ANNEX} 2", "# a00000002 1")
    typed(env, "officer2", ["annex", "propose", USE, "--form", "reply", "--keep"])
    assert form_of(env, "a00000002") == kept
    assert "is withdrawn" in refused(env, "officer1", "edit", ANNEX, str(tmp_path / f"{ANNEX}.form"))
    edited(env, "a00000002", kept, tmp_path, by="officer2")
    own = refused(env, "officer1", "approve", "a00000002", "--revision", "2")
    assert own.endswith("officer1 has a hand in its marks; head1 may approve it")
    typed(env, "officer1", ["annex", "propose", USE, "--form", "reply"])
    assert "⟦5.1.2e|heads-up⟧" in kept
    assert "⟦5.1.2e|heads-up⟧" not in form_of(env, "a00000003")


def test_words_marked_by_hand_are_shown_elsewhere_and_marked_on_request(
    played: Play, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Same name, same treatment: the other places are listed, and marked only with --everywhere."""
    env = played("letter-of-2024")
    typed(env, "officer1", ["annex", "propose", USE, "--form", "reply"])
    one = form_of(env, ANNEX).replace("call on voters to draw", "call on ⟦5.1.2e|voters⟧ to draw")
    edited(env, ANNEX, one, tmp_path)
    assert form_of(env, ANNEX).count("⟦5.1.2e|voters⟧") == 1
    found = elsewhere(env, ANNEX)
    assert found == ["mail 1, body, line 15: voters (5.1.2e)"]
    edited(env, ANNEX, form_of(env, ANNEX), tmp_path, "--everywhere")
    assert form_of(env, ANNEX).count("⟦5.1.2e|voters⟧") == 2
    assert capsys.readouterr().out == ""


def elsewhere(env: Services, annex: str) -> list[str]:
    """Returns the places that the reading of an unchanged form names."""
    with env.store.read() as tx:
        work = UnitOfWork(env, tx, env.clock.now(), "officer1")
        found = FilledAnnexForm(annex=annex, text=form_of(env, annex)).show(work).elsewhere_shown
    return [one.english for one in found]


def test_a_spoken_answer_is_named_and_not_printed(played: Play) -> None:
    """A contact note is a line with its instant; what was said stays in the record."""
    env = played("S08-phone-note")
    typed(env, "officer1", ["annex", "propose", "VF-PS2027-0006"])
    shown = typed(env, "officer1", ["annex", "show", ANNEX])
    assert "2027-03-17 21:45+01:00: telefonisch of mondeling contact, met de hand genoteerd." in shown
    with env.store.read() as tx:
        (note,) = [event.changes[0].values["text"] for _, event in tx.events() if event.kind is EventKind.CONTACT_NOTED]
    assert str(note) not in shown


def test_the_manifest_counts_and_names_nobody(played: Play, tmp_path: Path) -> None:
    """By mail, part and ground; no person, no place, no length, and no digest but those of the published files."""
    env = played("letter-of-2024")
    typed(env, "officer1", ["annex", "propose", USE, "--form", "reply"])
    edited(env, ANNEX, form_of(env, ANNEX), tmp_path)
    typed(env, "head1", ["annex", "approve", ANNEX, "--revision", "2"])
    files = applied(env, ANNEX, tmp_path / "out")
    manifest = json.loads(files["manifest.json"])
    assert manifest["mails"] == [
        {
            "mail": 1,
            "ours": False,
            "marks": {"body": {"5.1.2e": 3, "5.1.2i": 1}, "from": {"5.1.2e": 2}, "to": {"5.1.2i": 1}},
        }
    ]
    assert sorted(manifest["files"]) == ["annex.html", "annex.odt", "annex.pdf", "annex.txt"]
    assert not re.search("officer1|head1", files["manifest.json"].decode())
    digests = re.findall("[0-9a-f]{64}", files["manifest.json"].decode())
    assert sorted(digests) == sorted(manifest["files"].values())
    assert applied(env, ANNEX, tmp_path / "again") == files
