# SPDX-License-Identifier: EUPL-1.2
"""An outgoing mail contains exactly what a person approved, in octets that no server needs to change."""

import re
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import DateHeader
from email.message import EmailMessage
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.mail.compose import Letter, check_octets, compose, flowed
from flaggermail.mail.fields import is_address
from flaggermail.mail.message import Address
from tests.corpus import each

DESK = Address("desk@desk.example", "Verkiezingen flagger")
PLATFORM = Address("escalations@platform.example")
LETTER = Letter(
    message_id="vf.0123456789abcdef0123456789abcdef.1@desk.example",
    date=datetime(2024, 6, 6, 10, 34, 12, tzinfo=timezone(timedelta(hours=2))),
    from_=DESK,
    to=(PLATFORM,),
    subject="Please check: polling hours",
    body="Good morning,\n\nPlease check this.\n",
)

# Printable text of many scripts: no controls, format characters, surrogates or unassigned characters.
VISIBLE = st.text(
    st.characters(categories=["L", "Mc", "N", "P", "S", "Zs"], exclude_characters="\u115f\u1160\u3164\uffa0\u2800"),
    max_size=80,
)
BODY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=200)
IDENTIFIERS = st.lists(st.from_regex(r"[a-zA-Z0-9.$_-]{1,150}@[a-z0-9.-]{1,60}", fullmatch=True), max_size=4)
ADDRESSES = st.builds(
    Address,
    st.from_regex(r"[a-z0-9_+-]{1,30}(\.[a-z0-9]{1,9}){0,2}@[a-z0-9]{1,30}\.example", fullmatch=True),
    st.none() | VISIBLE,
)
OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
LETTERS = st.builds(
    Letter,
    message_id=st.just(LETTER.message_id),
    date=st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=OFFSETS),  # noqa: DTZ001 - zones: OFFSETS
    from_=ADDRESSES,
    to=st.lists(ADDRESSES, min_size=1, max_size=3).map(tuple),
    cc=st.lists(ADDRESSES, max_size=3).map(tuple),
    reply_to=st.none() | ADDRESSES,
    subject=VISIBLE,
    body=BODY,
    in_reply_to=IDENTIFIERS.map(tuple),
    references=IDENTIFIERS.map(tuple),
    headers=st.lists(st.tuples(st.from_regex(r"X-[A-Za-z-]{1,40}", fullmatch=True), VISIBLE), max_size=2).map(tuple),
)


def parsed(octets: bytes) -> EmailMessage:
    """Parses a mail with the standard library's modern parser, which must find no defect."""
    message = message_from_bytes(octets, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def addresses(octets: bytes, name: str) -> list[tuple[str, str]]:
    """Returns (name, address) of every mailbox in a field."""
    # Not with the newer header classes: until 3.13 they put a space between two encoded words of a name.
    fields = message_from_bytes(octets, policy=policy.compat32).get_all(name, [])
    return [(str(make_header(decode_header(shown))), address) for shown, address in getaddresses(fields)]


def written(*given_addresses: Address | None) -> list[tuple[str, str]]:
    """Returns what `addresses` must find."""
    return [((each.name or "").strip(" "), each.address) for each in given_addresses if each is not None]


class TestOctets:
    """The form of an outgoing mail."""

    @given(LETTERS)
    def test_only_crlf_ascii_and_bounded_lines(self, letter: Letter) -> None:
        """A mail has no bare CR or LF, no line over 998 octets, and needs neither 8BITMIME nor SMTPUTF8."""
        octets = compose(letter)
        check_octets(octets)
        assert octets.isascii()
        assert re.sub(rb"\r\n", b"", octets).translate(None, b"\r\n") == re.sub(rb"\r\n", b"", octets)
        assert max(map(len, octets.split(b"\r\n"))) <= 998

    @given(LETTERS)
    def test_no_line_is_blank_but_the_one_that_ends_the_header(self, letter: Letter) -> None:
        """No header line is blank: some readers would end the header there (RFC 5322, section 3.2.2)."""
        head = compose(letter).partition(b"\r\n\r\n")[0]
        assert all(line.strip() for line in head.split(b"\r\n"))

    @given(VISIBLE)
    def test_header_lines_keep_to_the_lengths_asked_for(self, text: str) -> None:
        """Header lines have at most 76 characters, whatever the subject (RFC 2047, section 2)."""
        head = compose(replace(LETTER, subject=text)).partition(b"\r\n\r\n")[0]
        assert max(map(len, head.split(b"\r\n"))) <= 76

    @given(LETTERS)
    def test_the_same_letter_gives_the_same_octets(self, letter: Letter) -> None:
        """The octets depend on nothing but the letter, because their digest freezes them."""
        assert compose(letter) == compose(replace(letter))

    def test_a_plain_letter_reads_as_it_would_be_typed(self) -> None:
        """Short ASCII text is not encoded."""
        assert compose(LETTER) == (
            b"Date: Thu, 06 Jun 2024 10:34:12 +0200\r\n"
            b"From: Verkiezingen flagger <desk@desk.example>\r\n"
            b"To: escalations@platform.example\r\n"
            b"Subject: Please check: polling hours\r\n"
            b"Message-ID: <vf.0123456789abcdef0123456789abcdef.1@desk.example>\r\n"
            b"MIME-Version: 1.0\r\n"
            b"Content-Type: text/plain; charset=utf-8\r\n"
            b"Content-Transfer-Encoding: 7bit\r\n"
            b"\r\n"
            b"Good morning,\r\n\r\nPlease check this.\r\n"
        )


class TestRoundTrip:
    """A reader gets back what was written."""

    @given(LETTERS, BODY.filter(bool))
    def test_both_shapes_are_two_parts_of_one_mail(self, letter: Letter, markup: str) -> None:
        """The text comes first, flowed; both parts are what was given, and the header is that of the plain letter."""
        both = replace(letter, flowed=True, html=markup)
        octets = compose(both)
        check_octets(octets)
        assert octets == compose(replace(both))
        text, page = parsed(octets).iter_parts()
        assert (text.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
        for part, words in ((text, flowed(letter.body)), (page, markup)):  # the last line end is the boundary's
            assert part.get_payload(decode=True) == words.removesuffix("\n").replace("\n", "\r\n").encode()
        header = octets.partition(b"MIME-Version")[0]
        assert header == compose(letter).partition(b"MIME-Version")[0]

    def test_both_shapes_read_as_they_would_be_typed(self) -> None:
        """A soft break is a space at the end of a line, which is encoded as a server could cut it off."""
        octets = compose(replace(LETTER, body=f"{'word ' * 16}\n", flowed=True, html="<p>word</p>"))
        cut = octets.partition(b'boundary="')[2].partition(b'"')[0]
        assert octets.partition(b"MIME-Version: 1.0\r\n")[2] == (
            b'Content-Type: multipart/alternative;\r\n boundary="' + cut + b'"\r\n\r\n'
            b"--" + cut + b"\r\n"
            b"Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\r\n"
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            b"word word word word word word word word word word word word word word word =\r\n"
            b"=20\r\nword\r\n"
            b"--" + cut + b"\r\n"
            b"Content-Type: text/html; charset=utf-8\r\n"
            b"Content-Transfer-Encoding: 7bit\r\n\r\n"
            b"<p>word</p>\r\n"
            b"--" + cut + b"--\r\n"
        )
        assert cut.startswith(b"=_")

    @given(LETTERS)
    def test_addresses_subject_and_further_fields(self, letter: Letter) -> None:
        """Names with quotes, commas and any script, long subjects and our own fields are read back unchanged."""
        octets = compose(letter)
        message = parsed(octets)
        assert addresses(octets, "From") == written(letter.from_)
        assert addresses(octets, "To") == written(*letter.to)
        assert addresses(octets, "Cc") == written(*letter.cc)
        assert addresses(octets, "Reply-To") == written(letter.reply_to)
        assert message["Subject"] == letter.subject.strip(" ")
        assert message["Bcc"] is None
        for name, value in letter.headers:
            assert value.strip(" ") in message.get_all(name, [])

    @each(
        "text",
        [
            'Jan "de Vries" van \\Dam\\',
            "Vries, Jan de; desk: <x@y.example>",
            "=?utf-8?Q?not_encoded?= by us",
            "=?utf-8?B?",
            "a  b   c",
            "x" * 200,
            "x " * 100 + "x",
            "a" + " " * 120 + "b",
            "Ministerie, \N{LATIN SMALL LETTER E WITH ACUTE}\N{LATIN SMALL LETTER E WITH ACUTE}n (desk)",
            "",
        ],
    )
    def test_texts_that_look_like_syntax(self, text: str) -> None:
        """A name or subject that looks like syntax is read back as typed."""
        octets = compose(replace(LETTER, from_=Address("desk@desk.example", text), subject=text))
        assert addresses(octets, "From") == [(text, "desk@desk.example")]
        assert parsed(octets)["Subject"] == text

    @given(VISIBLE)
    def test_encoded_words_hold_whole_characters(self, text: str) -> None:
        """Each encoded word can be decoded by itself (RFC 2047, section 5)."""
        octets = compose(replace(LETTER, subject=f"\N{EURO SIGN}{text}"))
        words = re.findall(rb"=\?utf-8\?B\?([^?]*)\?=", octets)
        assert "".join(b64decode(word).decode() for word in words) == f"\N{EURO SIGN}{text}".strip(" ")

    @given(LETTERS)
    def test_identifiers(self, letter: Letter) -> None:
        """Message-IDs are read back in order, each between angle brackets."""
        message = message_from_bytes(compose(letter), policy=policy.compat32)
        for name, values in (("In-Reply-To", letter.in_reply_to), ("References", letter.references)):
            assert re.findall(r"<(.*?)>", message.get(name, "")) == list(values)
        assert message["Message-ID"] == f"<{letter.message_id}>"

    @given(LETTERS)
    def test_body(self, letter: Letter) -> None:
        """Every character of the body is read back; the last line ends with a line end."""
        decoded = parsed(compose(letter)).get_payload(decode=True)
        assert isinstance(decoded, bytes)
        assert decoded.decode().replace("\r\n", "\n") == letter.body.removesuffix("\n") + "\n"

    @given(LETTERS)
    def test_date_keeps_its_offset(self, letter: Letter) -> None:
        """The Date field has the instant in its original zone."""
        header = parsed(compose(letter))["Date"]
        assert isinstance(header, DateHeader)
        assert header.datetime == letter.date.replace(microsecond=0)
        assert header.datetime.utcoffset() == letter.date.utcoffset()

    @each(
        ("body", "encoding"),
        [
            ("kort\n", "7bit"),
            (".\n..\n.verborgen\n", "7bit"),
            ("één\n", "quoted-printable"),
            ("x" * 77, "quoted-printable"),
            ("-- \nhet team\n", "quoted-printable"),
            ("From now on\n", "quoted-printable"),
        ],
    )
    def test_the_body_is_encoded_where_a_server_could_change_it(self, body: str, encoding: str) -> None:
        """Long lines, trailing spaces and a leading "From " are encoded."""
        octets = compose(replace(LETTER, body=body))
        assert parsed(octets)["Content-Transfer-Encoding"] == encoding
        assert b"\r\nFrom " not in octets.partition(b"\r\n\r\n")[2]
        assert not re.search(rb"(?m)[ \t]\r$", octets)

    def test_crlf_and_lf_bodies_are_the_same_letter(self) -> None:
        """Bodies with CRLF and with LF give the same octets."""
        assert compose(replace(LETTER, body="a\r\nb\r\n")) == compose(replace(LETTER, body="a\nb"))


class TestRefusals:
    """A letter that could be read differently from its approved text is refused."""

    @each("field", ["subject", "name", "reply name", "own header"])
    @each(
        "character",
        ["\r", "\n", "\0", "\t", "\x1b", "\x7f", "\x85", "\u200b", "\u200d", "\u202e", "\u2066", "\u2028", "\ufeff",
         "\u00ad", "\ufe0f", "\u3164", "\u2800", "\U000e0041", "\ud800"],
    )  # fmt: skip
    def test_invisible_characters_in_header_values(self, field: str, character: str) -> None:
        """Controls, line separators, bidirectional and invisible characters are refused by code point."""
        value = f"a{character}Bcc: x"
        letters = {
            "subject": lambda: replace(LETTER, subject=value),
            "name": lambda: replace(LETTER, to=(PLATFORM, Address("a@b.example", value))),
            "reply name": lambda: replace(LETTER, reply_to=Address("a@b.example", value)),
            "own header": lambda: replace(LETTER, headers=(("X-Flaggermail-Ref", value),)),
        }
        with pytest.raises(ValueError, match=rf"U\+{ord(character):04X}") as refused:
            compose(letters[field]())
        assert str(refused.value).isprintable()

    @pytest.mark.parametrize("body", ["a\rb", "a\r", "\r\r\n", "a\n\rb"])
    def test_a_bare_cr_in_the_body(self, body: str) -> None:
        """A bare CR in the body is refused: only some servers treat it as a line end."""
        with pytest.raises(ValueError, match="body: holds a bare CR"):
            compose(replace(LETTER, body=body))

    def test_half_a_character_in_the_body(self) -> None:
        """A lone surrogate in the body is refused: it has no octets."""
        with pytest.raises(ValueError, match="character 1 is half"):
            compose(replace(LETTER, body="a\udc80"))

    @each(
        "address",
        ["", "a", "@b.example", "a@", "a b@c.example", "a@b@c.example", "a@b.example>", "a@b..example", ".a@b.example",
         "a@b.example\r\nBcc: c@d.example", "a@[192.0.2.1]", "a@-b.example", "é@b.example", "a" * 65 + "@b.example",
         "a@" + "b." * 130 + "example"],
    )  # fmt: skip
    def test_what_is_no_address(self, address: str) -> None:
        """From, To, Cc and Reply-To accept only plain addresses."""
        assert not is_address(address)
        wrong = Address(address)
        for letter in (
            replace(LETTER, from_=wrong),
            replace(LETTER, to=(PLATFORM, wrong)),
            replace(LETTER, cc=(wrong,)),
            replace(LETTER, reply_to=wrong),
        ):
            with pytest.raises(ValueError, match="is not a mail address"):
                compose(letter)

    def test_a_missing_recipient(self) -> None:
        """A letter needs a recipient in To, even if it has one in Cc."""
        with pytest.raises(ValueError, match="To: no recipient"):
            compose(replace(LETTER, to=(), cc=(PLATFORM,)))

    @each("name", ["Bcc", "bcc", "To", "Subject", "Resent-To", "Content-Type", "Received"])
    def test_fields_that_are_not_the_writers_to_add(self, name: str) -> None:
        """Bcc would reveal a hidden recipient; the other fields exist already or belong to servers."""
        with pytest.raises(ValueError, match="cannot be added"):
            compose(replace(LETTER, headers=((name, "a@b.example"),)))

    @pytest.mark.parametrize("name", ["", "X Ref", "X:Ref", "X-Réf", "X\r\nBcc"])
    def test_what_is_no_field_name(self, name: str) -> None:
        """A field name is printable ASCII without a colon (RFC 5322, section 2.2)."""
        with pytest.raises(ValueError, match="not the name of a header field"):
            compose(replace(LETTER, headers=((name, "x"),)))

    @each("value", ["", "a b@c", "a@b>", "<a@b", "a\r\n@b", "é@b", "a" * 901])
    def test_identifiers_that_would_leave_their_brackets(self, value: str) -> None:
        """An identifier from a stranger's mail cannot add fields to ours."""
        for letter in (replace(LETTER, references=("a@b", value)), replace(LETTER, in_reply_to=(value,))):
            with pytest.raises(ValueError, match="cannot stand between angle brackets"):
                compose(letter)
        with pytest.raises(ValueError, match="not of the form left@right"):
            compose(replace(LETTER, message_id=value))

    def test_an_instant_without_zone(self) -> None:
        """A date without an offset is refused."""
        with pytest.raises(ValueError, match="no zone"):
            compose(replace(LETTER, date=datetime(2024, 6, 6, 10, 34)))  # noqa: DTZ001 - the fault under test

    def test_an_offset_that_the_field_cannot_show(self) -> None:
        """An offset that is not in whole minutes is refused (RFC 5322)."""
        amsterdam_in_1930 = timezone(timedelta(minutes=19, seconds=32))
        with pytest.raises(ValueError, match="not in whole minutes"):
            compose(replace(LETTER, date=datetime(1930, 1, 1, tzinfo=amsterdam_in_1930)))


class TestCheckOctets:
    """The check before anything is sent."""

    @pytest.mark.parametrize("octets", [b"\r\n", b"a\r\n", b"a\r\n\r\n.\r\n", b"x" * 998 + b"\r\n", "é\r\n".encode()])
    def test_passes(self, octets: bytes) -> None:
        """Whole lines of up to 998 octets pass, with any content."""
        check_octets(octets)

    @each(
        ("octets", "fault"),
        [
            (b"a\nb\r\n", "octet 1 is a bare LF"),
            (b"a\rb\r\n", "octet 1 is a bare CR"),
            (b"\n", "octet 0 is a bare LF"),
            (b"a\r\r\n", "octet 1 is a bare CR"),
            (b"a\r\n.\n\r\n", "octet 4 is a bare LF"),
            (b"a\r\n\r.\r\n", "octet 3 is a bare CR"),
            (b"ab\r", "octet 2 is a bare CR"),
            (b"a\r\nb", "does not end with CRLF"),
            (b"", "does not end with CRLF"),
            (b"a\r\n" + b"x" * 999 + b"\r\n", "line 2 has 999 octets"),
        ],
    )
    def test_refuses(self, octets: bytes, fault: str) -> None:
        """The first octet or line that servers may read differently is named."""
        with pytest.raises(ValueError, match=fault):
            check_octets(octets)


def test_utc_is_shown_as_such() -> None:
    """UTC is written +0000; -0000 would mean an unknown zone (RFC 5322, section 3.3)."""
    assert b"Date: Thu, 06 Jun 2024 08:34:00 +0000\r\n" in compose(
        replace(LETTER, date=datetime(2024, 6, 6, 8, 34, tzinfo=UTC))
    )
