"""An approver returns what somebody wrote; only the text that was written after that goes out."""

from notify.domain.grants import Role
from tests.browser.desk import Desk
from tests.browser.looking import Visits
from tests.browser.walking import Way, in_opposite_ways, link
from tests.journeys.world import World
from tests.town import Town

FIRST = "Chlorgas am Hafen"
SECOND = "Chlorgas am Osthafen"
REASON = "Welcher Hafen? Schreiben Sie Osthafen."


@in_opposite_ways
async def test_what_was_returned_is_changed_and_only_the_newer_text_can_be_approved(
    journey: Visits, world: World, office: Town, way: Way
) -> None:
    anna = await Desk.of(journey, world, office, way, Role.AUTHOR, name="Anna Weber")
    vera = await Desk.of(journey, world, office, way, Role.APPROVER, name="Vera Amt")
    for number in range(2):
        world.resident(email=world.mail(number))
    approve = anna.say("Approve this warning for %(groups)s", groups=world.town)

    await anna.press("New warning", to="Write a message")
    await anna.pick("Extreme danger")
    await anna.tick(world.town)
    await anna.write(FIRST, "Gehen Sie nach oben.\n\n- Schließen Sie die Fenster.")
    await anna.choose_hours("Or from now for", 3)
    await anna.press("Look it over", to="Look it over")
    give = "Give this warning for %(groups)s for approval"
    await anna.press(anna.say(give, groups=world.town), to=FIRST)
    await anna.sees("Submitted. It is sent once somebody else approves it.")
    await anna.sees("You wrote this, or part of it. Somebody else has to approve it.")

    told = await vera.mail(vera.who.email)
    assert FIRST in told["subject"]
    message = link(told, "/staff/messages/")
    await vera.look(message)
    older = Desk(await vera.page.context.new_page(), world, way)
    await older.look(message)
    await vera.press("Return it, do not send", to=FIRST)
    await vera.alerted("Please check this first")  # a reason is asked for
    await vera.fill("What has to change", REASON)
    await vera.press("Return it, do not send", to=FIRST)
    await vera.sees("You returned this. It is not sent.")

    back = await anna.mail(anna.who.email)
    assert REASON in back["text"]
    await anna.look(link(back, "/staff/messages/"))
    await anna.sees(REASON)
    await anna.follow("Change it and submit it again", to="Write a message")
    await anna.sees("It was returned: read why.")
    await anna.write(SECOND, "Gehen Sie nach oben.\n\n- Schließen Sie die Fenster.")
    await anna.press("Look it over", to="Look it over")
    await anna.press(anna.say(give, groups=world.town), to=SECOND)

    await older.press(approve, to=SECOND)
    await older.alerted(
        "Nothing was done: this changed, or was decided, since you opened it. Read it again."
    )
    assert not world.reached("email").keys() & {world.mail(0), world.mail(1)}
    await vera.look(message)
    await vera.press(approve, to=SECOND)
    await vera.sees("You approved this.")

    for number in range(2):
        await vera.mail(world.mail(number), SECOND)
    id_ = message.rpartition("/")[2]
    await vera.settled(id_)
    reached = {
        to: n for to, n in world.reached("email").items() if to.endswith(f"@{world.town}.example")
    }
    assert reached == {
        world.mail(0): 1, world.mail(1): 1, vera.who.email: 2, anna.who.email: 1,
    }  # fmt: skip
    rows = world.rows(
        "SELECT decision FROM decisions WHERE broadcast_id = %(id)s ORDER BY id", id=id_
    )
    assert [row["decision"] for row in rows] == ["returned", "approved"]
