# SPDX-License-Identifier: EUPL-1.2
"""Logins with tokens of OAuth 2.0 (RFC 6749) at the mailbox and the submission server.

Entry points: `tokens.RenewingTokens` (implements `ports.TokenSource`), `sasl.Bearer`.

May import: `ports`, `errors`, `settings`.
"""
