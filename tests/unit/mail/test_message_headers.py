# SPDX-License-Identifier: EUPL-1.2
"""Header fields, addresses, parameters and dates as real mail contains them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from flaggermail.mail.charset import UNKNOWN_CHARSET, WRONG_CHARSET, decoded, storable
from flaggermail.mail.fields import (
    read_addresses,
    read_date,
    read_header,
    read_parameters,
    read_written,
    unbase64,
    unfolded,
    words_decoded,
)
from flaggermail.mail.message import Address
from tests.corpus import each


@each(
    ("field", "expected"),
    [
        ("=?utf-8?Q?Caf=C3=A9?= open", "Caf\u00e9 open"),
        ("=?utf-8?B?Q2Fmw6k=?=", "Caf\u00e9"),
        ("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"),
        ("=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c"),
        ("=?utf-8?B?ww==?= =?utf-8?B?qQ==?=", "\u00e9"),  # one character split in two
        ("=?utf-8?Q?a=0D=0ABcc:_x?=", "a Bcc: x"),
        ("=?x-klingon?Q?abc?=", "abc"),
        ("=?utf-8*nl?Q?abc?=", "abc"),
        ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        ("=?utf-8?Q?open", "=?utf-8?Q?open"),
        ("=?utf-8?Q?Vraag?_ja?=", "Vraag? ja"),
        ("=?utf-8?Q?a?==?utf-8?Q?b?=", "ab"),
        ("=?utf-8?Q?a=?=", "a="),
        ("=??Q?caf=E9?=", "caf\u00e9"),
        ("=?utf-8?B?Q2Fm ww?= =?UTF-8?Q?=A9?=", "Caf\u00e9"),  # unpadded, a blank inside, one character split over both
        ("=?iso-2022-jp?B?GyRCJDMkcxsoQg==?=", "\u3053\u3093"),
        ("nul\x00 here", "nul\ufffd here"),
    ],
)
def test_encoded_words_are_decoded(field: str, expected: str) -> None:
    """Encoded words are decoded (RFC 2047), other text stays, and the result has no line break."""
    assert words_decoded(field) == expected


@each(
    ("field", "expected"),
    [
        (b"=?utf-8?Q?caf\xc3\xa9_=C3=A9?=", "caf\u00e9 \u00e9"),
        (b"=?iso-8859-1?Q?caf\xe9?=", "caf\u00e9"),
        (b"=?iso-8859-2?Q?za=BF\xf3\xb3\xe6?=", "za\u017c\u00f3\u0142\u0107"),
        (b"=?gbk?Q?\xd6\xd0\xb9\xfa?=", "\u4e2d\u56fd"),
        (b"=?utf-8?Q?a=C3?= =?utf-8?Q?\xa9b?=", "a\u00e9b"),
        (b"=?utf-8?Q?\xc3\xa9 met spatie?= en \xc3\xa9", "\u00e9 met spatie en \u00e9"),
        (b"=?utf-8?B?YWJj\xc3\xa9?= x", "abc x"),
        (b"=?utf-8?Q?\xc3\xa9 open", "=?utf-8?Q?\u00e9 open"),
    ],
)
def test_octets_that_should_have_been_encoded_are_read_in_the_charset_of_their_word(
    field: bytes, expected: str
) -> None:
    """Raw 8-bit octets inside an encoded word belong to its charset; RFC 2047, section 4.2 wants them encoded."""
    assert words_decoded(unfolded(field)[0]) == expected


@each(
    ("lines", "expected"),
    [
        (b"=?utf-8?Q?a?= \r\n =?utf-8?Q?b?=", "ab"),
        (b"=?utf-8?Q?a?=\r\n \t\r\n =?utf-8?Q?b?=", "ab"),
        (b"\r\n =?utf-8?Q?a?=\r\n\t=?utf-8?B?Yg==?=", "ab"),
        (b"x\r\n  =?utf-8?Q?a?=", "x  a"),
        (b"=?utf-8?Q?a?=\r\n=?utf-8?Q?b?=", "ab"),  # the space of the fold is lost
        (b"=?utf-8?Q?a?=\r\n=?broken", "a"),
    ],
)
def test_encoded_words_are_joined_over_a_fold(lines: bytes, expected: str) -> None:
    """Encoded words are joined over any fold (RFC 2047, section 6.2), even over one that has lost its space."""
    header = read_header(b"Subject: " + lines + b"\r\nX-After: 1\r\n\r\n")
    assert words_decoded(unfolded(dict(header.fields)["subject"])[0]) == expected
    assert header.last("x-after") is not None


@each(
    ("octets", "expected"),
    [
        (b"\x1b$B-!2q\x1b(B a", "\u2460\u4f1a a"),  # a circled digit, which only Windows-31J has
        (b"\x1b$B2q-!\x1b(B\r\n\x1b$B2q", "\u4f1a\u2460\r\n\u4f1a"),
        (b"\x1b$B-!\n2q\x1b(J~", "\u2460\n\u4f1a~"),
        (b"\x1b$B-!\x1b(I12", "\u2460\uff71\uff72"),
        (b"\x1b$B2q\x1b(B\xff\x1b$B2", "\u4f1a\uf8f32"),
        (b"\x1b$B2q\xff2q\x1b(B", "\u4f1a\uf8f3\u4f1a"),  # an octet that no sign has
        (b"\x1b$B2q2\xf0\x1b(B~", "\u4f1a2\ufffd~"),
    ],
)
def test_one_sign_outside_its_charset_does_not_cost_a_japanese_text(octets: bytes, expected: str) -> None:
    """A sign that ISO-2022-JP does not have leaves the rest readable."""
    assert decoded(octets, "iso-2022-jp")[0] == expected


@each(
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
        ("Jane <@relay.example,@b.example:j@a.example>, x@b.example", [("j@a.example", "Jane"), ("x@b.example", None)]),
        ("Jane <@relay.example:j@a.example>, , b@host  . example", [("j@a.example", "Jane"), ("b@host.example", None)]),
        ("=?iso-8859-1?Q?Do=E9,_Jane?= <j@a.example>", [("j@a.example", "Do\u00e9, Jane")]),
        ('"Jane <j@a.example>"', [("j@a.example", "Jane")]),
        ("<mailto:j@a.example>", [("j@a.example", None)]),
        ('"a@gov.example" <b@evil.example>', [("b@evil.example", "a@gov.example")]),
    ],
)
def test_address_lists_are_read(field: str, expected: list[tuple[str, str | None]]) -> None:
    """Address lists are read, groups included (RFC 5322, section 3.4); a decoded comma never splits a name."""
    assert [(one.address, one.name) for one in read_addresses(field, words_decoded)] == expected


@pytest.mark.parametrize(
    "field", ["a@gov.example b@evil.example", "<a@gov.example> <b@evil.example>", "<a@gov.example<b@evil.example>>"]
)
def test_a_second_author_is_never_hidden(field: str) -> None:
    """If it is unclear which address is meant, both are returned, so that neither counts as the only author."""
    assert [one.address for one in read_addresses(field)] == ["a@gov.example", "b@evil.example"]


def test_500_open_brackets_are_no_author() -> None:
    """A From with 500 open brackets is unreadable and causes no endless recursion."""
    assert read_addresses("(" * 500) == ()


def test_addresses_in_a_text_lose_what_programs_make_of_links() -> None:
    """Links that Outlook prints next to each address are removed."""
    assert read_written("Jane <j@a.example<mailto:j@a.example>>; Bob [mailto:b@a.example]") == (
        Address("j@a.example", "Jane"),
        Address("b@a.example", "Bob"),
    )
    assert read_written("'Doe, Jane' <j@a.example>") == (Address("j@a.example", "Doe, Jane"),)


def test_parameters_are_joined_and_decoded() -> None:
    """Parameters are joined and decoded (RFC 2231); a quoted semicolon does not split one."""
    found = read_parameters("Text/Plain; name*1*=%A9; name*0*=iso-8859-1'nl'caf%E9; charset=\"a;b\"; charset=second")
    assert found.value == "text/plain"
    assert found.parameters == {"name": "caf\u00e9\u00a9", "charset": "a;b"}


@each(
    ("field", "name"),
    [
        ("filename*1=b; filename*0=a", "ab"),
        ("filename*0*=utf-8''a%20; filename*1=\"b c\"; filename*2*=%C3; filename*3*=%A9", "a b c\u00e9"),
        ("filename*0*=utf-8''a; filename*0=b", "a"),
        ("filename*=%C3%A9.txt", "\u00e9.txt"),
        ("filename*=\"utf-8''%C3%A9.txt\"", "\u00e9.txt"),
        ("filename*=utf-8''\"a%20b.txt\"", "a b.txt"),
        ("filename*=klingon''caf%E9", "caf\u00e9"),
        ("filename*=; filename=plain", "plain"),
        ("filename=plain; filename*=utf-8''better", "better"),
        ("filename*1*=utf-8''a; filename*2*=b", "ab"),
        ("filename=a b.txt; x=y", "a b.txt"),
        ('filename="a;b\\"c.txt"', 'a;b"c.txt'),
        ('filename="C:\\dir\\x.txt"', "C:\\dir\\x.txt"),
        ('filename="open', "open"),
        ('x="y" filename="a b"', "a b"),
        ('filename="=?utf-8?B?w6k=?=.txt"', "\u00e9.txt"),
    ],
)
def test_names_in_pieces_and_broken_are_read(field: str, name: str) -> None:
    """Parameters in pieces are read despite the mistakes that programs make (RFC 2231)."""
    assert read_parameters(f"attachment; {field}").parameters["filename"] == name


def test_a_disposition_without_its_value_is_read() -> None:
    """A disposition without a value is read: some programs write only the file name."""
    for field in ("filename=a.pdf", " FileName*=utf-8''a.pdf; size=3", 'filename="a.pdf"'):
        found = read_parameters(field)
        assert (found.value, found.parameters["filename"]) == ("", "a.pdf")


@pytest.mark.parametrize(
    ("field", "kind", "charset"),
    [
        ("text/html charset=utf-8", "text/html", "utf-8"),
        ("text/html, charset=utf-8", "text/html", "utf-8"),
        ("TEXT/HTML;charset = utf-8;", "text/html", "utf-8"),
        ('text/pla\x00in; charset="utf-8" format=flowed', "text/plain", "utf-8"),
    ],
)
def test_a_content_type_without_its_semicolons_is_read(field: str, kind: str, charset: str) -> None:
    """A content type without semicolons is read, without its control characters."""
    found = read_parameters(field)
    assert (found.value, found.parameters["charset"]) == (kind, charset)


def test_a_header_is_read_to_a_bound_and_its_body_found() -> None:
    """A header is read up to a limit of a million octets, and the start of its body is found."""
    header = read_header(b"A: 1\r\nB: " + b"x" * 1_500_000 + b"\r\nC: 3\r\n\r\nbody")
    assert [name for name, _ in header.fields] == ["a", "b"]
    assert header.defects == ("header too long",)
    assert len(b"A: 1\r\nB: ") + 1_500_000 + len(b"\r\nC: 3\r\n\r\n") == header.length


def test_a_header_goes_on_behind_a_line_that_is_no_field() -> None:
    """A broken line in a header is skipped, and the rest is read."""
    header = read_header(b"From mbox line\r\nA: 1\r\nbroken\r\nB : 2\r\n 3\r\n\r\nbody")
    assert header.fields == (("a", b" 1\r\n"), ("b", b" 2\r\n 3\r\n"))
    assert header.defects == ("malformed header line",)


@each(
    ("field", "instant", "defect"),
    [
        ("Thu, 6 Jun 2024 10:34:00 +0200", datetime(2024, 6, 6, 10, 34, tzinfo=timezone(timedelta(hours=2))), None),
        ("Thu, 6 Jun 2024 10:34:00 -0000", datetime(2024, 6, 6, 10, 34, tzinfo=UTC), "date without zone"),
        ("Thu, 6 Jun 1601 10:34:00 +0200", None, "absurd date"),
        ("Thu, 6 Jun 9999 10:34:00 +0200", None, "absurd date"),
        ("Thu, 6 Jun 2024 10:34:00 +9999", None, "unreadable date"),
        ("2024-06-06T10:34:00+02:00", datetime(2024, 6, 6, 10, 34, tzinfo=timezone(timedelta(hours=2))), None),
        ("Thu, 6 Jun 2024 10:34:00 +02:00", datetime(2024, 6, 6, 8, 34, tzinfo=UTC), None),
        ("Thu, 6 Jun 2024 10:34:00 GMT+0200 (x)", datetime(2024, 6, 6, 8, 34, tzinfo=UTC), None),
        ("Thu, 6 Jun 2024 10:34 CEST", datetime(2024, 6, 6, 8, 34, tzinfo=UTC), None),
        ("Wed, 6 Mar 2024 10:34:00 CET", datetime(2024, 3, 6, 9, 34, tzinfo=UTC), None),
        ("Thu, 6 Jun 2024 10(ten):  34 :00 +0200", datetime(2024, 6, 6, 8, 34, tzinfo=UTC), None),
        ("Sat, 31 Dec 2016 23:59:60 +0000", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC), None),
        ("Thu, 13 Feb 1969 23:32 -0330", datetime(1969, 2, 14, 3, 2, tzinfo=UTC), None),
        ("2024-06-06", datetime(2024, 6, 6, tzinfo=UTC), "date without zone"),
        ("2024-99-06", None, "unreadable date"),
        ("gisteren", None, "unreadable date"),
        ("", None, "unreadable date"),
    ],
)
def test_dates_are_aware_instants_or_nothing(field: str, instant: datetime | None, defect: str | None) -> None:
    """A date becomes an aware instant, or None with a defect if it is impossible."""
    found, why = read_date(field)
    assert (found, why) == (instant, defect)
    assert found is None or found.tzinfo is not None


def test_text_is_decoded_whatever_the_charset_says() -> None:
    """Text with an unknown or wrong charset is decoded as the likeliest text with a defect.

    Codecs for anything but text are not used.
    """
    assert decoded("\u00e9".encode(), "us-ascii") == ("\u00e9", None)
    assert decoded(b"\xe9\x80", "iso-8859-1") == ("\u00e9\u20ac", None)
    assert decoded(b"financi\xebn, caf\xe9", "utf-8") == ("financiën, café", WRONG_CHARSET)
    assert decoded("café, één".encode() + b"\xff", "utf-8") == ("café, één\ufffd", WRONG_CHARSET)
    assert decoded(b"abc", "no such thing") == ("abc", UNKNOWN_CHARSET)
    assert decoded(b"6162", "hex") == ("6162", UNKNOWN_CHARSET)
    assert storable("a\r\nb\rc\x00\ud800") == "a\nb\nc\ufffd\ufffd"


@each(
    ("name", "octets", "text"),
    [
        ("ISO_8859-1", b"\xe9", "\u00e9"),
        ("iso 8859-15", b"\xa4", "\u20ac"),
        ("latin-9", b"\xa4", "\u20ac"),
        ("win1251", b"\xe9", "\u0439"),
        ("x-windows-1252", b"\x80", "\u20ac"),
        ("cp-850", b"\x82", "\u00e9"),
        ("ANSI_X3.4-1968", b"\xe9", "\u00e9"),
        ("us_ascii", "\u00e9".encode(), "\u00e9"),
        ("utf-8http-equivContent-Type", "\u00e9".encode(), "\u00e9"),
        ("charset=utf-8", "\u00e9".encode(), "\u00e9"),
        ('"utf-8; format=flowed', "\u00e9".encode(), "\u00e9"),
        ("utf-8 (text)", "\u00e9".encode(), "\u00e9"),
        ("x-user-defined", b"\xe9", "\u00e9"),
        ("quoted-printable", b"\xe9", "\u00e9"),
        ("unicode", "\u00e9".encode("utf-16"), "\u00e9"),
        ("iso-10646-ucs-2", "\u00e9".encode("utf-16-be"), "\u00e9"),
        ("logical", b"\xf9", "\u05e9"),
        ("windows-31j", b"\x82\xb1", "\u3053"),
        ("ks_c_5601-1987", b"\xb0\xa1", "\uac00"),
        ("gb_2312-80", b"\xd6\xd0", "\u4e2d"),
        ("utf-7", b"+AOk-", "\u00e9"),
        ("utf-16", b"\xff\xfe\xe9\x00", "\u00e9"),
        ("", b"\xef\xbb\xbf\xc3\xa9", "\u00e9"),
        ("", b"\x1b$B$3$s\x1b(B", "\u3053\u3093"),
        ("us-ascii", b"\x1b$B$3$s\x1b(B", "\u3053\u3093"),
    ],
)
def test_charsets_are_known_by_the_names_that_mail_gives_them(name: str, octets: bytes, text: str) -> None:
    """Aliases and misspellings of charsets are understood, without a defect."""
    assert decoded(octets, name) == (text, None)


def test_a_wide_charset_over_narrow_text_is_not_believed() -> None:
    """A two-octet charset for single-octet text is not believed: its letters would be read in pairs."""
    assert decoded(b"Beste mensen,", "utf-16") == ("Beste mensen,", WRONG_CHARSET)


@pytest.mark.parametrize("octets", [b"YWJj", b"YW Jj", b"YWJj!", b"YW\r\nJj"])
def test_base64_with_foreign_signs_is_decoded(octets: bytes) -> None:
    """Base64 that a gateway has damaged is decoded as far as possible."""
    assert unbase64(octets) == b"abc"
    assert unbase64(b"YWJjZ") == b"abc"
    assert unbase64(b"YWI") == b"ab"
