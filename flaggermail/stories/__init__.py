# SPDX-License-Identifier: EUPL-1.2
"""Stories: scenarios of mails and acts, replayed in simulated time, shown as a demo, or rehearsed on a desk.

Entry points: `scenario.read` reads one, `replay.play` plays it through the live code and compares the outcome,
`demo.show` plays it with the real daemon on real sockets, `rehearsal.tick` plays a shipped one to the desk's officers.

May import: `reminders`, `rule_changes`, `intake` and every room below them; no adapter.
"""
