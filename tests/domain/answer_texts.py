"""How residents answer a question by SMS, and what each text has to be read as.

What is expected is written so:
    "2", "1 3"     the numbers that are counted
    "near 2"       not counted; asked back whether these are meant
    "many 1 2"     not counted; these are more than may be chosen
    "out"          a number that is none of the answers
    "unclear"      for people to read, or to be asked again as a whole
"""

from typing import Final, NamedTuple

IPHONE: Final = "\n\nVon meinem iPhone gesendet"
FORMAL: Final = "\n\nMit freundlichen Grüßen\nDr. Friedrich Wilhelm Graf"
LONG: Final = (
    "Sehr geehrte Damen und Herren, zu Ihrer Umfrage möchte ich sagen, dass der Zustand des "
    "Schwimmbades seit Jahren unerträglich ist und 2 von 3 Duschen kaputt sind, was niemanden im "
    "Rathaus zu kümmern scheint."
)


class Row(NamedTuple):
    """One text to one question in some of its languages, the first being the main one."""

    languages: str
    question: str
    text: str
    expected: str


_SAID: Final[dict[tuple[str, str], list[tuple[str, str]]]] = {
    ("de en", "works"): [
        # the number, as it is typed
        ("1", "1"), ("2", "2"), ("3 ", "3"), (" 4", "4"), ("2.", "2"), ("2!!!", "2"), ("2)", "2"),
        ("(2)", "2"), ("[2]", "2"), ("#2", "2"), ("„2“", "2"), ('"2"', "2"), ("'2'", "2"),
        ("2,", "2"), ("2;", "2"), ("2...", "2"), ("2…", "2"), ("*2*", "2"), ("- 2", "2"),
        ("2\n", "2"), ("\n\n2\n", "2"), ("2\u200b", "2"), ("\u200f2", "2"), ("02", "2"), ("2 2", "2"),
        # other signs for the same number
        ("２", "2"), ("٢", "2"), ("२", "2"), ("②", "2"), ("❷", "2"), ("⑵", "2"), ("⒉", "2"),
        ("2️⃣", "2"), ("2⃣", "2"), ("۲", "2"), ("২", "2"), ("²", "2"), ("Ⅱ", "2"), ("II", "2"),
        ("iii", "3"), ("IV.", "4"), ("I", "near 1"), ("V", "unclear"),
        # letters
        ("A", "1"), ("a", "1"), ("a)", "1"), ("(b)", "2"), ("B.", "2"), ("C!", "3"), ("d", "4"),
        ("option b", "2"), ("Option B bitte", "2"), ("Antwort C", "3"), ("Ich nehme B", "2"),
        ("I vote for A", "1"), ("I choose a", "1"), ("Ｂ", "2"), ("ⓑ", "2"), ("Ⓑ", "2"),
        ("e", "unclear"), ("A oder B", "many 1 2"), ("B wie Berta", "near 2"), ("x", "unclear"),
        # the number with a word beside it
        ("nr 2", "2"), ("Nr. 2", "2"), ("Nr.2", "2"), ("nr2", "2"), ("No. 2", "2"), ("№ 2", "2"),
        ("Nummer 2", "2"), ("Nummer zwei", "2"), ("number two", "2"), ("antwort: 2", "2"),
        ("Antwort 2", "2"), ("Antwort ist 2", "2"), ("Option 2", "2"), ("option2", "2"),
        ("Answer is 3", "3"), ("my answer: 3", "3"), ("Auswahl: 4", "4"), ("Vorschlag 1", "1"),
        ("zwei", "2"), ("Zwei!", "2"), ("ZWEI", "2"), ("zwo", "2"), ("eins", "1"), ("drei", "3"),
        ("three", "3"), ("four please", "4"), ("die zweite", "2"), ("Die Zweite bitte", "2"),
        ("das erste", "1"), ("der 2.", "2"), ("die 2te", "2"), ("the 2nd", "2"), ("3rd", "3"),
        ("the second one", "2"), ("second option", "2"), ("Die dritte Möglichkeit", "3"),
        ("das letzte", "4"), ("erstens", "1"), ("Zweitens!", "2"), ("2 bitte", "2"), ("2 bitte!", "2"), ("bitte 2", "2"),
        ("2 please", "2"), ("2 danke", "2"), ("2, danke!", "2"), ("2bitte", "2"), ("ja 2", "2"),
        ("Ja, 2", "2"), ("OK, 2", "2"), ("also 2", "2"), ("nur 2", "2"), ("Ich nehme 2", "2"),
        ("ich nehme die 2", "2"), ("Ich nehme die Nummer 2.", "2"), ("Ich bin für 2", "2"),
        ("Ich bin für die Nr. 2!", "2"), ("bin für 3", "3"), ("Meine Stimme für 2", "2"),
        ("Ich stimme für Nr 4", "4"), ("ich wähle die 1", "1"), ("Ich möchte gerne 2", "2"),
        ("wir sind für 2", "2"), ("I vote for 2", "2"), ("I'd like 2", "2"), ("I'll take 3", "3"),
        ("my vote is 3, thank you", "3"), ("I go for number 1", "1"), ("Definitely 2", "2"),
        ("Auf jeden Fall 2", "2"), ("Ganz klar die 2", "2"), ("2 natürlich", "2"), ("2 👍", "2"),
        ("2 😀", "2"), ("👉 3", "3"), ("2 🏊‍♀️", "2"), ("❤️ 1 ❤️", "1"),
        # greetings and names around it
        ("Hallo, 2", "2"), ("Hallo 2", "2"), ("Moin, 3", "3"), ("Grüezi, 3", "3"), ("Hallo zusammen, 3", "3"), ("2 geht gar nicht", "unclear"), ("Guten Tag, 2", "2"),
        ("Guten Morgen! 2 Danke", "2"), ("Grüß Gott, 1", "1"), ("2 LG Erna", "2"), ("2 lg", "2"),
        ("2 mfg Müller", "2"), ("2\nMit freundlichen Grüßen\nErna Müller", "2"),
        ("2 Viele Grüße, Heinz", "2"), ("2\nGruß Karl-Heinz", "2"), ("2. Schönen Tag noch", "2"),
        ("2. Schönes Wochenende!", "2"), ("Guten Tag, ich stimme für 2. Mit freundlichen Grüßen Erna Müller", "2"), ("Liebe Stadt, 3", "3"), ("Sehr geehrte Damen und Herren, 2", "2"),
        (f"Sehr geehrte Damen und Herren,\n\nich stimme für die Nummer 2.{FORMAL}", "2"), ("Hallo Frau Schmidt, ich nehme 2", "2"),
        ("Hier ist Erna Müller, 2", "near 2"), ("Hello, 2, best regards, Tom", "2"),
        ("Hi there, option 2 please. Kind regards Ann Lee", "2"), ("2, thanks and bye", "2"),
        ("Danke für die Umfrage. 3", "3"), ("Hallo liebes Rathaus, ich bin für 1. Danke!", "1"),
        (f"2{IPHONE}", "2"), ("2\n\nSent from my iPhone", "2"), ("2\nGesendet von meinem iPhone", "2"),
        ("2\r\n\r\n-- \r\nErna Müller\r\nGartenstr. 3\r\n", "2"), ("2\n\nGet Outlook for iOS", "2"),
        # the option's word
        ("Schwimmbad", "1"), ("schwimmbad", "1"), ("SCHWIMMBAD!!", "1"), ("Schwimm bad", "1"),
        ("Schwimm-Bad", "1"), ("das Schwimmbad", "1"), ("Das Schwimmbad bitte", "1"),
        ("Turnhalle", "2"), ("die Turnhalle natürlich", "2"), ("Ich bin für die Turnhalle", "2"),
        ("Bücherei", "3"), ("Buecherei", "3"), ("Bucherei", "3"), ("BÜCHEREI", "3"),
        ("Bu\u0308cherei", "3"), ("Spielplatz", "4"), ("Spielplatz am Bach", "4"),
        ("der spielplatz", "4"), ("den Spielplatz am Bach, bitte", "4"), ("library", "3"),
        ("The library please", "3"), ("Sports hall", "2"), ("sportshall", "2"), ("sports", "2"),
        ("swimming pool", "1"), ("pool", "near 1"), ("Bach", "near 4"), ("playground", "4"),
        ("2 - Turnhalle", "2"), ("2 Turnhalle", "2"), ("2. Turnhalle", "2"), ("2: Turnhalle", "2"),
        ("Turnhalle (2)", "2"), ("2=Turnhalle", "2"), ("2turnhalle", "2"), ("b) Turnhalle", "2"),
        ("2 die Turnhalle", "2"), ("2 - Schwimmbad", "many 1 2"), ("1 Turnhalle", "many 1 2"),
        ("2 weil das am wichtigsten ist", "2"), ("2, weil die Kinder es brauchen", "2"),
        ("Turnhalle, weil es dort reinregnet", "2"), ("2 because it is for the children", "2"),
        ("2 weil 3 zu teuer ist", "near 2 3"), ("2 weil das Bad nicht so wichtig ist", "near 2"),
        # typos are asked back
        ("Schwimbad", "near 1"), ("Schwimmbda", "near 1"), ("Turhnalle", "near 2"),
        ("Turnhale", "near 2"), ("Büchrei", "near 3"), ("Spielpltaz", "near 4"),
        ("libary", "near 3"), ("Schwimmbäder", "near 1"), ("2 Schwimbad", "near 1 2"),
        ("drie", "unclear"), ("Ich bin für die Turnhalel", "near 2"),
        # more than one, or a mind that changes
        ("1 oder 2", "many 1 2"), ("1 und 3", "many 1 3"), ("1, 3", "many 1 3"), ("12", "out"),
        ("1 2 3 4", "many 1 2 3 4"), ("1 nein doch 2", "near 1 2"), ("1. Quatsch, 2", "many 1 2"),
        ("Schwimmbad oder Turnhalle", "many 1 2"), ("nicht 1 sondern 2", "near 1 2"),
        ("doch lieber 2", "2"), ("Ich nehme doch lieber die 3", "3"), ("Korrektur: 2", "2"),
        ("Sorry, ich meinte 2", "2"), ("1-3", "many 1 3"), ("1/2", "many 1 2"), ("½", "many 1 2"),
        # doubt, denial, questions
        ("nicht 2", "unclear"), ("Nicht die Turnhalle", "unclear"), ("gegen 2", "unclear"),
        ("weder 1 noch 2", "unclear"), ("weder noch", "unclear"), ("keine", "unclear"),
        ("keins davon", "unclear"), ("none", "unclear"), ("alles außer 2", "unclear"),
        ("alle", "unclear"), ("2?", "near 2"), ("Schwimmbad?", "near 1"), ("vielleicht 2", "near 2"),
        ("2 glaube ich", "near 2"), ("2 aber nur wenn es billig ist", "near 2"), ("eher 2", "near 2"),
        ("not 2", "unclear"), ("anything but 2", "near 2"), ("2 wäre gut, oder", "near 2"),
        ("egal", "unclear"), ("weiß nicht", "unclear"), ("Was kostet denn das Schwimmbad?", "near 1"),
        ("❌ 2", "unclear"), ("2 👎", "unclear"),
        # no answers
        ("um 2 Uhr komme ich", "unclear"), ("Hausnummer 3", "unclear"), ("2 Kinder", "unclear"),
        ("2 Uhr", "unclear"), ("ich habe 3 Kinder", "unclear"), ("2x", "unclear"),
        ("2%", "unclear"), ("3 €", "unclear"), ("Ich wohne in der Gartenstraße 4", "unclear"),
        ("2027", "out"), ("7", "out"), ("0", "out"), ("99", "out"), ("Nummer 7", "out"),
        ("5!", "out"), ("-", "unclear"), ("", "unclear"), ("   ", "unclear"), ("?", "unclear"),
        ("...", "unclear"), ("👍", "unclear"), ("🏊", "unclear"), ("ja", "unclear"),
        ("nein", "unclear"), ("Nein 2", "unclear"), ("OK", "unclear"), ("danke", "unclear"),
        ("Hallo", "unclear"), ("Guten Tag", "unclear"), ("Wer ist da?", "unclear"),
        ("Falsche Nummer", "unclear"), ("Frohe Weihnachten", "unclear"), ("0171 2345678", "unclear"),
        ("Rufen Sie mich bitte an: 03521 2233", "unclear"), (LONG, "unclear"),
        ("k72", "unclear"), ("asdf", "unclear"), ("\U0001f1e9\U0001f1ea", "unclear"),
        ("Ich bin zur Zeit nicht erreichbar. Option 2: Mailbox", "unclear"),
        ("Automatische Antwort: 2", "unclear"), ("I'm driving, 2", "unclear"),
        # to be left alone is never an answer
        ("STOP", "unclear"), ("stopp", "unclear"), ("Stop!", "unclear"), ("END", "unclear"),
        ("„Stop bitte“", "unclear"), ("Abmelden", "unclear"), ("CANCEL", "unclear"),
        ("STOP 2", "unclear"), ("2 STOP", "unclear"), (f"Stopp{IPHONE}", "unclear"),
        # with the question quoted
        ("Was soll die Stadt zuerst erneuern? 2", "2"),
        ("> Was soll die Stadt zuerst erneuern?\n> 1 Schwimmbad\n> 2 Turnhalle\n\n2", "2"),
        ("> 1 Schwimmbad 2 Turnhalle 3 Bücherei\n3", "3"),
        ("Was soll die Stadt zuerst erneuern? Das Schwimmbad", "1"),
        ("Zuerst erneuern: 2", "2"), ("Die Stadt soll zuerst das Schwimmbad erneuern", "1"),
        # what is said about an option is not yet an answer
        ("Die 2 finde ich schlecht", "near 2"), ("2 ist Quatsch", "near 2"), ("Ich will keine 2", "unclear"),
        ("Auf keinen Fall 2", "unclear"), ("1 ist besser als 2", "near 1 2"), ("zum ersten Mal", "unclear"),
        ("Ich bin die Erste", "near 1"), ("Wir sind in der Bücherei", "near 3"), ("im 2. Stock", "unclear"),
        ("ich war im Schwimmbad", "near 1"), ("am 2.", "near 2"), ("Frage 1: 2", "near 2"),
        ("2, bitte keine SMS mehr", "unclear"), ("≠1", "near 1"), ("ich <3 2", "many 2 3"), ("<3", "near 3"), ("<2>", "2"), ("Für Oma 2, für mich 3", "near 2 3"), ("22", "near 2"),
        ("first", "unclear"), ("2\nErna Müller", "near 2"), ("It's 2", "2"), ("im Schwimmbad", "1"),
        ("Option 2, Option 3", "many 2 3"), ("1.) Schwimmbad", "1"), ("schwimmbad1", "1"),
    ],
    ("en de", "works"): [
        ("Dear Sir or Madam, option 3. Yours sincerely, T. Smith", "3"), ("I'd go with three", "3"),
        ("number 2 plz", "2"), ("library for sure", "3"), ("I think 2", "near 2"), ("2 not 3", "near 2 3"),
        ("3 is too expensive", "near 3"), ("the pool please", "near 1"), ("play ground", "near 4"),
        ("can I still vote?", "unclear"), ("1st choice 2", "many 1 2"), ("2 (two)", "2"),
        ("Turnhalle", "2"), ("library", "3"), ("c", "3"), ("II", "2"), ("the fourth", "4"),
        ("zwei", "2"), ("What shall the town renew first? Library", "3"), ("librray", "near 3"),
        ("none of these", "unclear"), ("both 1 and 2", "many 1 2"), ("2 kids", "unclear"),
        ("at 2 pm", "unclear"), ("I don't want 2", "unclear"), ("No 2", "2"),
    ],
    ("de", "works"): [("library", "unclear"), ("Turnhalle", "2"), ("two", "2")],
    ("de en", "bypass"): [
        ("ja", "1"), ("JA", "1"), ("Ja!", "1"), ("ja.", "1"), ("jaa", "1"), ("Jaaaaa!!!", "1"),
        ("jo", "1"), ("joa", "1"), ("Jawohl", "1"), ("jup", "1"), ("ja ja", "1"), ("j", "1"),
        ("ja bitte", "1"), ("Ja, bitte!", "1"), ("Ja, auf jeden Fall", "1"), ("ja klar", "1"),
        ("Ja gerne", "1"), ("na klar ja", "1"), ("Ja natürlich!", "1"), ("Ja unbedingt", "1"),
        ("yes", "1"), ("YES", "1"), ("yep", "1"), ("Yeah", "1"), ("yes please", "1"), ("y", "1"),
        ("👍", "1"), ("👍🏽", "1"), ("👍👍👍", "1"), ("✅", "1"), ("1", "1"), ("ja (1)", "1"),
        ("1 ja", "1"), ("1: Ja", "1"), ("Ich bin dafür", "1"), ("dafür", "1"), ("Ja, ich bin dafür", "1"),
        ("nein", "2"), ("Nein!", "2"), ("NEIN", "2"), ("ne", "2"), ("Ne", "2"), ("nee", "2"),
        ("nö", "2"), ("Nein danke", "2"), ("nein, danke", "2"), ("no", "2"), ("No!", "2"),
        ("no thanks", "2"), ("nope", "2"), ("n", "2"), ("👎", "2"), ("❌", "2"), ("2", "2"),
        ("auf keinen Fall", "2"), ("Auf gar keinen Fall!", "2"), ("Ich sage ja", "1"), ("dagegen", "2"), ("Ich bin dagegen", "2"), ("2 nein", "2"),
        ("Nein, natürlich", "2"), ("Nein, weil es zu laut wird", "2"), ("Ganz klar nein", "2"),
        ("Guten Tag, ja. Mit freundlichen Grüßen Erna Müller", "1"), ("Hallo, nein. LG", "2"),
        ("egal", "3"), ("ist mir egal", "3"), ("Mir egal", "3"), ("I don't mind", "3"),
        ("i do not mind", "3"), ("3", "3"), ("c", "3"), ("Ja, die Umgehungsstraße soll gebaut werden", "1"),
        ("ok", "near 1"), ("klar", "near 1"), ("ja?", "near 1"), ("ja aber nur mit Radweg", "near 1"),
        ("Ja wenn es nichts kostet", "near 1"), ("jein", "unclear"), ("ja nein", "many 1 2"),
        ("Ja oder nein?", "many 1 2"), ("ja 2", "many 1 2"), ("1 nein", "many 1 2"),
        ("nein doch ja", "many 1 2"), ("Nein, nicht bauen", "near 2"), ("nicht", "unclear"),
        ("nicht ja", "unclear"), ("naja", "unclear"), ("Jan", "near 1"), ("nien", "near 2"),
        ("weiß nicht", "unclear"), ("Ja Moin", "1"), ("No 2", "2"), ("No 1", "many 1 2"),
        ("Ja, der Bus kommt um 2 Uhr", "near 1"), ("Kann ich auch später antworten?", "unclear"),
        ("STOP", "unclear"), ("Quit", "unclear"), ("4", "out"),
        ("na ja", "near 1"), ("kein problem", "unclear"), ("Auf jeden Fall", "near 1"), ("not yes", "unclear"),
        ("Die Umgehungsstraße soll nicht gebaut werden", "near 2"), ("👍👎", "many 1 2"),
        ("Ich bin gegen die Umgehungsstraße", "near 2"), ("Ja zur Umgehungsstraße", "1"),
        ("Nein, die Umgehungsstraße soll gebaut werden", "near 2"), ("Nein zur Umgehungsstraße", "2"),
        ("Nein, die Umgehungsstraße soll nicht gebaut werden", "near 2"), ("Nein, auf jeden Fall", "2"),
    ],
    ("en de", "bypass"): [
        ("yes I do", "1"), ("yes, of course", "1"), ("it's a yes", "1"), ("no way", "2"), ("maybe", "unclear"),
        ("certainly not", "near 2"), ("no bypass please", "2"), ("No, the bypass shall be built", "near 2"), ("Don't build it", "unclear"),
        ("yes and no", "many 1 2"), ("I say yes", "1"), ("I say no", "2"), ("my answer is yes", "1"), ("why not", "unclear"),
    ],
    ("de", "carfree"): [
        ("Ja, der Marktplatz soll autofrei werden", "1"), ("Nein zum autofreien Marktplatz", "2"), ("ja", "1"), ("alles", "near 3"),
        ("Nein, der Marktplatz soll autofrei werden", "near 2"), ("Alle", "unclear"), ("nein", "2"), ("2", "2"),
        ("Nein, der Marktplatz soll nicht autofrei werden", "near 2"), ("Alles bleibt, wie es ist", "3"),
        ("Es bleibt alles", "3"), ("Alles bleibt", "3"), ("alles gut", "near 1"), ("3", "3"),
    ],
    ("de", "paths"): [
        ("alles", "near 1 2 3"), ("alle", "1 2 3"), ("Alles bleibt, wie es ist", "3"), ("1 2", "1 2"), ("Bänke und Bäume", "1 2"),
    ],
    ("de en", "fireworks"): [
        ("JA", "1"), ("ja, unbedingt", "1"), ("Ja unbedingt!", "1"), ("unbedingt", "near 1"),
        ("nein", "2"), ("Nein auf keinen Fall", "2"), ("auf keinen fall", "2"), ("never", "2"),
        ("no", "2"), ("weiß nicht", "3"), ("weiss nicht", "3"), ("Weiß ich nicht", "near 3"),
        ("not sure", "3"), ("yes definitely", "1"), ("yes", "1"), ("not", "unclear"), ("👍", "1"),
        ("ja, nein, weiß nicht", "many 1 2 3"),
        ("kein Feuerwerk", "near 2"), ("Ja zum Feuerwerk", "1"), ("Ja auf keinen Fall", "many 1 2"),
    ],
    ("de en", "colour"): [
        ("Grün", "1"), ("Gruen", "1"), ("grun", "1"), ("GRÜN", "1"), ("grün!", "1"), ("green", "1"),
        ("rot", "2"), ("Rot bitte", "2"), ("red", "2"), ("blau", "3"), ("Blue please", "3"),
        ("Weiß", "4"), ("weiss", "4"), ("weis", "near 4"), ("blua", "near 3"), ("grüm", "near 1"),
        ("Ich finde rot schön", "2"), ("rot oder blau", "many 2 3"), ("nicht rot", "unclear"),
        ("rosa", "unclear"), ("hellblau", "near 3"), ("Bänke in Grün", "1"), ("❤", "unclear"),
        ("Grün, Viele Grüße", "1"), ("Viele Grüße", "unclear"),
        ("Alles außer rot", "unclear"), ("grün-weiß", "many 1 4"), ("Frau Roth, 2", "2"),
        ("rote Bänke", "near 2"), ("Nicht grün, sondern blau", "near 1 3"), ("am besten blau", "3"),
        ("weiß", "4"), ("ich weiß", "near 4"), ("Ich weiß", "near 4"), ("weiß ich", "near 4"), ("Ich finde weiß schön", "4"),
        ("ich weiß nicht", "unclear"), ("Ich nehme Weiß", "4"),
    ],
    ("de", "school"): [
        ("9", "9"), ("i", "near 1 9"), ("H", "8"), ("i)", "near 1 9"), ("Option I", "near 1 9"),
        ("Anne Frank", "6"), ("anne-frank-schule", "6"), ("Anne", "6"), ("Schule am Markt", "5"),
        ("Lindenschule", "1"), ("Lindgren", "near 3"), ("Astrid Lindgren Schule", "3"),
        ("Kästner", "near 7"), ("Erich Kaestner Schule", "7"), ("Schule", "unclear"),
        ("Marie Curie", "4"), ("VIII", "8"), ("Humboldtschuhle", "near 8"), ("10", "out"),
        ("neun", "9"), ("die neunte", "9"), ("Die neue Schule soll Bachschule heißen", "2"),
    ],
    ("de en", "days"): [
        ("1", "1"), ("1 3", "1 3"), ("1,3", "1 3"), ("1, 3", "1 3"), ("1+3", "1 3"), ("1 + 3", "1 3"),
        ("1 und 3", "1 3"), ("1&3", "1 3"), ("1 u. 3", "1 3"), ("1/3", "1 3"), ("13", "1 3"),
        ("134", "1 3 4"), ("1.3.", "1 3"), ("1;3", "1 3"), ("1\n3", "1 3"), ("31", "1 3"),
        ("1 and 3", "1 3"), ("eins und drei", "1 3"), ("1 sowie 4", "1 4"), ("a c", "1 3"),
        ("A und C", "1 3"), ("a, b, d", "1 2 4"), ("1️⃣ 3️⃣", "1 3"), ("1️⃣3️⃣", "1 3"),
        ("①③", "1 3"), ("１　３", "1 3"), ("١ ٣", "1 3"), ("Nr. 1 und Nr. 3", "1 3"),
        ("Montag und Freitag", "1 3"), ("Montag Freitag", "1 3"), ("Monday, Friday", "1 3"),
        ("montag + 3", "1 3"), ("1 Montag, 3 Freitag", "1 3"), ("Nur Samstag", "4"), ("alle", "1 2 3 4"),
        ("Alle!", "1 2 3 4"), ("all of them", "1 2 3 4"), ("alle vier", "1 2 3 4"),
        ("alle Tage", "1 2 3 4"), ("1 2 3 4", "1 2 3 4"), ("1234", "1 2 3 4"), ("die ersten beiden", "near 1"),
        ("Ich hätte gerne 1 und 3. Danke", "1 3"), ("Guten Tag, 2 und 4 bitte. LG Erna", "2 4"),
        ("1 oder 3", "near 1 3"), ("1 nein doch 3", "near 1 3"), ("1 3 doch nicht 3", "near 1 3"),
        ("1 doch lieber 3", "near 1 3"), ("1 bis 3", "near 1 3"), ("1-3", "near 1 3"),
        ("3 Freitag nicht", "unclear"), ("alle außer 2", "unclear"), ("alle außer Montag", "unclear"),
        ("keine", "unclear"), ("11", "near 1"), ("1 7", "near 1"), ("17", "out"), ("7", "out"),
        ("Montag und Fretag", "near 1 3"), ("Mitwoch", "near 2"), ("Sonntag", "near 1"),
        ("Schönen Freitag noch", "unclear"), ("1 Freitag", "near 1 3"), ("Di", "unclear"),
        ("beide", "unclear"), ("13 Uhr", "unclear"), ("1 3 5", "near 1 3"), ("not 1", "unclear"),
        ("12.3.", "near 1 2 3"), ("24/7", "near 2 4"), ("14:30", "near 1 4"), ("an 3 Tagen", "unclear"),
        ("lieber Montag als Freitag", "near 1 3"), ("statt 1 lieber 3", "near 1 3"), ("lieber 1", "1"),
        ("3 > 1", "near 1 3"), ("Montag -> Freitag", "near 1 3"), ("☐ Montag ☑ Freitag", "near 1 3"),
        ("✗ 1 ✓ 3", "near 1 3"), ("rather 1 than 3", "near 1 3"),
        ("1. Freitag", "near 1 3"), ("1. Freitag, 2. Samstag", "near 1 2 3 4"), ("1) Freitag", "near 1 3"),
        ("1. Montag, 3. Freitag", "1 3"), ("1, Freitag", "1 3"), ("Mo Mi", "1 2"), ("Mo, Mi, Fr", "1 2 3"),
        ("Mon + Wed", "1 2"), ("Mo. und Sa.", "1 4"), ("Mo-Fr", "near 1 3"), ("nicht Mo", "unclear"),
        ("mo 3", "near 1 3"), ("so, 1 und 3", "1 3"), ("1u3", "1 3"),
        ("Am Montag bin ich nicht da", "unclear"), ("1 2 und nicht 3", "near 1 2 3"), ("am Montag", "1"),
        ("1.3", "1 3"), ("01.03.", "near 1 3"), ("01.03", "near 1 3"), ("1.03.", "near 1 3"), ("1.3.2026", "near 1 3"),
        ("1.3.26", "near 1 3"), ("am 01.03.", "near 1 3"), ("02", "2"), ("01. 03.", "near 1 3"), ("01, 03", "1 3"),
        ("Sa So", "near 4"), ("Sa und So", "near 4"), ("Sa/So", "near 4"), ("Samstag, So", "near 4"), ("So Mo", "near 1"),
        ("Fr, Sa, So", "near 3 4"), ("Mi Do", "near 2"), ("so Montag", "near 1"), ("Sa Di", "near 4"), ("2 so", "2"),
    ],
    ("de en", "fest"): [
        ("1 5", "1 5"), ("Musik und Wein", "near 1 5"), ("Musik, Weinstand", "1 5"), ("4", "4"),
        ("1 2 3", "many 1 2 3"), ("alle", "many 1 2 3 4 5"), ("123", "many 1 2 3"), ("25", "2 5"),
        ("Flohmarkt + Kinderprogramm", "3 4"), ("Flea market and music", "1 3"),
        ("zwei", "2"), ("höchstens zwei", "near 2"), ("2 Kinder", "unclear"), ("1,2 oder 5", "near 1 2 5"),
    ],
    ("de en", "bins"): [
        ("5", "5"), ("5/5", "5"), ("fünf", "5"), ("fuenf", "5"), ("funf", "5"), ("five", "5"),
        ("4 Sterne", "4"), ("4 stars", "4"), ("3 Punkte", "3"), ("4 von 5", "4"), ("4 out of 5", "4"),
        ("⑤", "5"), ("5!!!", "5"), ("Ich gebe 4 Punkte", "4"), ("eine 3", "3"), ("Eine glatte 5", "near 5"),
        ("eine eins", "1"), ("10", "out"), ("0", "out"), ("6", "out"), ("8 von 10", "out"),
        ("4 von 10", "near 4"), ("3-4", "many 3 4"), ("3 bis 4", "near 3 4"), ("3,5", "near 3 4"),
        ("3.5", "near 3 4"), ("4,5", "near 4 5"), ("13", "out"), ("45", "out"), ("Schulnote 2", "near 2"),
        ("sehr zufrieden", "near 5"), ("very satisfied", "near 5"), ("gar nicht zufrieden", "near 1"),
        ("zufrieden", "unclear"), ("-2", "near 2"), ("a", "unclear"), ("II", "unclear"),
        ("<3", "near 3"), ("≥4", "near 4"), ("≠ 1", "near 1"), ("4+", "near 4"), ("2-", "near 2"), ("3 +", "3"),
        ("<2>", "2"), ("4 - danke", "4"),
        ("ja", "unclear"), ("👍", "unclear"), ("5 von 5 👍", "5"), ("5 Sterne, danke!", "5"),
        ("ca. 4", "near 4"), ("mindestens 3", "near 3"), ("3 plus", "near 3"), ("4️⃣", "4"),
        ("nicht zufrieden", "unclear"), ("½", "many 1 2"), ("50%", "unclear"),
        ("1 (sehr gut)", "near 1"), ("1 sehr zufrieden", "near 1 5"), ("5 sehr zufrieden", "5"),
        ("5 mal", "unclear"), ("zwischen 3 und 4", "near 3 4"), ("4, weil 1 mal nicht geleert", "near 4"),
    ],
    ("de en", "office"): [
        ("5 sehr zufrieden", "5"), ("1 sehr unzufrieden", "1"), ("5 = sehr zufrieden", "5"),
        ("very satisfied 5", "5"), ("1 sehr zufrieden", "near 1 5"), ("sehr zufrieden", "near 5"),
        ("sehr", "unclear"), ("1 sehr gut", "near 1"), ("4 zufrieden", "4"),
    ],
    ("de en", "missing"): [
        ("alle", "1 2 3 4"), ("all of them", "1 2 3 4"), ("alle vier", "1 2 3 4"), ("alle außer 2", "unclear"),
        ("bus stop", "3"), ("a bus stop and a doctor", "2 3"), ("stop", "unclear"), ("1 stop", "unclear"),
        ("Antworten: 1, 4", "1 4"), ("answers 1 and 2", "1 2"), ("Bushaltestelle stopp", "unclear"),
        ("keine Bushaltestelle", "unclear"), ("beim Arzt", "2"), ("Ich bin beim Arzt", "near 2"),
    ],
    ("de", "deeds"): [
        ("alle", "near 1 2 3"), ("Nein danke", "1"), ("nirgends", "near 1"), ("Blutspende, Tafel", "2 3"),
    ],
    ("de tr ar uk ru pl", "cycles"): [
        ("evet lütfen", "1"), ("Hayır, teşekkürler", "2"), ("HAYIR", "2"), ("نعم شكرا", "1"), ("لا شكراً", "2"),
        ("так, дякую", "1"), ("ні, дякую!", "2"), ("да, пожалуйста", "1"), ("Нет спасибо", "2"),
        ("tak proszę", "1"), ("Nie, dziękuję", "2"), ("dziekuje, nie", "2"), ("lütfen", "unclear"),
        ("спасибо", "unclear"), ("evet hayır", "many 1 2"), ("да нет", "many 1 2"), ("tak, ale nie teraz", "near 1 2"),
        ("1 proszę", "1"), ("2, lütfen", "2"), ("٢ شكرا", "2"), ("evet değil", "near 1"),
    ],
    ("de en", "trust"): [
        ("10", "10"), ("0", "0"), ("8 von 10", "8"), ("8/10", "8"), ("8 / 10", "8"), ("10/10", "10"),
        ("🔟", "10"), ("1️⃣0️⃣", "10"), ("zehn", "10"), ("null", "0"), ("zero", "0"), ("ten", "10"),
        ("8 out of 10", "8"), ("7 Punkte", "7"), ("7-8", "many 7 8"), ("7,5", "near 7 8"),
        ("11", "out"), ("100", "out"), ("１０", "10"), ("٨", "8"), ("٧ من ١٠", "near 7 10"),
        ("Am Bahnhof fühle ich mich abends sicher: 8", "8"), ("10 von 10 Punkten!", "10"),
        ("1 0", "many 0 1"), ("um 10 Uhr", "unclear"), ("nicht 10", "unclear"), ("eine 7", "7"),
    ],
    ("de en tr uk ar", "safe"): [
        ("1", "1"), ("ja", "1"), ("Ja alles gut", "1"), ("ja alles ok", "1"), ("Ja, wir sind in Sicherheit", "1"),
        ("Ja bin in Sicherheit", "1"), ("yes", "1"), ("Yes I am safe", "1"), ("evet", "1"), ("EVET", "1"),
        ("так", "1"), ("Так!", "1"), ("نعم", "1"), ("١", "1"), ("👍", "1"), ("Ja danke", "1"),
        ("jaaa", "1"), ("Ja, danke der Nachfrage", "near 1"), ("2", "2"), ("2!!!!", "2"), ("٢", "2"),
        ("brauche Hilfe", "2"), ("Brauche Hilfe!!!", "2"), ("ich brauche Hilfe", "2"),
        ("Ich brauche bitte Hilfe", "2"), ("bitte hilfe", "near 2"), ("need help", "2"),
        ("I need help", "2"), ("i need help please", "2"), ("yardıma ihtiyacım var", "2"),
        ("yardima ihtiyacim var", "2"), ("потрібна допомога", "2"), ("أحتاج مساعدة", "2"),
        ("2 brauche Hilfe", "2"), ("B", "2"), ("Wir brauchen Hilfe", "near 2"), ("brauche hife", "2"),
        ("Brauche keine Hilfe", "unclear"), ("nein", "near 2"), ("no", "near 2"), ("👎", "near 2"),
        ("Ja, brauche Hilfe", "many 1 2"), ("Ja. Der Keller läuft voll", "near 1"),
        ("1 aber meine Mutter nicht", "unclear"), ("Wir sind 2 Personen im Keller", "unclear"),
        ("wir sind 2", "near 2"), ("Hilfe", "near 2"), ("12", "out"), ("3", "out"), ("Wo soll ich hin?", "unclear"),
        ("2 Hilfe", "2"), ("Sind Sie in Sicherheit? 1", "1"), ("Nein, brauche Hilfe", "2"),
        ("No, I need help", "2"), ("END", "unclear"), ("Ende?", "unclear"), ("sicher", "near 1"),
        ("Nicht in Sicherheit", "near 2"), ("I am not safe", "near 2"), ("Ich bin in Sicherheit", "near 1"),
        ("Nein wir sind nicht in Sicherheit", "near 2"), ("2 bitte schnell", "near 2"), ("112", "out"),
        ("Ja. Meine Nachbarin braucht Hilfe", "near 1 2"), ("1 und meine Frau 2", "many 1 2"),
    ],
    ("de en", "help"): [
        ("Ja", "1"), ("yes", "1"), ("Ich brauche Hilfe", "2"), ("brauche Hilfe", "2"), ("Hilfe", "near 2"),
        ("I need help", "2"), ("need help", "2"), ("Need help now", "near 2"), ("i need help!!", "2"),
        ("Brauche Hilfe bitte", "2"), ("I do not need help", "unclear"), ("no", "near 2"), ("I", "near 1"),
        ("Ich bin in Sicherheit", "near 1"), ("ich", "unclear"), ("2 ich brauche hilfe", "2"),
    ],
    ("de en", "plan"): [
        ("A", "1"), ("b", "2"), ("Variante B", "2"), ("Plan A", "1"), ("plan b please", "2"),
        ("Plan", "near 1 2"), ("Variante", "unclear"), ("Variante 1", "1"), ("keine von beiden", "3"),
        ("Neither", "3"), ("keine", "unclear"), ("c", "3"), ("Variante C", "3"), ("3", "3"), ("A und B", "many 1 2"),
        ("weder noch", "unclear"), ("keine Ahnung", "unclear"),
    ],
    ("de", "line"): [
        ("1", "1"), ("Linie 2", "1"), ("linie 4", "2"), ("Linie 7 bitte", "3"), ("2", "near 1 2"),
        ("zwei", "near 1 2"), ("3", "3"), ("4", "2"), ("7", "3"), ("Option 2", "2"), ("b", "2"),
        ("die zweite", "2"), ("Linie2", "1"), ("Linie", "unclear"), ("Linie 3", "near 3"), ("5", "out"),
        ("Linie zwei", "1"), ("2 - Linie 4", "2"), ("2 Linie 4", "2"), ("Bus 4", "2"), ("1 Linie 2", "1"),
    ],
    ("de en", "fee"): [
        ("3", "near 2 3"), ("2", "near 1 2"), ("1", "1"), ("5", "3"), ("3 Euro", "2"), ("2 €", "1"),
        ("2€", "1"), ("5€", "3"), ("3 euros", "2"), ("drei Euro", "2"), ("Option 3", "3"), ("C", "3"),
        ("2 Euro oder 3 Euro", "many 1 2"), ("4 Euro", "out"), ("4", "out"), ("2,50", "near 1 2"),
        ("2. 3 Euro", "2"), ("1 Euro", "near 1"),
        ("5 EUR", "3"), ("höchstens 3 Euro", "near 2"), ("0 Euro", "out"), ("kostenlos", "unclear"),
    ],
    ("de", "hour"): [
        ("Um 20 Uhr", "1"), ("20 Uhr", "1"), ("20Uhr bitte", "1"), ("22 Uhr", "2"), ("22", "2"), ("2", "2"),
        ("21 Uhr", "unclear"), ("2 Uhr", "unclear"), ("gar nicht", "3"), ("nicht um 20 Uhr", "unclear"),
        ("20 oder 22 Uhr", "many 1 2"), ("erst ab 22 Uhr", "near 2"),
    ],
    ("de", "train"): [
        ("U1", "1"), ("u 2", "2"), ("S3", "3"), ("3", "3"), ("U3", "near 3"), ("U1 und U2", "many 1 2"),
    ],
    ("de", "month"): [
        ("1", "1"), ("Mai 2027", "1"), ("mai", "near 1 3"), ("September", "2"), ("Sept", "near 2"),
        ("2028", "3"), ("2027", "near 1 2"), ("Mai 2028", "3"), ("3", "3"), ("im September", "2"),
        ("im Mai 2027 bitte", "1"), ("2", "2"), ("5", "out"), ("Juni", "unclear"),
        ("2. Mai 2027", "many 1 2"), ("September 2027", "2"), ("September 2026", "near 2"),
    ],
}  # fmt: skip

ROWS: Final = [
    Row(languages, question, text, expected)
    for (languages, question), said in _SAID.items()
    for text, expected in said
]

_CODED: Final[list[tuple[str, str | None, str]]] = [
    ("K7 2", "K7", "2"), ("k7: ja", "K7", "ja"), ("K7-2", "K7", "2"), ("2 K7", "K7", "2"),
    ("K 7 2", "K7", "2"), ("k7", "K7", ""), ("K7:2", "K7", "2"), ("k-7 2", "K7", "2"),
    ("K7, 2", "K7", "2"), ("K7. Ja bitte", "K7", "Ja bitte"), ("(K7) 2", "K7", "2"),
    ("ja, k7", "K7", "ja"), ("2 (K7)", "K7", "2"), ("K7 – 1 3", "K7", "1 3"), ("K7ja", "K7", "ja"),
    ("2K7", "K7", "2"), ("Ｋ７ ２", "K7", "2"), ("Umfrage K7: 2", "K7", "2"), ("zu K7 2", "K7", "2"),
    ("K7\n2", "K7", "2"), ("m4 a", "M4", "a"), ("K7 2 M4 1", "K7", "2 M4 1"),
    # no code, or one that nobody gave out
    ("k72", None, "k72"), ("K71", None, "K71"), ("2", None, "2"), ("ja", None, "ja"), ("", None, ""),
    ("K8 2", None, "K8 2"), ("Ich bin K7", "K7", "Ich bin"), ("AK7 2", None, "AK7 2"),
    ("Okay 7 2", None, "Okay 7 2"), ("2 K77", None, "2 K77"), ("Was ist K7 denn", None, "Was ist K7 denn"),
]  # fmt: skip
CODED: Final = tuple(_CODED)
"""Of the polls K7 and M4: a text, the code that it names and the rest."""
