# SPDX-License-Identifier: EUPL-1.2
"""Hostile mail is filed like any other, and nothing of it becomes a header or an instruction of our own mail."""

from __future__ import annotations

import pytest

from tests.store.desk_fixtures import OFFICER, REFERRER, Desk, mail

REFERRAL = ("Bericht over stembiljet", "Er gaat een bericht rond dat u twee vakjes moet kleuren.")
LONG = "lang " * 1000
HOSTILE = [
    ("Subject: =?utf-8?b?8J+RqOKAjfCfkanigI3wn5Gn4oCN8J+Rpg==?=", "emoji joined"),
    ("Subject: =?utf-8?q?abc=E2=80=AEtxt=2Eexe?=", "direction turned"),
    ("Subject: =?utf-8?q?a=0D=0ABcc=3A_victim=40elsewhere=2Eexample?=", "CR LF in an encoded word"),
    ("Subject: =?utf-8?q?a=0Db=0Ac=00d?=", "bare CR, LF and NUL"),
    (f"Subject: {LONG}", "five thousand characters"),
    (f"Subject: {'x' * 5000}", "five thousand without a blank"),
    ("Subject: \udcff\udcfe raw", "octets of no encoding"),
    ("Subject:", "empty"),
    ("Subject: {{ 7*7 }} {% include 'x' %} %s {0}", "words of a template"),
]


@pytest.mark.parametrize("subject", [row[0] for row in HOSTILE], ids=[row[1] for row in HOSTILE])
def test_hostile_subject_of_a_referral_is_filed_and_answered(desk: Desk, subject: str) -> None:
    """A case opens and the referrer gets a confirmation; the subject injects no header into it."""
    octets = mail(REFERRER, "SUBJECT", REFERRAL[1]).replace(
        b"Subject: SUBJECT", subject.encode("utf-8", "surrogateescape")
    )
    stored = desk.receive(octets)
    desk.settle()
    assert (stored.place, stored.case) == ("case", "VF-EP2024-0001"), stored.reason.english
    (confirmation,) = desk.server.to(REFERRER)
    head = confirmation.octets.partition(b"\r\n\r\n")[0].lower()
    assert b"\nbcc:" not in head
    assert b"\r\r" not in head
    assert len(desk.server.to(OFFICER)) == 1
    desk.assert_whole()


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("From", '"=?utf-8?q?Evil=0D=0ABcc=3A_v=40elsewhere=2Eexample?=" <griffie@lindewaard.example>'),
        ("From", '"\u202egnp.exe" <griffie@lindewaard.example>'),
        ("From", f'"{"n" * 5000}" <griffie@lindewaard.example>'),
        ("From", "griffie@lindewaard.example (a comment \\) with more)"),
        ("From", "gr\u00effie@lindewaard.example"),
        ("From", f'"{"l" * 300}"@lindewaard.example'),
        ("From", '"quoted local"@lindewaard.example'),
        ("Message-ID", "<a b@lindewaard.example>"),
        ("Message-ID", "<\u00e9\u200d@lindewaard.example>"),
        ("Message-ID", "<=?utf-8?q?a=0D=0AX-Evil=3A_1?=@lindewaard.example>"),
        ("Message-ID", f"<{'m' * 5000}@lindewaard.example>"),
        ("Message-ID", "no brackets at all"),
        ("References", " ".join(f"<{n}@lindewaard.example>" for n in range(3000))),
        ("Reply-To", "victim@elsewhere.example"),
    ],
)
def test_hostile_header_of_a_referral_is_filed(desk: Desk, header: str, value: str) -> None:
    """Names, addresses and Message-IDs that no mail should have still lead to a case, and raise nothing."""
    octets = mail(REFERRER, *REFERRAL)
    name = header.encode()
    lines = [line for line in octets.split(b"\r\n") if not line.startswith(name + b":")]
    place = next(n for n, line in enumerate(lines) if line.startswith(b"To:"))
    lines.insert(place, name + b": " + value.encode())
    stored = desk.receive(b"\r\n".join(lines))
    desk.settle()
    assert (stored.place, stored.case) == ("case", "VF-EP2024-0001"), (
        stored.reason.english,
        stored.verdict_basis.english,
    )
    assert {envelope.recipient for envelope in desk.server.envelopes} <= {stored.from_address, OFFICER}
    if header in {"Message-ID", "References"}:
        assert len(desk.server.to(REFERRER)) == 1
    for envelope in desk.server.envelopes:
        head = envelope.octets.partition(b"\r\n\r\n")[0].lower()
        assert b"\nbcc:" not in head
        assert b"\nx-evil:" not in head
    desk.assert_whole()


@pytest.mark.parametrize(
    "octets", [b"", b"\r\n", b"\x00\xff\xfe", b"no header at all", b"From:\r\nFrom:\r\n\r\n", b"Subject: x\r\n" * 3000]
)
def test_what_is_hardly_a_mail_ends_in_the_quarantine(desk: Desk, octets: bytes) -> None:
    """Octets that are hardly a mail are archived and filed without an exception."""
    stored = desk.receive(octets)
    assert stored.place in {"quarantine", "noise"}
    assert desk.env.octets.get(stored.digest) == octets
