# SPDX-License-Identifier: EUPL-1.2
"""What a DKIM signature must contain before its key is looked up."""

from __future__ import annotations

from datetime import datetime, timedelta

from flaggermail.mail.authentication.authres import aligned, demands_strict_alignment
from flaggermail.mail.authentication.dkim_signature import (
    Signature,
    key_weakness,
    read_signature,
    read_tags,
    same_identity,
    weakness,
)
from flaggermail.wording.said import StoredText
from tests.corpus import each

NOW = datetime.fromisoformat("2027-03-17T10:00:00+00:00")
AT = int(NOW.timestamp())
NAMES = ("dkim-signature", "from", "to", "subject", "date", "message-id")
TAGS = f"v=1; a=rsa-sha256; d=x-platform.example; s=s1; h=From : Subject:date; bh=; b=; t={AT - 60}"


def read(text: str = TAGS) -> Signature:
    """Returns a signature that can be read."""
    found = read_signature(text)
    assert found is not None
    return found


def test_a_plain_signature_is_read() -> None:
    """A plain signature is read with lower-case names, without white space, and with the DNS name of its key."""
    found = read("v=1; a=rsa-sha256; d=X-Platform.example;\t s=eu.s1 ; h=From : To:\r\n Subject; b=a b\r\n c;")
    assert (found.domain, found.selector, found.covers) == ("x-platform.example", "eu.s1", ("from", "to", "subject"))
    assert found.key_name == "eu.s1._domainkey.x-platform.example"
    assert found.tags["b"] == "abc"


def why_weak(said: StoredText | None) -> str | None:
    """Returns the sentence in English, None if there is none."""
    return None if said is None else said.english


@each(
    "text",
    ["", "v", "v=1", "d=x.example", "s=s1", "d=x.example; s=s1; s=s2", "d=; s=s1", "d=x.example; s=s'1",
     "=1; d=x; s=s1", 'd=x.example"; s=s1', "d=x.example\x00; s=s1", "d=x..example; s=s1", "d=x.example; s=s1; 1a=b",
     "d=x(.example; s=s1"],
)  # fmt: skip
def test_what_is_no_tag_list_with_a_plain_domain_is_no_signature(text: str) -> None:
    """A text with a repeated tag or characters outside host names is no signature."""
    assert read_signature(text) is None


@each(
    ("old", "new", "why"),
    [
        ("", "", None),
        ("h=From : Subject:date", "h=subject:from:from:subject", None),
        ("a=rsa-sha256", "a=rsa-sha1", "its algorithm is not rsa-sha256"),
        ("a=rsa-sha256", "a=ed25519-sha256", "its algorithm is not rsa-sha256"),
        ("bh=;", "bh=; l=0;", "it covers only the beginning of the text (l=)"),
        ("bh=;", "bh=; l=;", "it covers only the beginning of the text (l=)"),
        ("From : Subject", "To", "it does not cover from, subject"),
        ("h=From : Subject:date;", "", "it does not cover from, subject"),
        ("bh=;", f"bh=; x={AT + 60};", None),
        ("bh=;", f"bh=; x={AT - 1};", "it has expired (x=)"),
        ("bh=;", "bh=; x=soon;", "it has expired (x=)"),
        ("bh=;", f"bh=; x={'9' * 13};", "it has expired (x=)"),
        (f"t={AT - 60}", f"t={AT - 4 * 86400}", None),
        (f"t={AT - 60}", f"t={AT - 6 * 86400}", "it was made at 2027-03-11 10:00 UTC, not lately"),
        (f"t={AT - 60}", f"t={AT + 3000}", None),
        (f"t={AT - 60}", f"t={AT + 7200}", "it was made at 2027-03-17 12:00 UTC, not lately"),
    ],
)
def test_a_signature_may_prove_too_little(old: str, new: str, why: str | None) -> None:
    """A signature is too weak by its algorithm, its length, the fields it covers, or its age."""
    assert old in TAGS
    assert why_weak(weakness(read(TAGS.replace(old, new) if old else TAGS), NAMES, None, NOW)) == why


@each("name", ["from", "subject", "date", "to", "references", "content-type"])
def test_a_field_that_stands_twice_may_be_the_one_nobody_signed(name: str) -> None:
    """A field that occurs twice makes a signature too weak: a program may show the unsigned one."""
    assert why_weak(weakness(read(), (*NAMES, name, name), NOW, NOW)) == f"the mail has more than one field {name}"


def test_without_an_instant_of_signing_the_signed_date_counts() -> None:
    """Without t= the Date field gives the time of signing, but only if it is signed."""
    undated = TAGS.replace(f"; t={AT - 60}", "")
    assert weakness(read(undated), NAMES, NOW, NOW) is None
    assert weakness(read(undated), NAMES, NOW - timedelta(days=9), NOW) is not None
    for text, date in ((undated, None), (undated.replace(":date", ""), NOW)):
        assert why_weak(weakness(read(text), NAMES, date, NOW)) == "it does not say when it was made"


@each(
    ("identity", "flags", "same"),
    [
        ("", "", True),
        ("i=@x-platform.example;", "", True),
        ("i=a@mail.x-platform.example;", "", True),
        ("i=a@mail.x-platform.example;", "t=s;", False),
        ("i=a@x-platform.example;", "t=s;", True),
        ("i=a@elsewhere.example;", "", False),
        ("i=a@ax-platform.example;", "", False),
    ],
)
def test_the_identity_lies_in_the_signers_domain(identity: str, flags: str, same: bool) -> None:  # noqa: FBT001 - a column
    """i= may be a subdomain of d=, unless the key forbids it (t=s)."""
    record = read_tags(f"v=DKIM1; {flags} p=AAAA")
    assert record is not None
    assert same_identity(read(f"{identity} {TAGS}"), record) is same


@each(
    ("record", "usable"),
    [
        ("p=AAAA", True),
        ("v=DKIM1; k=rsa; h=sha1:sha256; s=email:other; t=s; p=AAAA", True),
        ("p=", False),
        ("k=rsa", False),
        ("k=ed25519; p=AAAA", False),
        ("h=sha1; p=AAAA", False),
        ("s=other; p=AAAA", False),
        ("t=y:s; p=AAAA", False),
    ],
)
def test_a_key_is_for_mail_of_today(record: str, usable: bool) -> None:  # noqa: FBT001 - a column of the table
    """A withdrawn key, another kind of key, or one for another use or for tests is not usable."""
    tags = read_tags(record)
    assert tags is not None
    assert (key_weakness(tags) is None) is usable


@each(
    ("records", "strict"),
    [
        ([], None),
        ([b"v=spf1 -all"], None),
        ([b"v=DMARC1"], False),
        ([b"v=DMARC1; p=reject"], False),
        ([b"v=DMARC1;p=reject; adkim=s"], True),
        ([b"v=DMARC1; p=reject; adkim=r; aspf=s"], False),
        ([b"v=DMARC1; adkim=s", b"v=DMARC1; p=none"], None),
        ([b"v=spf1 -all", b"v=DMARC1; adkim=s;"], True),
        ([b"v=DMARC10; adkim=s"], None),
    ],
)
def test_the_authors_record_may_want_the_very_domain(records: list[bytes], strict: bool | None) -> None:  # noqa: FBT001 - a column
    """adkim=s demands the same domain; several records count as none."""
    assert demands_strict_alignment(records) is strict


def test_a_domain_without_an_organisation_is_aligned_with_itself_alone() -> None:
    """Two domains without an organisational domain are aligned only if they are equal."""
    assert aligned("a.example", "a.example", lambda _: None)
    assert not aligned("a.example", "b.example", lambda _: None)
