# SPDX-License-Identifier: EUPL-1.2
"""Properties of the parser that hold for any octets."""

from __future__ import annotations

import hashlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from flaggermail.mail.charset import LONGEST, decoded, safe_name, storable
from flaggermail.mail.fields import read_addresses, read_date, read_parameters, words_decoded
from flaggermail.mail.message import contract, packed, unpacked
from flaggermail.mail.mime import files_in, signed_content
from tests.mail_strategies import CHARSETS, Expected, mails, plain_mails, values
from tests.shipped_parser import PARSER

MANY = settings(max_examples=settings().max_examples * 3 // 2, deadline=None)


@MANY
@given(st.binary(max_size=2000) | mails())
def test_any_octets_give_a_message_that_can_be_stored(octets: bytes) -> None:
    """Any octets give a message without exception, with their digest, and without NUL, surrogate or bare CR.

    A second parse and the packed form give the same message.
    """
    message = PARSER.parse(octets)
    assert not [one for one in message.defects if one.startswith("parser")]
    assert (message.sha256, message.size) == (hashlib.sha256(octets).hexdigest(), len(octets))
    shown = json.dumps(contract(message), ensure_ascii=False)
    shown.encode("utf-8")
    assert "\\u0000" not in shown
    assert "\\r" not in json.dumps([message.text, message.reply_text, message.subject]).replace("\\\\", "")
    assert PARSER.parse(octets) == message
    assert unpacked(json.loads(json.dumps(packed(message)))) == message


@MANY
@given(mails())
def test_what_is_read_is_no_longer_than_what_came_in(octets: bytes) -> None:
    """The size of the result is limited by the size of the mail."""
    message = PARSER.parse(octets)
    assert len(message.text) + len(message.reply_text) <= 16 * len(octets) + 100
    assert sum(one.size for one in message.attachments) <= 4 * len(octets) * (1 + len(message.attachments))
    assert all(0 <= start <= end <= len(octets) for start, end in message.enclosed)
    for one in message.attachments:
        assert one.filename is None or not set(one.filename) & set("/\\\0\r\n")


@MANY
@given(plain_mails())
def test_a_well_formed_mail_is_read_to_the_letter(mail: Expected) -> None:
    """A well-formed mail is read exactly, whatever its encoding and line ends."""
    message = PARSER.parse(mail.octets)
    assert (message.subject, message.text.strip()) == (mail.subject, mail.text)
    assert [one.address for one in message.from_] == [mail.address]


@MANY
@given(values().map(lambda octets: octets.decode("latin-1")) | st.text())
def test_no_field_is_too_odd(text: str) -> None:
    """Any text of a field gives a value or a defect."""
    words_decoded(text).encode("utf-8")
    read_parameters(text)
    instant, defect = read_date(text)
    assert instant is None or instant.tzinfo is not None
    assert instant is not None or defect
    assert all(one.address for one in read_addresses(text, words_decoded))
    name = safe_name(text)
    assert name is None or (len(name.encode("utf-8")) <= LONGEST and name == safe_name(name))


@MANY
@given(st.binary(max_size=400), st.sampled_from(CHARSETS) | st.text(max_size=30))
def test_any_octets_are_text_in_any_charset(octets: bytes, charset: str) -> None:
    """Any octets can be decoded in any charset, and read as a signature or uuencoded file, without an exception."""
    storable(decoded(octets, charset)[0]).encode("utf-8")
    signed_content(octets)
    list(files_in(b"begin 644 x\n" + octets + b"\nend\n"))
