"""Somebody texts a question; of two who see it one takes it and answers, and the phone shows the answer."""

from notify.domain.grants import Role
from tests.browser.desk import Desk
from tests.browser.looking import Visits
from tests.browser.walking import Way, in_opposite_ways
from tests.journeys.world import SENDER, World
from tests.town import Town

QUESTION = "Ist die Marienbrücke offen?"
AGAIN = "Ich muss um 7 zur Dialyse."
ANSWER = "Ja, seit 6 Uhr. Gute Fahrt!"


@in_opposite_ways
async def test_a_text_is_taken_by_one_and_answered_on_the_phone(
    journey: Visits, world: World, office: Town, way: Way
) -> None:
    hook = f"{world.environment['NOTIFY_PUBLIC_URL']}/hooks/twilio/inbound"
    world.box.settings(inbound_url=hook)
    phone = world.phone(1)
    world.resident(phone=phone, language="de")
    ole = await Desk.of(journey, world, office, way, Role.OPERATOR, name="Ole Post")
    vera = await Desk.of(journey, world, office, way, Role.OPERATOR, name="Vera Amt")

    for words in (QUESTION, AGAIN):
        said = world.box.inbound(sender=phone, to=SENDER, body=words)
        assert said["answer"]["status"] == 200
    await ole.follow("Inbox", to="Inbox")
    await ole.sees(ole.say("nobody looks after it"))
    assert phone not in await ole.page.inner_text("main")
    await ole.page.get_by_role("link", name=QUESTION).click()
    await ole.press("I look after it")
    await ole.sees(ole.say("%(name)s looks after it now.", name="Ole Post"))

    await vera.follow("Inbox", to="Inbox")
    await vera.sees(vera.say("%(name)s looks after it", name="Ole Post"))
    await vera.page.get_by_role("link", name=AGAIN).click()
    await vera.fill("Your answer by SMS", "Nein.")  # while Ole is at it too
    await ole.fill("Your answer by SMS", ANSWER)
    await ole.press("Send this answer")
    await ole.sees("Your answer is on its way.")
    await vera.press("Send this answer")
    await vera.sees(ANSWER)  # she is shown it, and hers is not sent
    assert await vera.page.get_by_label(vera.say("Your answer by SMS")).input_value() == "Nein."

    shown = await ole.text(phone, ANSWER)
    assert shown == f"Citizen Notify: {ANSWER}"

    await ole.until("arrived")
    assert [one for one in ole.texts(phone) if "Nein." in one] == []
    await ole.follow("Inbox", to="Inbox")
    await ole.sees("No text waits. STOP, JOIN and the like are done at once and do not stand here.")
    waits = world.rows(
        "SELECT handled_at IS NULL AS waits FROM inbound WHERE sender = %(phone)s", phone=phone
    )
    assert [row["waits"] for row in waits] == [False, False]
    for process in world.processes:
        assert "Marienbrücke" not in process.said()
        assert phone.lstrip("+") not in process.said()
