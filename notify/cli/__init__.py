"""The command line: `notify …`."""

import signal
import sys
from importlib.metadata import entry_points
from types import FrameType

import typer

from notify.cli import (
    audit,
    backups,
    broadcasts,
    duty,
    feedback,
    groups,
    inbound,
    keys,
    operate,
    persons,
    polls,
    residents,
    staff,
)

app = typer.Typer(
    name="notify",
    help="Citizen Notify: a town's bell.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(groups.app, name="group")
app.add_typer(keys.app, name="key")
app.add_typer(residents.app, name="residents")
app.add_typer(staff.app, name="staff")
app.add_typer(audit.app, name="audit")
app.add_typer(polls.app, name="poll")
for command in (
    operate.up,
    operate.api,
    operate.migrate,
    operate.check,
    operate.healthy,
    operate.secrets,
    operate.resume,
    duty.ring,
    broadcasts.send,
    broadcasts.status,
    broadcasts.approve,
    broadcasts.cancel,
    inbound.inbound,
    persons.export,
    persons.erase,
    feedback.feedback,
    backups.backup,
    backups.restore,
    backups.hold,
    backups.release,
):
    app.command()(command)


def main() -> None:
    """Run the command line, with the commands that other packages of the house bring."""
    for entry in entry_points(group="notify.commands"):
        app.command(entry.name)(entry.load())
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` has it
            signal.signal(number, _unwind)
    app()


def _unwind(number: int, _frame: FrameType | None) -> None:
    """End as Ctrl-C does, also when the terminal goes: what was begun is left in order, embedded servers too."""
    sys.exit(128 + number)
