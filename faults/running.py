"""Runs scenarios, each in a town of its own; where one failed the next gets a new world."""

import os
import tempfile
import time
import traceback
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from faults.disk import own_disk
from faults.hands import Hand
from faults.scenario import NotHere, Row, Scenario
from faults.stage import RESTLESS, Stage
from faults.world import World
from notify.embedded.servers import Embedded
from notify.store.migrate import migrate
from rig.processes import InVain


class Theatre:
    """Servers, a sandbox and an API that scenarios share for as long as they leave them whole."""

    def __init__(self, *, long: bool = False) -> None:
        self._long = long
        self._stack = ExitStack()
        self._world: World | None = None
        self._api: Hand | None = None
        self._disk: Path | None = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def __enter__(self) -> Self:
        return self

    def _open(self, *, small_disk: bool) -> World:
        with ExitStack() as stack:
            folder = Path(
                stack.enter_context(
                    tempfile.TemporaryDirectory(prefix="notify-faults-", ignore_cleanup_errors=True)
                )
            )
            folder.chmod(0o755)  # PostgreSQL may be somebody else
            self._disk = stack.enter_context(own_disk(folder / "data")) if small_disk else None
            servers = stack.enter_context(Embedded(folder / "data", throwaway=True))
            migrate(servers.database_url)
            more = {"REDIS_URL": servers.redis_url} if servers.redis_url else {}
            world = stack.enter_context(World(servers.database_url, folder, **more))
            world.environment |= {"NOTIFY_LEASE_SECONDS": "50", **_quick_starts(folder)}
            self._servers = servers
            self._stack = stack.pop_all()
        return world

    def _close(self) -> None:
        self._world = self._api = None
        self._stack.close()
        self._stack = ExitStack()

    def run(
        self,
        scenario: Scenario,
        *,
        seed: int,
        recipients: int | None = None,
        broken: str | None = None,
    ) -> Row:
        """Play one scenario and judge it; whatever it raises is a problem of the row."""
        if scenario.disk:
            self._close()
        count = recipients or (scenario.long if self._long else scenario.short)
        try:
            row = self._play(scenario, count, seed=seed, broken=broken)
        except NotHere as problem:
            # Where it can be done, a run that judges a change must not pass for leaving it out.
            missed = False if "CI" in os.environ and os.geteuid() == 0 else None
            row = Row(scenario.name, count, seed, missed, problems=(str(problem),))
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is told
            said = str(problem) if isinstance(problem, InVain) else traceback.format_exc()
            row = Row(scenario.name, count, seed, False, problems=(said,))
            self._close()
        if scenario.disk or RESTLESS in row.problems:
            self._close()
        return row

    def _play(self, scenario: Scenario, count: int, *, seed: int, broken: str | None) -> Row:
        began = time.monotonic()
        if self._world is None:
            self._world = self._open(small_disk=scenario.disk)
        stage = Stage(
            self._world, self._servers, seed=seed, recipients=count, patient=self._long and scenario.patient,
            broken=broken, api=self._api, disk=self._disk,
        )  # fmt: skip
        try:
            stage.open()
            scenario.run(stage)
            found = stage.verdict()
        finally:
            stage.close()
            self._api = stage.api if stage.api and stage.api.process.running else None
        return Row(
            scenario=scenario.name,
            recipients=stage.recipients,
            seed=seed,
            ok=not found.problems,
            lost=found.lost,
            doubled_allowed=found.doubled_allowed,
            doubled_forbidden=found.doubled_forbidden,
            forbidden=found.forbidden,
            unknown=found.unknown,
            open=found.open,
            recovered_s=round(stage.recovered, 1),
            seconds=round(time.monotonic() - began, 1),
            problems=tuple(found.problems),
            figures=stage.figures,
        )


def _quick_starts(folder: Path) -> dict[str, str]:
    """Processes share their compiled code, also where writing it beside the sources is
    forbidden: compiling it anew takes longer than most of them live."""
    if "PYTHONPYCACHEPREFIX" in os.environ:
        return {}
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
