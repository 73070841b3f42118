# SPDX-License-Identifier: EUPL-1.2
"""The page in each dossier that tells a stranger, in Dutch and English, what each file is and how to check them all."""

from __future__ import annotations

from string import Template

FILE = "LEESMIJ-README.txt"

_DUTCH = Template("""\
LEESMIJ (English below)
=======================

Dit is het dossier $name van $organisation.
Het geeft de stand van $as_of. Het is gemaakt met flaggermail en is zonder dat programma
te lezen: u hebt alleen een tekstverwerker of browser nodig.

Begin bij        index.html (in een browser) of index.txt: alle zaken, met voor elke zaak een lijst.

Wat is wat (alles staat in de map data)
  index.html, index.txt            de lijst van zaken; twee vormen van hetzelfde
  figures.csv                      de cijfers: per melding aan een platform, wanneer het antwoordde (rekenblad)
  events-0001.jsonl                het logboek, voor programma's: per gebeurtenis een regel, een JSON-object:
                                   event (nummer), at (wanneer), actor (wie; daemon is het programma zelf), kind (wat),
                                   case, notification, message (waarover), changes (welke gegevens het vastlegde)
  events-0001.txt                  hetzelfde logboek, voor mensen; een lang logboek gaat verder in 0002, 0003 ...
  ZAAKNUMMER/index.html, .txt      wat er van een zaak bekend is, en de lijst van mails
  ZAAKNUMMER/0001/0001.eml         mail 1, precies zoals die binnenkwam of vertrok (opent in een mailprogramma)
  ZAAKNUMMER/0001/0001.txt         de tekst van die mail, om zonder mailprogramma te lezen
  ZAAKNUMMER/0001/0001-1-naam.png  een bijlage van die mail, onder een veilige naam; de echte naam staat in de
                                   lijst. Bijlagen komen van anderen: open ze waar dat geen kwaad kan
  *.mdto.xml                       metadata volgens MDTO: van een zaak, mail of verkiezing
  *.bestand.mdto.xml               metadata volgens MDTO van het bestand met de naam die ervoor staat

Wat ontbreekt, en waarom
  - Van een mail die is vernietigd, staat in de lijst dat, wanneer en waarom. Zij houdt haar nummer.
  - Mail tussen de desk en de eigen medewerkers is niet opgenomen, want daarin staan sleutels waarmee zij de desk
    bedienen. De lijst noemt elk van die mails; het logboek vertelt wat ermee gebeurde.
  - Een concept dat nooit is verzonden, is niet opgenomen; het logboek noemt het.
  - In lijsten en logboek staat [key] waar een antwoordsleutel stond. De mails zelf zijn onveranderd.
  - De mails bevatten namen en adressen. Dit dossier is niet gelakt.

Controleer de bestanden
  Open een opdrachtregel in de map waarin manifest-sha256.txt staat (een map hoger dan dit bestand) en typ:

      sha256sum --check --quiet manifest-sha256.txt
      sha256sum --check --quiet tagmanifest-sha256.txt

  Verschijnt er niets, dan is elk bestand dat erin staat, hetzelfde als toen het dossier werd gemaakt. Een veranderd
  bestand wordt genoemd. Bij te veel bestanden zwijgt sha256sum; het aantal bestanden in data moet gelijk zijn aan het
  aantal regels:

      find data -type f | wc -l
      wc -l < manifest-sha256.txt

  Wie flaggermail heeft, controleert alles in een keer: flaggermail archive export --verify MAP
  De controlesommen tonen een verandering alleen wie de som van tagmanifest-sha256.txt elders heeft bewaard:

      sha256sum tagmanifest-sha256.txt

  De map is een "bag" volgens BagIt (RFC 8493). De tijden staan met hun afwijking van UTC.

""")
_ENGLISH = Template("""\
README
======

This is the dossier $name of $organisation.
It shows the state as of $as_of. It was made with flaggermail and can be read without that
program: all you need is a text editor or a browser.

Start at         index.html (in a browser) or index.txt: all cases, with a list for each case.

What is what (everything is in the folder data)
  index.html, index.txt            the list of cases; two forms of the same
  figures.csv                      the figures: for each notification when the platform answered (spreadsheet)
  events-0001.jsonl                the log: every event of the cases, one JSON object a line, for programs: event
                                   (number), at (when), actor (who; daemon is the program itself), kind (what), case,
                                   notification, message (about what), changes (the values that it set)
  events-0001.txt                  the same log, for people; a long one continues in 0002, 0003 ...
  CASENUMBER/index.html, .txt      what is known of a case, and the list of its mails
  CASENUMBER/0001/0001.eml         mail 1, exactly as it came in or left (RFC 5322; a mail program opens it)
  CASENUMBER/0001/0001.txt         the text of that mail, to be read without a mail program
  CASENUMBER/0001/0001-1-name.png  an attachment of that mail, saved apart under a safe name; its real name is in the
                                   list. Attachments come from others: open them where they can do no harm
  *.mdto.xml                       metadata by the Dutch standard MDTO: of a case, a mail or an election
  *.bestand.mdto.xml               metadata by MDTO of the file with the name before it

What is missing, and why
  - Of a mail that was destroyed, the list says so, when and why. It keeps its number.
  - Mail between the desk and its own officers is left out, for it holds keys with which they operate the desk. The
    list names each such mail; the log tells what was done with it.
  - A draft that was never sent is left out; the log names it.
  - In lists and log, [key] stands where a reply key was. The mails themselves are unchanged.
  - The mails hold names and addresses. This dossier is not redacted.

Check the files
  Open a command line in the folder that holds manifest-sha256.txt (one folder above this file) and type:

      sha256sum --check --quiet manifest-sha256.txt
      sha256sum --check --quiet tagmanifest-sha256.txt

  If nothing is printed, every file listed is the same as when the dossier was made. A changed file is named. Of files
  that were added sha256sum says nothing; the number of files in data must be the number of lines:

      find data -type f | wc -l
      wc -l < manifest-sha256.txt

  Whoever has flaggermail checks all of it at once: flaggermail archive export --verify FOLDER
  The checksums show a change only to those who kept the sum of tagmanifest-sha256.txt elsewhere:

      sha256sum tagmanifest-sha256.txt

  The folder is a "bag" by BagIt (RFC 8493). Times are given with their offset from UTC.
""")


def readme(name: str, organisation_nl: str, organisation_en: str, as_of: str) -> bytes:
    """Returns the page in UTF-8. `as_of` is the instant of the last event, with its offset."""
    dutch = _DUTCH.substitute(name=name, organisation=organisation_nl, as_of=as_of)
    return (dutch + _ENGLISH.substitute(name=name, organisation=organisation_en, as_of=as_of)).encode()
