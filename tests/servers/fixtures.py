# SPDX-License-Identifier: EUPL-1.2
"""The servers as pytest fixtures: started when the first test wants them, once a session (once a worker of xdist)."""

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


def pytest_configure() -> None:
    """Let SIGTERM end a session as Ctrl-C does: a run cut off by `timeout` or by CI stops its servers, too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def certificates() -> Iterator[Certificates]:
    """Give the authority of this session; clients trust its `ca_file`."""
    with server_folder("tls") as folder:
        yield Certificates(folder)


@pytest.fixture(scope="session")
def dovecot(certificates: Certificates) -> Iterator[Dovecot]:
    """Give a running Dovecot; take `mail_user` for an untouched mailbox."""
    with Dovecot.running(certificates.server) as server:
        yield server


@pytest.fixture(scope="session")
def platform_server() -> Iterator[PlatformServer]:
    """Give the platforms' server as all tests of the session share it; most tests want `platform`."""
    with PlatformServer.running() as server:
        yield server


@pytest.fixture
def platform(platform_server: PlatformServer) -> Iterator[PlatformServer]:
    """Give the platforms' server with nothing received, nothing refused and no answer."""
    platform_server.clear()
    yield platform_server
    platform_server.clear()


@pytest.fixture(scope="session")
def postfix(certificates: Certificates, dovecot: Dovecot, platform_server: PlatformServer) -> Iterator[Postfix]:
    """Give a running Postfix between Dovecot and the platforms' server. Its tables stay as the last test set them."""
    with Postfix.running(certificates.server, dovecot, platform_server.port) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Give a running PostgreSQL; take a database() of your own from it."""
    with Postgres.running() as server:
        yield server


@pytest.fixture
def mail_user() -> str:
    """Give a user name nobody had before: a mailbox of its own, and the local part of its address."""
    return f"user-{uuid4().hex[:12]}"
