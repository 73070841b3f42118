# SPDX-License-Identifier: EUPL-1.2
"""A verdict is about the one domain in From, and there is none if programs could read two."""

from __future__ import annotations

from flaggermail.mail.authentication.authres import author_domain
from flaggermail.mail.fields import read_addresses, words_decoded
from tests.corpus import each

ADDRESS = "safety@x-platform.example"


def author(*lines: str) -> str | None:
    """Returns the author's domain in a mail with these From fields, as the parser reads their addresses."""
    found = dict.fromkeys(address for line in lines for address in read_addresses(line, words_decoded))
    return author_domain([("from", line) for line in lines], tuple(found))


@each(
    "line",
    [
        ADDRESS,
        f"<{ADDRESS}>",
        f"  X Safety  <{ADDRESS}> ",
        f'"Safety, X" <{ADDRESS}>',
        f'"a \\" b" <{ADDRESS}>',
        f"=?utf-8?q?X_S=C3=A4fety?= <{ADDRESS}>",
        f"Sicherheit für Wahlen <{ADDRESS}>",
        f"{ADDRESS} (X Safety)",
        f"X (Safety, (nested) team) <{ADDRESS}>",
        f'"someone@elsewhere.example" <{ADDRESS}>',
        "X <Safety@X-Platform.EXAMPLE>",
        f"{ADDRESS} <{ADDRESS}>",
        '"X Safety"@x-platform.example',
        f"{'X' * 5000} <{ADDRESS}>",
        f"[X] Safety. Team <{ADDRESS}>",
    ],
)
def test_one_plain_author_is_read(line: str) -> None:
    """One plain author is read, with or without a name, quoted, commented or encoded."""
    assert author(line) == "x-platform.example"


@each(
    "line",
    [
        f"a@elsewhere.example, {ADDRESS}",
        f"{ADDRESS}, a@elsewhere.example",
        f"{ADDRESS}, {ADDRESS}",
        f"X team: {ADDRESS};",
        f"{ADDRESS}: a@elsewhere.example;",
        "X team:;",
        "",
        "<>",
        "X Safety",
        f"<@elsewhere.example,@other.example:{ADDRESS}>",
        f"<{ADDRESS}>\\,<a@elsewhere.example>",
        f"<a@elsewhere.example>{ADDRESS}",
        f"{ADDRESS},<a@elsewhere.example>",
        f"<a@elsewhere.example> <{ADDRESS}>",
        f"{ADDRESS} <a@elsewhere.example>",
        f"a@elsewhere.example <{ADDRESS}>",
        f"X {ADDRESS} <{ADDRESS}>",
        "=?utf-8?b?PHNhZmV0eUB4LXBsYXRmb3JtLmV4YW1wbGU+?=,<a@elsewhere.example>",
        "=?utf-8?b?c2FmZXR5QHgtcGxhdGZvcm0uZXhhbXBsZQ==?=",
        "<=?utf-8?q?safety=40x-platform.example?=@elsewhere.example>",
        f'"{ADDRESS}"@elsewhere.example',
        f"<{ADDRESS}",
        f"{ADDRESS} (a comment that never ends",
        f'"a name that never ends <{ADDRESS}>',
        "<safety@[192.0.2.7]>",
        "<safety@localhost>",
        "<safety@x-platform..example>",
        "<safety@x-platform.example.>",
        "<safety@x\u2011platform.example>",
        "<safety@\u0445-platform.example>",
        "<safety@x-platform.example\x00.elsewhere.example>",
        f"<{ADDRESS}>" + " " * 10_000,
    ],
)
def test_where_programs_could_differ_nobody_is_the_author(line: str) -> None:
    """There is no author if programs could read From differently.

    Examples are lists, groups, routes, quoted or encoded addresses, open brackets and look-alike characters.
    """
    assert author(line) is None


def test_two_fields_are_two_authors() -> None:
    """Two From fields have no single author, even if they are equal: a program may show either."""
    assert author(f"<{ADDRESS}>", "<a@elsewhere.example>") is None
    assert author(f"<{ADDRESS}>", f"<{ADDRESS}>") is None
    assert author() is None


def test_hostile_field_is_read_in_no_time() -> None:
    """A hostile field is refused without backtracking; a long field is not parsed at all."""
    for line in ('"' * 9999, "(" * 9999, "a" * 9999, '"\\' * 4999, "<" + "a." * 4990, "a@" + "a-" * 4990, "<" * 9999):
        assert author(line) is None
