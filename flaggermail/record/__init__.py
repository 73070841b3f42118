# SPDX-License-Identifier: EUPL-1.2
"""The record: rows for the present, events for the past, and the closed sets of values in them.

Ways in: `rows` has one frozen value a row, `events` what changed them, `event_codec` their octets in the chain.
The store behind `ports.Store` keeps both.

May import: the standard library's pure part.
"""
