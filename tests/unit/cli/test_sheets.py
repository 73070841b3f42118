# SPDX-License-Identifier: EUPL-1.2
"""The sheets of a case, a draft, a mail and the rules: typed, in the reader's language, and nothing cut silently."""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest

from flaggermail.cli.session import Session
from flaggermail.commands.requests import read_request
from flaggermail.desk.answers import AnswerReader, ViewAnswer, document_of
from flaggermail.desk.desk import view_of
from flaggermail.desk.views import VIEWS, rules
from flaggermail.desk.views.case import CaseSheet
from flaggermail.desk.views.case_form import AssessmentForm, ReadForm, read_form
from flaggermail.desk.views.message import MailSample, MessageSheet
from flaggermail.desk.views.notification import AttemptedMail, DraftPreview, NotificationWording
from flaggermail.desk.views.parsed_mail import parsed
from flaggermail.desk.views.rules import ComparedRules, ExplainedMail, written_folder
from flaggermail.desk.views.view import OctetsView, View
from flaggermail.documents.octets import Octets
from flaggermail.errors import ConfigurationError, Refusal
from flaggermail.mail.message import Json, contract
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Place
from flaggermail.record.rows import Case, ClockRow, Notification, StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS
from flaggermail.shipped import shipped
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.sheets import SentFileRefusal
from tests import asking
from tests.corpus import each
from tests.shipped_parser import PARSER
from tests.tools.dutch import english_in
from tests.unit.cli.conftest import CONFIG, Desk
from tests.unit.cli.test_cli_case import answer_to
from tests.unit.cli.test_cli_intake import REFERRAL
from tests.unit.cli.test_cli_mail import FORWARD

MAILS = Path(__file__).parents[2] / "mails"
ZONE = ZoneInfo("Europe/Amsterdam")
NUMBER, REFERRED = "VF-EP2024-0001", "VF-EP2024-0002"


def written(octets: bytes) -> str:
    """Returns octets in Base64."""
    return b64encode(octets).decode("ascii")


@dataclass(frozen=True)
class Asked:
    """A view, what it answers, and a request."""

    view: str
    answer: type[ViewAnswer]
    request: Mapping[str, Json]


SHEETS = (
    Asked("case show", CaseSheet, {"case": NUMBER}),
    Asked("case show", CaseSheet, {"case": REFERRED}),
    Asked("case form", AssessmentForm, {"case": REFERRED}),
    Asked("case form read", ReadForm, {"text": "satire: true\ncriteria: [2]\n"}),
    Asked("case text", NotificationWording, {"draft": f"{NUMBER}/1"}),
    Asked("notify preview", DraftPreview, {"case": NUMBER, "channel": "meta-elections"}),
    Asked("outbox show", AttemptedMail, {"mail": "o00000001"}),
    Asked("message show", MessageSheet, {"message": "w"}),
    Asked("message sample", MailSample, {"message": "w"}),
    Asked("rules test", ExplainedMail, {"octets": written(REFERRAL)}),
    Asked("rules compare", ComparedRules, {"name": "other"}),
)


def shown(desk: Desk, asked: Asked) -> ViewAnswer:
    """Returns what a view answers, or the facts beside its octets; the message `w` is the one that waits."""
    request = dict(asked.request)
    if request.get("message") == "w":
        (waiting,) = asking.messages(desk.env, place=Place.QUARANTINE)
        request["message"] = waiting.id
    if asked.view == "rules compare":
        request["files"] = changed_rules()
    view = read_request(view_of(asked.view), asked.view, request, desk.env.settings.zone)
    with desk.env.store.read() as tx:
        found = view.show(UnitOfWork(desk.env, tx, desk.clock.now(), "officer1"))
    answer = found.facts if isinstance(found, Octets) else found
    assert isinstance(answer, asked.answer)
    return answer


def changed_rules() -> dict[str, Json]:
    """Returns the shipped rules without those for referrals, as a client sends them."""
    folder = shipped("rules")
    kept = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("30-"))
    return {path.relative_to(folder).as_posix(): written(path.read_bytes()) for path in kept}


@pytest.fixture
def worked(desk: Desk) -> Desk:
    """Returns a desk with a case that was answered, one that was referred, a draft, and a mail that waits."""
    answer = answer_to(desk, f"{desk.notified()}/1")
    desk.go_to("2024-06-06T11:34:00+02:00")
    desk.receive(answer)
    desk.receive(REFERRAL)
    desk.receive(FORWARD)
    desk.done("case", "note", NUMBER, "--means", "phone", "--channel", "x-urgent", "--file", "-", text="They have it.")
    return desk


def test_what_a_sheet_says_is_in_the_readers_language(worked: Desk) -> None:
    """The questions of a form, why a clock is silent, what a preview makes up and what becomes of a mail are worded."""
    dutch = [json.loads(json.dumps(document_of(shown(worked, one), AnswerReader(ZONE, "nl")))) for one in SHEETS]
    form, preview, explained, compared = (dutch[at] for at in (2, 5, 9, 10))
    assert form["questions"][7]["words"].startswith("presenteert het zich als satire?")
    assert [one["words_said"]["code"] for one in form["questions"]][:2] == ["form: incorrect", "form: contradicts"]
    assert preview["differs"][-1] == "de datum"
    assert explained["becomes"] == "quarantaine: hoort mogelijk bij een bestaande zaak"
    assert explained["becomes_said"]["code"] == "rules: becomes"
    assert {one["old"]["says"] for one in compared["differences"]} == {
        "referral, naar zaak fellow_authority A_content intake_confirmation"
    }
    (clock,) = dutch[1]["running"]
    assert (clock["now"], clock["now_said"]["code"]) == ("er is nog geen herinnering nodig", "clock: none fell due")
    words = [one["words"] for one in form["questions"]] + preview["differs"]
    assert [english_in(said) for said in words if english_in(said)] == []


def test_the_faults_of_a_form_are_in_the_readers_language() -> None:
    """Each has its place and its code; a form with one has no answers."""
    found = read_form("satire: 1\nother:\ncriteria: [x]\n")
    assert found.answers is None
    assert [(one.line, one.column, one.key, one.words.code) for one in found.faults] == [
        (1, 1, "satire", "form fault: boolean"), (2, 1, "other", "form fault: unknown"),
        (3, 1, "criteria", "form fault: numbers"),
    ]  # fmt: skip
    assert found.faults[0].words.in_language("nl") == "1: vul hier true (ja) of false (nee) in"
    assert read_form("satire: [").faults[0].key is None


def test_a_case_has_pages(worked: Desk) -> None:
    """The messages are followed by their cursor; each other list is cut to the latest, and counted."""
    session = Session(CONFIG, given=worked.env, officer="officer1")
    whole = session.ask("case show", case=NUMBER)
    messages = rows(whole, "messages")
    page = session.ask("case show", case=NUMBER, limit=1)
    found = rows(page, "messages")
    while page["next"] is not None:
        page = session.ask("case show", case=NUMBER, limit=1, cursor=page["next"])
        found += rows(page, "messages")
    assert found == messages
    assert len(found) > 2
    assert (whole["next"], page["in_all"]) == (None, whole["in_all"])
    worked.done("case", "note", NUMBER, "--means", "phone", "--channel", "x-urgent", "--file", "-", text="Again.")
    page = session.ask("case show", case=NUMBER, limit=1)
    assert [note["text"] for note in rows(page, "notes")] == ["Again."]
    counts = page["in_all"]
    assert isinstance(counts, Mapping)
    assert (counts["notes"], counts["messages"], counts["notifications"]) == (2, len(found), 1)


def test_the_command_line_says_what_it_leaves_out(worked: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """All messages are printed, in however many answers they come; of a list that is longer, how many there are."""
    whole = worked.done("case", "show", NUMBER)
    monkeypatch.setattr("flaggermail.cli.session.MOST_AT_ONCE", 1)
    worked.done("case", "note", NUMBER, "--means", "phone", "--channel", "x-urgent", "--file", "-", text="Again.")
    cut = worked.type("case", "show", NUMBER)
    keys = [message.id for message in asking.messages(worked.env, case=NUMBER)]
    assert all(key in cut.out for key in keys)
    assert "They have it." in whole
    assert "They have it." not in cut.out
    assert f"note: 1 of 2 notes shown; `flaggermail events --case {NUMBER}` has all" in cut.err


def test_a_draft_says_who_approves_it_and_what_is_against_it(desk: Desk) -> None:
    """Whose approval would count, and each reason for which it would be refused now."""
    desk.notified()
    desk.done("case", "reply", NUMBER, "--to", "platform", "--channel", "x-urgent", "--text", "-", text="We ask again.")
    session = Session(CONFIG, given=desk.env, officer="officer1")
    sent, draft = rows(session.ask("case show", case=NUMBER), "notifications")
    assert sent["approval"] is None
    approval = draft["approval"]
    assert isinstance(approval, Mapping)
    assert [one["id"] for one in rows(approval, "may_approve")] == ["officer1", "officer2", "head1"]
    assert (approval["persons"], approval["counted"], approval["refused_for"]) == (1, [], [])
    assert approval["lacks"] == "0 approvals of the 1 that are needed"
    printed = " ".join(desk.done("case", "show", NUMBER).split())
    assert "waits for: 0 approvals of the 1 that are needed may approve: A. Jansen, " in printed
    with desk.env.store.begin() as tx:
        case = tx.get(Case, NUMBER)
        assert case is not None
        work = UnitOfWork(desk.env, tx, desk.clock.now(), "officer1")
        undecided = replace(case, decision=None)
        work.record(EventKind.CASE_DECIDED, changed(case, undecided))
    _, draft = rows(session.ask("case show", case=NUMBER), "notifications")
    approval = draft["approval"]
    assert isinstance(approval, Mapping)
    assert [said["code"] for said in rows(approval, "refused_for_said")] == ["not decided to notify"]
    assert "against it: case VF-EP2024-0001" in " ".join(desk.done("case", "show", NUMBER).split())


def rows(document: Mapping[str, Json], name: str) -> list[Mapping[str, Json]]:
    """Returns the objects in a list of a document."""
    found = document[name]
    assert isinstance(found, list)
    assert all(isinstance(one, Mapping) for one in found)
    return [one for one in found if isinstance(one, Mapping)]


def calls_to_show(desk: Desk, number: str) -> int:
    """Returns how many functions are called to show a case."""
    session, calls = Session(CONFIG, given=desk.env, officer="officer1"), 0

    def count(_: object, event: str, __: object) -> None:
        nonlocal calls
        calls += event == "call"

    session.ask("case show", case=number)
    sys.setprofile(count)
    try:
        session.ask("case show", case=number)
    finally:
        sys.setprofile(None)
    return calls


def test_a_case_costs_no_more_beside_many(desk: Desk) -> None:
    """Neither the clocks nor the uses of other cases are read, and of the messages beyond the page few fields."""
    number = desk.notified()
    alone = calls_to_show(desk, number)
    with desk.env.store.begin() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now(), "officer1")
        case, first, (use,) = tx.get(Case, number), tx.find(StoredMessage)[0], tx.find(Notification)
        clock = tx.find(ClockRow)[0]
        assert case is not None
        for at in range(2, 60):
            other = replace(case, number=f"VF-EP2024-{at:04d}", token=f"{case.token}{at}", decision=None)
            work.record(EventKind.CASE_OPENED, added(other))
            mail = replace(first, id=f"m9{at:07d}", message_id=f"{at}@x.example", content_key=str(at))
            work.record(EventKind.MESSAGE_TAKEN_IN, added(replace(mail, case=other.number)))
            sent = replace(use, id=f"{other.number}/1", case=other.number, token=f"{use.token}{at}")
            running = replace(clock, id=f"{sent.id}/{clock.kind}", notification=sent.id)
            work.record(EventKind.NOTIFICATION_SENT, added(sent), added(running))
    assert calls_to_show(desk, number) < alone + 10


@each("name", sorted(path.stem for path in MAILS.glob("*.eml")), of="mails")
def test_the_mail_of_a_sheet_is_that_of_parse(name: str) -> None:
    """`message show` has the object of `parse --json`, field by field."""
    message = PARSER.parse((MAILS / f"{name}.eml").read_bytes())
    document = document_of(parsed(message), AnswerReader(ZONE))
    assert json.loads(json.dumps(document)) == json.loads(json.dumps(contract(message)))


# ---- files that come with a request


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("..", {}), (".", {}), ("", {}), ("a/b", {}), ("a\0b", {}), ("x" * 256, {}), ("\ud800", {}),
        ("new", {"/etc/x.yaml": ""}), ("new", {"../x.yaml": ""}), ("new", {"lists/../../x": ""}), ("new", {"": ""}),
        ("new", {"lists/": ""}), ("new", {"./a": ""}), ("new", {"a//b": ""}), ("new", {"a/b/c": ""}),
        ("new", {"a": "", "a/b": ""}), ("new", {"a/b": "", "a": ""}), ("new", {"a\0": ""}), ("new", {"\ud800": ""}),
        ("new", {"x" * 256: ""}), ("new", {"a": "?"}), ("new", {"a": "A"}),
        ("new", {str(at): "" for at in range(rules.MOST_FILES + 1)}), ("new", {"a": "A" * (rules.LONGEST_FILES + 4)}),
    ],
    ids=str,
)  # fmt: skip
def test_a_folder_that_was_sent_stays_in_its_place(tmp_path: Path, name: str, files: dict[str, str]) -> None:
    """A name that leads elsewhere, one in the way of another, too many or too large: each is refused by its code."""
    before = sorted(tmp_path.parent.rglob("*"))
    with pytest.raises(Refusal) as refused, written_folder(name, files):
        pass
    assert refused.value.said.code in set(SentFileRefusal)
    assert sorted(tmp_path.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("view", "field", "request_"),
    [
        ("case form read", "text", {"text": "#" * 100_001}),
        ("notify preview", "text", {"case": NUMBER, "channel": "x-urgent", "text": "a" * 1_000_001}),
        ("rules test", "octets", {"octets": "A" * ((64 << 20) + 4)}),
        ("rules test", "given", {"octets": "", "who": "", "given": "A" * ((1 << 20) + 4)}),
    ],
)
def test_what_is_sent_is_bounded(desk: Desk, view: str, field: str, request_: dict[str, Json]) -> None:
    """A text that is too long is refused in one short line that names its field."""
    session = Session(CONFIG, given=desk.env, officer="officer1")
    with pytest.raises(Refusal, match=f"^{view}: {field}: ") as refused:
        (session.fetch if issubclass(view_of(view), OctetsView) else session.ask)(view, **request_)
    assert len(str(refused.value)) < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOfCase(View):
    """A view that knows as a case what its refusal knows as a draft."""

    MAY: ClassVar[frozenset[str]] = READERS

    case: str

    def show(self, work: UnitOfWork) -> ViewAnswer:
        """Refuses."""
        del work
        raise Refusal(CommandRefusal.NO_SUCH_DRAFT(draft=self.case))


def test_a_refusal_names_a_field_that_the_view_has(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the names that a refusal has for one thing, it is about the one that the request has."""
    monkeypatch.setitem(VIEWS, "case form", f"{__name__}:{DraftOfCase.__name__}")
    with pytest.raises(Refusal) as refused:
        Session(CONFIG, given=desk.env, officer="officer1").ask("case form", case="1")
    assert (refused.value.code, refused.value.where) == ("no such draft", "case")


def test_a_folder_that_was_sent_is_whole_and_goes() -> None:
    """Its files are those that were sent, under its own name; it is gone afterwards."""
    files = {"10-own.yaml": written(b"rules: []"), "lists/eigen lijst.txt": written("é".encode())}
    with written_folder("rules-new", files) as folder:
        assert folder.name == "rules-new"
        assert (folder / "lists" / "eigen lijst.txt").read_bytes() == "é".encode()
        assert folder.stat().st_mode & 0o777 == 0o755 & ~_umask(folder)
        assert folder.parent.stat().st_mode & 0o777 == 0o700
    assert not folder.parent.exists()


def test_a_rule_that_was_sent_looks_for_no_file_of_the_desk(desk: Desk) -> None:
    """A rule may name samples; a name that is a path finds none, whether or not there is such a file."""
    (desk.folder / "there.eml").write_bytes(REFERRAL)
    said = []
    for name in ("there", "absent"):
        path = f"{'../' * 12}{desk.folder.as_posix().lstrip('/')}/{name}"
        rule = (
            "stage: noise\nrules:\n  - name: own\n    when: {subject: [quarrel]}\n    then: {kind: noise}\n"
            f"    samples: {{match: ['{path}']}}\n"
        )
        files = {**changed_rules(), "95-own.yaml": written(rule.encode())}
        with pytest.raises(ConfigurationError) as fault:
            Session(CONFIG, given=desk.env, officer="officer1").ask("rules compare", name="new", files=files)
        said += [line for line in str(fault.value).splitlines() if "95-own.yaml" in line]
    assert [line.partition(": ")[2].partition("../")[0] for line in said] == ["there is no samples/"] * 2


def _umask(folder: Path) -> int:
    place = folder / "as made"
    place.mkdir()
    return 0o777 & ~place.stat().st_mode
