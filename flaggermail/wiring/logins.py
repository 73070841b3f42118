# SPDX-License-Identifier: EUPL-1.2
"""Logins: the accounts at both servers, and tokens, which must open one mailbox alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.files.secrets import credential, credential_file, credential_version
from flaggermail.adapters.imap.link import ImapAccount
from flaggermail.adapters.imap.probe import proves_one_mailbox
from flaggermail.adapters.oauth.endpoint import Granted, SecretFiles, TokenLine, fetch_token
from flaggermail.adapters.oauth.sasl import Bearer
from flaggermail.adapters.oauth.tokens import (
    Ask,
    KeptRefreshTokens,
    RefreshTokens,
    RenewingTokens,
    SealedRefreshTokens,
)
from flaggermail.adapters.smtp.submission import SubmissionAccount
from flaggermail.adapters.system.clock import SystemRandomness
from flaggermail.ports import TokenReach
from flaggermail.settings.model import MailboxSettings, Settings, SubmissionSettings
from flaggermail.settings.oauth_section import Grant, LoginMethod, OAuth2Settings, Provider
from flaggermail.wiring.credentials import TOKENS, Presented, secrets_of, unseen


def bearer(
    settings: Settings, server: MailboxSettings | SubmissionSettings, mailbox: str | None = None
) -> Bearer | None:
    """Returns what logs in at `server` with a token; None for a login with a password, or none.

    `mailbox` is the one that is opened, by default the desk's.
    """
    section = settings.desk.oauth2
    if section is None or server.login is not LoginMethod.OAUTH2:
        return None
    opened = mailbox or section.mailbox or settings.desk.mailbox.address
    rotates = section.grant is Grant.REFRESH_TOKEN
    timeout = float(server.timeout_seconds)
    tokens = RenewingTokens(
        _asks(settings, section, opened, timeout),
        credential(_first_secret(section), settings.directory),
        _refresh_tokens(settings) if rotates else None,
        timeout,
    )
    return Bearer(tokens=tokens, mailbox=opened, client_id=section.client_id or "")


def _refresh_tokens(settings: Settings) -> RefreshTokens:
    if settings.keeps_octets_in_database:
        store = SqlStore(settings.desk.store.database, SystemRandomness().salt)
        return SealedRefreshTokens(secrets_of(settings, store))
    return KeptRefreshTokens(settings.archive.parent / TOKENS)


def secret_of(settings: Settings, server: MailboxSettings | SubmissionSettings) -> str:
    """Returns the name of the credential with which the desk logs in at `server`."""
    section = settings.desk.oauth2
    tokens = section is not None and server.login is LoginMethod.OAUTH2
    return _first_secret(section) if section is not None and tokens else server.credential


def tries_another(settings: Settings, account: ImapAccount) -> TokenReach | None:
    """Tries `oauth2.other_mailbox` with the token of the desk; None where the configuration names none.

    Raises LinkLost, or LoginRefused if the desk's own mailbox does not open.
    """
    section = settings.desk.oauth2
    if section is None or section.other_mailbox is None or account.bearer is None:
        return None
    if section.provider is Provider.DELEGATION:  # each mailbox has a token of its own: the right lies in the key
        other = bearer(settings, settings.desk.mailbox, section.other_mailbox)
    else:
        other = Bearer(tokens=account.bearer.tokens, mailbox=section.other_mailbox)
    return None if other is None else proves_one_mailbox(account, other)


def _first_secret(section: OAuth2Settings) -> str:
    """Returns the credential that is exchanged for tokens: a secret, a refresh token, a key file or a private key."""
    return section.credentials.get("credential", section.certificate_key)


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
    return SecretFiles(credential_file(_first_secret(section), settings.directory)(), of_client, mailbox)


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

    return ask_for_mailbox(section, secret, _files(settings, section, mailbox), line, time.time)


def imap_account(settings: Settings, presented: Presented = unseen) -> ImapAccount:
    """Returns the account of the mailbox in the settings."""
    server = settings.desk.mailbox
    secret = secret_of(settings, server)
    return ImapAccount(
        host=server.host,
        port=server.port,
        user=server.user,
        password=credential(server.credential, settings.directory),
        secret_version=credential_version(secret, settings.directory),
        secret_file=credential_file(secret, settings.directory),
        bearer=bearer(settings, server),
        tls=server.tls,
        ca_file=server.ca_file,
        inbox=server.inbox,
        sent=server.sent,
        junk=server.junk,
        excluded_folders=server.excluded_folders,
        keyword=server.keyword,
        timeout=float(server.timeout_seconds),
        presented=presented,
    )


def submission_account(settings: Settings, presented: Presented = unseen) -> SubmissionAccount:
    """Returns the account at the submission server in the settings."""
    server = settings.desk.submission
    secret = secret_of(settings, server)
    return SubmissionAccount(
        host=server.host,
        port=server.port,
        user=server.user,
        password=credential(server.credential, settings.directory) if server.user else None,
        secret_version=credential_version(secret, settings.directory),
        secret_file=credential_file(secret, settings.directory),
        bearer=bearer(settings, server),
        tls=server.tls,
        ca_file=server.ca_file,
        timeout=float(server.timeout_seconds),
        local_hostname=settings.desk.mailbox.address.rpartition("@")[2],
        presented=presented,
    )
