"""Makes the secrets that an installation on one machine needs, once, and keeps them."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from channels.vapid import make_vapid_key
from notify.embedded.place import make_data_dir
from notify.settings import Settings

FILE = "secrets.json"


def with_secrets(settings: Settings) -> Settings:
    """The settings with every secret filled in: as given, else as kept, else made now."""
    missing = not settings.secret_keys or settings.vapid_private_key is None
    if not missing:
        return settings
    kept = _kept(settings.data_dir)
    return settings.model_copy(
        update={
            "secret_keys": settings.secret_keys
            # Several where a restored backup came from an installation that had rotated them.
            or tuple(SecretStr(key) for key in kept["secret_key"].split(",")),
            "vapid_private_key": settings.vapid_private_key or SecretStr(kept["vapid"]),
        }
    )


def _kept(data_dir: Path) -> dict[str, Any]:
    data_dir = make_data_dir(data_dir)
    path = data_dir / FILE
    if not path.exists():
        made = {"secret_key": secrets.token_urlsafe(32), "vapid": make_vapid_key()}
        draft = data_dir / f"{FILE}.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(made))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # another process was first: its secrets hold
        finally:
            draft.unlink()
    kept: dict[str, Any] = json.loads(path.read_text())
    return kept
