# SPDX-License-Identifier: EUPL-1.2
"""What a person can do: one module a noun, each checks, changes rows by events and answers.

Ways in: `acts` holds every act as data, `perform.run` decides who may and runs one in a transaction of its own,
`perform.perform` in the transaction of a mail.

May import: `reminders`, `matching`, `outbox`, `citizens`, `health` and every room below them.
"""
