# SPDX-License-Identifier: EUPL-1.2
"""The text of a page, and which pager is called next."""

from datetime import UTC, datetime, timedelta

from flaggermail.notices.pager_choice import LONGEST, alarm_text, next_pager, reminder_text
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.record.states import PageState
from flaggermail.wording.alarms import AlarmName
from tests.corpus import each

TOLD = datetime(2027, 3, 17, 21, 10, tzinfo=UTC)
DELAYS = (5, 10, 20)


def test_a_reminder_says_number_platform_and_minutes() -> None:
    """A reminder page has number, platform if there is one, minutes, and the count of others in the same mail."""
    assert reminder_text("VF-PS2027-0001", "X", 62) == "VF-PS2027-0001, X: 62 min"
    assert reminder_text("VF-PS2027-0001", None, 31, 3) == "VF-PS2027-0001: 31 min (+3)"


def test_an_alarm_about_a_case_does_not_say_what_happened() -> None:
    """An alarm page about a case has only number and platform; one about the system names the alarm."""
    assert alarm_text(AlarmKind.BOUNCED, "VF-PS2027-0001", "X", language="en") == "alarm: VF-PS2027-0001, X"
    assert alarm_text(AlarmKind.MAILBOX_SILENT, None, None, language="en") == "alarm: mailbox silent"
    assert alarm_text(AlarmKind.MAILBOX_SILENT, None, None, language="nl") == "alarm: mailbox niet leesbaar"


def test_every_alarm_has_a_name_for_pages() -> None:
    """Each kind of alarm is named on a page, in English by its own word."""
    assert {name.name: name.words("en") for name in AlarmName} == {kind.name: kind.value for kind in AlarmKind}


def test_a_page_is_one_short_visible_line() -> None:
    """A page is one short printable line, even if a platform's name is not."""
    text = reminder_text("VF-PS2027-0001", "X\r\nBcc: all\u202e" + "x" * 500, 1)
    assert len(text) <= LONGEST
    assert text.isprintable()


@each(
    ("minutes", "states", "at_once", "position"),
    [
        (4, [], False, None),
        (5, [], False, 0),
        (0, [], True, 0),
        (5, ["queued"], False, None),
        (9, ["sent"], False, None),
        (10, ["sent"], False, 1),
        (4, ["sent"], True, None),
        (5, ["sent"], True, 1),
        (5, ["failed"], False, 1),
        (5, ["failed", "failed"], False, 2),
        (99, ["failed", "failed", "failed"], False, None),
        (99, ["sent", "attempting"], False, None),
        (10, ["held"], False, 1),
    ],
)
def test_the_order_of_pagers(minutes: int, states: list[str], at_once: bool, position: int | None) -> None:  # noqa: FBT001 - a table
    """Pagers are called by their delays, an urgent page starts at once, and a failed one is skipped without delay."""
    assert (
        next_pager(
            DELAYS, [PageState(state) for state in states], TOLD, TOLD + timedelta(minutes=minutes), at_once=at_once
        )
        == position
    )


def test_without_a_pager_nobody_is_called() -> None:
    """Without a pager no page is sent: mail is enough."""
    assert next_pager((), [], TOLD, TOLD + timedelta(days=1), at_once=True) is None
