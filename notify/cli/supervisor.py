"""Commands that are several processes: `notify up`, and a worker of more than one."""

import contextlib
import errno
import socket
from collections.abc import Sequence

import typer

from notify import on_watch
from notify.bootstrap import (
    check_connections,
    check_schema,
    everything,
    open_channels,
    prepared_with_servers,
    senders,
    worker_connections,
)
from notify.cli.children import Child, asked_to_stop, end, look_after
from notify.domain.words import Lane
from notify.errors import Misconfigured
from notify.settings import Settings


def up(settings: Settings) -> None:
    """The embedded servers, the HTTP server and workers for each lane, until SIGINT or SIGTERM;
    then children end first, servers last.

    Raises Misconfigured for what no child could work with.
    """
    _check_port(settings)
    with prepared_with_servers(settings) as (ready, servers), asked_to_stop() as stop:
        senders(ready)
        on_watch.check(ready)
        check_connections(ready, everything(ready.worker_processes))
        seats = [lane for lane in Lane for _ in range(ready.worker_processes)]
        children = [Child(["api"]), *(_worker([lane]) for lane in seats)]
        try:
            _greet(ready, own_servers=servers is not None)
            look_after(children, servers=servers, stop=stop)
        finally:
            _say("Stopping …")
            end(children)


def workers(settings: Settings, lanes: Sequence[Lane], *, processes: int) -> None:
    """So many processes for the same lanes, until SIGINT or SIGTERM; one that ends is started again.

    Raises Misconfigured for what none of them could work with.
    """
    with prepared_with_servers(settings) as (ready, servers), asked_to_stop() as stop:
        check_schema(ready)
        senders(ready)
        on_watch.check(ready)
        check_connections(ready, processes * worker_connections(lanes))
        children = [_worker(lanes) for _ in range(processes)]
        try:
            look_after(children, servers=servers, stop=stop)
        finally:
            end(children)


def _worker(lanes: Sequence[Lane]) -> Child:
    named = [word for lane in lanes for word in ("--lane", str(lane))]
    return Child(["worker", *named, "--processes", "1"])


def _check_port(settings: Settings) -> None:
    host, port = settings.http_host, settings.http_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise Misconfigured(
                f"Something listens at {host}:{port} already. End it, or set NOTIFY_HTTP_PORT (and "
                "NOTIFY_PUBLIC_URL) to a free port."
            ) from None


def _greet(settings: Settings, *, own_servers: bool) -> None:
    on = ", ".join(open_channels(settings)) or "none"
    _say(f"Citizen Notify at {settings.public_url}  (channels: {on})")
    if own_servers:
        _say(f"Data below {settings.data_dir.resolve()}.")
    _say("Ctrl-C stops it.")


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # nobody reads: no reason to end, or not to end children
        typer.echo(text)
