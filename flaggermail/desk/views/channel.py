# SPDX-License-Identifier: EUPL-1.2
"""The channels of the platforms."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.commands.channel_status import bad_addresses
from flaggermail.desk.views.view import Document, View, plain
from flaggermail.record.rows import Channel
from flaggermail.services import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChannels(View):
    """Every channel with its bounced addresses."""

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"channels": [...]}, each with the addresses in "bad" that bounced and were not cleared."""
        zone = work.env.settings.zone
        return {
            "channels": [
                {**plain(channel, zone), "bad": [plain(bad, zone) for bad in bad_addresses(work, channel)]}
                for channel in work.tx.find(Channel)
            ]
        }
