"""Whole lists of a server without sync: what to read next, the pages read so far, and the swap.

A list is read page by page, maybe over hours and several lives of the program; its pages wait in `pull_page` and
become rows all at once. Each row keeps in `seq` the count (`transports.tick`) at which its page was asked for: own
movements answered until then are in its figure, later ones are not. Where a movement was under way just then, nobody
can say; such a row keeps the figure it had (`held`), and its movements go on counting.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from ... import arrivals, state
from ...clock import from_text, to_text
from ...database import db
from ...outbox import overlay, transports
from .. import aliases, conflicts, moves, part_staging, quarantine, replica, replica_rows, withheld_figures
from . import recognition, stock_movers

OVERLAP = timedelta(minutes=10)
"""How far before its own last moment a server is asked for changes: a commit may carry a time before its end."""
ROUGHLY = timedelta(minutes=1)
"""How far before the moment that was asked for a row may lie: many servers tell whole seconds."""
FULL_EVERY = timedelta(days=1)
"""Deletions show only in a whole list."""
SHARE = 20
"""A server that cannot be asked for changes is read whole, but the line is left free for so many times as long."""
REACH = timedelta(days=400)
RECENT = timedelta(days=2)
"""How far back sales are listed the first time, and by a server that knows days but no `updated_since`."""
LIMITS = (1000, 200, 50)
"""Rows in a page: less where a server or the line does not bear so many. Each is whole pages of the next, so that a
list that was begun goes on in smaller ones."""
EASY = 10.0
"""Seconds that a page of the next larger size may be expected to take before it is tried again."""
MOST_TORN = 3
"""How often a list that changes while it is read is begun again."""

Outcome = Literal["more", "stored", "torn", "unfiltered"]


@dataclass(frozen=True, slots=True)
class PagePlan:
    """The next page of a channel's list. `since` is a moment (`updated_since`), `day` a date (`date_from`); a whole
    list has no `since`. `tick` is the count at which this page is asked for, `read` how many rows came before it."""

    channel: str
    full: bool
    page: int
    limit: int
    tick: int
    since: str | None = None
    day: str | None = None
    read: int = 0

    @property
    def type(self) -> str:
        return replica_rows.TYPES[self.channel]


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page as it came: its good rows, the ids of its bad ones, and what the server says of all. `time` is by the
    server's own clock."""

    rows: Sequence[replica_rows.Row]
    bad: Sequence[str | None]
    total: int | None
    last: bool
    time: str | None = None

    @property
    def count(self) -> int:
        return len(self.rows) + len(self.bad)


# --- what to read next -----------------------------------------------------------------------------------


def plan(channel: str, *, at_once: bool = False) -> PagePlan | None:
    """The page to ask for now; None where nothing is due. A list that was begun goes on where it stopped. With
    `at_once` a server that cannot be asked for changes is read whole, however lately it was: a person waits for it."""
    begun = _begun(channel)
    if begun is not None:
        n = db.execute("SELECT max(n) FROM pull_page WHERE channel = ?", (channel,)).fetchone()[0]
        page = max(n + 1, begun.get("page", 1))
        reading = begun["full"], page, begun["limit"], transports.tick(), begun["since"], begun["day"], begun["read"]
        return PagePlan(channel, *reading)
    limit = limit_of(channel)
    listed, since, day = state.get(f"{channel}.listed_at"), None, None
    full = listed is None or _full_is_due(channel, at_once=at_once)
    if listed is not None and not full:
        filters = state.get(f"{channel}.filters")
        if filters != "no":
            since = to_text(from_text(listed) - OVERLAP)
        elif channel == "sales" and state.get("sales.days") != "no":
            day = to_text(from_text(listed) - RECENT)[:10]
        else:
            return None
    elif channel == "sales":
        day = to_text(db.now() - REACH)[:10]
    return PagePlan(channel, full, 1, limit, transports.tick(), since, day)


def limit_of(channel: str) -> int:
    """Return how many rows to ask for at once."""
    return LIMITS[min(state.number(f"{channel}.limit"), len(LIMITS) - 1)]


def last_ids(channel: str) -> frozenset[str]:
    """The ids of the page read last: a server that knows no pages sends the same again."""
    row = db.execute("SELECT body FROM pull_page WHERE channel = ? ORDER BY n DESC LIMIT 1", (channel,)).fetchone()
    if row is None:
        return frozenset()
    staged = json.loads(row[0])
    return frozenset(staged["same"]).union(listed["id"] for listed in staged["rows"])


def must_confirm(channel: str) -> bool:
    """Tell whether the list read last lacked records that the next one decides about."""
    return state.get(f"{channel}.vanished") is not None


def _begun(channel: str) -> dict[str, Any] | None:
    """The list that is being read; None also where its pages were thrown away meanwhile."""
    text = state.get(f"{channel}.reading")
    if text is None or not db.execute("SELECT 1 FROM pull_page WHERE channel = ?", (channel,)).fetchone():
        return None
    begun: dict[str, Any] = json.loads(text)
    return begun


def _full_is_due(channel: str, *, at_once: bool) -> bool:
    read_at = state.get(f"{channel}.full_at")
    if read_at is None or state.get(f"{channel}.vanished") is not None:
        return True
    age = db.now() - from_text(read_at)
    if not timedelta() <= age < FULL_EVERY:  # a clock that was set back must not put it off
        return True
    days = channel == "sales" and state.get("sales.days") != "no"
    by_share = timedelta(seconds=SHARE * float(state.get(f"{channel}.took") or 0))
    return state.get(f"{channel}.filters") == "no" and not days and (at_once or age >= by_share)


def shrink(channel: str, *, refused: bool) -> bool:
    """So many rows at once were too much: ask for fewer; False where nothing is gained by that.

    What was read stays where the smaller pages go on after it. Where they do not (a server that gives fewer rows than
    it is asked for counts its pages in its own way) the list is begun again if the server has `refused` the page, and
    left as it is if it was the line or the server that broke: the next try may go better.
    """
    step, begun = state.number(f"{channel}.limit"), _begun(channel)
    if step >= len(LIMITS) - 1:
        return False
    smaller = LIMITS[step + 1]
    if begun is not None and begun.get("even") and begun["limit"] % smaller == 0:
        state.put(f"{channel}.reading", json.dumps(begun | {"limit": smaller, "page": begun["read"] // smaller + 1}))
    elif begun is None or refused:
        drop(channel)
    else:
        return False
    state.put(f"{channel}.limit", step + 1)
    return True


def _grow(channel: str) -> None:
    """The pages of a whole list came easily: the next one is asked for in larger ones."""
    step = min(state.number(f"{channel}.limit"), len(LIMITS) - 1)
    if step > 0:
        state.put(f"{channel}.limit", step - 1)


def _is_easy(plan: PagePlan, page: ListPage, took: float) -> bool:
    """Tell whether a page of the next larger size may be tried. One that was not full says little of what it would
    take."""
    larger = min((limit for limit in LIMITS if limit > plan.limit), default=plan.limit)
    return page.count >= plan.limit and took * larger / plan.limit < EASY


def drop(channel: str) -> None:
    """Forget what was read of an unfinished list."""
    replica.drop_staging(channel)
    state.forget(f"{channel}.reading")


# --- a page ----------------------------------------------------------------------------------------------


def stage(plan: PagePlan, page: ListPage, *, took: float = 0.0) -> tuple[Outcome, frozenset[str]]:
    """Keep a page, and store the list when it is complete; what came of it, and the nouns that have new rows.

    `torn`: the list changed under the reader, it is begun again. `unfiltered`: the server does not filter by what
    it was asked for; it will not be asked so again.
    """
    if not _is_filtered(plan, page):
        drop(plan.channel)
        return "unfiltered", frozenset()
    begun = _begun(plan.channel) or {
        "full": plan.full,
        "limit": plan.limit,
        "since": plan.since,
        "day": plan.day,
        "at": page.time or db.now_text(),
        "began": db.now_text(),
        "tick": plan.tick,
        "total": page.total,
        "took": 0.0,
        "read": 0,
    }
    begun["took"] += took
    begun["read"] += page.count
    begun["even"] = begun.get("even", plan.page == 1) and page.count == plan.limit
    if page.count >= plan.limit:
        begun["easy"] = _is_easy(plan, page, took)
    state.put(f"{plan.channel}.reading", json.dumps(begun))
    held = moves.unanswered(plan.type)
    nouns = recognition.recognise(plan.type, page.rows)
    rows = [_staged(plan, row, held) for row in aliases.incoming(plan.type, page.rows)]
    if _arrives(plan):
        _prepare(plan, rows)
    _write(plan, rows, page)
    if page.total != begun["total"] and not _torn_too_often(plan.channel):
        return _tear(plan.channel), frozenset(nouns)
    if not page.last:
        return "more", frozenset(nouns)
    return _complete(plan, begun, nouns)


def build(plan: PagePlan) -> bool:
    """One step towards the swap of a first list whose last page has come; True where there are more."""
    return _arrives(plan) and plan.page > 1 and part_staging.build()


def _arrives(plan: PagePlan) -> bool:
    """Tell whether this is the first list of the shop's parts: all of it is new, and prepared as it comes."""
    return plan.channel == "inventory" and plan.full and state.get("inventory.epoch") != transports.LISTS


def _prepare(plan: PagePlan, rows: Sequence[replica_rows.Row]) -> None:
    if plan.page == 1:
        part_staging.begin()
    part_staging.prepare([_with_held_figure("item", row, another=True) if "held" in row else row for row in rows])


def _is_filtered(plan: PagePlan, page: ListPage) -> bool:
    """Tell whether the rows are what was asked for. A server that ignores `updated_since` sends its whole list each
    time; a row without a moment proves nothing, and is taken as a sign that the server has none."""
    if plan.full:
        return True
    since = None if plan.since is None else to_text(from_text(plan.since) - ROUGHLY)
    if since is not None and any((row["updated_at"] or "") < since for row in page.rows):
        state.put(f"{plan.channel}.filters", "no")
        return False
    if plan.day is not None:
        first = (from_text(f"{plan.day}T00:00:00.000Z") - timedelta(days=1)).date().isoformat()
        if any((row["date"] or "~")[:10] < first for row in page.rows):
            state.put(f"{plan.channel}.days", "no")
            return False
    return True


def _staged(plan: PagePlan, row: replica_rows.Row, held: set[str]) -> dict[str, Any]:
    known = {**row, "type": plan.type, "seq": plan.tick, "version": max(1, row["version"])}
    if row["id"] in held:
        known["held"] = True
    return dict(replica_rows.with_keys(plan.type, known))


def _write(plan: PagePlan, rows: Sequence[replica_rows.Row], page: ListPage) -> None:
    if _arrives(plan):
        news: Sequence[replica_rows.Row] = ()
    else:
        news = _news(plan.type, rows) if state.get(f"{plan.channel}.epoch") == transports.LISTS else rows
    same = {row["id"] for row in rows} - {row["id"] for row in news}
    oldest = min((row.get("date") or "" for row in rows), default="~")
    staged = {"rows": list(news), "same": sorted(same), "bad": list(page.bad), "oldest": oldest}
    db.execute(
        "INSERT OR REPLACE INTO pull_page (channel, n, epoch, snapshot, since, cursor, body)"
        " VALUES (?, ?, ?, ?, NULL, ?, ?)",
        (plan.channel, plan.page, transports.LISTS, plan.full, plan.tick, json.dumps(staged, ensure_ascii=False)),
    )


def _torn_too_often(channel: str) -> bool:
    return state.number(f"{channel}.torn") >= MOST_TORN


def _tear(channel: str) -> Outcome:
    state.put(f"{channel}.torn", state.number(f"{channel}.torn") + 1)
    drop(channel)
    return "torn"


# --- the swap --------------------------------------------------------------------------------------------


def _complete(plan: PagePlan, begun: dict[str, Any], nouns: set[str]) -> tuple[Outcome, frozenset[str]]:
    channel = plan.channel
    bodies = db.execute("SELECT body FROM pull_page WHERE channel = ? ORDER BY n", (channel,)).fetchall()
    pages = [json.loads(body) for (body,) in bodies]
    latest = {row["id"]: row for page in pages for row in page["rows"]}
    same = {record_id for page in pages for record_id in page["same"]}
    bad = [record_id for page in pages for record_id in page["bad"]]
    present = same.union(latest, filter(None, bad))
    once = len(same | latest.keys()) + len(bad) == begun["read"]
    whole = once and (begun["total"] in (None, begun["read"]) or _is_odd_again(channel, begun))
    if not whole and not _torn_too_often(channel):
        return _tear(channel), frozenset(nouns)
    # a row that could not be read is there all the same; without even an id it may be any
    sweeps = begun["full"] and whole and None not in bad
    oldest = min(page["oldest"] for page in pages)
    spared = _spared(channel, present, oldest, several=len(pages) > 1) if sweeps else set()
    if arrives := _arrives(plan):
        part_staging.show(snapshot=sweeps and not spared, spared=[id for id in bad if id is not None])
    there = present | spared if sweeps and not arrives else None
    _store(channel, begun, list(latest.values()), present=there, oldest=oldest)
    if sweeps and not spared:
        state.put(f"{channel}.cursor", begun["tick"])
    drop(channel)
    state.forget(f"{channel}.torn")
    if begun.get("easy"):
        _grow(channel)
    return "stored", frozenset(nouns | ({channel} if latest or begun["full"] else set()))


def _is_odd_again(channel: str, begun: dict[str, Any]) -> bool:
    """Tell whether the last list differed from its total in the very same way: then that total counts something
    else."""
    odd = f"{begun['total']} {begun['read']}"
    again = state.get(f"{channel}.odd_total") == odd
    state.put(f"{channel}.odd_total", odd)
    return again


def _store(
    channel: str,
    begun: dict[str, Any],
    rows: list[replica_rows.Row],
    *,
    present: set[str] | None = None,
    oldest: str = "",
) -> None:
    """Rows, what they end, and what they say of deletions, at once. `present` are the records that the server has;
    without it nothing is forgotten. Sales are forgotten back to the `oldest` of the list."""
    type = replica_rows.TYPES[channel]
    if begun["full"]:
        quarantine.complete(channel)
    quarantine.came(channel, [str(row["id"]) for row in rows])
    state.forget(f"{channel}.lacking")
    another = state.get(f"{channel}.epoch") != transports.LISTS
    state.put(f"{channel}.epoch", transports.LISTS)
    stock_movers.learn_balances(type, rows)
    # who adds up what customers owe has not been seen yet: their old balance and what was added here are exact
    unsettled = moves.moved(type) if type == "customer" and not transports.knows_balances() else set()
    known = [
        _with_held_figure(type, row, another=another) if "held" in row or row["id"] in unsettled else row
        for row in rows
    ]
    state.put(f"{channel}.as_of", db.now_text())
    state.put(f"{channel}.listed_at", begun["at"])
    state.put("lists.stored", transports.progress() + 1)
    if begun["full"]:
        state.put(f"{channel}.full_at", begun["began"])
        state.put(f"{channel}.took", begun["took"])
    with replica.large_cache(len(known)):
        sweeps = present is not None and type != "sale"
        replica_rows.store(type, known, snapshot=sweeps, spared=present or ())
        if present is not None and type == "sale":
            replica_rows.sweep_sales(present, oldest)
        conflicts.follow(type, known)
    # what was answered is in these rows, and what was ended stays so: nothing has to be counted again
    moves.end(channel, reopen=False)
    if channel == "inventory":
        arrivals.look()


_SALE_COLUMNS = ("status", "notes", "total", "receipt_number", "customer_id")
"""What may differ in a sale that is there already; in the other types every column but `seq`."""


def _news(type: str, rows: Sequence[replica_rows.Row]) -> list[replica_rows.Row]:
    """The rows that differ from what we have, and those of whose count something waits: what a till must wait for
    when the daily list of a large shop is stored."""
    if type == "order":  # few, and their lines may differ
        return list(rows)
    table, columns = ("sale", _SALE_COLUMNS) if type == "sale" else overlay.RECORD_COLUMNS[type]
    names = [name for name in columns if name != "seq"]
    stored = db.execute(
        f"SELECT id, {', '.join(names)} FROM {table} WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps([row["id"] for row in rows]),),
    ).fetchall()
    present = {row[0]: row[1:] for row in stored}
    waiting = moves.moved(type) | overlay.kept(type)
    return [row for row in rows if row["id"] in waiting or present.get(row["id"]) != tuple(row[name] for name in names)]


def _with_held_figure(type: str, row: replica_rows.Row, *, another: bool) -> replica_rows.Row:
    """A row in doubt with the figure, and the count, that we had of it; a figure that came by sync has no count."""
    before = overlay.base(type, row["id"]) or overlay.current(type, row["id"])
    if before is None:
        return row
    figure = withheld_figures.NAMES[type]
    return {**row, figure: before[figure], "seq": -1 if another else before["seq"]}


def _spared(channel: str, present: set[str], oldest: str, *, several: bool) -> set[str]:
    """The records that this list lacks and that are not given up for it.

    A list of one page is one moment. Over several pages a row can slip through unseen: one is deleted on a page that
    was read, one is added, the totals agree. So what is missing is given up only when the next list, which is read
    at once, lacks it as well.
    """
    gone = replica_rows.listed_ids(replica_rows.TYPES[channel], oldest) - present
    before = set(json.loads(state.get(f"{channel}.vanished") or "[]"))
    spared = gone - before if several else set()
    if spared:
        state.put(f"{channel}.vanished", json.dumps(sorted(spared)))
    else:
        state.forget(f"{channel}.vanished")
    return spared
