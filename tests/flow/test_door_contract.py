# SPDX-License-Identifier: EUPL-1.2
"""The running door does what its own description says: schemathesis asks each operation well and badly."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from requests.adapters import HTTPAdapter
from schemathesis import GenerationMode, checks
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from tests.flow.door_process import DoorProcess, desk_of, door_on

pytestmark = pytest.mark.outside
FEW, MANY = 1, 40  # requests of each operation and kind
SKIPPED = ("positive_data_acceptance",)  # the desk refuses what fits the schema: a case that is not there


class OverSocket(HTTPAdapter):
    """Sends every request to one Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:  # noqa: ANN401 - as above
        """Returns the connections to the socket."""
        return SocketPool(self._path)


class SocketPool(HTTPConnectionPool):
    """Connections to one Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("desk")
        self._path = path

    def _new_conn(self) -> HTTPConnection:
        return SocketConnection(self._path)


class SocketConnection(HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("desk")
        self._path = path

    def connect(self) -> None:
        """Connects."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DoorProcess]:
    """A door whose officer is this account."""
    with door_on(desk_of(tmp_path_factory.mktemp("desk") / "desk", ("officer1", os.geteuid()))) as opened:
        yield opened


def held_to_its_description(door: DoorProcess, mode: GenerationMode, times: int) -> None:
    """Asks every operation so many times; raises what schemathesis finds in the answers."""
    described: Mapping[str, Any] = dict(door.ask("/v1/openapi.json").document)
    schema = schemathesis.openapi.from_dict(dict(described))
    session = requests.Session()
    session.mount("http://", OverSocket(str(door.path)))
    chosen = [check for check in checks.CHECKS.get_all() if check.__name__ not in SKIPPED]
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr] # a description that is none fails the test

        @seed(1)
        @settings(
            max_examples=times,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def asked(case: Any) -> None:  # noqa: ANN401 - generic in the operation, which varies
            answer = case.call(base_url="http://desk", session=session)
            if answer.status_code != HTTPStatus.REQUEST_URI_TOO_LONG:  # no fault of a field: no server reads so much
                case.validate_response(answer, checks=chosen)

        with suppress(Unsatisfiable):  # an operation without a field cannot be asked badly
            asked()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=str)
def test_every_operation_answers_as_described(door: DoorProcess, mode: GenerationMode) -> None:
    """Bad input is a clear 4xx, never a 500; every answer has its status, media type, headers and schema."""
    held_to_its_description(door, mode, FEW)


@pytest.mark.long
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=str)
def test_every_operation_answers_as_described_however_often(door: DoorProcess, mode: GenerationMode) -> None:
    """The same for some minutes."""
    held_to_its_description(door, mode, MANY)
