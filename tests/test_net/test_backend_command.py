"""`test-backend` as a script sees it: exit codes, JSON, XML, and the right word for servers that are none."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import pytest

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.commands.backend_test import EndpointOptions, run
from clutch_tui.net.endpoints import CATEGORIES
from clutch_tui.sandbox import demo_data
from clutch_tui.sandbox.server import Running
from clutch_tui.text import format as shown
from clutch_tui.text import strings
from clutch_tui.text.strings import t

from .certificates import DAY, answering, certificate, http
from .conftest import Fault

SHORT = 0.5
"""Seconds that the command waits for a byte of a server which never sends one."""


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    strings.use("en")
    yield
    strings.use("ar")


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        return json.loads(self.out)


Judge = Callable[..., Awaitable[Outcome]]


@pytest.fixture
def judge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Judge:
    """Run the command against a server, in a thread: it brings an event loop of its own."""

    async def judge(
        base_url: str, *, api_key: str = demo_data.API_KEY, environ: Any = None, read_timeout: float = 60.0, **wish: Any
    ) -> Outcome:
        environ = {"CLUTCH_HOME": str(tmp_path / "home"), "CLUTCH_SECRETS": "file", "CLUTCH_API_KEY": api_key} | (
            environ or {}
        )
        overrides: dict[str, object] = {"backend.base_url": base_url, "backend.shop_id": demo_data.SHOP_ID}
        overrides |= {"backend.connect_timeout": 60.0, "backend.read_timeout": read_timeout}
        installation = await asyncio.to_thread(Installation.find, environ, overrides)
        code = await asyncio.to_thread(run, installation, EndpointOptions(**wish))
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return judge


async def test_the_json_has_the_shape_that_scripts_rely_on(sandbox: Running, judge: Judge) -> None:
    outcome = await judge(sandbox.base_url, as_json=True)
    report = outcome.report
    assert outcome.code == 0
    assert list(report) == ["base_url", "summary", "results", "recommendations"]
    assert report["base_url"] == sandbox.base_url
    assert len(report["results"]) == report["summary"]["total"] == 47
    for result in report["results"]:
        keys = ["name", "category", "method", "path", "required", "state", "status", "latency_ms", "error", "remedy"]
        assert list(result) == keys
    assert report["recommendations"] == []
    assert set(report["summary"]["sync"]) == {"idempotency", "versions", "cursors", "clock", "socket"}


async def test_one_endpoint_one_category_and_names_as_people_write_them(sandbox: Running, judge: Judge) -> None:
    outcome = await judge(
        sandbox.base_url, endpoints=["auth.verify", "ai.demandForecast"], categories=["shops"], as_json=True
    )
    names = [result["name"] for result in outcome.report["results"]]
    assert names == ["auth.verify", "shop.profile", "shop.update", "shop.settings", "shop.stats", "ai.demand_forecast"]
    assert (outcome.code, "sync" in outcome.report["summary"]) == (0, False)


async def test_a_server_that_is_only_half_there(sandbox: Running, judge: Judge, fault: Fault) -> None:
    """What is not required may be missing; what is required may not, and each has its remedy."""
    await fault("missing", endpoint="market.*", count=None)
    outcome = await judge(sandbox.base_url, as_json=True)
    missing = [result for result in outcome.report["results"] if result["state"] == "missing"]
    assert {result["category"] for result in missing} == {"market"}
    assert all(result["error"] and result["remedy"] for result in missing)
    assert outcome.code == 0
    assert outcome.report["recommendations"] == [t("tester.advice.missing")]
    await fault("missing", endpoint="sales.list", count=None)
    assert (await judge(sandbox.base_url, as_json=True)).code == 1


async def test_the_xml_names_what_failed(sandbox: Running, judge: Judge, fault: Fault, tmp_path: Path) -> None:
    await fault("error_before", endpoint="sales.list", status=500, count=None)
    outcome = await judge(sandbox.base_url, junit=tmp_path / "report.xml", verbose=True)
    assert outcome.code == 1
    assert t("tester.remedy.error") in outcome.out
    root = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("47", "1", "1")
    assert len(root.findall("testsuite")) == len(CATEGORIES)
    (failed,) = root.findall(".//testcase[failure]")
    assert failed.get("name") == "sales.list"


async def test_told_to_write_and_to_sign_in_by_itself(sandbox: Running, judge: Judge) -> None:
    outcome = await judge(
        sandbox.base_url,
        write=True,
        email="owner@clutch.test",
        as_json=True,
        environ={"CLUTCH_PASSWORD": demo_data.PASSWORD},
    )
    assert outcome.code == 0
    assert {result["state"] for result in outcome.report["results"]} == {"ok", "reachable"}
    assert outcome.report["summary"]["sync"]["idempotency"]["verdict"] == "yes"
    assert demo_data.PASSWORD not in outcome.out + outcome.err


async def test_wrong_usage_is_told_before_anything_is_sent(sandbox: Running, judge: Judge, tmp_path: Path) -> None:
    wishes: tuple[dict[str, Any], ...] = (
        {"endpoints": ["auth.nonsense"]},
        {"categories": ["nonsense"]},
        {"junit": tmp_path / "no" / "folder" / "report.xml"},
        {"email": "owner@clutch.test"},
    )
    for wish in wishes:
        with pytest.raises(click.UsageError):
            await judge(sandbox.base_url, **wish)
    assert (await judge("")).code == 2


# --- servers that are none ---------------------------------------------------------------------------------


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """The test's output is not its place."""


@contextmanager
def bare_web_server(folder: Path) -> Iterator[int]:
    """What `python -m http.server` runs."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def unused_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


HTML = http("200 OK", "<html><body>Sign in to the Wi-Fi</body></html>")


@asynccontextmanager
async def bad_server(kind: str, folder: Path) -> AsyncIterator[str]:
    async with AsyncExitStack() as stack:
        if kind == "bare":
            yield f"http://127.0.0.1:{stack.enter_context(bare_web_server(folder))}"
        elif kind == "closed":
            yield f"http://127.0.0.1:{unused_port()}/api/v1"
        elif kind == "unknown":
            yield "https://no-such-host.invalid/api/v1"
        elif kind == "expired":
            tls = certificate(folder, starts=-30 * DAY, ends=-1 * DAY)
            yield f"https://localhost:{await stack.enter_async_context(answering(HTML, tls))}/api/v1"
        else:
            answer = HTML if kind == "html" else None
            yield f"http://127.0.0.1:{await stack.enter_async_context(answering(answer))}/api/v1"


@pytest.mark.parametrize(
    ("kind", "state", "key", "code", "language"),
    [
        ("bare", "missing", "tester.advice.no_backend", 1, "ar"),
        ("closed", "unreachable", "error.api.unreachable", 3, "en"),
        ("unknown", "unreachable", "error.api.unknown_host", 3, "ar"),
        ("expired", "unreachable", "error.api.tls.expired", 3, "ar"),
        ("html", "invalid", "error.api.not_json", 1, "en"),
        ("silent", "timeout", "error.api.timeout", 3, "ar"),
    ],
)
async def test_the_right_word_for_what_is_no_backend(
    judge: Judge,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    state: str,
    key: str,
    code: int,
    language: strings.Language,
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    strings.use(language)
    async with bad_server(kind, tmp_path) as base_url:
        outcome = await judge(base_url, **({"read_timeout": SHORT} if kind == "silent" else {}))
    assert outcome.code == code
    host = "localhost" if kind == "expired" else "127.0.0.1" if kind == "closed" else "no-such-host.invalid"
    sentence = t(key, **shown.isolated_values({"host": host}))
    assert outcome.out.count(sentence) == 1
    assert sum(f"  {t(f'tester.state.{state}')}" in line for line in outcome.out.splitlines()) >= 46
    assert "Traceback" not in outcome.out + outcome.err
