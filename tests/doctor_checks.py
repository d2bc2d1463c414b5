"""The checks that the doctor makes, in the order in which it tells them."""

from __future__ import annotations

from clutch_tui.support.doctor import OUTCOMES

CHECKS = tuple(dict.fromkeys(name.partition(".")[0] for name in OUTCOMES if not name.startswith("any.")))
