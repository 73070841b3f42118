# SPDX-License-Identifier: EUPL-1.2
"""A notification to a platform: what a draft must say, who may approve it, its clocks and its latency.

Ways in: `draft_policy.faults`, `approval.read`, `clocks.judge`, `latency`. `commands` writes, approves and notes them.

May import: `mail`, `record`, `yaml_files`.
"""
