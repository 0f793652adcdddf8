"""Without the phone one gets in with a recovery code, once each; and ends what is open elsewhere."""

from playwright.async_api import expect

from notify.domain.grants import Role
from tests.browser.desk import Desk
from tests.browser.looking import Visits
from tests.browser.walking import Way, in_opposite_ways
from tests.journeys.world import World
from tests.town import Town
from tests.web.officer import PASSWORD

PHONE = "Mozilla/5.0 (Android 15; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0"
PC = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"


@in_opposite_ways
async def test_a_recovery_code_lets_in_once_and_what_is_open_elsewhere_is_ended(
    journey: Visits, world: World, office: Town, way: Way
) -> None:
    vera = await Desk.of(
        journey, world, office, way, Role.AUTHOR, name="Vera Amt", outside=True, user_agent=PHONE
    )
    first, second, *_ = vera.who.recovery
    await vera.arrives("Sign in")
    await vera.sign_in(code_=first)
    await vera.arrives("Overview")
    await vera.press("Sign out", to="Sign in")
    await vera.sees("You are signed out.")
    await vera.sign_in(code_=first)
    await vera.alerted("The address, the password or the code is not right. Each code works once.")
    await vera.sign_in(code_=second)
    await vera.arrives("Overview")

    pc = await vera.elsewhere(journey, user_agent=PC)
    await pc.sign_in()
    await pc.press("New warning", to="Write a message")
    await vera.look("/staff/me")
    await vera.sees(vera.say("You have %(count)s left.", count="8"))
    await vera.sees("Firefox, Windows")
    end = vera.page.get_by_role("button", name="Firefox, Windows")
    assert await vera.page.get_by_role("button", name="Firefox, Android").count() == 0
    for password, said in (("falsch", "The password is not right."), (PASSWORD, None)):
        await vera.fill("Your password, to sign out elsewhere", password)
        async with vera.page.expect_navigation():
            await end.click()
        await (vera.alerted(said) if said else vera.sees("Signed out there."))
    await expect(end).to_have_count(0)

    await pc.write("Das darf nicht mehr gespeichert werden", "Text")
    await pc.press("Look it over", to="You are no longer signed in")
    await pc.sees(
        "Nothing of what you just sent was done. All of it is still on this page: leave it open,"
        " sign in in another tab, then send it again here."
    )
    await pc.look("/staff/messages")
    await pc.arrives("Sign in")
    await vera.look("/staff/messages")
    await vera.arrives("Messages")
    sessions = world.rows(
        "SELECT browser FROM staff_sessions WHERE staff_id = %(id)s", id=vera.who.id
    )
    assert sorted(row["browser"] for row in sessions) == ["Firefox, Android", "Firefox, Linux"]
    kept = world.rows("SELECT content FROM drafts WHERE changed_by = %(id)s", id=vera.who.id)
    assert "Das darf nicht" not in str(kept)
    signed = world.rows(
        "SELECT about->>'by' AS by FROM audit WHERE deed = 'staff.signed_in' AND staff_id = %(id)s"
        " ORDER BY id",
        id=vera.who.id,
    )
    assert [row["by"] for row in signed] == ["recovery code", "recovery code", "app"]
