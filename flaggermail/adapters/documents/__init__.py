# SPDX-License-Identifier: EUPL-1.2
"""Documents as files: OpenDocument text, written and read with the standard library, and tagged PDF with weasyprint.

Entry point: `writer.OfficeDocuments`. Another format is another method of the port and a module here.

May import: `ports`, `errors`, `documents`, `wording`.
"""
