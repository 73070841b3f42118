# SPDX-License-Identifier: EUPL-1.2
"""The shared mailbox over IMAP (RFC 9051).

Entry point: `mailbox.ImapMailbox`.

May import: `ports`, `errors`, `adapters.oauth`.
"""
