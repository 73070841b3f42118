# SPDX-License-Identifier: EUPL-1.2
"""Authenticates the author of a mail (RFC 8601, RFC 7489, RFC 6376).

Entry points: `authres.judge` reads the results of our own receiving server, `dkim_signature` reads a DKIM signature.

May import: `mail`.
"""
