# SPDX-License-Identifier: EUPL-1.2
"""Loads YAML files as frozen models: every value keeps its place, and every fault names it.

Entry points: `source.read` keeps places, `faults.read_model` gives one model, `kinds` are the types of values, and
`faults` words them.
"""
