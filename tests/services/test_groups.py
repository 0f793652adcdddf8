"""Groups: made in a tree, reached by rule, each speaking for itself or as the one above."""

from uuid import uuid4

import pytest

from notify.domain.grants import OutOfReach, Reach
from notify.domain.groups import Group
from notify.errors import Conflict, Forbidden, Invalid, NotFound
from notify.services import groups
from notify.settings import Settings
from notify.store import groups as store
from notify.store.database import Database


async def make(db: Database, slug: str, parent: str | None = None, **more: object) -> Group:
    return await groups.create(db, slug=slug, names={"de": slug}, parent=parent, **more)  # type: ignore[arg-type]


async def district(db: Database) -> dict[str, Group]:
    """district > town > (kita, which carries the town's news; chess, which does not) > …"""
    made = [
        await make(db, "district"),
        await make(db, "town", "district"),
        await make(db, "kita", "town", carries_parent_news=True),
        await make(db, "bears", "kita", carries_parent_news=True),
        await make(db, "chess", "town"),
        await make(db, "juniors", "chess", carries_parent_news=True),
        await make(db, "elsewhere"),
    ]
    return {group.slug: group for group in made}


async def test_a_group_is_made_with_names_and_a_parent(db: Database) -> None:
    await make(db, "town")

    group = await groups.create(
        db, slug="kita-sued", names={"DE": " Kita Süd ", "en": "South"}, parent="town", closed=True
    )

    assert (group.parent, group.names, group.closed) == (
        "town",
        {"de": "Kita Süd", "en": "South"},
        True,
    )
    assert group.name("uk", default="en") == "South"
    assert group.name("uk", default="tr") == "Kita Süd"


@pytest.mark.parametrize(
    "slug",
    [
        pytest.param("", id="empty"),
        pytest.param("Town", id="capital"),
        pytest.param("süd", id="umlaut"),
        pytest.param("-town", id="hyphen first"),
        pytest.param("a b", id="space"),
        pytest.param("town\n", id="line break"),
        pytest.param("t" * 64, id="too long"),
    ],
)
async def test_a_bad_slug_is_refused_with_what_a_good_one_is(db: Database, slug: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await make(db, slug)

    assert refusal.value.field == "slug"
    assert "kita-sued" in refusal.value.message


async def test_a_slug_is_taken_once(db: Database) -> None:
    await make(db, "town")

    with pytest.raises(Conflict) as refusal:
        await make(db, "town")

    assert refusal.value.ids == {"group": "town"}


async def test_an_unknown_parent_is_named_as_the_trouble(db: Database) -> None:
    with pytest.raises(Invalid) as refusal:
        await make(db, "kita", "nowhere")

    assert refusal.value.field == "parent"


@pytest.mark.parametrize(
    ("names", "identity", "field"),
    [
        pytest.param({}, {}, "name", id="no name"),
        pytest.param({"de": " "}, {}, "name", id="blank name"),
        pytest.param({"de!": "Stadt"}, {}, "name.de!", id="no language"),
        pytest.param({"de": "Stadt\nBcc: x"}, {}, "name.de", id="line break"),
        pytest.param({"de": "Stadt"}, {"logo": "x"}, "identity.logo", id="unknown key"),
        pytest.param({"de": "Stadt"}, {"mail_from": "x"}, "identity.mail_from", id="mailbox"),
        pytest.param({"de": "Stadt"}, {"colour": "red"}, "identity.colour", id="colour"),
        pytest.param({"de": "Stadt"}, {"imprint": " "}, "identity.imprint", id="nothing"),
        pytest.param(
            {"de": "Stadt"}, {"sender_name": "a\r\nb"}, "identity.sender_name", id="header"
        ),
    ],
)
async def test_what_a_group_may_not_be_called_or_carry(
    db: Database, names: dict[str, str], identity: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await groups.create(db, slug="town", names=names, identity=identity)

    assert refusal.value.field == field


async def test_a_grant_reaches_its_group_and_those_below_only(db: Database) -> None:
    tree = await district(db)
    town = tree["town"].id

    made = await make(db, "choir", "kita", within=town)

    assert made.parent == "kita"
    for parent in ("district", "elsewhere", None):
        with pytest.raises(Forbidden):
            await make(db, "new", parent, within=town)
    seen = [group.slug for group in await groups.tree(db, within=town)]
    assert seen == ["town", "chess", "juniors", "kita", "bears", "choir"]


async def test_the_tree_lists_parents_before_children(db: Database) -> None:
    await district(db)

    listed = [group.slug for group in await groups.tree(db)]

    assert listed == ["district", "town", "chess", "juniors", "kita", "bears", "elsewhere"]


@pytest.mark.parametrize(
    ("alert", "reached"),
    [
        pytest.param(True, {"town", "kita", "bears", "chess", "juniors"}, id="alert: all below"),
        pytest.param(
            False, {"town", "kita", "bears"}, id="news: an unbroken chain that carries it"
        ),
    ],
)
async def test_whom_a_broadcast_to_a_group_asks(
    db: Database, alert: bool, reached: set[str]
) -> None:
    tree = await district(db)

    async with db.transaction() as connection:
        ids = await store.audience(connection, group_ids=[tree["town"].id], alert=alert)

    assert set(ids) == {tree[slug].id for slug in reached}
    assert len(ids) == len(set(ids))


async def test_the_nearest_group_says_who_speaks_and_the_town_where_none_does(
    db: Database, settings: Settings
) -> None:
    await make(db, "town", identity={"sender_name": "Stadt", "imprint": "Rathaus"})
    kita = await make(db, "kita", "town", identity={"sender_name": "Kita", "colour": "#1A4F94"})
    other = await make(db, "other")

    async with db.transaction() as connection:
        speaks = await groups.identity(connection, [kita.id, other.id], settings=settings)
        town = await groups.identity(connection, [other.id], settings=settings)

    assert (speaks.sender_name, speaks.imprint) == ("Kita", "Rathaus")
    assert (speaks.mail_from, speaks.colour) == (settings.mail_from, "#1a4f94")
    assert (town.sender_name, town.imprint) == (settings.town, None)


async def test_a_group_says_that_its_news_need_approval_and_that_it_is_for_drills(
    db: Database,
) -> None:
    tree, vera = await district(db), uuid4()
    within = Reach(groups=frozenset({tree["town"].id}))

    await groups.need_approval(db, "kita", True, within=within, by=vera)
    await groups.mark_drill(db, "kita", True, within=within, by=vera)
    async with db.transaction() as connection:
        kita = await store.by_slug(connection, "kita")
        log = await connection.rows(
            "SELECT staff_id, deed, about FROM audit WHERE staff_id IS NOT NULL ORDER BY id"
        )
    assert kita is not None
    assert (kita.news_need_approval, kita.drill) == (True, True)
    assert [(line["staff_id"], line["deed"], line["about"]) for line in log] == [
        (vera, "group.approval", {"group": "kita", "needed": "True"}),
        (vera, "group.drill", {"group": "kita", "drill": "True"}),
    ]

    await groups.need_approval(db, "kita", False)
    await groups.mark_drill(db, "kita", False)
    async with db.transaction() as connection:
        kita = await store.by_slug(connection, "kita")
    assert kita is not None
    assert (kita.news_need_approval, kita.drill) == (False, False)


@pytest.mark.parametrize(("slug", "error"), [("elsewhere", OutOfReach), ("nowhere", NotFound)])
async def test_whoever_does_not_reach_a_group_says_nothing_for_it(
    db: Database, slug: str, error: type[Exception]
) -> None:
    tree = await district(db)
    within = Reach(groups=frozenset({tree["district"].id}))

    with pytest.raises(error):
        await groups.need_approval(db, slug, True, within=within)
    with pytest.raises(error):
        await groups.mark_drill(db, slug, True, within=within)

    assert not any(group.drill or group.news_need_approval for group in await groups.tree(db))
