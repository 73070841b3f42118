# SPDX-License-Identifier: EUPL-1.2
"""The tokens with which a desk logs in: fetched by the rules of their provider, and renewed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.files.secrets import credential, credential_file
from flaggermail.adapters.oauth.endpoint import Granted, SecretFiles, TokenLine, fetch_token
from flaggermail.adapters.oauth.tokens import (
    Ask,
    KeptRefreshTokens,
    RefreshTokens,
    RenewingTokens,
    SealedRefreshTokens,
)
from flaggermail.adapters.system.clock import SystemClock, SystemRandomness
from flaggermail.settings.model import Settings
from flaggermail.settings.oauth_section import Grant, OAuth2Settings, Provider
from flaggermail.wiring.credentials import TOKENS, first_secret, secrets_of


def tokens_for(settings: Settings, section: OAuth2Settings, opened: str, timeout: float) -> RenewingTokens:
    """Returns what keeps a token ready for the mailbox `opened`; `timeout` in seconds for each that is fetched."""
    rotates = section.grant is Grant.REFRESH_TOKEN
    return RenewingTokens(
        _asks(settings, section, opened, timeout),
        credential(first_secret(section), settings.directory),
        _refresh_tokens(settings) if rotates else None,
        timeout,
    )


def _refresh_tokens(settings: Settings) -> RefreshTokens:
    if settings.keeps_octets_in_database:
        store = SqlStore(settings.desk.store.database, SystemRandomness().salt)
        return SealedRefreshTokens(secrets_of(settings, store))
    return KeptRefreshTokens(settings.archive.parent / TOKENS)


def _asks(settings: Settings, section: OAuth2Settings, mailbox: str, timeout: float) -> Ask:
    """Returns what fetches a token for a secret, by the rules of the provider."""

    def line(address: str) -> TokenLine:
        return TokenLine(address, timeout, section.proxy)

    fetches: dict[Provider, Callable[[str], Granted]] = {
        Provider.ENDPOINT: partial(_from_endpoint, settings, section, line),
        Provider.MICROSOFT: partial(_from_authority, settings, section, line),
        Provider.DELEGATION: partial(_by_delegation, settings, section, mailbox, line),
    }
    return fetches[section.provider]


def _read(settings: Settings, name: str | None) -> str | None:
    return None if name is None else credential(name, settings.directory)()


def _files(settings: Settings, section: OAuth2Settings, mailbox: str = "") -> SecretFiles:
    client = section.certificate or section.client_credential
    of_client = credential_file(client, settings.directory)() if client else ""
    return SecretFiles(credential_file(first_secret(section), settings.directory)(), of_client, mailbox)


def _from_endpoint(
    settings: Settings, section: OAuth2Settings, line: Callable[[str], TokenLine], secret: str
) -> Granted:
    client_secret = _read(settings, section.client_credential)
    return fetch_token(section, secret, _files(settings, section), line(section.source), client_secret)


def _from_authority(
    settings: Settings, section: OAuth2Settings, line: Callable[[str], TokenLine], secret: str
) -> Granted:
    from flaggermail.adapters.oauth.entra import ClientProof, ask_authority

    rotates = section.grant is Grant.REFRESH_TOKEN
    if section.certificate is not None:
        key = _read(settings, section.certificate_key) if rotates else secret
        proof = ClientProof(certificate=_read(settings, section.certificate), private_key=key)
    else:
        proof = ClientProof(secret=_read(settings, section.client_credential) if rotates else secret)
    files = _files(settings, section)
    return ask_authority(section, proof, secret if rotates else None, files, line(section.source))


def _by_delegation(
    settings: Settings, section: OAuth2Settings, mailbox: str, line: Callable[[str], TokenLine], secret: str
) -> Granted:
    from flaggermail.adapters.oauth.delegation import ask_for_mailbox

    return ask_for_mailbox(
        section, secret, _files(settings, section, mailbox), line, lambda: SystemClock().now().timestamp()
    )
