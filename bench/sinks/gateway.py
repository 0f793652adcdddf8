"""A gateway that speaks as much of Twilio's API as creating a message needs. It reports nothing:
receipts are measured apart."""

import json
from urllib.parse import parse_qs

from typing_extensions import override

from bench.sinks.http import Posted, response
from bench.sinks.serving import Book


class Gateway(Posted):
    def __init__(self, book: Book) -> None:
        super().__init__()
        self._book = book

    @override
    def answer(self, url: bytes, body: bytes) -> bytes:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if not (url.endswith(b"/Messages.json") and {"To", "Body"} <= form.keys()):
            return response(b"404 Not Found")
        self._book.note(form["To"].encode())
        sid = f"SM{self._book.count:032x}"
        made = {
            "sid": sid, "status": "queued", "to": form["To"], "from": form.get("From"),
            "body": form["Body"], "num_segments": "1", "num_media": "0", "direction": "outbound-api",
            "date_created": None, "date_updated": None, "date_sent": None, "error_code": None,
            "error_message": None, "price": None, "price_unit": "USD", "api_version": "2010-04-01",
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "uri": f"{url.decode().removesuffix('.json')}/{sid}.json",
        }  # fmt: skip
        return response(
            b"201 Created", b"Content-Type: application/json", body=json.dumps(made).encode()
        )
