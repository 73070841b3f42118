# SPDX-License-Identifier: EUPL-1.2
"""The documents of the desk: what each view answers, with its version, and what no view shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from flaggermail.cli.session import Session
from flaggermail.desk.desk import view_of
from flaggermail.desk.views import VIEWS
from flaggermail.documents.octets import Octets
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.message import Json
from flaggermail.record.events import EventKind, changed
from flaggermail.record.rows import Case, StoredMessage
from flaggermail.services import UnitOfWork
from tests.corpus import each
from tests.unit.cli.conftest import CONFIG, Desk
from tests.unit.cli.test_cli_case import answer_to
from tests.unit.cli.test_cli_mail import HOSTILE

Found = dict[str, object]


def ask(desk: Desk, name: str, /, **request: str) -> Found:
    """Returns the desk's answer as a program gets it: read back from JSON."""
    answer = Session(CONFIG, given=desk.env, officer="officer1").ask(name, **request)
    found = json.loads(json.dumps(answer))
    assert isinstance(found, dict)
    return found


def fetch(desk: Desk, name: str, /, **request: Json) -> Octets[Mapping[str, Json]]:
    """Returns a file that the desk gives."""
    return Session(CONFIG, given=desk.env, officer="officer1").fetch(name, **request)


def rows(document: Found, name: str) -> list[Found]:
    """Returns the objects in a list of a document."""
    found = document[name]
    assert isinstance(found, list)
    return found


LISTS = {
    "case list": "cases", "channel list": "channels", "declined list": "messages", "election list": "elections",
    "events": "events", "message list": "messages", "node list": "nodes", "outbox list": "mails",
    "quarantine list": "messages",
}  # fmt: skip


@each("name", sorted(LISTS))
def test_a_list_is_an_object_with_a_version(desk: Desk, name: str) -> None:
    """The list has a name of its own in the document; the version is the number of the last event."""
    document = ask(desk, name)
    assert isinstance(document[LISTS[name]], list)
    with desk.env.store.read() as tx:
        head = tx.head()
    assert head is not None
    assert document["version"] == head.seq


def test_a_case_shows_what_decides_its_next_reminder(desk: Desk) -> None:
    """A running clock has its next steps with instant and person; a stopped one has minutes, hours and words."""
    number = desk.notified()
    (use,) = rows(ask(desk, "case show", case=number), "notifications")
    receipt, substance = rows(use, "running")
    assert [(running["about"], running["clock"], running["since"]) for running in (receipt, substance)] == [
        (f"{number}/1", "receipt", "2024-06-06T10:34:00+02:00"),
        (f"{number}/1", "substance", "2024-06-06T10:34:00+02:00"),
    ]
    step = rows(receipt, "steps")[0]
    assert (step["after"], step["due_at"], step["officer"]) == (60, "2024-06-06T11:34:00+02:00", "officer1")
    assert (step["officer_name"], step["to_head"], step["by_every_means"]) == ("A. Jansen", False, True)
    step = rows(substance, "steps")[0]
    assert (step["due_at"], step["officer"], step["by_every_means"]) == ("2024-06-07T08:00:00+02:00", "officer1", False)
    answer = answer_to(desk, f"{number}/1")
    desk.go_to("2024-06-06T13:06:00+02:00")
    desk.receive(answer)
    (use,) = rows(ask(desk, "case show", case=number), "notifications")
    assert [(clock["kind"], clock["minutes"], clock["hours"]) for clock in rows(use, "clocks")] == [
        ("receipt", 152, "2.5"), ("human", 152, "2.5"), ("substance", 152, "2.5"),
    ]  # fmt: skip


def test_a_case_is_found_by_its_number_alone(desk: Desk) -> None:
    """While one election is open, the running number is enough, in views as in commands."""
    number = desk.notified()
    assert ask(desk, "case show", case="1")["number"] == number
    assert desk.done("case", "assign", "1", "officer2") == f"case {number} is with officer2\n"
    assert desk.done("case", "show", "1") == desk.done("case", "show", number)


def test_related_cases_tell_their_decision(desk: Desk) -> None:
    """A related case comes with its title, its decision and the reason."""
    number = desk.notified()
    desk.done("case", "open", "--election", "EP2024", "--type", "other", "--origin", "media", "--related", number)
    (related,) = rows(ask(desk, "case show", case="VF-EP2024-0002"), "related_cases")
    assert (related["number"], related["title"], related["decision"], related["decision_reason"]) == (
        number, "Two boxes coloured on one list", "notify", "such votes are invalid",
    )  # fmt: skip


def test_the_form_has_its_questions_with_what_is_known(desk: Desk) -> None:
    """Each question has key, words and the known answer; a filled-in form is read without recording anything."""
    number = desk.notified()
    questions = {str(one["key"]): one["answer"] for one in rows(ask(desk, "case form", case=number), "questions")}
    assert (questions["incorrect"], questions["criteria"], questions["satire"]) == (True, [1], None)
    answers = ask(desk, "case form read", text="satire: true\ncriteria: [2]\n")["answers"]
    assert isinstance(answers, dict)
    assert (answers["satire"], answers["criteria"], answers["incorrect"]) == (True, [2], None)
    assert ask(desk, "case show", case=number)["satire"] is None


def test_a_form_is_refused_if_somebody_was_faster(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A colleague's assessment during the edit is not overwritten; the form is kept and goes on."""
    number = desk.notified()
    monkeypatch.setenv("XDG_STATE_HOME", str(desk.folder / "state"))

    def edit(filename: str) -> None:
        path = Path(filename)
        path.write_text(path.read_text("utf-8").replace("satire:\n", "satire: true\n"), "utf-8")
        (desk.folder / "other.yaml").write_text("own_attempts: 3\n", "utf-8")
        desk.done("case", "assess", number, str(desk.folder / "other.yaml"), officer="officer2")

    monkeypatch.setattr("click.edit", edit)
    ran = desk.type("case", "assess", number, "--edit")
    assert (ran.status, "officer2" in ran.err, "your form is kept" in ran.err) == (1, True, True)
    document = ask(desk, "case show", case=number)
    assert (document["satire"], document["own_attempts"]) == (None, 3)
    monkeypatch.setattr("click.edit", lambda filename: None)  # noqa: ARG005 - its name is the parameter's
    assert desk.type("case", "assess", number, "--edit").status == 0
    document = ask(desk, "case show", case=number)
    assert (document["satire"], document["own_attempts"]) == (True, 3)


def test_no_view_shows_a_token(desk: Desk) -> None:
    """Tokens authorise acts by mail: none is in any document, the events included."""
    number = desk.notified()
    with desk.env.store.read() as tx:
        case = tx.get(Case, number)
    assert case is not None
    shown = [ask(desk, name) for name in LISTS] + [ask(desk, "case show", case=number)]
    assert case.token not in json.dumps(shown)
    assert "token" in {str(change["table"]) for event in rows(shown[4], "events") for change in rows(event, "changes")}


# ---------------------------------------------------------------- events


def test_events_are_told_in_words(desk: Desk) -> None:
    """An event has number, instant, actor and kind, and the values that it set."""
    number = desk.notified()
    printed = desk.done("events", "--case", "1", "--kind", "case decided")
    assert printed.splitlines()[0].endswith(f"  2024-06-06 10:33+02:00  officer1  case decided  {number}: notify")
    assert f"    case_file {number}: " in printed
    assert "decision notify, decision_reason such votes are invalid" in printed
    (event,) = rows(ask(desk, "events", case=number, kind="case decided"), "events")
    assert (event["actor"], event["case"], event["at"]) == ("officer1", number, "2024-06-06T10:33:00+02:00")


def test_events_are_chosen_by_case_instant_and_kind(desk: Desk) -> None:
    """Each filter narrows the list; an unknown kind, case or instant is refused in one line."""
    number = desk.notified()
    every = rows(ask(desk, "events"), "events")
    assert [event["event"] for event in every] == list(range(1, len(every) + 1))
    since = rows(ask(desk, "events", since="2024-06-06T10:34"), "events")
    assert 0 < len(since) < len(every)
    assert all(str(event["at"]) >= "2024-06-06T10:34" for event in since)
    about = rows(ask(desk, "events", case=number), "events")
    assert {"case opened", "notification sent", "clock started"} <= {str(event["kind"]) for event in about}
    assert "election added" not in {str(event["kind"]) for event in about}
    assert desk.done("events", "--kind", "device locked") == "no events\n"
    for words in (("--kind", "case eaten"), ("--case", "VF-EP2024-0099")):
        ran = desk.type("events", *words)
        assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert desk.type("events", "--since", "yesterday").status == 2


def test_erased_values_are_said_to_be_erased(desk: Desk) -> None:
    """A personal value is shown as stored until it is erased; then its name is all that is left."""
    key = desk.receive(HOSTILE)
    assert "griffie@raad.example" in desk.done("events", "--kind", "message taken in")
    with desk.env.store.begin() as tx:
        row = tx.get(StoredMessage, key)
        assert row is not None
        work = UnitOfWork(desk.env, tx, desk.clock.now())
        work.record(EventKind.MESSAGE_DECLINED, changed(row, replace(row, from_address=None)))
        tx.erase(StoredMessage, [key], {"from_address"}, row.first_seen_at)
    printed = desk.done("events", "--kind", "message taken in")
    assert "griffie@raad.example" not in printed
    assert "from_address (erased)" in printed
    (event,) = rows(ask(desk, "events", kind="message taken in"), "events")
    message = next(change for change in rows(event, "changes") if change["table"] == "message")
    assert message["erased"] == ["from_address"]
    assert "from_address" not in str(message["values"])


# ---------------------------------------------------------------- octets

PART = (
    b"From: a@raad.example\r\nTo: verkiezingenflagger@bzk.example\r\nSubject: twee\r\nMessage-ID: <2@raad.example>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nZie bijlagen.\r\n"
    b'--b\r\nContent-Type: image/png; name="../../etc/passwd"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    b"iVBORw0KGgo=\r\n"
    b"--b\r\nContent-Type: text/csv; name=a.csv\r\n\r\nx;y\r\n--b\r\nContent-Type: text/csv; name=a.csv\r\n\r\nz\r\n"
    b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF\r\n--b--\r\n"
)


def test_a_mail_is_saved_octet_for_octet(desk: Desk, tmp_path: Path) -> None:
    """The file has the octets that arrived; a second time it is refused, and nothing is overwritten."""
    key = desk.receive(HOSTILE)
    path = tmp_path / "new" / f"{key}.eml"
    assert desk.done("message", "save", key, "--to", str(path.parent)) == f"{path}\n"
    assert path.read_bytes() == HOSTILE
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(b"mine")
    ran = desk.type("message", "save", key, "--to", str(path.parent))
    assert (ran.status, ran.out) == (1, "")
    assert "is there already" in ran.err
    assert path.read_bytes() == b"mine"


def test_an_attachment_is_saved_under_a_safe_name(desk: Desk, tmp_path: Path) -> None:
    """A name cannot leave the folder; of two with one name, or of one without, the position tells which."""
    key = desk.receive(PART)
    save = ("message", "save", key, "--to", str(tmp_path), "--attachment")
    assert desk.done(*save, "passwd") == f"{tmp_path / 'passwd'}\n"
    assert (tmp_path / "passwd").read_bytes() == b"\x89PNG\r\n\x1a\n"
    ran = desk.type(*save, "a.csv")
    assert (ran.status, "give its position, 2 or 3" in ran.err) == (1, True)
    desk.done(*save, "3")
    assert (tmp_path / "a.csv").read_bytes() == b"z"
    found = desk.type(*save, "4", "--json").json
    assert isinstance(found, dict)
    assert (found["name"], found["size"], "base64" in found) == (f"{key}-4.bin", 4, False)
    assert (tmp_path / f"{key}-4.bin").read_bytes() == b"%PDF"
    for wanted in ("0", "5", "x.pdf", "../passwd", ""):
        assert desk.type(*save, wanted).status == 1


def test_an_existing_link_is_not_followed(desk: Desk, tmp_path: Path) -> None:
    """A link under the name of the file is a file that is there already."""
    key = desk.receive(HOSTILE)
    (tmp_path / f"{key}.eml").symlink_to(tmp_path / "target")
    assert desk.type("message", "save", key, "--to", str(tmp_path)).status == 1
    assert not (tmp_path / "target").exists()


def test_destroyed_octets_are_not_given(desk: Desk) -> None:
    """A destroyed message is refused, and an unknown one not found."""
    key = desk.receive(HOSTILE)
    assert fetch(desk, "message octets", message=key).whole() == HOSTILE
    with desk.env.store.begin() as tx:
        row = tx.get(StoredMessage, key)
        assert row is not None
        work = UnitOfWork(desk.env, tx, desk.clock.now())
        work.record(EventKind.OCTETS_DISCARDED, changed(row, replace(row, discarded_at=desk.clock.now())))
    ways: dict[str, Callable[..., object]] = {"message octets": fetch, "message show": ask, "message sample": ask}
    for name, way in ways.items():
        with pytest.raises(Refusal, match="destroyed"):
            way(desk, name, message=key)
        with pytest.raises(NotFound):
            way(desk, name, message="m99999999")


def test_a_mail_is_fetched_with_its_media_type(desk: Desk) -> None:
    """It comes in parts, octet for octet, with its facts beside it. No stranger chooses the type of an attachment."""
    key = desk.receive(PART)
    found = fetch(desk, "message octets", message=key)
    parts = list(found.parts)
    assert b"".join(parts) == PART
    assert (found.media_type, found.name, found.size) == ("message/rfc822", f"{key}.eml", len(PART))
    facts = {"message": key, "name": f"{key}.eml", "size": len(PART), "version": ask(desk, "case list")["version"]}
    assert {name: found.facts[name] for name in facts} == facts
    attached = fetch(desk, "message octets", message=key, attachment="passwd")
    assert (attached.media_type, attached.name) == ("application/octet-stream", "passwd")
    for one in rows(ask(desk, "message show", message=key), "attachments"):
        octets = fetch(desk, "message octets", message=key, number=int(str(one["number"]))).whole()
        assert one["sha256"] == hashlib.sha256(octets).hexdigest()


def test_a_file_is_fetched_and_a_document_is_answered(desk: Desk) -> None:
    """Neither comes by the way of the other: the refusal says which, in words of either language."""
    with pytest.raises(Refusal, match="its answer is a file, not a document; fetch it"):
        ask(desk, "message octets", message="m1")
    for name in ("case list", "no such view"):
        with pytest.raises(NotFound, match=f"{name}: the desk gives no file of that name"):
            fetch(desk, name)


def test_samples_do_not_overwrite_and_do_not_leave_the_folder(desk: Desk, tmp_path: Path) -> None:
    """Without a name the next free one is taken; a name that exists, or leads out of the folder, is refused."""
    key = desk.receive(HOSTILE)
    sample = ("message", "sample", key, "--out", str(tmp_path / "s"))
    first, second = (desk.type(*sample, "--json").json for _ in range(2))
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert (first["name"], second["name"]) == ("unknown-1", "unknown-2")
    assert len(list((tmp_path / "s").iterdir())) == 4
    for name in ("unknown-1", "../x", "A"):
        assert desk.type(*sample, "--name", name).status == 1
    assert not (tmp_path / "x.eml").exists()


def test_every_acting_command_answers_as_json(desk: Desk) -> None:
    """With `--json`, an act prints the desk's answer: key, state, warnings and the version that it made."""
    words = ("case", "open", "--election", "EP2024", "--type", "other", "--origin", "media", "--json")
    answer = desk.type(*words).json
    assert isinstance(answer, dict)
    assert (answer["key"], answer["state"], answer["warnings"]) == (
        "VF-EP2024-0001", "case VF-EP2024-0001 opened", [],
    )  # fmt: skip
    assert answer["version"] == ask(desk, "case list")["version"]


def test_every_view_can_be_loaded() -> None:
    """Each name in the table of views is that of a class."""
    assert all(view_of(name).show is not None for name in VIEWS)
