# SPDX-License-Identifier: EUPL-1.2
"""Redaction: what in printed mail identifies a person or a secret channel, on which ground, and the text without it.

Entry points: `proposals.propose` finds marks, a person confirms them, `marks.redacted` gives the text. A mark is a
place in a text: nothing here stores or prints what stood there.

Pure. May import `mail`, `wording`.
"""
