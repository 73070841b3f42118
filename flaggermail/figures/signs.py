# SPDX-License-Identifier: EUPL-1.2
"""The sign of each kind of moment. They differ in shape, so that grey paper shows what colour shows."""

from __future__ import annotations

from flaggermail.documents.markup import Markup, element
from flaggermail.record.clocks import Sign

_RADIUS = 8


def drawn_sign(sign: Sign, x: int, y: int) -> Markup:
    """Returns the sign with its middle at `x` and `y`."""
    r = _RADIUS
    match sign:
        case Sign.SENT:
            return element("circle", {"class": "shape full", "cx": x, "cy": y, "r": r - 1})
        case Sign.REMINDER:
            return element("circle", {"class": "shape hollow", "cx": x, "cy": y, "r": r - 1})
        case Sign.ESCALATION:
            return _path("shape hollow", f"M{x} {y - r}L{x + r} {y + r - 1}H{x - r}Z")
        case Sign.RECEIPT:
            return element("rect", {
                "class": "shape hollow", "x": x - r + 1, "y": y - r + 1, "width": 2 * r - 2, "height": 2 * r - 2,
            })  # fmt: skip
        case Sign.HUMAN:
            return element("rect", {
                "class": "shape full", "x": x - r + 1, "y": y - r + 1, "width": 2 * r - 2, "height": 2 * r - 2,
            })  # fmt: skip
        case Sign.SUBSTANCE:
            return _path("shape full", f"M{x} {y - r}L{x + r} {y}L{x} {y + r}L{x - r} {y}Z")
        case Sign.OPEN:
            return _path("shape axis", f"M{x - 4} {y - r}L{x + 4} {y}L{x - 4} {y + r}")


def _path(kind: str, course: str) -> Markup:
    return element("path", {"class": kind, "d": course})
