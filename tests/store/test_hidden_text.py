# SPDX-License-Identifier: EUPL-1.2
"""What the HTML of a mail hides moves nothing at the desk, and leaves it as a note."""

from __future__ import annotations

from pathlib import Path

import pytest

from flaggermail.cli.acting import typed
from flaggermail.commands.annexes import ApproveAnnex, ProposeAnnex
from flaggermail.record.kinds import AnnexForm, Kind
from flaggermail.record.rows import Annex
from flaggermail.record.states import AnnexState
from tests.doubles.annexes import applied, edited, form_of
from tests.store.desk_fixtures import Desk, mail

pytestmark = pytest.mark.outside  # a PDF asks the system for its libraries, by a process

ANNEX = "a00000001"
HTML = ("Content-Type: text/html; charset=utf-8",)
NOTE = "[weggelaten: niet zichtbaar in de mail]"


def hidden(words: str) -> str:
    """Returns HTML that no reader sees."""
    return f'<div style="display:none">{words}</div>'


def test_a_hidden_number_files_nothing(desk: Desk) -> None:
    """A platform's mail with the number of a case in white is filed like one without a number."""
    use = desk.notified()
    number = f"{use.partition('/')[0]}"
    plain = desk.receive(mail(text="<p>About our newsletter.</p>", subject="News", extra=HTML))
    white = desk.receive(
        mail(text=f"<p>About our newsletter.</p>{hidden(f'Reply to {number}')}", subject="News", extra=HTML)
    )
    seen = desk.receive(mail(text=f"<p>About our newsletter. Reply to {number}</p>", subject="News", extra=HTML))
    assert (white.case, white.place, white.suggestions) == (plain.case, plain.place, plain.suggestions)
    assert (seen.case, seen.suggestions) != (plain.case, plain.suggestions)


def test_hidden_words_are_no_answer_of_a_person(desk: Desk) -> None:
    """An automatic receipt stays one, whatever it hides; without the hiding its words would count."""
    use = desk.notified()
    desk.go_on(10)
    words = "We have reviewed the posts that you reported and removed them. Best, Robin"
    receipt = "<p>This is an automated message. We have received your report.</p>"
    found = desk.receive(mail(text=receipt + hidden(words), answers=desk.message_id_of(use), extra=HTML))
    other = desk.receive(mail(text=receipt, answers=desk.message_id_of(use), extra=HTML))
    assert found.kinds == other.kinds
    assert Kind.SUBSTANTIVE_REPLY not in found.kinds


def test_an_annex_leaves_out_what_a_mail_hides(desk: Desk, tmp_path: Path) -> None:
    """The form marks it, the files hold a note in its place, and a person may put it back."""
    use = desk.notified()
    desk.go_on(30)
    secret = "Ticket closed as spam by j.doe@platform.example"
    call = "<p>Call <span style='font-size:0'>Sam </span>now.</p>"
    text = f"<p>Got it,<br>we have it with the team.</p>{hidden(secret)}{call}"
    desk.receive(mail(text=text, answers=desk.message_id_of(use), extra=HTML, at=desk.clock.now()))
    desk.do(ProposeAnnex(of=use, form=AnnexForm.REPLY))
    form = form_of(desk.env, ANNEX)
    assert f"\nGot it,\nwe have it with the team.\n\n⟦ongezien|{secret}⟧\nCall ⟦ongezien|Sam⟧now.\n" in form
    edited(desk.env, ANNEX, form, tmp_path)
    desk.do(ApproveAnnex(annex=ANNEX, revision=2), by="signer")
    files = applied(desk.env, ANNEX, tmp_path / "out")
    printed = files["annex.txt"].decode()
    assert f"\nGot it,\nwe have it with the team.\n\n{NOTE}\nCall {NOTE}now.\n" in printed
    assert f"\nWaar {NOTE} staat, bevat de mail woorden die de opmaak (HTML) verbergt" in printed
    for name, octets in files.items():
        assert b"spam" not in octets, name
        assert b"Sam" not in octets, name
    desk.do(ProposeAnnex(of=use, form=AnnexForm.REPLY))
    form = form_of(desk.env, "a00000002")
    edited(desk.env, "a00000002", form.replace(f"⟦ongezien|{secret}⟧", secret), tmp_path)
    assert secret in typed(desk.env, "head1", ["annex", "show", "a00000002"])
    assert desk.row(Annex, "a00000002").state is AnnexState.CONFIRMED


def test_what_an_earlier_mail_hid_is_no_quotation(desk: Desk) -> None:
    """Words that were hidden above are printed where they can be read first, not replaced by a reference to them."""
    use = desk.notified()
    words = " ".join(f"word{number}" for number in range(40))
    desk.receive(mail(text=f"<p>Got it.</p>{hidden(words)}", answers=desk.message_id_of(use), extra=HTML))
    desk.go_on(5)
    desk.receive(mail(text=f"<p>Again:<br>{words}</p>", answers=desk.message_id_of(use), extra=HTML))
    desk.go_on(5)
    desk.receive(mail(text=f"<p>Bye.</p>{hidden(f'Again:<br>{words}')}", answers=desk.message_id_of(use), extra=HTML))
    desk.do(ProposeAnnex(of=use))
    shown = typed(desk.env, "officer1", ["annex", "show", ANNEX])
    assert shown.count("word39") == 1
    assert f"\nAgain:\n{words}\n" in shown
    assert "geciteerd" not in shown
