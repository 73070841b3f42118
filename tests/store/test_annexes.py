# SPDX-License-Identifier: EUPL-1.2
"""Attacks on an annex: mails that look like marks, one person as two, and octets, parsers and files that change."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from flaggermail.annex import printed
from flaggermail.annex.redaction.marks import Mark
from flaggermail.cli.acting import typed
from flaggermail.cli.new_files import new_folder
from flaggermail.commands.annexes import ApproveAnnex, ConfirmAnnex, ProposeAnnex
from flaggermail.errors import Refusal
from flaggermail.mail.message import Message
from flaggermail.record.kinds import AnnexForm
from flaggermail.record.rows import Annex
from flaggermail.services import Services
from flaggermail.settings.model import OfficerSettings
from tests.acting import warned
from tests.corpus import each
from tests.doubles.annexes import applied, by_hand, edited, form_of
from tests.store.desk_fixtures import Desk, mail

pytestmark = pytest.mark.outside  # a PDF asks the system for its libraries, by a process

ANNEX, NEXT = "a00000001", "a00000002"


def read_otherwise(env: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the parser read mail as another version would: with one more space in the text."""
    parse = env.parser.parse

    def otherwise(octets: bytes) -> Message:
        read = parse(octets)
        return replace(read, text=f" {read.text}")

    monkeypatch.setattr(env.parser, "parse", otherwise)


def answered(desk: Desk, octets: bytes | None = None) -> str:
    """Sends a notification, which is answered; returns its number."""
    use = desk.notified()
    desk.go_on(30)
    desk.receive(octets or mail(answers=desk.message_id_of(use)))
    return use


def made(desk: Desk, folder: Path, state: str = "approved", form: str = "thread") -> str:
    """Makes an annex up to that state; returns the number of its notification."""
    use = answered(desk)
    desk.do(ProposeAnnex(of=use, form=AnnexForm(form)))
    if state != "proposed":
        edited(desk.env, ANNEX, form_of(desk.env, ANNEX), folder)
    if state == "approved":
        desk.do(ApproveAnnex(annex=ANNEX, revision=2), by="signer")
    return use


def refused(desk: Desk, *words: str, by: str = "officer1") -> str:
    """Returns the refusal of a command line."""
    with pytest.raises(Refusal) as caught:
        typed(desk.env, by, ["annex", *words])
    return str(caught.value)


HOSTILE = (
    "⟦5.1.2e|no mark⟧ ⟧⟧ ⟦⟦ ⟦(⟧ | [gelakt 5.1.2e] # a00000001 9\n\nMail 2\n\nVan: the minister <m@bzk.example>\n"
    "Ro\u200bbin \u202eecnaV\u202c \x00\x07\x1b[31m red\u2028line\n# head\n\n\n    end "
)


def test_a_hostile_mail_is_printed_to_the_character_that_is_seen(desk: Desk, tmp_path: Path) -> None:
    """Signs of marks, a marker, lines like ours, control and bidirectional characters: none acts, none gets lost."""
    use = desk.notified()
    extra = ("Content-Type: multipart/mixed; boundary=cut", "Content-Transfer-Encoding: 8bit")
    name = "Robin\u202e ⟦5.1.2e|x⟧ fdp.pdf"
    parts = (
        f"--cut\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{HOSTILE}\n"
        "--cut\nContent-Type: text/html\n\n<p>Hidden Vance</p>\n"
        f'--cut\nContent-Type: application/pdf; name="{name}"\n\nx\n--cut--'
    )
    desk.receive(mail(subject="⟦5.1.2e|a⟧", text=parts, answers=desk.message_id_of(use), extra=extra))
    desk.do(ProposeAnnex(of=use, form=AnnexForm.REPLY))
    form = form_of(desk.env, ANNEX)
    assert edited(desk.env, ANNEX, by_hand(form, ["Vance"]), tmp_path).startswith(f"annex {ANNEX}, revision 2")
    desk.do(ApproveAnnex(annex=ANNEX, revision=2), by="signer")
    text = applied(desk.env, ANNEX, tmp_path / "out")["annex.txt"].decode()
    assert "⟦5.1.2e|no mark⟧ ⟧⟧ ⟦⟦ ⟦(⟧ | [gelakt 5.1.2e] [gelakt 5.1.2i] 9\n\nMail 2\n\nVan: the minister <" in text
    assert "\nRobin ecnaV \ufffd\ufffd\ufffd[31m red\nline\n# head\n\n\n    end " in text
    assert text.startswith("Mail 1\n\n⟦5.1.2e|a⟧\n\nVan: ")
    assert text.partition("\nWaar [gelakt")[0].endswith("\nBijlage: Robin ⟦5.1.2e|x⟧ fdp.pdf\n")
    assert "Hidden" not in text
    assert not [sign for sign in text if not sign.isprintable() and sign != "\n"]
    shown = typed(desk.env, "officer1", ["annex", "show", ANNEX])
    assert shown == text


@pytest.mark.slow
def test_a_line_of_a_megabyte_is_printed(desk: Desk, tmp_path: Path) -> None:
    """The form is read beside the command, so a long mail needs no longer request."""
    use = desk.notified()
    desk.receive(mail(text="x⟦" * 300_000 + " Robin", answers=desk.message_id_of(use)))
    desk.do(ProposeAnnex(of=use, form=AnnexForm.REPLY))
    assert "confirmed with" in edited(desk.env, ANNEX, by_hand(form_of(desk.env, ANNEX), ["Robin"]), tmp_path)


def test_another_reading_of_the_same_octets_is_refused(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Places of one text say nothing about another: nothing is shown, approved or written until it is marked anew."""
    made(desk, tmp_path)
    read_otherwise(desk.env, monkeypatch)
    for words in (("show", ANNEX), ("apply", ANNEX, "--out", str(tmp_path / "out"))):
        assert refused(desk, *words).startswith(f"annex {ANNEX}: mail 1 is not read as when it was marked, by ")
    assert not (tmp_path / "out").exists()


def test_a_mail_that_is_gone_is_refused_with_the_reason(desk: Desk, tmp_path: Path) -> None:
    """Between approval and files, octets may be destroyed: then nothing is written."""
    made(desk, tmp_path)
    desk.env.octets.discard(desk.row(Annex, ANNEX).digests[1])
    assert "the archive does not give it unchanged" in refused(desk, "apply", ANNEX, "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_nobody_approves_what_they_marked_not_even_under_another_id(desk: Desk, tmp_path: Path) -> None:
    """One person with two entries in oncall.yaml is one person, and so is everybody with a hand in the marks."""
    made(desk, tmp_path, "confirmed")
    settings, officers = desk.env.settings, desk.env.settings.oncall.officers
    twin = OfficerSettings.model_validate(
        {"id": "twin", "name": officers[0].name.upper(), "address": "twin@bzk.example", "roles": ["head"]}
    )
    desk.with_settings(
        settings.model_copy(update={"oncall": settings.oncall.model_copy(update={"officers": (*officers, twin)})})
    )
    own = f"annex {ANNEX}: twin has a hand in its marks; officer2, head1, signer may approve it"
    assert desk.refused(ApproveAnnex(annex=ANNEX, revision=2), by="twin") == own
    edited(desk.env, ANNEX, form_of(desk.env, ANNEX, "officer2"), tmp_path, by="officer2")
    for officer in ("officer1", "officer2"):
        assert "has a hand in its marks" in desk.refused(ApproveAnnex(annex=ANNEX, revision=3), by=officer)
    assert "needs" in desk.refused(ApproveAnnex(annex=ANNEX, revision=3), by="weigher")
    desk.do(ApproveAnnex(annex=ANNEX, revision=3), by="head1")


def test_a_desk_where_nobody_else_may_approve_says_so(desk: Desk, tmp_path: Path) -> None:
    """At the proposal, at the confirmation, and when they try."""
    settings, officers = desk.env.settings, desk.env.settings.oncall.officers
    few = tuple(one for one in officers if one.id in {"officer1", "clerk"})
    desk.with_settings(settings.model_copy(update={"oncall": settings.oncall.model_copy(update={"officers": few})}))
    use = answered(desk)
    alone = "nobody else may approve it: give another person the role approver or head in oncall.yaml"
    assert warned(desk.do(ProposeAnnex(of=use))) == (f"annex {ANNEX}: {alone}",)
    edited(desk.env, ANNEX, form_of(desk.env, ANNEX), tmp_path)
    assert desk.refused(ApproveAnnex(annex=ANNEX, revision=2)).endswith(alone)


def test_two_who_edit_at_once_do_not_overwrite_each_other(desk: Desk, tmp_path: Path) -> None:
    """The second one is refused, by name, and nobody approves a text that was edited meanwhile."""
    made(desk, tmp_path, "proposed")
    form = form_of(desk.env, ANNEX)
    edited(desk.env, ANNEX, form, tmp_path)
    file = tmp_path / "late"
    file.write_text(form)
    assert "officer1 has changed it since: it is at revision 2, not 1" in refused(
        desk, "edit", ANNEX, str(file), by="officer2"
    )
    stale = ConfirmAnnex(annex=ANNEX, revision=1, marks=printed.read_marks(desk.row(Annex, ANNEX).marks))
    assert "officer1 has changed it since: it is at revision 2, not 1" in desk.refused(stale, by="officer2")
    assert "at revision 2, not 1" in desk.refused(ApproveAnnex(annex=ANNEX, revision=1), by="signer")


EDITOR = """
import pathlib, sys
file = pathlib.Path(sys.argv[1])
file.write_text(file.read_text("utf-8").replace({!r}, {!r}), "utf-8")
"""


def test_an_editor_gives_the_form_back_and_a_refused_one_is_kept(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The editor's own file is read; what was refused goes on next time, and leaving it as it was confirms."""
    made(desk, tmp_path, "proposed")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("VISUAL", raising=False)
    editor = tmp_path / "editor.py"
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    editor.write_text(EDITOR.format("Got it", "Goed"))
    assert "'Goed, we have it with the team' should be 'Got it, we have it with the te'" in refused(desk, "edit", ANNEX)
    editor.write_text(EDITOR.format("Goed,", "Got⟦5.1.2e| it⟧,"))
    assert "revision 2: confirmed with " in typed(desk.env, "officer1", ["annex", "edit", ANNEX])
    assert "\nGot[gelakt 5.1.2e], we have it with the team.\n" in typed(desk.env, "head1", ["annex", "approve", ANNEX])
    editor.write_text("")
    assert "revision 3: confirmed with " in typed(desk.env, "officer1", ["annex", "edit", ANNEX])
    assert [path for path in (tmp_path / "state").rglob("*") if path.is_file()] == []


@each("mark", [(99, 0, 1), (0, -1, 2), (0, 3, 3), (0, 0, 9_999), (-1, 0, 1)])
def test_a_mark_outside_of_its_text_is_refused(desk: Desk, tmp_path: Path, mark: tuple[int, int, int]) -> None:
    """Also where a program sends it without the form; nor may two lie over each other."""
    if not desk.all(Annex):
        made(desk, tmp_path, "proposed")
    good = printed.read_marks(desk.row(Annex, ANNEX).marks)[0]
    of, start, end = mark
    wrong = Mark(of, start, end, good.ground, good.detail)
    for marks in ((wrong,), (good, good)):
        act = ConfirmAnnex(annex=ANNEX, revision=1, marks=marks)
        assert "is outside of its text, or lies over another mark" in desk.refused(act)


def test_a_newer_mail_is_named_before_anything_is_written(desk: Desk, tmp_path: Path) -> None:
    """The approved annex is written on request only, as it was approved."""
    use = made(desk, tmp_path)
    text = applied(desk.env, ANNEX, tmp_path / "first")["annex.txt"]
    newer = desk.receive(mail(text="One more thing.", answers=desk.message_id_of(use), subject="Re: more"))
    said = refused(desk, "apply", ANNEX, "--out", str(tmp_path / "out"))
    assert said.startswith(f"annex {ANNEX}: the exchange has changed since ({newer.id}); propose it anew")
    assert applied(desk.env, ANNEX, tmp_path / "out", "--as-approved")["annex.txt"] == text


def test_only_an_approved_annex_is_written_and_never_over_files(desk: Desk, tmp_path: Path) -> None:
    """Each state says what comes first; a folder with files stays as it is."""
    made(desk, tmp_path, "proposed")
    out = tmp_path / "out"
    assert refused(desk, "apply", ANNEX, "--out", str(out)).endswith("is proposed; only an approved annex is written")
    assert f"first `flaggermail annex edit {ANNEX}`" in desk.refused(ApproveAnnex(annex=ANNEX, revision=1), by="signer")
    edited(desk.env, ANNEX, form_of(desk.env, ANNEX), tmp_path)
    assert refused(desk, "apply", ANNEX, "--out", str(out)).endswith("is confirmed; only an approved annex is written")
    desk.do(ApproveAnnex(annex=ANNEX, revision=2), by="signer")
    out.mkdir()
    (out / "mine").write_text("x")
    assert "is not empty" in refused(desk, "apply", ANNEX, "--out", str(out))
    assert [path.name for path in out.iterdir()] == ["mine"]
    typed(desk.env, "officer1", ["annex", "withdraw", ANNEX])
    assert "is withdrawn; only an approved" in refused(desk, "apply", ANNEX, "--out", str(tmp_path / "late"))


def interrupted(out: Path, left: Path) -> None:
    """Begins to write a folder and stops; `left` is what a killed process leaves."""
    with new_folder(out) as folder:
        (folder / "annex.txt").write_bytes(b"half")
        shutil.copytree(folder, left)
        raise KeyboardInterrupt


def test_after_a_crash_while_writing_the_same_files_come(desk: Desk, tmp_path: Path) -> None:
    """What a killed process leaves is a folder of its own name, never half an annex in the place of one."""
    made(desk, tmp_path)
    whole = applied(desk.env, ANNEX, tmp_path / "first")
    out = tmp_path / "second"
    with pytest.raises(KeyboardInterrupt):
        interrupted(out, tmp_path / "left")
    assert not out.exists()
    (tmp_path / "left").rename(tmp_path / "second.incomplete")
    assert applied(desk.env, ANNEX, out) == whole
    assert not (tmp_path / "second.incomplete").exists()


def test_only_the_exchange_with_the_platform_is_printed(desk: Desk) -> None:
    """Neither mail of officers and referrers nor a mail that nobody vouches for is in it."""
    use = answered(desk)
    desk.receive(
        mail(auth="fail", text="I am the platform, too.", answers=desk.message_id_of(use), subject="Re: forged")
    )
    desk.do(ProposeAnnex(of=use))
    shown = typed(desk.env, "officer1", ["annex", "show", ANNEX])
    assert shown.count("\nVan: ") == 2
    assert "too." not in shown
    desk.assert_whole()


def test_an_exercise_has_no_annex_and_an_open_use_no_reply(desk: Desk) -> None:
    """A case without a notification, one without an answer, and one that was never heard of."""
    number = desk.decided()
    assert desk.refused(ProposeAnnex(of=number)).endswith("no notification was sent, so there are no mails to print")
    use = desk.notified(case=number)
    silent = desk.refused(ProposeAnnex(of=use, form=AnnexForm.REPLY))
    assert silent.endswith("nobody has answered it, so there is no reply to print; use --form thread")
    assert "is none that was sent" in desk.refused(ProposeAnnex(of=f"{number}/9"))
    assert desk.do(ProposeAnnex(of=number)).key == ANNEX
    assert "leave out --keep" in desk.refused(ProposeAnnex(of=desk.notified("meta-elections"), keep=True))


def test_a_person_who_is_no_longer_listed_is_not_forgotten(desk: Desk, tmp_path: Path) -> None:
    """Taken out of oncall.yaml and back under another id, or only renamed, they would approve their own marks."""
    made(desk, tmp_path, "confirmed")
    settings, officers = desk.env.settings, desk.env.settings.oncall.officers
    first = next(one for one in officers if one.id == "officer1")
    for others in ((), (first.model_copy(update={"id": "renamed", "roles": ("head",)}),)):
        listed = (*(one for one in officers if one.id != "officer1"), *others)
        desk.with_settings(
            settings.model_copy(update={"oncall": settings.oncall.model_copy(update={"officers": listed})})
        )
        for approver in ("head1", *(one.id for one in others)):
            said = desk.refused(ApproveAnnex(annex=ANNEX, revision=2), by=approver)
            assert said.startswith(f"annex {ANNEX}: officer1 had a hand in its marks and is no longer in oncall.yaml")
    marks = printed.read_marks(desk.row(Annex, ANNEX).marks)
    (said,) = warned(desk.do(ConfirmAnnex(annex=ANNEX, revision=2, marks=marks), by="clerk"))
    assert "no longer in oncall.yaml" in said
    desk.with_settings(settings)
    desk.do(ApproveAnnex(annex=ANNEX, revision=3), by="head1")


def test_who_only_marks_other_places_of_a_word_has_a_hand_in_it(desk: Desk, tmp_path: Path) -> None:
    """An approver who gives the form back unchanged with --everywhere cannot approve it; a form goes in once."""
    made(desk, tmp_path, "confirmed")
    form = form_of(desk.env, ANNEX, "signer")
    edited(desk.env, ANNEX, form, tmp_path, "--everywhere", by="signer")
    assert "signer has a hand in its marks" in desk.refused(ApproveAnnex(annex=ANNEX, revision=3), by="signer")
    file = tmp_path / "again"
    for replayed, said in (
        (form, "it is at revision 3, not 2"),
        (form.replace(f"# {ANNEX} 2", f"# {ANNEX} 9"), "it is at revision 3, not 9"),
        (form.replace(f"# {ANNEX} 2", "# a00000007 3"), f"is the form of a00000007, not of {ANNEX}"),
    ):
        file.write_text(replayed, "utf-8")
        assert said in refused(desk, "edit", ANNEX, str(file), by="officer2")
    assert desk.row(Annex, ANNEX).revision == 3


def test_a_body_that_is_taken_out_whole_has_no_language(desk: Desk, tmp_path: Path) -> None:
    """Nor does a tag of the page say in which one it was written; where a word of it is left, it does."""
    words = "we have looked at all of the posts that you sent to us and they will be removed today"
    use = desk.notified()
    desk.receive(mail(text=words, answers=desk.message_id_of(use)))
    for annex, taken, languages in ((ANNEX, words, 0), (NEXT, words.removesuffix(" today"), 2)):
        desk.do(ProposeAnnex(of=use, form=AnnexForm.REPLY))
        edited(desk.env, annex, by_hand(form_of(desk.env, annex), [taken]), tmp_path)
        desk.do(ApproveAnnex(annex=annex, revision=2), by="signer")
        page = applied(desk.env, annex, tmp_path / annex)["annex.html"].decode()
        assert words[:20] not in page
        assert page.count('lang="en"') == languages


def test_no_word_that_the_desk_wrote_into_each_of_its_mails_is_a_name(desk: Desk) -> None:
    """The names of elections and policies stand in each notification, in the language of the platform."""
    use = desk.notified(case=desk.decided(election="PS2027"))
    desk.do(ProposeAnnex(of=use, form=AnnexForm.THREAD))
    form = form_of(desk.env, ANNEX)
    assert form.count("Provincial council and water authority elections 2027") == 2
    assert "⟦5.1.2e|Provincial⟧" not in form
