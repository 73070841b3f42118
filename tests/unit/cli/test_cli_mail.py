# SPDX-License-Identifier: EUPL-1.2
"""The mail commands: show, place, confirm, preview and send."""

from __future__ import annotations

import email
import email.policy
import json
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import pytest

from flaggermail.cli.new_files import unpacked
from flaggermail.cli.session import Session
from flaggermail.outbox import delivery
from flaggermail.record.rows import Channel
from flaggermail.stories.doubles import ScriptedSubmitter
from flaggermail.stories.scenario_file import ScriptedAnswer
from tests import asking
from tests.unit.cli.conftest import CONFIG, Desk

HOSTILE = (
    "From: =?utf-8?q?Griffie_=1B=5B2J?= <griffie@raad.example>\r\nTo: verkiezingenflagger@bzk.example\r\n"
    "Subject: =?utf-8?q?Factuur_=E2=80=AEfdp=2Eexe=0AFrom=3A_iemand_anders?=\r\nMessage-ID: <h1@raad.example>\r\n"
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nZie dit. \x1b]0;title\x07\r\n\r\n"
    "---------- Forwarded message ---------\r\nFrom: Lezer <lezer@post.example>\r\n"
    "Date: Thu, 6 Jun 2024 09:12:00 +0200\r\nSubject: Twee vakjes\r\nTo: <griffie@raad.example>\r\n\r\n"
    "Kleur twee vakjes \u202e!\r\n"
    '--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename="a\x1bb.png"\r\n'
    "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n"
).encode()  # fmt: skip


def test_a_mail_is_shown_unfolded_and_does_nothing_to_the_terminal(desk: Desk) -> None:
    """A mail is shown with its text, forwarded mail and attachments, without control or bidi characters."""
    key = desk.receive(HOSTILE)
    for words in (("message", "show", key), ("message", "show", "<h1@raad.example>"), ("quarantine", "show", key)):
        shown = desk.done(*words)
        assert not set("\x1b\x07\u202e\x9b") & set(shown)
        assert "received:" in shown
        assert "2024-06-06 10:33+02:00" in shown
        assert "Factuur <U+202E>fdp.exe From: iemand anders\n" in shown
        assert "\nZie dit." in shown
        assert "Lezer <lezer@post.example>" in shown
        assert "  | Kleur twee vakjes <U+202E>!" in shown
        assert "image/png  8 octets" in shown
    listings = ("quarantine list", "quarantine list --json", f"message show {key} --json")
    for listing in listings:
        assert not set("\x1b\x07\u202e\x9b") & set(desk.done(*listing.split()))
    document = desk.type("message", "show", key, "--json").json
    assert isinstance(document, dict)
    assert document["mail"]["message_id"] == "h1@raad.example"


def test_the_way_of_a_mail_is_shown(desk: Desk) -> None:
    """`message show` lists the servers that relayed a mail with the seconds between them; `--json` has the same."""
    relayed = (
        b"Received: from a.example by mx.b.example with ESMTPS id 1; Thu, 6 Jun 2024 13:07:01 +0200\r\n"
        b"Received: by a.example with LMTP id 2; Thu, 6 Jun 2024 13:06:00 +0200\r\n"
        b"From: a@a.example\r\nMessage-ID: <hop@a.example>\r\nSubject: Vraag\r\n\r\nx\r\n"
    )
    key = desk.receive(relayed)
    shown = desk.done("message", "show", key)
    first, last = shown.partition("\nHops\n")[2].splitlines()[:2]
    assert first == "  2024-06-06 13:06:00  a.example (LMTP)"
    assert last == "  2024-06-06 13:07:01  mx.b.example, from a.example (ESMTPS), 61 s after the one before"
    document = desk.type("message", "show", key, "--json").json
    assert isinstance(document, dict)
    assert [hop["delay_seconds"] for hop in document["hops"]] == [None, 61.0]
    assert document["hops"][0] == {
        "by": "a.example", "from": "", "protocol": "LMTP", "at": "2024-06-06T13:06:00+02:00", "delay_seconds": None,
    }  # fmt: skip


def test_the_quarantine_lists_age_and_reason(desk: Desk) -> None:
    """The quarantine lists age and reason; placing a mail removes it and keeps its time of arrival."""
    number = desk.notified()
    assert desk.done("quarantine", "list") == "the quarantine is empty\n"
    key = desk.receive(HOSTILE)
    desk.go_to("2024-06-07T12:39:00+02:00")
    line = desk.done("quarantine", "list").splitlines()[1]
    assert line.split()[:4] == ["26h05", "2024-06-06", "10:34+02:00", key]
    waiting = desk.type("quarantine", "list", "--json").json
    assert isinstance(waiting, dict)
    assert [(row["id"], row["age_minutes"], bool(row["reason"])) for row in waiting["messages"]] == [(key, 1565, True)]
    assert desk.done("quarantine", "place", key, number, "--kind", "referral") == f"message {key} is in {number}\n"
    assert f"\n{key} is unverified: mx.bzk.example says nothing about DMARC\n" in desk.done("case", "show", number)
    assert desk.done("quarantine", "list") == "the quarantine is empty\n"


def test_quarantined_mail_becomes_a_case_or_noise(desk: Desk) -> None:
    """Quarantined mail becomes a case with the given type and source, or noise with a reason."""
    key = desk.receive(HOSTILE)
    assert desk.type("quarantine", "place", key, "--noise").status == 1
    desk.done("quarantine", "place", key, "--noise", "--reason", "advert")
    desk.done("quarantine", "place", key, "--new", "--type", "B_channel", "--source", "government_body")
    document = desk.type("case", "show", "VF-EP2024-0001", "--json").json
    assert isinstance(document, dict)
    assert (document["type"], document["source"], document["root_message"]) == ("B_channel", "government_body", key)


def test_what_is_noise_stays_listed(desk: Desk) -> None:
    """Mail in the noise bin is listed with its reason."""
    assert desk.done("message", "list") == "no message is in noise\n"
    key = desk.receive(HOSTILE)
    desk.done("quarantine", "place", key, "--noise", "--reason", "a newsletter")
    listed = desk.done("message", "list", "--place", "noise")
    assert key in listed
    assert "a newsletter" in listed
    rows = desk.type("message", "list", "--json").json
    assert isinstance(rows, dict)
    assert [row["id"] for row in rows["messages"]] == [key]


def test_a_person_vouches_for_a_sender_or_does_not(desk: Desk) -> None:
    """`confirm`, `refuse` and `reclassify` print the new status of the message."""
    key = desk.receive(HOSTILE)
    assert desk.done("message", "confirm", key) == f"message {key} confirmed\n"
    assert "verified (confirmed by officer1)" in desk.done("message", "show", key)
    assert desk.done("message", "refuse", key, "--reason", "forged") == f"message {key} refused\n"
    kinds = ("--kind", "platform_ack", "--kind", "substantive_reply")
    assert desk.done("message", "reclassify", key, *kinds) == f"message {key} is platform_ack and substantive_reply\n"
    assert "failed (refused by officer1: forged)" in desk.done("message", "show", key)


def decided(desk: Desk) -> str:
    """Makes a case with the decision to notify; returns its number."""
    desk.done("case", "open", "--election", "EP2024", "--type", "A_content", "--origin", "media", "--title", "Boxes")
    (desk.folder / "form.yaml").write_text("incorrect: true\ncriteria: [1]\n", encoding="utf-8")
    desk.done("case", "assess", "VF-EP2024-0001", str(desk.folder / "form.yaml"))
    desk.done("case", "decide", "VF-EP2024-0001", "notify", "--reason", "such votes are invalid")
    return "VF-EP2024-0001"


def state_of(desk: Desk) -> tuple[object, ...]:
    """Returns what a preview must not change: the chain's head, the counters of letters, and the archive's files."""
    with desk.env.store.read() as tx:
        head, letters = tx.head(), tx.reached("letter")
    files = sorted(file.name for file in desk.env.octets.files())
    return head, letters, files


def test_a_preview_changes_nothing_and_shows_what_would_leave(desk: Desk) -> None:
    """A preview stores and asks nothing; the draft made next is the same but for tail, token, Message-ID and Date."""
    number = decided(desk)
    words = ("notify", number, "--channel", "x-urgent", "--text", "-")
    text = "Posts that ask voters to colour two boxes."
    before = state_of(desk)
    ran = [desk.type(*words, "--preview", text=text) for _ in range(2)]
    assert state_of(desk) == before
    assert [one.status for one in ran] == [0, 0]
    assert ran[0].octets == ran[1].octets
    assert ran[0].octets.count(b"\n") == ran[0].octets.count(b"\r\n")
    assert "the tail XXXX" in ran[0].err
    assert desk.type(*words, text=text).out == f"{number}/1\n"
    desk.done("approve", f"{number}/1")
    mails = desk.type("outbox", "list", "--json").json
    assert isinstance(mails, dict)
    (digest,) = [mail["digest"] for mail in mails["mails"] if mail["kind"] == "notification"]
    (sent,) = asking.notifications(desk.env)
    placed = ran[0].octets.replace(b"0" * 32, sent.token.encode()).replace(b"XXXX", (sent.tail or "").encode())
    assert fields_and_text(placed) == fields_and_text(desk.env.octets.get(digest))


def test_a_preview_is_files_and_its_document_holds_them(desk: Desk) -> None:
    """The desk gives the mail and its text as octets, with short facts beside them; `--json` has all of it."""
    number, title = decided(desk), "Two boxes "
    asked = {"case": number, "channel": "x-urgent", "title": title, "text": "Rood of blauw? " * 4_000}
    found = Session(CONFIG, given=desk.env, officer="officer1").fetch("notify preview", **asked)
    assert len(json.dumps(found.facts)) < 2_000
    (mail, octets), (text, written) = unpacked(found)
    assert (mail, text) == ("draft.eml", "draft.txt")
    words = ("notify", number, "--channel", "x-urgent", "--title", title, "--text", "-")
    shown = desk.type(*words, "--preview", "--json", text=str(asked["text"])).json
    assert isinstance(shown, dict)
    assert b64decode(shown["base64"]) == octets
    assert f"{shown['subject']}\n\n{shown['text']}".encode() == written
    assert {*shown} == {"subject", "text", "base64", *found.facts}


LETTER = """Dear team,

Could you check this against your policy, {policy}
{url}
(as read by us on {day})?
The decision is yours. Please confirm receipt.

Yours sincerely,
A. Jansen
"""


def letter_for(desk: Desk) -> str:
    """Returns a letter that says everything a notification must say, except the number."""
    with desk.env.store.read() as tx:
        channel = tx.get(Channel, "x-urgent")
    assert channel is not None
    day = channel.policy_read_on or channel.valid_from
    return LETTER.format(policy=channel.policy_title, url=channel.policy_url, day=day.isoformat())


def test_a_letter_of_ones_own_is_sent_as_written(desk: Desk) -> None:
    """A text with a salutation gets no second one and no second closing; the number with its tail is added below."""
    number, text = decided(desk), letter_for(desk)
    ran = desk.type("notify", number, "--channel", "x-urgent", "--text", "-", "--preview", text=text)
    assert ran.status == 0, ran.err
    mail = email.message_from_bytes(ran.octets, policy=email.policy.default)
    body = mail.get_content().replace("\r\n", "\n")
    assert body.startswith(text.strip())
    added = body[len(text.strip()) :].split("\n")
    assert [line for line in added if line.strip()] == [f"Our number, please quote it in your answer: {number}-XXXX"]
    lacks = desk.type("notify", number, "--channel", "x-urgent", "--text", "-", text="Dear team,\n\nLook.\n")
    assert (lacks.status, "no request to check" in lacks.err) == (1, True)
    assert "no letter of your own: --template" in lacks.err


@pytest.mark.parametrize("template", ["notification", "channel_recovery", "advert", "general_warning", "own_text"])
def test_the_title_is_in_the_subject_of_every_template(desk: Desk, template: str) -> None:
    """`--title` is in the subject whatever the template, and adds no header field."""
    words = ("--template", template, "--title", "Two boxes\r\nBcc: spy@x.example", "--text", "-", "--preview")
    ran = desk.type("notify", decided(desk), "--channel", "x-urgent", *words, text=letter_for(desk))
    assert ran.status == 0, ran.err
    mail = email.message_from_bytes(ran.octets, policy=email.policy.default)
    assert "Two boxes Bcc: spy@x.example" in mail["Subject"]
    assert mail["Bcc"] is None


def fields_and_text(octets: bytes) -> list[bytes]:
    """Returns the lines of a mail without its Message-ID and Date."""
    return [line for line in octets.split(b"\r\n") if not line.startswith((b"Message-ID:", b"Date:"))]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--channel", "x-urgent"), "needs a text: what the platform is asked to look at"),
        (("--channel", "nowhere", "--text", "-"), "nowhere"),
        (("--channel", "x-urgent", "--text", "-", "--template", "nothing"), "template"),
        (("--channel", "x-urgent", "--text", "-"), "draft for"),
    ],
)
def test_a_preview_is_refused_as_the_draft_would_be(desk: Desk, words: tuple[str, ...], said: str) -> None:
    """The same checks hold, with the same words, and a refusal changes nothing either."""
    number = decided(desk)
    before = state_of(desk)
    text = "Remove this illegal post within one hour, we order it."
    ran = [desk.type("notify", number, *words, *more, text=text) for more in (("--preview",), ())]
    assert [one.status for one in ran] == [ran[1].status, ran[1].status]
    assert ran[0].status in {1, 2}
    assert said in ran[0].err
    assert ran[0].err == ran[1].err
    assert state_of(desk)[0] == before[0]


def test_a_draft_is_named_and_can_be_rejected(desk: Desk) -> None:
    """The draft's id is alone on standard output, for scripts; a rejected draft is never sent."""
    number = decided(desk)
    ran = desk.type(
        "notify", number, "--channel", "x-urgent", "--text", "-", text="Posts that ask to colour two boxes."
    )
    assert (ran.status, ran.out) == (0, f"{number}/1\n")
    assert "flaggermail approve" in ran.err
    assert desk.done("approve", f"{number}/1", "--reject", "too long") == f"draft {number}/1 rejected\n"
    assert " notification " not in desk.done("outbox", "list")
    assert desk.type("approve", f"{number}/1").status == 1


@pytest.mark.parametrize("words", [(), ("--all",)])
def test_the_outbox_lists_what_waits(desk: Desk, words: tuple[str, ...]) -> None:
    """A queued mail is listed with its recipient and can be cancelled; `--all` lists it afterwards."""
    number = decided(desk)
    desk.type("notify", number, "--channel", "x-urgent", "--text", "-", text="Posts that ask to colour two boxes.")
    desk.done("approve", f"{number}/1")
    assert "urgent-escalation@x-platform.example" in desk.done("outbox", "list", *words)
    assert "no attempt yet" in desk.done("outbox", "show", "o00000001")
    assert desk.done("outbox", "cancel", "o00000001") == "outbox o00000001 cancelled\n"
    assert ("cancelled" in desk.done("outbox", "list", *words)) == bool(words)
    assert desk.type("outbox", "resolve", "o00000001", "--again").status == 1


def test_the_outbox_says_that_the_server_refuses_and_tries_at_once(desk: Desk) -> None:
    """While no mail leaves, `approve` and `outbox list` say `queued` and since when; `outbox retry` ends the pause."""
    number = decided(desk)
    desk.type("notify", number, "--channel", "x-urgent", "--text", "-", text="Posts that ask to colour two boxes.")
    script = [ScriptedAnswer(code=535, text="authentication refused")]
    desk.env = replace(desk.env, submitter=ScriptedSubmitter(desk.clock, script))
    delivery.drain(desk.env)
    assert "; queued: the submission server refuses mail since 10:33\n" in desk.done("approve", "1")
    assert desk.done("outbox", "list").endswith(
        "\nqueued: the submission server refuses mail since 2024-06-06 10:33+02:00\n"
    )
    script.clear()
    assert delivery.drain(desk.env) == 0
    assert desk.done("outbox", "retry").startswith("outbox: ")
    assert delivery.drain(desk.env) > 0
    assert desk.done("outbox", "list") == "nothing waits\n"
    assert desk.type("outbox", "retry", "o00000001").status == 1


def test_an_attempt_is_shown(desk: Desk) -> None:
    """`outbox show` gives the time of each attempt and the server's reply."""
    desk.notified()
    shown = desk.done("outbox", "show", "o00000001")
    assert "250 accepted" in shown
    document = desk.type("outbox", "show", "o00000001", "--json").json
    assert isinstance(document, dict)
    assert [(a["result"], a["started_at"]) for a in document["attempts"]] == [("accepted", "2024-06-06T10:34:00+02:00")]


FORWARD = (
    b"Authentication-Results: mx.bzk.example; dmarc=pass header.from=elsewhere.example\r\n"
    b"Received: from mail.elsewhere.example by mx.bzk.example; Thu, 6 Jun 2024 11:06:00 +0000\r\n"
    b"From: Piet Puk <piet@elsewhere.example>\r\nTo: verkiezingenflagger@bzk.example\r\n"
    b"Subject: Over VF-EP2024-0001\r\nMessage-ID: <p1@elsewhere.example>\r\n\r\nZie dit.\r\n"
)


def test_suggestions_are_shown_with_score_and_reason(desk: Desk) -> None:
    """Suggestions are listed with score and reason; `--back` undoes a placement."""
    number = desk.notified()
    key = desk.receive(FORWARD)
    line = f"{number} (50): its number is named"
    assert line in desk.done("quarantine", "list")
    assert line in desk.done("quarantine", "show", key)
    why = ["its number is named", "it comes from another address than was known there"]
    wanted = [{"case": number, "score": 50, "why": why}]
    listed, shown = (
        desk.type(*words, "--json").json for words in (("quarantine", "list"), ("quarantine", "show", key))
    )
    assert isinstance(listed, dict)
    assert isinstance(shown, dict)
    for held in (listed["messages"][0]["suggestions"], shown["suggestions"]):
        assert [{name: one[name] for name in ("case", "score", "why")} for one in held] == wanted
    desk.done("quarantine", "place", key, number)
    assert desk.done("quarantine", "place", key, "--back") == f"message {key} waits in the quarantine\n"
    assert line in desk.done("quarantine", "list")
    assert desk.type("quarantine", "place", key, "--back", "--new").status == 2


def test_a_correction_offers_a_sample_and_the_sample_is_written(desk: Desk, tmp_path: Path) -> None:
    """A correction names the command that writes a sample, and that command asks a person to read it."""
    key = desk.receive(FORWARD)
    ran = desk.type("message", "reclassify", key, "--kind", "noise")
    assert ran.out == f"message {key} is noise\n"
    assert f"flaggermail message sample {key} --out DIR" in ran.err
    ran = desk.type("message", "sample", key, "--out", str(tmp_path / "new"), "--name", "noise-nl")
    assert ran.out.splitlines() == [str(tmp_path / "new" / f"noise-nl.{ending}") for ending in ("eml", "yaml")]
    assert "read both files before anybody else sees them" in " ".join(ran.err.split())
    assert "samples: {match: [noise-nl]}" in ran.err
    assert "Puk" not in (tmp_path / "new" / "noise-nl.eml").read_text(encoding="utf-8")
    assert desk.type("message", "sample", key, "--out", str(tmp_path / "new"), "--name", "noise-nl").status == 1
