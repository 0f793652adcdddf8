"""From the message to its result, to the receipt, to the file, in a real browser."""

from pathlib import Path

import pytest

from notify.bootstrap import App
from notify.rendering.links import shorten
from notify.services import closing_polls
from tests.browser.looking import NARROW, WIDE, Visits, axe, picture, sideways
from tests.polled import Polled, poll
from tests.town import Town


async def closed(town: Town) -> tuple[Polled, str]:
    """A poll with 26 answers, and the receipt of the first."""
    polled = await poll(town, {"altstadt": 14, "neustadt": 12})
    receipts = [
        (await polled.vote(voter, 1, 1 + place % 3)).receipt
        for place, voter in enumerate(polled.everybody)
    ]
    await closing_polls.close(town.db, polled.id)
    return polled, receipts[0]


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "plain"])
async def test_somebody_reads_the_result_and_finds_their_vote_counted(
    visits: Visits, app: App, width: int, javascript: bool, tmp_path: Path
) -> None:
    polled, receipt = await closed(Town(app.db, app.keyring, app.settings))
    page = await visits.open(f"/b/{shorten(polled.id)}?lang=de", width=width, javascript=javascript)

    await page.get_by_role("link", name="Ergebnis ansehen").click()
    await page.get_by_role("heading", level=2, name="Was bauen wir?").wait_for()
    assert await page.get_by_role("img", name="Antworten auf Frage 1").is_visible()
    row = page.get_by_role("row", name="Schwimmbad").first
    assert await row.inner_text() == "Schwimmbad\t9\t35 %"
    await page.get_by_text("Nach Gruppen").first.click()
    assert await page.get_by_text("neustadt, Antworten: 12").is_visible()
    assert await sideways(page) == 0

    await page.get_by_label("Beleg").fill(receipt.lower())
    await page.get_by_role("button", name="Nachsehen").click()
    await page.get_by_text("zählt.", exact=False).first.wait_for()
    assert f"Ja. Die Stimme mit dem Beleg {receipt.lower()} zählt." in await page.inner_text("main")
    if javascript:
        assert await axe(page) == []
        await picture(page, f"receipt found de {width} light")

    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Das Ergebnis als CSV").click()
    download = await coming.value
    await download.save_as(tmp_path / "result.csv")
    written = (tmp_path / "result.csv").read_text("utf-8-sig")
    assert '"1";"Was bauen wir?";"Alle";"1";"Schwimmbad";"9";"34,6";"26"' in written
