# SPDX-License-Identifier: EUPL-1.2
"""Each word that no list knows is asked about below the form, and nothing is approved before it is ticked."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from flaggermail.annex import printed
from flaggermail.cli.acting import typed
from flaggermail.commands.annexes import ApproveAnnex, ConfirmAnnex, ProposeAnnex
from flaggermail.errors import Refusal
from flaggermail.record.kinds import AnnexForm
from flaggermail.record.rows import Annex
from tests.corpus import each
from tests.doubles.annexes import form_of
from tests.pace import within
from tests.store.desk_fixtures import Desk, mail

ANNEX, NEXT = "a00000001", "a00000002"
TEXT = (
    "Got it, we have it with the team. The forms are about Brandulf and nothing else.\n\n"
    "The posts were seen at Quispel too, and later Quispel said no. It was removed in Zwolle."
)
BRANDULF, QUISPEL = "Brandulf", "Quispel"


@pytest.fixture
def annex(desk: Desk) -> str:
    """Returns the form of an annex with words that no list knows."""
    use = desk.notified()
    desk.receive(mail(text=TEXT, subject="Re: boxes", answers=desk.message_id_of(use)))
    desk.do(ProposeAnnex(of=use, form=AnnexForm.REPLY))
    return form_of(desk.env, ANNEX)


def given(desk: Desk, form: str, folder: Path, by: str = "officer1", of: str = ANNEX) -> str:
    """Gives a form back as it is; returns what the command says."""
    file = folder / "form"
    file.write_text(form, "utf-8")
    return typed(desk.env, by, ["annex", "edit", of, str(file)])


def asked(form: str) -> dict[str, str]:
    """Returns the ticks of the words below a form."""
    below = form.partition("\n⟦=⟧\n")[2]
    return {words: tick for tick, words in re.findall(r"^\[(.)\] ([^|]+) \| ", below, re.MULTILINE)}


def test_nothing_is_approved_with_a_word_unticked(desk: Desk, annex: str, tmp_path: Path) -> None:
    """The second reader ticks words, has no hand in the marks by that, and approves."""
    assert asked(annex) == {BRANDULF: " ", QUISPEL: " "}
    assert re.search(rf"\n\[ \] {BRANDULF} \| mail 1, body: .*The forms are about {BRANDULF} and nothing else", annex)
    assert f"[ ] {QUISPEL} | 2x, mail 1, body: " in annex
    said = given(desk, annex, tmp_path)
    assert said.endswith(f"; 2 words are not ticked: `flaggermail annex edit {ANNEX}`\n")
    refusal = f"annex {ANNEX}: not ticked yet: 2 words that no list knows; `flaggermail annex edit {ANNEX}` asks below"
    assert desk.refused(ApproveAnnex(annex=ANNEX, revision=2), by="signer").startswith(refusal)
    form = form_of(desk.env, ANNEX, "signer").replace(f"[ ] {BRANDULF}", f"[x] {BRANDULF}")
    given(desk, form, tmp_path, by="signer")
    assert "not ticked yet: 1 word that" in desk.refused(ApproveAnnex(annex=ANNEX, revision=3), by="signer")
    form = form_of(desk.env, ANNEX, "signer")
    assert asked(form) == {BRANDULF: "x", QUISPEL: " "}
    given(desk, form.replace("[ ]", "[X]"), tmp_path, by="signer")
    row = desk.row(Annex, ANNEX)
    assert (row.shaped_by, row.confirmed_by, row.revision) == (("officer1",), "officer1", 4)
    assert not re.search("randulf|uispel", row.marks)
    desk.do(ApproveAnnex(annex=ANNEX, revision=4), by="signer")
    desk.assert_whole()


def test_a_name_is_taken_out_wherever_it_is_asked_about(desk: Desk, annex: str, tmp_path: Path) -> None:
    """Who says that it is one has a hand in the marks."""
    given(desk, annex.replace(f"[ ] {BRANDULF}", f"[x] {BRANDULF}").replace("[ ] Q", "[n] Q"), tmp_path, by="signer")
    shown = typed(desk.env, "head1", ["annex", "show", ANNEX])
    assert "seen at [gelakt 5.1.2e] too, and later [gelakt 5.1.2e] said no" in shown
    assert asked(form_of(desk.env, ANNEX)) == {BRANDULF: "x"}
    assert "has a hand in its marks" in desk.refused(ApproveAnnex(annex=ANNEX, revision=2), by="signer")
    desk.do(ApproveAnnex(annex=ANNEX, revision=2), by="head1")


def test_a_name_is_taken_out_with_its_small_words(desk: Desk, tmp_path: Path) -> None:
    """Words beside each other are asked about as one, and nothing of a name is left beside its mark."""
    use = desk.notified()
    text = "Got it, we have it with the team. The forms are about Brandulf van Quispel, or about van der Zwirk."
    desk.receive(mail(text=text, subject="Re: boxes", answers=desk.message_id_of(use)))
    desk.do(ProposeAnnex(of=use, form=AnnexForm.REPLY))
    form = form_of(desk.env, ANNEX)
    assert {*asked(form)}.isdisjoint({"Brandulf", "Quispel", "van Quispel"})
    assert "Zwirk" in " ".join(asked(form))
    given(desk, form.replace("[ ]", "[N]"), tmp_path)
    shown = typed(desk.env, "head1", ["annex", "show", ANNEX])
    assert "The forms are about [gelakt 5.1.2e], or about [gelakt 5.1.2e]." in shown


def test_what_a_person_marks_or_unmarks_in_the_text_is_decided(desk: Desk, annex: str, tmp_path: Path) -> None:
    """A mark takes its words off the list, and words whose mark was removed stay without another tick."""
    marked = annex.replace(f"about {BRANDULF}", f"about ⟦5.1.2e|{BRANDULF}⟧")
    given(desk, marked.replace("[ ] Q", "[x] Q"), tmp_path)
    form = form_of(desk.env, ANNEX)
    assert asked(form) == {QUISPEL: "x"}
    given(desk, form.replace(f"about ⟦5.1.2e|{BRANDULF}⟧", f"about {BRANDULF}"), tmp_path)
    assert asked(form_of(desk.env, ANNEX)) == {BRANDULF: "x", QUISPEL: "x"}
    desk.do(ApproveAnnex(annex=ANNEX, revision=3), by="signer")


WRONG = {
    "another sign": ("[ ] Q", "[?] Q", "'[?] Quispel | 2x, mail 1, body: "),
    "no brackets": ("[ ] Q", "Q", "'Quispel | 2x"),
    "another word": ("[ ] Q", "[x] K", "'Kuispel' is not asked about"),
}


@each("what", WRONG)
def test_a_line_that_is_no_tick_is_refused(desk: Desk, tmp_path: Path, what: str) -> None:
    """With its number; a line that was deleted leaves its word unticked."""
    if not desk.all(Annex):
        use = desk.notified()
        desk.receive(mail(text=TEXT, subject="Re: boxes", answers=desk.message_id_of(use)))
        desk.do(ProposeAnnex(of=use, form=AnnexForm.REPLY))
    right, wrong, refusal = WRONG[what]
    form = form_of(desk.env, ANNEX)
    number = form[: form.index(right)].count("\n") + 1
    with pytest.raises(Refusal, match=re.escape(f"annex form: line {number}: {refusal}")):
        given(desk, form.replace(right, wrong), tmp_path)


def test_ticks_are_kept_with_the_marks(desk: Desk, annex: str, tmp_path: Path) -> None:
    """--keep takes them over; a program that sends marks alone leaves them as they were."""
    given(desk, annex.replace("[ ]", "[x]"), tmp_path)
    row = desk.row(Annex, ANNEX)
    desk.do(ConfirmAnnex(annex=ANNEX, revision=2, marks=printed.read_marks(row.marks)))
    assert desk.row(Annex, ANNEX).marks == row.marks
    desk.do(ProposeAnnex(of=row.notification, form=AnnexForm.REPLY, keep=True))
    assert asked(form_of(desk.env, NEXT)) == {BRANDULF: "x", QUISPEL: "x"}
    desk.do(ProposeAnnex(of=row.notification, form=AnnexForm.REPLY))
    assert asked(form_of(desk.env, "a00000003")) == {BRANDULF: " ", QUISPEL: " "}


def test_a_mail_cannot_answer_for_a_person(desk: Desk, tmp_path: Path) -> None:
    """Lines of a mail that look like the list are text, whatever stands in them."""
    use = desk.notified()
    text = f"{TEXT}\n\n⟦=⟧\n[x] {BRANDULF} | mail 1\n[x] {QUISPEL}\nand Xandrie | [n] Yolda"
    desk.receive(mail(text=text, subject="Re: boxes", answers=desk.message_id_of(use)))
    desk.do(ProposeAnnex(of=use, form=AnnexForm.REPLY))
    form = form_of(desk.env, ANNEX)
    assert set(asked(form).values()) == {" "}
    assert {BRANDULF, QUISPEL, "Xandrie", "Yolda"} <= set(asked(form))
    given(desk, form, tmp_path)
    assert "not ticked yet" in desk.refused(ApproveAnnex(annex=ANNEX, revision=2), by="signer")


def test_a_mail_of_names_is_asked_about_in_time(desk: Desk, tmp_path: Path) -> None:
    """A hostile mail costs its length: a line with thirty thousand names."""
    use = desk.notified()
    words = " ".join(f"{'abcdefghij'[number % 10]} Xq{'abcdefghij'[number // 7 % 10] * 3}" for number in range(30_000))
    desk.receive(mail(text=f"Got it, {words}", subject="Re: boxes", answers=desk.message_id_of(use)))
    desk.do(ProposeAnnex(of=use, form=AnnexForm.REPLY))
    begun = time.process_time()
    form = form_of(desk.env, ANNEX)
    assert len(asked(form)) == 10
    given(desk, form.replace("[ ]", "[x]"), tmp_path)
    assert within(time.process_time() - begun, 5)
    desk.do(ApproveAnnex(annex=ANNEX, revision=2), by="signer")
