"""The pages a town opens when it is warned: the front page and the alert, in several languages."""

import subprocess
import sys
import urllib.request

from bench.stand import Stand
from demo.service import free_port
from notify.rendering import links
from rig.caller import Calls, Failed, answers, call_all, request
from rig.processes import clean, until

CONNECTIONS = 50
LANGUAGES = ("de-DE,de;q=0.9", "en-GB,en;q=0.8", "de", "fr,de;q=0.5", "tr,en;q=0.7")


def pages(stand: Stand) -> None:
    stand.workers()
    alert = stand.send("email", stand.scale.small, kind="alert").id
    url = stand.world.environment["NOTIFY_PUBLIC_URL"]
    paths = ("/", f"/b/{links.shorten(alert)}")
    until(lambda: answers(url, request("GET", url + paths[1])))
    bare_calls = _bare(stand)
    wanted = [
        request("GET", url + path, Accept_Language=language)
        for path in paths for language in LANGUAGES
    ]  # fmt: skip
    done = _ask(url, _many(wanted, stand.scale.requests))
    if set(done.statuses) != {200}:
        raise Failed(f"pages answered {dict(done.statuses)}")
    peer = "a bare Starlette answer"
    stand.note("pages", done.rate, "requests/s", n=len(done.waits), peer=peer, peer_value=bare_calls.rate)  # fmt: skip
    stand.note("pages_p99", 1000 * done.quantile(0.99), "ms", n=len(done.waits), peer=peer,
               peer_value=1000 * bare_calls.quantile(0.99))  # fmt: skip
    _known(stand, url, paths, done)


def _known(stand: Stand, url: str, paths: tuple[str, ...], whole: Calls) -> None:
    """Readers who have the page already, where the server names versions."""
    wanted = []
    for path in paths:
        tag = _tag(url + path)
        if tag is None:
            stand.say("pages bear no ETag: nothing to measure for those who have them already")
            return
        wanted.append(request("GET", url + path, Accept_Language=LANGUAGES[0], If_None_Match=tag))
    done = _ask(url, _many(wanted, stand.scale.requests))
    stand.say(f"with If-None-Match: {dict(done.statuses)}")
    stand.note("pages_known", done.rate, "requests/s", n=len(done.waits),
               peer="the whole pages", peer_value=whole.rate)  # fmt: skip


def _many(wanted: list[bytes], count: int) -> list[bytes]:
    return [wanted[number % len(wanted)] for number in range(count)]


def _ask(url: str, requests: list[bytes]) -> Calls:
    return call_all(url, requests, connections=CONNECTIONS)


def _tag(url: str) -> str | None:
    asked = urllib.request.Request(url, headers={"Accept-Language": LANGUAGES[0]})  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(asked, timeout=10) as answer:
        found = answer.headers.get("ETag")
    return None if found is None else str(found)


def _bare(stand: Stand) -> Calls:
    """The same server and framework that says two words."""
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "bench.bare", str(port)], env=clean({}), cwd=stand.world.folder,
        stdin=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            wanted = request("GET", url + "/", Accept_Language=LANGUAGES[0])
            until(lambda: answers(url, wanted), seconds=20)
            return _ask(url, [wanted] * stand.scale.requests)
        finally:
            process.kill()
