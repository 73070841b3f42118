# SPDX-License-Identifier: EUPL-1.2
"""Goes through the steps in order: each is tried unless a step that it rests on failed, and each ends with an outcome.

mailbox -> submission -> a mail to itself and what became of it -> DNS -> this machine -> the proof -> clean-up
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from types import MappingProxyType

from flaggermail.errors import FlaggermailError, LinkLost
from flaggermail.mail.reply_tokens import CHECK_HEADER
from flaggermail.online import steps_of_machine, steps_of_mail, steps_of_servers
from flaggermail.online.checked import (
    Checked,
    CheckMeans,
    CheckPart,
    Marks,
    OnlyOurselves,
    ScratchProof,
    bits_of,
    play,
    scratch_settings,
    verify,
)
from flaggermail.online.outcomes import CheckStep, OutcomeCode, Result, StepOutcome
from flaggermail.ports import Accepted, Refused

_LONGEST = 200  # characters of an error

_OF_THE_MAIL = (
    CheckStep.MESSAGE_ID, CheckStep.OWN_HEADER, CheckStep.BODY, CheckStep.KEYWORD, CheckStep.RESULTS,
    CheckStep.PLUS_ADDRESS, CheckStep.CLOCK, CheckStep.DKIM, CheckStep.FORGED_MARK, CheckStep.PLACED,
)  # fmt: skip
NEEDS: Mapping[CheckStep, tuple[CheckStep, ...]] = MappingProxyType({
    CheckStep.IMAP_CERTIFICATE: (CheckStep.IMAP_CONNECT,),
    CheckStep.IMAP_LOGIN: (CheckStep.IMAP_CONNECT,),
    CheckStep.CAPABILITIES: (CheckStep.IMAP_LOGIN,),
    CheckStep.FOLDERS: (CheckStep.IMAP_LOGIN,),
    CheckStep.RIGHTS: (CheckStep.FOLDERS,),
    CheckStep.OTHER_MAILBOX: (CheckStep.IMAP_LOGIN,),
    CheckStep.LEFT_OVER: (CheckStep.FOLDERS,),
    CheckStep.SUBMISSION_CERTIFICATE: (CheckStep.SUBMISSION_CONNECT,),
    CheckStep.SUBMISSION_LOGIN: (CheckStep.SUBMISSION_CONNECT,),
    CheckStep.SUBMISSION_OFFERS: (CheckStep.SUBMISSION_LOGIN,),
    CheckStep.SELF_MAIL: (CheckStep.FOLDERS, CheckStep.SUBMISSION_LOGIN),
    **dict.fromkeys(_OF_THE_MAIL, (CheckStep.SELF_MAIL,)),
    CheckStep.REPLICA: (CheckStep.DATABASE,),
    CheckStep.ANSWERED: (CheckStep.PLACED,),
    CheckStep.ARCHIVED: (CheckStep.PLACED,),
    CheckStep.VERIFIED: (CheckStep.PLACED,),
    CheckStep.CLEAN_UP: (CheckStep.FOLDERS,),
})  # fmt: skip
"""The steps that each step rests on."""


def check(means: CheckMeans) -> list[StepOutcome]:
    """Returns the outcome of every step. Mail of the check that stays in the mailbox is named in one of them.

    Never raises for what a server does.
    """
    checked, done = Checked(means, Marks.made(means.token(), means.seal)), dict[CheckStep, StepOutcome]()
    with closing(means.mailbox):
        for step in CheckStep:
            done[step] = _tried(step, done, partial(_STEPS[step], checked))
    return list(done.values())


def first_to_mend(outcomes: Sequence[StepOutcome]) -> StepOutcome | None:
    """Returns the first step that has something to mend."""
    return next((one for one in outcomes if one.result is Result.MEND), None)


def _tried(step: CheckStep, done: Mapping[CheckStep, StepOutcome], run: Callable[[], StepOutcome]) -> StepOutcome:
    for need in NEEDS.get(step, ()):
        if not done[need].went_well:
            cause = done[need]
            while cause.code is OutcomeCode.NOT_TRIED:  # the step that failed, however far above
                cause = next(done[one] for one in NEEDS[cause.step] if not done[one].went_well)
            return OutcomeCode.NOT_TRIED.at(step, step=cause.step.said)
    try:
        return run()
    except FlaggermailError as fault:
        words = str(fault)
    except Exception as fault:  # noqa: BLE001 - the one boundary of a step: what it caught is told
        words = type(fault).__name__
    return OutcomeCode.BROKEN.at(step, words=" ".join(words.split())[:_LONGEST])


def _self_mail(checked: Checked) -> StepOutcome:
    mailbox = checked.means.settings.desk.mailbox
    return steps_of_mail.self_mail(checked.send(CheckPart.PLAIN, mailbox.address), checked.means.settings)


def _plus_address(checked: Checked) -> StepOutcome:
    mailbox = checked.means.settings.desk.mailbox
    if not mailbox.plus_addresses:
        return OutcomeCode.PLUS_OFF.at(CheckStep.PLUS_ADDRESS)
    local, _, domain = mailbox.address.rpartition("@")
    address = f"{local}+{checked.marks.bits}@{domain}"
    return steps_of_mail.plus_address(checked.send(CheckPart.PLUS, address), address)


def _forged_mark(checked: Checked) -> StepOutcome:
    marks = checked.means.marks
    if marks is None:
        return OutcomeCode.MARK_UNASKED.at(CheckStep.FORGED_MARK)
    sent = checked.send(CheckPart.FORGED, checked.means.settings.desk.mailbox.address)
    outcome = steps_of_mail.forged_mark(sent, checked.marks)
    if outcome.code is not OutcomeCode.MARK_UNKNOWN:
        domain = checked.means.settings.desk.mailbox.address.rpartition("@")[2]
        marks.record(
            survived=outcome.code is OutcomeCode.MARK_SURVIVES,
            message_id=checked.marks.message_id(CheckPart.FORGED, domain),
        )
    return outcome


def _left_over(checked: Checked) -> StepOutcome:
    mailbox, seal = checked.means.mailbox, checked.means.seal
    found = mailbox.find(checked.folders, CHECK_HEADER, "")
    left = [mail for mail in found if bits_of(mail.octets, seal) is not None]
    there = [mail for mail in left if not mailbox.remove(mail)]
    return steps_of_servers.left_over(left, there)


def _clean_up(checked: Checked) -> StepOutcome:
    """Deletes what this check sent, on a new connection if that of the check is lost; names what stays."""
    try:
        return _cleaned(checked)
    except LinkLost:
        checked.means.mailbox.close()
    try:
        checked.means.mailbox.connect()
        checked.means.mailbox.log_in()
        return _cleaned(checked)
    except LinkLost:
        domain = checked.means.settings.desk.mailbox.address.rpartition("@")[2]
        sent = [part for part, one in checked.sent.items() if not isinstance(one.answer, Refused)]
        parts = [*sent, CheckPart.ANSWER] if isinstance(checked.proof.sent, Accepted) else sent
        return steps_of_servers.remaining([checked.marks.message_id(part, domain) for part in parts])


def _cleaned(checked: Checked) -> StepOutcome:
    found = checked.in_mailbox()
    for mail in found:
        checked.means.mailbox.remove(mail)
    return steps_of_servers.cleaned(len(found), checked.in_mailbox())


def _placed(checked: Checked) -> StepOutcome:
    """Plays the whole proof: the steps after this one only read what came of it."""
    means, mailbox = checked.means, checked.means.settings.desk.mailbox
    found = checked.plain.found
    assert found is not None  # noqa: S101 - the step rests on the mail that arrived
    domain = mailbox.address.rpartition("@")[2]
    now = means.clock.now()
    submit = OnlyOurselves(
        means.submitter, mailbox.address, f"check-{checked.marks.bits[:8]}@{domain}", checked.marks, now
    )
    with means.scratch(scratch_settings(means.settings, now), submit, means.clock) as scratch:
        checked.proof = play(scratch, found, submit)
        if isinstance(checked.proof.sent, Accepted):
            checked.proof.arrived = checked.awaited(CheckPart.ANSWER) is not None
        verify(scratch, [found], checked.proof)
    return steps_of_mail.placed(checked.proof)


def _of_proof(judge: Callable[[ScratchProof, str], StepOutcome]) -> Callable[[Checked], StepOutcome]:
    return lambda checked: judge(checked.proof, checked.means.settings.desk.mailbox.address)


_STEPS: Mapping[CheckStep, Callable[[Checked], StepOutcome]] = MappingProxyType({
    CheckStep.IMAP_CONNECT: steps_of_servers.imap_connect,
    CheckStep.IMAP_CERTIFICATE: steps_of_servers.imap_certificate,
    CheckStep.IMAP_LOGIN: steps_of_servers.imap_login,
    CheckStep.CAPABILITIES: steps_of_servers.capabilities,
    CheckStep.FOLDERS: steps_of_servers.folders,
    CheckStep.RIGHTS: steps_of_servers.rights,
    CheckStep.OTHER_MAILBOX: steps_of_servers.other_mailbox,
    CheckStep.LEFT_OVER: _left_over,
    CheckStep.SUBMISSION_CONNECT: steps_of_servers.submission_connect,
    CheckStep.SUBMISSION_CERTIFICATE: steps_of_servers.submission_certificate,
    CheckStep.SUBMISSION_LOGIN: steps_of_servers.submission_login,
    CheckStep.SUBMISSION_OFFERS: steps_of_servers.submission_offers,
    CheckStep.SELF_MAIL: _self_mail,
    CheckStep.MESSAGE_ID: lambda checked: steps_of_mail.message_id(checked.plain),
    CheckStep.OWN_HEADER: lambda checked: steps_of_mail.own_header(checked.plain, checked.marks),
    CheckStep.BODY: lambda checked: steps_of_mail.body(checked.plain),
    CheckStep.KEYWORD: steps_of_servers.keyword,
    CheckStep.RESULTS: lambda checked: steps_of_mail.results(checked.plain, checked.means.settings),
    CheckStep.PLUS_ADDRESS: _plus_address,
    CheckStep.CLOCK: lambda checked: steps_of_mail.clock(checked.plain, checked.means.settings),
    CheckStep.SPF: steps_of_machine.spf,
    CheckStep.DKIM: steps_of_machine.dkim,
    CheckStep.DMARC: steps_of_machine.dmarc,
    CheckStep.FORGED_MARK: _forged_mark,
    CheckStep.PAGERS: steps_of_machine.pagers,
    CheckStep.DISK: steps_of_machine.disk,
    CheckStep.DATABASE: steps_of_machine.database,
    CheckStep.REPLICA: steps_of_machine.replica,
    CheckStep.TIME_ZONE: steps_of_machine.time_zone,
    CheckStep.PLACED: _placed,
    CheckStep.ANSWERED: _of_proof(steps_of_mail.answered),
    CheckStep.ARCHIVED: _of_proof(steps_of_mail.archived),
    CheckStep.VERIFIED: _of_proof(steps_of_mail.verified),
    CheckStep.CLEAN_UP: _clean_up,
})  # fmt: skip
