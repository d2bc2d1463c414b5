"""One shop, several processes' worth of connections: who leads, who follows, and what each can show."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core import inventory, journal, reference, state
from clutch_tui.core.errors import ShopError
from clutch_tui.core.journal import LogQuery
from clutch_tui.core.outbox import abilities, outbox
from clutch_tui.core.performance import usage
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import other_writers
from clutch_tui.core.types import PartDraft, PartQuery
from clutch_tui.errors import Problem
from clutch_tui.net import connection_log
from clutch_tui.net import network as net
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.monitor import State
from clutch_tui.net.network import EVERYTHING, Network
from clutch_tui.net.supervisor import Job, Start, TaskJob, Work
from clutch_tui.sandbox import demo_data, server
from clutch_tui.sandbox.server import Running
from clutch_tui.sandbox.settings import Settings

PATIENCE = 120.0


async def until(condition: Callable[[], Any]) -> None:
    """Wait until the condition holds; fails when it does not in time."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        await asyncio.sleep(0.02)


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    async with server.running(Settings(db=str(tmp_path / "backend.db"), faults=True)) as running:
        yield running


@contextlib.asynccontextmanager
async def connected(
    folder: Path, base_url: str, api_key: str = demo_data.API_KEY, start: Start = TaskJob
) -> AsyncIterator[tuple[Network, Store]]:
    """A network of one process: several of them may share a folder, as processes of a machine do."""
    environ = {"CLUTCH_HOME": str(folder), "CLUTCH_SECRETS": "file", "CLUTCH_API_KEY": api_key}
    overrides = {"backend.base_url": base_url, "backend.shop_id": demo_data.SHOP_ID}
    installation = Installation.find(environ, overrides)
    store = installation.open_store()
    network = installation.network(installation.settings, store, lambda _nouns: None)
    running = asyncio.create_task(network.run(start))
    try:
        yield network, store
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await asyncio.to_thread(store.close)


def overall(network: Network) -> str:
    return network.monitor.snapshot().overall


async def test_the_lock_of_the_lead_is_closed_to_others(tmp_path: Path, sandbox: Running) -> None:
    mask = os.umask(0o022)
    try:
        async with connected(tmp_path / "home", sandbox.base_url) as (network, store):
            await until(lambda: overall(network) == "connected")
            locks = await asyncio.to_thread(lambda: [*store.path.parent.glob("*.lead.lock")])
            assert [stat.S_IMODE(lock.stat().st_mode) for lock in locks] == [0o600]
    finally:
        os.umask(mask)


async def test_a_job_that_ends_ends_the_others_and_all_begin_anew(
    tmp_path: Path, sandbox: Running, caplog: pytest.LogCaptureFixture
) -> None:
    begun: list[tuple[str, Job]] = []

    def start(name: str, work: Work) -> Job:
        begun.append((name, TaskJob(name, work)))
        return begun[-1][1]

    led = ["api", "socket", "sync"]
    async with connected(tmp_path / "home", sandbox.base_url, start=start) as (network, _):
        await until(lambda: overall(network) == "connected")
        assert [name for name, _ in begun] == ["log", *led]
        dict(begun)["socket"].cancel()
        await until(lambda: len(begun) == 7)
        assert [name for name, _ in begun[4:]] == led
        assert [job.is_finished for _, job in begun] == [False, True, True, True, False, False, False]
        await until(lambda: overall(network) == "connected")
    assert all(job.is_finished for _, job in begun)
    assert "the connection's job socket ended" in caplog.text


async def test_one_leads_the_other_follows_and_takes_over(tmp_path: Path, sandbox: Running) -> None:
    async with connected(tmp_path / "home", sandbox.base_url) as (first, _):
        await until(lambda: overall(first) == "connected")
        async with connected(tmp_path / "home", sandbox.base_url) as (second, store):
            await until(lambda: second.monitor.part("socket").state == "up")
            assert first.leads
            assert not second.leads
            first.go_offline(True)
            await until(lambda: second.leads)
            await until(lambda: overall(second) == "connected")
            assert await store.read(journal.connection_state)


async def test_a_window_whose_line_is_cut_shows_what_another_window_writes(tmp_path: Path, sandbox: Running) -> None:
    async with connected(tmp_path / "home", sandbox.base_url) as (first, store):
        await until(lambda: overall(first) == "connected")
        async with connected(tmp_path / "home", sandbox.base_url) as (second, _):
            second.go_offline(True)
            await until(lambda: second._seen is not None and second._seen == store.read_now(other_writers.figures))
            shown: list[frozenset[str]] = []
            second._on_change = shown.append
            await store.run(inventory.create, PartDraft(name="سير", part_number="NEW-1", price=100), whole(1))
            await until(lambda: EVERYTHING in shown)
            assert overall(second) == "offline"


async def test_a_round_asked_for_by_a_follower_is_done_by_the_leader(tmp_path: Path, sandbox: Running) -> None:
    async with connected(tmp_path / "home", sandbox.base_url) as (first, _):
        await until(lambda: overall(first) == "connected")
        async with connected(tmp_path / "home", sandbox.base_url) as (second, _):
            await second.force_sync()
            await sandbox.stop()
            with pytest.raises(ShopError) as refused:
                await second.force_sync()
            assert refused.value.key.startswith("error.api.")
        first.go_offline(True)
        with pytest.raises(ShopError, match=r"error\.sync\.cut"):
            await first.force_sync()


async def test_what_the_leader_did_is_in_the_log_for_everybody(tmp_path: Path, sandbox: Running) -> None:
    async with connected(tmp_path / "home", sandbox.base_url) as (first, store):
        await until(lambda: overall(first) == "connected")
        await until(lambda: store.read_now(journal.log_count, LogQuery()) > 0)
        both = {"inventory.sync", "sales.sync"}
        await until(lambda: both <= {figure.name for figure in store.read_now(usage.figures)})


async def test_the_line_is_cut_and_comes_back(tmp_path: Path, sandbox: Running) -> None:
    async with connected(tmp_path / "home", sandbox.base_url) as (network, _):
        await until(lambda: overall(network) == "connected")
        await sandbox.stop()
        await until(lambda: network.monitor.part("socket").state != "up")
        network.wake()
        await until(lambda: overall(network) == "offline")
        again = await server.start(sandbox.settings, port=sandbox.port)
        try:
            network.reconnect()
            await until(lambda: overall(network) == "connected")
        finally:
            await again.stop()


async def test_a_server_that_was_started_again_is_asked_at_once_what_it_knows(tmp_path: Path, sandbox: Running) -> None:
    sandbox.backend.database.protocol = 1
    async with connected(tmp_path / "home", sandbox.base_url) as (network, store):
        await until(lambda: overall(network) == "connected")
        await until(lambda: store.read_now(state.get, "server.asked_at") is not None)
        assert not store.read_now(abilities.knows, "payment_void")
        await sandbox.stop()
        again = await server.start(sandbox.settings, port=sandbox.port)
        try:
            await until(lambda: store.read_now(abilities.knows, "payment_void"))
        finally:
            await again.stop()


async def test_offline_on_purpose_and_back(tmp_path: Path, sandbox: Running) -> None:
    async with connected(tmp_path / "home", sandbox.base_url) as (network, _):
        await until(lambda: overall(network) == "connected")
        network.go_offline(True)
        await until(lambda: overall(network) == "offline")
        network.go_offline(False)
        await until(lambda: overall(network) == "connected")


async def test_a_key_that_the_server_refuses_is_not_kept(tmp_path: Path, sandbox: Running) -> None:
    async with connected(tmp_path / "home", sandbox.base_url) as (network, _):
        await until(lambda: overall(network) == "connected")
        before = network.session.api_key
        for wrong in ("ck_wrong_0000000000000000000000000", "مفتاح"):
            with pytest.raises(ApiError):
                await network.use_api_key(wrong)
        assert network.session.api_key == before


async def test_signing_in_names_the_user(tmp_path: Path, sandbox: Running) -> None:
    async with connected(tmp_path / "home", sandbox.base_url, api_key="") as (network, store):
        await until(lambda: overall(network) == "signed_out")
        await network.sign_in("owner@clutch.test", demo_data.PASSWORD)
        await until(lambda: overall(network) == "connected")
        assert network.user_name
        assert await store.read(inventory.count, PartQuery()) == 0
        assert (await network.fetch("market.trends")).data == []


async def test_the_log_forgets_its_oldest_entries(
    tmp_path: Path, sandbox: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(net, "TRIM_EVERY", 1)
    monkeypatch.setattr(journal, "KEPT_LOG_ROWS", 2)
    async with connected(tmp_path, sandbox.base_url) as (network, store):
        await until(lambda: overall(network) == "connected")
        await until(lambda: 0 < store.read_now(journal.log_count, LogQuery()) <= 2)


async def test_who_leads_hears_that_another_process_has_signed_in(tmp_path: Path, sandbox: Running) -> None:
    async with connected(tmp_path, sandbox.base_url, api_key="") as (first, _):
        await until(lambda: first.leads and overall(first) == "signed_out")
        async with connected(tmp_path, sandbox.base_url, api_key="") as (second, _):
            await second.use_api_key(demo_data.API_KEY)
            assert not second.leads
            await until(lambda: overall(first) == "connected")


async def test_a_database_that_is_full_for_a_while_does_not_end_the_connection(
    tmp_path: Path, sandbox: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(tmp_path, sandbox.base_url) as (network, store):
        await until(lambda: overall(network) == "connected")
        refused: list[str] = []

        async def full(function: Callable[..., Any], *_args: Any, **_more: Any) -> None:
            refused.append(function.__name__)
            raise ShopError("error.store.full", path="shop.db")

        with monkeypatch.context() as patch:
            patch.setattr(store, "run", full)
            network.monitor.note("info", "api", "connection.retry", endpoint="system.ping", seconds=1)
            network.wake()
            await until(lambda: len(refused) > 3)
        await store.run(inventory.create, PartDraft(name="Oil filter"))
        await until(lambda: store.read_now(outbox.summary).unsent == 0)
        assert network.leads


async def test_what_changes_slowly_is_kept_with_its_age_and_asked_for_by_its_mark(
    tmp_path: Path, sandbox: Running
) -> None:
    async with connected(tmp_path, sandbox.base_url) as (network, store):
        first = await network.fetch("shop.profile")
        assert first.data["id"] == demo_data.SHOP_ID
        assert first.etag
        again = await network.fetch("shop.profile")
        assert network.monitor.figures("shop.profile").status == 304
        assert (again.data, again.etag) == (first.data, first.etag)
        assert again.fetched_at > first.fetched_at
        kept = await store.read(reference.find, "shop.profile")
        assert kept is not None
        assert (kept.data, kept.etag) == (again.data, again.etag)
        # the network's own rounds fetch it too, and one of them may have been asked a moment before and kept after
        assert kept.fetched_at > first.fetched_at
        assert (await store.read(reference.ages))["shop.profile"] > first.fetched_at
        assert await store.read(reference.find, "market.trends") is None


async def test_nothing_goes_out_while_the_line_is_cut_on_purpose(tmp_path: Path, sandbox: Running) -> None:
    async with connected(tmp_path, sandbox.base_url) as (network, _):
        await until(lambda: overall(network) == "connected")
        network.go_offline(True)
        await until(lambda: overall(network) == "offline")
        await network._cut  # what was under way when the line was cut has ended
        before = {name: one.calls for name, one in network.monitor.snapshot().endpoints.items()}
        tries: tuple[Callable[[], Awaitable[object]], ...] = (
            network.test_endpoints,
            lambda: network.fetch("market.trends"),
            lambda: network.sign_in("owner@clutch.test", demo_data.PASSWORD),
            lambda: network.use_api_key(demo_data.API_KEY),
            lambda: network.api.request("GET", "/system/health"),
        )
        for attempt in tries:
            with pytest.raises(ApiError) as refused:
                await attempt()
            assert (refused.value.kind, refused.value.was_sent) == (Kind.CUT, False)
        assert {name: one.calls for name, one in network.monitor.snapshot().endpoints.items()} == before
        network.go_offline(False)
        await network.fetch("market.trends")


async def test_a_second_window_shows_the_same_word_for_word(tmp_path: Path, sandbox: Running) -> None:
    def told(network: Network) -> list[object]:
        snapshot = network.monitor.snapshot()
        parts = [snapshot.parts[name] for name in ("api", "socket", "sync")]
        return [snapshot.overall, snapshot.reason, *((part.state, part.problem) for part in parts)]

    async with (
        connected(tmp_path / "home", sandbox.base_url) as (first, _),
        connected(tmp_path / "home", sandbox.base_url) as (second, store),
    ):
        await until(lambda: overall(first) == overall(second) == "connected")
        leader, follower = (first, second) if first.leads else (second, first)
        await until(lambda: told(follower) == told(leader))
        await sandbox.stop()
        leader.wake()
        await until(lambda: overall(leader) == overall(follower) == "offline")
        await until(lambda: told(follower) == told(leader))
        socket = follower.monitor.part("socket")
        assert socket.problem is not None
        assert socket.next_attempt is not None
        since = leader.monitor.part("socket").since
        assert since is not None
        assert socket.since is not None
        assert abs(socket.since - since) < timedelta(milliseconds=2)
        hour = (await store.read(usage.periods))[0]
        assert hour.usage.calls > 0
        assert hour.watched > 0
        assert hour.busy > 0


async def test_a_database_that_cannot_be_written_is_told_and_nothing_is_lost(
    tmp_path: Path, sandbox: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(tmp_path / "home", sandbox.base_url) as (network, store):
        await until(lambda: overall(network) == "connected")
        full = ShopError("error.store.full", path="x")
        write = connection_log._write

        def refuse(*_: object) -> None:
            raise full

        monkeypatch.setattr(connection_log, "_write", refuse)
        network.monitor.note("info", "test", "connection.reconnecting")
        await until(lambda: network.monitor.part("database").state == "retrying")
        assert network.monitor.part("database").problem == Problem("error.store.full", {"path": "x"})
        monkeypatch.setattr(connection_log, "_write", write)
        await until(lambda: network.monitor.part("database").state == "up")
        asked = LogQuery(category="test")
        await until(lambda: store.read_now(journal.log_count, asked) == 1)


async def test_a_lost_socket_is_followed_by_polling_at_once(tmp_path: Path) -> None:
    installation = Installation.find({"CLUTCH_HOME": str(tmp_path), "CLUTCH_SECRETS": "file"})
    with installation.open_store(inline=True) as store:
        network = installation.network(installation.settings, store, lambda _nouns: None)
        network.monitor.set("socket", "up")
        assert network._idle() == net.POLL_WITH_SOCKET
        assert not network.sync._schedule._wanted.is_set()
        network.monitor.set("socket", "retrying")
        assert network.sync._schedule._wanted.is_set()
        assert network._idle() == 30


async def test_a_call_that_goes_through_again_ends_the_pause_of_the_socket(tmp_path: Path) -> None:
    installation = Installation.find({"CLUTCH_HOME": str(tmp_path), "CLUTCH_SECRETS": "file"})
    with installation.open_store(inline=True) as store:
        network = installation.network(installation.settings, store, lambda _nouns: None)
        heard = network.socket._line_back
        states: list[tuple[State, bool]] = [
            ("connecting", False), ("up", False), ("retrying", False), ("connecting", False), ("down", False),
            ("connecting", False), ("up", True),
        ]  # fmt: skip
        for state, is_back in states:
            network.monitor.set("api", state)
            assert heard.is_set() == is_back
        heard.clear()
        network.monitor.set("api", "up")
        assert not heard.is_set()
