# SPDX-License-Identifier: EUPL-1.2
"""What was taken out of an annex is nowhere: in no file, in no layer of one, in no row, event or log, and in no width.

The names are planted where mail holds names: subject, quotations, headers, names of attachments, folded and encoded
words, an HTML alternative, a second mail. A search that finds nothing proves something only if it bites: so each layer
of each format is tried with a file that leaks.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest
from odfdo import Document as Odt
from odfdo import Paragraph
from structlog.testing import capture_logs
from weasyprint import HTML

from flaggermail.annex import printed
from flaggermail.cli.acting import typed
from flaggermail.commands.annexes import ApproveAnnex, ProposeAnnex
from flaggermail.record.events import EventKind
from flaggermail.record.rows import Annex
from tests.corpus import each
from tests.doubles.annexes import applied, by_hand, edited, form_of
from tests.doubles.migrated import migrated
from tests.store.desk_fixtures import START, X_CHANNEL, Desk, desk_settings, equipped, mail, opened
from tests.tools.leaks import leaks

ANNEX = "a00000001"
NAMES = (
    "Quirina", "Zandvliet", "Bartholdy", "Wolfsbergen", "Oxenaar", "Yxtabella", "Fjordsma", "Kwakernaak", "Vijgeblad",
)  # fmt: skip
UNPRINTED = ("Xhosalander", "Ypenburgse", "Geheimhof")  # in parts of a mail that no annex prints
PLANTED = (*NAMES, *UNPRINTED, X_CHANNEL, "gov-eu@x-platform.example")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Returns a desk whose mails, with planted names, were made an annex and approved."""
    folder = tmp_path_factory.mktemp("leaks")
    (folder / "database").write_bytes(migrated())
    settings = desk_settings()
    equipment = equipped(settings, folder)
    equipment.store.close()
    made = opened(equipment, settings, folder)
    yield made
    made.env.store.close()
    equipment.close()


@dataclass(frozen=True)
class Published:
    """The files of an annex, what the record holds of it, and what was logged."""

    files: dict[str, bytes]
    record: str
    logged: str


@pytest.fixture(scope="module")
def published(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Receives the planted mails, and makes an annex of them as two persons do."""
    folder = tmp_path_factory.mktemp("annex")
    use = desk.notified()
    for number, octets in enumerate(planted(desk.message_id_of(use))):
        desk.receive(octets, at=START + timedelta(minutes=30 + number))
    with capture_logs() as logged:
        desk.do(ProposeAnnex(of=use))
        edited(desk.env, ANNEX, by_hand(form_of(desk.env, ANNEX), NAMES), folder, "--everywhere")
        desk.do(ApproveAnnex(annex=ANNEX, revision=2), by="signer")
        files = applied(desk.env, ANNEX, folder / "out")
    events = [
        event for event in desk.events() if event.kind is EventKind.ARCHIVE_READ or event.kind.value.startswith("annex")
    ]
    record = json.dumps([asdict(event) for event in events], default=str)
    return Published(files, record + json.dumps(asdict(desk.row(Annex, ANNEX)), default=str), str(logged))


def planted(answers: str) -> list[bytes]:
    """Returns two answers of the platform with a name in every place; the later one has the earlier Date."""
    inside = (
        '--cut\nContent-Type: multipart/alternative; boundary="in"\n\n'
        "--in\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
        "Dear Quirina,\n\nW=6Flfsbergen asked me; Ox\u200benaar agrees.\n\nBest,\nZandvliet\n\n"
        "On Thu, Jun 6, 2024 at 10:34=E2=80=AFAM Quirina wrote:\n> Dear Bartholdy,\n> KWAKERNAAK told us.\n"
        "--in\nContent-Type: text/html\n\n<p>Dear Quirina, <b>Xhosalander</b></p>\n--in--\n"
        '--cut\nContent-Type: application/pdf\nContent-Disposition: attachment;\n filename="letter of Fjordsma.pdf"'
        "\n\nYpenburgse\n--cut--"
    )
    extra = (
        "Content-Type: multipart/mixed; boundary=cut", "MIME-Version: 1.0", "X-Originating-User: Geheimhof",
        "Thread-Topic: Geheimhof",
        "CC: Yxtabella <y@x-platform.example>,\r\n =?utf-8?q?Vijge=62lad?= <v@x-platform.example>",
    )  # fmt: skip
    subject = "=?utf-8?b?UmU6IFdvbGZzYmVyZ2Vu?=\r\n and Oxenaar"
    first = mail("gov-eu@x-platform.example", subject, inside, answers=answers, extra=extra)
    first = first.replace(b"From: gov-eu", b"From: Quirina\r\n Zandvliet <gov-eu")
    first = first.replace(b"example\r\nTo", b"example>\r\nTo")
    second = mail("gov-eu@x-platform.example", "Re: more", "Bartholdy adds a word.\nKwakernaak", answers=answers)
    return [first, second.replace(b"Date: Thu, 06 Jun", b"Date: Wed, 05 Jun")]


# ---- the annex


def test_the_names_were_in_the_mails_that_were_printed(desk: Desk, published: Published) -> None:
    """Each printed name was marked, and each mail is there, the later one last whatever its Date."""
    texts = published.files["annex.txt"].decode()
    assert texts.count("[gelakt 5.1.2e]") > len(NAMES)
    assert texts.index("asked me") < texts.index("adds a word")
    assert len(desk.row(Annex, ANNEX).digests) == 3


@each("name", ["annex.txt", "annex.html", "annex.odt", "annex.pdf", "manifest.json"])
def test_no_file_holds_a_planted_name(published: Published, name: str) -> None:
    """In no layer of it."""
    assert leaks(published.files[name], PLANTED) == []


def test_neither_row_nor_event_nor_log_holds_a_planted_name(published: Published) -> None:
    """The record of an annex is places and keyed digests."""
    assert published.record.count(ANNEX) > 3
    assert leaks(published.record.encode(), PLANTED) == []
    assert leaks(published.logged.encode(), PLANTED) == []


def test_no_guess_of_a_name_meets_a_digest(desk: Desk, published: Published) -> None:
    """Plain, or keyed with anything that the record or the manifest says."""
    annex = desk.row(Annex, ANNEX)
    digests = {*re.findall("[0-9a-f]{32,}", published.record + published.files["manifest.json"].decode())}
    with_seals = {*annex.seals}
    keys = [b"", annex.id.encode(), annex.notification.encode(), *(one.encode() for one in annex.digests)]
    keys += [bytes.fromhex(one) for one in annex.digests]
    texts = [
        "Quirina",
        "Quirina Zandvliet <gov-eu@x-platform.example>",
        "Re: Wolfsbergen and Oxenaar",
        "letter of Fjordsma.pdf",
    ]
    for text in texts:
        for said in (text, text.lower(), f"{text}\n", f"subject\0000\0{text}"):
            plain = {hashlib.new(kind, said.encode()).hexdigest() for kind in ("md5", "sha1", "sha256")}
            keyed = {hmac.new(key, said.encode(), "sha256").hexdigest() for key in keys}
            assert not (plain | keyed) & digests
    assert with_seals <= digests
    assert not with_seals & {*re.findall("[0-9a-f]{64}", published.files["manifest.json"].decode())}


def test_a_seal_needs_the_octets(desk: Desk, published: Published) -> None:
    """The digest of a mail, which the record keeps after its octets are gone, gives no seal."""
    assert published.files
    annex = desk.row(Annex, ANNEX)
    octets = desk.env.octets.get(annex.digests[1])
    found = typed(desk.env, "officer1", ["annex", "show", ANNEX, "--json"])
    assert "seals" not in json.loads(found)
    assert hashlib.sha256(b"annex\0" + octets).hexdigest() not in str(annex)


def test_neither_length_nor_number_of_what_was_taken_out_shows(
    tmp_path: Path, new_annex: Callable[[str, str], bytes]
) -> None:
    """A short name and a long one, one recipient and three: the files are the same."""
    del tmp_path
    short = new_annex("Al", "Al <al@x-platform.example>")
    long = new_annex(
        "Bartholomeus-Quirinus", "B <b@x-platform.example>, C <c@x-platform.example>, d@x-platform.example"
    )
    assert short == long


@pytest.fixture
def new_annex(desk: Desk, tmp_path: Path, published: Published) -> Callable[[str, str], bytes]:
    """Returns a function that makes another annex with a name in it; returns its text and counts."""
    del published

    def make(name: str, cc: str) -> bytes:
        use = desk.notified()
        answer = mail(text=f"Dear {name},\nbye", answers=desk.message_id_of(use), extra=(f"CC: {cc}",), subject=name)
        desk.receive(answer, at=desk.clock.now())
        annex = desk.do(ProposeAnnex(of=use)).key
        edited(desk.env, annex, by_hand(form_of(desk.env, annex), [name]), tmp_path)
        desk.do(ApproveAnnex(annex=annex, revision=2), by="signer")
        files = applied(desk.env, annex, tmp_path / annex)
        text = re.sub(r"VF-EP2024-\d{4}(?:-[A-Z2-9]{4})?", "NUMBER", files["annex.txt"].decode())
        return f"{text}{json.loads(files['manifest.json'])['mails']}".encode()

    return make


def test_the_places_of_the_record_are_not_in_the_manifest() -> None:
    """Places are lengths; the manifest counts, and names none."""
    source = Path(printed.__file__).with_name("approved.py").read_text("utf-8")
    assert not re.search(
        r"\.(?:start|end|seals|digest|marks)\b(?!\))", source.partition("def manifest")[2].partition("def counts")[0]
    )


# ---- the search bites


def odt(text: str = "clean", *, title: str = "clean", beside: bytes = b"clean") -> bytes:
    """Returns a small OpenDocument text."""
    document = Odt("text")
    document.body.append(Paragraph(text))
    document.meta.title = title
    document.set_part("Thumbnails/beside.bin", beside) if beside != b"clean" else None
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def zip_with(octets: bytes, name: str, content: bytes, comment: bytes = b"") -> bytes:
    """Returns a package with one more entry, or a comment."""
    target = io.BytesIO(octets)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        archive.comment = comment
    return target.getvalue()


def with_slack(octets: bytes) -> bytes:
    """Returns a package before which a removed entry still lies, listed by no directory."""
    slack = io.BytesIO()
    with zipfile.ZipFile(slack, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("old.xml", b"words and words and Quirina and more words, so that they are packed " * 3)
    return slack.getvalue()[: slack.getvalue().index(b"PK\x01\x02")] + octets


def pdf(text: str = "clean", *, title: str = "clean") -> bytes:
    """Returns a small PDF."""
    written = HTML(string=f"<title>{title}</title><p>{text}</p>").write_pdf()
    assert isinstance(written, bytes)
    return written


def changed(octets: bytes, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    """Returns a PDF after a change."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(octets)) as document:
        change(document)
        document.save(target)
    return target.getvalue()


def attached(document: pikepdf.Pdf) -> None:
    """Attaches a file with a name in it."""
    document.attachments["notes.txt"] = pikepdf.AttachedFileSpec(document, b"Quirina", filename="notes.txt")


def orphaned(document: pikepdf.Pdf) -> None:
    """Adds a stream that no page shows."""
    document.Root["/Unused"] = document.make_indirect(
        pikepdf.Stream(document, b"BT <0051007500690072006900E4> Tj Quirina ET")
    )


def alternative(document: pikepdf.Pdf) -> None:
    """Adds a text for screen readers."""
    document.Root["/ViewerNote"] = document.make_indirect(pikepdf.Dictionary(Alt=pikepdf.String("Quirina")))


LEAKING: dict[str, Callable[[], bytes]] = {
    "text": lambda: b"Dear QUI\xe2\x80\x8bRINA,",
    "entities": lambda: b"<p>Dear Qui&#114;ina</p>",
    "percent signs": lambda: b"mailto:Q%75irina",
    "base64": lambda: b"aGVsbG8gUXVpcmluYSBoZWxsbw==",
    "hexadecimal": lambda: b"<51756972696E61>",
    "utf-16": lambda: "Dear Quirina".encode("utf-16-le"),
    "odt text": lambda: odt("Dear Quirina"),
    "odt title": lambda: odt(title="Quirina"),
    "odt entry": lambda: zip_with(odt(), "Pictures/a.svg", b"<svg><title>Quirina</title></svg>" * 20),
    "odt name of an entry": lambda: zip_with(odt(), "Pictures/Quirina.svg", b"x"),
    "odt comment": lambda: zip_with(odt(), "x", b"x", b"by Quirina"),
    "odt split by tags": lambda: zip_with(odt(), "x.xml", b"<a>Qui<b/>rin<c>a</c></a>"),
    "odt slack": lambda: with_slack(odt()),
    "pdf text": lambda: pdf("Dear Quirina"),
    "pdf hidden text": lambda: pdf('<span style="color: white; font-size: 1px">Quirina</span>'),
    "pdf title": lambda: pdf(title="Quirina"),
    "pdf attachment": lambda: changed(pdf(), attached),
    "pdf stream of no page": lambda: changed(pdf(), orphaned),
    "pdf alternative text": lambda: changed(pdf(), alternative),
    "pdf earlier revision": lambda: pdf("Dear Quirina") + pdf()[len(b"%PDF-1.7") :],
}
"""A file of each kind with the name in one layer of it."""


@each("layer", LEAKING)
def test_a_name_in_this_layer_is_found(layer: str) -> None:
    """Whatever hides it there."""
    assert leaks(LEAKING[layer](), ["Quirina", "Nobody-Else"]), layer
    assert all(line.startswith("Quirina: ") for line in leaks(LEAKING[layer](), ["Quirina", "Nobody-Else"]))


def test_a_clean_file_leaks_nothing() -> None:
    """The search finds no name that is not there."""
    for octets in (b"Dear reader", odt(), pdf()):
        assert leaks(octets, PLANTED) == []
