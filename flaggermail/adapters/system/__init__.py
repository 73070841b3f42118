# SPDX-License-Identifier: EUPL-1.2
"""The machine and its service manager: clock, interrupt and ticks, readiness, heartbeat, health measurements.

Entry points: `clock.SystemClock`, `clock.EventInterrupt`, `ticker.SchedulerTicker`, `machine.SystemdSupervisor`,
`heartbeat.HttpHeartbeat`, `machine.MachineHealthProbe`.

May import: `ports`, `health`.
"""
