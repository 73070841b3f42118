# SPDX-License-Identifier: EUPL-1.2
"""The servers as pytest fixtures: started on first use, once a session (once for each xdist worker)."""

import signal
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.servers import server_folder
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix
from tests.servers.postgres import Postgres
from tests.servers.postgres_pair import PostgresPair


def pytest_configure() -> None:
    """Lets SIGTERM end a session as Ctrl-C does, so that a run ended by `timeout` or CI stops its servers too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def certificates() -> Iterator[Certificates]:
    """Returns the certificate authority of this session; clients trust its `ca_file`."""
    with server_folder("tls") as folder:
        yield Certificates(folder)


@pytest.fixture(scope="session")
def dovecot(certificates: Certificates) -> Iterator[Dovecot]:
    """Returns a running Dovecot; use `mail_user` for an empty mailbox."""
    with Dovecot.running(certificates.server) as server:
        yield server


@pytest.fixture(scope="session")
def platform_server() -> Iterator[PlatformServer]:
    """Returns the platforms' server shared by the session; most tests use `platform`."""
    with PlatformServer.running() as server:
        yield server


@pytest.fixture
def platform(platform_server: PlatformServer, mail_user: str) -> Iterator[PlatformServer]:
    """Returns the platforms' server without mails, refusals or answers; it keeps no mail of an earlier test's desk."""
    platform_server.user = mail_user
    platform_server.clear()
    yield platform_server
    platform_server.clear()
    platform_server.user = ""


@pytest.fixture(scope="session")
def postfix(certificates: Certificates, dovecot: Dovecot, platform_server: PlatformServer) -> Iterator[Postfix]:
    """Returns a running Postfix between Dovecot and the platforms' server; its tables stay as last set."""
    with Postfix.running(certificates.server, dovecot, platform_server.port) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Returns a running PostgreSQL; a test makes its own database()."""
    with Postgres.running() as server:
        yield server


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """Returns a PostgreSQL that the test alone uses, so that it may stop and restart it."""
    with Postgres.running() as server:
        yield server


@pytest.fixture
def postgres_pair() -> Iterator[PostgresPair]:
    """Returns a primary and its hot standby, which the test alone uses."""
    with PostgresPair.running() as pair:
        yield pair


@pytest.fixture
def mail_user() -> str:
    """Returns an unused user name: a new mailbox, and the local part of its address."""
    return f"user-{uuid4().hex[:12]}"
