# SPDX-License-Identifier: EUPL-1.2
"""A door without a socket: the application on a desk of this test file's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flaggermail.door.application import DoorApplication, door_application
from flaggermail.mail.message import Json
from flaggermail.wiring.door_assembly import ServedDesk
from tests.doubles.broken_desks import sound
from tests.doubles.migrated import register_in

LOGINS = {1001: "officer1", 1002: "officer2", 1003: "archivist1", 0: "root", 1009: "stranger"}
FIRST, SECOND, ARCHIVIST, ROOT, STRANGER, UNKNOWN, CONTAINER = 1001, 1002, 1003, 0, 1009, 4242, 65_534


@dataclass(frozen=True)
class WsgiDoor:
    """The application, and a way to ask it as an account."""

    client: FlaskClient
    source: ServedDesk

    def ask(
        self, address: str, uid: int | None = FIRST, method: str = "GET", *, body: Json | bytes = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:  # fmt: skip
        """Sends one request as the account with that number; None: the kernel did not say."""
        environ = {} if uid is None else {"X_REMOTE_UID": str(uid)}
        kinds = {"data": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        given: dict[str, Any] = {"headers": dict(headers or {}), "environ_overrides": environ, **kinds}
        found: TestResponse = self.client.open(address, method=method, **given)
        return found

    def command(
        self, name: str, uid: int = FIRST, /, *, headers: Mapping[str, str] | None = None, **fields: Json
    ) -> TestResponse:
        """Sends a command."""
        return self.ask(f"/v1/commands/{name}", uid, "POST", body=fields, headers=headers)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WsgiDoor]:
    """A door for officer1, officer2 and archivist1."""
    folder = sound(tmp_path_factory.mktemp("door") / "desk")
    register_in(folder)
    source = ServedDesk(folder)
    app = door_application(DoorApplication(source, login_of=LOGINS.get))
    yield WsgiDoor(app.test_client(), source)
    source.close()
