# SPDX-License-Identifier: EUPL-1.2
"""The section `report` of `flaggermail.yaml`: how figures are printed, and who publishes a report."""

from __future__ import annotations

from pydantic import Field

from flaggermail.documents.dates import DateForm, DecimalSign
from flaggermail.settings.yaml_files.kinds import Model, Names, Text


class ColophonSettings(Model):
    """Who publishes a report to Parliament."""

    publisher: Names
    address: Names
    telephone: Text
    hours: Names


class ReportSettings(Model):
    """How figures and instants are printed in a letter or a report."""

    organisation: Names | None = None  # as it begins a sentence, with its article; by default its name
    date_form: DateForm = DateForm.ISO  # of the instants beside a mail
    decimal_sign: DecimalSign = DecimalSign.LANGUAGE
    smallest_count: int = Field(default=3, ge=3, le=10)  # of citizens; below, "fewer than" it is printed
    colophon: ColophonSettings | None = None
