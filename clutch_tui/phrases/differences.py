"""The differences between both sides in sentences: for the queue, the connection, `sync`, `status` and the doctor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from clutch_tui.text import format as shown
from clutch_tui.text.strings import is_rtl, t, tn

if TYPE_CHECKING:
    from clutch_tui.core.sync.differences import Differences, Stranded


def sentences(differences: Differences) -> list[str]:
    """A sentence for each kind of difference, the worst first; none where there is none."""
    said: list[str] = []
    for reason, n in differences.counts.items():
        if reason in ("stranded", "untold"):
            said += all_stranded(
                [database for database in differences.stranded if bool(database.fault) == (reason == "untold")]
            )
        elif reason == "unsent":
            said.append(tn("queue.unsent", n))
        elif reason == "local":
            said.append(tn("status.local", n))
        elif reason == "unfinished":
            said += [
                t("difference.unfinished", file=_kept(unfinished.file), line=unfinished.line)
                for unfinished in differences.imports
            ]
        elif reason == "arriving":
            said.append(t("difference.arriving", channels=channel_names(differences.arriving)))
        else:
            said.append(tn(f"difference.{reason}", n))
    return said


def channel_names(channels: Iterable[str]) -> str:
    """Name channels in one line, by the words of their screens."""
    return shown.listed(t(f"mode.{channel}") for channel in channels)


def all_stranded(beside: Sequence[Stranded]) -> list[str]:
    """A sentence for each other database, and what a person types to send what they hold."""
    left = [] if all(database.fault for database in beside) else [t("doctor.remedy.stranded.left")]
    return [stranded(database) for database in beside] + left


def stranded(database: Stranded) -> str:
    """Return what another database holds, and which it is; or that nobody can say."""
    if database.fault:
        return t("difference.untold", file=_kept(database.path.name))
    return tn("difference.stranded", database.unsent, place=place(database), file=_kept(database.path.name))


def place(database: Stranded) -> str:
    """The shop that a database was opened for, as its owner knows it."""
    if database.base_url and database.shop_id:
        return t("difference.place.shop", shop=_kept(database.shop_id), url=_kept(database.base_url))
    if database.base_url:
        return t("difference.place.no_shop", url=_kept(database.base_url))
    return t("difference.place.unknown")


def _kept(text: str) -> str:
    """An address or a name kept in one piece where the sentence around it runs the other way."""
    return shown.isolate(text) if is_rtl() else text
