"""Staff sign people up from a paper form; their code, or a button behind a link, proves the rest."""

from tests.browser.looking import Visits
from tests.browser.walking import Way, begin, digits, in_opposite_ways, link
from tests.journeys.world import TEXTS, World


@in_opposite_ways
async def test_the_code_is_read_out_at_the_desk_and_the_mail_confirmed_at_home(
    journey: Visits, world: World, way: Way
) -> None:
    mail, phone = world.mail(), world.phone()
    walk = await begin(journey, world, way)
    resident = world.resident(
        desk=True, consent="form 17", email=mail, phone=phone, language=way.language
    )

    code = digits(await walk.text(phone))
    confirmed = world.post(f"/api/v1/residents/{resident}/confirm", {"code": code})
    assert confirmed == {"channel": "sms"}
    world.box.clear()
    await walk.settled(world.send("alert"))
    (alert,) = walk.texts(phone)
    assert TEXTS[way.language]["sms"] in alert
    assert world.reached("email") == {}

    _pass_a_quarter_of_an_hour(world)
    asked = await walk.mail(mail)
    await walk.page.goto(link(asked, "/confirm/"))
    await walk.arrives("Is this address yours?")
    await walk.press("Yes, send me messages", to="Your address is confirmed")
    world.box.clear()
    await walk.settled(world.send("announcement"))
    await walk.mail(mail, walk.news)


def _pass_a_quarter_of_an_hour(world: World) -> None:
    """Put the clock forward for codes: those that nobody typed are over."""
    world.change("UPDATE codes SET valid_until = now() WHERE used_at IS NULL")


@in_opposite_ways
async def test_a_form_with_a_mail_address_is_confirmed_at_home(
    journey: Visits, world: World, way: Way
) -> None:
    mail = world.mail()
    walk = await begin(journey, world, way)
    world.resident(desk=True, consent="form 18", email=mail, language=way.language)

    await walk.page.goto(link(await walk.mail(mail), "/code/"))
    await walk.arrives("Confirm this address")
    await walk.press("Confirm this address", to="You are signed up")
    world.box.clear()
    await walk.settled(world.send("alert"))

    assert world.reached("email") == {mail: 1}
    await walk.mail(mail, walk.news)
    await walk.follow("Open my page", to="What I get")
