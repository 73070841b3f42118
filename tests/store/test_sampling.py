# SPDX-License-Identifier: EUPL-1.2
"""A mail offered as a sample for the rules is anonymised and classified as before."""

from __future__ import annotations

from pathlib import Path

import pytest

from flaggermail.desk.sampling import SampleText, make_sample
from flaggermail.record.rows import StoredMessage
from flaggermail.rules.models import SampleFile
from flaggermail.services import UnitOfWork
from flaggermail.settings.yaml_files.faults import checked
from flaggermail.settings.yaml_files.source import read
from tests.store.desk_fixtures import DESK, META, OFFICER, REFERRER, Desk, X, mail, report_of

# Each occurs in the hostile mail below, and none may occur in the sample.
CANARIES = (
    "wilhelmina", "canaris", "kwartel", "zilverreiger", "roodborst", "ijsvogel", "goudvink", "putter", "steltkluut",
    "612345678", "612 34 56 78", "0612345678", "NL91ABNA", "0417164300", "123456782", "1234 AB", "203.0.113.77",
    "2001:db8:77", "geheim", "4711-0815", "a1b2c3d4e5f6a7b8c9d0e1f2", "tuinfluiter", "karekiet", "boomvalk",
    "AB-12-CD", "snor77", "wielewaal", "sperwer", "lindewaard", "grutto", "koekoek", "nachtegaal", "fazant", "patrijs",
)  # fmt: skip

TEXT = """Geachte mevrouw Kwartel,

Wilhelmina Canaris heeft gebeld vanaf 06-12345678, of was het (+31) 612 34 56 78 of 0612345678? Ik sprak
gisteren Canaris en ook J. Zilverreiger en A. van der Roodborst over het bericht op
https://posts.geheim-kanaal.nl/koekoek?u=wilhelmina#nachtegaal en www.boomvalk.nl/profiel/karekiet en t.me/tuinfluiter
en hxxps://grutto.example/x . Schrijf naar w.canaris@geheim-kanaal.nl, canaris [at] geheim [dot] nl of
mailto:goudvink@geheim-kanaal.nl of volg @sperwer_snor77 en #WielewaalWeg en goudvink_1985 op het platform.
Rekening NL91ABNA0417164300, BSN 123456782, postcode 1234 AB, server 203.0.113.77 en 2001:db8:77::1.
Token a1b2c3d4e5f6a7b8c9d0e1f2 en zaak 4711-0815. Fazant van der Patrijs heeft het ook gezien.

WILHELMINA CANARIS vraagt of u het bericht kunt controleren, twee vakjes kleuren maakt een stem ongeldig.

Met vriendelijke groet,

wilhelmina ijsvogel
Steltkluut Beheer B.V.
Putterstraat 12, Lindewaard

Van: W. Canaris <w.canaris@geheim-kanaal.nl>
Verzonden: donderdag 6 juni 2024 09:12
Aan: Griffie Lindewaard <griffie@lindewaard.example>
Onderwerp: Wilhelmina Canaris over twee vakjes

Dit stond er vandaag. Groetjes, Wilhelmina
"""


def hostile(html: str = "") -> bytes:
    """Builds a mail with a canary in every corner: fields, HTML, comments, attachments, preamble and epilogue."""
    body = f"""geheim preamble canaris
--cut
Content-Type: text/plain; charset=utf-8; x-canaris="canaris"
Content-Transfer-Encoding: 8bit
X-Part: canaris

{TEXT}
--cut
Content-Type: text/html; charset=utf-8

<html><!-- geheim canaris --><body data-x="wilhelmina"><img alt="canaris" src="https://geheim.example/x">{html}</body></html>
--cut
Content-Type: application/x-canaris; name="wilhelmina-canaris.canaris"
Content-Disposition: attachment; filename="wilhelmina canaris.canaris"
Content-Transfer-Encoding: base64

Z2VoZWltIGNhbmFyaXM=
--cut
Content-Type: image/png; name="canaris.png"
Content-Disposition: attachment; filename="canaris.png"

geheim
--cut--
epilogue canaris geheim"""
    extra = (
        'Content-Type: multipart/mixed; boundary="cut"', "MIME-Version: 1.0",
        "DKIM-Signature: v=1; d=geheim-kanaal.nl; s=canaris; b=geheim", "X-Originating-IP: [203.0.113.77]",
        "X-Canaris: wilhelmina", "Reply-To: Wilhelmina Canaris <wilhelmina+geheim@geheim-kanaal.nl>",
        "Cc: =?utf-8?q?W=2E_Canaris?= <w.canaris@geheim-kanaal.nl>, griffie@lindewaard.example",
        "X-Mailer: geheim canaris", "Organization: Steltkluut", "Comments: canaris", "Thread-Topic: canaris",
        "Auto-Submitted: no; owner=canaris@geheim-kanaal.nl", "Precedence: geheim",
        "Return-Path: <wilhelmina.canaris@geheim-kanaal.nl>",
    )  # fmt: skip
    subject = "FW: Wilhelmina Canaris over twee vakjes (zaak 4711-0815)"
    return mail(REFERRER, subject, body, extra=extra, message_id="geheim-canaris-77@mail.lindewaard.example").replace(
        f"From: {REFERRER}".encode(), f'From: "Canaris, Wilhelmina (Griffie)" <wilhelmina.{REFERRER}>'.encode()
    )


def sampled(desk: Desk, stored: StoredMessage) -> SampleText:
    """Returns the sample of a message."""
    with desk.env.store.read() as tx:
        return make_sample(UnitOfWork(desk.env, tx, desk.clock.now()), stored.id)


def test_no_canary_survives(desk: Desk) -> None:
    """Names, addresses, numbers, pages, handles, traces and hidden parts are removed; harmless words remain."""
    found = sampled(desk, desk.receive(hostile()))
    text = found.mail
    left = [word for word in CANARIES if word.lower() in f"{text}\n{found.beside}".lower()]
    assert left == [], text
    assert "twee vakjes kleuren maakt een stem ongeldig" in text
    assert "Met vriendelijke groet" in text
    assert " J. " not in text
    again = desk.env.parser.parse(text.encode())
    assert [(a.content_type, a.size) for a in again.attachments] == [("application/octet-stream", 0), ("image/png", 0)]
    assert again.forwarded is not None
    assert again.forwarded.sender is not None
    assert all(address.domain.endswith(".example") for address in (*again.from_, *again.to, *again.cc))


def test_an_attached_mail_is_disguised_like_the_one_that_brings_it(desk: Desk) -> None:
    """The attached mail stays attached, and its names are replaced too."""
    inner = hostile().decode().replace("\r\n", "\n").replace("--cut", "--inner").replace('"cut"', '"inner"')
    body = (
        f"--cut\nContent-Type: text/plain\n\nZie de bijlage.\n--cut\nContent-Type: message/rfc822\n\n{inner}\n--cut--"
    )
    extra = ("Content-Type: multipart/mixed; boundary=cut", "MIME-Version: 1.0")
    stored = desk.receive(mail("wilhelmina@boomvalk.nl", "FW: twee vakjes", body, extra=extra))
    text = sampled(desk, stored).mail
    assert [word for word in CANARIES if word.lower() in text.lower()] == []
    again = desk.env.parser.parse(text.encode())
    assert (len(again.enclosed), again.forwarded is not None) == (1, True)


def test_who_is_who_shows_by_the_domains_of_the_samples(desk: Desk, tmp_path: Path) -> None:
    """Platform domains stay recognisable, personal addresses are replaced, and the given context is recorded."""
    key = desk.notified()
    octets = mail(X, "Re: Two boxes", "Thanks, received. We will look.", to=f"{DESK}, {OFFICER}, {META}",
                  answers=desk.message_id_of(key))  # fmt: skip
    stored = desk.receive(octets)
    sample = sampled(desk, stored)
    text = sample.mail
    (tmp_path / "case-nl.yaml").write_text(sample.beside, encoding="utf-8")
    again = desk.env.parser.parse(text.encode())
    assert [a.domain for a in again.from_] == ["x-platform.example"]
    assert [a.domain for a in again.to][2] == "meta-platform.example"
    assert again.sender is not None
    assert again.sender.address != X
    assert "Thanks, received. We will look." in text
    assert desk.message_id_of(key) not in text
    source = read(tmp_path / "case-nl.yaml", "case-nl.yaml")
    found = checked(SampleFile, source)
    assert found is not None, sample.beside
    given = found.given
    assert (given.verdict, given.placed, given.channel, given.minutes, given.period) == (
        "verified", "notification", "x-urgent", 0, True,
    )  # fmt: skip


@pytest.mark.parametrize("action", ["failed", "delayed"])
def test_a_bounce_stays_a_bounce(desk: Desk, action: str) -> None:
    """The fields that identify a bounce are rewritten, and name another mail."""
    octets = report_of("geheim@bzk.example", "wilhelmina@geheim-kanaal.nl", action)
    stored = desk.receive(octets)
    found = sampled(desk, stored)
    text = found.mail
    assert found.differences == ()
    again = desk.env.parser.parse(text.encode())
    assert (again.kind, again.bounce_class) == ("bounce", action)
    assert "geheim" not in text


def test_an_automatic_receipt_stays_one(desk: Desk) -> None:
    """Auto-Submitted is kept, reduced to a permitted word."""
    stored = desk.receive(mail(X, "We got it", "Ticket #5519", extra=["Auto-Submitted: auto-replied; geheim"]))
    found = sampled(desk, stored)
    text = found.mail
    assert (found.differences, "Auto-Submitted: auto-replied\n" in text, "geheim" in text) == ((), True, False)
    assert "Ticket #1" in text
    assert "5519" not in text
