# SPDX-License-Identifier: EUPL-1.2
"""The fixture of a desk between real servers."""

from __future__ import annotations

import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.flow.desk_process import DeskProcess, configure
from tests.flow.engines import SQLITE
from tests.flow.from_wheel import unpacked
from tests.flow.supervised import Notified, notify_socket
from tests.patience import PATIENCE
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix
from tests.servers.postgres import Postgres


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with the unpacked wheel, built now."""
    return unpacked(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """Returns the kind of database below the desk: SQLite unless the test asks for both, with `tests.flow.engines`."""
    return str(getattr(request, "param", SQLITE))


@pytest.fixture
def database(engine: str, request: pytest.FixtureRequest) -> str:
    """Returns the address of an empty database on PostgreSQL, or "" for SQLite in the desk's folder."""
    if engine == SQLITE:
        return ""
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.database()


@pytest.fixture
def desk(
    dovecot: Dovecot,
    postfix: Postfix,
    platform: PlatformServer,
    certificates: Certificates,
    mail_user: str,
    database: str,
) -> Iterator[DeskProcess]:
    """Builds a configured desk of its own between the real servers; no process is left when the test ends."""
    assert platform.received() == []
    with tempfile.TemporaryDirectory(prefix="vf-") as name:
        folder, officer = Path(name), f"o{mail_user[5:]}"
        tls = {"host": "localhost", "ca_file": str(certificates.ca_file), "user": mail_user}
        changes: dict[str, dict[str, object]] = {
            "mailbox": {
                **tls, "address": f"{mail_user}@bzk.example", "port": dovecot.imaps_port, "tls": "implicit",
                "poll_seconds": 5, "keyword": "flaggermail",
            },
            "submission": {**tls, "port": postfix.submission_port, "tls": "starttls"},
            "store": {"database": database, "octets": "database"} if database else {},
        }  # fmt: skip
        configure(folder, changes, officer)
        for credential in ("imap-password", "smtp-password"):
            file = folder / "credentials" / credential
            file.write_text(dovecot.password, "utf-8")
            file.chmod(0o600)
        key = folder / "credentials" / "secrets-key"
        key.write_bytes(b64encode(bytes(32)))
        key.chmod(0o600)
        desk = DeskProcess(folder, mail_user, officer, database)
        postfix.set_dmarc_results({"lindewaard.example": "pass", "tiktok-platform.example": "pass"})
        desk.hold_election()
        try:
            yield desk
        finally:
            desk.end()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Starts Debian's Chromium; it is never fetched."""
    found = shutil.which("chromium")
    assert found is not None, "needed: the Debian package chromium"
    with sync_playwright() as playwright:
        # Inside a container there is no namespace for its sandbox, and as root there is none anywhere.
        running = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"], timeout=1000 * PATIENCE
        )
        yield running
        running.close()


@pytest.fixture
def notified(desk: DeskProcess) -> Iterator[Notified]:
    """Returns the daemon's messages to its supervisor."""
    with notify_socket(desk.folder) as listening:
        yield listening
