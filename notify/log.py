"""Structured logs: an event's name and ids, never an address, a text or a secret."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

_ADDRESS = re.compile(
    r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)*"  # mail
    r"|(?<![\w.])\+\d[\d ()/-]{6,}\d"  # phone in E.164
    r"|https?://\S*(?:push|wpush|fcm)\S*"  # push endpoint
)
_SECRETS = frozenset({"password", "token", "key", "secret", "authorization", "address", "to",
                      "body", "text", "title", "email", "phone", "endpoint"})  # fmt: skip


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The last line of defence: blanks what looks like an address or is called a secret."""
    return {name: _clean(name, value) for name, value in event.items()}


def _clean(name: str, value: Any) -> Any:
    if name in _SECRETS:
        return "[redacted]"
    if isinstance(value, str):
        return _ADDRESS.sub("[redacted]", value)
    return value


def configure(*, level: str = "INFO", form: str = "auto") -> None:
    """Send every log, ours and the libraries', to standard error in one form."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    render: Any = (
        structlog.dev.ConsoleRenderer(colors=console)
        if console
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("twilio.async_http_client", "twilio", "aiosmtpd", "mail.log", "uvicorn.access",
                  "arq", "httpx", "aiohttp", "flufl.bounce", "yoyo", "uvicorn.error"):  # fmt: skip
        logging.getLogger(noisy).setLevel(logging.WARNING)


def get(name: str) -> Any:
    """The logger of a module: `log = get(__name__)`, then `log.info("event.name", id=…)`."""
    return structlog.stdlib.get_logger(name)
