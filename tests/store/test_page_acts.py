# SPDX-License-Identifier: EUPL-1.2
"""What an officer does in a night, by forms: each act of the scenarios has one, and nothing is chosen beforehand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from flaggermail.door.pages.desk_pages import PAGES
from flaggermail.mail.message import MechanicalKind
from flaggermail.record.case_values import Decision, DeclineReason, Origin, Source
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind, PersonBasis
from flaggermail.record.rows import Case, ContactNote, Notification, Reminder
from flaggermail.record.states import NotificationState
from tests.corpus import each
from tests.doubles.paged import HEAD, OFFICER2, OK, Browser, PlayedSource, SeenPage
from tests.store.desk_fixtures import REFERRER, Desk, NewDesk, mail
from tests.tools.page_pictures import addresses
from tests.tools.played_night import night

SCENARIOS = Path(__file__).parents[1] / "scenarios"
PLAYED = ("S01", "S04", "S05", "S08", "S08-phone-note", "S08-acknowledged", "S10", "S11", "ticket-system")
BY_REPLY = ("oncall ack", "quarantine place", "case assign", "case ask", "message confirm", "message refuse")
"""What officers do in these scenarios by an answer to a mail."""
OFFERED = [act for page in PAGES for act in page.acts.values()]


def referred(desk: Desk) -> str:
    """A referral comes in; returns the number of its case."""
    desk.receive(mail(REFERRER, "Wrong polling day", "One can vote on Friday. https://x.example/1"))
    return desk.all(Case)[-1].number


def typed() -> Iterator[str]:
    """Yields the command lines that officers type in the scenarios."""
    for name in PLAYED:
        acts = yaml.safe_load((SCENARIOS / name / "scenario.yaml").read_text(encoding="utf-8")).get("acts", [])
        yield from (one["do"] for one in acts)


@each("line", typed())
def test_an_act_of_the_scenarios_has_a_form(line: str) -> None:
    """With a field for each option; what is the address of the page is none."""
    act = next(one for one in OFFERED if line.startswith(f"{one.command} "))
    wanted = {name.replace("-", "_") for name in re.findall(r"--([a-z-]+)", line)}
    assert {"effective_at" if name == "at" else name for name in wanted} <= act.fields


def test_what_officers_answer_to_mails_has_a_form() -> None:
    """A page offers each act that a reply mail has in these scenarios."""
    assert set(BY_REPLY) <= {act.command for act in OFFERED}


def test_a_case_is_opened_without_a_mail(desk: Desk, browser: Browser) -> None:
    """With two earlier cases on the narrative, and leads to its page."""
    earlier = [desk.decided(), desk.decided()]
    page = browser.send(
        browser.look("/cases/new"), "open", election="EP2024", type="D_general_warning", origin="earlier_cases",
        title="Two boxes", related=" ".join(earlier),
    )  # fmt: skip
    case = desk.all(Case)[-1]
    assert page.address.startswith(f"/cases/{case.number}")
    assert (case.title, case.related, case.origin) == ("Two boxes", tuple(earlier), Origin.EARLIER_CASES)


def test_a_case_that_cannot_be_opened_comes_back_filled(desk: Desk, browser: Browser) -> None:
    """A number that no case has is named beside its field, and nothing is lost."""
    page = browser.send(
        browser.look("/cases/new"), "open", election="EP2024", type="other", origin="media", title="Two boxes",
        related="VF-EP2024-0099 7",
    )  # fmt: skip
    assert page.status != OK
    assert "#open-related" in page.links
    assert {("title", "Two boxes"), ("related", "VF-EP2024-0099 7")} <= set(page.form("open").fields)
    assert desk.all(Case) == []


def test_a_portal_is_noted(desk: Desk, browser: Browser) -> None:
    """What was entered in a portal counts from its own time, and the answer that it shows stops the clock."""
    case = desk.decided()
    page = browser.send(
        browser.look(f"/cases/{case}/note"), "note", means="portal", text="Report R-1 submitted",
        effective_at="2024-06-06T10:30", counts_as=["notification"], channel="tiktok-portal",
    )  # fmt: skip
    assert page.address.startswith(f"/cases/{case}?")
    desk.go_on(60)
    browser.send(
        browser.look(f"/cases/{case}/note"), "note", means="portal", text="Under review", counts_as=["platform_ack"]
    )
    (use,) = desk.all(Notification)
    assert use.by_hand
    assert desk.clocks(use.id)["receipt"] == ("stopped", 64)
    assert [one.counts_as for one in desk.all(ContactNote)] == [(Kind.NOTIFICATION,), (Kind.PLATFORM_ACK,)]


def test_a_note_of_the_future_comes_back_filled(desk: Desk, browser: Browser) -> None:
    """What was chosen stays chosen."""
    page = browser.send(
        browser.look(f"/cases/{desk.decided()}/note"), "note", means="phone", text="They <b>have</b> it",
        effective_at="2031-01-01T10:00", counts_as=["platform_ack"],
    )  # fmt: skip
    kept = page.form("note").fields
    assert {("means", "phone"), ("text", "They <b>have</b> it"), ("counts_as", "platform_ack")} <= set(kept)
    assert "<b>have</b>" not in page.html
    assert desk.all(ContactNote) == []


def test_the_referrer_is_asked_and_answered(desk: Desk, browser: Browser) -> None:
    """For one item, in one's own words, or for all that the referral lacks."""
    case = referred(desk)
    page = browser.look(f"/cases/{case}/write")
    browser.send(page, "ask", items=["screenshot"], text="Waar stond het?")
    browser.send(browser.look(f"/cases/{case}/write"), "reply", text="Dank u wel.")
    kinds = [event.kind for event in desk.events()]
    assert EventKind.INFORMATION_REQUESTED in kinds
    desk.settle()
    letters = [one.octets for one in desk.server.to(REFERRER)]
    assert any(b"Dank u wel." in one for one in letters)
    assert any(b"Waar stond het?" in one for one in letters)


def test_type_source_and_link_are_corrected(desk: Desk, browser: Browser) -> None:
    """Only what is chosen changes."""
    earlier, case = desk.decided(), referred(desk)
    before = desk.case(case)
    browser.send(browser.look(f"/cases/{case}/correct"), "reclassify", source="fact_checker")
    browser.send(browser.look(f"/cases/{case}/correct"), "link", related=earlier)
    found = desk.case(case)
    assert (found.source, found.type, found.related) == (Source.FACT_CHECKER, before.type, (earlier,))
    assert before.source is not Source.FACT_CHECKER


def test_narratives_are_added_and_taken_away(desk: Desk, browser: Browser) -> None:
    """Those of the configuration are offered; those that the case bears can be taken away."""
    case = desk.decided()
    first, second, *_ = desk.env.settings.desk.tags.narratives
    browser.send(browser.look(f"/cases/{case}/correct"), "tag", tags=[first, second])
    assert desk.case(case).narratives == (first, second)
    browser.send(browser.look(f"/cases/{case}/correct"), "tag", remove=[first])
    assert desk.case(case).narratives == (second,)


def reminded(desk: Desk) -> str:
    """A notification waits so long that its officer is reminded; returns the number of its case."""
    use = desk.notified()
    desk.go_on(61)
    desk.settle()
    assert desk.all(Reminder)
    return use.rpartition("/")[0]


def test_a_reminder_is_acknowledged(desk: Desk, browser: Browser) -> None:
    """The page says who has it and until when, and offers it no second time."""
    case = reminded(desk)
    page = browser.send(browser.look(f"/cases/{case}"), "acknowledge")
    assert {one.acknowledged_by for one in desk.all(Reminder)} == {"officer1"}
    assert "A. Jansen has it" in page.words
    assert "acknowledge" not in {form.act for form in page.forms}


def test_a_reminder_is_handed_over(desk: Desk, browser: Browser) -> None:
    """To another officer than oneself; without one the form comes back at its reminder."""
    case = reminded(desk)
    page = browser.look(f"/cases/{case}")
    refused = browser.send(page, "hand-over")
    (told,) = desk.all(Reminder)
    assert f"#hand-over-officer{told.id}" in refused.links
    assert f'id="hand-over-officer{told.id}"' in refused.html
    browser.send(refused, "hand-over", officer="officer2")
    assert [one.reason for one in desk.events() if one.kind is EventKind.REMINDER_HANDED_OVER] == ["officer2"]


def test_an_officer_says_who_wrote_a_platforms_mail(desk: Desk, browser: Browser) -> None:
    """A person's words under a machine's headers stop the clock of a person's answer."""
    use = desk.notified()
    desk.go_on(20)
    found = desk.receive(mail(answers=desk.message_id_of(use), extra=("Auto-Submitted: auto-replied",)))
    assert found.mechanical is not MechanicalKind.HUMAN
    page = browser.look(f"/messages/{found.id}")
    browser.send(page, "author", author="person")
    assert desk.message(found.id).person_basis is PersonBasis.OFFICER


def test_a_decline_has_its_ground_and_advice(desk: Desk, browser: Browser) -> None:
    """The referrer gets the words of the ground, and the advice that was written."""
    case = referred(desk)
    page = browser.look(f"/cases/{case}/assess")
    browser.send(page, "decide", decision="decline", ground="no_criterion", advice="Leg het uit op uw eigen site.")
    found = desk.case(case)
    assert (found.decision, found.decision_ground) == (Decision.DECLINE, DeclineReason.NO_CRITERION)
    desk.settle()
    assert any(b"Leg het uit op uw eigen site." in one.octets for one in desk.server.to(REFERRER))


CHOSEN = re.compile(r"<(?:input|option)[^>]* (?:checked|selected)")


def forms_of(page: SeenPage) -> str:
    """Returns the HTML of the forms that act, without searches."""
    return "".join(re.findall(r'<form method="post".*?</form>', page.html, re.DOTALL))


def test_what_an_act_warns_of_is_said_after_it(desk: Desk, browser: Browser) -> None:
    """Once, on the page that it leads to, in the person's language; looking again says nothing of it."""
    case = referred(desk)
    page = browser.look(f"/cases/{case}/assess")
    done = browser.send(page, "assess", incorrect="true", criteria="3", own_attempts="1")
    assert "Take note: own attempts: 1; repeated attempts means at least 2 step (a): the rule" in done.words
    assert "Take note" not in browser.look(next(one for one in done.links if "since=" in one)).words
    done = browser.send(done, "assess", contradicts="Article J 1", own_attempts="3")
    assert ("Done." in done.words, "Take note" in done.words) == (True, False)
    browser.language = "nl"
    done = browser.send(browser.look(page.address), "assess", own_attempts="1")
    assert "Let op: eigen pogingen: 1; herhaald betekent minstens 2" in done.words


def test_the_page_of_a_case_begins_with_the_next_step(desk: Desk, browser: Browser) -> None:
    """To assess, to write, to approve; a further notification is among the other acts."""
    case = referred(desk)

    def step() -> list[str]:
        return re.findall(r'class="button" href="([^"]+)"', browser.look(f"/cases/{case}").html)

    assert step() == [f"/cases/{case}/assess"]
    browser.send(browser.look(f"/cases/{case}/assess"), "assess", incorrect="true", criteria="3", own_attempts="3")
    page = browser.look(f"/cases/{case}/assess")
    browser.send(page, "decide", decision="notify", reason="Voters may come on the wrong day.")
    assert step() == [f"/cases/{case}/notify"]
    browser.send(browser.look(f"/cases/{case}/notify"), "notify", channel="x-urgent", text="Please check this account.")
    assert step() == [f"/drafts/{case}/1"]
    assert f"/cases/{case}/notify" in browser.look(f"/cases/{case}").links


def test_no_form_has_a_choice_that_nobody_made(tmp_path: Path) -> None:
    """On every page, when it is opened first; what was recorded by a person is shown as chosen."""
    desk = night(tmp_path)
    browser = Browser(PlayedSource(desk.env))

    assert [one for one in addresses(desk).values() if CHOSEN.search(forms_of(browser.look(one)))] == []
    case = next(one for one in desk.all(Case) if one.decision is None)
    browser.send(browser.look(f"/cases/{case.number}/assess"), "assess", satire="false")
    assert CHOSEN.search(forms_of(browser.look(f"/cases/{case.number}/assess")))
    desk.env.close()


def test_two_persons_approve_by_pages(new_desk: NewDesk) -> None:
    """The first approval leaves a draft, the second sends; whoever wrote it, or approved already, is offered none."""
    desk = new_desk(persons=2)
    draft = desk.drafted()
    writer = Browser(PlayedSource(desk.env))
    first, second = writer.as_(OFFICER2), writer.as_(HEAD)
    assert "approve" not in {form.act for form in writer.look(f"/drafts/{draft}").forms}
    page = first.send(first.look(f"/drafts/{draft}"), "approve")
    assert "Approved by B. de Vries." in page.words
    assert "C. Bakker" in page.words
    assert "approve" not in {form.act for form in page.forms}
    assert desk.notification(draft).approved_at is None
    second.send(second.look(f"/drafts/{draft}"), "approve")
    assert desk.notification(draft).approved_by == ("officer2", "head1")
    assert desk.notification(draft).approved_at == desk.clock.now()


def test_earlier_cases_of_the_referrer_stand_beside_the_decision(desk: Desk, browser: Browser) -> None:
    """With what was decided, the ground and the reason; those of others do not."""
    first, other = referred(desk), desk.decided()
    browser.send(
        browser.look(f"/cases/{first}/assess"),
        "decide",
        decision="decline",
        ground="single_post",
        reason="Eén bericht.",
    )
    second = desk.receive(mail(REFERRER, "Another account", "It says Friday, too. https://x.example/2")).case
    page = browser.look(f"/cases/{second}/assess")
    earlier = page.html.partition("Earlier cases of this referrer")[2]
    assert f"/cases/{first}" in earlier
    assert "one post that a citizen has seen" in earlier
    assert "Eén bericht." in earlier
    assert f"/cases/{other}" not in earlier


def test_an_approver_sees_what_was_checked_and_the_age_of_the_policy(desk: Desk, browser: Browser) -> None:
    """The day is told in days too; who else may approve is named."""
    page = browser.look(f"/drafts/{desk.drafted()}")
    assert "What the desk checked" in page.words
    assert "514 days ago" in page.words
    assert "B. de Vries" in page.words.partition("can approve it too")[0].rpartition("needed.")[2]


def test_a_text_for_a_portal_leads_to_its_note(desk: Desk, browser: Browser) -> None:
    """Once it is approved somebody submits it; until then it can be taken back."""
    case = desk.decided()
    draft = desk.drafted(channel="tiktok-portal", case=case)
    browser.send(browser.look(f"/drafts/{draft}"), "approve")
    page = browser.look(f"/drafts/{draft}")
    assert f"/cases/{case}/note" in page.links
    browser.send(page, "reject", reason="The portal is closed.")
    assert desk.notification(draft).state is NotificationState.REJECTED


def test_a_follow_up_is_drafted(desk: Desk, browser: Browser) -> None:
    """Offered once a platform was notified; it counts as no use."""
    assert "follow_up" not in browser.look(f"/cases/{desk.decided()}/notify").form("notify").names
    case = desk.notified().rpartition("/")[0]
    page = browser.look(f"/cases/{case}/notify")
    browser.send(page, "notify", channel="x-urgent", text="The post is still there for us to see.", follow_up="true")
    assert [one.counted for one in desk.all(Notification)] == [True, False]
