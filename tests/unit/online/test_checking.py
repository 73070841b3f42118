# SPDX-License-Identifier: EUPL-1.2
"""`check --online`, step by step: every outcome is provoked here, and says what, where and what to change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from flaggermail.errors import ConfigurationError, LinkLost, LoginRefused, StoreFailure
from flaggermail.mail.authentication.authres import AuthenticationMethod
from flaggermail.mail.message import Address
from flaggermail.mail.reply_tokens import CHECK_HEADER
from flaggermail.online import checking
from flaggermail.online.checked import MARK, CheckPart, Marks, bits_of, compose_mail
from flaggermail.online.outcomes import CheckStep, OutcomeCode, Result, StepOutcome
from flaggermail.ports import Folder, Reach, Role, TokenReach
from flaggermail.ports.probing import Found, ReplicaSeen, SubmissionSeen
from flaggermail.rules.configuration import Configuration
from flaggermail.settings.model import PagerSettings
from flaggermail.settings.oauth_section import LoginMethod, OAuth2Settings
from flaggermail.wording.online import OnlineFinding, OnlineRemedy, OnlineStep
from flaggermail.wording.servers import AttemptText, MailboxFailure, ReachText
from tests.corpus import each
from tests.doubles.scripted_means import BITS, FOLDERS, NOW, RECEIVED, RESULTS, SEEN, Around, ScriptedMarks, link_lost
from tests.store.desk_fixtures import desk_settings
from tests.tools.said import sample

Change = Callable[[Around], None]
OWN = "verkiezingenflagger@bzk.example"
UTF8: dict[str, object] = {"smtputf8": True}
MARKS = Marks.made(BITS, lambda text: text[::-1].encode())
OLD = Marks.made("f" * 32, lambda text: text[::-1].encode())


def mailbox(**values: object) -> Change:
    """Returns a change of the section `mailbox`."""
    return lambda around: _settings(around, mailbox=values)


def _settings(around: Around, **sections: dict[str, object]) -> None:
    desk = around.settings.desk
    changed = {name: getattr(desk, name).model_copy(update=values) for name, values in sections.items()}
    around.settings = around.settings.model_copy(update={"desk": desk.model_copy(update=changed)})


def both(first: Change, second: Change) -> Change:
    """Returns both changes."""

    def change(around: Around) -> None:
        first(around)
        second(around)

    return change


def at_mailbox(**values: object) -> Change:
    """Returns a change of the mailbox server."""
    return lambda around: vars(around.mailbox).update(values)


def at_sending(**values: object) -> Change:
    """Returns a change of the submission server."""
    return lambda around: vars(around.sending).update(values)


def shows(seen: SubmissionSeen) -> Change:
    """Returns what the submission server shows."""
    return at_sending(seen=seen)


def fails(method: str, error: Exception) -> Change:
    """Returns that a method of the mailbox raises."""
    return lambda around: around.mailbox.fails.update({method: error})


def with_token(reach: TokenReach | None) -> Change:
    """Returns a login with a token, and what trying another mailbox gave."""

    def change(around: Around) -> None:
        desk = around.settings.desk
        oauth2 = OAuth2Settings(token_endpoint="https://login.example/token", client_id="desk", scope="mail")
        box = desk.mailbox.model_copy(update={"login": LoginMethod.OAUTH2})
        sub = desk.submission.model_copy(update={"login": LoginMethod.OAUTH2})
        changed = desk.model_copy(update={"mailbox": box, "submission": sub, "oauth2": oauth2})
        around.settings = around.settings.model_copy(update={"desk": changed})
        around.reach = reach

    return change


def left(*, genuine: bool = True, removes: bool = True) -> Change:
    """Returns that a mail of another check is in the mailbox."""

    def change(around: Around) -> None:
        marks = OLD if genuine else replace(OLD, seal="0" * 32)
        octets = compose_mail(marks, CheckPart.PLAIN, Address(OWN), OWN, NOW)
        around.mailbox.mails.append(Found("INBOX", Role.INBOX, "1", "900", NOW, octets))
        around.mailbox.removes = removes

    return change


def records(name: str, *found: bytes) -> Change:
    """Returns other records of the DNS; none given: it is silent about the name."""
    return lambda around: around.records.update({name: found or None})


def nothing_at(name: str) -> Change:
    """Returns that the DNS has no record of that name."""
    return lambda around: around.records.update({name: ()})


def pager(*, taken: bool = True, pages: bool = True) -> Change:
    """Returns that an officer has a pager."""

    def change(around: Around) -> None:
        oncall = around.settings.oncall
        first = oncall.officers[0].model_copy(update={"pagers": (PagerSettings(credential="pager-1"),)})
        around.settings = around.settings.model_copy(
            update={"oncall": oncall.model_copy(update={"officers": (first, *oncall.officers[1:])})}
        )
        around.pager.taken, around.pages = taken, pages

    return change


def trusts_marks(replaced: dict[bytes, bytes], *, refuses: bool = False) -> Change:
    """Returns that internal marks are trusted, and what the server does with the forged one."""

    def change(around: Around) -> None:
        around.marks = ScriptedMarks()
        around.sending.replaced = replaced
        around.sending.refuses = frozenset({CheckPart.FORGED} if refuses else ())

    return change


MARKED = f"{MARK}: {MARKS.forged}\r\n".encode()
BY_SERVER = f"{MARK}: Internal\r\n".encode()
FOLLOWS = ReplicaSeen(is_standby=True, is_of_database=True, revision="0001", wanted="0001", behind=0)
ALL_WELL = frozenset({
    OutcomeCode.IMAP_OPEN, OutcomeCode.IMAP_LOGGED_IN, OutcomeCode.CAPABLE, OutcomeCode.FOLDERS_THERE,
    OutcomeCode.RIGHTS_TRIED, OutcomeCode.OTHER_UNASKED, OutcomeCode.LEFT_NOTHING, OutcomeCode.SUBMISSION_OPEN,
    OutcomeCode.CERTIFICATE_GOOD, OutcomeCode.SUBMISSION_NO_LOGIN, OutcomeCode.SUBMISSION_OFFERS,
    OutcomeCode.SELF_ARRIVED, OutcomeCode.ID_KEPT, OutcomeCode.HEADER_KEPT, OutcomeCode.BODY_KEPT,
    OutcomeCode.KEYWORD_UNUSED, OutcomeCode.RESULTS_OURS, OutcomeCode.PLUS_KEPT, OutcomeCode.CLOCK_AGREES,
    OutcomeCode.SPF_FOUND, OutcomeCode.DKIM_FOUND, OutcomeCode.DMARC_FOUND, OutcomeCode.MARK_UNASKED,
    OutcomeCode.PAGERS_NONE, OutcomeCode.DISK_ENOUGH, OutcomeCode.DATABASE_GOOD, OutcomeCode.REPLICA_NONE,
    OutcomeCode.TIME_ZONE_SAME, OutcomeCode.CLEANED,
    OutcomeCode.BROKEN, OutcomeCode.NOT_TRIED,  # the last two: there is no scratch desk here
})  # fmt: skip
OF_THE_PROOF = frozenset(code for code in OutcomeCode if code.name.startswith("PROOF_"))  # test_proof.py

C, S = OutcomeCode, CheckStep
CASES: tuple[tuple[OutcomeCode, CheckStep, Change], ...] = (
    (C.IMAP_CLOSED, S.IMAP_CONNECT, fails("connect", link_lost())),
    (C.CERTIFICATE_ENDS, S.IMAP_CERTIFICATE, at_mailbox(certificate_ends=NOW + timedelta(days=3))),
    (C.CERTIFICATE_NONE, S.IMAP_CERTIFICATE, at_mailbox(certificate_ends=None)),
    (C.CERTIFICATE_ENDS, S.SUBMISSION_CERTIFICATE, shows(replace(SEEN, certificate_ends=NOW + timedelta(days=3)))),
    (C.IMAP_LOGIN_REFUSED, S.IMAP_LOGIN, fails("log_in", LoginRefused("the server refuses the login of desk"))),
    (C.IMAP_LOGIN_FAILED, S.IMAP_LOGIN, fails("log_in", LinkLost("the server closed the connection"))),
    (C.CAPABLE_OF_LESS, S.CAPABILITIES, at_mailbox(offers=frozenset({"IDLE"}))),
    (C.FOLDER_MISSING, S.FOLDERS, at_mailbox(there=(FOLDERS[0], Folder("Verzonden items", Role.OTHER)))),
    (C.FOLDER_MISSING, S.FOLDERS, at_mailbox(unreadable=frozenset({"INBOX"}))),
    (C.JUNK_MISSING, S.FOLDERS, at_mailbox(there=FOLDERS[:2])),
    (C.FOLDERS_UNREAD, S.FOLDERS, fails("folders", LinkLost("NO [NOPERM] no"))),
    (C.RIGHTS_GIVEN, S.RIGHTS, at_mailbox(letters={"INBOX": "lrswit"})),
    (C.RIGHT_LACKING, S.RIGHTS, at_mailbox(letters={"Sent": "l"})),
    (C.RIGHT_LACKING, S.RIGHTS, at_mailbox(unreadable=frozenset({"Junk"}))),
    (C.OTHER_REFUSED, S.OTHER_MAILBOX,
     with_token(TokenReach(Reach.REFUSED, ReachText.REFUSED(other="x@bzk.example", own=OWN)))),
    (C.OTHER_OPENED, S.OTHER_MAILBOX,
     with_token(TokenReach(Reach.OPENED, ReachText.OPENED(other="x@bzk.example", own=OWN)))),
    (C.OTHER_UNCLEAR, S.OTHER_MAILBOX,
     with_token(TokenReach(Reach.UNCLEAR, ReachText.UNCLEAR(other="x@bzk.example", words="NO no")))),
    (C.OTHER_ACCEPTED, S.OTHER_MAILBOX, with_token(None)),
    (C.SUBMISSION_LOGGED_IN, S.SUBMISSION_LOGIN, with_token(None)),
    (C.LEFT_REMOVED, S.LEFT_OVER, left()),
    (C.LEFT_THERE, S.LEFT_OVER, left(removes=False)),
    (C.LEFT_NOTHING, S.LEFT_OVER, left(genuine=False)),
    (C.SUBMISSION_CLOSED, S.SUBMISSION_CONNECT, shows(replace(SEEN, connected=AttemptText.SILENT(seconds="30")))),
    (C.SUBMISSION_LOGIN_REFUSED, S.SUBMISSION_LOGIN,
     shows(replace(SEEN, logged_in=AttemptText.LOGIN_REFUSED(file="smtp-password")))),
    (C.SUBMISSION_OFFERS_LESS, S.SUBMISSION_OFFERS, shows(replace(SEEN, offers=frozenset({"8bitmime"})))),
    (C.SUBMISSION_NO_UTF8, S.SUBMISSION_OFFERS,
     both(shows(replace(SEEN, offers=frozenset({"8bitmime"}))), lambda around: _settings(around, submission=UTF8))),
    (C.SUBMISSION_SMALL, S.SUBMISSION_OFFERS, shows(replace(SEEN, size=10_000_000))),
    (C.SELF_REFUSED, S.SELF_MAIL, at_sending(refuses=frozenset({CheckPart.PLAIN}))),
    (C.SELF_MISSING, S.SELF_MAIL, at_sending(loses=frozenset({CheckPart.PLAIN}))),
    (C.SELF_UNCERTAIN, S.SELF_MAIL,
     at_sending(loses=frozenset({CheckPart.PLAIN}), in_doubt=frozenset({CheckPart.PLAIN}))),
    (C.SELF_MISSING, S.SELF_MAIL, at_sending(found_in=FOLDERS[1])),
    (C.SELF_JUNK, S.SELF_MAIL, at_sending(found_in=FOLDERS[2])),
    (C.ID_REPLACED, S.MESSAGE_ID, at_sending(replaced={b"Message-ID: <check.": b"Message-ID: <AM0PR."})),
    (C.HEADER_LOST, S.OWN_HEADER, at_sending(replaced={b"X-Flaggermail-Ref: ": b"X-Removed: "})),
    (C.HEADER_LOST, S.OWN_HEADER, at_sending(replaced={CHECK_HEADER.encode(): b"X-Removed"})),
    (C.BODY_CHANGED, S.BODY, at_sending(replaced={b"Deze mail": b"[EXTERN] Deze mail"})),
    (C.KEYWORD_KEPT, S.KEYWORD, mailbox(keyword="flaggermail")),
    (C.KEYWORD_LOST, S.KEYWORD, both(mailbox(keyword="flaggermail"), at_mailbox(keeps=False))),
    (C.RESULTS_OTHER, S.RESULTS, at_sending(trace=RESULTS.replace(b"mx.bzk", b"filter.bzk") + RECEIVED)),
    (C.RESULTS_NONE, S.RESULTS, at_sending(trace=RECEIVED)),
    (C.RESULTS_UNTRUSTED, S.RESULTS, mailbox(authserv_id=None)),
    (C.RESULTS_OURS, S.RESULTS, mailbox(authserv_id=None, trust=AuthenticationMethod.TOPMOST)),
    (C.PLUS_LOST, S.PLUS_ADDRESS, at_sending(refuses=frozenset({CheckPart.PLUS}))),
    (C.PLUS_MISSING, S.PLUS_ADDRESS, at_sending(loses=frozenset({CheckPart.PLUS}))),
    (C.PLUS_STRIPPED, S.PLUS_ADDRESS, at_sending(replaced={f"+{BITS}@".encode(): b"@"})),
    (C.PLUS_OFF, S.PLUS_ADDRESS, mailbox(plus_addresses=False)),
    (C.CLOCK_DIFFERS, S.CLOCK, at_sending(ahead=timedelta(minutes=5))),
    (C.CLOCK_DIFFERS, S.CLOCK, at_sending(ahead=timedelta(minutes=-5))),
    (C.SPF_NONE, S.SPF, nothing_at("bzk.example")),
    (C.SPF_SEVERAL, S.SPF, records("bzk.example", b"v=spf1 -all", b"v=spf1 ~all")),
    (C.DNS_SILENT, S.SPF, records("bzk.example")),
    (C.DNS_SILENT, S.DKIM, records("s1._domainkey.bzk.example")),
    (C.DNS_SILENT, S.DMARC, records("_dmarc.bzk.example")),
    (C.DKIM_UNSIGNED, S.DKIM, at_sending(trace=RESULTS + RECEIVED)),
    (C.DKIM_KEYLESS, S.DKIM, records("s1._domainkey.bzk.example", b"v=DKIM1; p=")),
    (C.DMARC_NONE, S.DMARC, nothing_at("_dmarc.bzk.example")),
    (C.MARK_GONE, S.FORGED_MARK, trusts_marks({MARKED: b""})),
    (C.MARK_GONE, S.FORGED_MARK, trusts_marks({MARKED: BY_SERVER})),
    (C.MARK_SURVIVES, S.FORGED_MARK, trusts_marks({})),
    (C.MARK_SURVIVES, S.FORGED_MARK, trusts_marks({MARKED: BY_SERVER + MARKED})),
    (C.MARK_UNKNOWN, S.FORGED_MARK, trusts_marks({}, refuses=True)),
    (C.PAGERS_TAKEN, S.PAGERS, pager()),
    (C.PAGER_REFUSED, S.PAGERS, pager(taken=False)),
    (C.PAGERS_LEFT_OUT, S.PAGERS, pager(pages=False)),
    (C.DISK_LOW, S.DISK, lambda around: setattr(around, "free", {"archive": 10**6, "database": 10**12})),
    (C.DATABASE_NEW, S.DATABASE, lambda around: setattr(around, "database", None)),
    (C.DATABASE_BAD, S.DATABASE,
     lambda around: setattr(around, "database", ConfigurationError("database x: revision 0001 is older"))),
    (C.REPLICA_GOOD, S.REPLICA, lambda around: setattr(around, "replica", FOLLOWS)),
    (C.REPLICA_BAD, S.REPLICA, lambda around: setattr(around, "replica", StoreFailure("connection refused"))),
    (C.REPLICA_WRITES, S.REPLICA, lambda around: setattr(around, "replica", replace(FOLLOWS, is_standby=False))),
    (C.REPLICA_OTHER, S.REPLICA, lambda around: setattr(around, "replica", replace(FOLLOWS, is_of_database=False))),
    (C.REPLICA_SCHEMA, S.REPLICA, lambda around: setattr(around, "replica", replace(FOLLOWS, revision="0000"))),
    (C.REPLICA_BEHIND, S.REPLICA, lambda around: setattr(around, "replica", replace(FOLLOWS, behind=7))),
    (C.TIME_ZONE_OTHER, S.TIME_ZONE, lambda around: setattr(around, "offset", timedelta(hours=-5, minutes=-30))),
    (C.REMAINS, S.CLEAN_UP, at_mailbox(removes=False)),
)  # fmt: skip


@pytest.fixture(scope="module")
def settings() -> Configuration:
    """Returns the settings of the scenarios."""
    return desk_settings()


def checked(settings: Configuration, *changes: Change) -> tuple[Around, list[StepOutcome]]:
    """Returns what was around a check, and its outcomes."""
    around = Around(settings)
    for change in changes:
        change(around)
    around.sending.settings = around.settings
    return around, checking.check(around.means())


def test_where_all_is_well_every_step_says_so(settings: Configuration) -> None:
    """Each step has one outcome, in order; three mails would be sent to the desk itself, and none stays."""
    around, found = checked(settings)
    assert [one.step for one in found] == list(CheckStep)
    assert {one.code for one in found} == ALL_WELL
    assert around.sending.recipients == [OWN, OWN.replace("@", f"+{BITS}@")]
    assert around.mailbox.mails == []


@each("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}-{CASES.index(case)}")
def test_each_outcome_is_provoked(settings: Configuration, case: tuple[OutcomeCode, CheckStep, Change]) -> None:
    """The step ends with its code, in whole sentences that say what to change if anything is wrong."""
    code, step, change = case
    _, found = checked(settings, change)
    (outcome,) = [one for one in found if one.step is step]
    assert outcome.code is code
    needs = outcome.result in {Result.MEND, Result.WARNING}
    assert bool(outcome.mend) is needs
    for said in (outcome.what, outcome.mend, outcome.step.said):
        for language in ("en", "nl"):
            words = said.in_language(language)
            assert "{" not in words
            assert "\n" not in words


def test_every_code_is_provoked_somewhere() -> None:
    """The cases above, the check where all is well and the proof's tests know every code there is."""
    assert {code for code, _, _ in CASES} | ALL_WELL | OF_THE_PROOF == set(OutcomeCode)


def test_every_code_has_its_words() -> None:
    """A sentence for each, and what mends it where something is to be mended."""
    details = {
        OnlineFinding.AHEAD,
        OnlineFinding.BEHIND,
        OnlineFinding.WITH_TOKEN,
        OnlineFinding.WITH_PASSWORD,
        OnlineFinding.NO_LIMIT,
        OnlineFinding.MEGABYTES,
        OnlineFinding.NO_RECEIPT,
        OnlineFinding.NOT_SEEN,
    }
    assert {one.name for one in set(OnlineFinding) - details} == {code.name for code in OutcomeCode}
    wrong = {code.name for code in OutcomeCode if code.result in {Result.MEND, Result.WARNING}}
    assert {one.name for one in OnlineRemedy} == wrong
    assert [one.name for one in OnlineStep] == [step.name for step in CheckStep]


def test_steps_that_rest_on_a_failed_one_are_not_tried(settings: Configuration) -> None:
    """The first to mend is named, and each step behind it names it; what is apart from it is tried."""
    around, found = checked(settings, fails("log_in", LoginRefused("no")))
    first = checking.first_to_mend(found)
    assert first is not None
    assert first.step is CheckStep.IMAP_LOGIN
    behind = [one for one in found if one.code is OutcomeCode.NOT_TRIED]
    assert {one.what for one in behind} == {OnlineFinding["NOT_TRIED"](step=CheckStep.IMAP_LOGIN.said)}
    assert CheckStep.VERIFIED in {one.step for one in behind}
    assert CheckStep.SUBMISSION_LOGIN not in {one.step for one in behind}
    assert around.sending.recipients == []


def test_a_known_answer_is_explained_in_the_language_of_the_reader(settings: Configuration) -> None:
    """What the adapter recognised is what mends it, in English and in Dutch, and no other cure is offered."""
    cause = MailboxFailure.IMAP_OFF
    refused = LoginRefused("the server refuses the login of desk (ALERT)", sample(cause))
    _, found = checked(settings, fails("log_in", refused))
    (outcome,) = [one for one in found if one.step is CheckStep.IMAP_LOGIN]
    assert (outcome.mend, outcome.where) == (sample(cause), "")
    assert all(outcome.what.in_language(language).endswith("(ALERT)") for language in ("en", "nl"))


def test_an_answer_that_is_known_mends_nothing_where_all_is_well(settings: Configuration) -> None:
    """A refusal of another mailbox is what was wanted: its explanation asks nobody to change anything."""
    told = AttemptText.HINTED(what=AttemptText.SAYS(words="NO"), hint=sample(MailboxFailure.IMAP_OFF))
    _, found = checked(settings, with_token(TokenReach(Reach.REFUSED, told)))
    (outcome,) = [one for one in found if one.step is CheckStep.OTHER_MAILBOX]
    assert (outcome.code, outcome.mend) == (OutcomeCode.OTHER_REFUSED, "")


def test_mail_is_named_if_the_line_is_lost_before_it_is_deleted(settings: Configuration) -> None:
    """After one try on a new connection, each mail that may be left is named with its Message-ID."""
    around = Around(settings)
    means = around.means()
    calls = list[str]()

    def token() -> str:
        calls.append("token")
        return BITS

    def local_offset() -> timedelta:  # the last step before the proof
        around.mailbox.fails["find"] = link_lost()
        return timedelta(0)

    found = checking.check(replace(means, token=token, local_offset=local_offset))
    last = found[-1]
    assert last.code is OutcomeCode.REMAINS
    names = last.what.detail("names")
    assert names == [f"check.{BITS}.{part}@bzk.example" for part in (CheckPart.PLAIN, CheckPart.PLUS)]
    assert around.mailbox.connected == 2
    assert calls == ["token"]


def test_a_mark_of_somebody_else_is_no_mail_of_a_check(settings: Configuration) -> None:
    """A mail with a seal that this desk did not make stays where it is, and is not named."""
    around, found = checked(settings, left(genuine=False))
    assert len(around.mailbox.mails) == 1
    assert bits_of(around.mailbox.mails[0].octets, lambda text: text[::-1].encode()) is None
    assert OutcomeCode.LEFT_NOTHING in {one.code for one in found}


def test_hostile_words_of_a_server_stay_in_their_line(settings: Configuration) -> None:
    """A break in a step shows a bounded text in one line."""
    _, found = checked(settings, fails("find", LinkLost("NO\r\nok: forged\n" + "x" * 5000)))
    broken = [one for one in found if one.code is OutcomeCode.BROKEN]
    assert broken
    assert all("\n" not in one.what.english and len(one.what.english) < 400 for one in broken)


def test_the_outcome_of_the_forged_mark_is_recorded(settings: Configuration) -> None:
    """Once, with what became of it; an unclear trial proves nothing."""
    for change, recorded in (
        (trusts_marks({MARKED: b""}), [False]), (trusts_marks({}), [True]),
        (trusts_marks({}, refuses=True), []),
    ):  # fmt: skip
        around, _ = checked(settings, change)
        assert around.marks is not None
        assert around.marks.survived == recorded
