# SPDX-License-Identifier: EUPL-1.2
"""The machine and its service manager: readiness, heartbeat, health measurements.

Entry points: `machine.SystemdSupervisor`, `machine.HttpHeartbeat`, `machine.MachineHealthProbe`.

May import: `ports`, `health`.
"""
