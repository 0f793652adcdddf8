"""Keys of programs: shown once, kept as a hash, ended at once."""

import pytest

from notify.domain.scopes import Scope
from notify.errors import Forbidden, NotFound
from notify.services import keys
from notify.store.database import Database
from tests.town import Town


async def test_a_key_is_recognised_and_kept_only_as_a_hash(town: Town) -> None:
    group = await town.group("village")
    token = await keys.create(
        town.db, name="alarm box", scopes=[Scope.BROADCASTS_READ], group="village"
    )

    key = await keys.recognise(town.db, token)

    assert key is not None
    assert (key.name, key.scopes, key.group_id) == (
        "alarm box", frozenset({"broadcasts:read"}), group,
    )  # fmt: skip
    (row,) = await town.rows("SELECT * FROM keys")
    assert token not in str(row)
    assert len(row["hash"]) == 32


@pytest.mark.parametrize("token", ["", "notify_", "\0", "\ud7ff", "x" * 10_000])
async def test_what_is_no_key_is_not_recognised(db: Database, token: str) -> None:
    assert await keys.recognise(db, token) is None


async def test_a_revoked_key_is_over_at_once_and_revoked_only_once(db: Database) -> None:
    token = await keys.create(db, name="x", scopes=[], group=None)
    (row,) = await keys.every(db)

    await keys.revoke(db, row["id"])

    assert await keys.recognise(db, token) is None
    with pytest.raises(NotFound, match="notify key list"):
        await keys.revoke(db, row["id"])


async def test_a_key_at_an_unknown_group_is_not_made(db: Database) -> None:
    with pytest.raises(NotFound):
        await keys.create(db, name="x", scopes=[], group="nowhere")

    assert await keys.every(db) == []


async def test_a_key_is_asked_for_its_scope(db: Database) -> None:
    token = await keys.create(db, name="x", scopes=[Scope.GROUPS_WRITE], group=None)
    key = await keys.recognise(db, token)
    assert key is not None

    key.require(Scope.GROUPS_WRITE)
    with pytest.raises(Forbidden, match="alerts:send"):
        key.require(Scope.ALERTS_SEND)
