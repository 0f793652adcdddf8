"""Joining, leaving, listing and a language by SMS, and what is answered."""

from datetime import timedelta

import pytest
from psycopg.types.json import Jsonb

from channels import segments
from channels.inbound import Inbound
from channels.memory import MemoryChannel
from channels.messages import Sms
from notify.domain.words import Channel, Kind, Lane
from notify.services import inbound, texting
from notify.services.planning import Planner
from tests.services.texter import OURS, PHONE, Texter
from tests.town import Town


@pytest.fixture
async def texter(town: Town) -> Texter:
    await groups(town)
    return Texter(town)


async def groups(town: Town) -> dict[str, int]:
    made = {"town": await town.group("town")}
    for slug, names, closed in (
        ("kita-sued", {"de": "Kita Süd", "en": "South Kindergarten"}, False),
        ("kita-nord", {"de": "Kita Nord"}, False),
        ("feuerwehr", {"de": "Feuerwehr"}, True),
    ):
        made[slug] = await town.group(slug, parent=made["town"])
        await town.change(
            "UPDATE groups SET names = %(names)s, closed = %(closed)s WHERE id = %(id)s",
            names=Jsonb(names), closed=closed, id=made[slug],
        )  # fmt: skip
    return made


async def ids(town: Town, *slugs: str) -> list[int]:
    rows = await town.rows("SELECT id, slug FROM groups")
    by_slug = {row["slug"]: row["id"] for row in rows}
    return [by_slug[slug] for slug in slugs]


# joining


async def test_an_unknown_phone_joins_and_is_a_resident_who_gets_alerts_and_news(
    texter: Texter, town: Town
) -> None:
    answers = await texter.text("JOIN kita-sued")

    assert answers == [
        (
            "Musterstadt: You now get warnings (at night too) and news by SMS: South Kindergarten. "
            "Leave: LEAVE kita-sued. No more SMS: STOP"
        )
    ]
    assert await texter.follows() == {"kita-sued": ("sms", "sms", "active")}
    (row,) = await town.rows(
        "SELECT r.language, r.newcomer_until, a.state, a.proven_at IS NOT NULL AS proven"
        " FROM residents r JOIN addresses a ON a.resident_id = r.id"
    )
    assert row == {"language": "en", "newcomer_until": None, "state": "proven", "proven": True}
    alert = await town.broadcast("town")
    await town.plan()
    news = await town.broadcast("kita-sued", kind=Kind.ANNOUNCEMENT)
    await town.plan(Lane.BULK)
    assert await town.statuses(alert) == ["pending"]
    assert await town.statuses(news) == ["pending"]


async def test_the_consent_is_kept_as_evidence(texter: Texter, town: Town) -> None:
    await texter.text("MITMACHEN Kita Süd", sid="SM-proof")

    (row,) = await town.rows(
        "SELECT source, reference, channel, language, wording, version,"
        " given_at > now() - interval '1 minute' AS now FROM consents"
    )
    version = row.pop("version")
    assert row == {
        "source": "sms", "reference": "SM-proof", "channel": "sms", "language": "de",
        "wording": "sms/joined", "now": True,
    }  # fmt: skip
    assert len(version) == 12


@pytest.mark.parametrize("body", ["MITMACHEN kita sued", "Anmelden Kita Süd", "Kita Süd anmelden"])
async def test_the_answer_speaks_the_language_of_the_word(texter: Texter, body: str) -> None:
    (answer,) = await texter.text(body)

    assert answer == (
        "Musterstadt: Sie bekommen jetzt Warnungen (auch nachts) und Neuigkeiten per SMS: "
        "Kita Süd. Abmelden: ABMELDEN kita-sued. Keine SMS mehr: STOP"
    )
    assert segments.measure(answer).segments == 1


async def test_a_language_that_the_town_does_not_speak_is_answered_in_its_own(town: Town) -> None:
    settings = town.settings.model_copy(update={"languages": ("de",)})
    town = Town(town.db, town.keyring, settings)
    await groups(town)

    (answer,) = await Texter(town).text("JOIN kita-sued")

    assert answer.startswith("Musterstadt: Sie bekommen jetzt")


async def test_a_resident_is_answered_in_their_own_language_and_keeps_what_they_chose(
    texter: Texter, town: Town
) -> None:
    (kita,) = await ids(town, "kita-sued")
    await town.resident(
        kita, email="a@example.org", phone=PHONE, language="de", alerts=["email"], news=[]
    )

    (answer,) = await texter.text("JOIN kita-sued")

    assert answer.startswith("Musterstadt: Sie bekommen jetzt")
    assert await texter.follows() == {"kita-sued": ("email sms", "sms", "active")}
    assert len(await town.rows("SELECT 1 FROM residents")) == 1


async def test_an_alert_in_force_comes_to_whoever_joins_or_adds_sms(
    texter: Texter, town: Town
) -> None:
    (kita,) = await ids(town, "kita-sued")
    await town.resident(kita, email="a@example.org", phone=PHONE, alerts=["email"], news=[])
    await town.change("UPDATE subscriptions SET created_at = now() - interval '1 day'")
    await town.change("UPDATE addresses SET proven_at = now() - interval '1 day'")
    alert = await town.broadcast("town")
    await town.plan()
    planner = Planner(town.db, lane=Lane.ALERT, settings=town.settings, channels=town.channels)

    await texter.text("JOIN kita-sued")
    await Texter(town, phone="+4915112345679").text("JOIN kita-nord")
    await planner.plan_latecomers()

    rows = await town.rows(
        "SELECT channel FROM deliveries WHERE broadcast_id = %(id)s ORDER BY id", id=alert
    )
    assert [row["channel"] for row in rows] == ["email", "sms", "sms"]


@pytest.mark.parametrize("word", ["START", "JOIN kita-sued"])
@pytest.mark.parametrize("planned", [False, True], ids=["left out", "planned"])
async def test_an_alert_in_force_comes_once_sms_are_welcome_again(
    texter: Texter, town: Town, word: str, planned: bool
) -> None:
    (kita,) = await ids(town, "kita-sued")
    await town.resident(kita, phone=PHONE, alerts=["sms"])
    await town.change("UPDATE subscriptions SET created_at = now() - interval '1 day'")
    await town.change("UPDATE addresses SET proven_at = now() - interval '1 day'")
    alert = await town.broadcast("town")
    carrier = MemoryChannel[Sms]()
    pump = await town.pump(carrier, channel=Channel.SMS)
    planner = Planner(town.db, lane=Lane.ALERT, settings=town.settings, channels=town.channels)
    if planned:
        await town.plan()
    await texter.text("STOP")
    await town.plan()
    while await pump.round():
        pass
    assert len(carrier.taken) == 0

    assert await planner.plan_latecomers() == 0
    await texter.text(word)
    made = [await planner.plan_latecomers(), await planner.plan_latecomers()]
    while await pump.round():
        pass

    assert made == [1, 0]
    assert len(carrier.taken) == 1
    assert await town.statuses(alert) == ["sent"]


async def test_who_joins_twice_is_told_so(texter: Texter) -> None:
    await texter.text("MITMACHEN kita-sued")

    (answer,) = await texter.text("MITMACHEN Kita Süd")

    assert answer == "Musterstadt: Sie bekommen schon SMS: Kita Süd. Abmelden: ABMELDEN kita-sued"
    assert await texter.follows() == {"kita-sued": ("sms", "sms", "active")}


async def test_a_closed_group_is_asked_and_nothing_comes_of_it_before_staff_agree(
    texter: Texter, town: Town
) -> None:
    (answer,) = await texter.text("MITMACHEN Feuerwehr")

    assert "geschlossene Gruppe" in answer
    assert await texter.follows() == {"feuerwehr": ("sms", "sms", "requested")}
    alert = await town.broadcast("feuerwehr")
    await town.plan()
    assert await town.statuses(alert) == []
    (again,) = await texter.text("MITMACHEN Feuerwehr")
    assert again == answer


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param(
            "JOIN kita",
            "Musterstadt: Which group? Write it like this: JOIN kita-nord, JOIN kita-sued. "
            "All: http://127.0.0.1:8000/join",
            id="near",
        ),
        pytest.param(
            "MITMACHEN kita",
            "Musterstadt: Welche Gruppe? Schreiben Sie zum Beispiel: MITMACHEN kita-nord, "
            "MITMACHEN kita-sued. Alle: http://127.0.0.1:8000/join",
            id="near, in German",
        ),
        pytest.param(
            "JOIN bowling",
            "Musterstadt: We do not know this group. All groups: http://127.0.0.1:8000/join",
            id="unknown",
        ),
        pytest.param(
            "Mitmachen",
            "Musterstadt: Welche Gruppe? Schreiben Sie zum Beispiel: MITMACHEN town, "
            "MITMACHEN feuerwehr, MITMACHEN kita-nord. Alle: http://127.0.0.1:8000/join",
            id="none",
        ),
    ],
)
async def test_who_names_no_group_is_told_which_there_are(
    texter: Texter, town: Town, body: str, answer: str
) -> None:
    assert await texter.text(body) == [answer]

    assert await town.rows("SELECT 1 FROM subscriptions") == []
    (newcomer,) = await town.rows("SELECT newcomer_until FROM residents")
    assert newcomer["newcomer_until"] is not None


async def test_the_text_of_a_stranger_is_never_sent_on(texter: Texter) -> None:
    """Who can forge a sender must not write to others through us."""
    for body in ("JOIN Win-now-at-evil.example", "LEAVE evil.example", "LANG evil.example"):
        assert "evil" not in str(await texter.text(body))


async def test_a_sentence_that_begins_like_a_keyword_is_for_a_person(
    texter: Texter, town: Town
) -> None:
    for body in ("Anmelden beim Amt morgen früh", "Stop the rain", "Bitte den Hund abmelden"):
        await texter.text(body)

    rows = await town.rows("SELECT word, handled_at FROM inbound")
    assert rows == [{"word": None, "handled_at": None}] * 3


async def test_a_number_that_another_only_claimed_goes_to_who_texts_from_it(
    texter: Texter, town: Town
) -> None:
    (kita,) = await ids(town, "kita-nord")
    claimer = await town.resident(
        kita, email="a@example.org", phone=PHONE, state="unverified", alerts=["sms"], news=[]
    )

    await texter.text("JOIN kita-sued")

    assert await texter.follows() == {"kita-sued": ("sms", "sms", "active")}
    rows = await town.rows(
        "SELECT channel, version FROM addresses WHERE resident_id = %(id)s", id=claimer
    )
    assert rows == [{"channel": "email", "version": 2}]


async def test_who_was_imported_with_this_number_only_is_who_texts_from_it(
    texter: Texter, town: Town
) -> None:
    (nord,) = await ids(town, "kita-nord")
    await town.resident(nord, phone=PHONE, state="unverified", alerts=["sms"], news=["sms"])

    await texter.text("JOIN kita-sued")

    assert set(await texter.follows()) == {"kita-nord", "kita-sued"}
    assert len(await town.rows("SELECT 1 FROM residents")) == 1


async def test_who_asked_for_help_first_is_the_same_resident_after_joining(
    texter: Texter, town: Town
) -> None:
    await texter.text("HILFE")
    await texter.text("HILFE")
    await texter.text("MITMACHEN kita-sued")

    (row,) = await town.rows("SELECT newcomer_until, language FROM residents")
    assert row == {"newcomer_until": None, "language": "de"}


async def test_joining_is_proof_and_lifts_whatever_stood_against_the_number(
    texter: Texter, town: Town
) -> None:
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason, code, created_at)"
        " VALUES ('sms', %(hash)s, 'gone', '30005', now() - interval '1 day')",
        hash=town.keyring.address_hash("sms", PHONE),
    )

    await texter.text("JOIN kita-sued")

    assert await texter.suppressed() is None


async def test_a_stop_from_before_that_is_found_later_does_not_undo_a_join(
    texter: Texter,
) -> None:
    await texter.text("JOIN kita-sued", ago=timedelta(minutes=1))

    assert await texter.text("STOPP", ago=timedelta(minutes=5)) == []
    assert await texter.suppressed() is None
    await texter.text("STOPP")
    assert await texter.suppressed() == "opted_out"


async def test_a_join_from_before_does_not_undo_a_stop(texter: Texter) -> None:
    await texter.text("STOPP")

    await texter.text("JOIN kita-sued", ago=timedelta(minutes=5))

    assert await texter.suppressed() == "opted_out"


# leaving


async def test_leaving_a_group_leaves_it_wholly_and_reaches_what_is_planned(
    texter: Texter, town: Town
) -> None:
    kita, nord = await ids(town, "kita-sued", "kita-nord")
    await town.resident(kita, nord, email="a@example.org", phone=PHONE)
    alert = await town.broadcast("kita-sued")
    await town.plan()

    (answer,) = await texter.text("ABMELDEN Kita Süd")

    assert answer == (
        "Musterstadt: Sie sind abgemeldet von: Kita Süd. Wieder anmelden: MITMACHEN kita-sued"
    )
    assert set(await texter.follows()) == {"kita-nord"}
    pump = await town.pump(texter.carrier, channel="sms")  # type: ignore[arg-type]
    while await pump.round():
        pass
    rows = await town.rows(
        "SELECT status, reason FROM deliveries WHERE broadcast_id = %(id)s AND channel = 'sms'",
        id=alert,
    )
    assert rows == [{"status": "cancelled", "reason": "left"}]


async def test_stop_and_a_group_leaves_its_sms_only(texter: Texter, town: Town) -> None:
    kita, nord = await ids(town, "kita-sued", "kita-nord")
    await town.resident(kita, nord, email="a@example.org", phone=PHONE, alerts=["email", "sms"])

    (answer,) = await texter.text("STOP kita sued")

    assert answer == (
        "Musterstadt: Keine SMS mehr von: Kita Süd. E-Mail und Browser bleiben, wie sie sind. "
        "Wieder anmelden: MITMACHEN kita-sued"
    )
    assert await texter.follows() == {
        "kita-nord": ("email sms", "email sms push", "active"),
        "kita-sued": ("email", "email push", "active"),
    }
    assert await texter.suppressed() is None
    (address,) = await town.rows("SELECT version FROM addresses WHERE channel = 'sms'")
    assert address["version"] == 2


async def test_stop_and_a_group_leaves_it_wholly_where_there_was_nothing_but_sms(
    texter: Texter,
) -> None:
    await texter.text("MITMACHEN kita-sued")
    await texter.text("MITMACHEN kita-nord")

    (answer,) = await texter.text("Stopp Kita Süd")

    assert answer.startswith("Musterstadt: Sie sind abgemeldet von: Kita Süd.")
    assert set(await texter.follows()) == {"kita-nord"}


@pytest.mark.parametrize(
    ("alerts", "text", "said"),
    [
        (["sms"], "ABMELDEN town", "Warnungen kommen weiter über: Kita Süd."),
        (["email"], "ABMELDEN town", "Warnungen kommen weiter über: Kita Süd."),
        (["email", "sms"], "STOP town", "nur Warnungen noch über: Kita Süd."),
        (["email"], "STOP town", "E-Mail und Browser bleiben, wie sie sind."),
    ],
)
async def test_who_follows_a_group_below_is_told_that_warnings_still_come(
    texter: Texter, town: Town, alerts: list[str], text: str, said: str
) -> None:
    top, kita = await ids(town, "town", "kita-sued")
    await town.resident(top, kita, email="a@example.org", phone=PHONE, alerts=alerts)

    (answer,) = await texter.text(text)

    assert said in answer
    assert segments.measure(answer).segments == 1


async def test_the_group_that_is_followed_is_meant_where_two_have_the_name(
    texter: Texter, town: Town
) -> None:
    for slug in ("a-markt", "b-markt"):
        await town.group(slug)
    await town.change("UPDATE groups SET names = '{\"de\": \"Markt\"}' WHERE slug LIKE '%%markt'")
    await texter.text("MITMACHEN b-markt")

    (answer,) = await texter.text("ABMELDEN Markt")

    assert "Sie sind abgemeldet von: Markt." in answer
    assert await texter.follows() == {}


async def test_who_leaves_what_is_not_followed_is_told_so(texter: Texter) -> None:
    (answer,) = await texter.text("LEAVE kita-sued")

    assert answer == "Musterstadt: You do not follow: South Kindergarten. Your groups: LIST"


async def test_a_wish_to_join_a_closed_group_is_taken_back_by_leaving(texter: Texter) -> None:
    await texter.text("MITMACHEN Feuerwehr")

    await texter.text("ABMELDEN Feuerwehr")

    assert await texter.follows() == {}


# lists and languages


async def test_a_list_says_what_is_followed_in_one_segment(texter: Texter, town: Town) -> None:
    assert await texter.text("LISTE") == [
        (
            "Musterstadt: Sie folgen keiner Gruppe. Anmelden: MITMACHEN und Gruppe. "
            "Alle: http://127.0.0.1:8000/join"
        )
    ]
    await texter.text("MITMACHEN kita-sued")
    await texter.text("MITMACHEN feuerwehr")

    (answer,) = await texter.text("list")

    assert answer == (
        "Musterstadt: Sie folgen: Kita Süd, Feuerwehr (angefragt). Abmelden: ABMELDEN und Gruppe"
    )
    assert segments.measure(answer).segments == 1


async def test_a_long_list_is_cut_and_says_so(texter: Texter, town: Town) -> None:
    made = [await town.group(f"verein-der-freunde-nummer-{number}") for number in range(40)]
    await town.resident(*made, phone=PHONE)

    (answer,) = await texter.text("LISTE")

    assert " weitere. Abmelden" in answer
    assert segments.measure(answer).segments == 2


@pytest.mark.parametrize(
    ("body", "language", "answer"),
    [
        ("LANG en", "en", "Musterstadt: From now on we write to you in: English."),
        ("SPRACHE Englisch", "en", "Musterstadt: From now on we write to you in: English."),
        ("LANG de", "de", "Musterstadt: Wir schreiben Ihnen jetzt in dieser Sprache: Deutsch."),
        ("LANG de-x-simple", "de-x-simple",
         "Musterstadt: Wir schreiben Ihnen jetzt in dieser Sprache: Deutsch, leicht verständlich."),
        ("Sprache einfach", "de-x-simple",
         "Musterstadt: Wir schreiben Ihnen jetzt in dieser Sprache: Deutsch, leicht verständlich."),
        ("LANG fr", "de",
         "Musterstadt: Welche Sprache? Schreiben Sie zum Beispiel: SPRACHE de, SPRACHE en"),
        ("LANG", "de",
         "Musterstadt: Welche Sprache? Schreiben Sie zum Beispiel: SPRACHE de, SPRACHE en"),
    ],
)  # fmt: skip
async def test_a_language_is_chosen_and_answered_in(
    texter: Texter, town: Town, body: str, language: str, answer: str
) -> None:
    await town.resident(phone=PHONE, language="de")

    assert await texter.text(body) == [answer]
    assert await town.rows("SELECT language FROM residents") == [{"language": language}]


async def test_a_stranger_s_language_is_kept_for_what_comes_next(texter: Texter) -> None:
    await texter.text("LANG en")

    (answer,) = await texter.text("Wo ist der Sammelpunkt?")

    assert answer.startswith("Musterstadt: We got your text.")


async def test_help_names_every_word_that_can_be_texted_in_one_segment(texter: Texter) -> None:
    (german,) = await texter.text("Hilfe")
    (english,) = await texter.text("HELP")

    assert german == (
        "Musterstadt: In Not? 112 anrufen. MITMACHEN, ABMELDEN oder STOP und Gruppe. LISTE. "
        "SPRACHE. STOP allein: keine SMS mehr. http://127.0.0.1:8000/help"
    )
    assert english == (
        "Musterstadt: Emergency? Call 112. JOIN, LEAVE or STOP and a group. LIST. "
        "LANG. STOP alone: no more SMS. http://127.0.0.1:8000/help"
    )
    for answer in (german, english):
        assert segments.measure(answer).segments == 1


async def test_each_word_that_help_names_is_answered_with_how_to_go_on(texter: Texter) -> None:
    for word, answer in (
        ("MITMACHEN", "Welche Gruppe?"), ("ABMELDEN kita-sued", "Sie folgen dieser Gruppe nicht"),
        ("STOP kita-sued", "Sie folgen dieser Gruppe nicht"), ("LISTE", "Sie folgen keiner"),
        ("SPRACHE", "Welche Sprache?"),
    ):  # fmt: skip
        (said,) = await texter.text(word)
        assert answer in said


async def test_anmelden_without_a_group_is_a_start(texter: Texter) -> None:
    await texter.text("MITMACHEN kita-sued")
    await texter.text("Stopp")
    assert await texter.suppressed() == "opted_out"

    (answer,) = await texter.text("Anmelden")

    assert answer == "Musterstadt: Sie bekommen wieder SMS von: Kita Süd. Keine SMS mehr: STOP"
    assert await texter.suppressed() is None


# a code that a page showed


async def newcomer(town: Town, *slugs: str, language: str = "en") -> int:
    """Somebody who signs up on a page with this number; the code that the page shows."""
    resident = await town.resident(
        *await ids(town, *slugs), phone=PHONE, state="asked", language=language, alerts=["sms"]
    )
    await town.change("UPDATE residents SET newcomer_until = now() + interval '1 day'")
    await town.change("UPDATE subscriptions SET state = 'asked'")
    (address,) = await town.rows("SELECT id FROM addresses WHERE resident_id = %(r)s", r=resident)
    async with town.db.transaction() as connection:
        code = await texting.show(connection, address["id"])
    assert code is not None
    return code


async def test_a_code_that_a_page_shows_proves_the_phone_that_texts_it(
    texter: Texter, town: Town
) -> None:
    digits = texting.digits(town.keyring, await newcomer(town, "kita-sued"))

    answers = await texter.text(f"JA {digits[:3]} {digits[3:]}")

    assert answers == ["Musterstadt: Your number is confirmed. No more SMS: STOP"]
    assert {slug: state for slug, (_, _, state) in (await texter.follows()).items()} == {
        "kita-sued": "active"
    }
    rows = await town.rows("SELECT word, say, handled_at IS NULL AS open FROM inbound")
    assert rows == [{"word": "code", "say": "proved", "open": False}]


async def test_a_code_for_a_number_that_is_somebody_s_changes_nothing_and_says_so(
    texter: Texter, town: Town
) -> None:
    await town.resident(phone=texter.phone)
    digits = texting.digits(town.keyring, await newcomer(town, "kita-sued"))

    (answer,) = await texter.text(digits)

    assert answer.startswith("Musterstadt: Diese Nummer ist schon angemeldet")
    assert answer.endswith("/my")
    assert await texter.follows() == {}
    (row,) = await town.rows("SELECT word, say, handled_at IS NULL AS open FROM inbound")
    assert row == {"word": "code", "say": "taken", "open": False}


async def test_a_code_of_another_phone_or_a_wrong_one_is_for_a_person(
    texter: Texter, town: Town
) -> None:
    digits = texting.digits(town.keyring, await newcomer(town, "kita-sued"))
    other = Texter(town, phone="+4915112345679")

    (answer,) = await other.text(digits)
    await texter.text(f"{(int(digits) + 1) % 1_000_000:06}")

    assert answer.startswith("Musterstadt: Ihre SMS ist da.")
    assert await texter.follows() == {}
    rows = await town.rows("SELECT word, handled_at FROM inbound")
    assert rows == [{"word": None, "handled_at": None}] * 2


async def test_a_code_texted_after_a_stop_lifts_it_and_an_older_stop_found_later_does_not_count(
    texter: Texter, town: Town
) -> None:
    digits = texting.digits(town.keyring, await newcomer(town, "kita-sued"))
    await texter.text("STOPP", ago=timedelta(minutes=9))

    await texter.text(digits, ago=timedelta(minutes=1))
    await texter.text("STOPP", ago=timedelta(minutes=5))

    assert await texter.suppressed() is None


# who speaks, and from where


async def test_the_answer_comes_from_the_number_that_was_texted(texter: Texter) -> None:
    await texter.text("JOIN kita-sued")

    assert [sms.origin for sms in texter.carrier.taken] == [OURS]


async def test_the_group_s_own_town_speaks(texter: Texter, town: Town) -> None:
    await town.change(
        "UPDATE groups SET identity = '{\"sender_name\": \"Gemeinde Auendorf\"}' WHERE slug = 'town'"
    )

    (answer,) = await texter.text("JOIN kita-sued")

    assert answer.startswith("Gemeinde Auendorf: You now get")
    for body in ("Hallo", "LIST", "HELP", "STOPP", "START"):
        (answer,) = await texter.text(body)
        assert answer.startswith("Gemeinde Auendorf: ")


async def test_a_provider_s_own_word_counts_whatever_the_text_says(
    texter: Texter, town: Town
) -> None:
    assert await texter.text("Ende", heeded="stop") == []
    assert await texter.suppressed() == "opted_out"

    (again,) = await texter.text("YES", heeded="start")
    assert "START" not in again
    assert await texter.suppressed() is None

    assert await texter.text("Auskunft", heeded="help") == []
    rows = await town.rows("SELECT word, handled_at IS NULL AS open FROM inbound ORDER BY id")
    assert rows == [{"word": word, "open": False} for word in ("stop", "start", "help")]


async def test_many_texts_of_many_in_one_batch_are_each_done_once(
    texter: Texter, town: Town
) -> None:
    phones = [f"+49151123450{number:02}" for number in range(20)]
    batch = [Inbound("twilio", f"B{phone}", phone, OURS, "JOIN kita-sued") for phone in phones] * 2

    first = await texter.take(*batch, how=inbound.PULL)
    second = await texter.take(*batch, how=inbound.PULL)

    assert (first, second) == (inbound.Taken(20, 20), inbound.Taken())
    assert len(await town.rows("SELECT 1 FROM subscriptions")) == 20
