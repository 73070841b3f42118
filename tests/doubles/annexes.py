# SPDX-License-Identifier: EUPL-1.2
"""An annex at the desk, as its people make one: forms filled in by hand, files written and read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from flaggermail.cli.acting import typed
from flaggermail.services import Services

_MARK = re.compile(r"(⟦[^⟧]*⟧)")


def by_hand(form: str, words: Sequence[str], ground: str = "5.1.2e") -> str:
    """Returns the form with a mark around each of the words, wherever no mark is yet; the head stays."""
    form, line, below = form.partition("\n⟦=⟧\n")
    head, blank, body = form.partition("\n\n")
    wanted = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))
    pieces = [
        piece if _MARK.fullmatch(piece) else wanted.sub(lambda found: f"⟦{ground}|{found[0]}⟧", piece)
        for piece in _MARK.split(body)
    ]
    return head + blank + "".join(pieces) + line + below


def ticked(form: str) -> str:
    """Returns the form with each word below it ticked as no name."""
    text, line, below = form.partition("\n⟦=⟧\n")
    return text + line + below.replace("[ ] ", "[x] ")


def form_of(env: Services, annex: str, officer: str = "officer1") -> str:
    """Returns the form as `annex edit --print` gives it."""
    return typed(env, officer, ["annex", "edit", annex, "--print"])


def edited(env: Services, annex: str, form: str, folder: Path, *options: str, by: str = "officer1") -> str:
    """Gives a filled form back, each word that is asked about ticked as no name; returns what the command says."""
    file = folder / f"{annex}.form"
    file.write_bytes(ticked(form).encode())
    return typed(env, by, ["annex", "edit", annex, str(file), *options])


def applied(env: Services, annex: str, out: Path, *options: str, by: str = "officer1") -> dict[str, bytes]:
    """Writes the files of an annex; returns them by name."""
    typed(env, by, ["annex", "apply", annex, "--out", str(out), *options])
    return {path.name: path.read_bytes() for path in out.iterdir()}
