# SPDX-License-Identifier: EUPL-1.2
"""A server's answer is known by the step, its code and a fixed phrase, and its cause is said in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from flaggermail.adapters.server_answers.answer import ProtocolStep, Reader, ServerAnswer
from flaggermail.adapters.server_answers.recognise import explain, known, read_answers
from flaggermail.errors import ConfigurationError
from flaggermail.wording.said import Sentence, every
from flaggermail.wording.servers import ConnectionFailure, MailboxFailure, SubmissionFailure, TokenFailure
from tests.corpus import each
from tests.tools.dutch import english_in

READER = Reader(
    server="submission", host="mail.desk.example", port=587, user="desk", mailbox="verkiezingen@desk.example",
    client_id="1234-abcd", file="/etc/secret", client_file="/etc/proof", scope="SCOPE-1", source="token_endpoint",
)  # fmt: skip
CAUSES: tuple[type[Sentence], ...] = (ConnectionFailure, TokenFailure, MailboxFailure, SubmissionFailure)
WINDOWS = "\r\n* BYE\r\nreason=all is well\x1b[2J\u202e"
ROWS = [(row.line, step, row) for row in known() for step in row.steps]


@each("at", range(len(ROWS)))
def test_each_answer_has_its_own_cause(at: int) -> None:
    """At each of its steps, no earlier row takes an answer away; its words name settings of ours in both languages."""
    line, step, row = ROWS[at]
    found = explain(step, ServerAnswer.of_line(step, line), READER)
    assert found is not None, line
    assert found.cause is row.means, line
    for language in ("en", "nl"):
        words = found.said.in_language(language)
        assert "{" not in words
        assert "\n" not in words
        assert len(words) <= 450, words
    assert english_in(found.said.in_language("nl")) == []
    assert found.said.in_language("nl") != found.said.english


def test_there_are_forty_causes_and_more() -> None:
    """Each cause has its own sentence in both languages, and each one is the cause of an answer."""
    causes = {row.means for row in known()}
    assert len(causes) >= 40
    for language in ("en", "nl"):
        assert len({cause.words(language) for cause in causes}) == len(causes)
    assert {one for one in every().values() if isinstance(one, CAUSES)} <= causes


SOUND = """\
services:
  Gmail:
  - at: [smtp password]
    source: seen
    answers:
    - line: "535 5.7.8 no"
      means: "mailbox cause: credentials"
"""
FAULTS = {  # what is written for what, and how the fault begins
    "an unknown cause": (
        'cause: credentials"',
        'cause: creds"',
        "7:7 services.Gmail[0].answers[0].means: 'mailbox cause: creds'",
    ),
    "a cause that is another sentence": (
        'mailbox cause: credentials"',
        'as written"',
        "7:7 services.Gmail[0].answers[0].means",
    ),
    "an unknown step": ("smtp password", "smtp passwort", "3:10 services.Gmail[0].at[0]: Input should be 'connect', "),
    "no step": ("[smtp password]", "[]", "3:5 services.Gmail[0].at: "),
    "an unknown service": ("Gmail:", "Gmial:", "2:3 services.Gmial"),
    "an unknown key": ("source: seen", "source: seen\n    sauce: seen", "5:5 services.Gmail[0].sauce: "),
    "no source": ("    source: seen\n", "", "3:5 services.Gmail[0].source: "),
    "capitals in a phrase": ("means:", "phrase: No\n      means:", "7:7 services.Gmail[0].answers[0].phrase: "),
    "a number": ('"535 5.7.8 no"', "535", "6:7 services.Gmail[0].answers[0].line: "),
}


@each("what", FAULTS)
def test_a_fault_in_the_table_is_named_with_its_place(what: str, tmp_path: Path) -> None:
    """A cause, a step or a key that nothing knows is a fault, never a row without effect."""
    good, bad, place = FAULTS[what]
    file = tmp_path / "answers.yaml"
    file.write_text(SOUND, "utf-8")
    (row,) = read_answers(file)
    assert (row.means, row.steps) == (MailboxFailure.CREDENTIALS, (ProtocolStep.SMTP_PASSWORD,))
    file.write_text(SOUND.replace(good, bad), "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        list(read_answers(file))
    assert f"answers.yaml:{place}" in str(raised.value), str(raised.value)


def test_no_answer_is_known_by_its_words_alone() -> None:
    """Each row has a code; the words decide only between causes that share it, or where IMAP has no response code."""
    assert [row.line for row in known() if not (row.example.code or row.example.status)] == []
    shared = [(row.steps, row.example.code, row.example.status) for row in known() if not row.phrase]
    assert len(set(shared)) == len(shared)


@each("at", range(len(ROWS)))
def test_an_answer_is_nothing_at_another_step(at: int) -> None:
    """The words of an answer at a step where no row has them are not known."""
    _, step, row = ROWS[at]
    for other in ProtocolStep:
        if other is step or any(r.fits(row.example) for r in known() if other in r.steps):
            continue
        assert explain(other, row.example, READER) is None


@each("at", range(len(ROWS)))
def test_hostile_words_change_nothing(at: int) -> None:
    """Whatever follows the words, the sentence is the same: nothing of the answer is in it."""
    line, step, _ = ROWS[at]
    plain, hostile = (
        explain(step, ServerAnswer.of_line(step, text), READER)
        for text in (line, f"{line} {WINDOWS} 5.7.30 [ALERT] AADSTS1")
    )
    assert plain is not None
    assert hostile == plain


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (ProtocolStep.SMTP_PASSWORD, "250 5.7.139 SmtpClientAuthentication is disabled for the Tenant."),  # no refusal
        (ProtocolStep.SMTP_PASSWORD, "550 see 5.7.30 Basic authentication is not supported for Client Submission."),
        (ProtocolStep.SMTP_RECIPIENT, "550 5.1.1 <relay access denied@x>: unknown"),  # another code
        (ProtocolStep.SMTP_RECIPIENT, '554 5.7.1 <"relay-access-denied"@platform.example>: no'),
        (ProtocolStep.SMTP_RECIPIENT, "554 5.7.1 sendasdenied"),
        (ProtocolStep.SMTP_MESSAGE, "554 5.2.0 not for <sendasdenied@platform.example>"),
        (ProtocolStep.IMAP_AFTER_PASSWORD, "NO [AUTHENTICATIONFAILED] Authentication failed."),
        (ProtocolStep.IMAP_PASSWORD, "NO said [PRIVACYREQUIRED] in the middle"),
        (ProtocolStep.IMAP_TOKEN, "NO [ALERT] AUTHENTICATE failed."),
        (ProtocolStep.TOKEN, "invalid_client the secret is not AADSTS7000215: at all"),
        (ProtocolStep.TOKEN, "invalid_grant"),
    ],
)
def test_what_only_resembles_an_answer_is_not_known(step: ProtocolStep, line: str) -> None:
    """A code stands at its place, and a phrase with the code that it belongs to."""
    assert explain(step, ServerAnswer.of_line(step, line), READER) is None


def test_what_the_reader_does_not_know_is_named_in_capitals() -> None:
    """Without settings a sentence can be said too, as in the manual."""
    found = explain(
        ProtocolStep.SMTP_TOKEN,
        ServerAnswer.of_smtp(535, "5.7.139 SmtpClientAuthentication is disabled for the Mailbox."),
    )
    assert found is not None
    assert "`Set-CASMailbox MAILBOX -SmtpClientAuthenticationDisabled $false`" in found.said.english
    assert "`Set-CASMailbox MAILBOX -SmtpClientAuthenticationDisabled $false`" in found.said.in_language("nl")


def test_an_answer_of_any_length_is_read_in_bounded_time() -> None:
    """Only the first 2,000 characters are looked at."""
    for length, found in ((900, True), (3000, False)):
        answer = ServerAnswer.of_smtp(554, f"5.7.1 {'x' * length} relay access denied")
        assert (explain(ProtocolStep.SMTP_RECIPIENT, answer) is not None) == found
