# SPDX-License-Identifier: EUPL-1.2
"""Which case a mail belongs to: its keys, what the store knows about them, and candidate cases without a key.

Entry points: `lookup.known` gathers facts, `placing.place` decides, `thread_keys` learns keys from verified mail.

May import: `notices` and every room below it.
"""
