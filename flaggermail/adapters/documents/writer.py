# SPDX-License-Identifier: EUPL-1.2
"""Implements the port for documents. What a format needs is imported when the first document is written in it."""

from __future__ import annotations

from flaggermail.documents.model import Document, Passage
from flaggermail.errors import Refusal

PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
"""What the PDF needs of Debian: text shaping, and the font for scripts that the report's own font lacks."""


class OfficeDocuments:
    """Implements `ports.DocumentWriter`."""

    def odt(self, document: Document) -> bytes:
        """Returns the document as an OpenDocument text."""
        from flaggermail.adapters.documents.odt import odt_octets  # noqa: PLC0415 - a daemon writes none

        return odt_octets(document)

    def pdf(self, document: Document) -> bytes:
        """Returns the document as a tagged PDF. Raises Refusal if the extra or a library of the system is missing."""
        from flaggermail.wording.report import DocumentRefusal  # noqa: PLC0415 - as for odt

        try:
            from flaggermail.adapters.documents.pdf import pdf_octets  # noqa: PLC0415 - takes over a second and 60 MB

            return pdf_octets(document)
        except ImportError as fault:
            raise Refusal(DocumentRefusal.REPORT_EXTRA()) from fault
        except OSError as fault:  # cffi, where a shared library is missing; or the second font
            raise Refusal(
                DocumentRefusal.REPORT_LIBRARY(fault=str(fault).partition("\n")[0], packages=PACKAGES)
            ) from fault

    def read_odt(self, octets: bytes) -> list[Passage]:
        """Returns the passages of an OpenDocument text. Raises Refusal if it is none."""
        from flaggermail.adapters.documents.odt_reading import odt_passages  # noqa: PLC0415 - as for odt

        return odt_passages(octets)
