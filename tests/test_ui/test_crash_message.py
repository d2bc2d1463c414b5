"""What is left on the terminal when the program breaks: the way there, and no secret."""

from __future__ import annotations

import pytest

from clutch_tui.security import redaction
from clutch_tui.text.strings import t
from clutch_tui.ui.app import ClutchApp
from tests.test_ui.shop_app import Shop, open_app, press


async def test_a_crash_prints_no_values(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """Pins `App._fatal_error` and `App._exit_renderables`, which Textual's documentation does not promise."""

    def broken() -> None:
        password = "typed-a-moment-ago"
        raise RuntimeError(f"remembered-secret and {len(password)} letters")

    async def break_it() -> None:
        async with open_app(shop, "en") as (app, pilot):
            apps.append(app)
            app.action_help = broken  # type: ignore[method-assign]
            await press(pilot, "f1")

    apps: list[ClutchApp] = []
    redaction.remember("remembered-secret")
    with pytest.raises(RuntimeError):
        await break_it()
    apps[0]._print_error_renderables()
    printed = "".join(capsys.readouterr())
    assert t("error.ended")[:40] in printed.replace("\n", " ")
    assert "RuntimeError" in printed
    assert "typed-a-moment-ago" not in printed
    assert "remembered-secret" not in printed
