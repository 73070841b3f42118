# SPDX-License-Identifier: EUPL-1.2
"""Draws the pictures of the README; `python -m tests.tools.pictures` writes them to docs/pictures.

`timeline` shows a notification of a replayed scenario; `phones` shows mails as the desk sends them, in the width of a
telephone. Each is drawn from what the program does, so a test can compare the pictures in the repository with it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

from flaggermail.cli.acting import typed
from flaggermail.figures.timeline import drawn
from flaggermail.figures.upright import svg_of
from flaggermail.figures.uses import AnswerForm, PlatformUse, Stop, UseState
from flaggermail.record.states import InstantBasis
from flaggermail.stories import replay
from tests.doubles import migrated
from tests.doubles.sample_uses import TELLINGS
from tests.story.told_night import ROOT, played

FOLDER = ROOT / "docs" / "pictures"
LANGUAGES = ("en", "nl")
_SHOWN = ("new case", "form", "request")

_STYLE = """\
text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; fill: #1b1f24 }
.small { font-size: 13px; fill: #4d5661 } .mail { font-size: 12.5px } .subject { font-size: 14px; font-weight: 600 }
.theirs { fill: #4d5661 } .back { fill: #ffffff } .frame { fill: #f6f8fa; stroke: #8b949e }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small, .theirs { fill: #a3adb8 } .back { fill: #0d1117 }
.frame { fill: #161b22; stroke: #6e7681 } }"""


def timeline(language: str) -> str:
    """Returns the notification of 6 June 2024 as the product draws it: sending, reminders, answer, latency."""
    told = replay.play(ROOT / "tests" / "scenarios" / "S01", typed, migrated.replayed).json["notifications"]
    assert isinstance(told, list)
    (use,) = told
    assert isinstance(use, dict)
    found = PlatformUse(
        case=str(use["case"]), notification=f"{use['case']}/1", platform=str(use["platform"]),
        channel=str(use["channel"]), election="EP2024", sent_at=_instant(use["sent_at"]), sent_basis=InstantBasis.MAIL,
        receipt=_stop(use, "receipt"), human=_stop(use, "human"), substance=_stop(use, "substance"),
        state=UseState.ANSWERED, reminders=_instants(use["reminders"]), escalations=_instants(use["escalations"]),
    )  # fmt: skip
    return svg_of(drawn(found, _instant(use["substance_at"]), TELLINGS[language]))


def _instant(told: object) -> datetime:
    return datetime.fromisoformat(str(told))


def _instants(told: object) -> tuple[datetime, ...]:
    return tuple(map(_instant, told)) if isinstance(told, list) else ()


def _stop(use: Mapping[str, object], clock: str) -> Stop:
    minutes = use[f"{clock}_min"]
    assert isinstance(minutes, int)
    return Stop(_instant(use[f"{clock}_at"]), minutes, InstantBasis.MAIL, AnswerForm.MAIL)


def phones(language: str) -> str:
    """Returns three mails of the night in docs/night.md as an SVG picture, side by side, cut at the foot."""
    mails = played(language)
    drawn: list[str] = []
    for number, name in enumerate(_SHOWN):
        drawn += _phone(mails[name], 10 + 320 * number)
    titles = [_subject(mails[name]) for name in _SHOWN]
    return _picture(960, _HIGH + 20, " / ".join(titles), "; ".join(titles), drawn)


_HIGH, _WIDE, _LINE, _PER_LINE, _SUBJECT = 560, 300, 17, 40, 30  # pixels, and characters of a line


def _subject(mail: str) -> str:
    return mail.partition("Subject: ")[2].partition("\n")[0]


def _phone(mail: str, x: int) -> Iterator[str]:
    """Yields a frame with subject and text; the text fades where the frame ends."""
    text = mail.partition("\n\n")[2]
    yield f'<rect class="frame" x="{x}" y="10" width="{_WIDE}" height="{_HIGH}" rx="22"/>'
    y = 42
    for part in textwrap.wrap(_subject(mail), _SUBJECT):
        yield f'<text class="subject" x="{x + 18}" y="{y}">{escape(part)}</text>'
        y += 19
    yield f'<text class="small" x="{x + 18}" y="{y}">{mail[:5]}</text>'
    y += 24
    for words in _lines(text):
        if y > _HIGH - _LINE:
            yield f'<text class="mail" x="{x + 18}" y="{y}">…</text>'
            return
        theirs = " theirs" if words.startswith("| ") else ""
        yield f'<text class="mail{theirs}" x="{x + 18}" y="{y}" xml:space="preserve">{escape(words)}</text>'
        y += _LINE if words else _LINE // 2


def _lines(text: str) -> Iterator[str]:
    """Yields the text in lines of a telephone's width; a paragraph's own line ends are not kept."""
    for paragraph in text.split("\n\n"):
        for line in re.sub(r"(?<=[^:\n]{60})\n(?=[^\n|\s=-])", " ", paragraph).split("\n"):
            mark = "| " if line.startswith("| ") else ""
            inner = line.removeprefix("| ")
            indent = " " * (len(inner) - len(inner.lstrip()))
            wrapped = textwrap.wrap(inner.strip(), _PER_LINE - len(mark + indent), break_on_hyphens=False)
            yield from (f"{mark}{indent}{part}" for part in wrapped or [""])
        yield ""


def _picture(width: int, height: int, title: str, described: str, drawn: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'role="img" aria-labelledby="title described">'
    )
    return "\n".join(
        [
            head, f'<title id="title">{escape(title)}</title>', f'<desc id="described">{escape(described)}</desc>',
            f"<style>{_STYLE}</style>", f'<rect class="back" width="{width}" height="{height}"/>', *drawn, "</svg>", "",
        ]
    )  # fmt: skip


PICTURES = {f"{name}.{language}.svg": (draw, language) for name, draw in (("timeline", timeline), ("phones", phones))
            for language in LANGUAGES}  # fmt: skip


def draw_all(folder: Path = FOLDER) -> None:
    """Writes every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (draw, language) in PICTURES.items():
        (folder / name).write_text(draw(language), "utf-8")


if __name__ == "__main__":
    draw_all()
