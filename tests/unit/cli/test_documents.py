# SPDX-License-Identifier: EUPL-1.2
"""The documents that the desk answers about rota, officers and rules, and what it answers without being opened."""

from __future__ import annotations

import json
import shutil
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flaggermail.desk.inspections import INSPECTIONS
from flaggermail.desk.views import VIEWS
from flaggermail.errors import ConfigurationError, FlaggermailError, NotFound, Refusal
from flaggermail.shipped import shipped
from flaggermail.wiring.opening import DeskConnection
from tests.unit.cli.conftest import CONFIG, Desk

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

MAIL = b"From: a@b.example\r\nMessage-ID: <q@b.example>\r\nSubject: ?\r\n\r\nhello\r\n"
ANSWER = b"From: b@b.example\r\nMessage-ID: <r@b.example>\r\nIn-Reply-To: <q@b.example>\r\n\r\nhello\r\n"
REMINDER = "VF-EP2024-0001/1/receipt/60/officer1"


def written(octets: bytes) -> str:
    """Returns octets in Base64."""
    return b64encode(octets).decode("ascii")


def ask(desk: Desk, name: str, /, **request: Json) -> Mapping[str, Json]:
    """Asks the desk as its first officer, with a request that went through JSON."""
    document = DeskConnection(CONFIG, officer="officer1", given=desk.env).answer(name, json.loads(json.dumps(request)))
    found = json.loads(json.dumps(document))
    assert isinstance(found, dict)
    return found


def rows(document: Mapping[str, Json], name: str) -> Sequence[Mapping[str, Json]]:
    """Returns the objects of a list."""
    found = document[name]
    assert isinstance(found, list)
    return found


def version(desk: Desk) -> int:
    """Returns the number of the last event."""
    with desk.env.store.read() as tx:
        head = tx.head()
    return head.seq if head else 0


# ---------------------------------------------------------------- views


def test_who_is_on_call_and_what_waits(desk: Desk) -> None:
    """`oncall now` gives the officer with phone, and the reminders without the token that would act for them."""
    desk.notified()
    desk.go_to("2024-06-06T11:34:00+02:00")
    found = ask(desk, "oncall now")
    assert found["officer"] == {"id": "officer1", "name": "A. Jansen", "phone": "+31 6 0000 0001"}
    assert [row["id"] for row in rows(found, "reminders")] == [REMINDER]
    assert "token" not in rows(found, "reminders")[0]
    assert found["version"] == version(desk)


def test_what_comes_next(desk: Desk) -> None:
    """`oncall next` gives shifts and clocks; with an instant, in the desk's zone, who would be told by then."""
    desk.notified()
    assert set(ask(desk, "oncall next")) == {
        "shifts", "otherwise", "fallback_officer", "clocks", "next_reminder_due", "version", "void", "next",
    }  # fmt: skip
    then = ask(desk, "oncall next", at="2024-06-06T11:34")
    assert (then["at"], then["officer"]) == ("2024-06-06T11:34:00+02:00", "officer1")
    assert [step["after"] for step in rows(rows(then, "clocks")[0], "steps")] == [60]
    assert then == ask(desk, "oncall next", at="2024-06-06T09:34:00Z")
    for wrong in ("2024-10-27T02:30", "tomorrow", 3):
        with pytest.raises(Refusal, match=r"^oncall next: "):
            ask(desk, "oncall next", at=wrong)


def test_lists_of_the_rota_are_objects_with_a_version(desk: Desk) -> None:
    """Hand-over, pages, held-back notices and officers are lists under a name, with the version of the record."""
    desk.notified()
    desk.receive(MAIL)
    note = ask(desk, "oncall handover")
    assert {name: len(found) for name, found in note.items() if isinstance(found, list)} == {
        "cases": 1, "clocks": 1, "awaited": 0, "unanswered": 0, "acknowledged": 0, "quarantine": 1,
        "uncertain": 0, "withheld": 0,
    }  # fmt: skip
    assert ask(desk, "oncall pages") == {"pages": [], "next": None, "version": version(desk)}
    assert ask(desk, "oncall held") == {"held": [], "next": None, "version": version(desk)}
    officers = ask(desk, "officer list")
    assert [row["id"] for row in rows(officers, "officers")] == ["officer1", "officer2", "head1"]
    assert set(rows(officers, "officers")[0]) == {
        "id", "name", "roles", "login", "device", "device_said", "enrolled_by", "enrolled_at",
    }  # fmt: skip


def test_a_secret_is_shown_until_the_device_is_in_use(desk: Desk) -> None:
    """The otpauth address is answered for a device that waits for its first code, and for no other."""
    key = ask(desk, "officer enrol", officer="head1")["key"]
    assert str(ask(desk, "officer enrolment", device=key)["address"]).startswith("otpauth://totp/")
    ask(desk, "officer revoke", officer="head1")
    for device in (key, "nothing"):
        with pytest.raises(NotFound):
            ask(desk, "officer enrolment", device=device)


def test_an_officer_without_a_pager_is_refused(desk: Desk) -> None:
    """A test page needs a pager; nothing is recorded of it."""
    before = version(desk)
    with pytest.raises(Refusal, match="has no pager"):
        ask(desk, "oncall page", officer="officer1")
    assert version(desk) == before


def test_a_mail_is_explained_from_its_octets(desk: Desk) -> None:
    """The rules explain octets, a stored message, and a sample with what stands beside it; no file is read."""
    key = desk.receive(MAIL)
    live = ask(desk, "rules test", octets=written(MAIL))
    assert ask(desk, "rules test", message=key)["kinds"] == live["kinds"] == ["unknown"]
    samples = shipped("rules") / "samples"
    name = "machine-receipt-meta-en"
    beside = {
        "octets": written((samples / f"{name}.eml").read_bytes()), "who": written((samples / "who.yaml").read_bytes()),
        "given": written((samples / f"{name}.yaml").read_bytes()),
    }  # fmt: skip
    sample = ask(desk, "rules test", **beside)
    assert (sample["kinds"], sample["becomes"]) == (["auto_reply", "platform_ack"], None)
    faulty = beside | {"name": name, "given": written(b"colour: blue\n")}
    with pytest.raises(ConfigurationError, match=rf"^rules/samples/{name}\.yaml:1:1 about: is missing"):
        ask(desk, "rules test", **faulty)
    for wrong in ({}, {"octets": "?"}, {"octets": written(MAIL), "who": "!"}):
        with pytest.raises(Refusal):
            ask(desk, "rules test", **wrong)
    with pytest.raises(NotFound):
        ask(desk, "rules test", message="m00000099")


def test_rules_are_compared_part_by_part(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer covers a part of the archive; together they cover it once, and the first counts all of it."""
    monkeypatch.setattr("flaggermail.desk.views.rules._AT_ONCE", 2)
    for number in range(5):
        desk.receive(MAIL.replace(b"q@", f"q{number}@".encode()).replace(b"hello", f"hello {number}".encode()))
    files = {
        path.relative_to(shipped("rules")).as_posix(): written(path.read_bytes())
        for path in shipped("rules").rglob("*") if path.is_file()
    }  # fmt: skip
    parts, after = [], 0
    while True:
        part = ask(desk, "rules compare", name="other", files=files, after=after)
        parts.append((part["judged"], part["of"]))
        if part["next"] is None:
            break
        after = int(str(part["next"]))
    assert parts == [(2, 5), (2, None), (1, None)]


@pytest.mark.parametrize("path", ["../outside.yaml", "{folder}/outside.yaml", "a/../../b", ""])
def test_no_file_is_written_outside_the_folder_of_a_comparison(desk: Desk, path: str) -> None:
    """A path that leaves the folder is refused, and so is a folder's name that is a path."""
    with pytest.raises(Refusal):
        ask(desk, "rules compare", name="other", files={path.format(folder=desk.folder): written(b"")})
    with pytest.raises(Refusal):
        ask(desk, "rules compare", name="../other", files={})


# ---------------------------------------------------------------- inspections


def closed(directory: Path) -> DeskConnection:
    """Returns a desk that is asked without being opened."""
    return DeskConnection(directory, "nobody")


def test_mail_is_read_without_a_configuration(tmp_path: Path) -> None:
    """`parse` and `threads` need no desk: octets in, documents out."""
    desk = closed(tmp_path / "none")
    mails = [written(MAIL), written(ANSWER)]
    parsed = rows(desk.answer("parse", {"mails": mails}), "mails")
    assert [row["message_id"] for row in parsed] == ["q@b.example", "r@b.example"]
    read = desk.answer("threads read", {"mails": mails})
    assert desk.answer("threads", {"messages": read["messages"]}) == {"threads": [["q@b.example", "r@b.example"]]}
    desk.close()
    assert list(tmp_path.iterdir()) == []


def test_a_faulty_configuration_is_answered_with_its_faults(tmp_path: Path) -> None:
    """`check` answers faults as a document; what cannot do without the settings raises them."""
    desk = closed(tmp_path)
    faults = desk.answer("check")["faults"]
    assert isinstance(faults, list | tuple)
    assert [fault for fault in faults if "flaggermail.yaml" in str(fault)]
    for name in ("rules check", "audit head", "db upgrade"):
        with pytest.raises(FlaggermailError):
            desk.answer(name)
    assert desk.answer("rules schema", {"name": "rules"})["type"] == "object"


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("parse", {}), ("parse", {"mails": "x"}), ("parse", {"mails": ["?"]}), ("parse", {"mails": [3]}),
        ("parse", {"mails": [], "more": 1}), ("threads", {"messages": 3}), ("threads", {"messages": [{}]}),
        ("threads", {"messages": ["x"]}), ("audit verify", {"since": ["x"]}), ("audit verify", {"since": None}),
        ("rules schema", {"name": "x"}), ("rules schema", {"name": None}),
        ("status", {"directory": "/etc"}), ("check", {"directory": "/etc"}),
    ],
)  # fmt: skip
def test_a_request_that_is_none_is_refused(tmp_path: Path, name: str, request_: dict[str, Json]) -> None:
    """A missing, unknown or impossible field is refused in one line, whatever it holds."""
    with pytest.raises(Refusal) as refused:
        closed(tmp_path).answer(name, request_)
    assert "\n" not in str(refused.value)


def test_no_two_requests_have_one_name() -> None:
    """Each name is a view or an inspection."""
    assert not VIEWS.keys() & INSPECTIONS.keys()


def test_evidence_is_read_without_writing(desk: Desk, tmp_path: Path) -> None:
    """The head of the chain and the comparison come from the database as it is; a document says whether it agrees."""
    desk.notified()
    found = ask(desk, "audit verify", since=[])
    assert ask(desk, "audit head") == found["head"]
    assert (found["differences"], found["proved"], found["events"]) == ([], True, version(desk))
    shutil.copytree(CONFIG, tmp_path / "desk")
    shutil.copytree(shipped("rules"), tmp_path / "desk" / "rules")
    before = sorted(path.name for path in (tmp_path / "desk").iterdir())
    with pytest.raises(FlaggermailError, match="does not exist"):
        closed(tmp_path / "desk").answer("audit verify", {"since": []})
    assert sorted(path.name for path in (tmp_path / "desk").iterdir()) == before
