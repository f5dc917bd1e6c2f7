"""A page in headless Chromium, by its DevTools protocol."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

from tests.compose import free_port, stop, wait_until


class Page:
    """One tab."""

    def __init__(self, connection: ClientConnection, browser: subprocess.Popen[bytes]) -> None:
        """Talk over ``connection`` to ``browser``."""
        self._connection = connection
        self._browser = browser
        self._number = 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._connection.recv())
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

    def wait_for_text(self, texts: list[str]) -> str:
        """The page's text once it holds all ``texts``."""
        return str(
            self.wait_for_value("document.body ? document.body.innerText : ''", lambda text: all(map(text.__contains__, texts)))
        )

    def wait_for_value(self, expression: str, is_enough: Callable[[Any], bool]) -> Any:
        """The value of ``expression`` once it is enough."""
        value: Any = None

        def has_come() -> bool:
            nonlocal value
            value = self.evaluate(expression)
            return is_enough(value)

        wait_until(has_come, expression, [self._browser])
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
        wait_until(lambda: _page_address(address) is not None, "Chromium", [process])
        with connect(str(_page_address(address)), max_size=None) as connection:
            yield Page(connection, process)
    finally:
        stop([process])


def _page_address(address: str) -> str | None:
    try:
        with urlopen(address, timeout=5) as answer:
            pages = json.load(answer)
    except OSError:
        return None
    return next((page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page"), None)
