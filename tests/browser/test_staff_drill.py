"""A drill, from the tick in the editor to mailbox, phone, browser and public page: nowhere does it look
like a warning, and nobody gets it who did not agree to drills."""

import json

from playwright.async_api import expect

from notify.domain.grants import Role
from tests.browser.desk import Desk
from tests.browser.looking import Visits, picture
from tests.browser.walking import Way, in_opposite_ways
from tests.journeys.world import World
from tests.town import Town

TITLE = "Stromausfall im ganzen Tal"


async def _crew(office: Town, world: World) -> str:
    """A group for drills below the town, which nobody follows yet."""
    (town,) = await office.rows("SELECT id FROM groups WHERE slug = %(s)s", s=world.town)
    crew = await office.group(f"{world.town}-crew", parent=town["id"])
    await office.change("UPDATE groups SET drill = true WHERE id = %(id)s", id=crew)
    return f"{world.town}-crew"


@in_opposite_ways
async def test_a_drill_says_so_everywhere_and_reaches_nobody_but_a_group_for_drills(
    journey: Visits, world: World, office: Town, way: Way
) -> None:
    crew = await _crew(office, world)
    (screen,) = world.browsers(1)
    follows = {"group": crew, "alerts": ["email", "sms", "push"], "news": ["email"]}
    world.resident(
        email=world.mail(1), phone=world.phone(1), browser=screen, language=way.language,
        subscriptions=[follows],
    )  # fmt: skip
    world.resident(email=world.mail(2), phone=world.phone(2), language=way.language)
    anna = await Desk.of(journey, world, office, way, Role.AUTHOR, name="Anna Weber")
    vera = await Desk.of(journey, world, office, way, Role.APPROVER, name="Vera Amt")
    exercise = anna.say("EXERCISE")

    await anna.press("New warning", to="Write a message")
    await anna.pick("Great danger")
    form = anna.page.locator("form#draft")
    await expect(form).to_have_css("border-top-width", "0px")
    severe = anna.page.locator(".pick:has(#f-severity-severe)")
    real = await severe.evaluate("pick => getComputedStyle(pick).backgroundColor")
    await anna.tick("This is a drill")
    await expect(severe).not_to_have_css("background-color", real)
    await expect(form).to_have_css("border-top-width", "12px")  # hatched at once
    await anna.tick(world.town)
    await anna.write(TITLE, "Gehen Sie nach Hause.\n\n- Holen Sie Kerzen.")
    await anna.choose_hours("Or from now for", 3)
    await anna.save()
    await expect(anna.page.locator("main")).to_contain_text("ÜBUNG: Warnung: ")
    await picture(anna.page, f"drill in the editor {way}")
    await anna.press("Look it over")
    await anna.alerted("Please check this first")
    await anna.sees(
        "A drill goes to groups for drills only, and a warning also to all groups below. Choose "
        "others, or have an administrator set these up for drills."
    )
    assert world.rows(
        "SELECT FROM broadcasts b JOIN groups g ON g.id = ANY(b.group_ids) WHERE g.slug = %(town)s",
        town=world.town,
    ) == []  # fmt: skip
    await anna.untick(world.town)
    await anna.tick(f"{crew} · {anna.say('for drills')}")
    await expect(form).to_have_css("border-top-width", "12px")
    await anna.press("Look it over", to="Look it over")
    await anna.sees("This is only an exercise. Nothing has happened.")
    await anna.press("Give this drill for approval", to=f"{exercise}: {TITLE}")

    note = await vera.mail(vera.who.email)
    assert note["subject"].startswith(exercise)
    await vera.look("/staff")
    await vera.follow(f"{exercise}: {TITLE}", to=f"{exercise}: {TITLE}")
    await vera.press(
        vera.say("Let this drill for %(groups)s begin", groups=crew), to=f"{exercise}: {TITLE}"
    )

    id_ = vera.page.url.partition("?")[0].rpartition("/")[2]
    await _it_arrives_as_a_drill(vera, world, id_)
    resident = await journey.open(
        f"/b/{id_}", language=way.language, width=way.width, javascript=way.javascript
    )
    await expect(resident.locator("main")).to_contain_text(exercise)
    await expect(resident.locator("main")).to_contain_text(TITLE)
    await picture(resident, f"drill for everybody {way}")
    await resident.goto("/")
    await expect(resident.locator("body")).not_to_contain_text(TITLE)


async def _it_arrives_as_a_drill(vera: Desk, world: World, id_: str) -> None:
    """By mail, SMS and notification, with whoever follows the group for drills and nobody else."""
    letter = await vera.mail(world.mail(1))
    assert letter["subject"] == f"ÜBUNG: Warnung: {TITLE}"
    assert "Das ist nur eine Übung. Es ist nichts passiert." in letter["text"]
    assert "ÜBUNG: " in (await vera.text(world.phone(1))).partition(TITLE)[0]
    (shown,) = await vera.comes(lambda: world.box.books("push"))
    assert json.loads(shown["payload"])["title"] == f"ÜBUNG: Warnung: {TITLE}"
    await vera.settled(id_)
    assert world.reached("sms") == {world.phone(1): 1}
    assert world.mail(2) not in world.reached("email")
