"""Warning alone in a real browser: on a phone, with and without scripts, pressed twice; and its review
by somebody else at a desk."""

import pytest

from notify.bootstrap import App
from notify.domain.grants import Role
from tests.browser.looking import NARROW, WIDE, Visits, picture, sideways
from tests.services.test_preparing import approved
from tests.town import Town
from tests.web.officer import PASSWORD, code, enrol


@pytest.mark.parametrize(("dark", "javascript"), [(False, False), (True, True)])
async def test_somebody_alone_warns_from_a_phone_and_somebody_else_reviews_it(
    app: App, visits: Visits, *, dark: bool, javascript: bool
) -> None:
    town = Town(app.db, app.keyring, app.settings)
    await town.group("elbtal")
    await approved(town)
    anna = await enrol(town, Role.AUTHOR, "elbtal", email="anna@example.org")
    vera = await enrol(town, Role.APPROVER, email="vera@example.org")
    look = f"{'dark' if dark else 'light'} {'with' if javascript else 'without'} scripts"

    page = await visits.open("/staff", width=NARROW, dark=dark, javascript=javascript)
    await page.fill("#f-email", anna.email)
    await page.fill("#f-password", PASSWORD)
    await page.fill("#f-code", code(anna.secret))
    await page.click("main button")
    await page.click('.doors a:has-text("Allein warnen")')
    await page.click("main a.button")
    await page.fill("#f-gap-0", "Elbtal")
    await page.fill("#f-gap-1", "Keime im Netz")
    assert await page.is_checked("#f-group-elbtal")
    await page.click("main button.main")
    send = page.locator("button.alone")
    box = await send.bounding_box()
    assert box is not None
    assert box["height"] >= 64
    assert await sideways(page) == 0
    await picture(page, f"alone look {look}")
    await send.click()
    assert await page.get_attribute("#f-reason", "aria-invalid") == "true"
    await page.fill("#f-reason", "Niemand hebt ab")
    await page.check("#f-alone-1")
    await page.locator("button.alone").dblclick(no_wait_after=True)
    await page.wait_for_url("**/staff/messages/*")
    assert "Sie haben das allein gesendet" in await page.inner_text("main")
    await picture(page, f"alone sent {look}")
    (sent,) = await town.rows("SELECT id, status FROM broadcasts")
    assert sent["status"] == "approved"

    desk = await visits.open("/staff", width=WIDE, dark=dark, staff=vera.word)
    await picture(desk, f"alone to review {look}")
    await desk.click('main a:has-text("Prüfen")')
    await desk.fill("#f-text", "War richtig. Die Bereitschaft hatte das Telefon nicht dabei.")
    await desk.click("main button.main")
    said = await desk.inner_text("main")
    assert "Geprüft von Vera Amt" in said
    assert "hatte das Telefon nicht dabei" in said
    assert visits.troubles == []
