"""The system's key store, asked with patience.

Everything here may block (a key store may even ask its owner): call it from a thread.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clutch_tui.errors import ClutchError

SERVICE = "clutch-tui"
PATIENCE = 5.0
"""Seconds that a key store gets to answer. One that waits for somebody to type a password into a window on
another screen must not hold up the shop."""


class KeyStoreError(ClutchError):
    """The system's key store did not do what it was asked to, or not in time. As a text it is its reason, which other
    sentences have a place for, too."""

    def __init__(self, reason: str) -> None:
        super().__init__("error.vault.no_key_store", reason=reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


def is_there() -> bool:
    """Is there somebody to ask? On Linux key stores live on the session bus; without one, importing keyring
    would only cost time."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS"))
    return True


def find_bus() -> None:
    """Let a program that runs without a session (by cron, over SSH) speak to the bus of its owner's session, where
    there is one: what was put into the key store there is wanted here too."""
    if not sys.platform.startswith("linux") or os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return
    bus = Path(f"/run/user/{os.getuid()}/bus")
    if bus.is_socket():
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bus}"


def ask(question: Callable[[Any], str | None]) -> str | None:
    """Put a question to the key store, on a thread of its own: one that shows a window blocks for as long as nobody
    looks at it. Raises `KeyStoreError`."""
    answers: list[str | None] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            import keyring
            from keyring.backends import fail, null

            store = keyring.get_keyring()
            if isinstance(store, fail.Keyring | null.Keyring):
                raise KeyStoreError("no key store")
            answers.append(question(store))
        except Exception as error:  # every backend has errors of its own
            failures.append(error)

    thread = threading.Thread(target=work, name="clutch-key-store", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if failures:
        raise KeyStoreError(type(failures[0]).__name__) from failures[0]
    if not answers:
        raise KeyStoreError("no answer in time")
    return answers[0]
