# SPDX-License-Identifier: EUPL-1.2
"""The archive as others read it: proof, search, retention, and dossiers that open without this program.

Entry points: `retention.overview` says what is kept until when, `declaration.draft` words a destruction list.

May import: `cases`, `letters`, `services` and every room below them.
"""
