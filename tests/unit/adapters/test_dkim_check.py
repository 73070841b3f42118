# SPDX-License-Identifier: EUPL-1.2
"""Our own DKIM check: changed content fails, and a signature that proves too little is unverified."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa

from flaggermail.adapters.dns import dkim_check
from flaggermail.adapters.dns.dkim_check import DkimCheck
from flaggermail.adapters.dns.organisations import organisational
from flaggermail.mail.message import SenderVerdict, SignatureState, Verdict
from tests.corpus import each
from tests.doubles.dns import SIGNED, ScriptedResolver, key, key_record, signed

NOW = datetime.fromisoformat("2027-03-17T10:00:00+00:00")
DOMAIN = "x-platform.example"
NAME = f"s1._domainkey.{DOMAIN}"
MAIL = (
    b"From: X Safety <safety@x-platform.example>\r\nTo: desk@bzk.example\r\nSubject: Re: Two boxes\r\n"
    b"Date: Wed, 17 Mar 2027 09:58:00 +0000\r\nMessage-ID: <1@x-platform.example>\r\n\r\nReceived, thank you.\r\n"
)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    """Sets the machine's clock, which dkimpy reads, to the same instant."""
    with time_machine.travel(NOW, tick=False):
        yield


def check(
    octets: bytes,
    records: Mapping[str, Sequence[bytes] | None] | None = None,
    author: str = DOMAIN,
    now: datetime = NOW,
) -> Verdict:
    """Returns the verdict on a mail, with the signers' keys in `records`."""
    found = {NAME: [key_record()]} if records is None else records
    return DkimCheck(ScriptedResolver(found), organisational).check(octets, author, NOW - timedelta(minutes=2), now)


def said_of(verdict: Verdict) -> tuple[SenderVerdict, str]:
    """Returns a verdict with its evidence in English."""
    return verdict.value, verdict.basis.english


def test_a_signature_that_fits_verifies() -> None:
    """A valid signature verifies the sender with one DNS query, for the key."""
    resolver = ScriptedResolver({NAME: [key_record()]})
    verdict = DkimCheck(resolver, organisational).check(signed(MAIL, DOMAIN), DOMAIN, None, NOW)
    assert said_of(verdict) == (SenderVerdict.VERIFIED, f"DKIM signature of {DOMAIN} fits, checked here, for {DOMAIN}")
    assert resolver.asked == [NAME]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject: Re: Two boxes", b"Subject: Re: We removed it"),
        (b"Received, thank you.", b"We removed it."),
        (b"safety@x-platform", b"press@x-platform"),
        (b"<1@x-platform", b"<2@x-platform"),
        (b"thank you.\r\n", b"thank you.\r\nMore.\r\n"),
    ],
)
def test_what_was_changed_after_signing_fails(old: bytes, new: bytes) -> None:
    """A change of subject, text, author or Message-ID after signing fails the check."""
    octets = signed(MAIL, DOMAIN)
    assert octets.count(old) == 1
    verdict = check(octets.replace(old, new))
    assert said_of(verdict) == (
        SenderVerdict.FAILED,
        f"DKIM signature of {DOMAIN} does not fit: the mail is not as it was signed",
    )


@pytest.mark.parametrize("field", [b"Subject: We removed it", b"From: a@elsewhere.example", b"Date: today", b"To: you"])
def test_a_second_field_on_top_of_a_signed_mail_proves_nothing(field: bytes) -> None:
    """A second copy of a signed field leaves the mail unverified (RFC 6376, section 8.15).

    The signature covers the lower copy and still fits; a mail program shows the upper one.
    """
    verdict = check(field + b"\r\n" + signed(MAIL, DOMAIN))
    assert verdict.value == "unverified"
    assert "more than one field" in verdict.basis.english


@each(
    "between",
    [
        b"X-Filler: 1\r\n" * 2100,
        b"From a line that some programs pass over\r\nFrom another\r\n",
        b"no field at all\r\nnor this\r\n",
        b"no field at all\r\n",
        b"\r\r\n",
        b" \r\n",
        b"\x00\r\n",
    ],
)
def test_a_signed_subject_out_of_the_readers_sight_proves_nothing(between: bytes) -> None:
    """A mail is unverified if our parser ends the header before the signed Subject and the checker does not."""
    octets = signed(MAIL, DOMAIN)
    true = b"Subject: Re: Two boxes\r\n"
    moved = octets.replace(true, b"").replace(b"\r\n\r\n", b"\r\n" + between + true + b"\r\n", 1)
    assert check(moved.replace(between, b"")).value == "verified"
    assert check(b"Subject: We removed it\r\n" + moved).value != "verified"
    assert check(moved.replace(b"From: X", b"Subject: We removed it\r\nFrom: X", 1)).value != "verified"


def test_over_signing_makes_no_difference_to_an_untouched_mail() -> None:
    """A signature may name From and Subject once more than they occur, so that none can be added."""
    octets = signed(MAIL, DOMAIN, covers=("from", "from", "subject", "subject", "date", "reply-to"))
    assert check(octets).value == "verified"


@pytest.mark.parametrize(
    ("covers", "algorithm", "why"),
    [
        (("from", "to", "date"), "rsa-sha256", "does not cover subject"),
        ((*SIGNED, "l"), "rsa-sha256", "only the beginning of the text"),
        (SIGNED, "rsa-sha1", "not rsa-sha256"),
    ],
)
def test_a_signature_that_proves_too_little_says_nothing(covers: Sequence[str], algorithm: str, why: str) -> None:
    """A signature that covers too little or uses a weak algorithm leaves the mail unverified, not failed."""
    verdict = check(signed(MAIL, DOMAIN, covers=covers, algorithm=algorithm))
    assert verdict.value == "unverified"
    assert why in verdict.basis.english


def test_text_added_below_the_signed_length_proves_nothing() -> None:
    """A signature with l= proves nothing: text added below the signed length would still fit."""
    assert check(signed(MAIL, DOMAIN, covers=(*SIGNED, "l")) + b"We removed it.\r\n").value == "unverified"


@pytest.mark.parametrize(
    "signer",
    ["elsewhere.example", f"{DOMAIN}.elsewhere.example", "example", f"{DOMAIN}'a.elsewhere.example", f"a{DOMAIN}"],
)
def test_a_strangers_signature_says_nothing_about_the_author(signer: str) -> None:
    """A valid signature of another domain says nothing about the author."""
    records = {f"s1._domainkey.{signer}": [key_record()], NAME: [key_record()]}
    assert said_of(check(signed(MAIL, signer), records)) == (SenderVerdict.UNVERIFIED, f"no DKIM signature of {DOMAIN}")


@pytest.mark.parametrize(
    "field",
    [
        b"v=1; a=rsa-sha256; d=x-platform.example; s=s1._domainkey.elsewhere.example\x00; h=from:subject; bh=; b=",
        b"v=1; d=elsewhere.example; d=x-platform.example; s=s1; h=from:subject; a=rsa-sha256; bh=; b=",
        b"v=1; d=x-platform.example; h=from:subject; a=rsa-sha256; bh=; b=",
        b"",
        b"=?utf-8?q?d=3Dx-platform.example?=",
    ],
)
def test_a_signature_without_a_plain_domain_and_selector_is_none(field: bytes) -> None:
    """A signature without one plain domain and selector is ignored; a NUL or a second d= could mislead the check."""
    verdict = check(b"DKIM-Signature: " + field + b"\r\n" + MAIL)
    assert said_of(verdict) == (SenderVerdict.UNVERIFIED, f"no DKIM signature of {DOMAIN}")


@pytest.mark.parametrize("ago", [timedelta(days=6), timedelta(days=400), timedelta(hours=-2)])
def test_a_mail_that_was_not_signed_lately_says_nothing(ago: timedelta) -> None:
    """A signature that is too old or in the future leaves the mail unverified: it may be a replay."""
    with time_machine.travel(NOW - ago, tick=False):
        octets = signed(MAIL, DOMAIN)
    verdict = check(octets)
    assert verdict.value == "unverified"
    assert "not lately" in verdict.basis.english


def short_key() -> bytes:
    """Returns a record with a key of 512 bits."""
    return key_record(rsa.RSAPublicNumbers(65537, (1 << 511) + 12345).public_key())


@each(
    ("records", "why"),
    [
        ({}, "not in the DNS"),
        ({NAME: []}, "not in the DNS"),
        ({NAME: [key_record(), key_record()]}, "not in the DNS"),
        ({NAME: [b"v=DKIM1; k=rsa; p="]}, "withdrawn"),
        ({NAME: [b"v=DKIM1; k=rsa"]}, "holds no key"),
        ({NAME: [b"v=DKIM1; k=rsa; p=AAAA"]}, "cannot be read"),
        ({NAME: [b"v=DKIM1; k=rsa; p=\xff\xfe"]}, "cannot be read"),
        ({NAME: [b"v=DKIM1; k=ed25519; p=AAAA"]}, "of a kind"),
        ({NAME: [short_key()]}, "512 bits only"),
        ({NAME: [key_record(more="t=y;")]}, "testing"),
        ({NAME: [key_record(more="s=tlsrpt;")]}, "not for mail"),
        ({NAME: [key_record(more="h=sha1;")]}, "does not allow"),
    ],
)
def test_a_key_that_counts_for_nothing_says_nothing(records: Mapping[str, Sequence[bytes]], why: str) -> None:
    """A key that is missing, withdrawn, unreadable, too short or for other uses leaves the mail unverified."""
    verdict = check(signed(MAIL, DOMAIN), records)
    assert verdict.value == "unverified"
    assert why in verdict.basis.english


def test_a_dns_that_does_not_answer_now_never_fails_a_mail() -> None:
    """If the DNS does not answer, the mail is unverified, even if another signature does not fit."""
    verdict = check(signed(MAIL, DOMAIN), {NAME: None})
    assert said_of(verdict) == (
        SenderVerdict.UNVERIFIED,
        f"DKIM signature of {DOMAIN}: no answer from the DNS about {NAME} now",
    )
    changed = signed(MAIL, DOMAIN).replace(b"thank you", b"removed")
    both = signed(changed, DOMAIN, selector="s2")
    assert check(both, {NAME: [key_record()], f"s2._domainkey.{DOMAIN}": None}).value == "unverified"


def test_questions_to_the_dns_are_few_however_many_signatures_there_are() -> None:
    """The number of DNS queries is limited, however many signatures a mail has."""
    octets = MAIL
    for number in range(20):
        octets = signed(octets, DOMAIN, selector=f"n{number}")
    resolver = ScriptedResolver({})
    assert DkimCheck(resolver, organisational).check(octets, DOMAIN, None, NOW).value == "unverified"
    assert len(resolver.asked) == dkim_check.MOST_QUESTIONS


def test_a_key_of_somebody_else_fails() -> None:
    """A signature made with another key than the platform's fails."""
    assert check(signed(MAIL, DOMAIN, number=1), {NAME: [key_record(key(0).public_key())]}).value == "failed"


@each(
    ("author", "dmarc", "wanted"),
    [
        ("mail.x-platform.example", {}, "verified"),
        ("mail.x-platform.example", {"_dmarc.mail.x-platform.example": [b"v=DMARC1; p=none; adkim=s"]}, "unverified"),
        ("mail.x-platform.example", {"_dmarc.x-platform.example": [b"v=DMARC1; adkim=s; p=reject"]}, "unverified"),
        ("mail.x-platform.example", {"_dmarc.x-platform.example": [b"v=DMARC1; adkim=r; p=reject"]}, "verified"),
        ("mail.x-platform.example", {"_dmarc.x-platform.example": None}, "unverified"),
        ("x-platform.example", {"_dmarc.x-platform.example": [b"v=DMARC1; p=none; adkim=s"]}, "verified"),
        ("y-platform.example", {}, "unverified"),
    ],
)
def test_the_signer_stands_behind_the_author(
    author: str, dmarc: Mapping[str, Sequence[bytes] | None], wanted: str
) -> None:
    """A signature of the same organisation counts, unless the author's DMARC record demands the same domain."""
    octets = signed(MAIL.replace(b"safety@x-platform.example", f"safety@{author}".encode()), DOMAIN)
    assert check(octets, {NAME: [key_record()], **dmarc}, author).value == wanted


def test_neighbours_below_a_public_suffix_are_strangers() -> None:
    """Domains below a common public suffix are separate organisations."""
    octets = signed(MAIL, DOMAIN)
    host = {DOMAIN: DOMAIN, "y-platform.example": "y-platform.example", "example": None}
    resolver = ScriptedResolver({NAME: [key_record()]})
    assert DkimCheck(resolver, host.get).check(octets, "y-platform.example", None, NOW).value == "unverified"
    assert organisational("co.uk") is None
    assert organisational("example") is None
    assert organisational("eu.mail.X-platform.example") == DOMAIN


def test_no_content_raises() -> None:
    """Malformed content gives a verdict and never raises."""
    octets = signed(MAIL, DOMAIN)
    for cut in range(0, octets.index(b"thank you"), 7):
        assert check(octets[:cut]).value != "verified"
        assert check(octets[:cut] + b"\x00\xff=;" + octets[cut + 1 :]).value in {"verified", "unverified", "failed"}
    assert check(b" " + octets).value != "verified"


def test_a_very_large_mail_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A very large mail is not checked and stays unverified, with the reason."""
    monkeypatch.setattr(dkim_check, "LARGEST", 100)
    assert said_of(check(signed(MAIL, DOMAIN))) == (
        SenderVerdict.UNVERIFIED,
        "the mail is too large for its signature to be checked",
    )


@each(
    ("record", "counts", "state"),
    [
        (key_record(), "s2", SignatureState.VERIFIED),  # the best of both
        (key_record(key(1).public_key()), "s2", SignatureState.FAILED),  # before one without a key
        (None, "s2", SignatureState.NOT_CHECKED),  # it may have fitted
    ],
)
def test_the_facts_are_those_of_the_signature_that_counts(
    record: bytes | None, counts: str, state: SignatureState
) -> None:
    """Of two signatures, one of them without a key in the DNS, the facts name the one on which the verdict rests."""
    both = signed(signed(MAIL, DOMAIN, selector="s2"), DOMAIN)
    records = {f"s2._domainkey.{DOMAIN}": None if record is None else [record]}
    facts = check(both, records).signature
    assert (facts.selector, facts.state, facts.looked_up_at) == (counts, state, NOW)
    assert facts.key_record == (None if record is None else record.decode())


def test_a_weak_signature_is_named_and_its_key_not_looked_up() -> None:
    """A signature with l= is not checked: its domain and selector are recorded, with why, and no key."""
    facts = check(signed(MAIL, DOMAIN, covers=(*SIGNED, "l"))).signature
    assert (facts.state, facts.domain, facts.selector) == (SignatureState.NOT_CHECKED, DOMAIN, "s1")
    assert (facts.key_record, facts.resolver, facts.looked_up_at) == (None, None, None)
    assert "only the beginning of the text" in facts.basis.english


def test_several_records_are_kept_as_they_were_seen() -> None:
    """Two records at one name count as none (RFC 6376, section 3.6.2.2); both are kept, line by line."""
    other = key_record(key(1).public_key())
    facts = check(signed(MAIL, DOMAIN), {NAME: [key_record(), other]}).signature
    assert facts.state is SignatureState.NOT_CHECKED
    assert facts.key_record == f"{key_record().decode()}\n{other.decode()}"
