# SPDX-License-Identifier: EUPL-1.2
"""Which share of the names in invented exchanges the marks take out by themselves, and what a mail costs.

With `./dev bench peers`, deduce looks for names in the same texts. It is installed from the package index into a
virtual environment of its own, which is removed at the end, and never into ours: it is under the LGPL, and its lists
are of Dutch medical texts. Where that fails, the figure has no other side.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from flaggermail.annex.redaction.words_left import words_left
from tests.bench.figures import Bench, Figure, Goal, Heading, Note, Row
from tests.invented import EXCHANGES, NAMES, SEED, STAY, Planted, exchanges
from tests.planted import Annex
from tests.unit.annex.measuring import Truth, truth_of

QUICK_EXCHANGES = 20
PACKAGE = "deduce>=3.0.6,<4"
PATIENCE = 900  # seconds for the installation, and for the run
_TITLES = (Planted.IN_SUBJECT, Planted.IN_FILE)
_PEER = """
import json, sys, time
from pathlib import Path
from deduce import Deduce

texts = json.loads(Path(sys.argv[1]).read_text("utf-8"))
model = Deduce()
model.deidentify("Jan Jansen")
begun = time.process_time()
found = []
for text in texts:
    every = model.deidentify(text).annotations
    found.append([[int(one.start_char), int(one.end_char)] for one in every if one.tag in ("persoon", "patient")])
print(json.dumps({"seconds": time.process_time() - begun, "found": found}))
"""


def measure(bench: Bench) -> Iterator[Row]:
    """Counts what is marked of the invented exchanges, each figure beside nothing."""
    count = bench.few(EXCHANGES, QUICK_EXCHANGES)
    yield Heading(f"marks in {count:,} invented exchanges, seed {SEED}")
    found = truth_of(exchanges(SEED, count), words_left)
    yield _names(found)
    yield Figure(
        what="names in subjects and file names", figure=100 * found.recall(_TITLES), unit="%", goal=_at_least(95)
    )
    ticked = found.recall(NAMES, after_ticks=True)
    yield Figure(what="names, after the words that are asked", figure=100 * ticked, unit="%", goal=_at_least(95))
    yield Figure(what="names marked in part", figure=len(found.halves), unit="", goal=Goal(0))
    yield Figure(what="unknown words kept without being asked", figure=found.unasked, unit="", goal=Goal(0))
    yield Figure(what="institutions, own numbers marked", figure=100 * found.touched(STAY), unit="%", goal=Goal(0.5))
    yield Figure(what="marks that are right", figure=100 * found.precision, unit="%", goal=_at_least(97))
    yield Figure(what="words asked about, an exchange", figure=sum(found.asked) / len(found.asked), unit="")
    milliseconds = 1000 * found.seconds / found.mails
    yield Figure(
        what="marking names in a mail, processor time",
        figure=milliseconds,
        unit="ms",
        goal=Goal(15),
        name="redact.mail",
    )


def beside_deduce(bench: Bench) -> Iterator[Row]:
    """Both look for the names of the same texts; deduce is asked for persons alone."""
    count = bench.few(EXCHANGES, QUICK_EXCHANGES)
    made = list(exchanges(SEED, count))
    yield Heading(f"names in {count:,} invented exchanges, seed {SEED}", "x deduce")
    said = None if bench.quick else _peer(bench.folder, made)  # a quick run installs nothing
    if said is None:
        yield Note("deduce is not measured: it could not be installed, or the run is quick")
    found = truth_of(made, words_left)
    places = _covered(made, said[1]) if said else {}
    yield _names(found, _share(places, NAMES) if said else None)
    prose = 100 * found.recall([Planted.PROSE])
    theirs = _share(places, (Planted.PROSE,)) if said else None
    yield Figure(what="names in running prose", figure=prose, unit="%", beside=theirs)
    kept = 100 - 100 * found.touched(STAY)
    theirs = 100 - (_share(places, STAY, whole=False) or 0) if said else None
    yield Figure(what="institutions, own numbers left alone", figure=kept, unit="%", beside=theirs)
    slower = 1000 * said[0] / found.mails if said else None
    yield Figure(what="processor time of a mail", figure=1000 * found.seconds / found.mails, unit="ms", beside=slower)


def _names(found: Truth, beside: float | None = None) -> Figure:
    share = 100 * found.recall(NAMES)
    return Figure(
        what="names of invented exchanges that marks take out",
        figure=share,
        unit="%",
        beside=beside,
        goal=_at_least(90),
        name="redact.names",
    )


def _at_least(share: float) -> Goal:
    return Goal(share, at_least=True)


Places = dict[Planted, list[tuple[bool, bool]]]
"""Of each place of a kind: whether it is covered whole, and whether at all."""


def _covered(made: Sequence[Annex], spans: Sequence[Sequence[tuple[int, int]]]) -> Places:
    found: Places = {kind: [] for kind in Planted}
    begin = 0
    for annex in made:
        for detail in annex.details:
            text = annex.texts[detail.of].text
            covered = {at for start, end in spans[begin + detail.of] for at in range(start, end)}
            hits = [at in covered for at in range(detail.start, detail.end) if text[at].isalnum()]
            found[Planted(detail.kind)].append((all(hits), any(hits)))
        begin += len(annex.texts)
    return found


def _share(places: Places, kinds: Sequence[Planted], *, whole: bool = True) -> float | None:
    hits = [both[0] if whole else both[1] for kind in kinds for both in places[kind]]
    return 100 * sum(hits) / len(hits) if hits else None


def _peer(folder: Path, made: Sequence[Annex]) -> tuple[float, list[list[tuple[int, int]]]] | None:
    """Returns the seconds of deduce, and the persons it finds in each text; None if it cannot be installed or run."""
    environment, program, texts = folder / "deduce", folder / "find_names.py", folder / "texts.json"
    python = environment / "bin" / "python"
    program.write_text(_PEER, "utf-8")
    texts.write_text(json.dumps([text.text for annex in made for text in annex.texts]), "utf-8")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "--no-input", "install", PACKAGE]
    try:
        for command in ([sys.executable, "-m", "venv", str(environment)], pip):
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
        command = [str(python), "-P", str(program), str(texts)]
        done = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError):
        return None
    said = json.loads(done.stdout.splitlines()[-1])
    return float(said["seconds"]), list(said["found"])
