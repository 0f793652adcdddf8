"""`notify poll count`, `close` and `list`, as an operator types them."""

import asyncio
import json
import logging
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from channels.vapid import make_vapid_key
from notify.cli import app
from notify.domain.poll import How
from tests.conftest import SECRET
from tests.polled import NAMED, poll
from tests.town import Town


@pytest.fixture(autouse=True)
def environment(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # the commands set their own
    monkeypatch.setenv("NOTIFY_DATABASE_URL", database_url)
    monkeypatch.setenv("NOTIFY_SECRET_KEYS", SECRET)
    monkeypatch.setenv("NOTIFY_VAPID_PRIVATE_KEY", make_vapid_key())
    monkeypatch.setenv("NOTIFY_REDIS_URL", "redis://127.0.0.1:1")


async def notify(*words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["poll", *words])


async def test_the_result_is_printed_and_the_same_each_time(town: Town) -> None:
    polled = await poll(town, {"north": 12, "south": 11})
    await polled.all_vote(polled.voters["north"], 1, 1)
    await polled.all_vote(polled.voters["south"][:10], 1, 2)
    for voter in polled.everybody[:12]:
        await polled.vote(voter, 3, 4, how=How.MAIL)

    done = await notify("count", str(polled.id))

    assert done.exit_code == 0, done.output
    out = done.stdout
    assert "Sturm: secret, open until" in out
    assert "22 of 23 took part" in out
    assert "12 by the personal link in a mail" in out
    assert "1. Was bauen wir? (22 answered)" in out
    assert "1. north (12 answered)" in out
    assert "Mean 4, median 4" in out
    (pool,) = (line for line in out.splitlines() if "Schwimmbad" in line and " 55 " in line)
    assert pool.split()[-4:] == ["12", "│", "55", "│"]
    assert (await notify("count", str(polled.id))).stdout == out


async def test_what_a_few_said_of_a_secret_poll_is_not_printed(town: Town) -> None:
    polled = await poll(town, {"town": 20})
    await polled.all_vote(polled.everybody[:3], 1, 1)

    out = (await notify("count", str(polled.id))).stdout
    found = json.loads((await notify("count", str(polled.id), "--json")).stdout)

    assert "Not told yet: fewer than ten have answered." in out
    assert found["questions"][0] | {"ask": 0} == {
        "number": 1, "shape": "single", "ask": 0, "withheld": True, "answered": 3,
        "choices": [], "mean": None, "median": None, "groups": [],
    }  # fmt: skip


async def test_a_program_gets_all_of_it(town: Town) -> None:
    polled = await poll(town, {"town": 3}, ask=NAMED)
    await polled.vote(polled.everybody[0], 1, 2)
    await polled.vote(polled.everybody[1], 2, 1, 4, how=How.DESK)

    found = json.loads((await notify("count", str(polled.id), "--json")).stdout)

    assert (found["broadcast_id"], found["secret"]) == (str(polled.id), False)
    assert (found["asked"], found["answered"], found["closed_at"]) == (3, 2, None)
    assert "T" in found["opened_at"]
    assert found["how"] == {"sms": 1, "mail": 0, "push": 0, "page": 0, "desk": 1}
    pool, days, grade = found["questions"]
    assert pool["choices"][1] == {
        "number": 2, "n": 1, "share": 100.0, "options": {"de": "Bücherei", "en": "Library"},
    }  # fmt: skip
    assert [choice["n"] for choice in days["choices"]] == [1, 0, 0, 1]
    assert [choice["number"] for choice in grade["choices"]] == [1, 2, 3, 4, 5]


async def test_it_is_closed_once_and_written_down(town: Town) -> None:
    polled = await poll(town, {"town": 1})

    first, second = await notify("close", str(polled.id)), await notify("close", str(polled.id))

    assert (first.exit_code, first.stdout) == (0, "Closed.\n")
    assert second.exit_code == 1
    assert "closed already" in second.output
    assert "closed 20" in (await notify("count", str(polled.id))).stdout
    lines = await town.rows("SELECT staff_id, about FROM audit WHERE deed = 'poll.closed'")
    assert [(row["staff_id"], row["about"]) for row in lines] == [
        (None, {"broadcast": str(polled.id)})
    ]


async def test_polls_are_listed(town: Town) -> None:
    assert (await notify("list")).stdout == "No polls.\n"
    old = await poll(town, {"town": 2})
    await notify("close", str(old.id))
    new = await poll(town, {"town": 4})
    await new.vote(new.everybody[0], 1, 1)
    await town.change("UPDATE broadcasts SET texts = jsonb_set(texts, '{de,title}', %(t)s::jsonb)"
                      " WHERE id = %(id)s", id=new.id, t=json.dumps("Was\x1b[2J?"))  # fmt: skip

    first, second = (await notify("list")).stdout.splitlines()

    assert first.startswith(f"{new.id}  ")
    assert "  open until " in first
    assert first.endswith("  1 of 4  Was·[2J?")
    assert second.endswith("  closed  0 of 2  Sturm")
    found = json.loads((await notify("list", "--json")).stdout)
    assert [(row["asked"], row["answered"]) for row in found] == [(4, 1), (2, 0)]
    assert all("T" in row["opened_at"] for row in found)


@pytest.mark.parametrize("deed", ["count", "close"])
async def test_what_is_no_poll_is_told_plainly(town: Town, deed: str) -> None:
    done = await notify(deed, str(uuid4()))
    assert done.exit_code == 1
    assert "or it has not begun yet" in done.output
