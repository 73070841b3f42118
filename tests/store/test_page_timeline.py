# SPDX-License-Identifier: EUPL-1.2
"""The picture of a notification: clocks to scale, mails on the same axis, the desk's times, words for who sees none."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from flaggermail.door.pages.picture import BREAK, LEFT, RIGHT, picture
from flaggermail.mail.message import Json
from tests.doubles.paged import Browser, PlayedSource
from tests.store.desk_fixtures import Desk, X, mail

SVG = "{http://www.w3.org/2000/svg}"
SENT = "2024-06-06T10:00:00+02:00"


def clock(kind: str, started: str = SENT, stopped: str | None = None, state: str = "") -> Json:
    """Returns a clock as `case show` has it."""
    return {
        "kind": kind, "started_at": started, "stopped_at": stopped,
        "state": state or ("stopped" if stopped else "running"),
    }  # fmt: skip


def received(at: str, direction: str = "in", about: str = "VF-EP2024-0001/1") -> dict[str, Json]:
    """Returns a mail as `case show` has it."""
    return {"notification": about, "received_at": at, "direction": direction}


def use_of(*clocks: Json) -> dict[str, Json]:
    """Returns a notification as `case show` has it."""
    told: Json = {"at": "2024-06-06T11:00:00+02:00", "signs": ["reminder"]}
    return {"id": "VF-EP2024-0001/1", "clocks": list(clocks), "timeline": [told]}


def test_bars_and_marks_are_to_scale() -> None:
    """A clock of half the time is half as broad; each mail of the notification is where its minute is."""
    ended = "2024-06-06T12:00:00+02:00"
    found = picture(
        use_of(clock("receipt", stopped="2024-06-06T11:00:00+02:00"), clock("human", stopped=ended)),
        [received(ended), received(SENT, "out"), received(ended, about="VF-EP2024-0001/2")],
        "2024-06-09T10:00:00+02:00",
    )  # fmt: skip
    assert found is not None
    half, whole = found.bars
    assert (half.x, half.width * 2, whole.width) == (LEFT, RIGHT - LEFT, RIGHT - LEFT)
    assert (half.minutes, whole.minutes) == (60, 120)
    assert (found.received, found.sent, found.reminders) == ((RIGHT,), (LEFT,), ((LEFT + RIGHT) // 2,))
    assert (found.broken, found.offsets) == (False, False)


def test_a_long_open_wait_is_beyond_a_break() -> None:
    """Else the answers of the first hour could not be told apart."""
    stopped = clock("human", stopped="2024-06-06T11:30:00+02:00")
    found = picture(use_of(stopped, clock("substance")), [], "2024-06-20T10:00:00+02:00")
    assert found is not None
    human, substance = found.bars
    assert found.broken
    assert human.x + human.width == BREAK
    assert substance.x + substance.width == RIGHT
    assert substance.minutes == 14 * 24 * 60


def test_the_night_of_a_clock_change_is_as_long_as_it_was() -> None:
    """Three hours passed between half past one and half past three in the autumn; the times bear their offsets."""
    first, last = "2024-10-27T01:30:00+02:00", "2024-10-27T03:30:00+01:00"
    found = picture(
        use_of(clock("human", first, last)) | {"timeline": []}, [received("2024-10-27T02:30:00+02:00")], last
    )
    assert found is not None
    assert found.bars[0].minutes == 180
    assert found.received == (LEFT + (RIGHT - LEFT) // 3,)
    assert found.offsets


@pytest.mark.parametrize("state", ["running", "cancelled", "stopped"])
def test_a_moment_has_a_picture_too(state: str) -> None:
    """A clock that was looked at as it began, and one whose machine's clock was put back."""
    stopped = SENT if state == "stopped" else None
    for now in (SENT, "2024-06-06T09:00:00+02:00"):
        found = picture(use_of(clock("receipt", stopped=stopped, state=state)) | {"timeline": []}, [], now)
        assert found is not None
        assert found.bars[0].width > 0
        assert LEFT <= found.bars[0].x <= RIGHT
    assert picture(use_of(), [], SENT) is None


@pytest.mark.parametrize(("language", "words"), [("en", "Timeline of notification"), ("nl", "Tijdlijn van melding")])
def test_the_page_of_a_case_draws_it(desk: Desk, language: str, words: str) -> None:
    """Whole SVG without style or script, named in words, all of it within its frame; the list says the same."""
    key = desk.notified()
    desk.go_on(70)
    desk.receive(mail(X, "Re: Two boxes", "Got it, we look at it.", answers=desk.message_id_of(key)))
    desk.go_on(60)
    page = Browser(PlayedSource(desk.env), language=language).look(f"/cases/{key.partition('/')[0]}")
    drawn = page.html[page.html.index("<svg") : page.html.index("</svg>") + 6]
    root = ET.fromstring(drawn.replace("<svg", f'<svg xmlns="{SVG[1:-1]}"', 1))  # noqa: S314 - the page's own
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"].startswith(f"{words} {key}.")
    assert not [one for one in root.iter() if "style" in one.attrib or one.tag in {f"{SVG}style", f"{SVG}script"}]
    _, _, wide, high = map(int, root.attrib["viewBox"].split())
    for one in root.iter(f"{SVG}rect"):
        assert int(one.attrib["x"]) + int(one.attrib["width"]) <= wide
    assert max(int(one.attrib["y"]) for one in root.iter(f"{SVG}text")) < high
    times = {one.text for one in root.iter(f"{SVG}text")}
    zone = desk.env.settings.zone
    assert f"{desk.clock.now().astimezone(zone):%H:%M}" in times
    assert f"{(desk.clock.now() - timedelta(minutes=130)).astimezone(zone):%H:%M}" in times
    assert '<ol class="timeline">' in page.html
