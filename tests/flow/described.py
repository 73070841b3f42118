# SPDX-License-Identifier: EUPL-1.2
"""Holds a running door to its own description: schemathesis asks each operation, well or badly."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from requests.adapters import HTTPAdapter
from schemathesis import GenerationMode, checks
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from tests.flow.door_process import DoorProcess
from tests.patience import PATIENCE

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


def held_to_its_description(door: DoorProcess, mode: GenerationMode, times: int) -> int:
    """Asks every operation so many times; returns the requests. Raises what schemathesis finds in the answers."""
    requests_sent = 0
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
            nonlocal requests_sent
            requests_sent += 1
            answer = case.call(base_url="http://desk", session=session, timeout=PATIENCE)
            if answer.status_code != HTTPStatus.REQUEST_URI_TOO_LONG:  # no fault of a field: no server reads so much
                case.validate_response(answer, checks=chosen)

        with suppress(Unsatisfiable):  # an operation without a field cannot be asked badly
            asked()
    return requests_sent
