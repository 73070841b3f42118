# SPDX-License-Identifier: EUPL-1.2
"""Stories: scenarios of mails and acts, replayed in simulated time, shown as a demo, or rehearsed on a desk.

Entry points: `scenario.read` reads one, `player.play` plays it on a stage. `replay.play` has a stage of its own and
compares the outcome, `demo.show` has the real daemon on real sockets. `rehearsing.tick` plays a shipped one to the
officers of a desk, by its record.

May import: `online`, `intake` and every room below them; no adapter.
"""
