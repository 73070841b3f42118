# SPDX-License-Identifier: EUPL-1.2
"""What the program says about itself, by code, in English and in Dutch: refusals, reasons, evidence, clues, alarms.

`said` says how: `Because.CASE_CLOSED_ALREADY(case=number)` is what is raised or stored, `in_language` its words. A
sentence is written once, with both languages side by side; the record holds its code and its details. The words of mail
templates are in `config/templates`.

Imports only the standard library.
"""

from __future__ import annotations
