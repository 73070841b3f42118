# SPDX-License-Identifier: EUPL-1.2
"""A document of ours before it has a file format: headings, paragraphs, lists, tables, pictures, notes and figures.

Entry points: `model.Document` and its blocks; `html.page` writes one as HTML, and the port `DocumentWriter` as ODT and
as PDF. `svg` makes the pictures of every page, those of the figures included. `octets.Octets` is a file on its way to
whoever asked for it.

Pure. May import: `wording`.
"""
