# SPDX-License-Identifier: EUPL-1.2
"""What strangers wrote, on pages: text alone; what they attached by name, size and digest; each file as a download."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from flaggermail.cli.bag_check import check
from flaggermail.desk.desk import view_of
from flaggermail.desk.views import dossier_file
from flaggermail.documents.tar import files_in
from flaggermail.record.events import EventKind
from flaggermail.record.readings import ReadItem, ReadKind
from flaggermail.record.rows import Case
from tests.doubles.attached import with_files
from tests.doubles.paged import ARCHIVIST, FORBIDDEN, STRANGER, Browser, SeenPage
from tests.store.desk_fixtures import REFERRER, Desk, mail

PNG = b"\x89PNG\r\n\x1a\nno picture, but it begins like one"
UNPROCESSABLE = 422
UNTOLD = "application/octet-stream"


def received(desk: Desk, browser: Browser, *files: tuple[str, str, bytes]) -> SeenPage:
    """A referral with attachments comes in; returns the page of the mail."""
    return browser.look(f"/messages/{desk.receive(with_files(*files)).id}")


def test_attachments_are_listed_by_name_size_and_digest(desk: Desk, browser: Browser) -> None:
    """On the page of the mail and on that of its case; each is downloaded as it came."""
    page = received(desk, browser, ('filename="post.png"', "image/png", PNG), ('filename="1"', "text/html", b"<b>"))
    (case,) = desk.all(Case)
    for shown in (page, browser.look(f"/cases/{case.number}")):
        for name, octets in (("post.png", PNG), ("1", b"<b>")):
            assert f"{name} ·" in shown.html
            assert hashlib.sha256(octets).hexdigest() in shown.words
        assert f"{len(PNG)} octets" in shown.words
        downloads = [one for one in shown.links if "/attachments/" in one]
        assert [browser.fetch(one)[1] for one in downloads] == [PNG, b"<b>"]


NAMED = {  # the parameter that names a file, its type, its octets -> its name after "MESSAGE-1-", its media type
    "a picture": ('filename="post.png"', "image/png", PNG, "post.png", "image/png"),
    "a picture by octets alone": ('filename="post.exe"', "image/png", PNG, "post_exe.bin", UNTOLD),
    "a picture by name alone": ('filename="post.png"', "image/png", b"MZ\x90", "post_png.bin", UNTOLD),
    "a page": ('filename="post.html"', "text/html", b"<script>alert(1)</script>", "post_html.bin", UNTOLD),
    "a page as text": ('filename="a.txt"', "text/html", b"<script>x</script>", "a.txt", "text/plain; charset=utf-8"),
    "a drawing": ('filename="a.svg"', "image/svg+xml", b"<svg onload='x'/>", "a_svg.bin", UNTOLD),
    "a program": ('filename="a.exe"', "application/pdf", b"MZ", "a_exe.bin", UNTOLD),
    "two endings": ('filename="a.pdf.exe"', "application/pdf", b"%PDF-1.7", "a_pdf_exe.bin", UNTOLD),
    "two endings turned": ('filename="a.exe.pdf"', UNTOLD, b"%PDF-1.7", "a_exe.pdf", "application/pdf"),
    "a name turned round": ("filename*=UTF-8''a%E2%80%AEfdp.exe", "application/pdf", b"MZ", "afdp_exe.bin", UNTOLD),
    "no width": ("filename*=UTF-8''a%E2%80%8B.pdf", "application/pdf", b"%PDF-", "a.pdf", "application/pdf"),
    "a path": ('filename="../../etc/passwd"', "text/plain", b"root", "passwd.bin", UNTOLD),
    "a path of Windows": (r'filename="C:\\Windows\\a.lnk"', UNTOLD, b"L", "a_lnk.bin", UNTOLD),
    "a device": ('filename="CON.txt"', "text/plain", b"x", "CON.txt", "text/plain; charset=utf-8"),
    "a second header": (
        "filename*=UTF-8''a%0D%0ASet-Cookie:x=1.txt", "text/plain", b"x", "a_Set-Cookie_x_1.txt",
        "text/plain; charset=utf-8",
    ),
    "quotes": ('filename="a\\";filename=b.exe;x=\\".pdf"', UNTOLD, b"x", "a_filename_b_exe_x__pdf.bin", UNTOLD),
    "another script": ("filename*=UTF-8''%D1%81%D1%82.pdf", UNTOLD, b"%PDF-", "attachment.pdf", "application/pdf"),
    "a long name": (f'filename="{"a" * 3000}.pdf"', UNTOLD, b"%PDF-", f"{'a' * 60}.pdf", "application/pdf"),
    "no name": ("x=y", UNTOLD, b"x", "attachment.bin", UNTOLD),
    "a dot in front": ('filename=".htaccess"', "text/plain", b"x", "htaccess.bin", UNTOLD),
    "octets as text": ('filename="a.txt"', "text/plain", b"a\0b", "a_txt.bin", UNTOLD),
}  # fmt: skip


@pytest.mark.parametrize("what", NAMED)
def test_a_download_has_a_safe_name_and_a_passive_type(desk: Desk, browser: Browser, what: str) -> None:
    """No path, no sign that nobody sees, no second ending; no type that a browser or a system runs."""
    disposition, kind, octets, name, media = NAMED[what]
    page = received(desk, browser, (disposition, kind, octets))
    (link,) = [one for one in page.links if "/attachments/" in one]
    headers, body = browser.fetch(link)
    key = page.address.rpartition("/")[2]
    assert body == octets
    told = headers["Content-Disposition"]
    stem, _, ending = name.rpartition(".")
    found = re.fullmatch(rf'attachment; filename="{key}-1-([A-Za-z0-9._-]{{1,80}})"', told)
    assert found is not None, told
    assert re.sub("_+", "_", found[1]) == re.sub("_+", "_", f"{stem}.{ending}")
    assert headers["Content-Type"] == media
    assert_shut(headers)


def assert_shut(headers: Mapping[str, str]) -> None:
    """Nothing in a file may run, be kept, be shown in a page of another, or be taken for something else."""
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Set-Cookie" not in headers


def test_a_download_is_a_reading(desk: Desk, browser: Browser) -> None:
    """As a look at the mail is; whoever may not read gets nothing."""
    page = received(desk, browser, ('filename="post.png"', "image/png", PNG))
    (link,) = [one for one in page.links if "/attachments/" in one]
    item = ReadItem(ReadKind.MAIL, page.address.rpartition("/")[2])
    assert {one.person for one in desk.env.store.readings.of([item])} == {"officer1"}
    assert browser.as_(ARCHIVIST).fetch(link)[1] == PNG
    assert {one.person for one in desk.env.store.readings.of([item])} == {"officer1", "archivist1"}
    assert browser.as_(STRANGER).look(link).status == FORBIDDEN


@pytest.mark.parametrize("number", ["0", "2", "99999999999999999999", "-1", "x"])
def test_an_attachment_that_is_not_there_is_told(desk: Desk, browser: Browser, number: str) -> None:
    """In a page with words, whatever the address says."""
    page = received(desk, browser, ('filename="post.png"', "image/png", PNG))
    answer = browser.look(f"{page.address}/attachments/{number}")
    assert answer.status in {404, 422}
    assert "cannot be shown" in answer.html


def test_the_evidence_of_a_case_is_a_download(desk: Desk, browser: Browser, tmp_path: Path) -> None:
    """A bag that checks, with each attachment; by a form, so that no other site's link is a reading in one's name."""
    received(desk, browser, ('filename="post.png"', "image/png", PNG))
    (case,) = desk.all(Case)
    page = browser.look(f"/cases/{case.number}")
    headers, octets = browser.saved(page, "evidence")
    assert headers["Content-Type"] == "application/x-tar"
    assert f"dossier-{case.number}.tar" in headers["Content-Disposition"]
    assert_shut(headers)
    for path, held in files_in([octets]):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(held)
    assert check(tmp_path / case.number, lambda _: None).findings == []
    assert PNG in [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    read = [one for one in desk.events() if one.kind is EventKind.ARCHIVE_READ]
    assert [(one.actor, one.case) for one in read] == [("officer1", case.number)]


def test_whoever_sees_a_case_may_take_its_evidence(desk: Desk, browser: Browser) -> None:
    """The button is on a page that nobody else sees; another site's form, or another person's, takes nothing."""
    assert view_of("archive dossier file").MAY >= view_of("case show").MAY
    received(desk, browser, ('filename="post.png"', "image/png", PNG))
    (case,) = desk.all(Case)
    page = browser.look(f"/cases/{case.number}")
    assert browser.post(page, "evidence", headers={"Sec-Fetch-Site": "cross-site"}).status == FORBIDDEN
    assert browser.as_(ARCHIVIST).post(page, "evidence").status == FORBIDDEN
    assert EventKind.ARCHIVE_READ not in {one.kind for one in desk.events()}


def test_evidence_that_is_too_large_is_told(desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says what does it instead."""
    received(desk, browser, ('filename="post.png"', "image/png", PNG))
    (case,) = desk.all(Case)
    monkeypatch.setattr(dossier_file, "LARGEST", 1000)
    answer = browser.post(browser.look(f"/cases/{case.number}"), "evidence")
    assert answer.status == UNPROCESSABLE
    assert "archive export" in answer.words


QUOTING = """\
Could you look at this one too?

On Thu, 6 Jun 2024 at 08:12, Somebody <somebody@mailprovider.example> wrote:
> I saw an account that names another polling day.
> https://x.example/1
"""
IN_HTML = """\
<p>Look at <a href="https://evil.example/press">this</a><img src="https://evil.example/seen.gif"></p>
<script>alert(1)</script><p onclick="x()">and at \u202ethat</p>
"""


def test_quotations_are_folded_and_links_are_text(desk: Desk, browser: Browser) -> None:
    """What the sender wrote is open; what was quoted is one press away, whole; no address in it can be pressed."""
    page = browser.look(f"/messages/{desk.receive(mail(REFERRER, 'Polling day', QUOTING)).id}")
    opened, _, folded = page.html.partition("<summary>The whole text, with quotations</summary>")
    assert "Could you look at this one too?" in opened
    assert "I saw an account" not in opened
    assert "&gt; I saw an account that names another polling day." in folded.partition("</details>")[0]
    assert "https://x.example/1" in folded
    assert not any("example" in link for link in page.links)


def test_html_is_read_and_never_shown(desk: Desk, browser: Browser) -> None:
    """Its words are text: no element of it is on the page, nothing that it names is loaded, a turn is shown."""
    kind = ("MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8")
    page = browser.look(f"/messages/{desk.receive(mail(REFERRER, 'Polling day', IN_HTML, extra=kind)).id}")
    assert "and at" in page.html
    assert "U+202E" in page.html
    assert "\u202e" not in page.html
    for never in ("<script", "<img", "onclick", "evil.example/seen"):
        assert never not in page.html
    assert not any("evil" in link for link in page.links)
