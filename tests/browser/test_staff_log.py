"""The audit log in a real browser: what was just done stands in it; whole it is green; and where somebody
with all rights over the database changed or took out a line, page and command line say which."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from channels.vapid import make_vapid_key
from notify.bootstrap import App
from notify.domain.grants import Role
from rig.processes import command
from tests.browser.looking import NARROW, WIDE, Visits, picture
from tests.conftest import SECRET
from tests.town import Town
from tests.web.officer import enrol


async def _verify(app: App, folder: Path) -> tuple[int, str]:
    """`notify audit verify` in a process of its own: how it ended, and what it said."""
    environment = {
        "NOTIFY_DATABASE_URL": app.settings.database_url or "",
        "NOTIFY_SECRET_KEYS": SECRET,
        "NOTIFY_REDIS_URL": "redis://127.0.0.1:1",
        "NOTIFY_VAPID_PRIVATE_KEY": make_vapid_key(),
    }
    done = await asyncio.to_thread(
        command, "audit", "verify", environment=environment, folder=folder
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


async def _check(page: Page, button: str) -> None:
    async with page.expect_navigation():
        await page.get_by_role("button", name=button, exact=True).click()


@pytest.mark.parametrize(
    ("change", "page_says", "command_says"),
    [
        pytest.param(
            "UPDATE audit SET about = about || '{\"role\": \"viewer\"}' WHERE id = {line}",
            "Zeile {line} oder die davor steht nicht da, wie sie geschrieben wurde.",
            "Line {line} is not as it was written",
            id="changed",
        ),
        pytest.param(
            "DELETE FROM audit WHERE id = {line}", "Zeile {line} fehlt.", "Line {line} is missing",
            id="taken out",
        ),
    ],
)  # fmt: skip
async def test_a_deed_is_in_the_log_and_a_line_that_was_tampered_with_is_named(
    app: App, visits: Visits, tmp_path: Path, change: str, page_says: str, command_says: str
) -> None:
    town = Town(app.db, app.keyring, app.settings)
    await town.group("elbtal")
    vera = await enrol(town, language="de")
    plain = change.startswith("DELETE")
    page = await visits.open(
        "/staff/people", staff=vera.word, javascript=not plain, width=NARROW if plain else WIDE
    )
    main = page.locator("main")

    await page.get_by_label("E-Mail-Adresse", exact=True).fill("bert@example.org")
    await page.get_by_label("Name", exact=True).fill("Bert Feuer")
    await page.get_by_role("radio", name="Schreiben").check()
    await page.get_by_label("Wo, mit allem darunter", exact=True).select_option("elbtal")
    await _check(page, "Dieses Recht geben")
    await page.goto("/staff/audit")
    (row,) = await town.rows(
        "SELECT id FROM audit WHERE deed = 'staff.granted' AND about->>'role' = %(role)s",
        role=Role.AUTHOR,
    )
    latest = main.get_by_role("listitem").filter(has_text="staff.granted").first
    for said in (f"{row['id']} ", "Vera Amt", "author", "elbtal"):
        await expect(latest).to_contain_text(said)
    await expect(main).not_to_contain_text("bert@example.org")
    await _check(page, "Protokoll jetzt prüfen")
    await expect(page.get_by_role("status")).to_contain_text("Das Protokoll ist vollständig")
    head = await page.get_by_role("status").locator("code").inner_text()
    status, told = await _verify(app, tmp_path)
    assert (status, "whole." in told) == (0, True), told
    await picture(page, "log, whole")

    await town.change("ALTER TABLE audit DISABLE TRIGGER ALL")
    await town.change(change.replace("{line}", str(row["id"])).encode())

    await page.goto("/staff/audit")
    await _check(page, "Protokoll jetzt prüfen")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text(page_says.replace("{line}", str(row["id"])))
    await expect(main).not_to_contain_text("Das Protokoll ist vollständig")
    await expect(main).not_to_contain_text(head)
    await picture(page, f"log, broken {page_says}")
    status, told = await _verify(app, tmp_path)
    assert (status, command_says.replace("{line}", str(row["id"])) in told) == (1, True), told
