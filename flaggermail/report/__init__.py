# SPDX-License-Identifier: EUPL-1.2
"""The account to Parliament: what a person drafts, what is frozen, and the document made from both.

Entry points: `facts.of_election` gathers, `frozen` keeps and compares, `composing.document` words it in one language.

May import: `annex`, `services`, `figures`, `documents` and every room below them.
"""
