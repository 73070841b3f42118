# SPDX-License-Identifier: EUPL-1.2
"""How a page looks: its colours, its text, its headings and its tables, on a screen of any width and on paper.

Colours repeat what shape, dashes and words say. Contrast with the ground is at least 4.5 to 1 for text and 3 to 1 for
lines (WCAG 2.2, 1.4.3 and 1.4.11), in light and in dark. Paper gets the light colours.
"""

from __future__ import annotations

from dataclasses import dataclass

NARROW = 480  # pixels of a window below which a picture with two layouts is shown upright
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of one ground."""

    ground: str
    text: str
    soft: str
    line: str
    rule: str
    band: str


LIGHT = Colours(ground="#ffffff", text="#1b1f24", soft="#4d5661", line="#57606a", rule="#d0d7de", band="#f6f8fa")
DARK = Colours(ground="#0d1117", text="#e6edf3", soft="#a3adb8", line="#8b949e", rule="#30363d", band="#161b22")


def text_sheet(listed: int = 48) -> str:
    """Returns the style sheet of what every page has: ground, headings, and tables that a narrow screen lists.

    A table as a list has its rows below one another, and each cell is named by its `data-head`; that is how it is shown
    in windows of up to `listed` times the size of the text, where the page's broadest table would have to scroll.
    """
    return (
        ":root { color-scheme: light dark }\n"
        f"body {{ margin: 0; font: 16px/1.5 {FONT}; overflow-wrap: anywhere }}\n"
        "main { max-width: 60rem; margin: 0 auto; padding: 1rem }\n"
        "h1 { font-size: 1.75rem; line-height: 1.2 } h2 { font-size: 1.375rem; margin-top: 2.5rem }\n"
        "h3 { font-size: 1.125rem; margin-top: 2rem } h4 { font-size: 1rem; margin: 1.5rem 0 .5rem }\n"
        "p, li { max-width: 42rem } figure { margin: 0 }\n"
        "figure svg { display: block; width: 100%; height: auto } figure svg.upright { display: none }\n"
        f"@media screen and (max-width: {NARROW}px) {{\n"
        "figure svg.broad { display: none } figure svg.upright { display: block; max-width: 24rem } }\n"
        "table { border-collapse: collapse; overflow-wrap: normal; width: 100% }\n"
        "caption { text-align: start; font-weight: 600; padding: .25rem 0 }\n"
        "th, td { text-align: start; vertical-align: top; padding: .25rem .75rem }\n"
        "td { font-variant-numeric: tabular-nums }\n"
        "th:first-child { padding-left: 0 } tr > :last-child { padding-right: 0 }\n"
        "tbody th { min-width: 7em } caption, tbody th { overflow-wrap: anywhere }\n"
        f"{_text_colours(LIGHT)}\n"
        f"@media screen and (prefers-color-scheme: dark) {{\n{_text_colours(DARK)} }}\n"
        f"@media screen and (max-width: {listed}rem) {{\n"
        "table, caption, tbody, tr, th, td { display: block } td:empty { display: none }\n"
        "thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden }\n"
        "tbody tr { padding: .5rem 0 } th, td { padding: 0; text-align: start }\n"
        "td::before { content: attr(data-head) ': ' } }\n"
    )


def _text_colours(colours: Colours) -> str:
    return (
        f"body {{ color: {colours.text}; background: {colours.ground} }} .soft {{ color: {colours.soft} }}\n"
        f"thead th {{ border-bottom: 2px solid {colours.line} }}\n"
        f"tbody tr {{ border-bottom: 1px solid {colours.rule} }}"
    )
