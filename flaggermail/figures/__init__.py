# SPDX-License-Identifier: EUPL-1.2
"""The figures: how often the line to a platform was used, and how long each answer took.

Entry points: `ledger.of_rows` and `ledger.of_events` read what is needed, `uses.figures` computes from it;
`upright.svg` and `figures_page.page` draw it, and `moments` is what happened during a use, in order.

Pure but for `ledger.of_rows`, which reads a transaction. Nothing here knows what a platform did about a matter.

May import: `ports`, `record`, `documents`, `wording`.
"""
