# SPDX-License-Identifier: EUPL-1.2
"""Logins: the accounts at both servers, and tokens, which must open one mailbox alone."""

from __future__ import annotations

from flaggermail.adapters.files.secrets import credential, credential_file, credential_version
from flaggermail.adapters.imap.link import ImapAccount
from flaggermail.adapters.imap.probe import proves_one_mailbox
from flaggermail.adapters.oauth.sasl import Bearer
from flaggermail.adapters.smtp.submission import SubmissionAccount
from flaggermail.ports import TokenReach
from flaggermail.settings.model import MailboxSettings, Settings, SubmissionSettings
from flaggermail.settings.oauth_section import LoginMethod, Provider
from flaggermail.wiring.credentials import Presented, first_secret, unseen


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
    from flaggermail.wiring.login_tokens import tokens_for  # with urllib 0.5 MiB, which no password needs

    tokens = tokens_for(settings, section, opened, float(server.timeout_seconds))
    return Bearer(tokens=tokens, mailbox=opened, client_id=section.client_id or "")


def secret_of(settings: Settings, server: MailboxSettings | SubmissionSettings) -> str:
    """Returns the name of the credential with which the desk logs in at `server`."""
    section = settings.desk.oauth2
    tokens = section is not None and server.login is LoginMethod.OAUTH2
    return first_secret(section) if section is not None and tokens else server.credential


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
