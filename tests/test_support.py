"""The support file: all of it on a good day, what is left on a bad one, and never a secret."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import httpx
import pytest

from clutch_tui import commands
from clutch_tui.bootstrap import support_file as bundle_contents
from clutch_tui.bootstrap.composition import Installation
from clutch_tui.commands import log_lines, request
from clutch_tui.core import customers, journal, sales
from clutch_tui.core.journal import LogQuery
from clutch_tui.core.types import CustomerDraft
from clutch_tui.net.client.errors import ApiError
from clutch_tui.net.network import Network
from clutch_tui.sandbox import demo_data, server
from clutch_tui.sandbox.settings import Settings as SandboxSettings
from clutch_tui.security import redaction
from clutch_tui.security.vault import Secrets
from clutch_tui.support import logs
from clutch_tui.support.bundle import CONTENTS, Chapter, write
from clutch_tui.text.harmless import escaped
from clutch_tui.text.strings import t
from clutch_tui.ui.screens.support import contents
from tests.program import Program

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyLW9uZSJ9.c2lnbmF0dXJlLW9mLXRva2Vu"
SECRETS = {
    "password": 'pass"word-of-Mona',
    "token": TOKEN,
    "refresh token": "refresh-0f9e8d7c6b5a",
    "stored key": "ck_stored_4711",
    "key of this run": "ck_given_0815",
    "proxy password": "proxy-pass-99",
    "cookie": "sessionid-abcdef123456",
    "customer's telephone": "01012345678",
    "customer's telephone abroad": "+201198765432",
    "customer's name": "Salma El-Sayed",
    "customer's Arabic name": "سلمى السيد",
    "customer's street": "9 Talaat Harb",
}


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    root = logging.getLogger()
    before, level, factory = list(root.handlers), root.level, logging.getLogRecordFactory()
    yield
    for handler in set(root.handlers) - set(before):
        handler.close()
    root.handlers = before
    logging.setLogRecordFactory(factory)
    logs.set_level("warning")
    root.setLevel(level)
    redaction._known.clear()


def install(folder: Path, base_url: str = "", **environ: str) -> Installation:
    environ = {"CLUTCH_HOME": str(folder), "CLUTCH_SECRETS": "file", "CLUTCH_LANG": "en", **environ}
    overrides = {"backend.base_url": base_url, "backend.shop_id": demo_data.SHOP_ID} if base_url else {}
    return Installation.find(environ, overrides)


def everything_in(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


def hunt(text: str, where: str) -> None:
    """Fail for every secret that stands in a text, as it is or as JSON or a URL would have it."""
    for name, secret in SECRETS.items():
        for form in (secret, json.dumps(secret)[1:-1], httpx.QueryParams({"x": secret})["x"], secret[:24]):
            assert form not in text, f"the {name} is in {where}"


def gossip(request: httpx.Request) -> httpx.Response:
    """A server that gives away everything it was told, and more."""
    told = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    body = {
        "success": False,
        "error": "BROKEN",
        "message": f"failed with {SECRETS['refresh token']}",
        "debug": f"{told}\n{request.content.decode()}",
        "customer": {"name": "Mona", "phone": SECRETS["customer's telephone abroad"]},
        "customers": [{"address": SECRETS["customer's street"], "name": SECRETS["customer's Arabic name"]}],
    }
    return httpx.Response(500, json=body, headers={"Set-Cookie": f"sid={SECRETS['cookie']}; HttpOnly"})


async def _use(installation: Installation) -> None:
    """A day on which everything that is secret passes through everything that writes."""
    log = installation.settings.log
    logs.start(installation.home.log_dir, debug=log.debug, level=log.level)
    secrets = Secrets(
        api_key=SECRETS["stored key"],
        token=TOKEN,
        refresh_token=SECRETS["refresh token"],
        expires_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        lifetime=3600.0,
    )
    installation.vault().write(secrets)
    store = installation.open_store(inline=True)
    network = Network(
        installation.settings,
        store,
        lambda nouns: None,
        vault=installation.vault(),
        device_id=installation.device_id,
        api_key=installation.api_key,
        transport=httpx.MockTransport(gossip),
    )
    await network.session.open()
    for call in (
        network.session.login("owner@clutch.test", SECRETS["password"]),
        network.api.call("customers.list", query={"search": SECRETS["customer's telephone"]}, retry=False),
        network.api.call("customers.create", body={"phone": SECRETS["customer's telephone"]}, retry=False),
        network.api.call("sales.create", body={"customer": {"name": SECRETS["customer's name"]}}, retry=False),
    ):
        with pytest.raises(ApiError) as refused:
            await call
        network.monitor.note("error", "api", "connection.no_answer", reason=str(refused.value))
        logging.getLogger("clutch_tui.test").error("it failed", exc_info=refused.value)
    network.connection_log.framed("out", json.dumps({"type": "auth", "data": {"token": TOKEN}}))
    order = {"customer_name": SECRETS["customer's name"], "delivery_address": SECRETS["customer's street"]}
    network.connection_log.framed("in", json.dumps({"type": "new_order", "data": {"order": order}}))
    logging.getLogger("uvicorn.error").error('connection from "WebSocket /ws?token=%s"', TOKEN)
    store.run_now(customers.create, CustomerDraft(name="Mona", phone=SECRETS["customer's telephone"]))
    await network.connection_log.write()
    await network.api.close()
    store.close()


async def test_a_day_full_of_secrets_leaves_none_behind(tmp_path: Path) -> None:
    installation = install(
        tmp_path / "home",
        "https://shop.example.com/api/v1",
        CLUTCH_API_KEY=SECRETS["key of this run"],
        CLUTCH_BACKEND__PROXY=f"http://till:{SECRETS['proxy password']}@127.0.0.1:9",
        CLUTCH_LOG__DEBUG="true",
    )
    await _use(installation)
    path = tmp_path / "bundle.zip"
    sections = await bundle_contents.make_bundle(installation, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    hunt(path.read_bytes().decode("latin-1"), "the zip file")
    inside = everything_in(path)
    for name, text in inside.items():
        hunt(text, name)
    assert [section.name for section in sections] == list(bundle_contents.SECTIONS)
    missing = {section.name for section in sections if section.missing}
    assert missing == {"tester"}  # nobody to ask
    # what is hunted through is worth the hunt: the exchanges are there, with what is no secret in them
    assert "it failed" in inside["tracebacks.txt"]
    assert "customers.create" in inside["connection-log.jsonl"]
    assert "/ws?token=•••" in inside["log/clutch-tui.log"]
    assert "x-device-id" in inside["log/clutch-tui.log"]
    # and neither do the log files themselves, or the log in the database, hold what opens a door
    open_doors = {name: secret for name, secret in SECRETS.items() if "customer's" not in name}
    with installation.open_store(inline=True) as store:
        kept = store.read_now(journal.log_page, LogQuery(), None, 0, 1000)
    plain = "".join(file.read_text("utf-8") for file in logs.files(installation.home.log_dir))
    for name, secret in open_doors.items():
        assert secret not in repr(kept) + plain, name
    # people stand in the database alone, and so does what frames carried
    for name, secret in (*SECRETS.items(), ("customer", "Mona")):
        assert secret not in plain, name
    assert "Mona" in repr(kept)
    (frame,) = (row for row in kept if row.event == "connection.frame.out")
    assert "auth" in str(frame.values["frame"])
    assert '"direction": "out", "frame": "•••"' in plain


async def test_a_good_day_has_every_section(tmp_path: Path) -> None:
    async with server.running(SandboxSettings(db=str(tmp_path / "backend.db"))) as sandbox:
        installation = install(tmp_path / "home", sandbox.base_url, CLUTCH_API_KEY=demo_data.API_KEY)
        logs.start(installation.home.log_dir, debug=False)
        logging.getLogger("clutch_tui.test").info("a line")
        with installation.open_store(inline=True) as store:
            store.run_now(lambda: sales.save_cart(sales.open_cart()))
        sections = await bundle_contents.make_bundle(installation, tmp_path / "bundle.zip")
    assert [section.missing for section in sections] == [""] * len(bundle_contents.SECTIONS)
    inside = everything_in(tmp_path / "bundle.zip")
    tester = json.loads(inside["tester.json"])
    assert tester["summary"]["total"] == 47
    (database,) = json.loads(inside["database.json"])
    assert (database["in_use"], database["faults"], database["finished"]) == (True, [], True)
    assert json.loads(inside["statistics.json"])["first_broken_audit_row"] is None
    assert json.loads(inside["queue.json"])["summary"]["unsent"] == 0
    assert {one["section"] for one in json.loads(inside[CONTENTS])["sections"]} == set(bundle_contents.SECTIONS)
    assert json.loads(inside["configuration/settings.json"])["websocket"]["token_is_shown_in"] == "auto"


async def test_a_damaged_database_costs_what_is_in_it_and_no_more(tmp_path: Path) -> None:
    installation = install(tmp_path / "home")
    installation.open_store(inline=True).close()
    installation.database().write_bytes(b"this is no database at all" * 200)
    sections = await bundle_contents.make_bundle(installation, tmp_path / "bundle.zip")
    missing = {section.name: section.missing for section in sections if section.missing}
    assert set(missing) == {"tester", "queue", "connection", "connection_log", "program_log"}
    (database,) = json.loads(everything_in(tmp_path / "bundle.zip")["database.json"])
    assert database.get("faults") or database.get("error")


def test_a_damaged_configuration_becomes_part_of_the_story(program: Program, tmp_path: Path) -> None:
    secret = "ck_misplaced_key_1234"
    (tmp_path / "config.toml").write_text(f'[backend]\napi_key = "{secret}"\n')
    file = tmp_path / "bundle.zip"
    result = program.run(tmp_path, "support-bundle", str(file), "--json", CLUTCH_SECRETS="file")
    assert result.returncode == 0, result.stderr
    told = {one["section"]: one["missing"] for one in json.loads(result.stdout)["sections"]}
    assert told["configuration"] is None
    assert told["queue"]
    inside = everything_in(file)
    assert "api_key" in inside["configuration/config.toml"]
    assert json.loads(inside["configuration/problem.json"])["key"].startswith("error.config.")
    assert secret not in "".join(inside.values()) + result.stdout + result.stderr


async def test_what_there_is_nobody_to_ask_about_is_no_mishap(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sections = await bundle_contents.make_bundle(install(tmp_path / "home"), tmp_path / "bundle.zip")
    missing = {section.name: section for section in sections if section.missing}
    assert (missing["tester"].key, missing["tester"].missing) == ("support.no_server", "no server is set up")
    there = set(missing) - {"tester"}
    assert there == {"database", "queue", "connection", "connection_log", "program_log"}
    assert {missing[name].key for name in there} == {"support.absent"}
    assert not caplog.records
    told = "\n".join(contents(tmp_path / "bundle.zip", sections))
    assert t("support.missing", section=t("support.section.tester"), reason=t("support.no_server")) in told


async def test_a_section_that_hangs_or_breaks_is_named(tmp_path: Path) -> None:
    async def hangs() -> dict[str, object]:
        await asyncio.sleep(60)
        return {}

    async def breaks() -> dict[str, object]:
        raise ValueError('{"password": "hunter2hunter2"}')

    async def works() -> dict[str, object]:
        return {"works.json": {"token": "x", "n": 1}}

    chapters = (Chapter("a", hangs, 0.01), Chapter("b", breaks), Chapter("c", works))
    first, second, third = await write(tmp_path / "b.zip", chapters, escaped)
    assert "0.01 s" in first.missing
    assert second.missing == 'ValueError: {"password": "•••"}'
    assert (third.files, third.missing) == (("works.json",), "")
    assert json.loads(everything_in(tmp_path / "b.zip")["works.json"]) == {"token": "•••", "n": 1}


# --- by hand -------------------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One attempt a call: the waiting between attempts is tested elsewhere."""
    monkeypatch.setattr("clutch_tui.net.client.api.ATTEMPTS", 1)


async def ask(installation: Installation, method: str, path: str, data: str | None = None, as_json: bool = True) -> int:
    """`request` as the command line has it; it brings its own loop."""
    return await asyncio.to_thread(request.run, installation, request.RequestOptions(method, path, data, as_json))


@pytest.mark.usefixtures("impatient")
async def test_requests_by_hand_go_the_way_of_every_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def printed() -> Any:
        return json.loads(capsys.readouterr().out)

    home = tmp_path / "home"
    async with server.running(SandboxSettings(db=str(tmp_path / "backend.db"))) as sandbox:
        installation = install(home, sandbox.base_url, CLUTCH_API_KEY=demo_data.API_KEY)
        logs.start(installation.home.log_dir, debug=False)
        assert await ask(installation, "GET", "/system/health") == 0
        assert printed()["body"]["data"]["status"] == "healthy"
        login = tmp_path / "login.json"
        login.write_text(json.dumps({"email": "owner@clutch.test", "password": demo_data.PASSWORD}))
        assert await ask(installation, "POST", "/auth/login", f"@{login}", as_json=False) == 0
        assert printed()["data"]["token"] == "•••"
        assert await ask(installation, "GET", f"{sandbox.base_url}/items/x?a=1") == 1
        assert printed()["status"] == 404
        for wrong in ("//evil.example/x", "http://evil.example/x", "x", f"{sandbox.base_url}.evil.example/x"):
            with pytest.raises(click.UsageError):
                await ask(installation, "GET", wrong)
        for wrong in ("{", "@/", "[NaN]"):
            with pytest.raises(click.UsageError):
                await ask(installation, "GET", "/x", wrong)
    assert await ask(installation, "GET", "/system/ping") == 3
    assert printed()["attempts"] == 1
    told = [log_lines.entry_text(line) for line in logs.read(installation.home.log_dir, logs.Wanted("warning"))]
    assert any("items/x" in line for line in told)
    with installation.open_store(inline=True) as store:
        (row,) = store.read_now(journal.log_page, LogQuery(level="info", category="api", text="items"), None, 0, 9)
    assert row.exchange is not None
    assert row.exchange["status"] == 404


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("level", "kept"), [("error", False), ("info", True)])
async def test_the_level_of_the_configuration_reaches_both_logs(tmp_path: Path, level: str, kept: bool) -> None:
    installation = install(tmp_path, "http://127.0.0.1:1", CLUTCH_LOG__LEVEL=level)
    commands.find_installation({"home": tmp_path, "base_url": "http://127.0.0.1:1"})
    logs.set_level(installation.settings.log.level)
    assert await ask(installation, "GET", "/x") == 3
    assert bool(list(logs.read(installation.home.log_dir))) == kept
    with installation.open_store(inline=True) as store:
        assert bool(store.read_now(journal.log_count, LogQuery())) == kept


def test_the_log_is_exported_and_filtered(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    rows = [
        {"at": "2026-11-22T09:00:00.000Z", "level": "info", "category": "api", "event": "connection.api.up"},
        {"at": "2026-11-22T10:00:00.000Z", "level": "error", "category": "program", "message": "m", "traceback": "T"},
    ]
    (folder / logs.NAME).write_text("".join(json.dumps(row) + "\n" for row in rows))
    shown = program.run(tmp_path, "logs", "--since", "2026-11-22T08:30:00Z", CLUTCH_SECRETS="file")
    assert "API: up" in shown.stdout
    assert shown.stdout.splitlines()[-1] == "T"
    with pytest.raises(click.UsageError):
        log_lines.read_since("yesterday")
    wanted = logs.Wanted("warning", log_lines.read_since("2026-11-22T09:30:00Z"))
    assert log_lines.run(folder, log_lines.LogOptions(wanted, export=tmp_path / "out.jsonl")) == 0
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 1
    assert stat.S_IMODE((tmp_path / "out.jsonl").stat().st_mode) == 0o600


def test_the_log_is_followed_from_one_file_to_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    environ = {**os.environ, "CLUTCH_HOME": str(tmp_path), "CLUTCH_LANG": "en"}
    command = [sys.executable, "-m", "clutch_tui", "logs", "--follow", "--json"]
    row = {"at": "2026-11-22T09:00:00.000Z", "level": "info", "category": "program"}
    (folder / logs.NAME).write_text(json.dumps(row | {"message": "one"}) + "\n")
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        deadline = threading.Timer(20, process.kill)
        deadline.start()
        assert json.loads(process.stdout.readline())["message"] == "one"
        with (folder / logs.NAME).open("a") as file:
            file.write(json.dumps(row | {"message": "two"}) + "\n" + '{"at": "half')
        assert json.loads(process.stdout.readline())["message"] == "two"
        (folder / logs.NAME).rename(folder / f"{logs.NAME}.1")
        (folder / logs.NAME).write_text(json.dumps(row | {"message": "three"}) + "\n")
        assert json.loads(process.stdout.readline())["message"] == "three"
        deadline.cancel()
        process.terminate()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the process list is read from /proc")
@pytest.mark.parametrize("way", ["option", "option=", "input"])
def test_a_key_is_not_in_the_process_list(tmp_path: Path, way: str) -> None:
    key = "ck_not_for_everybody"
    arguments = {
        "option": ["--api-key", key],
        "option=": [f"--api-key={key}"],
        "input": ["--api-key-file", "-"],
    }[way]
    heard, looked_at = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:  # takes the call and never answers
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        environ = {**os.environ, "CLUTCH_HOME": str(tmp_path), "CLUTCH_SECRETS": "file", "CLUTCH_BASE_URL": base_url}
        command = [sys.executable, "-m", "clutch_tui", *arguments, "request", "GET", "/system/ping"]
        seen = b""

        def take() -> None:
            nonlocal seen
            line, _ = listener.accept()
            with line:
                while b"\r\n\r\n" not in seen:
                    seen += line.recv(4096)
                heard.set()
                looked_at.wait(120)  # with the line open, so that the program lives

        threading.Thread(target=take, daemon=True).start()
        with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdin is not None
            process.stdin.write(f"{key}\n".encode())
            process.stdin.close()
            assert heard.wait(120)
            listed = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            process.kill()
            looked_at.set()
    assert key.encode() in seen  # it did go to the server
    assert key.encode() not in listed
    assert b"/system/ping" in listed
