# SPDX-License-Identifier: EUPL-1.2
"""The long-running process: one place starts everything, the same stack in reverse stops it.

Ways in: `service.Daemon`; `sync_settings` brings the configuration's elections and channels into the record.

May import: `intake`, `rule_changes` and every room below them; no adapter.
"""
