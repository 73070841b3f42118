# SPDX-License-Identifier: EUPL-1.2
"""The commands: one module per noun, one class per command: its fields, who may give it, and what it does.

Entry points: `door.ask` takes the name of a command and a JSON object, checks authority and version, performs and
answers; `command.Command` is the base class, `door.COMMANDS` the list of all.

May import: `matching`, `outbox`, `health` and every room below them.
"""
