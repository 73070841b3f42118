# SPDX-License-Identifier: EUPL-1.2
"""Every folder that may hold mail of the desk is watched, with its role."""

from __future__ import annotations

from collections.abc import Sequence

from flaggermail.adapters.imap.folders import Listed, watched
from flaggermail.adapters.imap.link import ImapAccount
from flaggermail.ports import Role


def account(*, inbox: str = "INBOX", excluded_folders: Sequence[str] = ()) -> ImapAccount:
    """Returns an account with its own names for the folders of sent mail and junk."""
    return ImapAccount(
        host="localhost", port=143, user="desk", password=lambda: "", tls="none", ca_file=None, inbox=inbox,
        sent="Verzonden items", junk="Ongewenst", excluded_folders=frozenset(excluded_folders),
    )  # fmt: skip


def line(name: str, *attributes: bytes, delimiter: bytes | None = b"/") -> Listed:
    """Returns a line of the reply to LIST."""
    return attributes, delimiter, name


def test_the_inbox_then_sent_then_the_others() -> None:
    """The inbox is read first, then sent mail, junk and the others; every folder has its role."""
    lines = [line("Zaken"), line("Ongewenst"), line("Verzonden items"), line("INBOX"), line("Archief")]
    assert list(watched(lines, account()).items()) == [
        ("INBOX", Role.INBOX),
        ("Verzonden items", Role.SENT),
        ("Ongewenst", Role.JUNK),
        ("Archief", Role.OTHER),
        ("Zaken", Role.OTHER),
    ]


def test_what_lies_below_is_of_its_kind() -> None:
    """Subfolders of sent mail and junk have the same role; a name with the same beginning does not."""
    lines = [line("Verzonden items.2027", delimiter=b"."), line("Ongewenst.oud", delimiter=b"."), line("Ongewenst2")]
    assert watched(lines, account()) == {
        "INBOX": Role.INBOX,
        "Verzonden items.2027": Role.SENT,
        "Ongewenst.oud": Role.JUNK,
        "Ongewenst2": Role.OTHER,
    }


def test_a_server_that_names_its_junk() -> None:
    """The attribute of RFC 6154 marks a junk folder, in any spelling."""
    assert watched([line("Reclame", b"\\JUNK")], account())["Reclame"] is Role.JUNK


def test_what_cannot_be_read_or_is_no_mail_yet() -> None:
    """Folders without mail, drafts and the view of flagged mail are skipped; Deleted is read."""
    lines = [
        line("Leeg", b"\\NoSelect"), line("Weg", b"\\NonExistent"), line("Concept", b"\\Drafts"),
        line("Ster", b"\\Flagged"), line("Prullenbak", b"\\Trash"),
    ]  # fmt: skip
    assert list(watched(lines, account())) == ["INBOX", "Prullenbak"]


def test_what_is_not_to_be_watched() -> None:
    """An excluded folder is skipped with its subfolders; other names with the same beginning are not."""
    lines = [line("Agenda"), line("Agenda/Feestdagen"), line("Agendapunten"), line("Taken/x", delimiter=None)]
    assert list(watched(lines, account(excluded_folders=["Agenda", "Taken"]))) == ["INBOX", "Agendapunten", "Taken/x"]


def test_the_inbox_in_any_spelling() -> None:
    """INBOX is one folder in any spelling (RFC 9051, section 5.1) and is watched even if it is not listed."""
    assert list(watched([line("Inbox"), line("inbox")], account())) == ["INBOX"]
    assert list(watched([], account())) == ["INBOX"]
    assert list(watched([line("INBOX"), line("Postvak")], account(inbox="Postvak"))) == ["Postvak", "INBOX"]
