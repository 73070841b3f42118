# SPDX-License-Identifier: EUPL-1.2
"""Writes a document as a tagged PDF (PDF/UA-1, ISO 14289-1), from its HTML page. The same document, the same octets.

weasyprint sets the pages; the structure is then written anew (`pdf_structure`), because its own knows neither languages
nor notes, splits what goes on over a page, and repeats the header of a table in the reading order.
"""

from __future__ import annotations

import logging
from io import BytesIO
from typing import NoReturn

import pikepdf

from flaggermail.adapters.documents import fonts
from flaggermail.adapters.documents.pdf_structure import restructure
from flaggermail.documents.html import page
from flaggermail.documents.model import Document

VARIANT = "pdf/ua-1"


def pdf_octets(document: Document) -> bytes:
    """Returns the document as a PDF. Raises OSError if a library or a font of the system is missing."""
    source = page(document, paged=True)
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)  # it reports each rule for screens
    with fonts.only_these(source):
        import weasyprint  # noqa: PLC0415 - it reads the configuration of the fonts when it is imported
        from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415 - as above

        configuration = FontConfiguration()
        html = weasyprint.HTML(string=source, base_url=None, url_fetcher=_refuse)
        sheet = weasyprint.CSS(string=_sheet(), font_config=configuration, url_fetcher=_refuse)
        options = {"pdf_variant": VARIANT, "pdf_tags": True, "uncompressed_pdf": True}
        rendered = html.render(font_config=configuration, stylesheets=[sheet], **options)
        made = rendered.write_pdf(**options)
    with pikepdf.open(BytesIO(made)) as pdf:
        restructure(pdf, rendered.pages, html.etree_element)
        saved = BytesIO()
        pdf.save(saved, deterministic_id=True, fix_metadata_version=False)
    return saved.getvalue()


def _sheet() -> str:
    families = ", ".join(f'"{family}"' for family in fonts.FAMILIES)
    return f"body, svg text {{ font-family: {families} }} @page {{ font-family: {families} }}"


def _refuse(url: str, *_given: object, **_named: object) -> NoReturn:
    """Fetches nothing: all that a document needs is in its page, and the fonts are fontconfig's."""
    raise ValueError(f"refused to fetch {url[:200]}")
