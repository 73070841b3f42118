# SPDX-License-Identifier: EUPL-1.2
"""What both shapes of a mail must hold to, read from its octets by the standard library alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

from flaggermail.mail.compose import unflowed
from flaggermail.mail.html_page import whole_and_seen

FLOWED = {"charset": "utf-8", "format": "flowed", "delsp": "yes"}
ALLOWED = frozenset({
    "html", "head", "meta", "title", "style", "body", "div", "p", "br", "ul", "li", "blockquote", "span",
})  # fmt: skip
_LINES = frozenset({"p", "li", "div", "blockquote", "ul", "br"})
_MARKED = re.compile(r"\|(?: |$)")


class Page(HTMLParser):
    """The lines that a page shows, its elements, attributes, style sheet and title."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.lines = [""]
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.sheet = self.title = ""
        self._inside = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begins a line at a block; a list item begins with its dash, which its reader sees as a bullet."""
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self._inside = tag if tag in {"style", "title"} else self._inside
        self._broken(tag)
        self.lines[-1] += "- " if tag == "li" else ""

    def handle_endtag(self, tag: str) -> None:
        """Ends the line of a block."""
        self._inside = ""
        self._broken(tag)

    def handle_data(self, data: str) -> None:
        """Adds text to the line, the style sheet or the title."""
        if self._inside == "style":
            self.sheet += data
        elif self._inside == "title":
            self.title += data
        else:
            self.lines[-1] += data.replace("\n", " ")

    def _broken(self, tag: str) -> None:
        if tag in _LINES:
            self.lines.append("")


def words_of(octets: bytes) -> str:
    """Returns the text of a mail of ours in either shape, as a reader's program joins it."""
    mail = message_from_bytes(octets, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    part = mail.get_body(preferencelist=("plain",))
    assert isinstance(part, EmailMessage)
    text = str(part.get_content())
    kind = part["Content-Type"]
    return unflowed(text, delete_space=True) if kind is not None and "format" in kind.params else text


def parts(octets: bytes) -> tuple[EmailMessage, str, str]:
    """Returns the mail, its text part as a reader's program joins it, and its HTML part."""
    mail = message_from_bytes(octets, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert mail.get_content_type() == "multipart/alternative"
    plain, markup = mail.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(markup, EmailMessage)
    assert dict(plain["Content-Type"].params) == FLOWED
    assert (markup.get_content_type(), markup.get_content_charset()) == ("text/html", "utf-8")
    written = plain.get_content()
    assert all(len(line) <= 78 or line[0] == "|" or " " not in line.strip() for line in written.splitlines())
    return mail, unflowed(written, delete_space=True), markup.get_content()


def paragraphs(text: str) -> list[str]:
    """Returns the lines that say something; lines of others' text in a row, which either shape may wrap, are one."""
    found: list[str] = []
    marked = False
    for line in (" ".join(line.split()) for line in text.splitlines()):
        if _MARKED.match(line):
            words = line[1:].strip()
            found[-1:] = [f"{found[-1]} {words}".strip()] if marked else [*found[-1:], f"| {words}"]
            marked = True
        elif line:
            found.append(line)
            marked = False
    return found


def copied(found: list[str]) -> Iterator[str]:
    """Yields the lines; those between two rules, which the page wraps anew, as one."""
    inside: list[str] | None = None
    for line in found:
        if re.fullmatch("-{20,}", line):
            yield from [" ".join(inside)] if inside else []
            inside = [] if inside is None else None
            yield line
        elif inside is not None:
            inside.append(line)
        else:
            yield line


def check(octets: bytes) -> None:
    """Asserts that both parts say the same, and that nothing in the page is hidden, fetched, run or clicked."""
    mail, text, markup = parts(octets)
    page = Page(markup)
    assert list(copied(paragraphs("\n".join(page.lines)))) == list(copied(paragraphs(text)))
    assert page.title == mail["Subject"]
    assert frozenset(page.elements) <= ALLOWED
    assert {name for name, _ in page.attributes} <= {"lang", "charset", "name", "content", "class", "style"}
    assert not re.search(r"url|@import|expression|display|visibility|position|opacity", page.sheet, re.IGNORECASE)
    styles = " ".join({value: "" for name, value in page.attributes if name == "style"})
    assert not re.search(r"url|color|display|visibility", styles)
    whole, seen = whole_and_seen(markup)
    assert seen == whole
