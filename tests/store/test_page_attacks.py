# SPDX-License-Identifier: EUPL-1.2
"""The pages under attack: by nobody known, by the wrong role, by other sites, in frames, by addresses and links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

from flaggermail.desk.views.picture import png
from flaggermail.door.application import PROXY
from flaggermail.door.pages.desk_pages import PAGES
from flaggermail.door.pages.forms import FormTokens
from flaggermail.door.peers import Proxy
from flaggermail.record.events import EventKind
from flaggermail.record.rows import Case
from tests.doubles.attached import with_files
from tests.doubles.paged import (
    ARCHIVIST,
    FORBIDDEN,
    HEAD,
    OFFICER1,
    OFFICER2,
    OK,
    SEEN,
    STRANGER,
    Browser,
    PlayedSource,
    SeenPage,
)
from tests.store.desk_fixtures import REFERRER, Desk, X, mail

WWW = 33
THEIRS = Proxy(WWW, "X-Remote-User")
NOT_FOUND, REFUSED = 404, 422
SUBJECT = "Wrong polling day"


def browser(desk: Desk, uid: int = OFFICER1, proxy: Proxy | None = None) -> Browser:
    """Returns a person at the pages of a desk, or a peer of the socket for the proxy."""
    made = Browser(PlayedSource(desk.env), uid)
    made.environ = {PROXY: proxy}
    return made


@pytest.fixture
def played(desk: Desk) -> Desk:
    """Returns a desk with something for each page: a case, a draft, a mail without a place, one that is in doubt."""
    desk.receive(mail(REFERRER, SUBJECT, "One can vote on Friday. https://x.example/1"))
    use = desk.notified()
    desk.receive(mail(X, "Re: your note", "We look at it.", auth=None))
    desk.drafted(case=use.rpartition("/")[0])
    shown = ('filename="bericht.png"', "image/png", png(4, 2, bytes(range(24))))
    desk.receive(with_files(shown, subject=SUBJECT, text="See what is attached."))
    return desk


def addresses(desk: Desk) -> list[str]:
    """Returns an address of each page that this desk has."""
    case = desk.all(Case)[0].number
    draft = next(
        event.notification for event in reversed(desk.events()) if event.kind is EventKind.NOTIFICATION_DRAFTED
    )
    stored = desk.messages()[-1].id
    given = {"<case>": case, "<path:draft>": str(draft), "<message>": stored, "<int:number>": "1"}
    return [re.sub("<[^>]*>", lambda found: given[found[0]], page.address) for page in PAGES]


def forms(person: Browser, desk: Desk) -> list[tuple[SeenPage, str]]:
    """Returns each form of each page that a person may see, and its act."""
    pages = [person.look(address) for address in addresses(desk)]
    return [(page, form.act) for page in pages for form in page.forms if form.act]


def recorded(desk: Desk) -> int:
    """Returns how many events there are."""
    return len(desk.events())


NOBODIES: tuple[tuple[int, Proxy | None, Mapping[str, str]], ...] = (
    (STRANGER, None, {}),
    (4242, None, {}),
    (65_534, None, {}),
    (STRANGER, None, {"X-Remote-User": "head1"}),
    (WWW, None, {"X-Remote-User": "head1"}),
    (OFFICER1, THEIRS, {"X-Remote-User": "head1"}),
    (0, THEIRS, {"X-Remote-User": "head1"}),
    (WWW, THEIRS, {}),
    (WWW, THEIRS, {"X-Remote-User": ""}),
    (WWW, THEIRS, {"X-Remote-User": "stranger"}),
    (WWW, THEIRS, {"X-Remote-User": "officer1,head1"}),
    (WWW, THEIRS, {"X-Remote-User": "officer1" * 20}),
    (WWW, THEIRS, {"X-Forwarded-User": "head1", "Remote-User": "head1", "Authorization": "Bearer head1"}),
)


# ---- who is nobody


def test_whoever_is_nobody_sees_no_word_and_does_nothing(played: Desk) -> None:
    """On every page, and with the token of an officer's own form in hand."""
    own = forms(browser(played), played)
    before, there = recorded(played), addresses(played)
    for uid, proxy, headers in NOBODIES:
        stranger = browser(played, uid, proxy)
        for address in there:
            page = stranger.look(address, **headers)
            assert page.status == FORBIDDEN, (address, uid, headers)
            assert SUBJECT not in page.html
            assert "VF-" not in page.html
            assert page.headers["Cache-Control"] == "no-store"
        for page, act in own:
            assert stranger.post(page, act, headers=headers).status == FORBIDDEN, (page.address, act, uid, headers)
    assert recorded(played) == before


def test_the_person_whom_the_proxy_names_acts_as_themself(played: Desk) -> None:
    """The event bears them and says that a proxy vouched; another person's form stays another's."""
    page = browser(played).look(f"/cases/{played.all(Case)[0].number}")
    through = browser(played, WWW, THEIRS)
    assert through.post(page, "take", headers={"X-Remote-User": "head1"}).status == FORBIDDEN
    seen = through.look(page.address, **{"X-Remote-User": "officer1"})
    assert "The server in front of the desk checked your login." in seen.words
    assert "The server in front" not in page.words
    assert through.post(seen, "take", headers={"X-Remote-User": "officer1"}).status == SEEN
    taken = [event for event in played.events() if event.kind is EventKind.CASE_ASSIGNED][-1]
    assert (taken.actor, dict(taken.facts)) == ("officer1", {"proxy": True})


def test_the_wrong_role_changes_nothing(played: Desk) -> None:
    """An archivist who sends an officer's form, with a token of their own, is refused by the desk."""
    before, archivist = recorded(played), browser(played, ARCHIVIST)
    tokens, tried = FormTokens(b"a secret of this desk"), 0
    for page, act in forms(browser(played), played):
        path = page.address.partition("?")[0]
        form = page.form(act)
        mine = tokens.token("archivist1", path)
        form.fields[:] = [(name, mine if name == "token" else text) for name, text in form.fields]
        if act != "evidence":  # what an archivist is for
            assert archivist.post(page, act).status in {FORBIDDEN, REFUSED}, (page.address, act)
        tried += 1
    assert tried > 5
    assert recorded(played) == before


# ---- other sites

SITES: tuple[Mapping[str, str], ...] = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:81"},
    {"Origin": "file://"},
)


def test_no_form_is_sent_by_another_site(played: Desk) -> None:
    """Whatever the act, and though the token is right."""
    before, person = recorded(played), browser(played)
    own = forms(person, played)
    assert len(own) > 5
    for headers in SITES:
        for page, act in own:
            assert person.post(page, act, headers=headers).status == FORBIDDEN, (page.address, act, headers)
    assert recorded(played) == before


def test_a_form_without_its_token_does_nothing(played: Desk) -> None:
    """As another site makes it, which knows every field but that one."""
    before, person = recorded(played), browser(played)
    for token in ("", "0" * 64, FormTokens(b"another secret").token("officer1", "/outbox"), "\u00e9"):
        for page, act in forms(person, played):
            form = page.form(act)
            form.fields[:] = [(name, token if name == "token" else text) for name, text in form.fields]
            assert person.post(page, act).status == FORBIDDEN, (page.address, act)
    assert recorded(played) == before


def test_no_page_can_be_framed_or_loads_anything(played: Desk) -> None:
    """Nor can an answer that is none: refused, not found, not changed, sent on."""
    person = browser(played)
    seen = [person.look(address) for address in [*addresses(played), "/static/desk.css", "/none", "/cases/none"]]
    seen.append(browser(played, STRANGER).look("/"))
    seen.append(person.look("/cases", **{"If-None-Match": seen[1].headers["ETag"]}))
    seen.append(person.post(seen[3], "take", headers={"Sec-Fetch-Site": "cross-site"}))
    seen.append(person.post(seen[3], "take"))
    assert {one.status for one in seen} == {OK, SEEN, 304, FORBIDDEN, NOT_FOUND}
    for one in seen:
        policy = one.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert one.headers["X-Frame-Options"] == "DENY"
        assert one.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in one.headers
        assert "Set-Cookie" not in one.headers
        assert "<script" not in one.html
        assert "http-equiv" not in one.html


# ---- addresses and links

TRICKS = (
    "/https://evil.example", "/cases//evil.example", "/cases/..", "/cases/../outbox", "/cases/%2e%2e/outbox",
    "/cases/", "/outbox/", "/drafts//", "/drafts/../outbox", "/static/../pages/site.py", "/static/..%2fsite.py",
    "/static/%2e%2e/site.py", "/static//etc/passwd", "/static/desk.css%00.svg", "/static/", "/static/templates",
    "/messages/..%2f..%2fetc%2fpasswd", "/cases/%00", "/cases/x%0d%0aSet-Cookie:%20a=b", "/drafts//evil.example",
    "/drafts/https://evil.example/x",
)  # fmt: skip


def test_no_address_leads_elsewhere(played: Desk) -> None:
    """Not a redirect, not a file, not a header: an address that is none is a page that says so."""
    person = browser(played)
    for address in TRICKS:
        page = person.look(address)
        assert page.status in {NOT_FOUND, REFUSED}, address
        assert not {"Location", "Set-Cookie"} & page.headers.keys(), address
        assert all(link.startswith(("/", "#")) and not link.startswith("//") for link in page.links), address


def test_after_an_act_one_stays_at_the_desk(played: Desk) -> None:
    """Whatever query or field asks for another address."""
    person, address = browser(played), f"/cases/{played.all(Case)[0].number}"
    page = person.look(address)
    for asked in ("next", "return", "url", "redirect", "after", "to", "done"):
        for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example"):
            form = page.form("take")
            form.fields.append((asked, elsewhere))
            form.action = f"{address}?{asked}={elsewhere}"
            answer = person.post(page, "take")
            there = urlsplit(answer.headers["Location"])
            assert (answer.status, there.scheme, there.netloc, there.path) == (SEEN, "", "", address), asked


def test_no_link_says_that_something_was_done(played: Desk) -> None:
    """A page says so after an act alone, to the person who did it, and on the page that it led to."""
    person, address = browser(played), f"/cases/{played.all(Case)[0].number}"
    page = person.look(address)
    there = person.post(page, "take").headers["Location"]
    assert "Done." in person.look(there).words
    token = there.rpartition("done=")[2]
    assert "Done." not in person.as_(OFFICER2).look(there).words
    assert "Done." not in person.look(f"/outbox?done={token}").words
    assert "Pay him" not in person.look(f"{there}&warned=Pay+him").words
    for value in ("1", "take", "approve", "%3Cscript%3E", "0" * 16, "\u00e9", page.form("take").fields[1][1]):
        shown = person.look(f"{address}?done={value}")
        assert (shown.status, "Done." in shown.words) == (OK, False), value


def test_what_others_may_not_see_again_is_stored_nowhere(played: Desk) -> None:
    """The text of mails, and each answer to a form that was refused; the others are asked for anew."""
    person = browser(played)
    kept = {
        page.address: person.look(address).headers["Cache-Control"]
        for page, address in zip(PAGES, addresses(played), strict=True)
    }
    assert {page.address for page in PAGES if not page.keeps} == {one for one, how in kept.items() if how == "no-store"}
    assert set(kept.values()) == {"no-store", "private, no-cache"}
    assert {"/messages/<message>", "/cases/<case>"} <= {one for one, how in kept.items() if how == "no-store"}
    draft = next(page for page, act in forms(person, played) if act == "reject")
    assert person.send(draft, "reject").headers["Cache-Control"] == "no-store"


def test_a_head_who_looks_at_an_officers_form_sends_their_own(played: Desk) -> None:
    """The token of a page is of one person: what a colleague left open does nothing in one's own browser."""
    before = recorded(played)
    for page, act in forms(browser(played), played):
        assert browser(played, HEAD).post(page, act).status == FORBIDDEN, (page.address, act)
    assert recorded(played) == before
