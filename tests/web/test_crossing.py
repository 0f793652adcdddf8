"""What another site has a browser post is refused; what our own pages post is not."""

import aiohttp
import pytest

from notify.settings import Settings


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"public_url": "https://notify.example"})


async def _posted(site: aiohttp.ClientSession, path: str, **headers: str) -> int:
    async with site.post(path, data={"a": "b"}, headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="a program"),
        pytest.param({"Sec-Fetch-Site": "same-origin"}, id="our page"),
        pytest.param({"Sec-Fetch-Site": "none"}, id="the reader"),
        pytest.param({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, id="our page, shy"),
        pytest.param({"Origin": "https://notify.example"}, id="our page, older browser"),
        pytest.param({"Origin": "https://NOTIFY.example:443"}, id="written otherwise"),
    ],
)
async def test_what_our_pages_post_is_taken(
    site: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    assert await _posted(site, "/confirm/none", **headers) == 404


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a neighbour"),
        pytest.param(
            {"Sec-Fetch-Site": "cross-site", "Origin": "https://notify.example"}, id="at odds"
        ),
        pytest.param({"Sec-Fetch-Site": "surprise"}, id="unknown"),
        pytest.param({"Origin": "https://evil.example"}, id="another origin"),
        pytest.param({"Origin": "http://notify.example"}, id="without TLS"),
        pytest.param({"Origin": "https://notify.example:8443"}, id="another port"),
        pytest.param({"Origin": "https://notify.example.evil.example"}, id="looks alike"),
        pytest.param({"Origin": "null"}, id="hidden"),
        pytest.param({"Origin": ""}, id="empty"),
        pytest.param({"Origin": "https://[::"}, id="broken"),
    ],
)
async def test_what_another_site_posts_is_refused(
    site: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    assert await _posted(site, "/confirm/none", **headers) == 403


async def test_reading_is_never_refused(site: aiohttp.ClientSession) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    async with site.get("/", headers=headers) as answer:
        assert answer.status == 200


async def test_what_needs_no_cookie_may_come_from_anywhere(
    site: aiohttp.ClientSession,
) -> None:
    cross = {"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example"}

    assert await _posted(site, "/leave/none", **cross) == 404
    assert await _posted(site, "/api/v1/residents", **cross) == 401
    assert await _posted(site, "/hooks/push/none", **cross) == 403  # its own refusal: forged
    async with site.post("/hooks/push/none", headers=cross) as answer:
        assert "another site" not in await answer.text()


async def test_without_the_guard_the_post_goes_through(
    site: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above would notice."""
    monkeypatch.setattr("notify.web.crossing.EXEMPT", ("/",))

    assert await _posted(site, "/confirm/none", **{"Sec-Fetch-Site": "cross-site"}) == 404
