# SPDX-License-Identifier: EUPL-1.2
"""One incoming mail from top to bottom: polled, archived, parsed, matched, triaged, filed, with its effects.

Entry points: `poll.look` reads the mailbox, `ingest.ingest` takes in one mail, `facts.facts_of` asks what is known of
it, `triage.judge` decides where it is filed, `old_mail.take_in` takes in the mail of files. `rules_in_force` loads
edited rules while the daemon runs, and archives each version with its period.

May import: `replies` and every room below it.
"""
