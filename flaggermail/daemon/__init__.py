# SPDX-License-Identifier: EUPL-1.2
"""The long-running process: starts every worker in one place and stops them in reverse order.

Entry point: `service.Daemon`.

May import: `intake`, `stories` and every room below them; no adapter.
"""
