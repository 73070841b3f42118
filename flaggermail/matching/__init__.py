# SPDX-License-Identifier: EUPL-1.2
"""Which case a mail belongs to: its keys, what the store knows about them, and candidate cases without a key.

Entry points: `lookup.known` asks the record, `placing.place` decides (its table says what each kind of key needs),
`thread_keys` learns keys from verified mail, `answer_keys` which words of ours an answer quotes.

May import: `notices` and every room below it.
"""
