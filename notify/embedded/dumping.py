"""Runs `pg_dump` and `pg_restore`, which come along with the embedded PostgreSQL.

They run as whoever we are: also as root, since they only speak to the server's socket.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from notify.embedded.backup_file import CHUNK, Progress
from notify.embedded.programs import postgres_programs
from notify.errors import Invalid

# Half the time of the usual level for a tenth more bytes.
DUMP = ("pg_dump", "--format=custom", "--compress=gzip:1", "--no-owner", "--no-privileges",
        "--verbose")  # fmt: skip
RESTORE = ("pg_restore", "--exit-on-error", "--no-owner", "--no-privileges")
# Who held the lock for migrations at that moment holds it no more.
LEFT_OUT = ("--exclude-table-data=yoyo_lock",)

_AT = re.compile(rb'dumping contents of table "[^"]*?\.([a-z_]+)"')
_TABLE = re.compile(r'(?:table|relation) "([a-z_]+)"')


def dump(
    url: str,
    *,
    snapshot: str,
    write: Callable[[bytes], None],
    sizes: Mapping[str, int],
    progress: Progress,
) -> None:
    """Give the dump of a snapshot to `write`. `sizes` of the tables tell how far it is.

    Raises Invalid when pg_dump fails.
    """
    with _running([*DUMP, *LEFT_OUT, f"--snapshot={snapshot}", url]) as (process, said):
        assert process.stdout is not None  # noqa: S101 - started with a pipe
        whole = sum(sizes.values())
        seen: list[str] = []
        while piece := process.stdout.read(CHUNK):
            write(piece)
            seen = _tables(said) or seen
            progress(sum(sizes.get(name, 0) for name in seen[:-1]), whole)
        _end(process, said)


def restore(url: str, pieces: Iterable[bytes], *, size: int, progress: Progress) -> None:
    """Read a dump of `size` bytes into an empty database. Raises Invalid when that fails."""
    with _running([*RESTORE, "--dbname", url]) as (process, said):
        assert process.stdin is not None  # noqa: S101 - started with a pipe
        done = 0
        try:
            for piece in pieces:
                process.stdin.write(piece)
                done += len(piece)
                progress(done, size)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it ended early, and its exit code says so
        _end(process, said)


@contextmanager
def _running(
    words: Sequence[str],
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """A program in a session of its own, ended with the block whatever happens in it. What it
    says goes to a file that has no name: it may quote addresses."""
    program = postgres_programs(None) / words[0]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - an argument list, our own programs
            [str(program), *words[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}, start_new_session=True,
        )  # fmt: skip
        try:
            yield process, said
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    _close(pipe)


def _close(pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):
        pipe.close()


def _end(process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    if process.wait() == 0:
        return
    said.seek(0)
    text = said.read().decode(errors="replace")
    if "No space left on device" in text:
        raise Invalid("The disk is full.")
    table = _TABLE.search(text)
    where = f" at the table {table[1]}" if table else ""
    raise Invalid(f"{os.path.basename(str(process.args[0]))} failed{where}.")  # type: ignore[index]  # noqa: PTH119


def _tables(said: IO[bytes]) -> list[str]:
    """The tables begun so far."""
    text = os.pread(said.fileno(), 1_000_000, 0)
    return [name.decode() for name in _AT.findall(text)]
