"""Questions as German towns ask them, by name, for the table of answer texts."""

from typing import Final

from notify.domain.poll import Question, Shape, Wording

ASKED: Final = {
    "works": Question(Shape.SINGLE, {
        "de": Wording("Was soll die Stadt zuerst erneuern?",
                      ("Schwimmbad", "Turnhalle", "Bücherei", "Spielplatz am Bach")),
        "en": Wording("What shall the town renew first?",
                      ("Swimming pool", "Sports hall", "Library", "Playground by the stream")),
    }),
    "bypass": Question(Shape.SINGLE, {
        "de": Wording("Soll die Umgehungsstraße gebaut werden?", ("Ja", "Nein", "Ist mir egal")),
        "en": Wording("Shall the bypass be built?", ("Yes", "No", "I do not mind")),
    }),
    "carfree": Question(Shape.SINGLE, {
        "de": Wording("Soll der Marktplatz autofrei werden?",
                      ("Ja", "Nein", "Alles bleibt, wie es ist")),
    }),
    "paths": Question(Shape.SEVERAL, {
        "de": Wording("Was braucht der Stadtpark?", ("Bänke", "Bäume", "Alles bleibt, wie es ist")),
    }),
    "fireworks": Question(Shape.SINGLE, {
        "de": Wording("Soll es an Silvester ein Feuerwerk der Stadt geben?",
                      ("Ja, unbedingt", "Nein, auf keinen Fall", "Weiß nicht")),
        "en": Wording("Shall the town have fireworks on New Year's Eve?",
                      ("Yes, definitely", "No, never", "Not sure")),
    }),
    "colour": Question(Shape.SINGLE, {
        "de": Wording("Welche Farbe sollen die Bänke am Markt bekommen?",
                      ("Grün", "Rot", "Blau", "Weiß")),
        "en": Wording("Which colour shall the benches at the market get?",
                      ("Green", "Red", "Blue", "White")),
    }),
    "school": Question(Shape.SINGLE, {
        "de": Wording("Wie soll die neue Schule heißen?",
                      ("Lindenschule", "Bachschule", "Astrid-Lindgren-Schule", "Marie-Curie-Schule",
                       "Schule am Markt", "Anne-Frank-Schule", "Erich-Kästner-Schule",
                       "Humboldtschule", "Grundschule Nord")),
    }),
    "days": Question(Shape.SEVERAL, {
        "de": Wording("An welchen Tagen soll Markt sein?",
                      ("Montag", "Mittwoch", "Freitag", "Samstag")),
        "en": Wording("On which days shall there be a market?",
                      ("Monday", "Wednesday", "Friday", "Saturday")),
    }),
    "fest": Question(Shape.SEVERAL, {
        "de": Wording("Was wünschen Sie sich beim Stadtfest? Höchstens zwei.",
                      ("Musik", "Feuerwerk", "Flohmarkt", "Kinderprogramm", "Weinstand")),
        "en": Wording("What do you wish for at the town festival? Two at most.",
                      ("Music", "Fireworks", "Flea market", "Children's programme", "Wine stall")),
    }, most=2),
    "bins": Question(Shape.SCALE, {
        "de": Wording("Wie zufrieden sind Sie mit der Müllabfuhr? 1 bis 5",
                      ("gar nicht zufrieden", "sehr zufrieden")),
        "en": Wording("How satisfied are you with the waste collection? 1 to 5",
                      ("not at all", "very satisfied")),
    }),
    "office": Question(Shape.SCALE, {
        "de": Wording("Wie zufrieden sind Sie mit dem Bürgeramt? 1 bis 5",
                      ("sehr unzufrieden", "sehr zufrieden")),
        "en": Wording("How satisfied are you with the citizens' office? 1 to 5",
                      ("very dissatisfied", "very satisfied")),
    }),
    "missing": Question(Shape.SEVERAL, {
        "de": Wording("Was fehlt im Stadtteil?", ("Bäcker", "Arzt", "Bushaltestelle", "Café")),
        "en": Wording("What is missing in the district?", ("Bakery", "Doctor", "Bus stop", "Café")),
    }),
    "deeds": Question(Shape.SEVERAL, {
        "de": Wording("Wobei würden Sie helfen?", ("Nein, nirgends", "Blutspende", "Tafel")),
    }),
    "cycles": Question(Shape.SINGLE, {
        "de": Wording("Soll die Hauptstraße zur Fahrradstraße werden?", ("Ja", "Nein")),
        "tr": Wording("Ana cadde bisiklet yolu olsun mu?", ("Evet", "Hayır")),
        "ar": Wording("هل يصبح الشارع الرئيسي شارعاً للدراجات؟", ("نعم", "لا")),
        "uk": Wording("Чи має головна вулиця стати велосипедною?", ("Так", "Ні")),
        "ru": Wording("Сделать главную улицу велосипедной?", ("Да", "Нет")),
        "pl": Wording("Czy główna ulica ma być rowerowa?", ("Tak", "Nie")),
    }),
    "trust": Question(Shape.SCALE, {
        "de": Wording("Wie sicher fühlen Sie sich abends am Bahnhof? 0 bis 10"),
        "en": Wording("How safe do you feel at the station in the evening? 0 to 10"),
    }, low=0, high=10),
    "safe": Question(Shape.SINGLE, {
        "de": Wording("Sind Sie in Sicherheit?", ("ja", "brauche Hilfe")),
        "en": Wording("Are you safe?", ("yes", "need help")),
        "tr": Wording("Güvende misiniz?", ("evet", "yardıma ihtiyacım var")),
        "uk": Wording("Ви в безпеці?", ("так", "потрібна допомога")),
        "ar": Wording("هل أنت في أمان؟", ("نعم", "أحتاج مساعدة")),
    }),
    "help": Question(Shape.SINGLE, {
        "de": Wording("Sind Sie in Sicherheit?", ("Ja", "Ich brauche Hilfe")),
        "en": Wording("Are you safe?", ("Yes", "I need help")),
    }),
    "plan": Question(Shape.SINGLE, {
        "de": Wording("Wo soll die Kita stehen?", ("Variante A", "Variante B", "Keine von beiden")),
        "en": Wording("Where shall the nursery stand?", ("Plan A", "Plan B", "Neither")),
    }),
    "line": Question(Shape.SINGLE, {
        "de": Wording("Welcher Bus soll auch abends fahren?", ("Linie 2", "Linie 4", "Linie 7")),
    }),
    "fee": Question(Shape.SINGLE, {
        "de": Wording("Was soll der Eintritt ins Freibad kosten?", ("2 Euro", "3 Euro", "5 Euro")),
        "en": Wording("What shall the open-air pool cost?", ("2 euros", "3 euros", "5 euros")),
    }),
    "hour": Question(Shape.SINGLE, {
        "de": Wording("Wann soll das Feuerwerk beginnen?", ("Um 20 Uhr", "Um 22 Uhr", "Gar nicht")),
    }),
    "train": Question(Shape.SINGLE, {
        "de": Wording("Welche Bahn soll öfter fahren?", ("U1", "U2", "S3")),
    }),
    "month": Question(Shape.SINGLE, {
        "de": Wording("Wann soll das Stadtfest sein?", ("Mai 2027", "September 2027", "Mai 2028")),
    }),
}  # fmt: skip
