"""A template that staff prepared, as those see it who use, change or approve it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notify.domain.templating import Prepared, from_json
from notify.store.database import Row


@dataclass(frozen=True, slots=True)
class Ahead:
    """An approval in advance that holds: by whom, since when, until when."""

    by: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Template:
    """A template as it stands. `place` is the id of a group, None where it is for all; `seen` the
    fingerprint that an approval in advance has to name."""

    id: UUID
    place: int | None
    place_names: Mapping[str, str] | None
    version: int
    prepared: Prepared
    seen: str
    written_by: UUID
    written_by_name: str
    written_at: datetime
    retired_at: datetime | None
    ahead: Ahead | None


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    prepared: Prepared
    written_by: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Read:
    """A template with all its versions, the latest first, and what the reader may do with it. `own`:
    they wrote some of it that nobody else has approved."""

    template: Template
    versions: list[Version]
    may_write: bool
    may_approve: bool
    own: bool


def template_of(row: Row) -> Template:
    """The template of a row with its latest version."""
    ahead = None
    if row["approved_at"] is not None and row["retired_at"] is None:
        ahead = Ahead(row["approved_by"], row["approved_at"], row["valid_until"])
    return Template(
        id=row["id"], place=row["group_id"], place_names=row["names"], version=row["version"],
        prepared=from_json(row["content"]), seen=bytes(row["hash"]).hex(),
        written_by=row["written_by"], written_by_name=row["written_by_name"],
        written_at=row["written_at"], retired_at=row["retired_at"], ahead=ahead,
    )  # fmt: skip
