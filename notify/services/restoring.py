"""Brings an installation on this machine back from a backup, all of it or nothing."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from notify import clock
from notify.embedded import backup_file, dumping, replacing
from notify.embedded.backup_file import Backup, Manifest, Progress
from notify.embedded.backup_file import Secrets as Kept
from notify.embedded.place import Place
from notify.embedded.postgres import Postgres
from notify.embedded.programs import postgres_version
from notify.errors import Conflict, Invalid, Misconfigured
from notify.log import get
from notify.services import holding
from notify.services.backing_up import ELSEWHERE
from notify.services.holding import Holding
from notify.settings import Settings
from notify.store import migrate, snapshots
from notify.store.database import Database

log = get(__name__)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back, what is held of it, and where the data of before are, if any."""

    manifest: Manifest
    holding: Holding
    kept: Path | None


def check(path: Path, *, progress: Progress) -> Manifest:
    """Read a backup whole and vouch for it. Raises Invalid."""
    with backup_file.opened(path, progress=progress) as backup:
        return backup.manifest


def restore(settings: Settings, path: Path, *, replace: bool, progress: Progress) -> Restored:
    """Put the backup in place of what is there. Nothing is changed unless all of it succeeds.

    Raises Invalid for a file that cannot be used, Conflict while the service runs or where there
    are data and `replace` is not wanted, Misconfigured where settings are in the way.
    """
    if not settings.embedded:
        raise Misconfigured(ELSEWHERE)
    with backup_file.opened(path, progress=progress) as backup:
        _check_fits(backup.manifest)
        _check_secrets(backup.secrets, settings)
        with replacing.emptied(settings.data_dir) as (data_dir, place):
            _check_empty(place, replace=replace)
            try:
                held = _fill(replacing.begin(place), backup, progress=progress)
                kept = replacing.finish(
                    place, data_dir, secrets=_secrets(backup.secrets), keep_as=_name(clock.now())
                )
            except (OSError, psycopg.Error) as problem:
                why = getattr(problem, "strerror", None) or type(problem).__name__
                raise Invalid(f"{path} could not be brought back: {why}.") from problem
            finally:
                replacing.settle(place, data_dir)
    log.warning("backup.restored", made_at=backup.manifest.made_at.isoformat())
    return Restored(backup.manifest, held, kept if kept.exists() else None)


def _check_fits(manifest: Manifest) -> None:
    newer = set(manifest.migrations) - set(migrate.names())
    if newer or manifest.postgres > postgres_version():
        raise Invalid(
            f"This backup was made by a newer version ({manifest.version}). Install that one, or "
            "one that is newer still."
        )


def _check_secrets(kept: Kept, settings: Settings) -> None:
    """Secrets that are set win over those of the backup, so they must agree with them."""
    wrong = []
    keys, vapid = settings.secret_keys, settings.vapid_private_key
    if keys and keys[-1].get_secret_value() != kept.secret_keys[-1]:
        wrong.append("NOTIFY_SECRET_KEYS (its last key: suppressed addresses would be forgotten)")
    if vapid and vapid.get_secret_value() != kept.vapid_private_key:
        wrong.append("NOTIFY_VAPID_PRIVATE_KEY (every push subscription would break)")
    if wrong:
        raise Misconfigured(
            f"The backup has another {' and another '.join(wrong)}. Remove what is set, then those "
            "of the backup are used."
        )


def _check_empty(place: Place, *, replace: bool) -> None:
    postgres = Postgres(place)
    if not (place.base / Postgres.name).exists():
        return
    try:
        if not replace:
            postgres.start()
            if snapshots.holds_anything(postgres.url):
                raise Conflict(
                    f"There are data at {place.base} already. With --replace they are put aside, "
                    "not deleted, and the backup takes their place."
                )
    except Misconfigured as problem:
        raise Conflict(
            f"There are data at {place.base} already, and they cannot be looked at: "
            f"{problem.message} With --replace they are put aside, not deleted."
        ) from problem
    finally:
        postgres.stop()


def _fill(beside: Place, backup: Backup, *, progress: Progress) -> Holding:
    """Make the new cluster, read the dump in, and hold what was in flight."""
    postgres = Postgres(beside)
    try:
        postgres.start()
        dumping.restore(postgres.url, backup.dump(), size=backup.dump_bytes, progress=progress)
        found = snapshots.counts(postgres.url)
        if found != dict(backup.manifest.counts):
            raise Invalid("What came back is not what was backed up: some rows are missing.")
        migrate.migrate(postgres.url)
        snapshots.analyse(postgres.url)
        return asyncio.run(_hold(postgres.url))
    finally:
        postgres.stop()


async def _hold(url: str) -> Holding:
    db = Database(url, size=1)
    await db.open()
    try:
        return await holding.hold(db)
    finally:
        await db.close()


def _secrets(kept: Kept) -> str:
    return json.dumps({"secret_key": ",".join(kept.secret_keys), "vapid": kept.vapid_private_key})


def _name(now: datetime) -> str:
    return f"before-{now:%Y%m%dT%H%M%SZ}"
