"""The demo: a backend of our own and the app, or, without a screen, the whole way proved step by step."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clutch_tui.bootstrap import exit_codes
from clutch_tui.bootstrap.composition import Installation
from clutch_tui.bootstrap.run import run_app
from clutch_tui.core import cart as carts
from clutch_tui.core import inventory, past_sales, sales, state
from clutch_tui.core.outbox import outbox
from clutch_tui.core.quantity import ONE, written
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Part, PartQuery, PartRow, Payment, Receipt
from clutch_tui.errors import ClutchError
from clutch_tui.net.network import Network
from clutch_tui.phrases.errors import explain
from clutch_tui.support import logs
from clutch_tui.text.strings import t

PARTS = 1400
PATIENCE = 60.0
"""Seconds that any one step may take before the proof has failed."""


class Disproved(ClutchError):
    """A step did not come out as it must."""


@contextmanager
def _home(keep: Path | None) -> Iterator[Path]:
    """A home apart from the shop's own: kept where the person said, otherwise gone at the end."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="clutch-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _installation(home: Path, name: str, base_url: str, options: Mapping[str, Any]) -> Installation:
    from clutch_tui.sandbox import demo_data

    environ = {**_plain_environment(), "CLUTCH_HOME": str(home / name), "CLUTCH_SECRETS": "file"}
    overrides: dict[str, object] = {
        "backend.base_url": base_url,
        "backend.shop_id": demo_data.SHOP_ID,
        "sync.poll_interval": 5,
    }
    if options.get("lang"):
        overrides["text.language"] = options["lang"]
    return Installation.find(environ, overrides)


def _plain_environment() -> dict[str, str]:
    """The environment without this shop's own settings: the demo must not touch the real backend."""
    kept = {"CLUTCH_LANG", "CLUTCH_TEXT__LANGUAGE", "CLUTCH_TEXT__DIGITS", "CLUTCH_TEXT__BIDI"}
    return {name: value for name, value in os.environ.items() if not name.startswith("CLUTCH_") or name in kept}


# --- the proof -----------------------------------------------------------------------------------------


def prove(options: Mapping[str, Any], keep: Path | None) -> int:
    """Go the whole way without a screen and print each step; 0 when everything came out, 1 with the reason."""
    started = time.monotonic()
    try:
        with _home(keep) as home:
            asyncio.run(_Proof(home, options).run())
    except Disproved as error:
        print(f"✗ {explain(error)}")
        return exit_codes.FAILED
    print(t("demo.summary", seconds=f"{time.monotonic() - started:.1f}"))
    return exit_codes.DONE


class _Proof:
    """One shop with two terminals and a backend that is stopped and started again in between."""

    def __init__(self, home: Path, options: Mapping[str, Any]) -> None:
        self._home = home
        self._options = options
        self._receipts: list[Receipt] = []

    async def run(self) -> None:
        from clutch_tui.sandbox import server
        from clutch_tui.sandbox.settings import Settings

        settings = Settings(db=str(self._home / "backend.db"), parts=PARTS, faults=True)
        self._backend = await server.start(settings)
        self._first = _installation(self._home, "first", self._backend.base_url, self._options)
        logs.start(self._first.home.log_dir, debug=False)
        store = self._first.open_store()
        network = self._first.network(self._first.settings, store, lambda _nouns: None)
        running: asyncio.Task[None] | None = None
        try:
            await self._step("demo.step.sign_in", self._sign_in, network)
            running = asyncio.create_task(network.run())
            await self._step("demo.step.pull", self._pull, store, network)
            part = (await store.read(inventory.page, PartQuery(), None, 5, 1))[0]
            await self._step("demo.step.sell_online", self._sell_online, store, network, part)
            await self._step("demo.step.stop", self._stop, network)
            await self._step("demo.step.sell_offline", self._sell_offline, store, part)
            await self._step("demo.step.restart", self._restart, store, network)
            await self._step("demo.step.once", self._both_are_there_once, network)
            await self._step("demo.step.event", self._price_arrives, store, part)
            await self._step("demo.step.other", self._other_terminal_sells, store, part)
        finally:
            if running is not None:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
            else:
                await network.api.close()
            await asyncio.to_thread(store.close)
            await self._backend.stop()

    async def _step(self, key: str, work: Callable[..., Awaitable[dict[str, Any]]], *args: Any) -> None:
        started = time.monotonic()
        values = await work(*args)
        print(f"✓ {time.monotonic() - started:6.2f} s  {t(key, **values)}", flush=True)

    async def _sign_in(self, network: Network) -> dict[str, Any]:
        from clutch_tui.sandbox import demo_data

        await network.session.open()
        user = await network.session.login("owner@clutch.test", demo_data.PASSWORD)
        return {"name": user.name}

    async def _pull(self, store: Store, network: Network) -> dict[str, Any]:
        async def parts() -> int:
            return await store.read(inventory.count, PartQuery())

        await self._until(parts, lambda count: count >= 1200, "demo.failed.pull")
        await self._until_state(network, "connected")
        return {"parts": await parts(), "sales": await store.read(past_sales.count, _every_sale())}

    async def _sell_online(self, store: Store, network: Network, part: PartRow) -> dict[str, Any]:
        receipt = await self._sell(store, part)
        network.wake()
        await self._until_sent(store)
        return {"receipt": receipt.receipt_number}

    async def _stop(self, network: Network) -> dict[str, Any]:
        await self._backend.stop()
        network.wake()
        await self._until_state(network, "offline")
        return {}

    async def _sell_offline(self, store: Store, part: PartRow) -> dict[str, Any]:
        receipt = await self._sell(store, part)
        unsent = (await store.read(outbox.summary)).unsent
        if unsent != 1:
            raise Disproved("demo.failed.unsent", n=unsent)
        return {"receipt": receipt.receipt_number}

    async def _restart(self, store: Store, network: Network) -> dict[str, Any]:
        from clutch_tui.sandbox import server

        self._backend = await server.start(self._backend.settings, port=self._backend.port)
        network.reconnect()
        await self._until_sent(store)
        await self._until_state(network, "connected")
        return {}

    async def _both_are_there_once(self, network: Network) -> dict[str, Any]:
        for receipt in self._receipts:
            answer = await network.api.call("sales.list", query={"search": receipt.receipt_number, "limit": 50})
            rows = [row for row in answer.data["transactions"] if row["id"] == receipt.id]
            if len(rows) != 1:
                raise Disproved("demo.failed.once", receipt=receipt.receipt_number, n=len(rows))
        return {"receipts": ", ".join(receipt.receipt_number for receipt in self._receipts)}

    async def _price_arrives(self, store: Store, part: PartRow) -> dict[str, Any]:
        price = part.price + 1250
        await self._control({"do": "price", "id": part.id, "price": f"{price // 100}.{price % 100:02d}"})

        async def present() -> int:
            return (await store.read(inventory.get, part.id)).draft.price

        await self._until(present, lambda now: now == price, "demo.failed.event")
        return {"name": part.name}

    async def _other_terminal_sells(self, store: Store, part: PartRow) -> dict[str, Any]:
        """Another installation sells the same part: the first one's shelf must follow by itself."""
        before = (await store.read(inventory.get, part.id)).stock
        second = _installation(self._home, "second", self._backend.base_url, self._options)
        from clutch_tui.sandbox import demo_data

        other = second.open_store()
        try:
            line = second.network(second.settings, other, lambda _nouns: None)
            await line.use_api_key(demo_data.API_KEY)
            await line.sync_once(PATIENCE)
            seen = await other.read(inventory.get, part.id)
            await other.run(_sell_one, seen, second.device_id)
            line = second.network(second.settings, other, lambda _nouns: None)
            await line.sync_once(PATIENCE)
        finally:
            await asyncio.to_thread(other.close)

        async def present() -> int:
            return (await store.read(inventory.get, part.id)).stock

        await self._until(present, lambda stock: stock == before - ONE, "demo.failed.other")
        return {"name": part.name, "stock": written(before - ONE)}

    # --- how the steps do it ---------------------------------------------------------------------------

    async def _sell(self, store: Store, part: PartRow) -> Receipt:
        receipt = await store.run(_sell_one, part, self._first.device_id)
        self._receipts.append(receipt)
        return receipt

    async def _control(self, order: dict[str, Any]) -> None:
        import httpx

        async with httpx.AsyncClient() as client:
            answer = await client.post(f"{self._backend.root}/__control", json=order)
            answer.raise_for_status()

    async def _until_sent(self, store: Store) -> None:
        async def unsent() -> int:
            return (await store.read(outbox.summary)).unsent

        await self._until(unsent, lambda count: count == 0, "demo.failed.send")

    async def _until_state(self, network: Network, wanted: str) -> None:
        async def overall() -> str:
            return network.monitor.snapshot().overall

        await self._until(overall, lambda reached: reached == wanted, "demo.failed.state", wanted=wanted)

    async def _until(
        self, look: Callable[[], Awaitable[Any]], enough: Callable[[Any], bool], key: str, **values: object
    ) -> None:
        end = time.monotonic() + PATIENCE
        while not enough(value := await look()):
            if time.monotonic() > end:
                raise Disproved(key, found=str(value), **values)
            await asyncio.sleep(0.02)


def _every_sale() -> Any:
    from clutch_tui.core.types import SaleQuery

    return SaleQuery()


def _sell_one(part: PartRow | Part, device_id: str) -> Receipt:
    cart = carts.add_line(sales.open_cart(), part)
    rules = state.tax_rules()
    total = carts.totals(cart, rules, "cash").total
    return sales.checkout(
        cart, (Payment("cash", total),), tendered=total, cashier="demo", device_id=device_id, rules=rules
    )


# --- the show ------------------------------------------------------------------------------------------


def show(options: Mapping[str, Any], keep: Path | None) -> int:
    """Backend and app together, with customers who order and a cable that one key pulls."""
    from clutch_tui.sandbox import demo_data

    with _home(keep) as home:
        cable = _Cable(home / "backend.db")
        cable.plug_in()
        try:
            base_url = f"http://127.0.0.1:{cable.port}/api/v1"
            installation = _installation(home, "terminal", base_url, options)
            installation.api_key = demo_data.API_KEY
            return run_app(installation, cable)
        finally:
            cable.pull_out()


class _Cable:
    """The demo's backend in a process of its own; cutting the line kills it, restoring starts it again."""

    def __init__(self, db: Path) -> None:
        self._db = db
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        """The backend's own choice when it is first plugged in, and the same ever after."""

    @property
    def is_cut(self) -> bool:
        return self._process is None

    async def cut(self) -> None:
        await asyncio.to_thread(self.pull_out)

    async def restore(self) -> None:
        await asyncio.to_thread(self.plug_in)

    def plug_in(self) -> None:
        """Start the backend and wait until it answers. Raises `Disproved` where it does not."""
        command = [sys.executable, "-m", "clutch_tui", "sandbox", "--faults", "--port", str(self.port)]
        self._process = subprocess.Popen(
            [*command, "--with-parent", "--db", str(self._db), "--parts", str(PARTS)],
            stdin=subprocess.PIPE,  # its end is the backend's end, however this program dies
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        port = _line(self._process, PATIENCE)
        if not port.isdigit():
            self.pull_out()
            raise Disproved("demo.failed.backend")
        self.port = int(port)

    def pull_out(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _line(process: subprocess.Popen[bytes], seconds: float) -> str:
    """The first line that a process prints: its port, once it answers there. Empty where it ends before that, or
    is ended for taking too long."""
    assert process.stdout is not None
    patience = threading.Timer(seconds, process.kill)
    patience.start()
    try:
        return process.stdout.readline().decode("ascii", "replace").strip()
    finally:
        patience.cancel()
