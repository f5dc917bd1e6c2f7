"""A page in headless Chromium, by its DevTools protocol."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

from tests.compose import free_port, stop, wait_until


class Page:
    """One tab."""

    def __init__(self, connection: ClientConnection) -> None:
        """Talk over ``connection``."""
        self._connection = connection
        self._number = 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._connection.recv(timeout=30))
            if answer.get("id") == self._number:
                return answer.get("result", {})

    def open(self, url: str, cookies: dict[str, str] | None = None) -> None:
        """Go to ``url`` with ``cookies`` set for its site."""
        for name, value in (cookies or {}).items():
            self.call("Network.setCookie", name=name, value=value, url=url)
        self.call("Page.navigate", url=url)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression on the page."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def wait_for_text(self, texts: list[str], seconds: float = 40) -> str:
        """The page's text once it holds all ``texts``; after ``seconds`` whatever it holds."""
        deadline = time.monotonic() + seconds
        while True:
            shown = self.evaluate("document.body ? document.body.innerText : ''") or ""
            if all(text in shown for text in texts) or time.monotonic() > deadline:
                return str(shown)
            time.sleep(0.5)

    def wait_for_value(self, expression: str, is_enough: Callable[[Any], bool], seconds: float = 40) -> Any:
        """The value of ``expression`` once it is enough; after ``seconds`` whatever it is."""
        deadline = time.monotonic() + seconds
        while not is_enough(value := self.evaluate(expression)) and time.monotonic() < deadline:
            time.sleep(0.5)
        return value

    def screenshot(self, path: Path) -> None:
        """Save what is shown as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


@contextlib.contextmanager
def chromium(folder: Path) -> Iterator[Page]:
    """Headless Chromium with an empty page."""
    port = free_port()
    process = subprocess.Popen(
        [
            "chromium",
            "--headless=new",
            "--no-sandbox",  # tests run as root in a container
            "--disable-gpu",
            "--disable-background-networking",
            "--window-size=1400,900",
            f"--remote-debugging-port={port}",
            f"--user-data-dir={folder}",
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        address = f"http://127.0.0.1:{port}/json/list"
        wait_until(lambda: _page_address(address) is not None, 60, "Chromium")
        with connect(str(_page_address(address)), max_size=None) as connection:
            yield Page(connection)
    finally:
        stop([process])


def _page_address(address: str) -> str | None:
    try:
        with urlopen(address, timeout=5) as answer:
            pages = json.load(answer)
    except OSError:
        return None
    return next((page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page"), None)
