"""Who works at the machine, whatever name was typed."""

from __future__ import annotations

import getpass
import os
import socket


def operator() -> dict[str, str]:
    """``os_user``, the account of the operating system (its number where it has no name), and ``host``."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return {"os_user": name, "host": socket.gethostname()}
