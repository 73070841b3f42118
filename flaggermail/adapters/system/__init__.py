# SPDX-License-Identifier: EUPL-1.2
"""The machine and its service manager: readiness, heartbeat, health measurements.

Entry points: `machine.SystemdSupervisor`, `heartbeat.HttpHeartbeat`, `machine.MachineHealthProbe`.

May import: `ports`, `health`.
"""
