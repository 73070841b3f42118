# SPDX-License-Identifier: EUPL-1.2
"""Tokens by the rules of two providers: what is sent, signed by whom, and that nothing goes anywhere else."""

import base64
import hashlib
import json
import logging
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from flaggermail.adapters.oauth.delegation import GRANT, PROVIDERS_OWN
from flaggermail.errors import LinkLost, LoginRefused
from flaggermail.rules.configuration import load
from flaggermail.settings.model import Settings
from flaggermail.settings.oauth_section import ACCEPTED_REACH, Grant, LoginMethod, OAuth2Settings, Provider
from flaggermail.wiring.logins import bearer, imap_account
from tests.doubles.broken_desks import sound
from tests.servers.authority import TENANT, Authority
from tests.servers.certificates import Certificates
from tests.servers.token_endpoint import Answer, TokenEndpoint, grants, refuses

SECRET, VALUE = "canary-of-the-secret", "canary-of-the-token"
SHARED, LOGIN = "verkiezingen@bzk.example", "dienst@project.example"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """Returns the private key of the application."""
    return rsa.generate_private_key(65537, 2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    """Returns a private key as its file holds it."""
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def certificate(key: rsa.RSAPrivateKey, ends: datetime) -> x509.Certificate:
    """Returns a certificate that the application signed itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, ends - timedelta(days=365), ends)
    return made.sign(key, hashes.SHA256())


@pytest.fixture
def trusted(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    """Returns the authority of the tests, which this machine trusts meanwhile."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca_file))
    return certificates


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Returns the folder of a desk."""
    return sound(tmp_path / "desk")


def written(desk: Path, **credentials: str) -> None:
    """Writes credentials, with - for _ in their names."""
    for name, text in credentials.items():
        file = desk / "credentials" / name.replace("_", "-")
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)


def settings(desk: Path, section: OAuth2Settings) -> Settings:
    """Returns the settings of a desk that logs in with tokens."""
    plain = load(desk)
    server = plain.desk.mailbox.model_copy(update={"login": LoginMethod.OAUTH2, "timeout_seconds": 5})
    return plain.model_copy(
        update={
            "desk": plain.desk.model_copy(update={"mailbox": server, "oauth2": section}),
            "archive": desk / "archive",
        }
    )


def token(desk: Path, section: OAuth2Settings, mailbox: str | None = None) -> str:
    """Returns the token that the desk gets."""
    read = settings(desk, section)
    by = bearer(read, read.desk.mailbox, mailbox)
    assert by is not None
    return by.current().value


def entra(authority: Authority, **more: object) -> OAuth2Settings:
    """Returns the section for an authority."""
    return OAuth2Settings.model_validate(
        {
            "provider": "microsoft", "authority": authority.url, "client_id": "desk",
            "scope": "https://mail.example/.default offline_access", "accept_risk": ACCEPTED_REACH, **more,
        }
    )  # fmt: skip


# ---------------------------------------------------------------- an authority


def test_a_secret_at_an_authority(desk: Path, trusted: Certificates, caplog: pytest.LogCaptureFixture) -> None:
    """The authority is asked what it is and for a token; it learns nothing about the machine, and no log a secret."""
    caplog.set_level(logging.DEBUG)
    written(desk, oauth2_secret=SECRET)
    with Authority(lambda _: grants(VALUE)).running(trusted.server.server_context()) as authority:
        assert token(desk, entra(authority)) == VALUE
    assert authority.asked == [
        f"/{TENANT}/v2.0/.well-known/openid-configuration", f"/{TENANT}/oauth2/v2.0/token"
    ]  # fmt: skip
    (form,) = authority.forms
    assert (form["grant_type"], form["client_id"], form["client_secret"]) == ("client_credentials", "desk", SECRET)
    assert form["scope"] == "https://mail.example/.default"
    assert {name.lower() for name in authority.headers} == {
        "accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"
    }  # fmt: skip
    assert SECRET not in caplog.text
    assert VALUE not in caplog.text
    assert not [path for path in desk.rglob("*") if path.is_file() and VALUE.encode() in path.read_bytes()]


def test_a_certificate_in_the_place_of_a_secret(desk: Path, trusted: Certificates, key: rsa.RSAPrivateKey) -> None:
    """RFC 7523, section 2.2: an assertion for this address, signed with PS256, that names the certificate."""
    own = certificate(key, datetime.now(UTC) + timedelta(days=90))
    written(desk, client_cert=own.public_bytes(serialization.Encoding.PEM).decode(), client_key=pem(key))
    with Authority(lambda _: grants(VALUE)).running(trusted.server.server_context()) as authority:
        section = entra(authority, certificate="client-cert", certificate_key="client-key")
        assert token(desk, section) == VALUE
    (form,) = authority.forms
    assert "client_secret" not in form
    assert form["client_assertion_type"] == ASSERTION
    head = jwt.get_unverified_header(form["client_assertion"])
    digest = hashlib.sha256(own.public_bytes(serialization.Encoding.DER)).digest()
    assert (head["alg"], head["x5t#S256"].rstrip("=")) == (
        "PS256",
        base64.urlsafe_b64encode(digest).decode().rstrip("="),
    )
    to = f"{authority.url}/oauth2/v2.0/token"
    told = jwt.decode(form["client_assertion"], key.public_key(), ["PS256"], audience=to)
    assert (told["iss"], told["sub"]) == ("desk", "desk")
    assert 0 < told["exp"] - time.time() <= 600


@pytest.mark.parametrize("provider", [Provider.ENDPOINT, Provider.MICROSOFT])
def test_a_refresh_token_with_a_client_secret(desk: Path, trusted: Certificates, provider: Provider) -> None:
    """Both are sent; the new refresh token lies on the disk before the token is used, and is sent next."""
    written(desk, oauth2_secret="first", client=SECRET)
    answers = iter((grants(VALUE, refresh_token="second"), grants(VALUE)))
    with Authority(lambda _: next(answers)).running(trusted.server.server_context()) as authority:
        section = entra(authority, grant="refresh_token", client_credential="client")
        if provider is Provider.ENDPOINT:
            address = f"{authority.url}/oauth2/v2.0/token"
            section = section.model_copy(
                update={"provider": provider, "authority": None, "token_endpoint": address}
            )  # fmt: skip
        assert token(desk, section) == VALUE
        assert "second" in (desk / "tokens" / "refresh-token.json").read_text("utf-8")
        assert token(desk, section) == VALUE
    sent = [(form["grant_type"], form["refresh_token"], form["client_secret"]) for form in authority.forms]
    assert sent == [("refresh_token", "first", SECRET), ("refresh_token", "second", SECRET)]


def test_an_authority_that_names_another_server_gets_nothing(desk: Path, trusted: Certificates) -> None:
    """Neither the secret nor an assertion leaves for a host that the configuration does not name."""
    written(desk, oauth2_secret=SECRET)
    authority = Authority(lambda _: grants(VALUE), token_address="https://127.0.0.1:9/token")
    with authority.running(trusted.server.server_context()), pytest.raises(LinkLost, match="names another server"):
        token(desk, entra(authority))
    assert authority.forms == []


@pytest.mark.parametrize(
    ("answer", "described", "fault", "words"),
    [
        (
            refuses("invalid_client", 401, f"AADSTS7000215: {SECRET}"),
            None,
            LoginRefused,
            "invalid_client, AADSTS7000215",
        ),
        (refuses("invalid_client", 503), None, LinkLost, "cannot work now"),
        ((200, b"<html>"), None, LinkLost, "gives no bearer token"),
        (
            grants(VALUE),
            refuses("invalid_tenant", 400, "AADSTS90002: x"),
            LoginRefused,
            "last part of oauth2.authority",
        ),
        (grants(VALUE), (200, b"<html>"), LinkLost, "no answer of OAuth2"),
    ],
)
def test_what_an_authority_refuses_is_told_without_the_secret(
    desk: Path, trusted: Certificates, answer: Answer, described: Answer | None, fault: type[LinkLost], words: str
) -> None:
    """A person is asked where one must act; else the next try comes soon."""
    written(desk, oauth2_secret=SECRET)
    authority = Authority(lambda _: answer, described=described)
    with authority.running(trusted.server.server_context()), pytest.raises(LinkLost) as refused:
        token(desk, entra(authority))
    assert type(refused.value) is fault
    assert words in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_certificate_that_the_authority_does_not_know(
    desk: Path, trusted: Certificates, key: rsa.RSAPrivateKey
) -> None:
    """The file of the certificate is named, not that of the key."""
    own = certificate(key, datetime.now(UTC) + timedelta(days=90))
    written(desk, client_cert=own.public_bytes(serialization.Encoding.PEM).decode(), client_key=pem(key))
    with Authority(lambda _: refuses("invalid_client", 401)).running(trusted.server.server_context()) as authority:
        section = entra(authority, certificate="client-cert", certificate_key="client-key")
        with pytest.raises(
            LoginRefused, match=r"the certificate in .*client-cert is wrong .* register the certificate"
        ):
            token(desk, section)


def test_a_key_that_cannot_sign(desk: Path, trusted: Certificates, key: rsa.RSAPrivateKey) -> None:
    """The text repeats nothing of the key."""
    own = certificate(key, datetime.now(UTC) + timedelta(days=90))
    written(desk, client_cert=own.public_bytes(serialization.Encoding.PEM).decode(), client_key=f"no key {SECRET}")
    with Authority(lambda _: grants(VALUE)).running(trusted.server.server_context()) as authority:
        section = entra(authority, certificate="client-cert", certificate_key="client-key")
        with pytest.raises(LoginRefused, match="both must be PEM, RSA, and belong together") as refused:
            token(desk, section)
    assert SECRET not in str(refused.value)


# ---------------------------------------------------------------- a service account


def key_file(key: rsa.RSAPrivateKey, endpoint: str) -> str:
    """Returns a key file as the provider gives it."""
    return json.dumps(
        {
            "type": "service_account", "client_email": LOGIN, "private_key_id": "k1", "private_key": pem(key),
            "token_uri": endpoint,
        }
    )  # fmt: skip


def delegated(endpoint: str | None) -> OAuth2Settings:
    """Returns the section for a service account."""
    return OAuth2Settings(
        provider=Provider.DELEGATION, token_endpoint=endpoint, scope="https://mail.example/", mailbox=SHARED,
        accept_risk=ACCEPTED_REACH,
    )  # fmt: skip


@pytest.mark.parametrize("mailbox", [None, "directie@bzk.example"])
def test_an_assertion_for_one_mailbox(desk: Path, key: rsa.RSAPrivateKey, mailbox: str | None) -> None:
    """RFC 7523, section 3: the endpoint checks signature, issuer, subject, scope, audience and life."""
    told: list[Mapping[str, object]] = []

    def checks(form: Mapping[str, str]) -> Answer:
        assert form["grant_type"] == GRANT
        told.append(jwt.decode(form["assertion"], key.public_key(), ["RS256"], audience=endpoint.url))
        return grants(VALUE)

    endpoint = TokenEndpoint(checks)
    with endpoint.running():
        written(desk, oauth2_secret=key_file(key, endpoint.url))
        assert token(desk, delegated(endpoint.url), mailbox) == VALUE
    (claims,) = told
    whose = mailbox or SHARED
    assert (claims["iss"], claims["sub"], claims["scope"]) == (LOGIN, whose, "https://mail.example/")
    issued, ends = claims["iat"], claims["exp"]
    assert isinstance(issued, int)
    assert isinstance(ends, int)
    assert abs(issued - time.time()) < 60
    assert ends - issued <= 3600


@pytest.fixture
def counting() -> Iterator[TokenEndpoint]:
    """Returns an endpoint that gives everybody a token."""
    with TokenEndpoint(lambda _: grants(VALUE)).running() as endpoint:
        yield endpoint


@pytest.mark.parametrize("named", [None, "https://other.example/token"])
def test_a_key_file_that_points_elsewhere_is_refused(
    desk: Path, key: rsa.RSAPrivateKey, counting: TokenEndpoint, named: str | None
) -> None:
    """Only the provider's own endpoint, or the one that the configuration names, gets an assertion."""
    written(desk, oauth2_secret=key_file(key, counting.url))
    with pytest.raises(LoginRefused, match=r"it sends to 127\.0\.0\.1, which neither the provider nor"):
        token(desk, delegated(named))
    assert counting.forms == []


def test_the_configuration_comes_before_the_key_file(
    desk: Path, key: rsa.RSAPrivateKey, counting: TokenEndpoint
) -> None:
    """A usual key file and an endpoint in the configuration: the endpoint is the audience too."""
    written(desk, oauth2_secret=key_file(key, PROVIDERS_OWN))
    assert token(desk, delegated(counting.url)) == VALUE
    jwt.decode(counting.forms[0]["assertion"], key.public_key(), ["RS256"], audience=counting.url)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SECRET, "no key file of a service account"),
        ("[" * 100_000, "no key file of a service account"),
        (json.dumps({"type": "authorized_user", "private_key": SECRET}), "no key file of a service account"),
        (json.dumps({"type": "service_account", "private_key": SECRET}), "names no account"),
        (json.dumps({"type": "service_account", "client_email": LOGIN, "private_key": SECRET}), "key cannot sign"),
    ],
)
def test_a_file_that_is_no_key_file(desk: Path, text: str, words: str) -> None:
    """The text names the file, and repeats nothing of it."""
    written(desk, oauth2_secret=text)
    with pytest.raises(LoginRefused, match=words) as refused:
        token(desk, delegated(None))
    assert "oauth2-secret" in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("code", "words"),
    [("invalid_grant", f"does not take the key .* for {SHARED}"), ("unauthorized_client", "has not delegated")],
)
def test_what_the_endpoint_refuses(desk: Path, key: rsa.RSAPrivateKey, code: str, words: str) -> None:
    """The same codes mean other things here than with a secret."""
    with TokenEndpoint(lambda _: refuses(code)).running() as endpoint:
        written(desk, oauth2_secret=key_file(key, endpoint.url))
        with pytest.raises(LoginRefused, match=words):
            token(desk, delegated(endpoint.url))


# ---------------------------------------------------------------- proxies


@pytest.fixture
def proxied(counting: TokenEndpoint, monkeypatch: pytest.MonkeyPatch) -> str:
    """Sets a proxy for all of this account's requests; returns its address."""
    proxy = counting.url.removesuffix("/token")
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy)
        monkeypatch.setenv(name.upper(), proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    return proxy


PLAIN = OAuth2Settings(client_id="desk", scope="mail", accept_risk=ACCEPTED_REACH, grant=Grant.CLIENT_CREDENTIALS)


def test_a_proxy_of_the_environment_is_not_asked(desk: Path, proxied: str, counting: TokenEndpoint) -> None:
    """Neither for an endpoint on this machine nor for another: it would see the tenant, and get the secret."""
    written(desk, oauth2_secret=SECRET)
    with TokenEndpoint(lambda _: grants("of-the-endpoint")).running() as endpoint:
        assert token(desk, PLAIN.model_copy(update={"token_endpoint": endpoint.url})) == "of-the-endpoint"
    away = PLAIN.model_copy(update={"token_endpoint": "https://login.invalid/token"})
    with pytest.raises(LinkLost, match="does not answer"):
        token(desk, away)
    assert counting.forms == []
    assert proxied


def test_a_proxy_that_the_configuration_names_is_asked(desk: Path, counting: TokenEndpoint) -> None:
    """Of the environment nothing is needed."""
    written(desk, oauth2_secret=SECRET)
    proxy = counting.url.removesuffix("/token")
    section = PLAIN.model_copy(update={"token_endpoint": "http://127.0.0.1:9/token", "proxy": proxy})
    assert token(desk, section) == VALUE
    assert len(counting.forms) == 1


# ---------------------------------------------------------------- the mailbox and the login


@pytest.mark.parametrize(("named", "opened"), [(SHARED, SHARED), (None, "verkiezingenflagger@bzk.example")])
def test_the_mailbox_and_the_login_are_two_settings(desk: Path, named: str | None, opened: str) -> None:
    """With a shared mailbox the token is that of the login, and the name sent with it that of the mailbox."""
    written(desk, oauth2_secret=SECRET)
    read = settings(desk, PLAIN.model_copy(update={"token_endpoint": "http://127.0.0.1:9/token", "mailbox": named}))
    account = imap_account(read)
    assert account.bearer is not None
    assert (account.user, account.bearer.mailbox) == (read.desk.mailbox.user, opened)
    assert account.user != opened
