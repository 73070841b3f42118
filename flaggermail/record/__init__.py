# SPDX-License-Identifier: EUPL-1.2
"""The record: rows for the current state, events for its history, and the closed sets of their values.

Entry points: `rows` defines one frozen dataclass per table, `events` the changes to them, `event_codec` their encoding
in the event chain, `clocks.judge` the clocks that follow from the rows. The store behind `ports.Store` keeps them.

May import: the pure part of the standard library, `mail`, `wording`.
"""
