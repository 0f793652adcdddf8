"""Makes a backup of an installation on this machine while it runs."""

from dataclasses import dataclass
from pathlib import Path

from notify import __version__, clock
from notify.embedded import backup_file, dumping
from notify.embedded.backup_file import DUMP, FORMAT, MANIFEST, SECRETS, Draft, Manifest, Progress
from notify.embedded.backup_file import Secrets as Kept
from notify.embedded.place import POINTER
from notify.embedded.programs import postgres_version
from notify.embedded.secrets import with_secrets
from notify.embedded.servers import Embedded
from notify.errors import Invalid, Misconfigured
from notify.log import get
from notify.settings import Settings
from notify.store import snapshots

log = get(__name__)

ELSEWHERE = (
    "The database is one of your own (NOTIFY_DATABASE_URL). Its own tools back it up and bring it "
    "back: see “Backup” in docs/operations.md. After it was brought back, run `notify hold` "
    "before anything starts."
)


@dataclass(frozen=True, slots=True)
class Made:
    """A finished backup: its size in bytes, how long it took, and what is in it."""

    bytes: int
    seconds: float
    manifest: Manifest


def back_up(settings: Settings, path: Path, *, progress: Progress) -> Made:
    """Write a backup to `path`, whole or not at all. Raises Invalid or Misconfigured."""
    if not settings.embedded:
        raise Misconfigured(ELSEWHERE)
    there = (settings.data_dir / "postgres", settings.data_dir / POINTER)
    if not any(found.exists() for found in there):
        raise Misconfigured(
            f"There is no data below {settings.data_dir.absolute()}. Run this in the folder in "
            "which the service is started, or set NOTIFY_DATA_DIR."
        )
    began = clock.monotonic()
    # Not brought to a newer schema first: a backup is made before an upgrade.
    with (
        Embedded(settings.data_dir, redis=False) as servers,
        backup_file.written(path) as draft,
    ):
        manifest = _write(draft, servers.database_url, settings, progress=progress)
    made = Made(path.stat().st_size, clock.monotonic() - began, manifest)
    log.info("backup.made", bytes=made.bytes, seconds=round(made.seconds, 1))
    return made


def _write(draft: Draft, url: str, settings: Settings, *, progress: Progress) -> Manifest:
    with snapshots.snapshot(url) as seen:
        if seen is None:
            raise Invalid("The database is empty: there is nothing to back up.")
        with draft.member(DUMP) as write:
            dumping.dump(url, snapshot=seen.name, write=write, sizes=seen.sizes, progress=progress)
    draft.add(SECRETS, _secrets(settings).model_dump_json())
    manifest = Manifest(
        format=FORMAT, made_at=seen.at, version=__version__,
        postgres=postgres_version(), migrations=seen.migrations, counts=seen.counts,
        members=dict(draft.members),
    )  # fmt: skip
    draft.add(MANIFEST, manifest.model_dump_json(indent=1))
    return manifest


def _secrets(settings: Settings) -> Kept:
    """Those in use, wherever they come from: the machine that had the `.env` may be gone."""
    whole = with_secrets(settings)
    vapid = whole.vapid_private_key
    return Kept(
        secret_keys=tuple(key.get_secret_value() for key in whole.secret_keys),
        vapid_private_key=vapid.get_secret_value() if vapid else "",
    )
