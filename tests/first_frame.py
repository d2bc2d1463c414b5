"""Whether the program starts at all: in a real pseudo-terminal, up to its first frame, a key, and the way out.

    python -m tests.first_frame                    # the demo, by this Python
    python -m tests.first_frame COMMAND ...        # whatever opens the till, in English

For every Python that the project promises: a program that ends before its first frame fails none of those tests that
run it without a terminal.
"""

from __future__ import annotations

import sys
import tempfile

from tests.terminal import Terminal


def main(command: list[str]) -> int:
    """Start it, see its first frame, press a key, leave. Raises `AssertionError` with the screen where that fails."""
    with tempfile.TemporaryDirectory(prefix="clutch-start-", ignore_cleanup_errors=True) as home:
        environment = {"HOME": home, "CLUTCH_LANG": "en", "CLUTCH_SECRETS": "file"}
        with Terminal(command, env=environment) as terminal:
            terminal.wait_for("Scan or type a part")
            terminal.type("zz")
            terminal.wait_for("Sell:  zz")
            terminal.press("ctrl+q")
            code = terminal.wait_exit()
    assert code == 0, f"it ended with {code}"
    print("first frame, keys answered, left with 0")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or [sys.executable, "-m", "clutch_tui", "--lang", "en", "demo"]))
