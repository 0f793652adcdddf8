"""People who come to the town of a scene and do something there, before a browser's eyes."""

from itertools import count
from typing import Final
from uuid import UUID

from playwright.async_api import Page

from notify.bootstrap import App
from notify.domain.residents import JudgedAddress
from notify.domain.words import Channel
from notify.services import signing_up, visiting
from notify.services.signing_up import Agreed, SignUp
from tests.browser.looking import Visits
from tests.browser.places import Scene
from tests.town import Town
from tests.web.joiner import latest_code

_NUMBERS: Final = count(1)


class Stage:
    """The town of a scene, for people who speak `language`. Each is made anew, so that nothing they
    do changes what others see."""

    def __init__(self, app: App, scene: Scene, visits: Visits, language: str) -> None:
        self.app = app
        self.scene = scene
        self.visits = visits
        self.language = language
        self.town = Town(app.db, app.keyring, app.settings)

    async def open(self, path: str, who: UUID | None = None) -> Page:
        """A page, in the session of somebody if they are known."""
        word = None
        if who is not None:
            async with self.app.db.transaction() as connection:
                word = await visiting.open_(connection, who)
        return await self.visits.open(path, language=self.language, session=word)

    async def groups(self, *slugs: str) -> list[int]:
        rows = await self.town.rows("SELECT id FROM groups WHERE slug = ANY(%(s)s)", s=list(slugs))
        return [row["id"] for row in rows]

    async def resident(self, *groups: str, state: str = "proven") -> UUID:
        """Somebody who follows the groups by mail."""
        return await self.town.resident(
            *await self.groups(*groups), email=new_mail(), language=self.language, state=state,
            alerts=["email"], news=["email"],
        )  # fmt: skip

    async def busy_resident(self) -> UUID:
        """Somebody about whom there is something on every page."""
        who = await self.town.resident(
            *await self.groups("musterstadt", "altstadt"), language=self.language,
            email="anna.mit-einem-langen-namen" + new_mail(), phone=new_phone(),
            push=[f"https://fcm.googleapis.com/{next(_NUMBERS)}"], alerts=["email"],
        )  # fmt: skip
        for change in _BUSY:
            await self.town.change(change, id=who, mail=new_mail(), news=self.scene.news)
        async with self.app.db.transaction() as connection:
            await visiting.open_(connection, who)
        return who

    async def address(self, who: UUID) -> int:
        rows = await self.town.rows("SELECT id FROM addresses WHERE resident_id = %(id)s", id=who)
        return int(rows[0]["id"])

    async def sign_up(self, *channels: Channel, alerts: list[Channel]) -> tuple[Page, list[str]]:
        """The page on which a newcomer types codes, and the addresses these go to."""
        made = {Channel.EMAIL: new_mail, Channel.SMS: new_phone}
        addresses = [JudgedAddress(channel, made[channel]()) for channel in channels]
        agreed = Agreed("Ich will das.", "1", self.language, "/join")
        wanted = SignUp(
            groups=await self.groups("musterstadt", "kita"), addresses=addresses, alerts=alerts,
            news=[Channel.EMAIL], agreed=agreed, language=self.language,
        )  # fmt: skip
        word = await signing_up.begin(
            self.app.db, self.app.keyring, settings=self.app.settings, wanted=wanted
        )
        page = await self.visits.open("/join/code", language=self.language, session=word)
        return page, [address.value for address in addresses]

    async def digits(self, value: str) -> str:
        return (await latest_code(self.app.db, self.app.keyring, value))[1]


_BUSY: Final = (
    """UPDATE subscriptions SET alerts = '{}' WHERE resident_id = %(id)s
    AND group_id IN (SELECT id FROM groups WHERE slug = 'altstadt')""",
    """INSERT INTO addresses (resident_id, channel, value, hash, state)
    VALUES (%(id)s, 'email', %(mail)s, 'x', 'asked')""",
    """INSERT INTO suppressions (channel, hash, reason) SELECT channel, hash, 'opted_out'
    FROM addresses WHERE resident_id = %(id)s AND channel = 'sms'""",
    """INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version, channel, lane,
      language, status)
    SELECT %(news)s, resident_id, id, version, channel, 'bulk', 'de',
      CASE channel WHEN 'email' THEN 'delivered' ELSE 'expired' END
    FROM addresses WHERE resident_id = %(id)s AND state = 'proven'""",
)


def new_mail() -> str:
    return f"anna{next(_NUMBERS)}@example.org"


def new_phone() -> str:
    return f"+49151123{next(_NUMBERS):05}"
