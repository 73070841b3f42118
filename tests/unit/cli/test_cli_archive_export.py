# SPDX-License-Identifier: EUPL-1.2
"""`archive export`: a dossier holds what belongs to it, unchanged, and opens without the program."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest
from lxml import etree

from flaggermail.cli.bag_check import check
from flaggermail.cli.session import Session
from flaggermail.desk.views import dossier_file
from flaggermail.documents.tar import files_in
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import ArchiveReading, Case, Notification, StoredMessage, Token
from flaggermail.rules.configuration import Configuration
from flaggermail.services import EventRef, UnitOfWork
from tests import asking
from tests.mdto_schemas import NAMESPACE, faults_of
from tests.unit.cli.conftest import CONFIG, VOUCHED, Desk
from tests.unit.cli.played import played, reopened

CASE = "VF-EP2024-0001"
PASSIVE = (".eml", ".gif", ".jpeg", ".jpg", ".json", ".mp4", ".pdf", ".png", ".txt", ".webm", ".webp")
SCREENSHOT = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.fixture(scope="module")
def after_s01(settings: Configuration, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of the desk of 6 June 2024, some time afterwards; played once."""
    folder = tmp_path_factory.mktemp("s01")
    with played("S01", settings, folder):
        return folder


@pytest.fixture
def s01(settings: Configuration, after_s01: Path, tmp_path: Path) -> Iterator[Desk]:
    """Returns a copy of that desk."""
    folder = tmp_path / "desk"
    shutil.copytree(after_s01, folder)
    desk = reopened(settings, folder)
    yield desk
    desk.env.close()


def exported(desk: Desk, *words: str, name: str = "dossier") -> Path:
    """Exports a dossier that must be without a finding, with valid metadata; returns its payload."""
    place = desk.folder / name
    assert "fingerprint" in desk.done("archive", "export", *words, "--out", str(place))
    assert check(place, lambda _: None).findings == []
    for path in place.rglob("*.mdto.xml"):
        assert faults_of(path.read_bytes()) == [], path
    for path in payload(place):
        assert path.with_name(f"{path.name}.bestand.mdto.xml").is_file(), path
    return place / "data"


def payload(place: Path) -> list[Path]:
    """Returns the files of a dossier that are no metadata."""
    return sorted(p for p in (place / "data").rglob("*") if p.is_file() and not p.name.endswith(".mdto.xml"))


def names(data: Path) -> list[str]:
    """Returns their paths."""
    return [path.relative_to(data).as_posix() for path in payload(data.parent)]


def octets_of(desk: Desk) -> dict[str, bytes]:
    """Returns the octets of every message of the desk by its id."""
    return {row.id: desk.env.octets.get(row.digest) for row in asking.messages(desk.env) if not row.discarded_at}


class Links(HTMLParser):
    """Collects tags and links of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes a tag."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]


def safe_pages(data: Path) -> None:
    """Each page has no script and no handler, and its links lead to files that are there."""
    for path in data.rglob("index.html"):
        page = Links(path.read_bytes())
        assert page.tags <= {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "strong", "a",
                             "br", "table", "caption", "thead", "tbody", "tr", "th", "td"}  # fmt: skip
        assert page.attributes <= {
            "lang",
            "charset",
            "http-equiv",
            "content",
            "name",
            "scope",
            "href",
            "role",
            "data-head",
        }
        for link in page.links:
            assert (path.parent / link).resolve().is_relative_to(data.resolve())
            assert (path.parent / link).is_file(), link
            assert link.endswith("index.html") or Path(link).suffix.lower() in PASSIVE, link


# ---------------------------------------------------------------- what it holds


def test_a_case_is_exported_whole(s01: Desk) -> None:
    """The exchange of 2024: both mails unchanged, in order, with lists, log, figures, README and metadata."""
    data = exported(s01, CASE)
    assert names(data) == [
        "LEESMIJ-README.txt",
        f"{CASE}/0001/0001.eml", f"{CASE}/0001/0001.txt", f"{CASE}/0002/0002.eml", f"{CASE}/0002/0002.txt",
        f"{CASE}/index.html", f"{CASE}/index.txt",
        "events-0001.jsonl", "events-0001.txt", "figures.csv", "index.html", "index.txt",
    ]  # fmt: skip
    kept = set(octets_of(s01).values())
    assert {(data / CASE / n / f"{n}.eml").read_bytes() for n in ("0001", "0002")} <= kept
    listed = (data / CASE / "index.txt").read_text("utf-8")
    assert "Ontvangen of verzonden: 2024-06-06 13:06+02:00" in listed
    assert "eerste reactie van een medewerker: 2024-06-06 13:06+02:00, 2,5 uur (2 uur en 32 minuten)" in listed
    assert "Thank you for the heads-up." in (data / CASE / "0002" / "0002.txt").read_text("utf-8")
    events = [json.loads(line) for line in (data / "events-0001.jsonl").read_text("utf-8").splitlines()]
    assert events[0]["kind"] == "case opened"
    assert [one["event"] for one in events] == sorted(one["event"] for one in events)
    assert len((data / "figures.csv").read_text("utf-8").splitlines()) == 2
    info = (data.parent / "bag-info.txt").read_text("utf-8")
    assert "Bagging-Date: 2024-06-06\n" in info
    safe_pages(data)


def test_an_election_is_exported_with_all_its_cases(s01: Desk) -> None:
    """Each case has its folder; the election is a series; the figures are those of `latency`."""
    for title in ("Second", "Third"):
        s01.done("case", "open", "--election", "EP2024", "--type", "A_content", "--origin", "media", "--title", title)
    data = exported(s01, "--election", "EP2024")
    assert sorted(path.name for path in data.iterdir() if path.is_dir()) == [CASE, "VF-EP2024-0002", "VF-EP2024-0003"]
    assert "<begripLabel>Serie</begripLabel>" in (data / "EP2024.mdto.xml").read_text("utf-8")
    figures = s01.type("latency", "--election", "EP2024", "--format", "csv").octets
    assert (data / "figures.csv").read_bytes() == figures
    assert "Third" in (data / "index.txt").read_text("utf-8")
    safe_pages(data)


def of_keeping(path: Path) -> list[str]:
    """Returns how metadata say something is kept: appraisal, first day, period and last day of the term, basis."""
    found = etree.parse(path)
    wanted = (
        "waardering/m:begripCode", "bewaartermijn/m:termijnStartdatumLooptijd", "bewaartermijn/m:termijnLooptijd",
        "bewaartermijn/m:termijnEinddatum", "informatiecategorie/m:begripLabel",
    )  # fmt: skip
    texts = (found.findtext(f".//m:{one}", namespaces={"m": NAMESPACE}) for one in wanted)
    return [text for text in texts if text is not None]


def test_metadata_say_what_the_overview_says(desk: Desk) -> None:
    """One truth: the class in `retention` gives list and metadata, of a case kept for good, a usual one and a mail."""
    for kind in ("A_content", "D_general_warning"):
        desk.done("case", "open", "--election", "EP2024", "--type", kind, "--origin", "media", "--title", kind)
    opened = of_keeping(exported(desk, CASE, name="open") / CASE / f"{CASE}.mdto.xml")
    assert opened == ["V", "entry 1 of the selection list of the example"]
    for case in (CASE, "VF-EP2024-0002"):
        desk.done("case", "decide", case, "none", "--reason", "nothing to do")
        desk.done("case", "close", case)
    data = exported(desk, "--election", "EP2024", name="closed")
    things = {one["id"]: one for one in json.loads(desk.done("archive", "retention", "--json"))["things"]}
    usual, good = things[CASE], things["VF-EP2024-0002"]
    assert of_keeping(data / CASE / f"{CASE}.mdto.xml") == [
        "V", usual["begins"], "P10Y", usual["kept_until"], "entry 1 of the selection list of the example",
    ]  # fmt: skip
    kept = ["B", "entry 2 of the selection list of the example"]
    assert good["class"] == "warnings"
    assert of_keeping(data / "VF-EP2024-0002" / "VF-EP2024-0002.mdto.xml") == kept
    assert of_keeping(data / "EP2024.mdto.xml") == kept
    safe_pages(data)


def test_an_election_without_a_case_is_exported_too(desk: Desk) -> None:
    """That the line was not used is worth a dossier."""
    data = exported(desk, "--election", "EP2024")
    assert "Zaken\n-----\ngeen\n" in (data / "index.txt").read_text("utf-8")


@pytest.mark.parametrize("scenario", ["S08-by-reply", "night-nl", "letter-of-2024", "S08-phone-note"])
def test_what_belongs_to_the_desk_alone_is_left_out(scenario: str, settings: Configuration, tmp_path: Path) -> None:
    """No key and no mail of officers is in a dossier; each such mail is named. The others are there, unchanged."""
    with played(scenario, settings, tmp_path) as desk, desk.env.store.read() as tx:
        case = max(tx.find(Case), key=lambda row: row.opened_at)
        data = exported(desk, case.number)
        bearers: list[Case | Notification] = [*tx.find(Case), *tx.find(Notification)]
        keys = {row.token for row in bearers} | {row.token for row in tx.find(Token)}
        tails = {f"-{row.tail}" for row in bearers if row.tail}
        mails = tx.find(StoredMessage, where(StoredMessage.case).is_(case.number))
        listed = (data / case.number / "index.txt").read_text("utf-8")
        exchanged = {path.read_bytes() for path in data.rglob("*.eml")}
        for path in data.parent.rglob("*"):
            if path.is_file() and not re.fullmatch(r"\d{4}\.(eml|txt)", path.name):
                text = path.read_bytes().decode("utf-8")
                assert not [key for key in keys if key in text], path
                assert not [tail for tail in tails if tail in text], path
        for row in mails:
            assert row.id in listed
            octets = desk.env.octets.get(row.digest)
            of_officers = any(address.encode() in octets.partition(b"\r\n\r\n")[0] for address in
                              ("a.jansen@bzk.example", "c.bakker@bzk.example", "b.devries@bzk.example"))  # fmt: skip
            if row.direction is Direction.OUT or of_officers:
                assert (octets in exchanged) is not of_officers, row.id
        safe_pages(data)


def test_the_export_is_on_record_and_changes_no_other(s01: Desk) -> None:
    """Each export is an event with who asked; a second one has the same octets, whatever was exported before."""
    first = exported(s01, CASE, name="first")
    s01.go_to("2027-07-01T12:00:00+02:00")
    second = exported(s01, CASE, name="second")
    exported(s01, "--election", "EP2024", name="whole")
    assert files_below(first.parent) == files_below(second.parent)
    with s01.env.store.read() as tx:
        found = [(row.request, row.reader, row.case, json.loads(row.asked)) for row in tx.find(ArchiveReading)]
    assert found == [
        ("archive dossier", "officer1", CASE, {"case": CASE}), ("archive dossier", "officer1", CASE, {"case": CASE}),
        ("archive dossier", "officer1", None, {"election": "EP2024"}),
    ]  # fmt: skip
    assert "archive read" in s01.done("events", "--case", CASE)
    assert s01.done("audit", "verify")


def test_a_case_as_one_file_is_the_same_bag(s01: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a browser downloads has the files and the fingerprint of the folder, and is on record; not one too large."""
    data = exported(s01, CASE)
    session = Session(CONFIG, given=s01.env, officer="officer1")
    found = session.fetch("archive dossier file", case=CASE)
    held = dict(files_in(found.parts))
    assert {path.removeprefix(f"{CASE}/"): octets for path, octets in held.items()} == files_below(data.parent)
    assert (found.name, found.media_type) == (f"dossier-{CASE}.tar", "application/x-tar")
    assert found.facts["fingerprint"] == hashlib.sha256(held[f"{CASE}/tagmanifest-sha256.txt"]).hexdigest()
    with s01.env.store.read() as tx:
        asked = [(row.request, row.reader, row.case) for row in tx.find(ArchiveReading)]
    assert asked[1:] == [("archive dossier file", "officer1", CASE)]
    monkeypatch.setattr(dossier_file, "LARGEST", 10_000)
    with pytest.raises(Refusal, match="archive export"):
        session.fetch("archive dossier file", case=CASE)


def test_only_readers_of_the_archive_take_a_dossier(s01: Desk) -> None:
    """An archivist does; an account of nobody in oncall.yaml does not. No part is given without a plan on record."""
    out = s01.folder / "d"
    ran = s01.type("archive", "export", CASE, "--out", str(out), officer="nobody")
    assert (ran.status, out.exists()) == (1, False)
    session = Session(CONFIG, given=s01.env, officer="archivist1")
    part: dict[str, Json] = {"as_of": "2024-06-06T13:06+02:00", "last_event": 1, "part": "frame"}
    with pytest.raises(Refusal, match=r"the dossier was not asked for.*first `flaggermail archive dossier`"):
        session.fetch("archive dossier part", case=CASE, **part)
    s01.done("archive", "export", CASE, "--out", str(out), officer="archivist1")
    assert session.fetch("archive dossier part", case=CASE, **part).facts["files"]
    with pytest.raises(Refusal, match=r"the dossier was not asked for.*first `flaggermail archive dossier`"):
        session.fetch("archive dossier part", election="EP2024", **part)
    s01.done("case", "open", "--election", "EP2024", "--type", "A_content", "--origin", "media", "--title", "Second")
    for kind, other in (("case", "VF-EP2024-0002"), ("case", "VF-TK2023-0001"), ("mail", "m00000001")):
        with pytest.raises(Refusal):  # another case, and an approval request of this one
            session.fetch("archive dossier part", case=CASE, **{**part, "part": kind, "of": other, "number": "0001"})
    assert session.fetch("archive dossier part", case=CASE, **{**part, "part": "case", "of": CASE}).facts["files"]


def files_below(folder: Path) -> dict[str, bytes]:
    """Returns every file by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---------------------------------------------------------------- hostile and broken mail


def with_attachments(*attached: tuple[str, bytes], types: Sequence[str] = ()) -> bytes:
    """Builds a referral with attachments of these names; of these content types, or all of them PNG."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "Griffie <griffie@lindewaard.example>", "verkiezingenflagger@bzk.example"
    mail["Subject"], mail["Message-ID"] = "<script>alert(1)</script> \u202e", "<h1@lindewaard.example>"
    mail.set_content("Zie de bijlagen. <img src=https://host.example/x>\n\x1b[2J")
    for at, (name, octets) in enumerate(attached):
        mail.add_attachment(octets, maintype="image", subtype="png", filename="attachment.png")
        part = list(mail.iter_attachments())[-1]
        part.replace_header("Content-Type", types[at] if types else "image/png")
        del part["Content-Disposition"]
        encoded = base64.b64encode(name.encode("utf-8", "surrogateescape")).decode()
        part["Content-Disposition"] = f'attachment; filename="=?utf-8?b?{encoded}?="'
    return VOUCHED.format(domain="lindewaard.example").encode() + mail.as_bytes()


def filed(desk: Desk, octets: bytes) -> str:
    """Takes in a mail and files it in a new case, if it did not open one; returns the case."""
    key = desk.receive(octets)
    with desk.env.store.read() as tx:
        row = tx.get(StoredMessage, key)
    if row is not None and row.case is not None:
        return row.case
    desk.done("quarantine", "place", key, "--new", "--type", "A_content", "--source", "government_body")
    return CASE


HOSTILE = (
    "../../x", "a\0b.txt", "x" * 300 + ".png", "same.png", "same.png", "CON", "nul.txt", "\U0001f4a9\U0001f525.png",
    "factuur\u202efdp.exe", "<b>&amp;.html", "-rf", ".hidden", "a/b/c", "C:\\Windows\\x.dll", "=1+1.csv", "", "  ",
    "0001.eml", "0001.mdto.xml", "index.html",
)  # fmt: skip


def test_names_of_attachments_do_no_harm(desk: Desk) -> None:
    """Twenty hostile names: each attachment is its own file, below its mail, with its octets."""
    number = filed(desk, with_attachments(*((name, SCREENSHOT + bytes([at])) for at, name in enumerate(HOSTILE))))
    data = exported(desk, number)
    found = [name for name in names(data) if re.match(rf"{number}/0001/0001-\d+-", name)]
    assert len(found) == len(HOSTILE)
    assert all(re.fullmatch(rf"{number}/0001/0001-\d+-[A-Za-z0-9][A-Za-z0-9._-]*", name) for name in found)
    for at in range(len(HOSTILE)):
        (path,) = (
            path for path in (data / number / "0001").glob(f"0001-{at + 1}-*") if not path.name.endswith(".mdto.xml")
        )
        assert path.read_bytes() == SCREENSHOT + bytes([at])
    safe_pages(data)
    page = (data / number / "index.html").read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page + (data / number / "index.txt").read_text("utf-8")
    assert "\x1b" not in (data / number / "0001" / "0001.txt").read_text("utf-8")


BROKEN = {
    "no structure": b"\x00\xff\xfe\r\n\r\n\x80",
    "no end": b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: a/b\r\n\r\n",
    "bad base64": b"From: a@b.example\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
    "empty": b"",
    "bare": b"Subject: \xff\xfe\x00\x0b" + b"x" * 5000 + b"\r\n\r\nx\x00\x0by",
    "deep": b"From: a@b.example\r\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (at, at) for at in range(60)
    ),
}  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_mail_that_cannot_be_parsed_is_exported_unchanged(desk: Desk, broken: str) -> None:
    """Whatever the parser makes of it, the octets are there and the dossier is valid."""
    number = filed(desk, BROKEN[broken])
    data = exported(desk, number)
    assert (data / number / "0001" / "0001.eml").read_bytes() == BROKEN[broken]
    safe_pages(data)


def test_a_large_attachment_is_a_file(desk: Desk) -> None:
    """20 MB in one attachment, which no intake decodes: it is in the mail and beside it."""
    video = bytes(range(256)) * (20 * 4096)
    number = filed(desk, with_attachments(("video.mp4", video)))
    data = exported(desk, number)
    assert (data / number / "0001" / "0001-1-video.mp4").read_bytes() == video


# ---------------------------------------------------------------- what is not there any more


def test_what_was_destroyed_is_listed_with_the_reason(s01: Desk) -> None:
    """A mail whose octets were destroyed keeps its number: the list says when and why, and so does its metadata."""
    with s01.env.store.begin() as tx:
        (row,) = tx.find(StoredMessage, where(StoredMessage.message_id).is_("CAH7x4Zq@mail.x-platform.example"))
    destroy(s01, row)
    data = exported(s01, CASE)
    assert f"{CASE}/0002/0002.eml" not in names(data)
    for form in ("txt", "html"):
        listed = (data / CASE / f"index.{form}").read_text("utf-8")
        assert "niet aanwezig: vernietigd 2027-06-01 12:00+02:00 review window" in listed
    assert "Vernietiging" in (data / CASE / "0002" / "0002.mdto.xml").read_text("utf-8")
    assert "octets discarded" in (data / "events-0001.txt").read_text("utf-8")
    safe_pages(data)


def destroy(desk: Desk, row: StoredMessage) -> None:
    """Destroys the octets of a message, as retention does."""
    with desk.env.store.begin() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now())
        desk.env.octets.discard(row.digest)
        gone = changed(row, replace(row, discarded_at=work.now))
        work.record(EventKind.OCTETS_DISCARDED, gone, about=EventRef(message=row.id), reason="review window")


def test_what_the_archive_lost_is_said(s01: Desk) -> None:
    """A mail that the archive does not give unchanged: the dossier is written, says so, and the exit status is 1."""
    (row,) = asking.messages(s01.env, message_id="CAH7x4Zq@mail.x-platform.example")
    s01.env.octets.discard(row.digest)
    ran = s01.type("archive", "export", CASE, "--out", str(s01.folder / "d"))
    assert ran.status == 1
    assert f"does not give 1 of its mails unchanged ({row.id})" in ran.err
    assert check(s01.folder / "d", lambda _: None).findings == []
    assert "ontbreekt in het archief" in (s01.folder / "d" / "data" / CASE / "index.txt").read_text("utf-8")


def test_a_draft_that_never_left_is_named(desk: Desk) -> None:
    """A rejected draft is no mail of the dossier; the log tells of it."""
    number = desk.notified()
    desk.done("notify", number, "--channel", "x-urgent")
    desk.done("approve", f"{number}/2", "--reject", "not needed")
    data = exported(desk, number)
    assert [name for name in names(data) if name.endswith(".eml")] == [f"{number}/0001/0001.eml"]
    assert "notification rejected" in (data / "events-0001.txt").read_text("utf-8")


# ---------------------------------------------------------------- refusals


def test_wrong_use_is_refused_in_one_line(s01: Desk) -> None:
    """Neither or both of case and election, no folder, a folder with files, no dossier, an unknown case."""
    out = str(s01.folder / "d")
    for words, status, said in (
        ((), 2, "--out DIR"),
        ((CASE,), 2, "--out DIR"),
        (("--out", out), 2, "not both"),
        ((CASE, "--election", "EP2024", "--out", out), 2, "not both"),
        ((CASE, "--verify", out), 2, "alone"),
        (("--verify", out), 2, "is no dossier"),
        (("--verify", str(s01.folder)), 2, "is no dossier"),
        (("VF-EP2024-9999", "--out", out), 1, "VF-EP2024-9999"),
        (("--election", "XX", "--out", out), 1, "XX"),
        ((CASE, "--out", str(s01.folder)), 1, "is not empty"),
    ):
        ran = s01.type("archive", "export", *words)
        assert (ran.status, ran.err.count("\n")) == (status, 1), ran
        assert said in ran.err
    assert not (s01.folder / "d").exists()
    with s01.env.store.read() as tx:
        assert not tx.find(ArchiveReading)


def test_a_finding_is_exit_status_1(s01: Desk) -> None:
    """`--verify` prints what it found, and the same as one document; without one it prints the fingerprint."""
    place = exported(s01, CASE).parent
    good = s01.type("archive", "export", "--verify", str(place), "--json").json
    assert isinstance(good, dict)
    assert good["findings"] == []
    assert s01.done("archive", "export", "--verify", str(place)).count(good["fingerprint"]) == 1
    (place / "data" / "index.txt").write_text("other", "utf-8")
    ran = s01.type("archive", "export", "--verify", str(place))
    assert ran.status == 1
    assert "data/index.txt: was changed: it is not what manifest-sha256.txt says (1 finding)" in ran.err
    bad = s01.type("archive", "export", "--verify", str(place), "--json").json
    assert isinstance(bad, dict)
    assert [one["path"] for one in bad["findings"]] == ["data/index.txt"]


def test_a_hostile_dossier_writes_nothing_to_the_terminal(s01: Desk) -> None:
    """Names of files in a dossier may act on a terminal: they are shown as escapes, and so in the document."""
    place = exported(s01, CASE).parent
    (place / "data" / "a\x1b[2J\u202e\nb").write_text("x", "utf-8")
    (place / "data" / b"\xff\xfe".decode("utf-8", "surrogateescape")).write_text("x", "utf-8")
    for words in ((), ("--json",)):
        ran = s01.type("archive", "export", "--verify", str(place), *words)
        assert ran.status == 1
        assert not set("\x1b\u202e") & set(ran.out + ran.err)
    assert "data/a<U+001B>[2J<U+202E><U+000A>b: is in no manifest" in s01.type(
        "archive", "export", "--verify", str(place)
    ).out  # fmt: skip


def test_a_case_that_changes_meanwhile_is_refused(s01: Desk) -> None:
    """Somebody acts on the case between plan and end: refused, for the parts would not be of one state."""
    session = Session(CONFIG, given=s01.env, officer="officer1")
    plan = session.ask("archive dossier", case=CASE)
    s01.done("case", "note", CASE, "--means", "phone", "--at", "2027-06-01T11:00", "--text", "called back")
    parts = plan["parts"]
    assert isinstance(parts, list)
    with pytest.raises(Refusal, match="somebody acted on it while it was exported"):
        session.fetch(
            "archive dossier part", case=CASE, as_of=plan["as_of"], last_event=plan["last_event"], **parts[-1]
        )


@pytest.mark.outside
def test_a_stranger_checks_it_with_sha256sum_alone(s01: Desk) -> None:
    """The commands in the dossier's own README, as they stand there, in the folder that it names."""
    place = exported(s01, CASE).parent
    text = (place / "data" / "LEESMIJ-README.txt").read_text("utf-8")
    commands = dict.fromkeys(re.findall(r"^ {6}(\S.*)$", text, re.MULTILINE))
    assert len(commands) == 5
    said = [subprocess.run(["sh", "-c", line], cwd=place, capture_output=True, text=True, check=True).stdout.strip()
            for line in commands]  # fmt: skip
    assert said[:2] == ["", ""]
    assert said[2] == said[3]
    (place / "data" / "index.txt").write_text("other", "utf-8")
    ran = subprocess.run(["sh", "-c", next(iter(commands))], cwd=place, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stdout == "data/index.txt: FAILED\n"
