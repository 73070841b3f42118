# SPDX-License-Identifier: EUPL-1.2
"""Two hundred payloads in every field that a stranger or an officer fills: no page has an element of their making.

Two parsers that are not ours read each page. Its elements and their attributes are those that the templates write, each
address is one of the desk, and each word of a stranger stands in the text, whole.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from lxml import html as lxml_html

from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.cases import OpenCase
from flaggermail.commands.contact_notes import NoteContact
from flaggermail.commands.messages import RefuseMessage
from flaggermail.commands.notify import Draft
from flaggermail.door.pages.rendering import TEMPLATES
from flaggermail.door.pages.site import HEADERS
from flaggermail.record.case_values import CaseType, ContactMeans, Decision, Origin
from flaggermail.record.rows import Case
from tests.doubles.paged import OK, Browser, PlayedSource, SeenPage
from tests.doubles.payloads import PAYLOADS, marked, signs
from tests.store.desk_fixtures import REFERRER, Desk, mail

pytestmark = pytest.mark.slow

PARTS = 7  # odd: each part has senders of both kinds
FROM_MACROS = {"aria-invalid", "aria-describedby", "selected", "checked", "open"}  # written apart from their element
HOLD_WORDS = {"value", "alt"}  # attributes in which a stranger's words may stand
ADDRESSES = {"href", "src", "action"}
OWN = re.compile(r"/(?:static/[a-z]+\.css\?[0-9a-f]+|[A-Za-z0-9/_.-]*(?:\?[A-Za-z0-9=&%_.-]*)?(?:#[\w-]+)?)|#[\w-]+")
OF_ANSWERS = {
    *HEADERS, "Content-Type", "Content-Length", "Content-Language", "ETag", "Cache-Control", "API-Version", "Vary",
    "X-Content-Type-Options", "Content-Disposition",
}  # fmt: skip
GREETING = "Dear colleagues, somebody reported to us what stands below, and asks what you make of it:\n" * 4
"""So that the mail is no page by itself, which is read as one."""
MARK = re.compile(r"q\d+[a-z]*z|z\d+[a-z]*q")


@dataclass
class Read(HTMLParser):
    """What the parser of the standard library reads in a page."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Makes the parser."""
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes an element."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        """Notes a text."""
        self.texts.append(data)


def read(html: str) -> Read:
    """Returns the elements and texts of a page."""
    found = Read()
    found.feed(html)
    found.close()
    return found


def read_by_lxml(html: str) -> Read:
    """Returns the same as libxml2 reads them."""
    found = Read()
    root = lxml_html.document_fromstring(html.encode(), parser=lxml_html.HTMLParser(encoding="utf-8"))
    for one in root.iter():
        if isinstance(one.tag, str):
            found.elements.append((one.tag, dict(one.attrib)))
    found.texts.append(root.text_content())
    return found


@cache
def written() -> frozenset[tuple[str, str]]:
    """Returns each attribute with its element, and each element, that the templates write themselves."""
    found = set[tuple[str, str]]()
    for path in TEMPLATES.glob("*.html"):
        plain = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
        for tag, attributes in read(plain).elements:
            found |= {(tag, ""), *((tag, name) for name in attributes)}
    return frozenset(found) | {(f"h{level}", "") for level in (2, 3, 4)}


def assert_own(page: SeenPage) -> None:
    """A page is made of the templates' elements alone, leads to the desk alone, and has its own headers."""
    for found in (read(page.html), read_by_lxml(page.html)):
        for tag, attributes in found.elements:
            assert (tag, "") in written(), (page.address, tag)
            for name, value in attributes.items():
                assert (tag, name) in written() or name in FROM_MACROS, (page.address, tag, name)
                assert name in HOLD_WORDS or not MARK.search(value), (page.address, tag, name, value)
                assert name not in ADDRESSES or OWN.fullmatch(value), (page.address, tag, value)
    assert_own_headers(page)


def assert_own_headers(page: SeenPage) -> None:
    """No header is a stranger's, nor are its words."""
    assert set(page.headers) <= OF_ANSWERS
    assert not any(MARK.search(value) for value in page.headers.values())


def words_of(page: SeenPage) -> str:
    """Returns the signs of all texts of a page."""
    return signs("".join(read_by_lxml(page.html).texts))


def encoded(text: str) -> str:
    """Returns a text as an encoded word (RFC 2047), in which any character can stand."""
    return f"=?utf-8?B?{b64encode(text.encode()).decode()}?="


def hostile(number: int) -> bytes:
    """Returns a referral with a payload in each field that its sender fills."""

    def told(name: str) -> str:
        return marked(number, name)

    forwarded = (
        f"---------- Forwarded message ---------\nFrom: {signs(told('f'))[:60]} <a@evil.example>\n"
        f"Date: Thu, 6 Jun 2024 at 08:12\nSubject: Friday\nTo: <{REFERRER}>\n\n{told('b')}\n"
    )
    plain = b64encode(f"{GREETING}{told('n')}\n\n{forwarded}".encode()).decode()
    body = (
        f"--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\nContent-Type: text/plain; charset=utf-8\n"
        f"Content-Transfer-Encoding: base64\n\n{plain}\n"
        f"--c\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
        f"{b64encode(told('h').encode()).decode()}\n--c--\n--b\nContent-Type: text/plain\n"
        f"Content-Disposition: attachment; filename*=UTF-8''{quote(told('a'))}\n\nx\n--b--"
    )
    sender = REFERRER if number % 2 else '"q<script>z"@evil.example'
    octets = mail(
        sender, encoded(told("s")), body, message_id=f"{signs(told('m'))[:80]}@evil.example",
        extra=("MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b", f"References: <{signs(told('r'))}>"),
    )  # fmt: skip
    return octets.replace(f"From: {sender}".encode(), f"From: {encoded(told('d'))} <{sender}>".encode(), 1)


def goes_on(link: str) -> bool:
    """True for a link to the next part of a list; "look again" (`since=`) leads to the same part."""
    return "cursor=" in link and "/events" not in link and "since=" not in link


def pages(browser: Browser, *first: str) -> Iterator[SeenPage]:
    """Yields each of these pages, and those that go on with its list."""
    for address in first:
        page = browser.look(address)
        assert page.status == OK, (address, page.words)
        yield page
        while further := next(filter(goes_on, page.links), None):
            page = browser.look(further)
            yield page


@pytest.mark.parametrize("part", range(PARTS))
def test_two_hundred_payloads_of_strangers_stay_text(desk: Desk, part: int) -> None:
    """In subject, display name, address, note, forwarded text, HTML, names of attachments, Message-ID, references."""
    browser = Browser(PlayedSource(desk.env), language=("en", "nl")[part % 2])
    sent = {desk.receive(hostile(number)).id: number for number in range(part, len(PAYLOADS), PARTS)}
    for message, number in sent.items():
        page = browser.look(f"/messages/{message}")
        assert page.status == OK
        assert_own(page)
        shown = words_of(page)
        for name in "sdnba":  # of "a", a path is cut off; it has its own test
            cut = signs(" ".join(marked(number, name).split()) if name in "sd" else marked(number, name))
            assert name == "a" or cut in shown, (PAYLOADS[number], name)
        assert f"z{number}aq" in shown
        headers, _ = browser.fetch(f"/messages/{message}/attachments/1")
        assert set(headers) <= OF_ANSWERS
        assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._-]+\.(?:bin|txt)"', headers["Content-Disposition"])
    cases = [f"/cases/{one.number}" for one in desk.all(Case)]
    assert cases
    deeper = [f"{case}{below}" for at, case in enumerate(cases) for below in ("", ("/events", "/assess")[at % 2])]
    seen = list(pages(browser, "/", "/cases", "/quarantine", "/quarantine?old=1", "/outbox?everything=1", *deeper))
    for page in seen:
        assert_own(page)
    listed = "".join(words_of(page) for page in seen)
    assert all(signs(marked(number, "s")) in listed for number in sent.values())


@pytest.mark.parametrize("part", range(PARTS))
def test_what_officers_write_stays_text(desk: Desk, part: int) -> None:
    """Title, note, reason of a decision, reason of a refusal, and the title and text of a notification."""
    browser = Browser(PlayedSource(desk.env))
    stored = desk.receive(mail("redactie@krant.example", "Vraag", "Klopt het?", auth=None))
    for number in range(part, len(PAYLOADS), PARTS):
        case = desk.do(
            OpenCase(election="EP2024", type=CaseType.CONTENT, origin=Origin.MEDIA, title=marked(number, "t"))
        ).key
        desk.do(Assess(case=case, incorrect=True, criteria=(1,), all_means_used=True, contradicts=marked(number, "c")))
        desk.do(Decide(case=case, decision=Decision.NOTIFY, reason=marked(number, "r")))
        desk.do(NoteContact(case=case, means=ContactMeans.PHONE, text=marked(number, "n")))
        sent = marked(number, "w")  # a draft with signs that nobody sees is refused
        sent = "".join(sign for sign in sent if sign.isprintable() or sign in "\r\n").replace("\r", "")
        draft = desk.do(Draft(case=case, channel="x-urgent", title="x", text=sent)).key
        found = [browser.look(f"/cases/{case}{below}") for below in ("", "/events", "/assess", "/notify")]
        found.append(browser.look(f"/drafts/{draft}"))
        for page in found:
            assert page.status == OK
            assert_own(page)
        for name, page in (("t", found[0]), ("r", found[0]), ("n", found[0]), ("w", found[4])):
            assert signs(marked(number, name)) in words_of(page), (PAYLOADS[number], name)
        typed = browser.post(found[2], "assess", own_attempts="5000", contradicts=marked(number, "c"))
        assert_own(typed)
        assert signs(marked(number, "c")) in signs(dict(typed.form("assess").fields)["contradicts"])
    desk.do(RefuseMessage(message=stored.id, reason=marked(part, "x")))
    for page in pages(browser, "/", "/cases", "/quarantine", f"/messages/{stored.id}", "/outbox?everything=1"):
        assert_own(page)


def test_there_are_two_hundred() -> None:
    """Each once, and each unlike the text that it would be without it."""
    assert len(set(PAYLOADS)) == 200
