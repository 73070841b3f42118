# SPDX-License-Identifier: EUPL-1.2
"""Rehearsals: the desk plays the referrers and platforms of a shipped story to its own officers.

Entry point: `tick` takes in the mail of the story that is due, and ends the rehearsal after the last one.

The record says what was played: each mail has a delivery of its own in a folder that no server has, so that a daemon
that was restarted goes on where it was. What a mailbox server delivers goes another way and stays real.

May import: `replay` and every room below it.
"""

from __future__ import annotations

from flaggermail.rehearsal.playing import tick

__all__ = ["tick"]
