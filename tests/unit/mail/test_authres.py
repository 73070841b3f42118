# SPDX-License-Identifier: EUPL-1.2
"""A sender counts as verified only if our own receiving server says so, above its own trace line (RFC 8601)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.mail.authentication.authres import (
    AuthenticationMethod,
    Trust,
    judge,
    own_received_line,
    read_trace,
    servers,
)
from flaggermail.mail.message import Address, Message, SenderVerdict, Verdict
from flaggermail.wording.filing import SenderEvidence
from tests.corpus import each

OURS = "mx.bzk.example"
AUTHOR = Address("safety@video-platform.example")
RECEIVED = ("received", f"from mail.video-platform.example by {OURS} with ESMTPS; Thu, 6 Jun 2024 11:06:00 +0000")
PASS = f"{OURS}; dmarc=pass header.from=video-platform.example"
NONE = f"{OURS}; dmarc=none header.from=video-platform.example"
FAIL = f"{OURS}; dmarc=fail header.from=video-platform.example"


def results(*values: str) -> tuple[tuple[str, str], ...]:
    """Returns Authentication-Results fields above our Received line."""
    return (*(("authentication-results", value) for value in values), RECEIVED)


def below_suffix(domain: str) -> str | None:
    """Returns the organisational domain, with "example" and "host.example" as the public suffixes."""
    labels = domain.split(".")
    wanted = 3 if labels[-2:] == ["host", "example"] else 2
    return ".".join(labels[-wanted:]) if len(labels) >= wanted else None


def judged(*headers: tuple[str, str], authors: tuple[Address, ...] = (AUTHOR,), trust: Trust | None = None) -> Verdict:
    """Returns the verdict on a mail with these header fields and a From that names the authors."""
    fields = (*headers, ("from", ", ".join(author.address for author in authors)))
    return judge(fields, authors, trust or Trust(AuthenticationMethod.NAMED, OURS, OURS), below_suffix)


def verdict(*headers: tuple[str, str], authors: tuple[Address, ...] = (AUTHOR,), ours: str | None = OURS) -> str:
    """Returns the value of the verdict with `ours` as the trusted server."""
    asked = AuthenticationMethod.NAMED if ours else AuthenticationMethod.NOBODY
    return judged(*headers, authors=authors, trust=Trust(asked, ours, ours)).value


@each(
    "value",
    [
        PASS,
        f"{OURS} 1; dmarc=pass header.from=video-platform.example",
        f"  {OURS.upper()}  ;  DMARC = Pass  Header.From = Video-Platform.Example  ",
        f"{OURS};\t spf=pass smtp.mailfrom=a.example;\t dmarc=pass (p=reject) header.from=video-platform.example",
        f'{OURS}; dmarc=pass reason="aligned; by DKIM" header.from=video-platform.example',
        f"{OURS} (our own; server); dmarc=pass policy.dmarc=reject header.from=video-platform.example",
        f"{OURS}; dmarc=pass header.from=safety@video-platform.example",
        f"{OURS}; dmarc=pass header.from=video-platform.example.",
        f'{OURS}; dmarc=pass header.from="video-platform.example"',
        f"{OURS}; dmarc/1=pass header.from=video-platform.example",
    ],
)
def test_pass_of_our_own_server_verifies(value: str) -> None:
    """Every form of a pass that RFC 8601 allows is understood: version, case, comments, reasons, white space."""
    assert verdict(*results(value)) == "verified"


@each(
    ("value", "wanted"),
    [
        (FAIL, "failed"),
        (NONE, "unverified"),
        (f"{OURS}; dmarc=temperror header.from=video-platform.example", "unverified"),
        (f"{OURS}; dmarc=permerror header.from=video-platform.example", "unverified"),
        (f"{OURS}; dmarc=bestguesspass header.from=video-platform.example", "unverified"),
        (f"{OURS}; none", "unverified"),
        (f"{OURS}; spf=pass smtp.mailfrom=video-platform.example", "unverified"),
        (f"{OURS}; dkim=pass header.d=video-platform.example", "unverified"),
        (f"{OURS}; x-dmarc=pass header.from=video-platform.example", "unverified"),
        (f"{OURS}", "unverified"),
        ("", "unverified"),
        ("; dmarc=pass header.from=video-platform.example", "unverified"),
    ],
)
def test_anything_but_a_pass_does_not(value: str, wanted: str) -> None:
    """A fail is a fail; no result, another method's pass or a provider's guess leaves the sender unverified."""
    assert verdict(*results(value)) == wanted


@each(
    "value",
    [
        f"{OURS}; dmarc=pass header.from=elsewhere.example",
        f"{OURS}; dmarc=pass header.from=notvideo-platform.example",
        f"{OURS}; dmarc=pass header.from=eu.video-platform.example",
        f"{OURS}; dmarc=pass header.from=video-platform.example.elsewhere.example",
        f"{OURS}; dmarc=pass header.d=video-platform.example",
        f"{OURS}; dmarc=pass",
    ],
)
def test_pass_about_another_domain_vouches_for_nobody(value: str) -> None:
    """A result verifies the sender only if it names the domain in From."""
    assert verdict(*results(value)) == "unverified"


@each(
    ("author", "about", "wanted"),
    [
        ("mail.video-platform.example", "video-platform.example", "verified"),
        ("a.b.video-platform.example", "video-platform.example", "verified"),
        ("a.b.video-platform.example", "b.video-platform.example", "unverified"),
        ("video-platform.example", "mail.video-platform.example", "unverified"),
        ("video-platform.example", "example", "unverified"),
        ("a.host.example", "host.example", "unverified"),
        ("a.host.example", "b.host.example", "unverified"),
        ("host.example", "none", "unverified"),
    ],
)
def test_a_result_may_name_the_organisation_of_the_author(author: str, about: str, wanted: str) -> None:
    """A result may name the author's organisational domain, but no public suffix and no neighbour below one."""
    found = verdict(*results(f"{OURS}; dmarc=pass header.from={about}"), authors=(Address(f"a@{author}"),))
    assert found == wanted


REAL = "; dmarc=fail header.from=video-platform.example"  # what our server found
FALSE = "; dmarc=pass header.from=video-platform.example"  # what the sender wants it to say


@each(
    "value",
    [
        f"{OURS}; dmarc=fail (dmarc=pass{FALSE}) header.from=video-platform.example",
        f"{OURS}; spf=fail (a (nested; dmarc=pass) comment{FALSE}){REAL}",
        rf"{OURS}; spf=fail (ends early \){FALSE}; x=){REAL}",
        f'{OURS}; spf=fail smtp.mailfrom="a{FALSE}; b"@elsewhere.example{REAL}',
        rf'{OURS}; spf=fail smtp.mailfrom="a\"{FALSE}; x=\""@elsewhere.example{REAL}',
        rf'{OURS}; spf=fail smtp.mailfrom="(\"{FALSE}; x=\")"@elsewhere.example{REAL}',
        rf'{OURS}; spf=fail reason="it said \"{FALSE};\""{REAL}',
        f'{OURS}; spf=fail (a quotation mark " in a comment){REAL}',
        f"{OURS}; spf=fail smtp.mailfrom=a{FALSE}; b@elsewhere.example{REAL}",
    ],
)
def test_words_of_the_sender_inside_our_servers_field_are_no_result(value: str) -> None:
    """The sender's words in comments and quoted strings (envelope address, greeting) are never read as a result."""
    assert verdict(*results(value)) == "failed"


@pytest.mark.parametrize("quoted", [rf'"a\"{FALSE}; x=\""', f'"a{FALSE}; x="', rf'"(\"{FALSE}; x=\")"'])
def test_words_of_the_sender_alone_are_no_result_either(quoted: str) -> None:
    """An envelope address that contains a DMARC result does not replace a missing one from our server."""
    assert verdict(*results(f"{OURS}; spf=fail smtp.mailfrom={quoted}@elsewhere.example")) == "unverified"


def test_escaped_bracket_does_not_end_a_comment() -> None:
    """Text after an escaped bracket still belongs to the sender's comment."""
    assert verdict(*results(rf"{OURS}; spf=fail (greeted as \){FALSE}; x=)")) == "unverified"


def test_header_from_inside_a_comment_or_quotation_does_not_align() -> None:
    """The domain of a result is never read from text that the sender can write."""
    value = f'{OURS}; dmarc=pass reason="for header.from=video-platform.example" header.from=elsewhere.example'
    assert verdict(*results(value)) == "unverified"


@pytest.mark.parametrize("server", ["mx.elsewhere.example", f"a.{OURS}", f"{OURS}.elsewhere.example", f"x{OURS}"])
def test_another_servers_word_is_not_ours(server: str) -> None:
    """Only the whole authserv-id of the configuration counts; another server's fail is ignored too."""
    assert verdict(*results(f"{server}; dmarc=pass header.from=video-platform.example")) == "unverified"
    assert verdict(*results(f"{server}; dmarc=fail header.from=video-platform.example", PASS)) == "verified"


def test_the_worst_dmarc_result_of_several_fields_decides() -> None:
    """If several fields give different DMARC results, the worst one decides.

    Servers usually write one field for each method.
    """
    assert verdict(*results(f"{OURS}; spf=pass", f"{OURS}; dkim=pass", PASS)) == "verified"
    assert verdict(*results(FAIL, PASS)) == "failed"
    assert verdict(*results(NONE, PASS)) == verdict(*results(PASS, NONE)) == "unverified"
    assert verdict(*results(PASS, FAIL)) == "failed"


def test_pass_below_our_received_line_is_ignored() -> None:
    """Fields that came with the mail are below our server's Received line and are ignored."""
    assert verdict(RECEIVED, ("authentication-results", PASS)) == "unverified"
    assert verdict(*results(NONE), ("authentication-results", PASS)) == "unverified"
    assert verdict(*results(FAIL), ("authentication-results", PASS)) == "failed"


def test_forged_received_line_of_ours_changes_nothing() -> None:
    """The topmost Received line of our server is the real one; a forged second one adds no trusted fields."""
    forged = (("authentication-results", PASS), RECEIVED)
    assert verdict(*results(NONE), *forged) == "unverified"
    assert verdict(RECEIVED, *forged) == "unverified"


@pytest.mark.parametrize(
    "line",
    [
        f"from mail.elsewhere.example (by {OURS}) by relay.elsewhere.example; Thu, 6 Jun 2024 11:06:00 +0000",
        "from mail.elsewhere.example by mx.elsewhere.example; Thu, 6 Jun 2024 11:06:00 +0000",
        f"from mail.elsewhere.example by x{OURS}; Thu, 6 Jun 2024 11:06:00 +0000",
        f"from mail.elsewhere.example by {OURS}.elsewhere.example; Thu, 6 Jun 2024 11:06:00 +0000",
    ],
)
def test_without_a_trace_line_of_ours_nothing_is_above_it(line: str) -> None:
    """A pass counts only above a Received field that our server wrote; our name in another's comment is not enough."""
    assert verdict(("authentication-results", PASS), ("received", line)) == "unverified"
    assert verdict(("authentication-results", PASS)) == "unverified"


def test_a_hop_inside_our_house_may_stand_on_top() -> None:
    """The server that stores the mail may add its line above that of the trusted server."""
    inside = ("received", "from mx.bzk.example by store.bzk.example; Thu, 6 Jun 2024 11:06:01 +0000")
    assert verdict(inside, *results(PASS)) == "verified"


@each("greeting", ["by", "host.by", "BY", "by.elsewhere.example", "(", "a\\", '"', "(by", f"({OURS}"])
def test_clients_greeting_does_not_hide_our_received_line(greeting: str) -> None:
    """No name in the client's greeting hides our own Received line or makes a forged line below it count."""
    line = ("received", f"from {greeting} (unknown [192.0.2.7]) by {OURS} (Postfix) with ESMTP; 6 Jun 2024 11:06 +0000")
    forged = (("authentication-results", PASS), RECEIVED)
    assert verdict(("authentication-results", NONE), line, *forged) == "unverified"
    assert verdict(line, *forged) == "unverified"


@pytest.mark.parametrize(
    "greeting", ["by", "host.by", "mail.elsewhere.example [192.0.2.7]", "unknown (HELO by) (192.0.2.7)"]
)
def test_our_received_line_is_read_whatever_the_client_is_called(greeting: str) -> None:
    """Our Received line is recognised even if the client's domain ends in .by."""
    line = ("received", f"from {greeting} by {OURS}. (Postfix) with ESMTP; 6 Jun 2024 11:06 +0000")
    assert verdict(("authentication-results", PASS), line) == "verified"


def test_two_results_that_differ_do_not_verify() -> None:
    """A field with both pass and fail counts as a fail, in either order."""
    for first, second in (("pass", "fail"), ("fail", "pass")):
        value = f"{OURS}; dmarc={first} header.from=video-platform.example; dmarc={second} header.from="
        assert verdict(*results(f"{value}video-platform.example")) == "failed"


def test_without_exactly_one_author_nobody_is_vouched_for() -> None:
    """A From with two authors, none, or one without a domain is not verified: DMARC covers one domain."""
    other = Address("someone@elsewhere.example")
    for authors in ((), (AUTHOR, other), (other, AUTHOR), (AUTHOR, AUTHOR), (Address("safety"),), (Address("a@"),)):
        assert verdict(*results(PASS), authors=authors) == "unverified"


def test_without_a_configured_server_nobody_is_verified() -> None:
    """Without a configured authserv-id no field is trusted, and the basis gives that reason."""
    nobody = judged(*results(PASS), trust=Trust(AuthenticationMethod.NOBODY))
    assert nobody == Verdict(SenderVerdict.UNVERIFIED, SenderEvidence.NO_SERVER())
    assert judged(*results(PASS), trust=Trust(AuthenticationMethod.DKIM, None, OURS)).value == "unverified"
    assert verdict(*results(PASS), ours=OURS.upper()) == "verified"


def test_a_mail_on_which_nobody_gave_a_verdict_is_unverified() -> None:
    """A message that did not pass through the intake is unverified, with that reason."""
    bare = Message(sha256="", size=0, from_=(AUTHOR,), headers=results(PASS))
    assert bare.vouched == Verdict(SenderVerdict.UNVERIFIED, SenderEvidence.NOBODY_ASKED())


def test_our_own_received_line_is_found_by_its_server() -> None:
    """The topmost Received line of our own server is found between other servers' lines."""
    above = ("received", "from mx.bzk.example by store.bzk.example; Thu, 6 Jun 2024 11:06:01 +0000")
    below = ("received", f"from x.elsewhere.example by {OURS}; Mon, 3 Jun 2024 11:06:00 +0000")
    fields = (above, RECEIVED, below)
    assert own_received_line(fields, OURS) == RECEIVED[1]
    assert own_received_line(fields, "mx.elsewhere.example") is None
    assert own_received_line(fields, "store.bzk.example") == above[1]
    assert own_received_line(fields, "bzk.example") == above[1]  # a domain matches every server in it
    assert own_received_line(fields, "zk.example") is None


FORGED = st.sampled_from([PASS, FAIL, NONE, RECEIVED[1], f"by {OURS}", f'"{OURS}; dmarc=pass', f"({PASS}"])
WRITTEN = st.tuples(
    st.sampled_from(["authentication-results", "received", "arc-authentication-results", "x-any"]),
    FORGED | st.text(st.sampled_from('mx.bzk.example;="()\\ dmarc=pass'), max_size=40) | st.text(max_size=20),
)


@given(
    st.lists(st.sampled_from([PASS, FAIL, NONE, f"{OURS}; none", "mx.elsewhere.example; dmarc=pass"]), max_size=3),
    st.lists(WRITTEN, max_size=6),
)
def test_nothing_the_sender_writes_changes_the_verdict(ours: list[str], written: list[tuple[str, str]]) -> None:
    """Fields below our own Received line never change the verdict of the fields above it."""
    assert verdict(*results(*ours), *written) == verdict(*results(*ours))


# ---- a server that writes no name


EXCHANGE = Trust(AuthenticationMethod.TOPMOST, None, "protection.mailcloud.example")
FRONT = (
    "received",
    (
        "from mail.video-platform.example (192.0.2.7) by AM6FT003.mail.protection.mailcloud.example (10.1.2.3) with "
        "Microsoft SMTP Server (version=TLS1_2) id 15.20.1; Thu, 6 Jun 2024 11:06:00 +0000"
    ),
)
INSIDE = ("received", "from AM6FT003 by AM5PR04.prod.mailcloud.example with HTTPS; Thu, 6 Jun 2024 11:06:02 +0000")
SAID = (
    "spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=video-platform.example; dkim=pass (signature was verified) "
    "header.d=video-platform.example;dmarc={} action=none header.from=video-platform.example;compauth=pass reason=100"
)


def topmost(*headers: tuple[str, str]) -> str:
    """Returns the verdict under trust in a server that writes no name."""
    return judged(*headers, trust=EXCHANGE).value


@pytest.mark.parametrize(
    ("says", "wanted"), [("pass", "verified"), ("fail", "failed"), ("bestguesspass", "unverified")]
)
def test_result_without_a_servers_name_is_read(says: str, wanted: str) -> None:
    """An unnamed result between the lines of its own servers is read; Exchange Online writes such fields."""
    assert topmost(INSIDE, ("authentication-results", SAID.format(says)), FRONT) == wanted


def test_without_a_name_only_what_stands_above_our_front_counts() -> None:
    """An unnamed field below the line of our receiving server came with the mail and is ignored."""
    passed = ("authentication-results", SAID.format("pass"))
    assert topmost(INSIDE, FRONT, passed) == "unverified"
    assert topmost(INSIDE, passed) == "unverified"
    assert (
        topmost(passed, ("received", "from a by mx.elsewhere.example; Thu, 6 Jun 2024 11:06:00 +0000")) == "unverified"
    )
    assert topmost(INSIDE, ("authentication-results", SAID.format("none")), FRONT, passed, FRONT) == "unverified"


@each("name", [OURS, f"{OURS} 1", f"{OURS} 2", f"({OURS}) mx.elsewhere.example", '"a=b"', "", "(a=b)"])
def test_where_our_server_writes_no_name_a_named_field_is_another_servers(name: str) -> None:
    """With an unnamed server, a field that begins with anything but a result is another server's."""
    field = f"{name}; dmarc=pass header.from=video-platform.example"
    assert topmost(("authentication-results", field), FRONT) == "unverified"


def test_a_field_without_a_name_is_not_that_of_a_named_server() -> None:
    """With a named server, an unnamed field is not trusted."""
    assert verdict(*results(SAID.format("pass"))) == "unverified"


# ---- names, versions, and fields that cannot be read reliably


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (f"({OURS}) mx.elsewhere.example{FALSE}", "unverified"),
        (f"mx.elsewhere.example ({OURS}){FALSE}", "unverified"),
        (f"mx.elsewhere.example {OURS}{FALSE}", "unverified"),
        (f'"{OURS}"{FALSE}', "verified"),
        (f'"mx.elsewhere.example; {OURS}"{FALSE}', "unverified"),
        (f"{OURS} 2{FALSE}", "unverified"),
        (f"{OURS} 1 2{FALSE}", "unverified"),
        (f"{OURS}=1{FALSE}", "unverified"),
        (f"{OURS};; dmarc=pass header.from=video-platform.example", "verified"),
        (f"{OURS}; dmarc=pass header.from=video-platform.example header.from=elsewhere.example", "unverified"),
        (f"{OURS}; dmarc=fail header.from=elsewhere.example", "failed"),
        (f"{OURS}; dmarc=pass header.from=video-platform.example; spf=pass smtp.mailfrom=a(b", "unverified"),
        (f"{OURS}; spf=pass smtp.mailfrom=a(b.elsewhere.example; dkim=none{REAL}", "failed"),
        (f"{OURS}; spf=pass smtp.mailfrom=a(b.elsewhere.example; dkim=none", "unverified"),
        (f"{OURS}; dkim=pass header.d=video-platform.example'a.elsewhere.example", "unverified"),
        pytest.param(f"{OURS}{';' * 20_000}{FALSE}", "unverified", id="too long"),
        pytest.param(f"{OURS}{';' * 20_000}{REAL}", "failed", id="too long, says fail"),
    ],
)
def test_form_of_the_field_decides_whose_word_it_is(value: str, wanted: str) -> None:
    """A name in a comment, an unknown version or an unclosed bracket never lets a pass through."""
    assert verdict(*results(value)) == wanted


def test_encoded_words_of_the_sender_are_not_decoded() -> None:
    """Encoded words in our server's field are not decoded: decoded, they could end a quotation and say "pass"."""
    smuggled = "=?utf-8?q?a=22=3B_dmarc=3Dpass_header.from=3Dvideo-platform.example=3B_x=3D=22?="
    octets = (
        f"Authentication-Results: {OURS};\r\n spf=fail smtp.mailfrom={smuggled}@elsewhere.example\r\n"
        f"Received: from {smuggled} by {OURS} with ESMTP; Thu, 6 Jun 2024 11:06:00 +0000\r\n"
        f"From: {AUTHOR.address}\r\n\r\ntext\r\n"
    ).encode()
    fields = read_trace(octets)
    assert smuggled in fields[0][1]
    assert judge(fields, (AUTHOR,), Trust(AuthenticationMethod.NAMED, OURS, OURS), below_suffix).value == "unverified"
    assert own_received_line(fields, OURS) is not None


def test_a_folded_field_is_one_field() -> None:
    """A result on a continuation line belongs to the field above it (RFC 5322, section 2.2.3)."""
    octets = f"Authentication-Results: {OURS};\r\n\tdmarc=pass\r\n header.from=video-platform.example\r\n".encode()
    octets += f"Received: by {OURS}; Thu, 6 Jun 2024 11:06:00 +0000\r\nFrom: <{AUTHOR.address}>\r\n\r\n".encode()
    assert (
        judge(read_trace(octets), (AUTHOR,), Trust(AuthenticationMethod.NAMED, OURS, OURS), below_suffix).value
        == "verified"
    )


PIECES = [
    *(f"Authentication-Results: {value}" for value in (PASS, SAID.format("pass"))),
    *(f"Received: {RECEIVED[1]}", f" by {OURS}", f"From: {AUTHOR.address}"),
    *(" ", "\t;", "\r\n", "\n", "\r", ":", "(", '"', "=?utf-8?q?=0D=0A?="),
]


@given(st.binary(max_size=300) | st.lists(st.sampled_from(PIECES), max_size=12).map(lambda ps: "".join(ps).encode()))
def test_no_octets_of_the_sender_make_a_pass(octets: bytes) -> None:
    """No octets below our fields become a pass, even if they begin mid-line or with a folding blank."""
    said_nothing = f"Authentication-Results: {OURS}; none\r\nReceived: {RECEIVED[1]}\r\n".encode()
    fields = read_trace(said_nothing + octets)
    assert judge(fields, (AUTHOR,), Trust(AuthenticationMethod.NAMED, OURS, OURS), below_suffix).value == "unverified"
    for asked in (
        Trust(AuthenticationMethod.TOPMOST, None, OURS),
        Trust(AuthenticationMethod.TOPMOST, None, "bzk.example"),
    ):
        assert judge(fields, (AUTHOR,), asked, below_suffix).value == "unverified"


NAMED_MX = Trust(AuthenticationMethod.NAMED, "mx.example", "mx.example")
LMTP = ("received", "from mx.bzk.example by imap.bzk.example with LMTP id 1")
HOP = ("received", "from mail.elsewhere.example by mx.bzk.example with ESMTPS id 2")
FOREIGN = ("authentication-results", "mx.forged.example; dmarc=pass")


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ([("authentication-results", "MX.bzk.example 1; dmarc=none"), HOP, FOREIGN], ("mx.bzk.example",)),
        ([LMTP, ("authentication-results", "mx.bzk.example; spf=pass"), HOP, FOREIGN], ("mx.bzk.example",)),
        ([HOP, FOREIGN], ()),
        ([FOREIGN], ()),
        ([LMTP, FOREIGN], ()),
        ([("authentication-results", "spf=pass smtp.mailfrom=a.example; dmarc=pass"), HOP], ()),
        ([("authentication-results", '"not a host"; dmarc=pass'), HOP], ()),
        ([("authentication-results", "mx.bzk.example (; dmarc=pass"), HOP], ()),
        ([("authentication-results", "a.example;"), ("received", "by mx.example with ESMTP"), FOREIGN], ("a.example",)),
    ],
)
def test_the_name_that_our_own_server_writes(fields: list[tuple[str, str]], names: tuple[str, ...]) -> None:
    """Only fields above our own hop name it; with another name altogether, those above the last hop by SMTP."""
    assert servers(fields, NAMED_MX) == names
