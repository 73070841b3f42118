# SPDX-License-Identifier: EUPL-1.2
"""The annex: the mail exchange of one use as it is printed, its redaction by two persons, and what leaves the desk.

Entry points: `approved.blocks` gives the approved annex of a use for a report, `approved.annex_files` its files; `form`
is what a person edits. Its rows hold places and keyed digests, never a word of a mail.

`redaction` finds in a text what identifies a person or a secret channel: a program proposes, two persons decide.

May import: `services`, `figures` and every room below them.
"""
