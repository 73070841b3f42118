# SPDX-License-Identifier: EUPL-1.2
"""Every folder is watched that may hold mail of the desk, and each is known for what it is."""

from __future__ import annotations

from collections.abc import Sequence

from flaggermail.adapters.imap.folders import Listed, watched
from flaggermail.adapters.imap.link import ImapAccount
from flaggermail.ports import Role


def account(*, inbox: str = "INBOX", excluded_folders: Sequence[str] = ()) -> ImapAccount:
    """An account whose folders of sent mail and junk bear names of their own."""
    return ImapAccount(
        host="localhost", port=143, user="desk", password=lambda: "", tls="none", ca_file=None, inbox=inbox,
        sent="Verzonden items", junk="Ongewenst", excluded_folders=frozenset(excluded_folders),
    )  # fmt: skip


def line(name: str, *attributes: bytes, delimiter: bytes | None = b"/") -> Listed:
    """A line of the answer to LIST."""
    return attributes, delimiter, name


def test_the_inbox_then_sent_then_the_others() -> None:
    """The order of reading: what is urgent first; every role is named."""
    lines = [line("Zaken"), line("Ongewenst"), line("Verzonden items"), line("INBOX"), line("Archief")]
    assert list(watched(lines, account()).items()) == [
        ("INBOX", Role.INBOX),
        ("Verzonden items", Role.SENT),
        ("Ongewenst", Role.JUNK),
        ("Archief", Role.OTHER),
        ("Zaken", Role.OTHER),
    ]


def test_what_lies_below_is_of_its_kind() -> None:
    """Mail that was sorted further down is sent mail, or junk, still; a name that only begins alike is another's."""
    lines = [line("Verzonden items.2027", delimiter=b"."), line("Ongewenst.oud", delimiter=b"."), line("Ongewenst2")]
    assert watched(lines, account()) == {
        "INBOX": Role.INBOX,
        "Verzonden items.2027": Role.SENT,
        "Ongewenst.oud": Role.JUNK,
        "Ongewenst2": Role.OTHER,
    }


def test_a_server_that_names_its_junk() -> None:
    """The mark of RFC 6154 does as well as the name, in any spelling."""
    assert watched([line("Reclame", b"\\JUNK")], account())["Reclame"] is Role.JUNK


def test_what_cannot_be_read_or_is_no_mail_yet() -> None:
    """Nodes without mail, drafts and views of flagged mail are passed over; Deleted is read."""
    lines = [
        line("Leeg", b"\\NoSelect"), line("Weg", b"\\NonExistent"), line("Concept", b"\\Drafts"),
        line("Ster", b"\\Flagged"), line("Prullenbak", b"\\Trash"),
    ]  # fmt: skip
    assert list(watched(lines, account())) == ["INBOX", "Prullenbak"]


def test_what_is_not_to_be_watched() -> None:
    """A folder that the settings exclude is left out, with all that lies in it; else its name counts."""
    lines = [line("Agenda"), line("Agenda/Feestdagen"), line("Agendapunten"), line("Taken/x", delimiter=None)]
    assert list(watched(lines, account(excluded_folders=["Agenda", "Taken"]))) == ["INBOX", "Agendapunten", "Taken/x"]


def test_the_inbox_in_any_spelling() -> None:
    """INBOX is one folder however it is written (RFC 9051, section 5.1); it is there even when nobody lists it."""
    assert list(watched([line("Inbox"), line("inbox")], account())) == ["INBOX"]
    assert list(watched([], account())) == ["INBOX"]
    assert list(watched([line("INBOX"), line("Postvak")], account(inbox="Postvak"))) == ["Postvak", "INBOX"]
