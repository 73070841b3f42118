# SPDX-License-Identifier: EUPL-1.2
"""Two officers at once, and answers that are files."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from tests.unit.door.conftest import FIRST, SECOND, WsgiDoor

OPENED = {"election": "EP2024", "type": "A_content", "origin": "media"}
ROUNDS = 25


def together(door: WsgiDoor, case: str, version: int, barrier: Barrier, uid: int) -> int:
    """Assigns the case at the same moment as the other; returns the status."""
    own = replace(door, client=door.client.application.test_client())
    barrier.wait(10)
    fields = {"case": case, "officer": "officer1" if uid == FIRST else "officer2", "version": version}
    return own.ask("/v1/commands/case-assign", uid, "POST", body=dict(fields)).status_code


def test_of_two_commands_decided_on_one_view_one_is_done(door: WsgiDoor) -> None:
    """However they meet: one is done and the other told who was faster, each time."""
    with ThreadPoolExecutor(2) as pool:
        for _ in range(ROUNDS):
            opened = json.loads(door.ask("/v1/commands/case-open", method="POST", body=dict(OPENED)).data)
            barrier = Barrier(2)
            asked = [
                pool.submit(together, door, opened["key"], opened["version"], barrier, uid) for uid in (FIRST, SECOND)
            ]
            assert sorted(one.result(30) for one in asked) == [200, 409]


@pytest.mark.parametrize("times", [2, 5])
def test_of_one_command_sent_at_once_several_times_one_is_done(door: WsgiDoor, times: int) -> None:
    """With one key: every answer is the same."""
    clients = [door.client.application.test_client() for _ in range(times)]
    headers = {"Idempotency-Key": f"at-once-{times}"}
    with ThreadPoolExecutor(times) as pool:
        sent = [
            pool.submit(
                replace(door, client=client).ask, "/v1/commands/case-open", FIRST, "POST",
                body=dict(OPENED), headers=headers,
            )
            for client in clients
        ]  # fmt: skip
        answers = {one.result(30).data for one in sent}
    assert len(answers) == 1


def test_a_file_has_its_media_type_its_name_and_its_facts(door: WsgiDoor) -> None:
    """The octets are the body; no program opens them by their look, and nothing keeps them."""
    answer = door.ask("/v1/views/latency-picture?election=EP2024")
    assert (answer.status_code, answer.content_type) == (200, "image/svg+xml")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''latency.svg"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "version" in json.loads(answer.headers["Facts"])
    assert answer.data.startswith(b"<svg")


def test_who_else_looks_is_told(door: WsgiDoor) -> None:
    """For two minutes, in the memory of the door."""
    case = json.loads(door.ask("/v1/commands/case-open", method="POST", body=dict(OPENED)).data)["key"]
    first = json.loads(door.ask(f"/v1/views/case-show?case={case}").data)
    second = json.loads(door.ask(f"/v1/views/case-show?case={case}", SECOND).data)
    assert first["looking"] == []
    assert [one["officer"] for one in second["looking"]] == ["officer1"]
