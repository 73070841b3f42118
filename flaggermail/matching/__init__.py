# SPDX-License-Identifier: EUPL-1.2
"""Which case a mail belongs to: its keys, what the store knows of them, and candidates where it names none.

Ways in: `lookup.known` gathers, `quarantine.place` decides, `thread_keys` learns keys from verified mail.

May import: `notices` and every room below it.
"""
