# SPDX-License-Identifier: EUPL-1.2
"""An author who logged in at our own server with their address is verified (RFC 8601, section 2.7.4), nobody else."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.mail.authentication.authres import AuthenticationMethod, Trust, judge, read_trace
from flaggermail.mail.fields import read_addresses, words_decoded
from flaggermail.mail.message import Verdict
from flaggermail.wording.filing import SenderEvidence
from tests.corpus import each
from tests.pace import within

OURS = "mx.bzk.example"
OFFICER = "a.jansen@bzk.example"
LOGINS = Trust(AuthenticationMethod.NAMED, OURS, OURS, frozenset({"bzk.example"}))
SUBMITTED = ("received", f"from [192.0.2.7] by {OURS} (Postfix) with ESMTPSA id 1; Thu, 6 Jun 2024 11:06:00 +0000")
PASS = f"{OURS}; auth=pass smtp.auth={OFFICER}"
LONGEST_SECONDS = 1.0


def organisational(domain: str) -> str | None:
    """Returns the last two labels."""
    return ".".join(domain.split(".")[-2:])


def judged(*values: str, author: str = OFFICER, trust: Trust = LOGINS, below: tuple[str, ...] = ()) -> Verdict:
    """Returns the verdict on a submitted mail with these results above our Received line, and others `below` it."""
    above = tuple(("authentication-results", value) for value in values)
    came = tuple(("authentication-results", value) for value in below)
    authors = tuple(dict.fromkeys(read_addresses(author, words_decoded)))
    return judge((*above, SUBMITTED, *came, ("from", author)), authors, trust, organisational)


@each(
    "value",
    [
        PASS,
        f"{OURS} 1; auth=pass smtp.auth={OFFICER}",
        f"{OURS.upper()}; AUTH = Pass SMTP.Auth = A.Jansen@BZK.Example",
        f"{OURS}; auth=pass (PLAIN, with a login) smtp.auth={OFFICER} smtp.mailfrom={OFFICER}",
        f"{OURS}; auth=pass smtp.mailfrom=other@bzk.example smtp.auth={OFFICER}",
        f'{OURS}; auth=pass smtp.auth="{OFFICER}"',
        f"{OURS};\t auth=pass\t smtp.auth={OFFICER};\t dmarc=none header.from=bzk.example",
        f"{OURS}; spf=fail smtp.mailfrom=bzk.example; dkim=none; auth/1=pass smtp.auth={OFFICER}",
        f'{OURS}; auth=pass reason="logged in; by password" smtp.auth={OFFICER}',
    ],
)
def test_a_login_with_the_authors_address_verifies(value: str) -> None:
    """Every form of RFC 8601 is understood; DMARC may say nothing, as it does of submitted mail."""
    assert judged(value) == Verdict(judged(PASS).value, SenderEvidence.LOGIN(server=OURS, domain="bzk.example"))
    assert judged(value).value == "verified"


@each(
    "author",
    [f"Anna Jansen <{OFFICER}>", "A.Jansen@BZK.example", f'"Jansen, Anna" <{OFFICER}>', f"{OFFICER} (Anna)"],
)
def test_capitals_and_names_do_not_matter(author: str) -> None:
    """The address is compared without capitals, whatever name is displayed."""
    assert judged(PASS, author=author).value == "verified"


@each(
    "value",
    [
        f"{OURS}; auth=pass smtp.auth=b.devries@bzk.example",
        f"{OURS}; auth=pass smtp.auth=a.jansen",
        f"{OURS}; auth=pass smtp.auth=bzk.example",
        f"{OURS}; auth=pass smtp.auth=a.jansen@sub.bzk.example",
        f"{OURS}; auth=pass smtp.auth=a.jansen+x@bzk.example",
        f"{OURS}; auth=pass smtp.auth=xa.jansen@bzk.example",
        f"{OURS}; auth=pass smtp.auth={OFFICER}.elsewhere.example",
        f"{OURS}; auth=pass smtp.mailfrom={OFFICER}",
        f"{OURS}; auth=pass smtp.auth=printer@bzk.example smtp.mailfrom={OFFICER}",
        f"{OURS}; auth=pass",
        f"{OURS}; auth=pass smtp.auth=",
        f"{OURS}; auth=pass header.auth={OFFICER}",
        f"{OURS}; auth=pass x-smtp.auth={OFFICER}",
        f"{OURS}; auth=fail smtp.auth={OFFICER}",
        f"{OURS}; auth=none smtp.auth={OFFICER}",
        f"{OURS}; auth=passed smtp.auth={OFFICER}",
        f"{OURS}; auth/2=pass smtp.auth={OFFICER}",
        f"{OURS}; x-auth=pass smtp.auth={OFFICER}",
        f"{OURS}; spf=pass smtp.auth={OFFICER}",
        f"{OURS}; compauth=pass smtp.auth={OFFICER}",
        f"{OURS} 2; auth=pass smtp.auth={OFFICER}",
    ],
)
def test_any_other_result_does_not(value: str) -> None:
    """Another login, a login without a domain, the envelope address, another method or version verifies nobody."""
    assert judged(value).value == "unverified"


@each(
    "value",
    [
        f"{OURS}; auth=pass smtp.auth=other@bzk.example (smtp.auth={OFFICER})",
        f"{OURS}; auth=pass (smtp.auth={OFFICER}) smtp.auth=other@bzk.example",
        f'{OURS}; auth=pass smtp.auth="{OFFICER}"@elsewhere.example',
        f'{OURS}; auth=pass smtp.auth="{OFFICER}"x',
        f'{OURS}; auth=pass smtp.auth=x"{OFFICER}"',
        f'{OURS}; auth=pass reason=" smtp.auth={OFFICER}" smtp.auth=other@bzk.example',
        f'{OURS}; auth=pass reason=" smtp.auth={OFFICER}"',
        f'{OURS}; spf=fail smtp.mailfrom="x; auth=pass smtp.auth={OFFICER}; y"@elsewhere.example',
        rf'{OURS}; spf=fail smtp.mailfrom="x\"; auth=pass smtp.auth={OFFICER}; y=\""@elsewhere.example',
        rf"{OURS}; spf=fail (a \); auth=pass smtp.auth={OFFICER}; )",
        f"{OURS}; auth=pass smtp.auth={OFFICER}; spf=pass smtp.mailfrom=a(b",
        f'{OURS}; auth=pass smtp.auth={OFFICER}; spf=pass smtp.mailfrom=a"b',
        f"{OURS}; auth=pass smtp.auth={OFFICER} smtp.auth=other@bzk.example",
        f"{OURS}; auth=pass smtp.auth=other@bzk.example smtp.auth={OFFICER}",
        f"{OURS}; auth=pass smtp.auth={OFFICER}; auth=pass smtp.auth=other@bzk.example",
        f"{OURS}; auth=pass smtp.auth={OFFICER}; auth=fail smtp.auth={OFFICER}",
        f"{OURS}; auth=pass smtp.auth={OFFICER} and more",
        f"{OURS}; auth=pass smtp.auth={OFFICER},other@bzk.example",
        f"{OURS}; auth=pass smtp.auth=<{OFFICER}>",
        "mx.bzk.example.elsewhere.example; auth=pass smtp.auth=a.jansen@bzk.example",
        f"({OURS}) mx.elsewhere.example; auth=pass smtp.auth={OFFICER}",
        f"auth=pass smtp.auth={OFFICER}",
        f"{OURS}{';' * 20_000}; auth=pass smtp.auth={OFFICER}",
    ],
)
def test_tricks_in_the_field_do_not(value: str) -> None:
    """Comments, quotations, repetitions and another server's name never make a login of the author's."""
    assert judged(value).value == "unverified"


@pytest.mark.parametrize(
    "author",
    [
        "a.jansen@elsewhere.example",
        "a.jansen@bzk.example.elsewhere.example",
        f"{OFFICER}, other@bzk.example",
        f"{OFFICER}, {OFFICER}",
        f'"{OFFICER}" <other@bzk.example>',
        '"a.jansen"@bzk.example',
        "a.jans\u0435n@bzk.example",
        "=?utf-8?q?a.jansen?=@bzk.example",
    ],
)
def test_another_author_is_not_the_login(author: str) -> None:
    """The login of an officer verifies no other author, nor one whose address two programs may read differently."""
    assert judged(PASS, author=author).value == "unverified"


def test_a_letter_that_only_looks_like_another_does_not_count() -> None:
    """The Kelvin sign is a small k in lower case: a login with it is not the officer's."""
    assert judged(f"{OURS}; auth=pass smtp.auth=k.smit@bzk.example", author="k.smit@bzk.example").value == "verified"
    assert (
        judged(f"{OURS}; auth=pass smtp.auth=\u212a.smit@bzk.example", author="k.smit@bzk.example").value
        == "unverified"
    )


def test_only_the_domains_named_in_the_settings_count() -> None:
    """Without a list nobody is verified by a login, and no domain above or below a listed one."""
    for domains in ((), ("elsewhere.example",), ("example",), ("sub.bzk.example",)):
        assert judged(PASS, trust=replace(LOGINS, login_domains=frozenset(domains))).value == "unverified"
    provider = f"{OURS}; auth=pass smtp.auth=safety@video-platform.example"
    assert judged(provider, author="safety@video-platform.example").value == "unverified"


def test_only_a_server_known_by_name_counts() -> None:
    """A field without a server's name says nothing of logins, whoever may have written it."""
    topmost = replace(LOGINS, asked=AuthenticationMethod.TOPMOST, authserv_id=None)
    assert judged(f"auth=pass smtp.auth={OFFICER}", trust=topmost).value == "unverified"
    assert judged(PASS, trust=replace(LOGINS, asked=AuthenticationMethod.DKIM)).value == "unverified"
    assert judged(PASS, trust=replace(LOGINS, asked=AuthenticationMethod.NAMED_AND_DKIM)).value == "verified"


def test_results_that_came_with_the_mail_do_not_count() -> None:
    """A field below our own Received line is the sender's own, and so is all of a mail without such a line."""
    assert judged(below=(PASS,)).value == "unverified"
    assert judged(f"{OURS}; none", below=(PASS,)).value == "unverified"
    assert judged(f"{OURS}; auth=pass smtp.auth=other@bzk.example", below=(PASS,)).value == "unverified"
    authors = tuple(read_addresses(OFFICER, words_decoded))
    bare = (("authentication-results", PASS), ("from", OFFICER))
    assert judge(bare, authors, LOGINS, organisational).value == "unverified"


def test_several_fields_must_agree() -> None:
    """Every result of ours about a login must name the author; one that cannot be read spoils all."""
    other = f"{OURS}; auth=pass smtp.auth=other@bzk.example"
    assert judged(PASS, PASS).value == "verified"
    assert judged(PASS, f"{OURS}; spf=none", "mx.elsewhere.example; auth=fail").value == "verified"
    for second in (other, f"{OURS}; auth=fail", f"{OURS}; auth=pass (", 'mx.elsewhere.example; x="'):
        assert judged(PASS, second).value == judged(second, PASS).value == "unverified"


def test_a_failed_check_of_the_domain_stays_failed() -> None:
    """DMARC that fails is believed before a login, and a pass keeps its own words."""
    assert judged(PASS, f"{OURS}; dmarc=fail header.from=bzk.example").value == "failed"
    assert judged(PASS, f"{OURS}; dmarc=pass header.from=bzk.example").basis.english.startswith("dmarc=pass")


@pytest.mark.parametrize(
    "hop", [f"from {OURS} by store.bzk.example with LMTP id 2", "by imap.bzk.example with LMTP id 3"]
)
def test_a_hop_inside_our_house_may_stand_on_top(hop: str) -> None:
    """A relay or store behind the submission server may add its line above the results."""
    authors = tuple(read_addresses(OFFICER, words_decoded))
    fields = (("received", hop), ("authentication-results", PASS), SUBMITTED, ("from", OFFICER))
    assert judge(fields, authors, LOGINS, organisational).value == "verified"


PIECES = [PASS, f"Authentication-Results: {PASS}", f"Received: {SUBMITTED[1]}", "\r\n", "\n", " ", ";", '"', "(", ")"]


@given(st.binary(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=10).map(lambda ps: "".join(ps).encode()))
def test_no_octets_of_the_sender_make_a_login(octets: bytes) -> None:
    """Nothing that is submitted becomes a login of an officer's: it lies below what our server wrote."""
    said = f"Authentication-Results: {OURS}; auth=pass smtp.auth=printer@bzk.example\r\nReceived: {SUBMITTED[1]}\r\n"
    fields = read_trace(said.encode() + b"X-Own: " + octets + f"\r\nFrom: {OFFICER}\r\n\r\n".encode())
    authors = tuple(read_addresses(OFFICER, words_decoded))
    assert judge(fields, authors, LOGINS, organisational).value == "unverified"


@given(st.text(st.sampled_from('auth=pass smtp."\\;x@ '), max_size=60))
def test_no_login_name_makes_another(login: str) -> None:
    """Whatever login a server repeats, quoted or not, it never counts as an officer's unless it is theirs."""
    for written in (login, f'"{login}"'):
        assert judged(f"{OURS}; auth=pass smtp.auth={written}x").value == "unverified"


@pytest.mark.parametrize("piece", ["a=b ", " smtp.auth=", 'smtp.auth="x" ', "\\", "a.a", "= ", "auth=pass "])
def test_reading_is_linear(piece: str) -> None:
    """A field of the longest that is read takes no longer than it should, whatever it repeats."""
    begun = time.process_time()
    judged(f"{OURS}; auth=pass {piece * (19_000 // len(piece))}!")
    judged(*[f"{OURS}; auth=pass {piece * 1000}!"] * 5)
    assert within(time.process_time() - begun, LONGEST_SECONDS)
