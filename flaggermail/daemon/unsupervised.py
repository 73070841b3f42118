# SPDX-License-Identifier: EUPL-1.2
"""A daemon that no service manager supervises."""

import math


class Unsupervised:
    """Implements `ports.Supervisor` without a service manager: does nothing."""

    interval = math.inf

    def ready(self) -> None:
        """Does nothing."""

    def status(self, text: str) -> None:
        """Does nothing."""

    def alive(self) -> None:
        """Does nothing."""

    def stopping(self) -> None:
        """Does nothing."""
