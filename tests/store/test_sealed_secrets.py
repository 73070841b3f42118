# SPDX-License-Identifier: EUPL-1.2
"""Secrets of a desk on several machines: every node reads them, the database alone gives none."""

import base64
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from flaggermail.adapters.db.sealed_secrets import SealedSecrets
from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.files.secrets import KeptCodeVault
from flaggermail.adapters.oauth.endpoint import Granted
from flaggermail.adapters.oauth.tokens import RenewingTokens, SealedRefreshTokens
from flaggermail.errors import ConfigurationError, LinkLost
from tests.servers.postgres import Postgres
from tests.store.conftest import new_store
from tests.store.test_archive_contract import run

pytestmark = pytest.mark.xdist_group("postgres")
KEY = base64.b64encode(b"k" * 32).decode()
OTHER = base64.b64encode(b"o" * 32).decode()
SECRET = b"12345678901234567890"  # of RFC 6238, appendix B
Node = Callable[..., SealedSecrets]


@pytest.fixture
def url(postgres: Postgres, migrated_database: str) -> str:
    """Returns the address of a database."""
    return postgres.database(migrated_database)


@pytest.fixture
def node(url: str) -> Iterator[Node]:
    """Returns what makes the secrets of another node; by default each has the desk's key."""
    stores = list[SqlStore]()

    def make(key: str = KEY) -> SealedSecrets:
        stores.append(new_store(url))
        return SealedSecrets(stores[-1].secrets, lambda: key)

    yield make
    for store in stores:
        store.close()


def vault(sealed: SealedSecrets) -> KeptCodeVault:
    """Returns the vault of a node."""
    return KeptCodeVault(sealed, lambda: secrets.token_bytes(16))


def test_a_device_that_was_enrolled_at_one_node_is_known_at_all(node: Node) -> None:
    """The same codes, address and digests of the desk; once it is forgotten it is gone for all."""
    here, there = vault(node()), vault(node())
    commitment = here.make("d000001", SECRET)
    assert there.codes("d000001", commitment, [1]) == {1: "287082"}  # RFC 4226, appendix D
    assert there.address("d000001", commitment, "a", "b") == here.address("d000001", commitment, "a", "b")
    assert here.seal("text") == there.seal("text") != there.seal("another")
    assert there.forget("d000001")
    assert here.codes("d000001", commitment, [1]) is None


def test_the_database_alone_gives_no_secret(node: Node, url: str) -> None:
    """Neither the secret nor its letters are in the row, and the same secret is sealed otherwise each time."""
    sealed = node()
    for name in ("d000001", "d000002"):
        vault(sealed).make(name, SECRET)
    rows = [row[0] for row in run(url, "SELECT sealed FROM sealed_secret") if isinstance(row[0], bytes)]
    assert len(set(rows)) == 2
    for row in rows:
        assert SECRET not in row
        assert base64.b32encode(SECRET) not in row


def test_a_node_with_another_key_does_not_start(node: Node) -> None:
    """It says which key it has, which the desk has, and what to give it."""
    node().require()
    node().require()
    with pytest.raises(ConfigurationError, match=r"credential secrets-key: is key \w{8}, .* give this node the cred"):
        node(OTHER).require()


def test_another_key_reads_nothing_and_destroys_nothing(node: Node) -> None:
    """A key that was exchanged under a daemon at work gives no code; with the right one all is as before."""
    commitment = vault(node()).make("d000001", SECRET)
    assert vault(node(OTHER)).codes("d000001", commitment, [1]) is None
    assert vault(node()).seal("text") is not None
    assert vault(node(OTHER)).seal("text") is None
    assert vault(node()).codes("d000001", commitment, [1]) == {1: "287082"}


@pytest.mark.parametrize(
    "key", ["", "secret", KEY[:-2], f"{KEY}\n{KEY}", base64.b64encode(b"k" * 16).decode(), "é" * 44]
)
def test_what_is_no_key_is_refused(node: Node, key: str) -> None:
    """The fault names the credential, what it has to be, and how it is made."""
    with pytest.raises(ConfigurationError, match="secrets-key: is not 32 octets in Base64; make one with `openssl"):
        node(key).require()


def test_a_key_that_is_missing_is_told(url: str) -> None:
    """What reads the credential says where it looked, and that goes through."""

    def missing() -> str:
        raise ConfigurationError("credential secrets-key: found neither as ...")

    with closing(new_store(url)) as store, pytest.raises(ConfigurationError, match="found neither"):
        SealedSecrets(store.secrets, missing).require()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sealed_secret SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) WHERE name = 'd000001'",
        "UPDATE sealed_secret SET sealed = substring(sealed FROM 1 FOR 20) WHERE name = 'd000001'",
        "UPDATE sealed_secret SET sealed = ''::bytea WHERE name = 'd000001'",
        "UPDATE sealed_secret SET sealed = (SELECT sealed FROM sealed_secret WHERE name = 'd000002')",
    ],
    ids=["a bit", "cut off", "empty", "that of another"],
)
def test_a_row_that_was_changed_does_not_open(node: Node, url: str, change: str) -> None:
    """Nor one that was put in the place of another; the other stays, and the fault names the row."""
    sealed = node()
    commitment, other = (vault(sealed).make(name, SECRET) for name in ("d000001", "d000002"))
    run(url, change)
    assert vault(sealed).codes("d000001", commitment, [1]) is None
    assert vault(sealed).codes("d000002", other, [1]) == {1: "287082"}  # and nothing else is lost
    with pytest.raises(ConfigurationError, match="the row d000001 was changed"):
        sealed.opened("d000001")


def test_a_secret_that_is_made_once_is_the_same_everywhere(node: Node) -> None:
    """As the key of forms: eight doors that start at once have one."""
    nodes = [node() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda one: one.once("forms-key", secrets.token_bytes(32)), nodes))
    assert len(made) == 1


@pytest.mark.parametrize("name", ["", "../key", "a" * 41, "Key"])
def test_no_other_name_is_a_secret(node: Node, name: str) -> None:
    """Names are those that files could have."""
    with pytest.raises(ValueError, match="names no secret"):
        node().write(name, b"x")


def test_a_refresh_token_goes_on_at_another_node(node: Node) -> None:
    """A token that was exchanged at one node is the one that the other exchanges next."""
    asked = list[str]()

    def rotate(token: str) -> Granted:
        asked.append(token)
        return Granted(value=f"access{len(asked)}", life=3600, refresh_token=f"refresh{len(asked)}")

    for _ in range(3):
        RenewingTokens(rotate, lambda: "first", SealedRefreshTokens(node())).token(0.0)
    assert asked == ["first", "refresh1", "refresh2"]
    RenewingTokens(rotate, lambda: "new credential", SealedRefreshTokens(node())).token(0.0)
    assert asked[-1] == "new credential"


def test_two_nodes_do_not_refresh_at_once(node: Node) -> None:
    """The second waits for as long as it may, and says so as for any line that is lost."""
    one, other = SealedRefreshTokens(node()), SealedRefreshTokens(node())
    with one.held(), pytest.raises(LinkLost, match="takes too long"), other.held(0.2):
        pass
    with other.held(0.2):
        pass
