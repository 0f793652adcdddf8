"""Residents ask to join a closed group, staff decide, and the residents are told and get what they
then may get."""

from tests.browser.looking import Visits
from tests.browser.walking import Walk, Way, begin, in_opposite_ways
from tests.journeys.world import World

POLITE = (
    "You asked to join the group %(group)s. You could not be taken in. If you think that this is a "
    "mistake, please ask at the town hall. Your other groups stay as they are."
)


def _closed(world: World) -> str:
    """A closed group below the town."""
    slug = f"{world.town}-kita"
    group = {"slug": slug, "name": {"de": slug}, "parent": world.town, "closed": True}
    world.post("/api/v1/groups", group)
    return slug


async def _ask(walk: Walk, world: World, *groups: str) -> None:
    """Ask to join the first of these groups from its own page, and sign up for the others."""
    await walk.arrives(groups[0])
    await walk.follow("Ask to join", to=groups[0])
    for group in groups:
        await walk.tick(group)
    await walk.fill("E-mail address", world.mail())
    await walk.press("I agree: send me the code")
    await walk.type_code((await walk.mail(world.mail()))["subject"])
    await walk.press("Confirm", to="You are signed up")
    await walk.sees("This group is closed. The staff look at your request and tell you.")


def _decide(world: World, group: str, decision: str) -> None:
    """As staff do: look who waits, and say yes or no."""
    (request,) = world.get(f"/api/v1/requests?group={group}")["requests"]
    path = f"/api/v1/requests/{request['resident_id']}/{group}"
    assert world.post(path, {"decision": decision}) == {"decision": decision, "told": True}


@in_opposite_ways
async def test_who_is_let_in_is_told_and_gets_the_next_message(
    journey: Visits, world: World, way: Way
) -> None:
    kita = _closed(world)
    walk = await begin(journey, world, way, f"/groups/{kita}")
    await _ask(walk, world, kita)
    await walk.follow("Open my page", to="What I get")
    await walk.sees("You asked to join. The staff decide, and tell you.")
    world.box.clear()
    await walk.settled(world.send("announcement", groups=[kita]))
    assert world.reached("email") == {}

    _decide(world, kita, "approve")

    await walk.mail(world.mail(), walk.say("You are now in the group %(group)s", group=kita))
    await walk.page.reload()
    await walk.arrives("What I get")
    await walk.lacks("You asked to join. The staff decide, and tell you.")
    await walk.settled(world.send("announcement", groups=[kita]))
    await walk.mail(world.mail(), walk.news)
    assert world.reached("email") == {world.mail(): 2}


@in_opposite_ways
async def test_who_is_refused_is_told_politely_and_gets_nothing_of_the_group(
    journey: Visits, world: World, way: Way
) -> None:
    kita = _closed(world)
    walk = await begin(journey, world, way, f"/groups/{kita}")
    await _ask(walk, world, kita, world.town)
    world.box.clear()

    _decide(world, kita, "refuse")

    letter = await walk.mail(world.mail(), walk.say("Your request to join %(group)s", group=kita))
    assert walk.say(POLITE, group=kita) in " ".join(letter["text"].split())
    await walk.settled(world.send("alert", groups=[kita]))
    assert world.reached("email") == {world.mail(): 1}
    await walk.follow("Open my page", to="What I get")
    assert await walk.page.get_by_role("group", name=kita, exact=True).count() == 0
    await walk.settled(world.send("alert"))
    assert world.reached("email") == {world.mail(): 2}
