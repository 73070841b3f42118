# SPDX-License-Identifier: EUPL-1.2
"""`rules test` explains why a mail is classified as it is; `rules compare` shows the effect of other rules."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from flaggermail.shipped import shipped
from tests.unit.cli.conftest import VOUCHED, Desk

SAMPLES = shipped("rules") / "samples"
REFERRAL = (
    VOUCHED.format(domain="lindewaard.example") + "From: Griffie <griffie@lindewaard.example>\r\n"
    "To: verkiezingenflagger@bzk.example\r\nSubject: Bericht over stembiljet\r\n"
    "Message-ID: <r1@lindewaard.example>\r\n\r\n"
    "Er gaat een bericht rond dat u twee vakjes moet kleuren.\r\nZie https://x.example/1\r\n"
).encode()
HOSTILE = (
    b"From: x@elders.example\r\nTo: verkiezingenflagger@bzk.example\r\n"
    b"Subject: =?utf-8?q?Nieuwsbrief_=E2=80=AEfdp=1B=5B2J?=\r\nMessage-ID: <h@elders.example>\r\n\r\nTekst\r\n"
)

KNOWN = (
    "  known        sender verified, platform Meta, belongs to a case, answers meta-elections after 0 minutes, "
    "election period"
)


def place_of(desk: Desk, name: str) -> str:
    """Returns file, line and name of a shipped rule, as they are shown."""
    (found,) = (rule for rule in desk.env.settings.rules.rules if rule.name == name)
    written = (shipped("rules") / found.file).read_text("utf-8").splitlines()[found.line - 1]
    assert written.strip() == f"- name: {name}"
    return f"{found.place} {name}"


# ---- rules test


def test_a_sample_is_explained_by_what_stands_beside_it(desk: Desk) -> None:
    """A sample is explained: its kinds, the known facts, the rule with its conditions, the next-best rule."""
    path = str(SAMPLES / "machine-receipt-meta-en.eml")
    lines = desk.done("rules", "test", path).splitlines()
    assert lines[:8] == [
        path,
        "  is           auto_reply + platform_ack",
        KNOWN,
        f"  decided by   {place_of(desk, 'automatic receipt of Meta')}",
        "                 mechanical: [auto-reply] (is auto-reply)",
        "                 platform: [Meta] (is Meta)",
        "  reference    #5519",
        f"  next best    {place_of(desk, 'automatic receipt of another platform')}: would match, and comes later",
    ]
    assert f"  passed over  {place_of(desk, 'automatic reply')}: would match, and comes later" in lines
    assert lines[-1].endswith(" more that missed more (--all shows them)")


def test_the_words_that_matched_are_shown_with_their_place(desk: Desk) -> None:
    """The matching entry of a word list is shown with the matched text, its line and its column."""
    mail = desk.folder / "uitnodiging.eml"
    mail.write_bytes(
        b"From: a@elders.example\r\nSubject: Geaccepteerd: overleg\r\nMessage-ID: <i@e.example>\r\n\r\nJa\r\n"
    )
    shown = desk.done("rules", "test", str(mail))
    assert r"has 'Geaccepteerd:' by /^geaccepteerd\s*:/ at subject, column 1)" in shown
    assert "\n  becomes      noise: nobody wrote it for the desk\n" in shown


def test_all_shows_every_rule_that_was_passed_over(desk: Desk) -> None:
    """`--all` shows every rule that did not decide, one line each."""
    path = str(SAMPLES / "machine-receipt-meta-en.eml")
    lines = desk.done("rules", "test", "--all", path).splitlines()
    shown = [line for line in lines if line.startswith(("  decided by", "  next best", "  passed over", "  marked by"))]
    assert len(shown) == len(desk.env.settings.rules.rules)
    assert f"  passed over  {place_of(desk, 'automatic receipt of X')}: not platform: [X] (is Meta)" in lines


def test_a_mail_that_no_rule_decides_says_so(desk: Desk) -> None:
    """A mail that no rule decides goes to the officer's list."""
    shown = desk.done("rules", "test", str(SAMPLES / "unknown-hate-mail-nl.eml"))
    assert "\n  is           unknown\n" in shown
    assert "\n  decided by   no rule: it goes to the officer's list\n" in shown


def test_a_folder_is_explained_mail_by_mail(desk: Desk) -> None:
    """The .eml files of a folder are explained in the order of their names; other files are skipped."""
    folder = desk.folder / "mails"
    folder.mkdir()
    for name in ("b.eml", "a.eml"):
        (folder / name).write_bytes(REFERRAL)
    (folder / "a.yaml").write_text("about: x\n", "utf-8")
    shown = desk.done("rules", "test", str(folder))
    assert [line for line in shown.splitlines() if not line.startswith(" ")] == [
        str(folder / "a.eml"), str(folder / "b.eml"),
    ]  # fmt: skip


def test_a_message_is_explained_by_what_the_record_knows(desk: Desk) -> None:
    """A stored message is explained by its id, with the facts in the record."""
    key = desk.receive(REFERRAL)
    shown = desk.done("rules", "test", key)
    assert shown.startswith(f"{key}\n  is           referral\n")
    assert "domain: [fellow_authorities] (is lindewaard.example, on the list fellow_authorities)" in shown


def test_nothing_is_stored_by_explaining(desk: Desk) -> None:
    """Explaining a mail stores no event."""
    mail = desk.folder / "r.eml"
    mail.write_bytes(REFERRAL)
    with desk.env.store.read() as tx:
        before = len(list(tx.events()))
    desk.done("rules", "test", str(mail))
    with desk.env.store.read() as tx:
        assert len(list(tx.events())) == before


def test_a_program_reads_one_object_a_mail(desk: Desk) -> None:
    """`--json` gives one object for each mail, with every rule and each condition."""
    paths = [str(SAMPLES / f"{name}.eml") for name in ("machine-receipt-meta-en", "unknown-hate-mail-nl")]
    receipt, hate = map(json.loads, desk.done("rules", "test", "--json", *paths).splitlines())
    rule = receipt["made_by"][0]
    assert receipt["kinds"] == ["auto_reply", "platform_ack"]
    assert receipt["references"] == ["#5519"]
    assert f"{rule['file']}:{rule['line']} {rule['rule']}" == receipt["rule"]
    assert receipt["rule"] == place_of(desk, "automatic receipt of Meta")
    assert rule["trace"][1] == {
        "condition": "platform: [Meta]",
        "held": True,
        "saw": "is Meta",
        "where": None,
        "within": [],
    }
    assert receipt["next_best"]["rule"] == "automatic receipt of another platform"
    assert len(receipt["made_by"]) + len(receipt["passed_over"]) == len(desk.env.settings.rules.rules)
    assert (hate["rule"], hate["made_by"], hate["known"]["platform"]) == (None, [], None)


@pytest.mark.parametrize("words", [(), ("--all",), ("--json",)])
def test_a_strangers_text_does_nothing_to_the_terminal(desk: Desk, words: tuple[str, ...]) -> None:
    """Control and bidirectional characters in a mail or in its file name are shown, not obeyed."""
    mail = desk.folder / "a\x1b[2Jb.eml"
    mail.write_bytes(HOSTILE)
    shown = desk.done("rules", "test", str(mail), *words)
    assert not set("\x1b\u202e") & set(shown)


def test_what_is_neither_mail_nor_message_is_refused(desk: Desk) -> None:
    """An argument that is neither a file nor a message is refused with exit status 2 and one line."""
    ran = desk.type("rules", "test", "m00000099")
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "m00000099: no such file or folder" in ran.err


# ---- rules compare


@pytest.fixture
def other(desk: Desk) -> Path:
    """Returns a copy of the rules in force, for a test to change."""
    return shutil.copytree(shipped("rules"), desk.folder / "other")


def change(other: Path, old: str, new: str) -> None:
    """Replaces a text in the file of referrals."""
    file = other / "30-referral.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_the_same_rules_compare_to_nothing(desk: Desk, other: Path) -> None:
    """Identical rules show no difference and exit with 0, whatever list knows the sender."""
    desk.receive(REFERRAL)
    listed = (other / "authorities" / "fellow_authorities.txt").read_text("utf-8").split()[-1]
    desk.receive(REFERRAL.replace(b"lindewaard.example", listed.encode()).replace(b"Bericht", b"Ander bericht"))
    out = desk.done("rules", "compare", str(other))
    assert out == "2 messages judged by both, 0 otherwise: clocks of 0, cases of 0\n"


def test_a_case_that_would_not_be_opened_exits_1(desk: Desk, other: Path) -> None:
    """A case that would no longer be opened is shown old against new, with rules and words; exit status 1."""
    key = desk.receive(REFERRAL)
    desk.receive(HOSTILE)
    change(other, "fellow_authorities", "media")
    ran = desk.type("rules", "compare", str(other))
    lines = ran.out.splitlines()
    assert ran.status == 1
    assert lines[0] == f"{key}  2024-06-06 10:33+02:00  Bericht over stembiljet  [cases]"
    assert lines[1] == "  - referral to case fellow_authority A_content intake_confirmation"
    assert lines[2].startswith("      decided by   30-referral.yaml:")
    assert "domain: [fellow_authorities] (is lindewaard.example, on the list fellow_authorities)" in ran.out
    assert "  + unknown to quarantine" in lines
    assert "      decided by   no rule: it goes to the officer's list" in lines
    assert lines[-1] == "2 messages judged by both, 1 otherwise: clocks of 0, cases of 1"


def test_a_label_alone_exits_0(desk: Desk, other: Path) -> None:
    """A changed label alone is listed and exits with 0."""
    key = desk.receive(REFERRAL)
    labels = desk.env.settings.desk.tags.labels
    change(other, "source: fellow_authority", f"labels: [{next(iter(labels))}], source: fellow_authority")
    out = desk.done("rules", "compare", str(other))
    assert out.startswith(f"{key}  ")
    assert f"#{next(iter(labels))}" in out
    assert out.endswith("1 message judged by both, 1 otherwise: clocks of 0, cases of 0\n")


def test_a_program_reads_one_difference_a_line(desk: Desk, other: Path) -> None:
    """`--json` gives one difference on each line, with old and new; a classification by hand is marked."""
    key = desk.receive(REFERRAL)
    change(other, "fellow_authorities", "media")
    (line,) = desk.type("rules", "compare", "--json", str(other)).out.splitlines()
    document = json.loads(line)
    assert (document["message"], document["cases"], document["clocks"], document["by_hand"]) == (
        key,
        True,
        False,
        False,
    )
    assert (document["old"]["kinds"], document["new"]["kinds"]) == (["referral"], ["unknown"])
    assert document["old"]["made_by"][0]["trace"][0]["held"] is True
    desk.done("message", "reclassify", key, "--kind", "referral")
    out = desk.done("rules", "compare", str(other))
    assert "[stands by hand]" in out.splitlines()[0]


def test_rules_with_a_fault_are_not_compared(desk: Desk, other: Path) -> None:
    """Rules with a fault are refused with exit status 2 and the place."""
    change(other, "fellow_authorities", "nowhere_listed")
    ran = desk.type("rules", "compare", str(other))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("other/30-referral.yaml:")
    assert "'nowhere_listed' is no list" in ran.err
