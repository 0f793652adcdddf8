"""How residents answer on a page: a link shows the questions, a button counts the answer.

Mail scanners open links and follow them, so that nothing but a POST counts.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from notify import clock
from notify.bootstrap import App
from notify.domain.broadcast import Broadcast
from notify.domain.poll import NONE, Ask, How, Shown
from notify.domain.words import Kind
from notify.errors import NotFound
from notify.rendering import links, sheets
from notify.rendering.languages import Words, choose
from notify.rendering.templates import templates
from notify.services import answering_pages, counting
from notify.services.answering_pages import Find, NoAnswer, Standing, Voter, Wrong
from notify.services.asking import TooMany
from notify.services.voting import Closed, Voted
from notify.web.deps import TheApp
from notify.web.pages.forms import Fields, large_form
from notify.web.pages.paper import page, reader_language

router = APIRouter(include_in_schema=False)

_LONGEST: Final = 3  # digits of what a field may hold


@router.api_route("/answer/{token}", methods=["GET", "HEAD"])
async def show(request: Request, app: TheApp, token: str) -> HTMLResponse:
    return await look(request, app, answering_pages.by_link(app.keyring, token))


@router.post("/answer/{token}")
async def answer(request: Request, app: TheApp, token: str) -> HTMLResponse:
    return await take(request, app, answering_pages.by_link(app.keyring, token))


async def look(request: Request, app: App, find: Find) -> HTMLResponse:
    """The page with the questions, or why there are none."""
    standing = await answering_pages.look(app.db, find)
    return over(request, app) if standing is None else _ask(request, app, standing)


async def take(request: Request, app: App, find: Find) -> HTMLResponse:
    """Count what was chosen on it."""
    form = await large_form(request)
    standing = await answering_pages.look(app.db, find)
    if standing is None:
        return over(request, app)
    words = templates(app.settings).words(_language(request, app, standing))
    chosen = read(form, standing.ask)
    try:
        voted = await answering_pages.answer(app.db, app.rates, find, chosen)
    except NotFound:
        return over(request, app)
    except Closed:
        again = await answering_pages.look(app.db, find)
        return over(request, app) if again is None else _ask(request, app, again, late=True)
    except NoAnswer as refusal:
        problems = said(words, standing.ask, refusal.wrong)
        return _ask(request, app, standing, chosen=chosen, problems=problems)
    except TooMany as refusal:
        many = words.gettext("You have answered many times. Please try again in a few minutes.")
        answer = _ask(
            request, app, standing, chosen=chosen, status=429,
            problems=[{"field": sheets.field(1), "said": many}],
        )  # fmt: skip
        answer.headers["retry-after"] = str(refusal.retry_after)
        return answer
    return _counted(request, app, standing, voted, chosen)


def picture(app: App, broadcast: Broadcast, ask: Ask, *, language: str) -> HTMLResponse:
    """The page as a reader of `language` will see it at first, with nothing that sends; its links want
    a new window. `broadcast` may be a draft that is half done."""
    nobody = Voter(0, How.MAIL)
    standing = Standing(
        voter=nobody, broadcast=broadcast, ask=ask, open=True, cancelled=False,
        close_at=broadcast.valid_until or clock.now(), language=language, answered=frozenset(),
        chosen={}, receipt=None, shows_result=False,
    )  # fmt: skip
    return _in(
        app,
        standing,
        "answer",
        language,
        status=200,
        chosen={},
        picture=True,
        again="",
        problems=(),
        result=None,
        until=broadcast.valid_until,
        on_top=(),
    )


def over(request: Request, app: App) -> HTMLResponse:
    """The page of a link that was never ours, or of whoever is not asked any more."""
    own = request.url.path.startswith("/my/")
    return page(app, "answer_over", language=reader_language(request, app), status=404, own=own)


def read(form: Fields, ask: Ask) -> Mapping[int, frozenset[int]]:
    """What was chosen, by question; what is no number is one that no question offers."""
    return {
        number: frozenset(_number(value) for value in form.all(sheets.field(number)))
        for number in range(1, len(ask.questions) + 1)
    }


def said(words: Words, ask: Ask, wrong: Mapping[int, Wrong]) -> Sequence[Mapping[str, str]]:
    """What is wrong with each question, at its field."""
    texts = {
        Wrong.NOTHING: words.gettext("Please choose an answer."),
        Wrong.UNKNOWN: words.gettext("Please choose from what is offered."),
    }
    problems = []
    for number, why in sorted(wrong.items()):
        most = ask.questions[number - 1].most or 1
        many = words.gettext("Please choose at most %(most)s.") % {"most": most}
        problems.append({"field": sheets.field(number), "said": texts.get(why, many)})
    return problems


def _number(value: str) -> int:
    typed = value.strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _LONGEST else NONE


def _ask(
    request: Request, app: App, standing: Standing, *,
    chosen: Mapping[int, frozenset[int]] | None = None, late: bool = False,
    problems: Sequence[Mapping[str, str]] = (), status: int = 422,
) -> HTMLResponse:  # fmt: skip
    return _page(
        request, app, standing, "answer", problems=problems, late=late,
        status=status if problems else 200,
        chosen=standing.chosen if chosen is None else chosen,
    )  # fmt: skip


def _counted(
    request: Request, app: App, standing: Standing, voted: Voted,
    chosen: Mapping[int, frozenset[int]],
) -> HTMLResponse:  # fmt: skip
    urgent = standing.ask.urgent
    asks = standing.broadcast.kind is Kind.ALERT and urgent is not None
    # What was left out stays as it was.
    stands = {**standing.chosen, **{number: picks for number, picks in chosen.items() if picks}}
    return _page(
        request, app, standing, "answered", voted=voted,
        needs_help=asks and urgent in chosen.get(1, ()), safe=asks and bool(chosen.get(1)),
        chosen={} if standing.ask.secret else stands,
    )  # fmt: skip


def _page(
    request: Request, app: App, standing: Standing, name: str, *, status: int = 200,
    chosen: Mapping[int, frozenset[int]], **values: object,
) -> HTMLResponse:  # fmt: skip
    return _in(
        app, standing, name, _language(request, app, standing), status=status, chosen=chosen,
        result=result(app, standing), again=request.url.path, until=standing.close_at,
        picture=False, **values,
    )  # fmt: skip


def _in(
    app: App, standing: Standing, name: str, language: str, *, status: int,
    chosen: Mapping[int, frozenset[int]], **values: object,
) -> HTMLResponse:  # fmt: skip
    words, default = templates(app.settings).words(language), app.settings.default_language
    tag, text = choose(standing.broadcast.texts, language, default=default)
    short = links.shorten(standing.broadcast.id)
    return page(
        app, name, language=language, status=status, standing=standing, text=text,
        text_language=tag, message=f"/b/{short}", own=standing.voter.how is How.PAGE,
        sheets=sheets.sheets(
            words, standing.ask, language=language, default=default, chosen=chosen
        ),
        **values,
    )  # fmt: skip


def result(app: App, standing: Standing) -> str | None:
    """Where the result is, for who may see it; a link for those who were asked shows that."""
    if not standing.shows_result:
        return None
    path = f"/polls/{links.shorten(standing.broadcast.id)}"
    if standing.ask.shown is Shown.EVERYONE:
        return path
    return f"{path}?by={counting.pass_(app.keyring, standing.voter.id)}"


def _language(request: Request, app: App, standing: Standing) -> str:
    return reader_language(request, app, wish=standing.language, offered=standing.broadcast.texts)
