# SPDX-License-Identifier: EUPL-1.2
"""Tokens are renewed in time, refresh tokens are never lost, and every error says what to change and where."""

import logging
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from flaggermail.adapters.oauth.endpoint import Granted, SecretFiles, TokenLine, fetch_token
from flaggermail.adapters.oauth.tokens import KeptRefreshTokens, RenewingTokens
from flaggermail.errors import ConfigurationError, LinkLost, LoginRefused
from flaggermail.settings.oauth_section import Grant, OAuth2Settings
from tests.servers.token_endpoint import Answer, TokenEndpoint, grants, refuses

SECRET, VALUE = "canary-of-the-secret", "canary-of-the-token"
HOUR = 3600.0


class Counting:
    """Gives numbered tokens of this life; `fault` is raised instead."""

    def __init__(self, life: float = HOUR) -> None:
        """Begins with the first token."""
        self.life, self.asked = life, list[str]()
        self.fault: LinkLost | None = None

    def __call__(self, secret: str) -> Granted:
        """Returns the next token."""
        self.asked.append(secret)
        if self.fault is not None:
            raise self.fault
        return Granted(f"token {len(self.asked)}", self.life)


@pytest.mark.parametrize(
    ("life", "renewed_at"),
    [(3600, 2880), (86_400, 69_120), (1000, 700), (400, 200), (90, 60), (60, 60), (1, 60), (0, 60)],
)
def test_a_token_serves_until_a_fifth_of_its_life_or_five_minutes_are_left(life: float, renewed_at: float) -> None:
    """Whichever is more, but never before half of its life, nor within a minute: no endpoint makes the desk hurry."""
    asked = Counting(life)
    tokens = RenewingTokens(asked, lambda: SECRET, None)
    first = tokens.token(0.0)
    assert tokens.token(renewed_at - 1) is first
    assert tokens.token(renewed_at).value == "token 2"


@pytest.mark.parametrize("fault", [LinkLost("away"), LoginRefused("no")])
def test_an_old_token_serves_while_no_new_one_can_be_had(fault: LinkLost) -> None:
    """The endpoint is asked once a minute until the old one ends; then the fault is told."""
    asked = Counting()
    tokens = RenewingTokens(asked, lambda: SECRET, None)
    first = tokens.token(0.0)
    asked.fault = fault
    assert [tokens.token(at) for at in (2880.0, 2890.0, 2939.0, 2941.0)] == [first] * 4
    assert len(asked.asked) == 3
    with pytest.raises(type(fault), match=str(fault)):
        tokens.token(HOUR)
    asked.fault = None
    assert tokens.token(HOUR + 1).value == "token 5"


def test_a_refused_token_is_given_up_once() -> None:
    """Another thread may have fetched the next one already: it is kept."""
    tokens = RenewingTokens(Counting(), lambda: SECRET, None)
    first = tokens.token(0.0)
    tokens.forget(first)
    second = tokens.token(1.0)
    tokens.forget(first)
    assert tokens.token(2.0) is second


def test_a_missing_secret_refuses_the_login() -> None:
    """As a missing password does."""

    def missing() -> str:
        raise ConfigurationError("credential oauth2-secret: not found")

    with pytest.raises(LoginRefused, match="credential oauth2-secret: not found"):
        RenewingTokens(Counting(), missing, None).token(0.0)


class Rotating:
    """Gives a new refresh token each time, and accepts only the newest."""

    def __init__(self) -> None:
        """Accepts the credential first."""
        self.newest = SECRET

    def __call__(self, secret: str) -> Granted:
        """Returns a token, and the next refresh token."""
        if secret != self.newest:
            raise LoginRefused("invalid_grant")
        self.newest = f"{secret}+"
        return Granted("token", 60, self.newest)


def test_a_new_refresh_token_is_stored_for_the_account_alone(tmp_path: Path) -> None:
    """A restarted desk, and a second process of it, go on with the newest; a new credential makes it void."""
    folder, endpoint = tmp_path / "tokens", Rotating()
    for now in (0.0, 60.0, 120.0):
        RenewingTokens(endpoint, lambda: SECRET, KeptRefreshTokens(folder)).token(now)
    assert endpoint.newest == f"{SECRET}+++"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    endpoint.newest = "another"
    RenewingTokens(endpoint, lambda: "another", KeptRefreshTokens(folder)).token(0.0)


def test_a_token_whose_refresh_token_cannot_be_kept_is_not_used(tmp_path: Path) -> None:
    """Otherwise the desk would be locked out after its next restart."""
    folder = tmp_path / "tokens"
    (folder / ".refresh-token.json.part").mkdir(parents=True)
    with pytest.raises(LinkLost, match="no refresh token can be kept"):
        RenewingTokens(Rotating(), lambda: SECRET, KeptRefreshTokens(folder)).token(0.0)


def test_a_file_that_others_may_read_is_not_trusted(tmp_path: Path) -> None:
    """Somebody else may have put it there: the credential is used."""
    kept = KeptRefreshTokens(tmp_path)
    kept.keep(SECRET, "next")
    assert kept.successor(SECRET) == "next"
    (tmp_path / "refresh-token.json").chmod(0o644)
    assert kept.successor(SECRET) == SECRET


def _asked(answer: Callable[[Mapping[str, str]], Answer], grant: Grant = Grant.CLIENT_CREDENTIALS) -> Granted:
    with TokenEndpoint(answer).running() as endpoint:
        section = OAuth2Settings(token_endpoint=endpoint.url, client_id="desk", scope="mail", grant=grant)
        return fetch_token(section, SECRET, SecretFiles("/run/credentials/oauth2-secret"), TokenLine(endpoint.url, 2))


def test_the_form_of_each_grant() -> None:
    """RFC 6749, sections 4.4.2 and 6."""
    forms: list[Mapping[str, str]] = []

    def answer(form: Mapping[str, str]) -> Answer:
        forms.append(form)
        return grants(VALUE, expires_in="1800", refresh_token="next")

    granted = [_asked(answer, grant) for grant in Grant]
    assert {(one.value, one.life, one.refresh_token) for one in granted} == {(VALUE, 1800.0, "next")}
    own = {"client_id": "desk", "scope": "mail"}
    assert forms == [
        {"grant_type": "client_credentials", "client_secret": SECRET, **own},
        {"grant_type": "refresh_token", "refresh_token": SECRET, **own},
    ]


ERRORS = {
    "invalid_client": "/run/credentials/oauth2-secret is wrong or has ended",
    "unauthorized_client": "oauth2.grant client_credentials; allow it in the registration",
    "invalid_grant": "sign in again",
    "invalid_scope": "correct oauth2.scope",
    "unsupported_grant_type": "correct oauth2.token_endpoint",
    "invalid_request": "oauth2.client_id",
    "consent_required": "manual of the identity provider",
}


@pytest.mark.parametrize("code", ERRORS)
def test_each_error_says_what_to_change(code: str) -> None:
    """Of the endpoint's sentence only Entra's number is told, never what it repeats of the request."""
    told = refuses(code, 401, f"AADSTS9999999: Invalid client secret {SECRET} provided.")
    with pytest.raises(LoginRefused) as refused:
        _asked(lambda _: told)
    assert f"({code}, AADSTS9999999)" in str(refused.value)
    assert ERRORS[code] in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refuses("temporarily_unavailable", 400), "cannot work now"),
        (refuses("invalid_client", 503), "cannot work now"),
        (refuses("", 429), "cannot work now"),
        ((404, b"<html>not here</html>"), "correct oauth2.token_endpoint"),
        ((200, b"<html>sign in</html>"), "gives no bearer token"),
        ((200, b"[" * 100_000), "gives no bearer token"),
        ((200, {"token_type": "mac", "access_token": VALUE}), "gives no bearer token"),
        (grants("a\r\nQUIT"), "gives no bearer token"),
        (grants("a\x01auth=other"), "gives no bearer token"),
        ((307, b""), "HTTP 307"),
        ((302, b""), "HTTP 302"),
        (refuses(f"{VALUE}\r\n*", 400), "without an error of OAuth2"),
    ],
)
def test_what_is_no_answer_of_oauth2_loses_the_connection_for_now(answer: Answer, words: str) -> None:
    """A redirect is not followed: the secret goes nowhere else."""
    with pytest.raises(LinkLost, match=words) as lost:
        _asked(lambda _: answer)
    assert not isinstance(lost.value, LoginRefused)
    assert VALUE not in str(lost.value)


def test_an_endpoint_that_is_away() -> None:
    """Nothing listens on the discard port."""
    section = OAuth2Settings(token_endpoint="http://127.0.0.1:9/token", client_id="desk", scope="mail")
    with pytest.raises(LinkLost, match="does not answer"):
        fetch_token(section, SECRET, SecretFiles("the file"), TokenLine("http://127.0.0.1:9/token", 2))


def test_no_token_and_no_secret_in_texts_and_logs(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """Not even at the level of debugging, nor in what a traceback would show."""
    caplog.set_level(logging.DEBUG)
    granted = _asked(lambda _: grants(VALUE, refresh_token=f"{SECRET}-next"))
    tokens = RenewingTokens(lambda _: granted, lambda: SECRET, KeptRefreshTokens(tmp_path))
    shown = f"{granted!r} {tokens!r} {tokens.token(0.0)!r} {caplog.text}"
    assert SECRET not in shown
    assert VALUE not in shown


@pytest.mark.outside
def test_a_desk_without_tokens_needs_no_library_of_a_provider() -> None:
    """What makes a desk is imported where neither extra is installed."""
    program = "import sys; sys.modules.update({'google': None, 'msal': None}); import flaggermail.wiring.door_assembly"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.outside
def test_the_door_loads_nothing_that_speaks_with_servers_of_mail_or_names() -> None:
    """It speaks with none, and each of them would lie in its memory for weeks."""
    kept_out = {"aiosmtplib", "dkim", "dns", "imapclient", "imaplib", "msal", "google.auth"}
    program = f"import sys; import flaggermail.wiring.door_assembly; print({kept_out!r} & sys.modules.keys())"
    asked = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert asked.stdout == "set()\n"
