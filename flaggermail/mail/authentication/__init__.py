# SPDX-License-Identifier: EUPL-1.2
"""Who vouches for the author of a mail (RFC 8601, RFC 7489, RFC 6376).

Ways in: `authres.verdict` reads what our own receiving server wrote, `dkim_signature` what a signature claims.

May import: `mail`.
"""
