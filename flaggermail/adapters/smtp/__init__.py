# SPDX-License-Identifier: EUPL-1.2
"""Our own submission server (RFC 6409).

Entry point: `submission.SmtpSubmitter`.

May import: `ports`, `errors`, `mail`, `adapters.oauth`.
"""
