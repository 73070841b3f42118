# SPDX-License-Identifier: EUPL-1.2
"""One mail in, from top to bottom: polled, archived, parsed, matched, triaged, filed, and what follows.

Ways in: `poll.look` reads the mailbox, `ingest.ingest` is the way of one mail, `disposition.decide` says where it ends.

May import: `replies` and every room below it.
"""
