"""The QR code and the poster that lead to a group's sign-up."""

import asyncio
import json
import re
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import segno
from aiohttp import ClientSession

from notify.domain.inbound import Word, command_of
from notify.settings import Settings
from tests.browser import chromium
from tests.town import Town
from tests.web.joiner import Browser

MakeGroup = Callable[..., Awaitable[int]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"public_url": "https://warnung.example", "twilio_account_sid": "AC1",
                "twilio_senders": ("+4915735980001@1",)}
    )  # fmt: skip


async def test_the_qr_code_is_an_svg_that_leads_to_the_group(
    site: ClientSession, group: MakeGroup
) -> None:
    await group("kita-sued")

    async with site.get("/join/kita-sued/qr.svg") as answer:
        body = await answer.text()

    assert answer.status == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "max-age" in answer.headers["cache-control"]
    root = ElementTree.fromstring(body)  # noqa: S314 - our own
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not re.search(r"<script|style=|onload|href", body)
    assert _modules(body) == _matrix("https://warnung.example/join/kita-sued")


def _matrix(url: str) -> list[list[int]]:
    return [[int(cell) for cell in row] for row in segno.make(url, error="m", micro=False).matrix]


def _modules(svg: str) -> list[list[int]]:
    """The dark modules that the drawing really has, read from its lines."""
    view = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    path = re.search(r'stroke="#000" d="([^"]+)"', svg) or re.search(
        r'd="([^"]+)"[^>]*stroke="#000"', svg
    )
    assert view
    assert path
    size = int(view[1]) - 8
    found = [[0] * size for _ in range(size)]
    x, y = 0.0, 0.0
    for step, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?:[ ,]?(-?[\d.]+))?", path[1]):
        if step == "M":
            x, y = float(first), float(second)
        elif step == "m":
            x, y = x + float(first), y + float(second)
        else:
            for n in range(int(first)):
                found[int(y) - 4][int(x) - 4 + n] = 1
            x += float(first)
    return found


async def test_the_poster_says_where_to_go_and_what_to_text(
    site: ClientSession, group: MakeGroup
) -> None:
    await group("kita-sued", sender_name="Kita Süd")
    german, english = Browser(site), Browser(site, language="en")

    await german.get("/join/kita-sued/poster")
    await english.get("/join/kita-sued/poster")

    for page in (german, english):
        assert page.status == 200
        assert 'src="/join/kita-sued/qr.svg"' in page.body
        assert "warnung.example/join/kita-sued" in page.body
        assert "+49 1573 5980001" in page.body
        assert "Kita Süd" in page.body
    assert "Gruppe kita-sued" in german.body
    for page, text in ((german, "MITMACHEN kita-sued"), (english, "JOIN kita-sued")):
        assert text in page.body
        command = command_of(text)  # what the poster says is what the number understands
        assert command is not None
        assert (command.word, command.rest) == (Word.JOIN, "kita-sued")


async def test_there_is_none_for_a_group_that_is_not_there(site: ClientSession) -> None:
    for path in ("/join/nix/qr.svg", "/join/nix/poster", "/join/../qr.svg"):
        async with site.get(path) as answer:
            assert answer.status == 404


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=50)


@pytest.mark.timeout(400)  # it may have to install the browser
async def test_the_poster_fits_on_one_sheet(
    site: ClientSession,
    town: Town,
    group: MakeGroup,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    await group("kita-sued", sender_name="Gemeinde Musterstadt an der Oberen Au")
    await town.change(
        "UPDATE groups SET about = %(about)s", about=json.dumps({"de": {"sends": "Wort " * 59}})
    )
    pdf = tmp_path / "poster.pdf"
    shared = tmp_path_factory.getbasetemp().parent
    browser = await asyncio.to_thread(chromium.path, shared)

    url = f"{site._base_url}/join/kita-sued/poster?lang=de"
    await asyncio.to_thread(
        _run,
        [browser, "--headless", "--no-sandbox", "--disable-gpu",
         f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer",
         f"--print-to-pdf={pdf}", url],
    )  # fmt: skip

    assert len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes())) == 1
