# SPDX-License-Identifier: EUPL-1.2
"""The machine and its service manager: readiness, heartbeat, health measurements.

Entry points: `sd_notify`, `heartbeat`, `health_probe`.

May import: `ports`, `health`.
"""
