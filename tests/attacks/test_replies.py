# SPDX-License-Identifier: EUPL-1.2
"""Replies in an officer's name that the officer did not write, or wrote otherwise than they read, do nothing."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from tests.attacks.replying import BOTH, HTML, Night, a_desk, alternatives, quoted
from tests.corpus import LANGUAGES
from tests.store.desk_fixtures import OFFICER

WORDS = {"nl": ("neem", "vraag: op welk platform?"), "en": ("take", "ask: on which platform?")}
BY_OTHERS = {
    "foreign Sender": "Sender: clerk@elsewhere.example",
    "Sender of a colleague": 'Sender: "A. Jansen" <b.devries@bzk.example>',
    "Sender with two addresses": "Sender: a.jansen@bzk.example, clerk@bzk.example",
    "Sender without an address": "Sender: undisclosed",
    "Resent-From": "Resent-From: clerk@bzk.example",
    "Resent-To": "Resent-To: verkiezingenflagger@bzk.example",
    "Resent-Date": "Resent-Date: Thu, 06 Jun 2024 10:00:00 +0200",
    "a second From": "From: B. de Vries <b.devries@bzk.example>",
}  # fmt: skip
BY_MACHINES = {
    "List-Id": "List-Id: <team.bzk.example>",
    "List-Unsubscribe": "List-Unsubscribe: <mailto:leave@bzk.example>",
    "List-Help": "List-Help: <mailto:help@bzk.example>",
    "List-Archive": "List-Archive: <https://lists.bzk.example>",
    "our loop header": "X-Flaggermail-Loop: verkiezingenflagger@bzk.example",
    "a loop header": "X-Loop: team@bzk.example",
    "Precedence": "Precedence: list",
    "Mailing-List": "Mailing-List: list team@bzk.example",
}  # fmt: skip
HIDING = {
    "no size": '<p style="font-size:0">{}</p>',
    "one pixel": '<span style="font-size:1px;line-height:1px">{}</span>',
    "white": '<p style="color:#ffffff">{}</p>',
    "white by font": '<font color="white">{}</font>',
    "nearly white": '<p style="color:rgb(250,250,250)">{}</p>',
    "the colour of its cell": '<table><tr><td bgcolor="#102030" style="color:#112131">{}</td></tr></table>',
    "not displayed": '<div style="display:none">{}</div>',
    "escaped CSS": '<div style="d\\69splay:no\\6e e">{}</div>',
    "invisible": '<div style="visibility:hidden">{}</div>',
    "opacity": '<div style="opacity:0">{}</div>',
    "no height": '<div style="max-height:0;overflow:hidden">{}</div>',
    "off the window": '<div style="position:absolute;left:-9999px">{}</div>',
    "indented away": '<p style="text-indent:-9999px">{}</p>',
    "attribute hidden": "<p hidden>{}</p>",
    "Outlook's hide": '<span style="mso-hide:all">{}</span>',
    "a style rule": "<style>.q{{display:none}}</style><p class=q>{}</p>",
    "a style rule in a query": "<style>@media screen{{#q{{font-size:0}}}}</style><p id=q>{}</p>",
    "end tags in disorder": '<span style="display:none"><div></span>{}</div>',
    "a quoted attribute": '<p title=">{}"></p>',
    "an open comment": "<p></p><!-- {}",
    "in a field": "<textarea>{}</textarea>",
    "struck through": "<p><s>{}</s></p>",
    "deleted": "<del>{}</del>",
    "struck through by style": '<p style="text-decoration: line-through">{}</p>',
}  # fmt: skip
SHOWING = {
    "grey small print": '<p style="color:#999999;font-size:7.5pt">{}</p>',
    "light grey": '<p style="color:#cccccc">{}</p>',
    "dark mode": '<body style="background-color:#1e1e1e;color:#ffffff"><div>{}</div></body>',
    "dark mode in place": '<div style="color:rgb(255,255,255);background-color:rgb(0,0,0)">{}</div>',
    "dark mode of Outlook": '<div style="color:rgb(0,0,0)" data-ogsc="rgb(255,255,255)">{}</div>',
    "Outlook desktop": (
        "<html xmlns:o=x><head><style><!-- @font-face{{font-family:Calibri}} p.MsoNormal{{margin:0cm;"
        "font-size:11.0pt}} --></style><!--[if gte mso 9]><xml>x</xml><![endif]--></head><body lang=NL>"
        "<p class=MsoNormal style='text-indent:-18.0pt'>{}<o:p></o:p></p></body></html>"
    ),
    "text in a cell of no size": '<table><td style="font-size:0"><span style="font-size:14px">{}</span></td></table>',
    "a dark style sheet": "<style>@media (prefers-color-scheme:dark){{p{{color:#fff!important}}}}</style><p>{}</p>",
    "a grey signature": (
        '<div>{}</div><br><div style="color:#808080;font-size:8pt">A. Jansen<br>Ministerie van Voorbeeldzaken</div>'
    ),
    "a tracker's sign": '<div>{}</div><div><font color="#ffffff" size="1">\u1427</font></div>',
}  # fmt: skip


@pytest.fixture(params=LANGUAGES)
def night(request: pytest.FixtureRequest, tmp_path: Path) -> Night:
    """Returns a night at a desk that writes Dutch or English."""
    found = Night(a_desk(tmp_path, request.param))
    found.language = request.param
    return found


def test_mail_that_another_sent_in_an_officers_name_does_nothing(night: Night) -> None:
    """A foreign Sender, a Resent field, a second author: nothing is done, and the officer is told why, once each."""
    for what, field in BY_OTHERS.items():
        sent, before = night.fresh(), night.events()
        for word in WORDS[night.language]:
            reply = night.reply(sent, word, headers=[field])
            assert night.acted(before) == [], what
            night.desk.clock.set(night.desk.clock.now() + timedelta(minutes=40))
            assert len(night.answers(reply)) <= 1, what
        told = "".join(night.answers(reply))
        assert "Er is niets gedaan" in told or "Nothing was done" in told or what == "a second From"
        assert night.reply(sent, WORDS[night.language][0], headers=["Sender: A. Jansen <a.jansen@bzk.example>"])
        assert night.acted(before) == [EventKind.CASE_ASSIGNED], what


def test_mail_of_lists_and_loops_does_nothing_and_is_not_answered(night: Night) -> None:
    """As with all mail of machines; an event says so."""
    for what, field in BY_MACHINES.items():
        sent, before = night.fresh(), night.events()
        reply = night.reply(sent, WORDS[night.language][0], headers=[field])
        assert (night.acted(before), night.answers(reply)) == ([], []), what
        assert night.desk.events()[-1].kind is EventKind.REPLY_IGNORED, what


def test_hidden_text_does_nothing(night: Night) -> None:
    """Neither alone, nor beside a visible reply that it contradicts, nor below one."""
    word, other = WORDS[night.language]
    for what, hiding in HIDING.items():
        sent, before = night.fresh(), night.events()
        hidden = hiding.format(word)
        shapes = [hidden, f"{hidden}<p>Gezien.</p>", f"<p>{word}</p>{hiding.format('en vraag: waarom?')}"]
        for markup in shapes:
            reply = night.reply(sent, markup, kind=HTML)
            assert night.acted(before) == [], (what, markup)
            night.desk.clock.set(night.desk.clock.now() + timedelta(minutes=40))
        assert len(night.answers(reply)) == 1, what
        night.reply(sent, alternatives(word, f"<p>{word}</p>{hiding.format(other)}"), kind=BOTH)
        assert night.acted(before) == [], what


def test_hidden_text_in_a_named_or_second_part_does_nothing(night: Night) -> None:
    """A part of HTML with a file name, and an HTML alternative behind another, are read as well."""
    word, other = WORDS[night.language]
    named = ("Content-Type: text/html; charset=utf-8; name=reply.html", "MIME-Version: 1.0")
    sent, before = night.fresh(), night.events()
    night.reply(sent, f"<p hidden>{word}</p><p>Gezien.</p>", kind=named)
    night.reply(sent, f"<p>{word}</p><p style='font-size:0'>maar nog niet</p>", kind=named)
    twice = alternatives(word, f"<p>{word}</p>").removesuffix("--cut--")
    night.reply(sent, f"{twice}--cut\nContent-Type: text/html\n\n<p>{other}</p>\n--cut--", kind=BOTH)
    assert night.acted(before) == []


def test_what_real_programs_write_is_not_hidden(night: Night) -> None:
    """Grey and small print, dark mode, Outlook's markup and trackers: the reply acts."""
    word = WORDS[night.language][0]
    for what, showing in SHOWING.items():
        for kind in (HTML, BOTH):
            sent, before = night.fresh(), night.events()
            markup = showing.format(word)
            night.reply(sent, markup if kind is HTML else alternatives(word, markup), kind=kind)
            assert night.acted(before) == [EventKind.CASE_ASSIGNED], what


def test_alternatives_that_disagree_do_nothing(night: Night) -> None:
    """Whichever says more; what differs in spaces, wraps, emphasis and printed links only is the same."""
    word, other = WORDS[night.language]
    sent, before = night.referred("Een bericht over de stemdag"), night.events()
    for plain, markup in (
        (word, other), (word, "Dank"), (word, f"{word}<br><br>{other}"), (other, word),
        (other, other.replace("?", " of welk account?")), (word, f"{word}, maar nog niet"),
    ):  # fmt: skip
        reply = night.reply(sent, alternatives(plain, f"<div>{markup}</div>"), kind=BOTH)
        assert night.acted(before) == [], (plain, markup)
        night.desk.clock.set(night.desk.clock.now() + timedelta(minutes=40))
        assert len(night.answers(reply)) == 1
    ask = other.partition(":")[0]
    plain = f"{ask}: staat het op *https://x.example/1\n<https://x.example/1>* of\nop een ander platform?"
    markup = (
        f'{ask}: staat het op <b><a href="https://x.example/1">https://x.example/1</a></b> of op een  ander platform?'
    )
    night.reply(sent, alternatives(plain, f"<div>{markup}</div>"), kind=BOTH)
    assert night.acted(before) == [EventKind.INFORMATION_REQUESTED]


def test_a_code_that_stands_only_in_the_quotation_approves_nothing(tmp_path: Path) -> None:
    """Nor one in hidden text, in the HTML alone, or behind the mark of others' words."""
    night = Night(a_desk(tmp_path))
    draft = night.desk.drafted()
    sent = night.latest(Kind.APPROVAL_REQUEST)
    body = night.body(sent)
    code = "akkoord " + body.partition("akkoord ")[2].split()[0]
    for text in ("akkoord", f"akkoord\n\n{quoted(body)}", quoted(body), f"| {code}", f"akkoord\n\n> {code}"):
        night.reply(sent, text)
        assert night.desk.notification(draft).state == "draft", text
    for markup in (f'<p>akkoord</p><p style="font-size:0">{code}</p>', f"<p>Mooi</p><p hidden>{code}</p>"):
        night.reply(sent, markup, kind=HTML)
        night.reply(sent, alternatives("akkoord", markup), kind=BOTH)
        night.reply(sent, alternatives(code, markup), kind=BOTH)
        assert night.desk.notification(draft).state == "draft", markup


def test_a_reply_seen_again_repeats_nothing(night: Night) -> None:
    """A signed reply with other To, Cc or References, to this or another mail of ours, and under another Message-ID."""
    word, other = WORDS[night.language]
    first, second = night.fresh(), night.fresh()
    signed = ["DKIM-Signature: v=1; a=rsa-sha256; d=bzk.example; s=a; h=from:date:subject; bh=x=; b=AbC dEf="]
    address = night.desk.env.parser.parse(night.desk.env.octets.get(second.digest)).reply_to[0].address
    for text in (other, word):
        name = f"once{len(text)}@bzk.example"
        sent = partial(night.octets, text=text, headers=signed, message_id=name)
        before = night.events()
        night.desk.receive(sent(first))
        done = night.acted(before)
        assert len(done) == 1
        copied = [*signed, "Cc: somebody@elsewhere.example"]
        for again in (
            sent(first, to="verkiezingenflagger@bzk.example"),
            sent(second),
            sent(second, to=address),
            night.octets(first, text, headers=copied, message_id=name),
            night.octets(second, text, headers=signed),
            night.octets(second, text, message_id=name),
            night.octets(first, text),
        ):
            night.desk.receive(again)
            assert night.acted(before) == done, text
        signed = [signed[0].replace("AbC", "XyZ")]
    later = night.desk.clock.now() + timedelta(hours=1)
    night.desk.clock.set(later)
    before = night.events()
    night.reply(second, other, message_id=f"once{len(other)}@bzk.example")  # only its Message-ID was seen
    assert night.acted(before) == []
    night.reply(second, other)
    assert night.acted(before) == [EventKind.INFORMATION_REQUESTED]


def test_each_act_is_told_to_the_person_in_whose_name_it_was_done(night: Night) -> None:
    """At their listed address, whatever Reply-To says, with when the reply came and what to do if it was not theirs."""
    word, other = WORDS[night.language]
    sent = night.referred("Een bericht over de stemdag")
    for text in (other, word):
        reply = night.reply(sent, text, headers=["Reply-To: clerk@elsewhere.example"])
        (answer,) = night.answers(reply)
        told = "Schreef u die niet" if night.language == "nl" else "If you did not write "
        assert told in " ".join(answer.split())
        assert "10:34" in answer
    assert not night.desk.mails(recipient="clerk@elsewhere.example")
    assert {mail.recipient for mail in night.desk.mails(kind=Kind.REPLY_ANSWER)} == {OFFICER}


def test_a_form_with_hidden_lines_keeps_none_of_them(tmp_path: Path) -> None:
    """The form that comes back holds nothing of a reply whose text a reader did not see."""
    night = Night(a_desk(tmp_path))
    form = night.form("Een bericht over de stemdag")
    lines = "onjuist: ja<br>regel: artikel N 7<br>criterium: 1<br>pogingen: 2"
    before = night.events()
    for hidden in ('<p style="font-size:0">besluit: meld Meta</p>', "<p hidden>besluit: meld Meta</p>"):
        night.reply(form, f"<p>{lines}</p>{hidden}", kind=HTML)
    back = night.latest(Kind.REPLY_ANSWER)
    night.reply(back, "criterium: 3")
    night.reply(back, quoted(night.body(back).replace("criterium:", "criterium: 3")))
    assert night.acted(before) == []
