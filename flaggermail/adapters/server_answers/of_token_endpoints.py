# SPDX-License-Identifier: EUPL-1.2
"""Why a token endpoint refuses a token: Entra's numbers, and the errors with which Workspace answers.

Entra asks programs not to depend on its numbers: here they choose words only. An unknown one is worded by its error.
"""

from __future__ import annotations

from collections.abc import Sequence

from flaggermail.adapters.server_answers.answer import KnownAnswer, ProtocolStep, Service
from flaggermail.wording.servers import TokenCause

_ENTRA = "Microsoft Entra authentication and authorization error codes"
_SEEN = "answers of Entra quoted in public repositories"
_JWT = "OAuth 2.0 for service accounts, JWT error codes"
_WEB = "OAuth 2.0 for web server applications, refreshing a token"


def _entra(means: TokenCause, line: str, source: str = _ENTRA, statuses: Sequence[str] = ()) -> KnownAnswer:
    return KnownAnswer(
        means=means, service=Service.ENTRA, steps=(ProtocolStep.TOKEN,), line=line, any_code=True, source=source,
        statuses=frozenset(statuses),
    )  # fmt: skip


def _workspace(means: TokenCause, line: str, phrase: str = "", source: str = _JWT) -> KnownAnswer:
    return KnownAnswer(
        means=means, service=Service.WORKSPACE, steps=(ProtocolStep.TOKEN,), line=line, phrase=phrase, source=source
    )


KNOWN: Sequence[KnownAnswer] = (
    _entra(TokenCause.SECRET_WRONG, "invalid_client AADSTS7000215: Invalid client secret provided."),
    _entra(TokenCause.SECRET_ENDED, "invalid_client AADSTS7000222: The provided client secret keys are expired."),
    _entra(
        TokenCause.NO_APPLICATION,
        "unauthorized_client AADSTS700016: Application with identifier 'X' was not found",
        statuses=["AADSTS700011"],
    ),
    _entra(TokenCause.NO_TENANT, "invalid_request AADSTS90002: Tenant 'X' not found.", statuses=["AADSTS900023"]),
    _entra(TokenCause.CERTIFICATE_UNKNOWN, "invalid_client AADSTS700027: Client assertion failed signature validation"),
    _entra(TokenCause.NO_PROOF, "invalid_client AADSTS7000218: The request body must contain: 'client_secret'."),
    _entra(TokenCause.APPLICATION_OFF, "unauthorized_client AADSTS7000112: Application 'X' is disabled."),
    _entra(
        TokenCause.NO_CONSENT,
        "invalid_grant AADSTS65001: The user or administrator has not consented",
        statuses=["AADSTS90094"],
    ),
    _entra(
        TokenCause.SCOPE,
        "invalid_scope AADSTS70011: The provided value for the input parameter 'scope' is not valid.",
        statuses=["AADSTS1002012", "AADSTS28002"],
    ),
    _entra(
        TokenCause.NO_SERVICE,
        "invalid_resource AADSTS500011: The resource principal named X was not found",
        statuses=["AADSTS650057"],
    ),
    _entra(
        TokenCause.UNUSED,
        "invalid_grant AADSTS700082: The refresh token has expired due to inactivity.",
        statuses=["AADSTS70008", "AADSTS70043"],
    ),
    _entra(TokenCause.WITHDRAWN, "invalid_grant AADSTS50173: The provided grant has expired due to it being revoked"),
    _entra(
        TokenCause.SECOND_FACTOR,
        "invalid_grant AADSTS50076: you must use multi-factor authentication",
        statuses=["AADSTS50079"],
    ),
    _entra(
        TokenCause.BLOCKED,
        "invalid_grant AADSTS53003: Access has been blocked by Conditional Access policies.",
        statuses=["AADSTS530032", "AADSTS530035"],
    ),
    _entra(TokenCause.ACCOUNT_OFF, "invalid_grant AADSTS50057: The user account is disabled."),
    _entra(TokenCause.CLOCK, "invalid_client AADSTS700024: Client assertion is not within its valid time", _SEEN),
    _workspace(TokenCause.CLOCK, "invalid_grant Invalid JWT: Token must be a short-lived token", "short-lived token"),
    _workspace(TokenCause.KEY_DELETED, "invalid_grant Invalid JWT Signature.", "invalid jwt signature"),
    _workspace(TokenCause.NO_ACCOUNT, "invalid_grant Invalid email or User ID", "invalid email or user id"),
    _workspace(TokenCause.NO_ACCOUNT, "invalid_grant Not a valid email", "not a valid email"),
    _workspace(TokenCause.REFRESH_ENDED, "invalid_grant Token has been expired or revoked", "expired or revoked", _WEB),
    _workspace(
        TokenCause.NOT_DELEGATED,
        "unauthorized_client Client is unauthorized to retrieve access tokens",
        "unauthorized to retrieve access tokens",
    ),
    _workspace(
        TokenCause.NOT_DELEGATED,
        "unauthorized_client Unauthorized client or scope in request.",
        "unauthorized client or scope",
    ),
    _workspace(TokenCause.CLIENT_DELETED, "deleted_client The OAuth client was deleted."),
    _workspace(TokenCause.POLICY, "admin_policy_enforced Access to this scope is blocked"),
)
