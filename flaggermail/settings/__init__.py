# SPDX-License-Identifier: EUPL-1.2
"""The configuration as frozen settings, checked as a whole before anything starts.

Ways in: `reading.load` reads a configuration directory, `model.Settings` is what comes of it, `checks` and `advice`
say what is wrong with it or was probably not meant.

May import: `rules`, `notifications`, `oncall`, `yaml_files`, `mail`, `record`, `errors`.
"""
