"""`python -m bench.bare PORT`: the least that uvicorn and Starlette can answer, as a floor."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route


async def hello(_request: Request) -> HTMLResponse:
    return HTMLResponse("<p>hello</p>")


if __name__ == "__main__":
    app = Starlette(routes=[Route("/", hello)])
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False)
