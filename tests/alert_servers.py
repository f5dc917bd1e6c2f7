"""Servers on this machine that alerts are really sent to (SMTP, and HTTP for webhooks and robots), and targets that name them."""

from __future__ import annotations

import email
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.header import decode_header, make_header
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import yaml
from aiosmtpd.controller import Controller

from union_warehouse.paths import Home


@dataclass
class Mailbox:
    """What an SMTP server took: subject, recipients and text of each mail."""

    port: int
    mails: list[dict[str, Any]] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep a mail."""
        mail = email.message_from_bytes(envelope.content, policy=default)
        body = mail.get_body(("plain",))
        self.mails.append(
            {
                "to": envelope.rcpt_tos,
                "subject": str(make_header(decode_header(mail["Subject"]))),
                "text": body.get_content() if body else "",
                "type": mail.get_content_type(),
            }
        )
        return "250 OK"


@contextmanager
def smtp_server() -> Iterator[Mailbox]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        mailbox = Mailbox(free.getsockname()[1])
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


@dataclass
class Hook:
    """What an HTTP server took: path and JSON of each request; ``status`` is what it answers, ``is_slow_at`` a path without answer."""

    port: int = 0
    status: int = 200
    is_slow_at: str | None = None
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    released: Event = field(default_factory=Event)

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}"

    def take(self) -> list[tuple[str, str]]:
        """Path and text of what arrived since the last look, in the order of the paths."""
        found = sorted((path, f"{content['title']}\n{content['message']}") for path, content in self.requests)
        self.requests.clear()
        return found


@contextmanager
def http_server() -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if hook.status == 200:
                hook.requests.append((self.path, content))
            if hook.is_slow_at == self.path:
                hook.released.wait(30)
            self.send_response(hook.status)
            self.end_headers()
            self.wfile.write(b'{"errcode": 0}')

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hook
    finally:
        hook.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def at(text: str) -> datetime:
    """An instant, said in Shanghai's time."""
    return datetime.fromisoformat(f"{text}+08:00")


def write_targets(home: Home, targets: object) -> None:
    """Write a home's file of targets."""
    home.root.mkdir(exist_ok=True)
    (home.root / "alert_targets.yml").write_text(yaml.safe_dump(targets), encoding="utf-8")
