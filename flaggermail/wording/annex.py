# SPDX-License-Identifier: EUPL-1.2
"""What an annex prints beside the mails, what the form of its marks says, and the grounds in a few words."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

LAW = "https://wetten.overheid.nl/BWBR0045754/#Hoofdstuk5"
"""Where the grounds stand: Wet open overheid, articles 5.1 and 5.2."""

# fmt: off


class AnnexLabel(Sentence):
    """Words of the desk in an annex; those before a value are `account.AccountLabel`."""

    TITLE = "annex: title", "Mail exchange {notification}", "Mailwisseling {notification}"
    MAIL = "annex: mail", "Mail {number}", "Mail {number}"
    NO_SUBJECT = "annex: no subject", "(no subject)", "(geen onderwerp)"
    ATTACHMENT = "annex: attachment", "Attachment", "Bijlage"
    COMMENT = ("annex: comment", "[A comment in the platform's ticket system, with the name of a person.]",
        "[Een reactie in het ticketsysteem van het platform, met de naam van een medewerker.]")
    PRINTED_ABOVE = ("annex: printed above",
        "[The text of mail {number} is quoted here. It is printed above.]",
        "[Hier wordt de tekst van mail {number} geciteerd. Die staat hierboven.]")
    SPOKEN = ("annex: spoken",
        "{at}: a contact by phone or in a meeting, noted by hand. There is no mail of it.",
        "{at}: telefonisch of mondeling contact, met de hand genoteerd. Hiervan is geen mail.")
    IN_PORTAL = ("annex: in portal",
        "{at}: a contact through a portal, noted by hand. There is no mail of it.",
        "{at}: contact via een portaal, met de hand genoteerd. Hiervan is geen mail.")
    LOST_MAIL = ("annex: lost mail",
        "{at}: a mail that is lost, noted by hand.",
        "{at}: een mail die niet bewaard is gebleven, met de hand genoteerd.")
    LEGEND = ("annex: legend",
        ("[gelakt ...] stands where words were taken out; behind it is the ground in the Open Government Act (Wet open "
         f"overheid): {LAW}"),
        ("Waar [gelakt ...] staat, zijn woorden onleesbaar gemaakt; daarachter staat de grond in de Wet open overheid "
         f"(Woo): {LAW}"))
    FLOWED = ("annex: flowed",
        "[The lines of a paragraph were joined; where they ended in the mail is not shown.]",
        "[Regels binnen een alinea zijn samengevoegd; de regeleinden van de mail zijn niet overgenomen.]")
    UNSEEN = ("annex: unseen",
        ("[weggelaten: niet zichtbaar in de mail] stands where the mail has words that its HTML hides from its reader; "
         "they are left out, because nobody read them."),
        ("Waar [weggelaten: niet zichtbaar in de mail] staat, bevat de mail woorden die de opmaak (HTML) verbergt; zij "
         "zijn weggelaten, omdat de ontvanger ze niet kon lezen."))


class FormWords(Sentence):
    """The head of the form in which a person edits the marks, line by line."""

    HOW = ("annex form: how",
        ("What stands in ⟦ground|words⟧ is taken out. Put such marks around other words, change the ground, or "
         "remove a mark and leave its words."),
        ("Wat in ⟦grond|woorden⟧ staat, wordt gelakt. Zet zulke tekens om andere woorden, wijzig de grond, of "
         "haal de tekens weg en laat de woorden staan."))
    KEEP = ("annex form: keep",
        "Change nothing else: the text is compared with the mails to the character.",
        "Wijzig verder niets: de tekst wordt teken voor teken met de mails vergeleken.")
    CONFIRM = ("annex form: confirm",
        "Saving this file and closing the editor confirms the marks, also if you changed nothing.",
        "Als u dit bestand bewaart en de editor sluit, bevestigt u de tekens, ook als u niets wijzigde.")
    SIGNS = ("annex form: signs",
        "A mail's own ⟦ is written ⟦(⟧ here, and its own ⟧ is written ⟦)⟧.",
        "Staat er in een mail zelf ⟦, dan ziet u hier ⟦(⟧; voor ⟧ ziet u ⟦)⟧.")
    WORDS_LEFT = ("annex form: words left",
        ("These words stay in what is published, and no list knows them. Nothing is approved before each is ticked; "
         "read the sentence, not only the word."),
        ("Deze woorden blijven staan in wat openbaar wordt, en geen lijst kent ze. Er wordt niets goedgekeurd voordat "
         "elk woord is aangekruist; lees de zin, niet alleen het woord."))
    TICKS = ("annex form: ticks",
        "[x] no name, it stays; [n] a name: it is taken out at each of these places, on ground 5.1.2e.",
        "[x] geen naam, het blijft staan; [n] een naam: die wordt op al deze plaatsen gelakt, op grond 5.1.2e.")
    GROUNDS = ("annex form: grounds",
        f"A ground here is a proposal; a lawyer has to look at each. Grounds (Wet open overheid, {LAW}):",
        f"Een grond is hier een voorstel; laat een jurist elke grond beoordelen. Gronden (Wet open overheid, {LAW}):")


class GroundWords(Sentence):
    """Grounds of the Wet open overheid, articles 5.1 and 5.2, in a few words; the code is the ground's own."""

    CROWN = "5.1.1a", "the unity of the Crown", "de eenheid van de Kroon"
    STATE_SECURITY = "5.1.1b", "the security of the State", "de veiligheid van de Staat"
    BUSINESS_DATA = ("5.1.1c", "business data given to the government in confidence",
        "vertrouwelijk verstrekte bedrijfs- en fabricagegegevens")
    SPECIAL_PERSONAL_DATA = ("5.1.1d", "special or criminal personal data",
        "bijzondere of strafrechtelijke persoonsgegevens")
    IDENTIFICATION_NUMBERS = "5.1.1e", "identification numbers of persons", "identificatienummers van personen"
    FOREIGN_RELATIONS = ("5.1.2a", "relations with other states and international organisations",
        "de betrekkingen met andere staten en internationale organisaties")
    STATE_FINANCES = ("5.1.2b", "the economic or financial interests of the State",
        "de economische of financiële belangen van de Staat")
    PROSECUTION = ("5.1.2c", "the investigation and prosecution of criminal offences",
        "de opsporing en vervolging van strafbare feiten")
    SUPERVISION = "5.1.2d", "inspection, control and supervision", "inspectie, controle en toezicht"
    PERSONAL_SPHERE = ("5.1.2e", "respect for the personal sphere",
        "de eerbiediging van de persoonlijke levenssfeer")
    COMPETITION = ("5.1.2f", "other business data that competitors could use",
        "andere concurrentiegevoelige bedrijfs- en fabricagegegevens")
    ENVIRONMENT = "5.1.2g", "the protection of the environment", "de bescherming van het milieu"
    SECURITY = ("5.1.2h", "the security of persons and companies, and preventing sabotage",
        "de beveiliging van personen en bedrijven en het voorkomen van sabotage")
    GOVERNMENT_FUNCTIONING = "5.1.2i", "the proper functioning of the State", "het goed functioneren van de Staat"
    DISPROPORTIONATE_HARM = "5.1.5", "disproportionate harm, in exceptional cases", "onevenredige benadeling"
    POLICY_OPINIONS = ("5.2", "personal policy opinions in internal deliberation",
        "persoonlijke beleidsopvattingen in intern beraad")
    NOT_SEEN = ("ongezien", "no ground of the law: the mail hides these words from its reader; they are left out",
        "geen grond van de wet: de mail verbergt deze woorden voor de lezer; zij worden weggelaten")


class NoAnnex(Sentence):
    """Every reason for refusing something about an annex."""

    NO_MAIL = ("no annex: no mail",
        "notification {use}: no mail of this exchange is here, so there is nothing to print",
        "melding {use}: van deze wisseling is geen mail aanwezig, dus er valt niets af te drukken")
    NO_REPLY = ("no annex: no reply",
        "notification {use}: nobody has answered it, so there is no reply to print; use --form thread",
        "melding {use}: er is nog niet gereageerd, dus er is geen reactie af te drukken; gebruik --form thread")
    ROW_GONE = ("no annex: row gone", "annex {annex}: {key} is not in the record; propose the annex anew",
        "bijlage {annex}: {key} staat niet in het register; stel de bijlage opnieuw op")
    NOT_SENT = ("no annex: not sent",
        "notification {use}: is none that was sent; an annex prints the mails of one that was",
        "melding {use}: is niet verzonden; een bijlage bevat de mails van een verzonden melding")
    DESTROYED = ("no annex: destroyed",
        "message {message}: its octets were destroyed on {day}; no annex can be made of it any more",
        "mail {message}: is op {day} vernietigd; er kan geen bijlage meer van worden gemaakt")
    LOST = ("no annex: lost",
        "message {message}: the archive does not give it unchanged; `flaggermail audit verify` says more",
        "mail {message}: het archief levert deze niet ongewijzigd; `flaggermail audit verify` zegt er meer over")
    MARK_OUTSIDE = ("no annex: mark outside", "mark {number}: is outside of its text, or lies over another mark",
        "markering {number}: valt buiten de tekst of over een andere markering")
    UNKNOWN = ("no annex: unknown", "annex {annex}: there is none; `flaggermail annex list` shows which there are",
        "bijlage {annex}: bestaat niet; `flaggermail annex list` toont welke er zijn")
    DECIDED = ("no annex: decided",
        "annex {annex}: is {state}; `flaggermail annex propose {use} --keep` begins another with its marks",
        ("bijlage {annex}: staat vast ({state}); `flaggermail annex propose {use} --keep` begint een nieuwe met deze "
         "markeringen"))
    READ_OTHERWISE = ("no annex: read otherwise",
        ("annex {annex}: mail {mail} is not read as when it was marked, by {before} (now {now}), or its instant was "
         "corrected; propose the annex anew: `flaggermail annex propose {use}`"),
        ("bijlage {annex}: mail {mail} wordt anders gelezen dan bij het markeren, door {before} (nu {now}), of het "
         "tijdstip is gecorrigeerd; stel de bijlage opnieuw op: `flaggermail annex propose {use}`"))
    NEWER_MAIL = ("no annex: newer mail",
        ("annex {annex}: the exchange has changed since ({rows}); propose it anew, or print it as it was approved: "
         "--as-approved"),
        ("bijlage {annex}: de wisseling is sindsdien veranderd ({rows}); stel de bijlage opnieuw op, of druk af wat "
         "is goedgekeurd: --as-approved"))
    NOT_APPROVED = ("no annex: not approved", "annex {annex}: is {state}; only an approved annex is written",
        "bijlage {annex}: is niet goedgekeurd ({state}); alleen een goedgekeurde bijlage wordt weggeschreven")
    NOT_CONFIRMED = ("no annex: not confirmed",
        "annex {annex}: nobody has confirmed its marks; first `flaggermail annex edit {annex}`",
        "bijlage {annex}: niemand heeft de markeringen bevestigd; eerst `flaggermail annex edit {annex}`")
    UNTICKED = ("no annex: unticked",
        ("annex {annex}: not ticked yet: {count:word|words} that no list knows; `flaggermail annex edit {annex}` asks "
         "below the text"),
        ("bijlage {annex}: nog niet aangekruist: {count:woord|woorden} buiten de lijsten; `flaggermail annex edit "
         "{annex}` vraagt ernaar onder de tekst"))
    NO_TICK = ("no annex: no tick",
        "annex form: line {line}: {given} is no tick; write [x] (no name) or [n] (a name) before the word",
        "formulier: regel {line}: {given} is niet aangekruist; zet [x] (geen naam) of [n] (een naam) voor het woord")
    NOT_ASKED = ("no annex: not asked",
        "annex form: line {line}: {given} is not asked about; take the words as `annex edit` writes them",
        "formulier: regel {line}: naar {given} is niet gevraagd; neem de woorden over zoals `annex edit` die schrijft")
    OWN_MARKS = ("no annex: own marks", "annex {annex}: {officer} has a hand in its marks; {who}",
        "bijlage {annex}: {officer} heeft zelf meegewerkt aan de markeringen; {who}")
    UNKNOWN_HANDS = ("no annex: unknown hands",
        ("annex {annex}: {officers} had a hand in its marks and is no longer in oncall.yaml, so nobody can tell "
         "whether the approver is that person; list them again, or propose {use} anew without --keep"),
        ("bijlage {annex}: {officers} werkte mee aan de markeringen en staat niet meer in oncall.yaml; daardoor is "
         "niet te zien of de goedkeurder diezelfde persoon is. Neem die persoon weer op, of begin {use} opnieuw zonder "
         "--keep"))
    OTHERS_MAY = "no annex: others may", "{officers} may approve it", "{officers} kan de bijlage goedkeuren"
    NOBODY_MAY = ("no annex: nobody may",
        "nobody else may approve it: give another person the role approver or head in oncall.yaml",
        "niemand anders kan goedkeuren: geef een ander de rol approver of head in oncall.yaml")
    WITHDRAWN = "no annex: withdrawn", "annex {annex}: is withdrawn already", "bijlage {annex}: is al ingetrokken"
    NAME_THE_USE = ("no annex: name the use", "case {case}: name the notification; it has {uses}",
        "zaak {case}: noem de melding; er zijn {uses}")
    NONE_SENT = ("no annex: none sent",
        "case {case}: no notification was sent, so there are no mails to print",
        "zaak {case}: er is geen melding verzonden, dus er zijn geen mails af te drukken")
    NOTHING_KEPT = ("no annex: nothing kept",
        "notification {use}: has no annex before, whose marks could be kept; leave out --keep",
        "melding {use}: heeft geen eerdere bijlage om markeringen van over te nemen; laat --keep weg")
    OTHER_REVISION = ("no annex: other revision",
        ("annex {annex}: {officer} has changed it since: it is at revision {now}, not {seen}; read it again "
         "(`flaggermail annex show {annex}`)"),
        ("bijlage {annex}: {officer} heeft deze sindsdien gewijzigd: het is nu versie {now}, niet {seen}; lees de "
         "bijlage opnieuw (`flaggermail annex show {annex}`)"))
    OTHER_FORM = ("no annex: other form", "annex form: line 1: is the form of {given}, not of {annex}",
        "formulier: regel 1: dit is het formulier van {given}, niet van {annex}")
    NO_HEAD = ("no annex: no head",
        "annex form: line 1: does not name annex and revision; keep the head as `annex edit` wrote it",
        "formulier: regel 1: noemt geen bijlage en versie; laat de kop staan zoals `annex edit` die schreef")
    WITHIN_A_MARK = ("no annex: within a mark",
        "annex form: line {line}: a mark begins within the mark that began in line {first}",
        "formulier: regel {line}: hier begint een markering binnen de markering van regel {first}")
    ENDS_NO_MARK = ("no annex: ends no mark", "annex form: line {line}: ⟧ ends no mark; the mail's own is written ⟦)⟧",
        "formulier: regel {line}: ⟧ sluit geen markering af; hoort het teken bij de mail, schrijf dan ⟦)⟧")
    EMPTY_MARK = ("no annex: empty mark",
        "annex form: line {line}: a mark without words; remove it, or put words into it",
        "formulier: regel {line}: een markering zonder woorden; haal die weg of zet er woorden in")
    OPEN_MARK = ("no annex: open mark", "annex form: line {line}: the mark that begins there has no ⟧",
        "formulier: regel {line}: de markering die hier begint, heeft geen ⟧")
    NO_GROUND = ("no annex: no ground",
        "annex form: line {line}: {given} is no ground; write ⟦ground|words⟧, with one of: {known}",
        "formulier: regel {line}: {given} is geen grond; schrijf ⟦grond|woorden⟧, met een van: {known}")
    ONE_GROUND = "no annex: one ground", "{ground} ({words})", "{ground} ({words})"
    OVER_A_LABEL = ("no annex: over a label",
        "annex form: line {line}: the mark covers more than one value of a mail, or a label",
        "formulier: regel {line}: de markering beslaat meer dan één waarde van een mail, of een label")
    TEXT_DIFFERS = ("no annex: text differs",
        ("annex form: line {line} (mail {mail}, {part}): {given} should be {right}; only marks may be changed, take "
         "the text as `annex edit` writes it"),
        ("formulier: regel {line} (mail {mail}, {part}): {given} moet {right} zijn; alleen markeringen mogen wijzigen, "
         "neem de tekst over zoals `annex edit` die schrijft"))
    LABEL_DIFFERS = ("no annex: label differs",
        ("annex form: line {line} (a label or heading): {given} should be {right}; only marks may be changed, take "
         "the text as `annex edit` writes it"),
        ("formulier: regel {line} (een label of kop): {given} moet {right} zijn; alleen markeringen mogen wijzigen, "
         "neem de tekst over zoals `annex edit` die schrijft"))
