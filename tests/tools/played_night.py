# SPDX-License-Identifier: EUPL-1.2
"""A desk in the middle of an election night: late clocks, a draft, doubtful mail, mail without a place."""

from pathlib import Path

from flaggermail.commands.approve import Approve
from flaggermail.commands.notify import Draft
from flaggermail.desk.views.picture import png
from tests.doubles.attached import with_files
from tests.doubles.migrated import migrated
from tests.store.desk_fixtures import CITIZEN, REFERRER, Desk, X, desk_settings, equipped, mail, opened

FORWARD = """\
Kunt u hiernaar kijken? Wij hebben de afzender al twee keer gevraagd het te verbeteren.

---------- Forwarded message ---------
Van: Inwoner <inwoner@mailprovider.example>
Datum: do 6 jun 2024 om 08:12
Onderwerp: Stemmen op vrijdag?
Aan: <griffie@lindewaard.example>

Op dit account staat dat je ook vrijdag nog kunt stemmen: https://x-platform.example/stem/status/17
"""


def night(folder: Path) -> Desk:
    """Returns the desk of that night, in an empty folder."""
    (folder / "database").write_bytes(migrated())
    settings = desk_settings()
    desk = opened(equipped(settings, folder), settings, folder, "night")
    desk.notified()
    desk.go_on(50)
    desk.notified(channel="meta-elections")
    desk.receive(mail(REFERRER, "Fwd: Stemmen op vrijdag?", FORWARD))
    desk.go_on(45)
    desk.receive(mail(X, "Re: your note", "We got your note and look at it.", auth=None))
    desk.receive(mail("redactie@krant.example", "Vraag over VF-EP2024-0001", "Klopt het dat u dit hebt gemeld?"))
    desk.receive(mail(CITIZEN, "Nepaccount", "Er is een account dat zich voordoet als de gemeente. Graag actie."))
    desk.drafted()
    desk.server.says(-1, "elections-eu@meta-platform.example")
    doubtful = desk.do(Draft(case=desk.decided(), channel="meta-elections")).key
    desk.do(Approve(draft=doubtful))
    desk.settle()
    shown = ('filename="bericht.png"', "image/png", png(4, 2, bytes(range(24))))
    desk.receive(with_files(shown, subject="[VF-EP2024-0001] Schermafdruk", text="Zie de bijlage."))
    desk.go_on(20)
    return desk
