"""A real installation is backed up while it runs, and brought back whole or not at all."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from notify.domain.keyring import Keyring
from notify.embedded.backup_file import DUMP, MANIFEST, SECRETS, Manifest, opened, written
from notify.embedded.process import running
from notify.embedded.secrets import with_secrets
from notify.embedded.servers import Embedded
from notify.errors import Conflict, Invalid, Misconfigured
from notify.services import backing_up, restoring
from notify.settings import Settings
from notify.store.database import Database
from notify.store.migrate import migrate, pending
from tests.journeys.processes import until
from tests.town import Town

pytestmark = pytest.mark.timeout(240)

PHONE = "+4915112345678"
OLDER = """
DROP TRIGGER polls_published ON polls;
DROP TABLE ballots, voters, polls;
DROP INDEX inbound_erase;
ALTER TABLE inbound DROP COLUMN erase_due, DROP COLUMN erase_tries;
ALTER TABLE broadcasts DROP COLUMN asks;
ALTER TABLE broadcasts DROP COLUMN approvers_reminders;
DROP INDEX broadcasts_overtaken;
ALTER TABLE broadcasts DROP COLUMN overtaken_told_at;
DROP TABLE answers;
DROP INDEX inbound_sender, inbound_waiting, inbound_handled_by;
ALTER TABLE inbound DROP COLUMN assigned_to, DROP COLUMN handled_by;
ALTER TABLE notes DROP COLUMN staff_id;
DROP TRIGGER broadcasts_returned ON broadcasts;
DROP FUNCTION tell_approvers_again;
ALTER TABLE broadcasts DROP COLUMN approvers_told_at, DROP COLUMN approvers_reminded_at,
  DROP COLUMN approvers_capped_at;
DROP TABLE broken_glass, template_approvals, template_versions, templates;
DROP FUNCTION keep_template_version;
DROP TABLE imports;
DROP INDEX audit_deed, audit_staff, audit_at;
ALTER TABLE keys DROP COLUMN used_at, DROP COLUMN made_by;
ALTER TABLE broadcasts DROP COLUMN drill, DROP COLUMN editors;
ALTER TABLE groups DROP COLUMN drill, DROP COLUMN news_need_approval;
DROP TABLE drafts, audit;
DROP FUNCTION keep_audit;
DROP TABLE decisions, staff_sessions, recovery_codes, invitations, grants, staff;
ALTER TABLE notes DROP CONSTRAINT notes_kind_check, ADD CONSTRAINT notes_kind_check
  CHECK (kind IN ('confirm', 'ring', 'code', 'reply', 'trial', 'request'));
ALTER TABLE inbound DROP CONSTRAINT inbound_say_check;
DROP INDEX residents_quiet;
DROP FUNCTION quiet_end;
DROP TABLE feedback;
DROP TRIGGER groups_published ON groups;
DROP INDEX broadcasts_at;
ALTER TABLE groups DROP COLUMN about;
DROP INDEX subscriptions_requested, addresses_unproven;
DROP INDEX addresses_asked;
ALTER TABLE inbound DROP COLUMN say, DROP COLUMN answered_at, DROP CONSTRAINT inbound_word_check,
  ADD CONSTRAINT inbound_word_check CHECK (word IN ('stop', 'start'));
DROP INDEX addresses_ended;
ALTER TABLE receipts DROP CONSTRAINT receipts_report_check,
  ADD CONSTRAINT receipts_report_check CHECK (report IN
    ('sent', 'delivered', 'failed', 'delayed', 'complained'));
DROP TABLE codes, sessions, sms_asked;
DROP INDEX addresses_live_value, addresses_one_live, residents_newcomers;
ALTER TABLE addresses DROP COLUMN live, DROP CONSTRAINT addresses_state_check,
  ADD CONSTRAINT addresses_state_check CHECK (state IN ('unverified', 'proven', 'gone'));
CREATE UNIQUE INDEX addresses_live_value ON addresses (channel, value) WHERE state <> 'gone';
CREATE UNIQUE INDEX addresses_one_live ON addresses (resident_id, channel)
  WHERE state <> 'gone' AND channel <> 'push';
ALTER TABLE subscriptions DROP CONSTRAINT subscriptions_state_check,
  ADD CONSTRAINT subscriptions_state_check CHECK (state IN ('active', 'requested'));
ALTER TABLE residents DROP COLUMN newcomer_until, DROP COLUMN quiet_from, DROP COLUMN quiet_until;
ALTER TABLE consents DROP COLUMN channel, DROP COLUMN language, DROP COLUMN wording,
  DROP COLUMN version, DROP CONSTRAINT consents_source_check,
  ADD CONSTRAINT consents_source_check CHECK (source IN ('import', 'api', 'page'));
DROP TABLE page_stamp;
DROP FUNCTION renew_page_stamp CASCADE;
DROP INDEX broadcasts_ends;
ALTER TABLE clock_mark DROP COLUMN steady_since;
DROP INDEX notes_over, deliveries_note, receipts_stray;
ALTER TABLE broadcasts DROP COLUMN forgotten_at, DROP COLUMN forgotten_through;
DROP TRIGGER deliveries_erased ON deliveries;
DROP FUNCTION count_erased;
DROP TABLE watch, tellings, alarms, rings;
ALTER TABLE notes DROP CONSTRAINT notes_kind_check,
  ADD CONSTRAINT notes_kind_check CHECK (kind IN ('confirm'));
DROP TABLE inbound, inbound_counts, inbound_pulls;
DROP FUNCTION sms_left;
DROP FUNCTION group_line;
DROP TABLE sms_spent;
ALTER TABLE groups DROP COLUMN sms_cap;
ALTER TABLE broadcasts DROP COLUMN sms_segments;
DELETE FROM _yoyo_migration WHERE migration_id >= '0009'
"""
SLOW = """
import signal, time
# Whoever started the tests may have had them go on without a terminal.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from notify import cli
from notify.services import backing_up
real = backing_up.dumping.dump
def waits(done, whole):
    print("in", flush=True)
    time.sleep(60)
backing_up.dumping.dump = lambda *words, progress, **more: real(*words, progress=waits, **more)
cli.main()
"""
WAITS = """
import sys, time
from pathlib import Path
from notify.services.restoring import restore
from notify.settings import Settings
def progress(done, whole):
    if (Path(sys.argv[1]) / "restoring" / "postgres" / "postmaster.pid").exists():
        print("in", flush=True)
        time.sleep(60)
restore(Settings(data_dir=Path(sys.argv[1])), Path(sys.argv[2]), replace=True, progress=progress)
"""


def quiet(done: int, whole: int) -> None:
    pass


def ask(url: str, query: str) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


@dataclass(frozen=True)
class Installation:
    """One that runs, with three readers of whom one is suppressed, and an alert under way."""

    settings: Settings
    url: str
    keyring: Keyring


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="cn-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def source(ground: Path) -> Iterator[Installation]:
    settings = Settings(data_dir=ground / "Gemeinde Süd 1" / ".notify")
    with Embedded(settings.data_dir, redis=False) as servers:
        settings = with_secrets(settings)
        migrate(servers.database_url)
        keyring = Keyring([key.get_secret_value() for key in settings.secret_keys])
        asyncio.run(_settle_in(servers.database_url, keyring, settings))
        yield Installation(Settings(data_dir=settings.data_dir), servers.database_url, keyring)


async def _settle_in(url: str, keyring: Keyring, settings: Settings) -> None:
    db = Database(url, size=2)
    await db.open()
    town = Town(db, keyring, settings)
    await town.readers(3)
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason) VALUES ('sms', %(hash)s, 'opted_out')",
        hash=keyring.address_hash("sms", PHONE),
    )
    await town.broadcast("town")
    await town.plan()
    await db.close()


@pytest.fixture(scope="module")
def backup(source: Installation, ground: Path) -> Path:
    path = ground / "town.backup"
    backing_up.back_up(source.settings, path, progress=quiet)
    return path


@pytest.fixture(scope="module")
def established(ground: Path) -> Path:
    """A data folder with data of its own that nobody uses at the moment."""
    data_dir = ground / "established"
    with Embedded(data_dir, redis=False) as servers:
        migrate(servers.database_url)
        with_secrets(Settings(data_dir=data_dir))
        ask(servers.database_url, "INSERT INTO groups (slug, names) VALUES ('own', '{}')")
    return data_dir


def altered(backup: Path, path: Path, *, dump: bytes | None = None, **change: Any) -> Path:
    """A whole backup whose manifest says something else, or whose dump is another."""
    with opened(backup, progress=quiet) as whole, written(path) as draft:
        with draft.member(DUMP) as write:
            for piece in [dump] if dump is not None else whole.dump():
                write(piece)
        draft.add(SECRETS, whole.secrets.model_dump_json())
        told = whole.manifest.model_dump() | {"members": draft.members} | change
        draft.add(MANIFEST, Manifest.model_validate(told).model_dump_json())
    return path


def test_a_backup_is_made_while_others_write_and_holds_one_moment(
    source: Installation, tmp_path: Path
) -> None:
    with psycopg.connect(source.url) as other:
        other.execute("INSERT INTO residents (language) VALUES ('de')")  # and not committed

        made = backing_up.back_up(source.settings, tmp_path / "one", progress=quiet)

        other.rollback()
    assert (made.manifest.counts["residents"], made.manifest.counts["deliveries"]) == (3, 3)
    assert restoring.check(tmp_path / "one", progress=quiet) == made.manifest
    assert made.bytes == (tmp_path / "one").stat().st_size
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o600


def test_ctrl_c_in_the_middle_of_a_backup_leaves_nothing_behind(
    source: Installation, tmp_path: Path
) -> None:
    def interrupt(done: int, whole: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backing_up.back_up(source.settings, tmp_path / "one", progress=interrupt)

    assert list(tmp_path.iterdir()) == []
    left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump'"
    assert ask(source.url, left) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_whoever_is_told_to_end_in_the_middle_of_a_backup_leaves_nothing_behind(
    source: Installation, tmp_path: Path, number: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, "backup", str(tmp_path / "one")], stdout=subprocess.PIPE,
        env=os.environ | {"NOTIFY_DATA_DIR": str(source.settings.data_dir)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"in\n"
        assert len(list(tmp_path.iterdir())) == 1
        process.send_signal(number)

    assert process.returncode == 128 + number
    assert list(tmp_path.iterdir()) == []


def test_where_there_is_no_data_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no data"):
        backing_up.back_up(Settings(data_dir=tmp_path / "a"), tmp_path / "one", progress=quiet)

    assert list(tmp_path.iterdir()) == []


def test_a_database_of_ones_own_is_left_to_its_own_tools(
    settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(Misconfigured, match="notify hold"):
        backing_up.back_up(settings, tmp_path / "one", progress=quiet)
    with pytest.raises(Misconfigured, match="notify hold"):
        restoring.restore(settings, tmp_path / "one", replace=True, progress=quiet)


def test_what_was_backed_up_comes_back_with_its_secrets_and_is_held(
    source: Installation, backup: Path, ground: Path
) -> None:
    data_dir = ground / "new town"
    data_dir.mkdir(mode=0o700)
    if os.geteuid() == 0:  # for an ordinary user, to whom all of it must belong
        os.chown(data_dir, 65534, 65534)
    seen: list[tuple[int, int]] = []

    done = restoring.restore(
        Settings(data_dir=data_dir), backup, replace=False,
        progress=lambda done, whole: seen.append((done, whole)),
    )  # fmt: skip

    assert done.kept is None
    assert [row["held_why"] for row in done.holding.held] == ["under_way"]
    assert [row["pending"] for row in done.holding.held] == [3]
    assert seen[-1][0] == seen[-1][1]
    kept = with_secrets(Settings(data_dir=data_dir))
    assert kept.vapid_private_key == with_secrets(source.settings).vapid_private_key
    (key,) = kept.secret_keys
    with Embedded(data_dir, redis=False) as servers:
        digest = Keyring([key.get_secret_value()]).address_hash("sms", PHONE)
        assert ask(servers.database_url, "SELECT hash FROM suppressions") == digest
        assert ask(servers.database_url, "SELECT count(*) FROM deliveries") == 3
        assert pending(servers.database_url) == []
    assert {path.stat().st_uid for path in data_dir.rglob("*")} == {data_dir.stat().st_uid}
    assert {path.name for path in data_dir.iterdir()} >= {"postgres", "secrets.json"}
    assert not list(data_dir.glob("before-*"))
    assert not (data_dir / "restoring").exists()


def test_while_the_service_runs_nothing_is_replaced(source: Installation, backup: Path) -> None:
    with pytest.raises(Conflict, match="Stop all of it"):
        restoring.restore(source.settings, backup, replace=True, progress=quiet)

    assert ask(source.url, "SELECT count(*) FROM residents") == 3


def interrupted(backup: Path, folder: Path) -> tuple[Path, Callable[[int, int], None]]:
    def interrupt(done: int, whole: int) -> None:
        if (folder / "restoring" / "postgres" / "postmaster.pid").exists():
            raise KeyboardInterrupt

    return backup, interrupt


def rows_missing(backup: Path, folder: Path) -> tuple[Path, Callable[[int, int], None]]:
    counts = restoring.check(backup, progress=quiet).counts
    path = folder.parent / "rows-missing"
    path.unlink(missing_ok=True)
    return altered(backup, path, counts={**counts, "residents": 4}), quiet


def no_dump(backup: Path, folder: Path) -> tuple[Path, Callable[[int, int], None]]:
    path = folder.parent / "no-dump"
    path.unlink(missing_ok=True)
    return altered(backup, path, dump=b"PGDMP" * 1000), quiet


def newer(backup: Path, folder: Path) -> tuple[Path, Callable[[int, int], None]]:
    path = folder.parent / "newer"
    path.unlink(missing_ok=True)
    return altered(backup, path, migrations=("0001-people", "9999-polls")), quiet


def newer_postgres(backup: Path, folder: Path) -> tuple[Path, Callable[[int, int], None]]:
    path = folder.parent / "newer-postgres"
    path.unlink(missing_ok=True)
    return altered(backup, path, postgres=99), quiet


def cut_off(backup: Path, folder: Path) -> tuple[Path, Callable[[int, int], None]]:
    path = folder.parent / "cut-off"
    path.write_bytes(backup.read_bytes()[:-100])
    return path, quiet


@pytest.mark.parametrize(
    ("trouble", "problem", "words"),
    [
        pytest.param(interrupted, KeyboardInterrupt, None, id="Ctrl-C"),
        pytest.param(rows_missing, Invalid, "rows are missing", id="rows missing"),
        pytest.param(no_dump, Invalid, "pg_restore failed", id="no dump"),
        pytest.param(newer, Invalid, "newer version", id="newer schema"),
        pytest.param(newer_postgres, Invalid, "newer version", id="newer PostgreSQL"),
        pytest.param(cut_off, Invalid, "no whole backup", id="cut off"),
    ],
)
def test_a_restore_that_fails_changes_nothing(
    established: Path,
    backup: Path,
    trouble: Callable[[Path, Path], tuple[Path, Callable[[int, int], None]]],
    problem: type[BaseException],
    words: str | None,
) -> None:
    before = {path.name for path in established.iterdir()}
    secrets = (established / "secrets.json").read_text()
    file, progress = trouble(backup, established)

    with pytest.raises(problem, match=words):
        restoring.restore(
            Settings(data_dir=established), file, replace=True, progress=progress
        )  # fmt: skip

    assert {path.name for path in established.iterdir()} == before
    assert (established / "secrets.json").read_text() == secrets
    with Embedded(established, redis=False) as servers:
        assert ask(servers.database_url, "SELECT slug FROM groups") == "own"


def test_a_restore_that_is_killed_changes_nothing_and_its_server_is_ended(
    established: Path, backup: Path
) -> None:
    beside = established / "restoring" / "postgres"
    with subprocess.Popen(
        [sys.executable, "-c", WAITS, str(established), str(backup)],
        stdout=subprocess.PIPE, cwd=Path(__file__).parents[2],
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"in\n"
        process.send_signal(signal.SIGKILL)
    orphan = running(beside / "postmaster.pid", beside)
    assert orphan is not None

    with Embedded(established, redis=False) as servers:
        assert ask(servers.database_url, "SELECT slug FROM groups") == "own"

    assert not beside.exists()
    until(lambda: not Path(f"/proc/{orphan}").exists())  # it is gone, and reaped in a moment


def test_data_that_are_there_are_replaced_only_when_asked_and_are_kept(
    backup: Path, ground: Path
) -> None:
    data_dir = ground / "replaced"
    settings = Settings(data_dir=data_dir)
    with Embedded(data_dir, redis=False) as servers:
        migrate(servers.database_url)
        with_secrets(settings)
        ask(servers.database_url, "INSERT INTO groups (slug, names) VALUES ('own', '{}')")

    with pytest.raises(Conflict, match="--replace"):
        restoring.restore(settings, backup, replace=False, progress=quiet)
    done = restoring.restore(settings, backup, replace=True, progress=quiet)

    assert done.kept is not None
    with Embedded(data_dir, redis=False) as servers:
        assert ask(servers.database_url, "SELECT slug FROM groups") == "town"
    again = ground / "again"
    again.mkdir()
    again.chmod(0o755)
    for kept in done.kept.iterdir():
        kept.rename(again / kept.name)
    with Embedded(again, redis=False) as servers:
        assert ask(servers.database_url, "SELECT slug FROM groups") == "own"
    assert (again / "secrets.json").read_text() != (data_dir / "secrets.json").read_text()


def test_an_older_schema_is_brought_up_to_date_and_damaged_data_are_put_aside(
    established: Path, ground: Path
) -> None:
    with Embedded(established, redis=False) as servers:
        with psycopg.connect(servers.database_url) as connection:
            connection.execute(OLDER.encode())
        made = backing_up.back_up(
            Settings(data_dir=established), ground / "old.backup", progress=quiet
        )
        migrate(servers.database_url)
    damaged = Settings(data_dir=ground / "damaged")
    (damaged.data_dir / "postgres").mkdir(parents=True)
    (damaged.data_dir / "postgres" / "PG_VERSION").write_text("15\n")

    with pytest.raises(Conflict, match="cannot be looked at"):
        restoring.restore(damaged, ground / "old.backup", replace=False, progress=quiet)
    done = restoring.restore(damaged, ground / "old.backup", replace=True, progress=quiet)

    assert "0009-sms-cap" not in made.manifest.migrations
    assert done.kept is not None
    assert (done.kept / "postgres" / "PG_VERSION").read_text() == "15\n"
    with Embedded(damaged.data_dir, redis=False) as servers:
        assert pending(servers.database_url) == []
        assert ask(servers.database_url, "SELECT slug FROM groups") == "own"


@pytest.mark.parametrize(
    ("name", "value"),
    [("secret_keys", (SecretStr("another"),)), ("vapid_private_key", SecretStr("another"))],
)
def test_secrets_that_are_set_and_differ_are_refused_with_what_would_be_lost(
    backup: Path, ground: Path, name: str, value: Any
) -> None:
    settings = Settings(data_dir=ground / "elsewhere").model_copy(update={name: value})

    with pytest.raises(Misconfigured, match=f"NOTIFY_{name.upper()}"):
        restoring.restore(settings, backup, replace=False, progress=quiet)

    assert not (ground / "elsewhere").exists()
