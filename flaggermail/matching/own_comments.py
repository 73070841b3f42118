# SPDX-License-Identifier: EUPL-1.2
"""Whether the comment in a ticket system's mail is ours: such a system repeats what we wrote, with name and date."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flaggermail.mail.message import MechanicalKind, Message
from flaggermail.mail.vocabulary import folded
from flaggermail.matching import answer_keys, quoted_words

if TYPE_CHECKING:
    from flaggermail.services import Services, UnitOfWork

_FEW = 5  # words; a shorter comment of ours in a row proves nothing


def without_ours(work: UnitOfWork, message: Message, platform: str | None) -> Message:
    """Returns the mail as a machine's if the comment that makes it a person's is an officer's, or a letter of ours."""
    comment = message.comment
    if comment is None or not (_is_officers(work.env, comment.name) or _repeats_letter(work, message, platform)):
        return message
    return replace(message, comment=None, kind=MechanicalKind.AUTO_REPLY, reply_text="")


def _is_officers(env: Services, name: str) -> bool:
    """True if an officer, the desk or the mailbox has that name; a first name alone is one too."""
    desk = env.settings.desk
    names = [officer.name for officer in env.settings.rota.officers]
    names += [desk.organisation.name.nl, desk.organisation.name.en, desk.mailbox.address.partition("@")[0]]
    small = folded(name)
    return any(small in {folded(one), folded(one).partition(" ")[0]} for one in names)


def _repeats_letter(work: UnitOfWork, message: Message, platform: str | None) -> bool:
    """True if a letter of ours to the platform begins the comment, whoever is named above it."""
    if platform is None or message.comment is None:
        return False
    words = quoted_words.words_of(message.comment.text)[: quoted_words.LEAST]
    own = tuple(word for word in words if word != quoted_words.GAP)
    if len(own) < _FEW:
        return False
    wanted = f" {' '.join(own)} "
    return any(wanted in f" {' '.join(letter)} " for letter in answer_keys.letters_to(work, platform))
