# SPDX-License-Identifier: EUPL-1.2
"""`./dev bench peers`: django-helpdesk makes tickets of the same mails as the desk, and both are scored.

It is installed from the package index into a virtual environment of its own, which is removed at the end, and never
into ours. Where that fails, the figure is missing and the measurement has run all the same.

A conversation of several mails is right if all of them are in one case, or ticket, and no mail of another is. A mail
that the desk keeps for a person counts where it is suggested first: the platforms of these mails answer the referrer's
mail, which the desk files nowhere by itself.
"""

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from flaggermail.matching import scoring
from flaggermail.record.rows import Delivery, StoredMessage
from tests.bench import corpus
from tests.bench.comparing import fill, years_later
from tests.bench.figures import Bench, Figure, Goal, Heading, Note, Row

MAILS, QUICK_MAILS = 2_000, 40
SEED = 1
PACKAGE = "django-helpdesk>=2.6,<3"
PATIENCE = 600  # seconds for the installation, and for the run
_PEER = """
import json, logging, sys, time, types
from pathlib import Path
import django
from django.conf import settings

folder, files = Path(sys.argv[1]), sys.argv[2]
settings.configure(
    SECRET_KEY="x" * 40, USE_TZ=True, SITE_ID=1, MEDIA_ROOT=str(folder / "media"), ROOT_URLCONF="peer_urls",
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "peer.db")}},
    INSTALLED_APPS=["django.contrib." + name for name in
                    ("auth", "contenttypes", "sessions", "messages", "sites", "humanize", "admin")]
    + ["rest_framework", "helpdesk"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    HELPDESK_TEAMS_MODE_ENABLED=False, HELPDESK_KANBAN_BOARD_ENABLED=False,
)
urls = sys.modules["peer_urls"] = types.ModuleType("peer_urls")
urls.urlpatterns = []
django.setup()
from django.core.management import call_command
from django.urls import include, path
urls.urlpatterns = [path("", include("helpdesk.urls"))]
call_command("migrate", verbosity=0)
from helpdesk.email import extract_email_metadata
from helpdesk.models import Queue
queue = Queue.objects.create(title="Desk", slug="desk", email_address="desk@bzk.example", allow_email_submission=True)
log = logging.getLogger("peer")
log.addHandler(logging.NullHandler())
log.propagate = False
tickets, seconds = [], 0.0
for name in Path(files).read_text().splitlines():
    text = Path(name).read_bytes().decode("utf-8", "replace")
    begun = time.perf_counter()
    try:
        ticket = extract_email_metadata(message=text, queue=queue, logger=log)
    except Exception:
        ticket = None
    seconds += time.perf_counter() - begun
    tickets.append(None if ticket is None else ticket.pk)
print(json.dumps({"seconds": seconds, "tickets": tickets}))
"""


def measure(bench: Bench) -> Iterator[Row]:
    """Both take in the same mails one after the other; the conversations are known where gen_corpus.py wrote them."""
    count = bench.few(MAILS, QUICK_MAILS)
    files = corpus.write(bench.folder / "peers", count, SEED)
    truth = corpus.conversations(bench.folder / "peers")
    yield Heading(f"mail to cases, {count:,} mails of {corpus.source()}", "x peer")
    with years_later(bench.folder / "ours") as env:
        begun = time.perf_counter()
        fill(env, files)
        seconds = time.perf_counter() - begun
        with env.store.read() as tx:
            cases = {row.id: _place(row) for row in tx.find(StoredMessage)}
            places = {int(row.item): cases[row.message] for row in tx.find(Delivery)}
    ours = [places.get(number) for number in range(1, count + 1)]
    said = None if bench.quick else _peer(bench.folder, files)  # a quick run installs nothing
    if said is None:
        yield Note("django-helpdesk is not measured: it could not be installed, or the run is quick")
    theirs = count / said[0] if said else None
    goal = Goal(8, 6, of_ratio=True, at_least=True)
    yield Figure(
        what="mails a second, beside django-helpdesk",
        figure=count / seconds,
        unit="mail/s",
        beside=theirs,
        goal=goal,
        name="peer.helpdesk",
    )
    yield _scored(truth, ours, said[1] if said else None)


def _place(row: StoredMessage) -> str | None:
    return row.case or next((scoring.read(said).case for said in row.suggestions), None)


def _scored(truth: Sequence[str], ours: Sequence[object], theirs: Sequence[object] | None) -> Figure:
    what = "conversations that are right, beside django-helpdesk"
    share = right(truth, ours) if truth else None
    beside = right(truth, theirs) if truth and theirs else None
    return Figure(what=what, figure=share, unit="%", beside=beside, name="conversations")


def right(truth: Sequence[str], places: Sequence[object]) -> float | None:
    """Returns the percentage of conversations of several mails that are right; None if there is none.

    `truth` and `places` name, for each mail, its conversation and the case or ticket it was put in; None is in none.
    """
    mails: defaultdict[str, list[object]] = defaultdict(list)
    inside: defaultdict[object, set[str]] = defaultdict(set)
    for conversation, place in zip(truth, places, strict=True):
        mails[conversation].append(place)
        inside[place].add(conversation)
    several = {name: found for name, found in mails.items() if len(found) > 1}
    whole = [name for name, found in several.items() if _is_right(name, set(found), inside)]
    return 100 * len(whole) / len(several) if several else None


def _is_right(name: str, places: set[object], inside: Mapping[object, set[str]]) -> bool:
    return None not in places and len(places) == 1 and inside[next(iter(places))] == {name}


def _peer(folder: Path, files: Sequence[Path]) -> tuple[float, list[object]] | None:
    """Returns the seconds of django-helpdesk, and the ticket of each mail; None if it cannot be installed or run."""
    environment, program, listed = folder / "peer", folder / "peer.py", folder / "peer.txt"
    python = environment / "bin" / "python"
    program.write_text(_PEER, "utf-8")
    listed.write_text("\n".join(map(str, files)), "utf-8")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "--no-input", "install", PACKAGE]
    try:
        for command in ([sys.executable, "-m", "venv", str(environment)], pip):
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
        command = [str(python), str(program), str(folder), str(listed)]
        done = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError):
        return None
    said = json.loads(done.stdout.splitlines()[-1])
    return float(said["seconds"]), list(said["tickets"])
