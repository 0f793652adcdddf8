"""The Twilio library's requests over our client."""

import pytest

from channels.twilio_http import TwilioHttp, Unreachable
from tests.channels.twilio_double import gateway, reply


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("api.twilio.com", id="no scheme"),
        pytest.param("ftp://api.twilio.com", id="another scheme"),
        pytest.param("https://", id="no host"),
    ],
)
def test_an_address_that_cannot_be_called_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="Twilio API URL"):
        TwilioHttp(base_url=url, timeout=1, connections=1)


async def test_every_host_becomes_the_one_that_was_set() -> None:
    async with gateway(reply(200, {"ok": 1})) as twilio:
        http = TwilioHttp(base_url=f"{twilio.url}/sandbox/", timeout=5, connections=1)
        answer = await http.request(
            "GET", "https://elsewhere.example/a.json?x=%2B1", params={"y": "+2"}
        )
        await http.close()

    assert (answer.status_code, answer.text) == (200, '{"ok": 1}')
    assert twilio.asked[0].target == "/sandbox/a.json?x=%2B1&y=%2B2"


async def test_a_client_that_was_closed_can_be_used_again() -> None:
    async with gateway(reply(200, {})) as twilio:
        http = TwilioHttp(base_url=twilio.url, timeout=5, connections=1)
        await http.close()
        await http.request("GET", "https://api.twilio.com/a.json")
        await http.close()
        await http.close()

    assert len(twilio.asked) == 1


async def test_closing_before_the_first_request_is_harmless() -> None:
    http = TwilioHttp(base_url="http://127.0.0.1:1", timeout=1, connections=1)

    await http.close()

    with pytest.raises(Unreachable):
        await http.request("GET", "https://api.twilio.com/a.json")
    await http.close()
