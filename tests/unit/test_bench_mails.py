# SPDX-License-Identifier: EUPL-1.2
"""The mails that `./dev bench` writes."""

import re

from tests.bench.mails import Mails


def test_as_many_referrals_are_like_others_however_many_are_written() -> None:
    """The share that has the subject of an earlier one is that of gen_corpus.py, after 1,000 as after 6,000."""
    mails, seen, repeated = Mails(1, "desk@bzk.example"), set[bytes](), list[bool]()
    for _ in range(8_000):
        subject = re.findall(rb"Subject: (.*)\r\n", mails.referral(90).octets)[0]
        repeated.append(subject in seen)
        seen.add(subject)
    assert all(0.05 < sum(repeated[first : first + 2_000]) / 2_000 < 0.09 for first in (1_000, 6_000))
