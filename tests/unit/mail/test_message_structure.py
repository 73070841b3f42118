# SPDX-License-Identifier: EUPL-1.2
"""The parts of a mail: limited in number and depth, each ended at the right place."""

from __future__ import annotations

from flaggermail.mail.mime import DEEPEST, MOST_PARTS, read_part
from tests.shipped_parser import PARSER


def nested(depth: int) -> bytes:
    """Returns nested multiparts, none of them closed."""
    line = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    return b"From: a@b.example\r\n" + b"".join(line % (n, n) for n in range(depth)) + b"\r\ntext\r\n"


def test_an_inner_part_without_its_closing_boundary_ends_with_the_outer_one() -> None:
    """An unclosed inner part ends with the outer boundary; the text after it belongs to the outer part."""
    message = PARSER.parse(
        b"Content-Type: multipart/mixed; boundary=out\r\n\r\n"
        b"--out\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n"
        b"--in\r\n\r\ntext\r\n--out\r\nContent-Type: image/png; name=x.png\r\n\r\nabc\r\n--out--\r\nepilogue"
    )
    assert message.text == "text"
    assert [(one.filename, one.size) for one in message.attachments] == [("x.png", 3)]
    assert "closing boundary missing" in message.defects


def test_depth_and_number_of_parts_are_bounded() -> None:
    """The depth and the number of parts are limited; exceeding a limit is a defect."""
    assert "nested too deeply" in PARSER.parse(nested(DEEPEST + 5)).defects
    assert PARSER.parse(nested(DEEPEST - 1)).text.strip() == "text"
    many = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * (MOST_PARTS + 100) + b"--b--\r\n"
    )
    assert "too many parts" in PARSER.parse(many).defects


def test_a_large_part_is_listed_and_not_decoded() -> None:
    """A large part is listed with its size and not decoded, which saves memory."""
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n"
    head += b"Content-Type: video/mp4; name=v.mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    mail = head + b"QUJD" * 4_000_000 + b"\r\n--b--\r\n"
    message = PARSER.parse(mail)
    assert message.text == "hello"
    assert [(one.filename, one.size) for one in message.attachments] == [("v.mp4", 12_000_000)]
    assert read_part(mail).children[1].octets() == (b"", "part too large to decode")


def test_a_multipart_without_a_boundary_is_text() -> None:
    """A multipart without a boundary is read as text."""
    message = PARSER.parse(b"Content-Type: multipart/mixed\r\n\r\nhello\r\n")
    assert message.text.strip() == "hello"
    assert "boundary missing" in message.defects


def test_the_plain_part_is_taken_unless_it_is_empty_or_an_attachment() -> None:
    """The plain part is read unless it is an attachment or empty next to HTML."""
    alternative = (
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n%s\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>HTML</p>\r\n--b--"
    )
    assert PARSER.parse(alternative % b"plain").text == "plain"
    assert PARSER.parse(alternative % b"  ").text == "HTML"
    attached = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Disposition: attachment; filename=log.txt\r\n\r\nlog\r\n"
        b"--b\r\n\r\nplain\r\n--b--"
    )
    message = PARSER.parse(attached)
    assert message.text == "plain"
    assert [one.filename for one in message.attachments] == ["log.txt"]


def test_an_old_mail_with_bare_carriage_returns_is_read() -> None:
    """Lines that end with CR alone, as in old Mac files, are read."""
    assert PARSER.parse(b"From: a@b.example\rSubject: x\r\rtext\r").text == "text\n"


def test_uuencoded_parts_have_their_decoded_size() -> None:
    """Uuencoded parts are listed with their decoded size."""
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png; name=x\r\n"
    mail = head + b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n#86)C\r\n`\r\nend\r\n--b--"
    assert [one.size for one in PARSER.parse(mail).attachments] == [3]
