# SPDX-License-Identifier: EUPL-1.2
"""The credentials that the settings name, and what is wrong with them on this machine, without asking a server.

Where the secrets lie that the desk keeps itself: in files, or sealed in the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING

from flaggermail.adapters.files.secrets import FileCodeVault, KeptCodeVault, credential, secret_fault
from flaggermail.errors import ConfigurationError
from flaggermail.health.findings import WARNED
from flaggermail.ports import CodeVault, Store
from flaggermail.settings.mistakes import SetupFault, SetupFaultCode, setup_fault
from flaggermail.settings.model import Settings
from flaggermail.settings.oauth_section import LoginMethod, OAuth2Settings, Provider

if TYPE_CHECKING:
    from flaggermail.adapters.db.sealed_secrets import SealedSecrets

TOKENS = "tokens"  # the folder beside the archive for refresh tokens
_MODULES = {Provider.MICROSOFT: "msal", Provider.DELEGATION: "google.auth"}
Presented = Callable[[str, object], None]


def secrets_of(settings: Settings, store: Store) -> SealedSecrets:
    """Returns the secrets that lie in the database, sealed. Raises ConfigurationError without what seals them."""
    try:
        from flaggermail.adapters.db.sealed_secrets import KEY, SealedSecrets  # an extra
    except ImportError:
        raise ConfigurationError(setup_fault(SetupFaultCode.DATABASE_DRIVER).text) from None
    return SealedSecrets(store.secrets, credential(KEY, settings.directory))


def code_vault(settings: Settings, store: Store, salt: Callable[[], bytes]) -> CodeVault:
    """Returns where the secrets of one-time codes are: sealed in the database, or in their folder."""
    if settings.keeps_octets_in_database:
        return KeptCodeVault(secrets_of(settings, store), salt)
    return FileCodeVault(settings.codes, salt)


def unseen(_server: str, _line: object) -> None:
    """Ignores the certificate of a session."""


def named_secrets(settings: Settings) -> Mapping[str, str]:
    """Returns the credentials that the settings name, each with the first key that does."""
    desk = settings.desk
    keys: dict[str, str] = {}
    if desk.mailbox.login is LoginMethod.PASSWORD:
        keys[desk.mailbox.credential] = "flaggermail.yaml mailbox.credential"
    if desk.oauth2 is not None:
        keys |= {name: f"flaggermail.yaml oauth2.{key}" for key, name in desk.oauth2.credentials.items()}
    if desk.submission.user and desk.submission.login is LoginMethod.PASSWORD:
        keys.setdefault(desk.submission.credential, "flaggermail.yaml submission.credential")
    if desk.watch.heartbeat:
        keys.setdefault(desk.watch.heartbeat, "flaggermail.yaml watch.heartbeat")
    if settings.keeps_octets_in_database:
        keys["secrets-key"] = "flaggermail.yaml store.octets"
    for officer in settings.oncall.officers:
        for pager in officer.pagers:
            keys.setdefault(pager.credential, f"oncall.yaml officers {officer.id} pagers")
    return keys


def extra_fault(section: OAuth2Settings | None) -> SetupFault | None:
    """Returns that the provider's library is not installed; None if it is, or none is needed."""
    if section is None or section.provider not in _MODULES or is_module(_MODULES[section.provider]):
        return None
    return setup_fault(SetupFaultCode.TOKEN_EXTRA, provider=section.provider)


def login_certificate_end(settings: Settings) -> datetime | None:
    """Returns when the certificate ends with which the desk logs in; None if it has none, or it cannot be read."""
    section = settings.desk.oauth2
    if section is None or section.certificate is None or not is_module(_MODULES[Provider.MICROSOFT]):
        return None
    from flaggermail.adapters.oauth.entra import certificate_end

    with suppress(ConfigurationError):
        return certificate_end(credential(section.certificate, settings.directory)())
    return None


def certificate_fault(settings: Settings, now: datetime) -> SetupFault | None:
    """Returns that the certificate with which the desk logs in ends within thirty days, or is none."""
    section = settings.desk.oauth2
    if section is None or section.certificate is None or not is_module(_MODULES[Provider.MICROSOFT]):
        return None
    if secret_fault(section.certificate, settings.directory, several=True) is not None:
        return None  # told by itself
    ends = login_certificate_end(settings)
    if ends is None:
        return setup_fault(SetupFaultCode.LOGIN_CERTIFICATE_UNREADABLE, name=section.certificate)
    if ends - now > timedelta(days=max(WARNED)):
        return None
    return setup_fault(SetupFaultCode.LOGIN_CERTIFICATE_ENDS, day=ends.date(), name=section.certificate)


def is_module(module: str) -> bool:
    """True if a module can be imported."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the package above it
        return False


def first_secret(section: OAuth2Settings) -> str:
    """Returns the credential that is exchanged for tokens: a secret, a refresh token, a key file or a private key."""
    return section.credentials.get("credential", section.certificate_key)
