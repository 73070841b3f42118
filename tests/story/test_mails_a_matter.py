# SPDX-License-Identifier: EUPL-1.2
"""One matter costs the officer few mails: from a referral by Outlook to the platform's answer, all by telephone."""

from __future__ import annotations

import pytest

from tests.story import told_night

MOST, WORDS, PREVIEW = 6, 60, 90
STEPS = {  # the mails of one matter: in each its act, and what it needs
    "nl": [
        ("| Nieuwe zaak: Video", "- neem"),
        ("| Beoordelen: Video", "Beantwoord deze mail met het formulier"),
        ("| Ter goedkeuring: Video", "akkoord CODE nee: waarom niet"),
        ("| Uitgevoerd: Video", "ligt ter goedkeuring"),
        ("| Verzonden om 18:42: Video", "U hoeft nu niets te doen"),
        ("| Antwoord: Video", "gestopt om 19:21, na 39 minuten"),
    ],
    "en": [
        ("| New case: Video", "- take"),
        ("| To assess: Video", "Reply to this mail with the form"),
        ("| Please approve: Video", "approve CODE no: why not"),
        ("| Done: Video", "waits for approval"),
        ("| Sent at 18:42: Video", "Nothing is needed now"),
        ("| Answer: Video", "stopped at 19:21, after 39 minutes"),
    ],
}


@pytest.mark.parametrize("language", told_night.LANGUAGES)
def test_a_matter_costs_six_mails(language: str) -> None:
    """From referral to answer the officer gets six mails; each says in its first words what it is and what it needs."""
    mails = told_night.to_officer(language, f"one-matter-{language}")
    assert len(mails) <= MOST, [subject for subject, _ in mails]
    for (subject, text), (act, need) in zip(mails, STEPS[language], strict=True):
        begin = " ".join(text.split()[:WORDS])
        assert text.startswith(act), subject
        assert "Video met verkeerde stemdag" in text[:PREVIEW]
        assert "VF-PS2027-0006" not in text[:PREVIEW]
        assert need in begin, (subject, begin)
