# SPDX-License-Identifier: EUPL-1.2
"""What the door answers: to whom, in which words, and a problem (RFC 9457) for all else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import pytest
from werkzeug.test import TestResponse

from flaggermail.door.application import DeskSource, DoorApplication, ServedState, door_application
from flaggermail.errors import (
    ConfigurationError,
    DiskFailure,
    FlaggermailError,
    ReadCancelled,
    ReadingUnkept,
    RowUnreadable,
    StoreAway,
    StoreBusy,
)
from flaggermail.mail.message import Json
from flaggermail.wording.refusals import CommandRefusal
from tests.unit.door.conftest import (
    ARCHIVIST,
    CONTAINER,
    FIRST,
    LOGINS,
    ROOT,
    SECOND,
    STRANGER,
    UNKNOWN,
    WsgiDoor,
)

FIELDS = {"type", "title", "status", "detail", "where", "wanted"}
CASES = "/v1/views/case-list"
OPENED: Mapping[str, Any] = {"election": "EP2024", "type": "A_content", "origin": "media"}


def problem(answer: TestResponse, status: int) -> Mapping[str, Json]:
    """Returns the problem that an answer is."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    found = json.loads(answer.data)
    assert set(found) >= FIELDS
    assert found["status"] == status
    assert found["detail"]
    assert "<" not in found["detail"]
    return dict(found)


# ---- who asks


@pytest.mark.parametrize(
    ("uid", "kind"),
    [
        (ROOT, "stranger"), (STRANGER, "stranger"), (UNKNOWN, "account-unknown"),
        (CONTAINER, "account-of-a-container"), (None, "account-of-a-container"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("address", [CASES, "/v1/views/status", "/v1/commands/case-open"])
def test_whoever_maps_to_nobody_gets_nothing(door: WsgiDoor, uid: int | None, kind: str, address: str) -> None:
    """Root too; whether the view or the command is there or well asked makes no difference."""
    method = "POST" if "commands" in address else "GET"
    assert problem(door.ask(address, uid, method, body={} if method == "POST" else None), 403)["type"] == kind


@pytest.mark.parametrize("header", ["X-Remote-User", "X-Remote-Uid", "Remote-User", "X_REMOTE_UID", "Authorization"])
def test_nothing_in_a_request_gives_authority(door: WsgiDoor, header: str) -> None:
    """A header that names an officer, as a proxy would send it, changes nothing; a field is not known."""
    for value in ("officer1", str(FIRST)):
        assert problem(door.ask(CASES, STRANGER, headers={header: value}), 403)["type"] == "stranger"
    assert problem(door.ask(f"{CASES}?officer=officer1", STRANGER), 403)
    refused = problem(door.command("case-open", **OPENED, officer="head1", login="head1"), 422)
    assert refused["where"] in {"officer", "login"}


def test_health_and_the_description_hold_nothing_of_the_desk(door: WsgiDoor) -> None:
    """Whoever reaches the socket may ask whether the door answers, and how it is asked."""
    assert json.loads(door.ask("/health", STRANGER).data)["ok"] is True
    described = json.loads(door.ask("/v1/openapi.json", STRANGER).data)
    assert described["openapi"].startswith("3.1.")


def test_who_acted_is_who_asked(door: WsgiDoor) -> None:
    """The event names the officer whose login the account has."""
    case = json.loads(door.command("case-open", SECOND, **OPENED).data)["key"]
    shown = json.loads(door.ask(f"/v1/views/events?case={case}").data)
    assert {line["actor"] for line in shown["events"]} == {"officer2"}


def test_an_associate_acts_only_as_an_associate(door: WsgiDoor) -> None:
    """An archivist opens no case."""
    assert problem(door.command("case-open", ARCHIVIST, **OPENED), 403)["type"] == "lacks-role"


# ---- addresses and methods


@pytest.mark.parametrize(
    "address",
    [
        "/", "/v1", "/v1/", "/v1/views", "/v1/views/", "/v1/views/case-list/", "/v1/views/case%20list",
        "/v2/views/case-list",
        "/v1//views/case-list", "/v1/views/..%2fcase-list", "/v1/views/../views/case-list", "/v1/views/%2e%2e/health",
        "/v1/views/case-list%00", "/v1/views/CASE-LIST", "/v1/views/case-open", "/v1/views/check",
        "/v1/views/db-upgrade",
        "/health/", "/v1/openapi.json/", "/static/x", "/v1/views/case-list;x=1", "/v1/views/%ff%fe",
    ],
)  # fmt: skip
def test_there_is_one_address_for_each_thing(door: WsgiDoor, address: str) -> None:
    """Nothing is redirected, decoded twice or found under two names."""
    problem(door.ask(address), 404)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "OPTIONS"])
@pytest.mark.parametrize("address", [CASES, "/v1/commands/case-open", "/health"])
def test_another_method_is_told_which_there_are(door: WsgiDoor, address: str, method: str) -> None:
    """OPTIONS is answered without a body, all others with a problem; both name the methods."""
    answer = door.ask(address, method=method)
    assert answer.headers["Allow"]
    if method == "OPTIONS":
        assert (answer.status_code, answer.data, answer.headers.get("Content-Type")) == (204, b"", None)
    else:
        problem(answer, 405)


def test_a_head_is_the_answer_without_its_body(door: WsgiDoor) -> None:
    """HEAD has the headers of GET."""
    whole, head = door.ask(CASES), door.ask(CASES, method="HEAD")
    assert head.data == b""
    assert head.headers["ETag"] == whole.headers["ETag"]
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]


# ---- what is asked


@pytest.mark.parametrize(
    ("query", "status", "where"),
    [
        ("limit=5&waiting=true", 200, None), ("limit=0", 422, "limit"), ("limit=+5", 422, "limit"),
        ("limit=05", 422, "limit"), ("limit=1e2", 422, "limit"), ("limit=1&limit=2", 400, "limit"),
        ("limit=9999999999999999999999", 422, "limit"), ("waiting=yes", 422, "waiting"), ("waiting=1", 422, "waiting"),
        ("nope=1", 422, "nope"), ("cursor=***", 422, None), ("state=OPEN", 422, "state"), ("election=%ff", 400, None),
        ("limit", 400, None), ("&", 400, None), ("election=%00", 422, None), ("=1", 422, ""),
        ("version=1", 422, "version"),
    ],
)  # fmt: skip
def test_a_query_is_read_in_one_way(door: WsgiDoor, query: str, status: int, where: str | None) -> None:
    """Each field is typed as the view has it; what is unknown, twice or of another type is refused by its name."""
    answer = door.ask(f"{CASES}?{query}")
    if status == 200:
        assert answer.status_code == 200
        return
    found = problem(answer, status)
    assert where is None or found["where"] == (where or None)


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "body-is-no-json"), (b"{", 400, "body-is-no-json"), (b"[]", 400, "body-is-no-object"),
        (b"null", 400, "body-is-no-object"), (b'"x"', 400, "body-is-no-object"), (b"{} {}", 400, "body-is-no-json"),
        (b'{"a": NaN}', 400, "body-is-no-json"), (b'{"a": -Infinity}', 400, "body-is-no-json"),
        (b'{"title": "a", "title": "b"}', 400, "field-twice"), (b'{"a": {"b": 1, "b": 2}}', 400, "field-twice"),
        (b"\xff\xfe{}", 400, "body-is-no-json"), (b"\xef\xbb\xbf{}", 400, "body-is-no-json"),
        (b"[" * 100_000, 400, "body-too-deep"), (b'{"a":' * 500 + b"1" + b"}" * 500, 400, "body-too-deep"),
        (b'{"title": "\\ud800"}', 422, "request-faulty"), (b'{"\\ud800": 1}', 422, None), (b'{"a": 1e999}', 422, None),
        (b'{"title": "' + b"x" * 1_000_000 + b'"}', 413, "body-too-large"), (b"{}", 422, "request-faulty"),
        (b'{"a": ' + b"9" * 5000 + b"}", 400, "body-is-no-json"), (b'{"version": true}', 422, None),
    ],
)  # fmt: skip
def test_a_body_is_one_json_object(door: WsgiDoor, body: bytes, status: int, kind: str | None) -> None:
    """What two programs could read in two ways is refused."""
    answer = door.ask("/v1/commands/case-open", method="POST", body=body, headers={"Content-Type": "application/json"})
    found = problem(answer, status)
    assert kind is None or found["type"] == kind


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
        "multipart/form-data; boundary=x",
    ],
)
def test_a_body_says_that_it_is_json(door: WsgiDoor, kind: str) -> None:
    """A form that a page of somebody else's posts is no command."""
    answer = door.ask(
        "/v1/commands/case-open", method="POST", body=b"{}", headers={"Content-Type": kind} if kind else {}
    )
    assert problem(answer, 415)["type"] == "media-type"


def test_fields_stand_in_one_place(door: WsgiDoor) -> None:
    """A view by GET has a query alone, and a request by POST a body alone."""
    kind = {"Content-Type": "application/json"}
    problem(door.ask(CASES, body=b'{"limit": 1}', headers=kind), 400)
    problem(door.ask(f"{CASES}?limit=1", method="POST", body=b"{}", headers=kind), 400)
    problem(door.ask("/v1/commands/case-open?x=1", method="POST", body=b"{}", headers=kind), 400)
    by_post = door.ask(CASES, method="POST", body={"limit": 1})
    assert json.loads(by_post.data)["cases"] == json.loads(door.ask(f"{CASES}?limit=1").data)["cases"]


# ---- how it is answered


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("", "en"), ("nl", "nl"), ("nl-NL, en;q=0.5", "nl"), ("en;q=0.4, nl;q=0.6", "nl"), ("de", "en"),
        ("de, nl;q=0.1", "nl"), ("nl;q=0", "en"), ("*", "en"), ("en;q=0, *", "nl"), ("nl;q=2", "en"), (";;,", "en"),
    ],
)  # fmt: skip
def test_the_sentences_are_of_the_language_that_is_asked_for(door: WsgiDoor, asked: str, language: str) -> None:
    """RFC 9110, 12.5.4; the answer says which language it has."""
    answer = door.ask(CASES, STRANGER, headers={"Accept-Language": asked})
    assert answer.headers["Content-Language"] == language
    assert ("gebruiker stranger" in str(problem(answer, 403)["detail"])) is (language == "nl")
    assert "Accept-Language" in answer.headers["Vary"]


def test_every_answer_says_its_version_and_is_nosniff(door: WsgiDoor) -> None:
    """Those of problems too."""
    for address in (CASES, "/health", "/nowhere", "/v1/openapi.json"):
        answer = door.ask(address)
        assert answer.headers["API-Version"] == "1"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_an_answer_that_is_still_so_is_not_sent_again(door: WsgiDoor) -> None:
    """The tag depends on the record, the person, the language and what was asked."""
    tag = door.ask(CASES).headers["ETag"]
    assert door.ask(CASES, headers={"If-None-Match": f'"x", W/{tag}'}).status_code == 304
    assert door.ask(CASES, SECOND).headers["ETag"] != tag
    assert door.ask(CASES, headers={"Accept-Language": "nl"}).headers["ETag"] != tag
    assert door.ask(f"{CASES}?limit=5").headers["ETag"] != tag
    assert problem(door.ask(CASES, STRANGER, headers={"If-None-Match": tag}), 403)
    door.command("case-open", **OPENED)
    assert door.ask(CASES, headers={"If-None-Match": tag}).status_code == 200


# ---- commands that are sent twice, or too late


def test_the_second_of_two_officers_is_told_who_was_faster(door: WsgiDoor) -> None:
    """The version of a view, as a field or as If-Match, is 409 once somebody else has acted."""
    case = json.loads(door.command("case-open", **OPENED).data)["key"]
    seen = json.loads(door.ask(f"/v1/views/case-show?case={case}").data)["version"]
    assert door.command("case-assign", SECOND, case=case, officer="officer2", version=seen).status_code == 200
    for headers, fields in (({"If-Match": f'"{seen}"'}, {}), ({"If-Match": str(seen)}, {}), ({}, {"version": seen})):
        refused = problem(
            door.command("case-assign", case=case, officer="officer1", headers=headers, **fields), 409
        )  # fmt: skip
        assert refused["type"] == CommandRefusal.CHANGED_SINCE.replace(" ", "-")
        assert "officer2" in str(refused["detail"])
    both = door.command("case-assign", case=case, officer="officer1", headers={"If-Match": '"1"'}, version=seen)
    assert problem(both, 400)["where"] == "version"
    assert problem(door.command("case-assign", case=case, officer="x", headers={"If-Match": "W/x"}), 400)


def test_a_command_with_a_key_is_done_once(door: WsgiDoor) -> None:
    """A repeat is answered the same; another person, or another request, with that key is refused."""
    key = {"Idempotency-Key": "0123456789abcdef"}
    first = json.loads(door.command("case-open", headers=key, **OPENED).data)
    assert json.loads(door.command("case-open", headers=key, **OPENED).data) == first
    assert json.loads(door.command("case-open", **OPENED).data)["key"] != first["key"]
    assert problem(door.command("case-open", SECOND, headers=key, **OPENED), 409)["type"] == "key-of-another-person"
    other = door.command("case-open", headers=key, **{**OPENED, "title": "x"})
    assert problem(other, 409)["type"] == "key-of-another-request"
    assert problem(door.command("case-close", headers=key, case="x"), 409)


def test_a_key_of_a_refused_command_may_be_used_again(door: WsgiDoor) -> None:
    """Nothing was done, so that nothing is kept."""
    key = {"Idempotency-Key": "refused-then-right"}
    assert problem(door.command("case-open", headers=key, **{**OPENED, "election": "XX1999"}), 404)
    assert door.command("case-open", headers=key, **OPENED).status_code == 200


@pytest.mark.parametrize("key", ["short", "x" * 129, "with space", "ключ12345", '"unended', ""])
def test_a_key_is_short_and_plain(door: WsgiDoor, key: str) -> None:
    """It is kept in the record."""
    headers = {"Idempotency-Key": key.encode().decode("latin-1")}
    assert problem(door.command("case-open", headers=headers, **OPENED), 400)["type"] == "no-key-of-a-repeat"


# ---- a desk that cannot answer


class BrokenDesk:
    """A desk that fails whenever it is asked."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    def services(self) -> object:
        """Fails."""
        raise self.fault

    ground = None

    def state(self) -> ServedState:
        """Returns that nothing is known."""
        return ServedState(0, daemon=False)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (StoreBusy("by another"), "record-busy"), (StoreAway("no route"), "record-away"),
        (StoreAway("no answer", in_doubt=True), "command-in-doubt"), (ReadingUnkept("away"), "reading-unkept"),
        (ReadCancelled("recovery"), "record-away"), (DiskFailure("disk full"), "record-away"),
        (RowUnreadable("row"), "record-faulty"),
        (ConfigurationError("a.yaml:1: x"), "configuration-faulty"), (FlaggermailError("other"), "record-faulty"),
    ],
)  # fmt: skip
def test_a_desk_that_cannot_answer_says_so_and_when_to_ask_again(fault: Exception, kind: str) -> None:
    """503 in words, with Retry-After."""
    client = door_application(DoorApplication(cast("DeskSource", BrokenDesk(fault)), login_of=LOGINS.get)).test_client()
    answer = client.get(CASES, environ_overrides={"X_REMOTE_UID": str(FIRST)})
    assert problem(answer, 503)["type"] == kind
    assert int(answer.headers["Retry-After"]) > 0


def test_a_fault_of_the_program_tells_nobody_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    """It may quote a mail; the journal has the place."""
    client = door_application(DoorApplication(cast("DeskSource", BrokenDesk(ValueError("secret"))))).test_client()
    answer = client.get(CASES, environ_overrides={"X_REMOTE_UID": str(FIRST)})
    assert problem(answer, 500)["type"] == "fault-of-the-program"
    assert "secret" not in answer.text + capsys.readouterr().err


def test_a_door_that_stops_begins_nothing(door: WsgiDoor) -> None:
    """503, and the same request works at the next door."""
    client = door_application(DoorApplication(door.source, lambda: True, LOGINS.get)).test_client()
    answer = client.get(CASES, environ_overrides={"X_REMOTE_UID": str(FIRST)})
    assert problem(answer, 503)["type"] == "door-stops"


def test_an_answer_says_whether_the_daemon_runs(door: WsgiDoor) -> None:
    """Without it commands work, and nothing is sent."""
    assert door.ask(CASES).headers["Daemon"] == "not running"
    assert door.command("case-open", **OPENED).headers["Daemon"] == "not running"
