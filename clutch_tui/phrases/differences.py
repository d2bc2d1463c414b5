"""What is on one side only, in sentences: for the queue, the connection, `sync`, `status` and the doctor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from clutch_tui.text import format as shown
from clutch_tui.text.strings import is_rtl, t, tn

if TYPE_CHECKING:
    from clutch_tui.core.sync.differences import Differences, Stranded


def sentences(found: Differences) -> list[str]:
    """A sentence for each kind of difference, the worst first; none where there is none."""
    said: list[str] = []
    for reason, n in found.counts.items():
        if reason in ("stranded", "untold"):
            said += all_stranded([one for one in found.stranded if bool(one.fault) == (reason == "untold")])
        elif reason == "unsent":
            said.append(tn("queue.unsent", n))
        elif reason == "local":
            said.append(tn("status.local", n))
        elif reason == "unfinished":
            said += [t("difference.unfinished", file=_kept(one.file), line=one.line) for one in found.imports]
        elif reason == "arriving":
            channels = ("، " if is_rtl() else ", ").join(t(f"mode.{channel}") for channel in found.arriving)
            said.append(t("difference.arriving", channels=channels))
        else:
            said.append(tn(f"difference.{reason}", n))
    return said


def all_stranded(beside: Sequence[Stranded]) -> list[str]:
    """A sentence for each other database, and what a person types to send what they hold."""
    left = [] if all(one.fault for one in beside) else [t("doctor.remedy.stranded.left")]
    return [stranded(one) for one in beside] + left


def stranded(one: Stranded) -> str:
    """Return what another database holds, and which it is; or that nobody can say."""
    if one.fault:
        return t("difference.untold", file=_kept(one.path.name))
    return tn("difference.stranded", one.unsent, place=place(one), file=_kept(one.path.name))


def place(one: Stranded) -> str:
    """The shop that a database was opened for, as its owner knows it."""
    if one.base_url and one.shop_id:
        return t("difference.place.shop", shop=_kept(one.shop_id), url=_kept(one.base_url))
    if one.base_url:
        return t("difference.place.no_shop", url=_kept(one.base_url))
    return t("difference.place.unknown")


def _kept(text: str) -> str:
    """An address or a name kept in one piece where the sentence around it runs the other way."""
    return shown.isolate(text) if is_rtl() else text
