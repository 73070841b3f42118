# SPDX-License-Identifier: EUPL-1.2
"""The commands: one module per noun; each checks, changes rows by events and returns an outcome.

Entry points: `acts` defines every command as data, `perform.run` authorizes and runs one in its own transaction,
`perform.perform` in the transaction of a mail.

May import: `reminders`, `matching`, `outbox`, `citizens`, `health` and every room below them.
"""
