# SPDX-License-Identifier: EUPL-1.2
"""Goes through the steps in order: each is tried unless a step that it rests on failed, and each ends with an outcome.

mailbox -> submission -> a mail to itself and what became of it -> DNS -> this machine -> the proof -> clean-up
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from types import MappingProxyType

from flaggermail.errors import FlaggermailError
from flaggermail.online import steps_of_machine, steps_of_mail, steps_of_servers
from flaggermail.online.checked import Checked, CheckMeans, Marks
from flaggermail.online.outcomes import CheckStep, OutcomeCode, Result, StepOutcome

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


_STEPS: Mapping[CheckStep, Callable[[Checked], StepOutcome]] = MappingProxyType({
    CheckStep.IMAP_CONNECT: steps_of_servers.imap_connect,
    CheckStep.IMAP_CERTIFICATE: steps_of_servers.imap_certificate,
    CheckStep.IMAP_LOGIN: steps_of_servers.imap_login,
    CheckStep.CAPABILITIES: steps_of_servers.capabilities,
    CheckStep.FOLDERS: steps_of_servers.folders,
    CheckStep.RIGHTS: steps_of_servers.rights,
    CheckStep.OTHER_MAILBOX: steps_of_servers.other_mailbox,
    CheckStep.LEFT_OVER: steps_of_servers.left_over,
    CheckStep.SUBMISSION_CONNECT: steps_of_servers.submission_connect,
    CheckStep.SUBMISSION_CERTIFICATE: steps_of_servers.submission_certificate,
    CheckStep.SUBMISSION_LOGIN: steps_of_servers.submission_login,
    CheckStep.SUBMISSION_OFFERS: steps_of_servers.submission_offers,
    CheckStep.SELF_MAIL: steps_of_mail.self_mail,
    CheckStep.MESSAGE_ID: steps_of_mail.message_id,
    CheckStep.OWN_HEADER: steps_of_mail.own_header,
    CheckStep.BODY: steps_of_mail.body,
    CheckStep.KEYWORD: steps_of_servers.keyword,
    CheckStep.RESULTS: steps_of_mail.results,
    CheckStep.PLUS_ADDRESS: steps_of_mail.plus_address,
    CheckStep.CLOCK: steps_of_mail.clock,
    CheckStep.SPF: steps_of_machine.spf,
    CheckStep.DKIM: steps_of_machine.dkim,
    CheckStep.DMARC: steps_of_machine.dmarc,
    CheckStep.FORGED_MARK: steps_of_mail.forged_mark,
    CheckStep.PAGERS: steps_of_machine.pagers,
    CheckStep.DISK: steps_of_machine.disk,
    CheckStep.DATABASE: steps_of_machine.database,
    CheckStep.REPLICA: steps_of_machine.replica,
    CheckStep.TIME_ZONE: steps_of_machine.time_zone,
    CheckStep.PLACED: steps_of_mail.placed,
    CheckStep.ANSWERED: steps_of_mail.answered,
    CheckStep.ARCHIVED: steps_of_mail.archived,
    CheckStep.VERIFIED: steps_of_mail.verified,
    CheckStep.CLEAN_UP: steps_of_servers.clean_up,
})  # fmt: skip
