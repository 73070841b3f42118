# SPDX-License-Identifier: EUPL-1.2
"""Header fields, addresses, parameters and dates as real mail writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from flaggermail.core.addresses import read_addresses, read_written
from flaggermail.core.charset import UNKNOWN_CHARSET, WRONG_CHARSET, decoded, storable
from flaggermail.core.fields import read_date, read_header, read_parameters, unbase64, words_decoded
from flaggermail.core.message import Address


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("=?utf-8?Q?Caf=C3=A9?= open", "Caf\u00e9 open"),
        ("=?utf-8?B?Q2Fmw6k=?=", "Caf\u00e9"),
        ("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"),
        ("=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c"),
        ("=?utf-8?B?ww==?= =?utf-8?B?qQ==?=", "\u00e9"),  # one character cut in two
        ("=?utf-8?Q?a=0D=0ABcc:_x?=", "a Bcc: x"),
        ("=?x-klingon?Q?abc?=", "abc"),
        ("=?utf-8*nl?Q?abc?=", "abc"),
        ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        ("=?utf-8?Q?open", "=?utf-8?Q?open"),
        ("nul\x00 here", "nul\ufffd here"),
    ],
)
def test_encoded_words_are_decoded(field: str, expected: str) -> None:
    """RFC 2047; what is no encoded word stays, and no line break comes out."""
    assert words_decoded(field) == expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("Jane Doe <j@a.example>", [("j@a.example", "Jane Doe")]),
        ('"Doe, Jane" <j@a.example>, x@b.example', [("j@a.example", "Doe, Jane"), ("x@b.example", None)]),
        ("=?utf-8?Q?Doe=2C_Jane?= <j@a.example>", [("j@a.example", "Doe, Jane")]),
        ("j@a.example (Jane)", [("j@a.example", "Jane")]),
        (
            "Desk: a@a.example, b@a.example;, c@a.example",
            [("a@a.example", None), ("b@a.example", None), ("c@a.example", None)],
        ),
        ("undisclosed-recipients:;", []),
        ("a@a.example; b@a.example", [("a@a.example", None), ("b@a.example", None)]),
        ("<>", []),
        ("", []),
        ("root", [("root", None)]),
        ('"a@gov.example" <b@evil.example>', [("b@evil.example", "a@gov.example")]),
    ],
)
def test_address_lists_are_read(field: str, expected: list[tuple[str, str | None]]) -> None:
    """RFC 5322, section 3.4, groups included; a decoded comma never splits a name."""
    assert [(one.address, one.name) for one in read_addresses(field, words_decoded)] == expected


@pytest.mark.parametrize(
    "field", ["a@gov.example b@evil.example", "<a@gov.example> <b@evil.example>", "<a@gov.example<b@evil.example>>"]
)
def test_a_second_author_is_never_hidden(field: str) -> None:
    """Where nobody can say which address is meant, both are told, so that no one is taken for the only author."""
    assert [one.address for one in read_addresses(field)] == ["a@gov.example", "b@evil.example"]


def test_500_open_brackets_are_no_author() -> None:
    """A From that makes other parsers recurse without end is simply unreadable."""
    assert read_addresses("(" * 500) == ()


def test_addresses_in_a_text_lose_what_programs_make_of_links() -> None:
    """Outlook prints a link beside each address."""
    assert read_written("Jane <j@a.example<mailto:j@a.example>>; Bob [mailto:b@a.example]") == (
        Address("j@a.example", "Jane"),
        Address("b@a.example", "Bob"),
    )
    assert read_written("'Doe, Jane' <j@a.example>") == (Address("j@a.example", "Doe, Jane"),)


def test_parameters_are_joined_and_decoded() -> None:
    """RFC 2231: pieces in any order, charset and language in front; a semicolon in quotes does not split."""
    found = read_parameters("Text/Plain; name*1*=%A9; name*0*=iso-8859-1'nl'caf%E9; charset=\"a;b\"; charset=second")
    assert found.value == "text/plain"
    assert found.parameters == {"name": "caf\u00e9\u00a9", "charset": "a;b"}


def test_a_header_goes_on_behind_a_line_that_is_no_field() -> None:
    """One broken line costs one line, not the rest of the header."""
    header = read_header(b"From mbox line\r\nA: 1\r\nbroken\r\nB : 2\r\n 3\r\n\r\nbody")
    assert header.fields == (("a", b" 1\r\n"), ("b", b" 2\r\n 3\r\n"))
    assert header.defects == ("malformed header line",)


@pytest.mark.parametrize(
    ("field", "instant", "defect"),
    [
        ("Thu, 6 Jun 2024 10:34:00 +0200", datetime(2024, 6, 6, 10, 34, tzinfo=timezone(timedelta(hours=2))), None),
        ("Thu, 6 Jun 2024 10:34:00 -0000", datetime(2024, 6, 6, 10, 34, tzinfo=UTC), "date without zone"),
        ("Thu, 6 Jun 1601 10:34:00 +0200", None, "absurd date"),
        ("Thu, 6 Jun 9999 10:34:00 +0200", None, "absurd date"),
        ("Thu, 6 Jun 2024 10:34:00 +9999", None, "unreadable date"),
        ("gisteren", None, "unreadable date"),
        ("", None, "unreadable date"),
    ],
)
def test_dates_are_aware_instants_or_nothing(field: str, instant: datetime | None, defect: str | None) -> None:
    """A date that cannot be is a defect, never a wrong instant."""
    found, why = read_date(field)
    assert (found, why) == (instant, defect)
    assert found is None or found.tzinfo is not None


def test_text_is_decoded_whatever_the_charset_says() -> None:
    """Unknown and wrong charsets give the likeliest text and a defect; no codec for other things than text is used."""
    assert decoded("\u00e9".encode(), "us-ascii") == ("\u00e9", None)
    assert decoded(b"\xe9\x80", "iso-8859-1") == ("\u00e9\u20ac", None)
    assert decoded(b"\xe9", "utf-8") == ("\ufffd", WRONG_CHARSET)
    assert decoded(b"abc", "no such thing") == ("abc", UNKNOWN_CHARSET)
    assert decoded(b"6162", "hex") == ("6162", UNKNOWN_CHARSET)
    assert storable("a\r\nb\rc\x00\ud800") == "a\nb\nc\ufffd\ufffd"


@pytest.mark.parametrize("octets", [b"YWJj", b"YW Jj", b"YWJj!", b"YW\r\nJj"])
def test_base64_with_foreign_signs_is_decoded(octets: bytes) -> None:
    """Gateways break base64; what can be read is read."""
    assert unbase64(octets) == b"abc"
    assert unbase64(b"YWJjZ") == b"abc"
    assert unbase64(b"YWI") == b"ab"
