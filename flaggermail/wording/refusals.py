# SPDX-License-Identifier: EUPL-1.2
"""Why a command is refused: what, where, and what would be right."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class Because(Sentence):
    """Every reason for refusing a command."""

    CASE_OR_ELECTION = ("case or election", "archive export: name a case, or an election with --election, and not both",
        "archive export: noem een zaak, of een verkiezing met --election, en niet allebei")
    PLAN_FIRST = ("plan first", "archive dossier part: ask for `archive dossier` first, which is put on record",
        "archive dossier part: vraag eerst `archive dossier` op; dat wordt vastgelegd")
    DOSSIER_CHANGED = ("dossier changed",
        "dossier {name}: somebody acted on it while it was exported; nothing was kept, export it again",
        "dossier {name}: tijdens de export veranderde er iets; er is niets bewaard, exporteer opnieuw")
    MARK_NOT_ASKED = ("mark not asked",
        "mailbox.trust is not exchange, so no mark of Exchange counts and none is tried",
        "mailbox.trust staat niet op exchange; het kenmerk van Exchange telt niet en wordt niet beproefd")
    NO_SUCH_ROW = ("no such row", "{table} {key}: there is no such row to change",
        "{table} {key}: zo'n regel is er niet")
    DRAFT_OF_CLOSED_CASE = ("draft of closed case",
        "draft {draft}: case {case} is closed, and nobody would be reminded of it",
        "concept {draft}: zaak {case} is gesloten, dus niemand zou eraan worden herinnerd")
    DRAFT_BY_ONESELF = ("draft by oneself", "draft {draft}: {officer} wrote it; two other persons approve",
        "concept {draft}: {officer} schreef dit zelf; twee anderen keuren het goed")
    DRAFT_APPROVED_BY_ONESELF = ("draft approved by oneself",
        "draft {draft}: {officer} approved it already; another person must",
        "concept {draft}: {officer} keurde dit al goed; nu moet iemand anders het goedkeuren")
    POLICY_DAY_TO_REPEAT = ("policy day to repeat",
        ("draft {draft}: the policy was read on {day}; see whether it still reads so, then repeat that day: "
         "`flaggermail approve {draft} --policy-read {day}`, or `approve CODE {day}` in reply"),
        ("concept {draft}: het beleid is gelezen op {day}; ga na of het nog zo luidt en herhaal dan die dag: "
         "`flaggermail approve {draft} --policy-read {day}`, of antwoord `akkoord CODE {day}`"))
    NOBODY_TO_ASK = ("nobody to ask", "case {case}: nobody referred it by mail, so there is nobody to ask",
        "zaak {case}: niemand meldde deze per mail, dus er is niemand aan wie u iets kunt vragen")
    CLOSED_TO_QUESTIONS = ("closed to questions", "case {case}: is closed; nothing is asked any more",
        "zaak {case}: is gesloten; er worden geen vragen meer gesteld")
    NOTHING_TO_ASK = ("nothing to ask",
        "case {case}: nothing is missing; name an item (--item) or write a question (--text)",
        "zaak {case}: er ontbreekt niets; noem een onderdeel (--item) of schrijf een vraag (--text)")
    CRITERIA_UNKNOWN = ("criteria unknown", "criteria: [{given}] must be among 1, 2, 3",
        "criteria: [{given}] bestaat niet; kies uit 1, 2 en 3")
    ATTEMPTS_OUT_OF_RANGE = ("attempts out of range", "own_attempts: {given} must be 0 or more, and at most {most}",
        "pogingen: {given} kan niet; vul een getal in van 0 tot en met {most}")
    NOT_READY_TO_NOTIFY = ("not ready to notify", "case {case}: not ready to notify: {missing}",
        "zaak {case}: kan nog niet worden gemeld: {missing}")
    NOTIFIED_ALREADY = ("notified already", "case {case}: a notification was sent; close the case instead",
        "zaak {case}: er is al een melding verstuurd; sluit de zaak")
    GROUND_OF_DECLINE = ("ground of decline",
        "ground: {ground!r} belongs to a decline; {decision} is explained by its reason",
        "grond: {ground!r} hoort bij een afwijzing; licht dit besluit toe met een reden")
    NO_PRECEDENT = ("no precedent", "case {case}: is of an exercise, and no precedent for a real case",
        "zaak {case}: hoort bij een oefening en is geen voorbeeld voor een echte zaak")
    ELECTION_CLOSED = ("election closed",
        "election {election}: is closed; no new case may belong to it, but for what happened then: --past",
        "verkiezing {election}: is gesloten; er kunnen geen nieuwe zaken bij, behalve voor wat toen gebeurde: --past")
    MESSAGE_HAS_CASE = ("message has case", "message {message}: belongs to {case} already",
        "mail {message}: hoort al bij {case}")
    OFFICER_NOT_IN_ROTA = ("officer not in rota", "officer {officer}: is not in oncall.yaml",
        "medewerker {officer}: staat niet in oncall.yaml")
    NOTHING_TO_CORRECT = ("nothing to correct", "case {case}: nothing to correct; give --type or --source",
        "zaak {case}: er valt niets te corrigeren; geef --type of --source")
    IS_SO_ALREADY = ("is so already", "case {case}: is {type}, source {source} already",
        "zaak {case}: de soort is al {type}, de bron {source}")
    CASE_CLOSED_ALREADY = "case closed already", "case {case}: is closed already", "zaak {case}: is al gesloten"
    CASE_UNDECIDED = ("case undecided", "case {case}: has no decision yet; `flaggermail case decide {case} ...`",
        "zaak {case}: er is nog geen besluit; `flaggermail case decide {case} ...`")
    RELATED_TO_ITSELF = ("related to itself", "case {case}: cannot be related to itself",
        "zaak {case}: kan niet naar zichzelf verwijzen")
    CHANNEL_BOUNCED = ("channel bounced",
        ("channel {channel}: mail to {address} came back on {day} at {time} (outbox {mail}); {others}, or say "
         "that the address works again: `flaggermail channel clear {address}`"),
        ("kanaal {channel}: mail aan {address} kwam op {day} om {time} terug (outbox {mail}); {others}, of geef "
         "aan dat het adres weer werkt: `flaggermail channel clear {address}`"))
    CHANNEL_UNKNOWN = ("channel unknown", "channel {channel}: is not known; there are {known}",
        "kanaal {channel}: is niet bekend; kies uit {known}")
    CHANNEL_NOT_VALID = ("channel not valid", "channel {channel}: is valid {span}, not on {day}; {others}",
        "kanaal {channel}: geldt {span}, niet op {day}; {others}")
    ADDRESS_NOT_BAD = ("address not bad",
        "address {address}: no mail came back from it; `flaggermail channel list` shows which do",
        "adres {address}: er kwam geen mail van terug; `flaggermail channel list` toont van welke wel")
    VERSION_UNKNOWN = ("version unknown", "{name}: version: is no version of this desk, whose last is {last}",
        "{name}: version: is geen versie van deze desk; de laatste is {last}")
    VERSION_TOO_OLD = ("version too old", "{name}: version: {events:event has|events have} followed it; look again",
        "{name}: version: nieuwer: {events:gebeurtenis|gebeurtenissen}; kijk opnieuw")
    NOTE_NEEDS_CHANNEL = ("note needs channel",
        "case {case}: name the channel that the note is about (--channel); there is {known}",
        "zaak {case}: noem het kanaal waar de notitie over gaat (--channel); er is {known}")
    USE_NEEDS_CHANNEL = ("use needs channel",
        "case {case}: a note that counts as a notification names its channel (--channel)",
        "zaak {case}: een notitie die als melding geldt, noemt het kanaal (--channel)")
    NOT_DECIDED_TO_NOTIFY = ("not decided to notify",
        "case {case}: nobody decided to notify; `flaggermail case decide {case} notify`",
        "zaak {case}: er is niet besloten om te melden; `flaggermail case decide {case} notify`")
    TEXT_NOT_APPROVED = ("text not approved",
        ("case {case}: nobody approved a text for {channel}; `flaggermail notify {case} --channel {channel}`, "
         "then `flaggermail approve`"),
        ("zaak {case}: voor {channel} is geen tekst goedgekeurd; eerst `flaggermail notify {case} --channel "
         "{channel}`, dan `flaggermail approve`"))
    DRAFT_WAITS = ("draft waits", "draft {draft}: waits for approval; `flaggermail approve {draft}` comes first",
        "concept {draft}: wacht op goedkeuring; eerst `flaggermail approve {draft}`")
    USED_BEFORE_APPROVAL = ("used before approval",
        "note: {draft} was approved on {day} at {time}, and cannot have been used before",
        "notitie: {draft} is op {day} om {time} goedgekeurd en kan niet eerder zijn gebruikt")
    MAIL_IS_NO_NOTE = ("mail is no note",
        "note: mail is noted by hand only where it is lost and {count:day|days} old; else place the mail itself",
        "notitie: mail noteert u alleen als deze kwijt is en {count:dag|dagen} oud; plaats anders de mail zelf")
    NOTE_IN_FUTURE = ("note in future", "note: {at} has not come yet; a note says what has happened",
        "notitie: {at} ligt in de toekomst; een notitie gaat over wat gebeurd is")
    MESSAGE_DESTROYED = ("message destroyed",
        "message {message}: was destroyed on {day}, at the end of the review window",
        "mail {message}: is op {day} vernietigd, aan het einde van de bewaartermijn")
    NOT_TO_DECLINE = ("not to decline",
        "message {message}: is in {place}; only mail that waits, or noise, can be declined",
        "mail {message}: alleen mail die op beoordeling wacht of niet relevant is, kan worden afgewezen")
    NO_CITIZENS_REPORT = ("no citizens report",
        "message {message}: comes from a platform or an officer; it is no citizen's report",
        "mail {message}: komt van een platform of een medewerker en is geen melding van een burger")
    APPROVES_NOTHING = ("approves nothing",
        "officer {officer}: approves nothing, so needs no device (roles approver, head)",
        "medewerker {officer}: keurt niets goed en heeft dus geen app nodig (rollen approver, head)")
    ENROLLER_APPROVES = ("enroller approves",
        ("officer {officer}: {enroller} approves too, and whoever enrols a device sees its secret; where two "
         "persons approve, somebody without the roles approver and head enrols devices"),
        ("medewerker {officer}: {enroller} keurt zelf ook goed, en wie een app activeert, ziet de sleutel; waar "
         "twee personen goedkeuren, activeert iemand zonder de rollen approver en head de apps"))
    NO_SUCH_OFFICER = ("no such officer", "officer {officer}: there is no such officer in oncall.yaml",
        "medewerker {officer}: staat niet in oncall.yaml")
    VAULT_UNUSABLE = ("vault unusable",
        "officer {officer}: {fault}; run this command as that account, the desk's own",
        "medewerker {officer}: {fault}; voer deze opdracht uit met dat account, dat van de desk zelf")
    NO_SUCH_DEVICE = ("no such device", "device {device}: there is no such device of {officer}",
        "app {device}: {officer} heeft zo'n app niet")
    HAS_NO_DEVICE = ("has no device",
        "officer {officer}: has no device; `flaggermail officer list` shows who has one",
        "medewerker {officer}: heeft geen app; `flaggermail officer list` toont wie er een heeft")
    HAS_DEVICE = ("has device", "officer {officer}: has a device; first `flaggermail officer revoke {officer}`",
        "medewerker {officer}: heeft al een app; eerst `flaggermail officer revoke {officer}`")
    BY_REPLY_ONLY = ("by reply only", "{name}: only a reply to the desk's mail does this",
        "{name}: dit kan alleen met een antwoord op een mail van de desk")
    NO_SUCH_COMMAND = ("no such command", "{name}: the desk knows no such command",
        "{name}: deze opdracht is niet bekend")
    NO_OFFICER_OF_DESK = ("no officer of desk",
        "{name}: {actor} is not an officer of this desk: add the person to oncall.yaml",
        "{name}: {actor} is geen medewerker van deze desk; zet diegene in oncall.yaml")
    LACKS_ROLE = ("lacks role", "{name}: {actor} has none of the roles {roles} that this command needs",
        "{name}: {actor} heeft geen van de rollen {roles} die hiervoor nodig zijn")
    NO_READER = ("no reader",
        "{name}: only officers, archivists and report writers of this desk read the archive; oncall.yaml names each",
        ("{name}: alleen medewerkers, archivarissen en rapporteurs van deze desk mogen het archief lezen; zij "
         "staan met hun login in oncall.yaml"))
    ELECTION_EXISTS = "election exists", "election {election}: exists already", "verkiezing {election}: bestaat al"
    ELECTION_CODE = ("election code",
        "election {election}: a code is 1 to 24 capitals and digits, since it stands in case numbers",
        ("verkiezing {election}: een code bestaat uit 1 tot 24 hoofdletters en cijfers, want hij staat in "
         "zaaknummers"))
    NO_POLLING_DAY = ("no polling day", "election {election}: has no polling day; give --polling-day",
        "verkiezing {election}: heeft geen dag van de stemming; geef --polling-day")
    POLLING_DAY_OUTSIDE = ("polling day outside",
        "election {election}: polling days must lie in the period {begin} to {end}",
        "verkiezing {election}: de dagen van de stemming moeten in de periode van {begin} tot en met {end} liggen")
    ELECTION_CLOSED_ALREADY = ("election closed already", "election {election}: is closed already",
        "verkiezing {election}: is al gesloten")
    NO_PLAYERS = ("no players",
        "exercise: nobody can take part; name addresses or domains under `exercise` in flaggermail.yaml",
        "oefening: niemand kan meedoen; noem adressen of domeinen onder `exercise` in flaggermail.yaml")
    EXERCISE_RUNS = ("exercise runs", "exercise {exercise}: runs already; `flaggermail exercise stop` ends it",
        "oefening {exercise}: loopt al; `flaggermail exercise stop` beëindigt die")
    NO_EXERCISE = ("no exercise", "exercise: none runs; `flaggermail exercise start NAME` begins one",
        "oefening: er loopt er geen; `flaggermail exercise start NAME` begint er een")
    NO_SUCH_ELECTION = ("no such election",
        "election {election}: there is no such election; `flaggermail election list` shows them",
        "verkiezing {election}: is niet bekend; `flaggermail election list` toont ze")
    NEAR_ELECTION = ("near election",
        "election {election}: there is no such election; did you mean {meant}?",
        "verkiezing {election}: is niet bekend; bedoelt u {meant}?")
    NEAR_PLATFORM = ("near platform", "platform {platform}: is not in the record; did you mean {meant}?",
        "platform {platform}: is niet bekend; bedoelt u {meant}?")
    NO_SUCH_PLATFORM = ("no such platform", "platform {platform}: is not in the record; known are {known}",
        "platform {platform}: is niet bekend; wel bekend zijn {known}")
    EXERCISE_HAS_NO_FIGURES = ("exercise has no figures",
        "election {election}: is an exercise, which no figure includes",
        "verkiezing {election}: is een oefening en telt in geen enkel cijfer mee")
    EXERCISE_NOT_ACCOUNTED = ("exercise not accounted", "case {case}: is of an exercise; there is no account of it",
        "zaak {case}: hoort bij een oefening; daarover wordt geen verantwoording afgelegd")
    NOTHING_TO_ACCOUNT = ("nothing to account",
        "case {case}: no notification of it reached a platform, so there is nothing to account for",
        "zaak {case}: hierover heeft geen melding een platform bereikt, dus er valt niets te verantwoorden")
    AS_OF_IN_FUTURE = ("as of in future", "as of {at}: has not come yet; figures are of what is recorded",
        "peildatum {at}: ligt in de toekomst; cijfers gaan over wat is vastgelegd")
    DAYS_BACKWARDS = ("days backwards", "from {since} to {until}: ends before it begins",
        "van {since} tot en met {until}: eindigt voordat het begint")
    DAYS_NOT_BEGUN = ("days not begun", "from {since}: lies after {as_of}; figures are of what is recorded",
        "vanaf {since}: ligt na {as_of}; cijfers gaan over wat is vastgelegd")
    NO_SUCH_CASE = ("no such case", "case {case}: there is no such case; `flaggermail case list` shows them",
        "zaak {case}: is niet bekend; `flaggermail case list` toont alle zaken")
    NO_SUCH_MESSAGE = ("no such message", "message {message}: there is no such message; ids look like m00000001",
        "mail {message}: is niet bekend; een kenmerk ziet eruit als m00000001")
    NO_SUCH_DRAFT = ("no such draft", "draft {draft}: there is no such draft; `flaggermail notify` prints its id",
        "concept {draft}: is niet bekend; `flaggermail notify` toont het kenmerk")
    NO_DRAFT_OF_CASE = ("no draft of case", "case {case}: no draft waits; `flaggermail case show {case}` says more",
        "zaak {case}: er staat geen concept open; `flaggermail case show {case}` toont meer")
    WHICH_DRAFT = ("which draft", "case {case}: several drafts wait; name one of {drafts}",
        "zaak {case}: er staan meer concepten open; noem er een: {drafts}")
    NO_DRAFT_ANY_MORE = ("no draft any more", "draft {draft}: is {state}; only a draft can be approved or rejected",
        "concept {draft}: is al afgehandeld; alleen een openstaand concept kunt u goedkeuren of afkeuren")
    NO_SUCH_MAIL = ("no such mail", "outbox {mail}: there is no such mail; `flaggermail outbox list` shows them",
        "outbox {mail}: is niet bekend; `flaggermail outbox list` toont alle mail")
    NOT_ONE_OF = ("not one of", "{name}: {given!r} is not known; it must be one of {allowed}",
        "{name}: {given!r} is niet bekend; kies uit {allowed}")
    EMPTY = "empty", "{name}: is empty; write at least a word", "{name}: is leeg; schrijf ten minste één woord"
    MARK_IT = ("mark it",
        ("message {message}: is from a file of old mail; say what it is: `flaggermail message mark {message} "
         "--as notification`, acknowledgement or answer"),
        ("mail {message}: komt uit een bestand met oude mail; geef aan wat het is: `flaggermail message mark {message} "
         "--as notification`, acknowledgement of answer"))
    NAME_THE_CASE = ("name the case", "message {message}: name the case that it belongs to (--case)",
        "mail {message}: noem de zaak waar deze bij hoort (--case)")
    NAME_THE_USE = ("name the use",
        "message {message}: name the notification that it answers (--notification); {case} has {known}",
        "mail {message}: noem de melding waarop dit een antwoord is (--notification); {case} heeft {known}")
    MARKED_ALREADY = ("marked already", "message {message}: is the copy of {notification} already",
        "mail {message}: is al de kopie van {notification}")
    NO_PLATFORMS_MAIL = ("no platforms mail", "message {message}: is no platform's mail in a case",
        "mail {message}: is geen mail van een platform in een zaak")
    NO_COPY = ("no copy",
        ("message {message}: was not sent from here; note a use without a copy: `flaggermail case note CASE "
         "--counts-as notification --at INSTANT --channel CHANNEL`"),
        ("mail {message}: is niet hiervandaan verstuurd; noteer een melding zonder kopie: `flaggermail case note CASE "
         "--counts-as notification --at INSTANT --channel CHANNEL`"))
    NO_ANSWER_OF_OURS = ("no answer of ours", "message {message}: was sent from here; it answers nothing",
        "mail {message}: is hiervandaan verstuurd en dus geen antwoord")
    INSTANT_UNKNOWN = ("instant unknown",
        "message {message}: the file does not say when it was sent or came; name the instant (--at)",
        "mail {message}: het bestand zegt niet wanneer deze is verstuurd of aankwam; noem het tijdstip (--at)")
    INSTANT_IN_FUTURE = ("instant in future", "message {message}: {at} has not come yet",
        "mail {message}: {at} ligt in de toekomst")
    INSTANT_KNOWN = ("instant known",
        "message {message}: the server says when it came, and that is not disputed; leave out --at",
        "mail {message}: de server zegt wanneer deze aankwam en dat staat vast; laat --at weg")
    PLACE_FIRST = ("place first",
        "message {message}: first put it into a case: `flaggermail quarantine place {message} CASE`",
        "mail {message}: plaats deze eerst in een zaak: `flaggermail quarantine place {message} CASE`")
    TO_NO_CHANNEL = ("to no channel",
        "message {message}: went to no address of a channel in platforms.yaml; it is no notification",
        "mail {message}: ging niet naar een adres van een kanaal in platforms.yaml en is dus geen melding")
    VERIFIED_ALREADY = ("verified already", "message {message}: counts already ({basis})",
        "mail {message}: geldt al als echt ({basis})")
    SENT_FROM_HERE = ("sent from here", "message {message}: was sent from this mailbox; there is no sender to doubt",
        "mail {message}: is vanuit deze mailbox verstuurd; over de afzender is geen twijfel mogelijk")
    NAME_A_KIND = ("name a kind", "message {message}: name at least one kind (--kind), or where it belongs (--case)",
        "mail {message}: noem ten minste één soort (--kind), of waar deze bij hoort (--case)")
    COMPOSED_HERE = ("composed here",
        "message {message}: was composed and sent here; there is nothing to correct about it",
        "mail {message}: is hier geschreven en verstuurd; daar valt niets aan te corrigeren")
    TEXT_NEEDED = ("text needed",
        "notify: template {template} needs --text FILE, what the platform is asked to look at",
        "notify: sjabloon {template} vraagt om --text FILE: wat het platform moet bekijken")
    EXCHANGE_NEEDS_CHANNEL = ("exchange needs channel",
        "case {case}: name the channel of the exchange (--channel); there is {known}",
        "zaak {case}: noem het kanaal van de briefwisseling (--channel); er is {known}")
    APPROVED_NOT_DONE = ("approved not done",
        ("channel {channel}: {draft} is approved and not done yet; write down that it was (`{command}`) or "
         "`flaggermail approve {draft} --reject R`"),
        ("kanaal {channel}: {draft} is goedgekeurd en nog niet gedaan; noteer dat het gedaan is (`{command}`) of "
         "`flaggermail approve {draft} --reject R`"))
    NOT_OBSERVING = ("not observing", "resume: the desk does not observe; there is nothing to resume",
        "resume: de desk kijkt niet alleen mee; er valt niets te hervatten")
    MAIL_WAITED_BEFORE = ("mail waited before",
        ("resume: {mails} waited before the desk began to observe, and would leave now: take each back with "
         "`flaggermail outbox cancel ID`, or let all leave with `flaggermail resume --with-waiting`"),
        ("resume: {mails} wachtte al voordat de desk ging meekijken en zou nu vertrekken: trek elke mail in met "
         "`flaggermail outbox cancel ID`, of laat alles vertrekken met `flaggermail resume --with-waiting`"))
    NO_SUCH_REMINDER = ("no such reminder",
        "reminder {reminder}: there is no such reminder; `flaggermail oncall now` shows them",
        "herinnering {reminder}: is niet bekend; `flaggermail oncall now` toont ze")
    NO_SUCH_SHIFT = ("no such shift", "shift {at}: none begins then; `flaggermail oncall next` lists them",
        "dienst {at}: dan begint er geen; `flaggermail oncall next` toont ze")
    SHIFT_OVER = "shift over", "shift {at}: has been over since {end}", "dienst {at}: is voorbij sinds {end}"
    ACKNOWLEDGED_ALREADY = ("acknowledged already", "reminder {reminder}: was acknowledged by {officer} already",
        "herinnering {reminder}: is al opgepakt door {officer}")
    NO_OTHER_OFFICER = ("no other officer", "officer {officer}: is not another officer of oncall.yaml",
        "medewerker {officer}: is geen andere medewerker uit oncall.yaml")
    ENDS_BEFORE_BEGIN = ("ends before begin", "override: ends {end}, which is not after its begin",
        "override: eindigt {end}, en dat is niet na het begin")
    OFFICER_NOT_CLEAR = ("officer not clear",
        "officer {officer}: is not in oncall.yaml, or several are called so; there are {known}",
        "medewerker {officer}: staat niet in oncall.yaml, of meer personen heten zo; kies uit {known}")
    HAS_SHIFT = "has shift", "swap: {officer} has that shift already", "ruilen: {officer} heeft die dienst al"
    NOBODY_ON_CALL = ("nobody on call",
        "swap: nobody is on call now, so there is no shift to hand over; `flaggermail oncall override`",
        "ruilen: niemand heeft nu dienst, dus er is geen dienst om over te dragen; `flaggermail oncall override`")
    SAME_HOLDER = ("same holder", "swap: both shifts are {officer}'s; name one of another officer",
        "ruilen: beide diensten zijn van {officer}; noem er een van een ander")
    NOT_UNCERTAIN = ("not uncertain", "outbox {mail}: is {state}, not uncertain; there is nothing to resolve",
        "outbox {mail}: van deze mail staat al vast of hij verzonden is")
    ROW_DIFFERS = ("row differs", "outbox {mail}: is not what its events say; `flaggermail audit verify` says more",
        "outbox {mail}: wijkt af van wat is vastgelegd; `flaggermail audit verify` zegt meer")
    SAY_WHEN_SENT = ("say when sent",
        "outbox {mail}: say when it was sent (--sent-at) or that it is to be sent again (--again)",
        ("outbox {mail}: geef op wanneer deze is verzonden (--sent-at), of dat hij opnieuw moet worden verzonden "
         "(--again)"))
    SENT_IN_FUTURE = ("sent in future", "outbox {mail}: {at} has not come yet",
        "outbox {mail}: {at} ligt in de toekomst")
    SENT_BEFORE_WRITTEN = ("sent before written", "outbox {mail}: was written at {written}; it was not sent at {at}",
        "outbox {mail}: is om {written} geschreven en dus niet om {at} verzonden")
    WAITS_NO_MORE = ("waits no more", "outbox {mail}: is {state} and no longer waits",
        "outbox {mail}: deze mail wacht niet meer op verzending")
    PERHAPS_TAKEN = ("perhaps taken",
        "outbox {mail}: may have been taken, as the server did not answer every try; it cannot be cancelled",
        ("outbox {mail}: is misschien al aangenomen, want de server gaf niet op elke poging antwoord; intrekken kan "
         "daarom niet"))
    IN_DOUBT = ("in doubt",
        "outbox {mail}: is in doubt and may have been taken; `flaggermail outbox resolve {mail}` settles it",
        ("outbox {mail}: is misschien al aangenomen; leg met `flaggermail outbox resolve {mail}` vast of deze is "
         "verzonden"))
    REFUSED_FOR_GOOD = ("refused for good",
        "outbox {mail}: was refused for good; correct the address or the text, and draft it anew",
        "outbox {mail}: is definitief geweigerd; pas het adres of de tekst aan en maak een nieuw concept")
    CHANNEL_FOR_EXERCISES = ("channel for exercises",
        "channel {channel}: is for exercises only, and case {case} is real",
        "kanaal {channel}: is alleen voor oefeningen, en zaak {case} is echt")
    CHANNEL_IS_REAL = ("channel is real", "channel {channel}: is a real {kind}, and case {case} is of an exercise",
        "kanaal {channel}: is echt, en zaak {case} hoort bij een oefening")
    NO_SUCH_NOTIFICATION = ("no such notification",
        "notification {notification}: no such one was sent; `flaggermail case show` names them",
        "melding {notification}: is niet verstuurd; `flaggermail case show` toont welke wel")
    NOTIFICATION_ELSEWHERE = ("notification elsewhere",
        "notification {notification}: belongs to {there}, not to {case}",
        "melding {notification}: hoort bij {there}, niet bij {case}")
    NOTIFICATION_TO_ANOTHER = ("notification to another",
        "notification {notification}: went to {there}, and this mail is from {platform}",
        "melding {notification}: ging naar {there}, en deze mail komt daar niet vandaan")
    DECLINED_ALREADY = ("declined already",
        "message {message}: was declined, and goes by itself at the end of the review window",
        "mail {message}: is afgewezen en verdwijnt vanzelf aan het einde van de bewaartermijn")
    IN_QUARANTINE_ALREADY = ("in quarantine already", "message {message}: is in the quarantine already",
        "mail {message}: wacht al op beoordeling")
    NO_OPEN_ELECTION = ("no open election", "message {message}: no election is open; name one (--election)",
        "mail {message}: er is geen verkiezing open; noem er een (--election)")
    SAY_WHERE = ("say where",
        "message {message}: say where it belongs: a case number, --new, --noise with a reason, or --back",
        "mail {message}: geef aan waar deze bij hoort: een zaaknummer, --new, --noise met een reden, of --back")
    REMEMBER_NEW = ("remember new", "message {message}: only a mail that opens a case is remembered; add --new",
        "mail {message}: alleen een mail die een zaak opent wordt onthouden; voeg --new toe")
    SPEED_NEEDS_STORY = ("speed needs story", "speed: belongs to a story; name one with --story",
        "speed: hoort bij een verhaal; noem er een met --story")
    NO_SUCH_STORY = ("no such story", "story {story}: there is no such story; there are {stories}",
        "verhaal {story}: dat verhaal is er niet; er zijn {stories}")
    SPEED_OUT_OF_RANGE = ("speed out of range", "speed {speed}: must be from {least} to {most}",
        "speed {speed}: moet van {least} tot en met {most} zijn")
    OBSERVES = ("observes", "exercise: the desk observes and sends nothing; `flaggermail resume` ends that",
        "oefening: de desk kijkt alleen mee en verstuurt niets; `flaggermail resume` maakt daar een eind aan")
    POLLING_DAY_TODAY = ("polling day today",
        "exercise: today is polling day of {elections}; --even-today rehearses all the same",
        "oefening: vandaag is de dag van de stemming van {elections}; met --even-today kan het toch")
    NO_REPORT = ("no report", "message {message}: is no delivery report; it is about none of our mails",
        "mail {message}: is geen bericht over de bezorging en gaat over geen mail van ons")
    NEVER_LEFT = ("never left", "outbox {mail}: is {state}; only a mail that was sent can come back",
        "uitgaande mail {mail}: heeft de stand {state}; alleen een verstuurde mail kan terugkomen")
    FITS_SEVERAL = ("fits several",
        ("message {message}: fits several of our mails: {listed}; say which: "
         "`flaggermail message confirm {message} --mail MAIL`"),
        ("mail {message}: past bij meer dan een mail van ons: {listed}; geef aan welke: "
         "`flaggermail message confirm {message} --mail MAIL`"))
    LISTED_ALREADY = ("listed already", "domain {domain}: is known already, by the list {listed} of the rules",
        "domein {domain}: is al bekend en staat op de lijst {listed} van de regels")
    LISTED_NOT_REMEMBERED = ("listed not remembered",
        "domain {domain}: nobody remembered it; it is on the list {listed}, where a line -{domain} takes it out",
        "domein {domain}: is niet onthouden; het staat op de lijst {listed}, waar de regel -{domain} het weghaalt")
    NOT_REMEMBERED = ("not remembered",
        "domain {domain}: nobody remembered it; `flaggermail referrer list` shows which are",
        "domein {domain}: is niet onthouden; `flaggermail referrer list` toont welke dat wel zijn")
    SENDER_NOT_VERIFIED = ("sender not verified",
        ("message {message}: our server did not verify its sender, so its domain is not remembered; reply `new`, or "
         "use --new without --remember"),
        ("mail {message}: onze server heeft de afzender niet geverifieerd, dus het domein wordt niet onthouden; "
         "antwoord `nieuw`, of gebruik --new zonder --remember"))
    EXERCISE_TEACHES_NOTHING = ("exercise teaches nothing",
        "message {message}: is of an exercise, and teaches the desk no domain; use --new alone",
        "mail {message}: hoort bij een oefening, dus het domein wordt niet onthouden; gebruik alleen --new")
    PLATFORM_ANSWERS_THERE = ("platform answers there",
        "domain {domain}: a platform answers from that address, and a platform refers nothing",
        "domein {domain}: een platform antwoordt vanaf dat adres, en een platform meldt niets")
    NO_LIST_OF_SOURCE = ("no list of source",
        "source {source}: the rules have no list {name}, so a domain of that source would do nothing",
        "bron {source}: de regels hebben geen lijst {name}, dus een domein van die bron zou niets doen")
    NOT_REGISTERED = ("not registered", "domain {domain}: nobody registered it; name a registered one, without @",
        "domein {domain}: is niet geregistreerd; noem een geregistreerd domein, zonder @")
    FREE_MAIL = ("free mail",
        "domain {domain}: is a provider of mailboxes to the public, so anybody can write from there",
        "domein {domain}: is van een aanbieder van mailboxen voor iedereen, dus iedereen kan daarvandaan schrijven")
    PLATFORMS_DOMAIN = ("platforms domain", "domain {domain}: is one of {platform}, and a platform refers nothing",
        "domein {domain}: is van {platform}, en een platform meldt niets")
    OWN_DOMAIN = ("own domain",
        "domain {domain}: is our own; colleagues stand in oncall.yaml, or on a list of the rules",
        "domein {domain}: is van onszelf; collega's staan in oncall.yaml of op een lijst van de regels")
    REQUEST_TOO_LONG = ("request too long", "{name}: the request has {length} characters; at most {most} are allowed",
        "{name}: het verzoek telt {length} tekens; ten hoogste {most} is toegestaan")
    REQUEST_WITH_NUL = ("request with nul", "{name}: the request holds a NUL character",
        "{name}: het verzoek bevat een NUL-teken")
    REQUEST_FAULTY = "request faulty", "{name}: {faults}", "{name}: deze velden kloppen niet: {fields}"
    REQUEST_UNREADABLE = ("request unreadable", "{name}: the request is no JSON object that can be read",
        "{name}: het verzoek is geen leesbaar JSON-object")
    NOBODY_TO_WRITE_TO = ("nobody to write to",
        "case {case}: nobody referred it by mail, so there is nobody to write to",
        "zaak {case}: niemand meldde deze per mail, dus er is niemand aan wie u kunt schrijven")
    OBSERVING = ("observing",
        "{what}: the desk observes and sends nothing; `flaggermail resume` by an officer or the head ends that",
        ("{what}: de desk kijkt alleen mee en verstuurt niets; een medewerker of het hoofd beëindigt dat met "
         "`flaggermail resume`"))
    NO_VALID_MAIL = ("no valid mail", "{template}: {fault}",
        "{template}: hieruit ontstaat geen geldige mail; meld dit aan de beheerder")
    OCTETS_DESTROYED = ("octets destroyed",
        "message {message}: its octets were destroyed at the end of the review window",
        "mail {message}: is vernietigd aan het einde van de bewaartermijn")
    CHANGED_SINCE = ("changed since", "{about}: {who} {did} at {time} ({kind}), after you looked; look again",
        "{about}: {who} {did} om {time}, nadat u keek; kijk opnieuw")
    CHANGED_SINCE_ON = ("changed since on",
        "{about}: {who} {did} at {time} on {day} ({kind}), after you looked; look again",
        "{about}: {who} {did} om {time} op {day}, nadat u keek; kijk opnieuw")
    WHOLE_NUMBER = ("whole number", "case {case}: write the whole number, such as {example}; {elections}",
        "zaak {case}: schrijf het hele nummer, zoals {example}; {elections}")
    DRAFT_FAULTY = "draft faulty", "draft for {channel}: {faults}", "concept voor {channel}: {faults}"
    DRAFT_FAULTY_LETTER = ("draft faulty letter",
        "draft for {channel}: {faults}; for a text that is no letter of your own: --template",
        "concept voor {channel}: {faults}; voor een tekst die geen eigen brief is: --template")
    NARRATIVE_UNKNOWN = ("narrative unknown", "narrative {word}: is not on the list; known here: {known}",
        "verhaallijn {word}: staat niet op de lijst; bekend zijn: {known}")
    NARRATIVE_NOT_BORNE = ("narrative not borne", "case {case}: does not bear {word}; it bears {borne}",
        "zaak {case}: heeft {word} niet; wel {borne}")
    NARRATIVE_BORNE = ("narrative borne", "case {case}: bears {borne} already; nothing to change",
        "zaak {case}: heeft {borne} al; er verandert niets")
    REFERRER_UNPROVEN = ("referrer unproven",
        ("case {case}: the referrer's mail is {verdict}, so they are not written to; vouch for it first: "
         "`flaggermail message confirm {message}`"),
        ("zaak {case}: de afzender van de melding is niet geverifieerd en krijgt daarom geen bericht; bevestig "
         "eerst de afzender: `flaggermail message confirm {message}`"))
    REFERRER_TO_CALL = ("referrer to call",
        "case {case}: the referrer's mail is unverified, so they are not written to; call them",
        "zaak {case}: de afzender van de melding is niet geverifieerd en krijgt daarom geen bericht; bel de melder")
    HOLD_OF_ONE_THING = ("hold of one thing", "archive hold: name either a case or an election (--election)",
        "archive hold: noem een zaak of een verkiezing (--election)")
    HOLD_ENDED_BEFORE = ("hold ended before", "hold until {day}: that day is over; name a later one, or none",
        "vernietigingsstop tot en met {day}: die dag is voorbij; noem een latere dag, of geen")
    NO_SUCH_HOLD = ("no such hold", "hold {hold}: there is no such hold; `flaggermail archive retention` shows them",
        "vernietigingsstop {hold}: bestaat niet; `flaggermail archive retention` toont ze")
    HOLD_LIFTED_ALREADY = ("hold lifted already", "hold {hold}: was lifted on {day}",
        "vernietigingsstop {hold}: is al opgeheven op {day}")
    HOLD_IS_OVER = ("hold is over", "hold {hold}: ended on {day}; there is nothing to lift",
        "vernietigingsstop {hold}: eindigde op {day}; er valt niets op te heffen")
    KEPT_BY_HOLD = ("kept by hold",
        ("message {message}: is kept by the hold {hold}, and would not be in that place; it stays until the hold is "
         "lifted: `flaggermail archive release {hold}`"),
        ("mail {message}: valt onder vernietigingsstop {hold} en zou daar op die plek niet onder vallen; dat kan pas "
         "als die is opgeheven: `flaggermail archive release {hold}`"))
    EXCLUDED_ALREADY = ("excluded already",
        "message {message}: was taken out of the archive by {officer} on {day}; its octets are destroyed",
        "mail {message}: is op {day} door {officer} uit het archief gehaald en vernietigd")
    EXCLUDES_NO_CASE = ("excludes no case",
        ("message {message}: belongs to {case}; mail of a case is kept as long as its case. If it is there by mistake, "
         "put it elsewhere first: `flaggermail quarantine place {message} --noise --reason R`"),
        ("mail {message}: hoort bij {case}; mail van een zaak blijft even lang bewaard als de zaak. Hoort de mail daar "
         "niet, plaats die dan eerst elders: `flaggermail quarantine place {message} --noise --reason R`"))
    EXCLUDES_NOTHING_OURS = ("excludes nothing ours",
        "message {message}: was sent from here; only mail that came in can be taken out",
        "mail {message}: is hiervandaan verstuurd; alleen ontvangen mail kan uit het archief worden gehaald")
    EXCLUDES_WHAT_IS_JUDGED = ("excludes what is judged",
        ("message {message}: waits for a person, and may be an answer; say first what it is, such as "
         "`flaggermail quarantine place {message} --noise --reason R`"),
        ("mail {message}: wacht op beoordeling en is misschien een antwoord; geef eerst aan wat het is, bijvoorbeeld "
         "met `flaggermail quarantine place {message} --noise --reason R`"))
    EXCLUDES_IN_WINDOW = ("excludes in window",
        ("message {message}: its review window ended on {day}; it is kept as its class says: "
         "`flaggermail archive retention`"),
        ("mail {message}: kon tot en met {day} uit het archief worden gehaald; nu geldt de bewaartermijn: "
         "`flaggermail archive retention`"))
    EXCLUDES_NOTHING_HELD = ("excludes nothing held",
        "message {message}: is kept by the hold {hold}; `flaggermail archive retention` shows it",
        "mail {message}: valt onder vernietigingsstop {hold}; `flaggermail archive retention` toont deze")
    EXCLUDES_WITH_OUTER = ("excludes with outer",
        "message {message}: came attached to {outer}, whose octets hold it too; take that one out",
        "mail {message}: kwam als bijlage van {outer} en is daar een deel van; haal die mail uit het archief")
    EXCLUDES_NO_PLATFORM = ("excludes no platform", "message {message}: comes from a platform; such mail is kept",
        "mail {message}: komt van een platform; zulke mail blijft bewaard")
    EXCLUDES_NO_ANSWER = ("excludes no answer",
        "message {message}: is an answer to one of our mails, or a report about one; such mail is kept",
        "mail {message}: is een antwoord op een mail van ons of een bericht daarover; zulke mail blijft bewaard")
    EXCLUDES_AFTER_SENDING = ("excludes after sending",
        ("message {message}: a mail about it has not left yet ({mail}); wait, or cancel it: "
         "`flaggermail outbox list`"),
        ("mail {message}: een mail hierover is nog niet verzonden ({mail}); wacht daarop of trek die in: "
         "`flaggermail outbox list`"))
    MAIL_LOST = ("mail lost", "a mail that this needs is missing from the archive or damaged there",
        "een mail die hiervoor nodig is, ontbreekt in het archief of is daar beschadigd")
