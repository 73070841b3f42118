# SPDX-License-Identifier: EUPL-1.2
"""YAML files as frozen models: every value knows its place, and every fault is said with it.

Ways in: `source.read` keeps places, `model.load` gives one model, `kinds` are the kinds of values, `faults` words them.

May import: `errors`.
"""
