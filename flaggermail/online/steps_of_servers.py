# SPDX-License-Identifier: EUPL-1.2
"""The steps that ask the mailbox and the submission server, before and after the mail of the check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flaggermail.errors import LinkLost, LoginRefused
from flaggermail.mail.reply_tokens import CHECK_HEADER
from flaggermail.online.checked import Checked, CheckPart, bits_of, header_field
from flaggermail.online.outcomes import CheckStep, OutcomeCode, StepOutcome
from flaggermail.ports import Accepted, Reach, Refused, Role
from flaggermail.ports.probing import Found
from flaggermail.settings.model import MailboxSettings, SubmissionSettings
from flaggermail.settings.oauth_section import LoginMethod
from flaggermail.wording.online import OnlineFinding
from flaggermail.wording.said import StoredText, as_written
from flaggermail.wording.servers import AttemptText

USED = ("IDLE", "UIDPLUS")  # of the mailbox server; what IMAP4rev1 has besides is required (RFC 3501)
USED_TO_SEND = ("8bitmime", "dsn", "smtputf8")
_UTF8 = "SMTPUTF8"
LEAST_SIZE = 25_000_000  # octets
_MEGA = 1_000_000
_NAMED = 8  # folders or mails in one sentence


def imap_connect(checked: Checked) -> StepOutcome:
    """Connects with the mailbox server."""
    server = checked.means.settings.desk.mailbox
    try:
        checked.certificate_ends = checked.means.mailbox.connect()
    except LinkLost as lost:
        return OutcomeCode.IMAP_CLOSED.at(CheckStep.IMAP_CONNECT, words=_told(lost), mend={"port": str(server.port)})
    return OutcomeCode.IMAP_OPEN.at(CheckStep.IMAP_CONNECT, host=server.host, port=str(server.port), tls=server.tls)


def imap_certificate(checked: Checked) -> StepOutcome:
    """Tells the end of the mailbox server's certificate."""
    return _certificate(
        CheckStep.IMAP_CERTIFICATE, checked, checked.means.settings.desk.mailbox, checked.certificate_ends
    )


def imap_login(checked: Checked) -> StepOutcome:
    """Logs in at the mailbox server."""
    server = checked.means.settings.desk.mailbox
    try:
        checked.offers = frozenset(checked.means.mailbox.log_in())
    except LoginRefused as refused:
        return OutcomeCode.IMAP_LOGIN_REFUSED.at(CheckStep.IMAP_LOGIN, words=_told(refused))
    except LinkLost as lost:
        return OutcomeCode.IMAP_LOGIN_FAILED.at(CheckStep.IMAP_LOGIN, words=_told(lost))
    return OutcomeCode.IMAP_LOGGED_IN.at(CheckStep.IMAP_LOGIN, user=server.user, means=_login_means(server))


def capabilities(checked: Checked) -> StepOutcome:
    """Tells what the mailbox server lacks of what the desk or this check uses."""
    missing = [name for name in USED if name not in checked.offers]
    if missing:
        return OutcomeCode.CAPABLE_OF_LESS.at(CheckStep.CAPABILITIES, names=missing)
    return OutcomeCode.CAPABLE.at(CheckStep.CAPABILITIES, names=list(USED))


def folders(checked: Checked) -> StepOutcome:
    """Looks for the folders that the settings name."""
    server = checked.means.settings.desk.mailbox
    try:
        checked.folders = tuple(checked.means.mailbox.folders())
        opens = checked.means.mailbox.can_read(server.inbox)  # an inbox need not be listed (RFC 9051, section 5.1)
    except LinkLost as lost:
        return OutcomeCode.FOLDERS_UNREAD.at(CheckStep.FOLDERS, words=_told(lost), mend={"user": server.user})
    there = [folder.name for folder in checked.folders]
    named = [name for name in there if name != server.inbox or opens][:_NAMED]
    if not opens or server.sent not in there:
        missing = server.sent if opens else server.inbox
        return OutcomeCode.FOLDER_MISSING.at(CheckStep.FOLDERS, folder=missing, there=named)
    junk = [folder.name for folder in checked.folders if folder.role is Role.JUNK]
    if not junk:
        return OutcomeCode.JUNK_MISSING.at(CheckStep.FOLDERS, folder=server.junk, there=named)
    return OutcomeCode.FOLDERS_THERE.at(
        CheckStep.FOLDERS, count=len(there), inbox=server.inbox, sent=server.sent, junk=junk[0]
    )


def rights(checked: Checked) -> StepOutcome:
    """Asks for the rights in each folder, or opens each where the server names none."""
    mailbox, user = checked.means.mailbox, checked.means.settings.desk.mailbox.user
    found = {folder.name: mailbox.rights(folder.name) for folder in checked.folders}
    lacking = [
        name for name, letters in found.items()
        if (not mailbox.can_read(name) if letters is None else "r" not in letters)
    ]  # fmt: skip
    if lacking:
        return OutcomeCode.RIGHT_LACKING.at(CheckStep.RIGHTS, folders=lacking[:_NAMED], mend={"user": user})
    named = sorted({letters for letters in found.values() if letters is not None})
    if named:
        return OutcomeCode.RIGHTS_GIVEN.at(CheckStep.RIGHTS, count=len(found), rights=named)
    return OutcomeCode.RIGHTS_TRIED.at(CheckStep.RIGHTS, count=len(found))


def other_mailbox(checked: Checked) -> StepOutcome:
    """Tries another mailbox with the token of the desk, which must be refused."""
    desk, step = checked.means.settings.desk, CheckStep.OTHER_MAILBOX
    if desk.oauth2 is None or desk.mailbox.login is not LoginMethod.OAUTH2:
        return OutcomeCode.OTHER_UNASKED.at(step)
    reach = checked.means.other_mailbox()
    if reach is None:
        return OutcomeCode.OTHER_ACCEPTED.at(step)
    if reach.reach is Reach.REFUSED:
        return OutcomeCode.OTHER_REFUSED.at(step, words=reach.told)
    if reach.reach is Reach.OPENED:
        own = desk.oauth2.mailbox or desk.mailbox.address
        return OutcomeCode.OTHER_OPENED.at(step, words=reach.told, mend={"own": own})
    return OutcomeCode.OTHER_UNCLEAR.at(step, words=reach.told)


def left_over(checked: Checked) -> StepOutcome:
    """Deletes what an earlier check left; tells what that was, or what of it is still there."""
    mailbox, seal = checked.means.mailbox, checked.means.seal
    found = mailbox.find(checked.folders, CHECK_HEADER, "")
    left = [mail for mail in found if bits_of(mail.octets, seal) is not None]
    there = [mail for mail in left if not mailbox.remove(mail)]
    if there:
        return OutcomeCode.LEFT_THERE.at(CheckStep.LEFT_OVER, count=len(there), names=_names(there))
    if left:
        return OutcomeCode.LEFT_REMOVED.at(CheckStep.LEFT_OVER, count=len(left), names=_names(left))
    return OutcomeCode.LEFT_NOTHING.at(CheckStep.LEFT_OVER)


def clean_up(checked: Checked) -> StepOutcome:
    """Deletes what this check sent, on a new connection if that of the check is lost; names what stays, or may stay."""
    mailbox = checked.means.mailbox
    try:
        return _cleaned(checked)
    except LinkLost:
        mailbox.close()
    try:
        mailbox.connect()
        mailbox.log_in()
        return _cleaned(checked)
    except LinkLost:
        sent = [part for part, one in checked.sent.items() if not isinstance(one.answer, Refused)]
        parts = [*sent, CheckPart.ANSWER] if isinstance(checked.proof.sent, Accepted) else sent
        names = [checked.marks.message_id(part, checked.domain) for part in parts]
        return OutcomeCode.REMAINS.at(CheckStep.CLEAN_UP, count=len(names), names=names or ["-"])


def _cleaned(checked: Checked) -> StepOutcome:
    found = checked.in_mailbox()
    for mail in found:
        checked.means.mailbox.remove(mail)
    there = checked.in_mailbox()
    if there:
        return OutcomeCode.REMAINS.at(CheckStep.CLEAN_UP, count=len(there), names=_names(there))
    return OutcomeCode.CLEANED.at(CheckStep.CLEAN_UP, count=len(found))


def keyword(checked: Checked) -> StepOutcome:
    """Sets the keyword of the settings on the mail of the check."""
    keyword, found = checked.means.settings.desk.mailbox.keyword, checked.plain.found
    if keyword is None or found is None:
        return OutcomeCode.KEYWORD_UNUSED.at(CheckStep.KEYWORD)
    kept = checked.means.mailbox.keeps_keyword(found, keyword)
    return (OutcomeCode.KEYWORD_KEPT if kept else OutcomeCode.KEYWORD_LOST).at(CheckStep.KEYWORD, keyword=keyword)


def submission_connect(checked: Checked) -> StepOutcome:
    """Connects with the submission server, and logs in on the way."""
    server = checked.means.settings.desk.submission
    seen = checked.submission = checked.means.submission.look()
    if seen.connected:
        return OutcomeCode.SUBMISSION_CLOSED.at(
            CheckStep.SUBMISSION_CONNECT, words=seen.connected, mend={"port": str(server.port)}
        )
    return OutcomeCode.SUBMISSION_OPEN.at(
        CheckStep.SUBMISSION_CONNECT, host=server.host, port=str(server.port), tls=server.tls
    )


def submission_certificate(checked: Checked) -> StepOutcome:
    """Tells the end of the submission server's certificate."""
    server = checked.means.settings.desk.submission
    return _certificate(CheckStep.SUBMISSION_CERTIFICATE, checked, server, checked.submission.certificate_ends)


def submission_login(checked: Checked) -> StepOutcome:
    """Tells whether the login at the submission server went well."""
    server = checked.means.settings.desk.submission
    if checked.submission.logged_in:
        return OutcomeCode.SUBMISSION_LOGIN_REFUSED.at(CheckStep.SUBMISSION_LOGIN, words=checked.submission.logged_in)
    if server.user is None and server.login is not LoginMethod.OAUTH2:
        return OutcomeCode.SUBMISSION_NO_LOGIN.at(CheckStep.SUBMISSION_LOGIN)
    user = server.user or checked.means.settings.desk.mailbox.address
    return OutcomeCode.SUBMISSION_LOGGED_IN.at(CheckStep.SUBMISSION_LOGIN, user=user, means=_login_means(server))


def submission_offers(checked: Checked) -> StepOutcome:
    """Tells what the submission server lacks, and how large a mail it takes (RFC 1870)."""
    seen = checked.submission
    missing = [name.upper() for name in USED_TO_SEND if name not in seen.offers]
    if checked.means.settings.desk.submission.smtputf8 and _UTF8 in missing:
        return OutcomeCode.SUBMISSION_NO_UTF8.at(CheckStep.SUBMISSION_OFFERS, name=_UTF8)
    if missing:
        return OutcomeCode.SUBMISSION_OFFERS_LESS.at(CheckStep.SUBMISSION_OFFERS, names=missing)
    if seen.size and seen.size < LEAST_SIZE:
        wanted = OnlineFinding.MEGABYTES(count=LEAST_SIZE // _MEGA)
        return OutcomeCode.SUBMISSION_SMALL.at(
            CheckStep.SUBMISSION_OFFERS, size=OnlineFinding.MEGABYTES(count=seen.size // _MEGA), mend={"size": wanted}
        )
    size = OnlineFinding.MEGABYTES(count=seen.size // _MEGA) if seen.size else OnlineFinding.NO_LIMIT()
    names = [name.upper() for name in USED_TO_SEND]
    return OutcomeCode.SUBMISSION_OFFERS.at(CheckStep.SUBMISSION_OFFERS, names=names, size=size)


def _certificate(
    step: CheckStep, checked: Checked, server: MailboxSettings | SubmissionSettings, ends: datetime | None
) -> StepOutcome:
    if ends is None:
        return OutcomeCode.CERTIFICATE_NONE.at(step, host=server.host)
    left = (ends - checked.means.clock.now()).days
    if left < checked.means.settings.desk.watch.certificate_days:
        return OutcomeCode.CERTIFICATE_ENDS.at(
            step, host=server.host, day=ends.date().isoformat(), count=left, mend={"host": server.host}
        )
    return OutcomeCode.CERTIFICATE_GOOD.at(step, host=server.host, day=ends.date().isoformat())


def _told(lost: LinkLost) -> StoredText:
    """Returns what the server answered, cleaned by the adapter, and what that means if the answer is known."""
    what = as_written(lost.text)
    return AttemptText.HINTED(what=what, hint=lost.meaning) if lost.meaning else what


def _login_means(server: MailboxSettings | SubmissionSettings) -> StoredText:
    return OnlineFinding.WITH_TOKEN() if server.login is LoginMethod.OAUTH2 else OnlineFinding.WITH_PASSWORD()


def _names(mails: Sequence[Found]) -> list[str]:
    """Returns the Message-ID of each mail, cut to what a mail of a check can have."""
    return [f"{header_field(mail.octets, 'Message-ID')[:120]} ({mail.folder})" for mail in mails[:_NAMED]]
