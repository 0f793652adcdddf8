"""Residents sign up, from the first page to the alert in their mailbox or on their phone."""

from tests.browser.looking import NARROW, WIDE, Visits
from tests.browser.walking import Way, begin, digits, in_every_way, link
from tests.journeys.world import TEXTS, World


@in_every_way
async def test_from_the_front_page_to_the_mailbox(journey: Visits, world: World, way: Way) -> None:
    walk = await begin(journey, world, way)
    await walk.arrives("Warnings and news")
    await walk.follow("Sign up", to="Sign up for warnings and news")
    await walk.tick(world.town)
    await walk.fill("E-mail address", world.mail())
    await walk.press("I agree: send me the code")

    await walk.type_code((await walk.mail(world.mail()))["subject"])
    await walk.press("Confirm", to="You are signed up")
    world.box.clear()
    await walk.settled(world.send("alert"))

    assert world.reached("email") == {world.mail(): 1}
    await walk.mail(world.mail(), walk.news)


@in_every_way
async def test_from_the_landing_link_to_the_phone(journey: Visits, world: World, way: Way) -> None:
    walk = await begin(journey, world, way, f"/join/{world.town}")
    await walk.fill("Phone number for SMS", world.phone())
    await walk.press("I agree: send me the code")

    await walk.type_code(await walk.text(world.phone()))
    await walk.press("Confirm", to="You are signed up")
    world.box.clear()
    await walk.settled(world.send("alert"))

    (alert,) = walk.texts(world.phone())
    assert TEXTS[way.language]["sms"] in alert


async def test_the_link_in_the_mail_opened_on_another_device(journey: Visits, world: World) -> None:
    computer = await begin(journey, world, Way("de", False, WIDE), f"/join/{world.town}")
    await computer.fill("E-mail address", world.mail())
    await computer.press("I agree: send me the code")

    there = link(await computer.mail(world.mail()), "/code/")
    phone = await begin(journey, world, Way("de", False, NARROW), there)
    await phone.press("Confirm this address", to="You are signed up")

    await computer.page.reload()
    await computer.arrives("This page is closed")


_NAME = """on => {
  const [seen, label] = [getComputedStyle(on), on.labels?.[0]];
  return {name: (label ?? on).innerText, framed: seen.outlineStyle !== 'none', id: on.id};
}"""


async def test_by_keyboard_alone_to_the_mailbox(journey: Visits, world: World) -> None:
    way = Way("de", javascript=True, width=NARROW)
    walk = await begin(journey, world, way)
    keys = walk.page.keyboard

    async def tab_to(name: str) -> None:
        """Go on with the tab key, as far as what is called so."""
        for _ in range(200):
            await keys.press("Tab")
            on = await walk.page.locator(":focus").evaluate(_NAME)
            if on["name"] == name:
                assert on["framed"]
                return
        raise AssertionError(name)

    await tab_to(walk.say("Sign up"))
    await keys.press("Enter")
    await walk.arrives("Sign up for warnings and news")
    await tab_to(world.town)
    await keys.press("Space")
    await tab_to(walk.say("E-mail address"))
    await keys.type(world.mail())
    await tab_to(walk.say("I agree: send me the code"))
    await keys.press("Enter")
    code = digits((await walk.mail(world.mail()))["subject"])
    await tab_to(await walk.page.locator(".code label").inner_text())
    await keys.type(code)
    await keys.press("Enter")
    await walk.arrives("You are signed up")
    world.box.clear()
    await walk.settled(world.send("alert"))

    assert world.reached("email") == {world.mail(): 1}
