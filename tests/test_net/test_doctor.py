"""Every way in which a line, a server or a machine can be ill has its own finding, and none stops the doctor."""

from __future__ import annotations

import asyncio
import os
import socket as sockets
import sqlite3
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.config.paths import Home
from clutch_tui.config.settings import Backend, Database, Settings, Shop
from clutch_tui.core import inventory
from clutch_tui.core.clock import SystemClock, to_text
from clutch_tui.core.database import cipher
from clutch_tui.core.database.cipher_key import CipherKey
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import whole
from clutch_tui.core.store import health
from clutch_tui.core.store.store import FindKey, Store, no_key
from clutch_tui.core.types import PartDraft
from clutch_tui.errors import Problem
from clutch_tui.net.client.api import Api
from clutch_tui.net.client.session import Session
from clutch_tui.net.monitor import Monitor
from clutch_tui.sandbox import demo_data
from clutch_tui.sandbox.server import Running
from clutch_tui.security.vault import Secrets, Vault
from clutch_tui.support import network_checks
from clutch_tui.support.doctor import OUTCOMES, Check, DoctorReport, Finding, aside, examine
from clutch_tui.support.machine_checks import HomeDatabases, MachineChecks
from clutch_tui.support.network_checks import NetworkChecks
from tests.doctor_checks import CHECKS
from tests.patient_loop import skip

from .certificates import DAY, answering, certificate, http, issued
from .conftest import DEVICE, Fault, TestClock

KEY = demo_data.API_KEY
HEALTHY = http("200 OK", '{"success": true, "data": {"status": "healthy"}}', "application/json")


class Patient:
    """One installation in `folder`, examined as the command does."""

    def __init__(self, folder: Path, base_url: str = "", *, api_key: str | None = KEY, **backend: Any) -> None:
        backend = {"shop_id": demo_data.SHOP_ID, **backend}
        self.settings = Settings(backend=Backend(base_url=base_url, **backend), database=Database(encryption=False))
        self.find_key: FindKey = no_key
        self.home = Home.find({"CLUTCH_HOME": str(folder / "home")})
        self.home.prepare()
        self.api_key = api_key
        self.vault = Vault(self.home.secrets_file, base_url, demo_data.SHOP_ID, "file")
        self.path = self.home.database(base_url, demo_data.SHOP_ID)

    async def examine(
        self, problem: Problem | None = None, clock: TestClock | None = None, **asked: Any
    ) -> dict[str, Finding]:
        self.report = await self._examine(problem, clock, **asked)
        assert all(one.name in OUTCOMES for one in self.report.findings)
        return {one.check: one for one in self.report.findings}

    async def _examine(self, problem: Problem | None, clock: TestClock | None, **asked: Any) -> DoctorReport:
        monitor = Monitor(clock)
        session = Session(self.vault, clock=clock, monitor=monitor, api_key=self.api_key)
        api = Api(self.settings.backend, session=session, monitor=monitor, device_id=DEVICE, clock=clock)
        network_checks = NetworkChecks(self.settings, api, session, device_id=DEVICE, clock=clock, **asked)
        here = MachineChecks(
            *(self.home, self.settings, self.vault),
            api_key=self.api_key,
            problem=problem,
            clock=clock,
            databases=HomeDatabases(find_key=self.find_key),
        )
        try:
            return await examine((*here.first(), *network_checks.checks(), *here.rest()))
        finally:
            await api.close()


def outcomes(found: dict[str, Finding], *checks: str) -> list[str]:
    return [f"{name}.{found[name].outcome}" for name in checks]


def unused_port() -> int:
    with sockets.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


# --- the chain ------------------------------------------------------------------------------------------


async def test_a_shop_in_good_health(sandbox: Running, tmp_path: Path) -> None:
    patient = Patient(tmp_path, sandbox.base_url)
    Store.open(patient.path).close()
    found = await patient.examine()
    assert list(found) == [name for name in CHECKS if name not in ("terminal", "letters", "order")]
    assert {one.verdict for one in found.values()} == {"ok"}
    assert patient.report.exit_code == 0
    assert outcomes(found, "network", "dns", "tls", "credentials", "access", "socket", "database") == [
        "network.local",
        "dns.literal",
        "tls.plain",
        "credentials.key",
        "access.accepted",
        "socket.open",
        "database.sound",
    ]
    assert found["database"].values["schema"] == health.newest_schema()


async def test_a_closed_port_is_the_end_of_the_way(tmp_path: Path) -> None:
    patient = Patient(tmp_path, f"http://127.0.0.1:{unused_port()}/api/v1")
    found = await patient.examine()
    assert found["tcp"].name == "tcp.refused"
    assert {found[name].outcome for name in ("tls", "http", "clock", "access", "socket")} == {"skipped"}
    assert found["tls"].values == {"after": "tcp"}
    assert patient.report.exit_code == 3
    assert found["disk"].verdict == "ok"


async def test_a_host_that_does_not_resolve(tmp_path: Path) -> None:
    patient = Patient(tmp_path, "https://shop.clutch.invalid/api/v1")
    found = await patient.examine(own_address=lambda: "10.0.0.7", proxies=lambda host: {})
    assert (found["dns"].name, found["dns"].values["host"]) == ("dns.unknown", "shop.clutch.invalid")
    assert found["tcp"].outcome == "skipped"
    assert patient.report.exit_code == 3


async def test_no_network_at_all(tmp_path: Path) -> None:
    patient = Patient(tmp_path, "https://shop.clutch.invalid/api/v1")
    found = await patient.examine(own_address=lambda: None, proxies=lambda host: {})
    assert outcomes(found, "network", "dns", "http") == ["network.none", "dns.skipped", "http.skipped"]
    assert patient.report.exit_code == 3


async def test_not_set_up_is_no_fault(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    found = await patient.examine()
    assert found["config"].name == "config.alone"
    assert {found[name].outcome for name in ("credentials", "network", "tcp", "socket")} == {"skipped"}
    assert outcomes(found, "database", "queue") == ["database.absent", "queue.empty"]
    assert patient.report.exit_code == 0


async def test_a_coin_that_does_not_exist_is_a_warning(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    patient.settings = replace(patient.settings, shop=Shop(cash_rounding=7))
    found = await patient.examine()
    assert (found["config"].name, found["config"].verdict) == ("config.no_such_coin", "warning")
    assert (found["config"].values["given"], found["config"].values["coin"]) == (7, 5)


async def test_a_wrong_configuration_comes_first(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    found = await patient.examine(Problem("error.config.unknown", {"setting": "x"}))
    assert (found["config"].name, found["config"].cause) == (
        "config.wrong",
        Problem("error.config.unknown", {"setting": "x"}),
    )
    assert found["disk"].verdict == "ok"
    assert patient.report.exit_code == 2


# --- certificates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("starts", "ends", "name", "trusted", "outcome"),
    [
        (-30, 300, "localhost", True, "valid"),
        (-30, 5, "localhost", True, "ends_soon"),
        (-30, -2, "localhost", True, "expired"),
        (2, 300, "localhost", True, "not_yet"),
        (-30, 300, "localhost", False, "untrusted"),
        (-30, 300, "elsewhere.example", True, "wrong_host"),
    ],
)
async def test_certificates(tmp_path: Path, starts: int, ends: int, name: str, trusted: bool, outcome: str) -> None:
    file = certificate(tmp_path, starts=starts * DAY, ends=ends * DAY, name=name)
    async with answering(HEALTHY, tls=file) as port:
        patient = Patient(tmp_path, f"https://127.0.0.1:{port}/api/v1", ca_file=str(file) if trusted else "")
        found = await patient.examine()
    assert found["tls"].outcome == outcome
    if outcome in ("expired", "valid", "ends_soon"):
        until = found["tls"].values["until"]
        assert isinstance(until, datetime)
        assert abs(until - datetime.now(UTC) - ends * DAY) < timedelta(hours=1)
    if outcome == "wrong_host":
        assert found["tls"].values["names"] == "elsewhere.example"
    reached = outcome in ("valid", "ends_soon")
    assert found["http"].verdict == ("ok" if reached else "skipped")
    assert patient.report.exit_code == (1 if reached else 3)  # the server that answers knows no key


async def test_a_certificate_without_key_identifiers_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python refuses it from 3.13 on, where its authority is the system's and not one that the shop has named."""
    leaf, authority = issued(tmp_path, starts=-1 * DAY, ends=DAY, complete=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    context = ssl.create_default_context()
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    monkeypatch.setattr(ssl, "create_default_context", lambda: context)
    async with answering(HEALTHY, tls=leaf) as port:
        found = await Patient(tmp_path, f"https://127.0.0.1:{port}/api/v1").examine()
        assert (found["tls"].outcome, found["tls"].verdict) == ("incomplete", "problem")
        named = await Patient(tmp_path, f"https://127.0.0.1:{port}/api/v1", ca_file=str(authority)).examine()
        assert named["tls"].outcome == "ends_soon"


async def test_a_port_that_speaks_no_tls_and_a_lost_authority(tmp_path: Path) -> None:
    async with answering(HEALTHY) as port:
        found = await Patient(tmp_path, f"https://127.0.0.1:{port}/api/v1").examine()
        assert found["tls"].name == "tls.failed"
        lost = await Patient(tmp_path, f"https://127.0.0.1:{port}", ca_file="/nowhere/ca.pem").examine()
        assert (lost["tls"].name, lost["tls"].values["file"]) == ("tls.ca_file", "/nowhere/ca.pem")


# --- servers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "outcome", "code"),
    [
        (http("200 OK", "<h1>It works!</h1>"), "not_backend", 1),
        (http("404 Not Found", "<pre>Cannot GET /api/v1/system/health</pre>"), "not_backend", 1),
        (http("302 Found", ""), "not_backend", 1),
        (http("503 Service Unavailable", "{}", "application/json"), "failed", 1),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", "failed", 1),
    ],
)
async def test_what_answers_is_no_backend(tmp_path: Path, answer: bytes, outcome: str, code: int) -> None:
    async with answering(answer) as port:
        patient = Patient(tmp_path, f"http://127.0.0.1:{port}/api/v1")
        found = await patient.examine()
    assert found["http"].outcome == outcome
    assert found["http"].cause is not None
    assert {found[name].outcome for name in ("clock", "access", "socket")} == {"skipped"}
    assert patient.report.exit_code == code


async def test_a_server_that_takes_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_checks, "SLOW_MS", -1)
    async with answering(HEALTHY) as port:
        found = await Patient(tmp_path, f"http://127.0.0.1:{port}/api/v1").examine()
    assert (found["http"].outcome, found["http"].verdict) == ("slow", "warning")


async def test_a_server_that_never_answers(tmp_path: Path) -> None:
    async with answering(None, asked=lambda: skip(30)) as port:
        patient = Patient(tmp_path, f"http://127.0.0.1:{port}/api/v1", read_timeout=30)
        found = await patient.examine()
    assert found["tcp"].outcome == "open"
    assert (found["http"].outcome, found["http"].cause and found["http"].cause.key) == ("failed", "error.api.timeout")


async def test_our_clock_against_the_servers(sandbox: Running, tmp_path: Path) -> None:
    ours = TestClock()
    for shift, outcome in ((0, "right"), (120, "off"), (-7200, "wrong")):
        ours.start = datetime.now(UTC) + timedelta(seconds=shift)
        found = await Patient(tmp_path, sandbox.base_url).examine(clock=ours)
        assert found["clock"].outcome == outcome
        assert abs(int(str(found["clock"].values["seconds"])) - shift) < 10


async def test_the_date_header_stands_in_for_a_missing_route(sandbox: Running, tmp_path: Path, fault: Fault) -> None:
    await fault("missing", endpoint="system.time", count=None)
    assert (await Patient(tmp_path, sandbox.base_url).examine())["clock"].outcome == "right"


async def test_a_server_that_is_only_half_there(sandbox: Running, tmp_path: Path, fault: Fault) -> None:
    await fault("missing", endpoint="system.health", count=None)
    await fault("missing", endpoint="auth.verify", count=None)
    missing = sandbox.ws_url.replace("/ws", "/elsewhere")
    patient = Patient(tmp_path, sandbox.base_url, ws_url=missing)
    found = await patient.examine()
    assert outcomes(found, "http", "access") == ["http.answers", "access.unproved"]
    assert found["socket"].outcome in ("missing", "failed")
    assert found["socket"].cause is not None


async def test_credentials_of_every_kind(sandbox: Running, tmp_path: Path) -> None:
    nobody = Patient(tmp_path, sandbox.base_url, api_key=None)
    found = await nobody.examine()
    assert outcomes(found, "credentials", "access", "socket") == [
        "credentials.none",
        "access.skipped",
        "socket.skipped",
    ]
    assert nobody.report.exit_code == 1
    wrong = await Patient(tmp_path, sandbox.base_url, api_key="wrong").examine()
    assert outcomes(wrong, "credentials", "access", "socket") == [
        "credentials.key",
        "access.refused",
        "socket.failed",
    ]
    now = SystemClock().now()
    for hours, outcome in ((1, "user"), (-1, "ended")):
        until = now + timedelta(hours=hours)
        nobody.vault.write(Secrets(token="t", expires_at=to_text(until), user_name="أحمد"))
        mine = (await nobody.examine())["credentials"]
        assert (mine.outcome, mine.values["user"]) == (outcome, "أحمد")
    assert "t" not in {str(value) for value in mine.values.values()}


async def test_a_key_file_that_others_can_read_is_told_before_it_is_put_right(tmp_path: Path) -> None:
    patient = Patient(tmp_path, f"http://127.0.0.1:{unused_port()}/v1", api_key=None)
    patient.vault.write(Secrets(api_key="k"))
    patient.home.secrets_file.chmod(0o644)
    found = await patient.examine()
    assert (found["credentials"].name, found["credentials"].values["mode"]) == ("credentials.readable", "0644")


# --- proxies --------------------------------------------------------------------------------------------


async def test_a_proxy_that_refuses_and_keeps_its_password(tmp_path: Path) -> None:
    async with answering(http("407 Proxy Authentication Required", "")) as port:
        proxy = f"http://till:secret@127.0.0.1:{port}"
        patient = Patient(tmp_path, "https://api.example.com/v1", proxy=proxy)
        found = await patient.examine(own_address=lambda: "10.0.0.7")
    assert outcomes(found, "proxy", "dns", "tcp", "tls") == ["proxy.used", "dns.literal", "tcp.proxy", "tls.skipped"]
    assert "secret" not in str(patient.report)
    assert patient.report.exit_code == 3


async def test_the_way_through_a_proxy_is_judged_to_its_end(tmp_path: Path) -> None:
    """The proxy opens the way to whatever is asked for; behind it waits a server with an expired certificate."""
    file = certificate(tmp_path, starts=-30 * DAY, ends=-2 * DAY, name="api.example.com")

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        assert request.startswith(b"CONNECT api.example.com:443 ")
        there, back = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(_pour(reader, back), _pour(there, writer))

    async with answering(HEALTHY, tls=file) as port:
        server = await asyncio.start_server(tunnel, "127.0.0.1", 0)
        proxy = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        patient = Patient(tmp_path, "https://api.example.com/v1", ca_file=str(file))
        found = await patient.examine(own_address=lambda: "10.0.0.7", proxies=lambda host: {"https": proxy})
        server.close()
    assert outcomes(found, "proxy", "tcp", "tls") == ["proxy.used", "tcp.open", "tls.expired"]


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
    except ConnectionError:
        return
    finally:
        writer.close()


# --- this machine ---------------------------------------------------------------------------------------


async def test_what_is_unsent_and_since_when(tmp_path: Path) -> None:
    patient = Patient(tmp_path, f"http://127.0.0.1:{unused_port()}/v1")
    with Store.open(patient.path, inline=True) as store:
        store.run_now(inventory.create, PartDraft(name="فلتر", part_number="F-1"), whole(1))
    found = await patient.examine()
    assert (found["queue"].outcome, found["queue"].values["unsent"]) == ("waiting", 1)
    later = TestClock()
    later.start = datetime.now(UTC) + timedelta(days=3)
    assert (await patient.examine(clock=later))["queue"].name == "queue.old"


async def test_databases_that_cannot_be_used(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    path = patient.path = patient.home.database("", "")
    for schema, outcome in ((999, "newer"), (0, "older")):
        with sqlite3.connect(path) as database:
            database.execute(f"PRAGMA user_version = {schema}")
        found = await patient.examine()
        assert (found["database"].outcome, found["queue"].outcome) == (outcome, "skipped")
    path.write_bytes(b"not a database at all" * 500)
    found = await patient.examine()
    assert outcomes(found, "database", "queue") == ["database.damaged", "queue.skipped"]
    assert path.read_bytes().startswith(b"not a database")


async def test_an_encrypted_database_and_one_that_should_be(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    patient.settings = replace(patient.settings, database=Database(encryption=True))
    path = patient.path = patient.home.database("", "")
    Store.open(path).close()
    assert (await patient.examine())["database"].name == "database.plain"
    key = CipherKey.random()
    cipher.convert(path, None, key)
    patient.find_key = lambda _: key
    assert outcomes(await patient.examine(), "database", "queue") == ["database.sound", "queue.empty"]

    def lost(path: Path) -> CipherKey | None:
        raise ShopError("error.key.lost", path=str(path))

    patient.find_key = lost
    found = await patient.examine()
    assert outcomes(found, "database", "queue") == ["database.locked", "queue.skipped"]
    assert found["database"].cause == Problem("error.key.lost", {"path": str(path)})


async def test_damage_inside_a_table_is_found(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with Store.open(path, inline=True) as store:
        for n in range(40):
            store.run_now(inventory.create, PartDraft(name=f"قطعة {n}", part_number=f"P-{n}"), whole(1))
    assert health.examine(path).faults == ()
    content = bytearray(path.read_bytes())
    for page in range(3, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)
    assert health.examine(path).faults


def test_looking_changes_nothing_and_gives_up_in_time(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    Store.open(path).close()
    before = path.read_bytes()
    assert health.examine(path).finished
    assert health.examine(path, within=-1).finished is False
    assert path.read_bytes() == before
    with pytest.raises(FileNotFoundError):
        health.examine(tmp_path / "elsewhere.db")
    assert not (tmp_path / "elsewhere.db").exists()


async def test_files_that_others_can_open(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    patient.home.data_dir.chmod(0o755)
    found = await patient.examine()
    assert (found["files"].name, found["files"].values["mode"]) == ("files.open", "0755")
    patient.home.data_dir.chmod(0o700)
    assert (await patient.examine())["files"].name == "files.private"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
async def test_folders_that_cannot_be_written(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    patient.home.log_dir.chmod(0o500)
    patient.home.data_dir.chmod(0o500)
    found = await patient.examine()
    assert outcomes(found, "files", "log") == ["files.not_writable", "log.not_writable"]


@pytest.mark.parametrize(("free", "outcome"), [(10**6, "full"), (10**8, "low"), (10**10, "enough")])
async def test_disk_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, outcome: str) -> None:
    from clutch_tui.support import machine_checks

    class Usage:
        def __init__(self, free: int) -> None:
            self.free = free

    monkeypatch.setattr(machine_checks.shutil, "disk_usage", lambda path: Usage(free))
    assert (await Patient(tmp_path).examine())["disk"].outcome == outcome


# --- the examination itself -----------------------------------------------------------------------------


async def test_a_check_that_hangs_or_falls_is_a_finding() -> None:
    release = asyncio.Event()

    async def hang() -> Finding:
        await release.wait()
        raise AssertionError("cut off before")

    async def fall() -> Finding:
        raise RuntimeError("a fall")

    async def well() -> Finding:
        return Finding("disk", "enough", {"free": 1})

    told: list[str] = []
    checks = [Check("tcp", hang, within=0.01), Check("http", well, ("tcp",)), Check("log", fall), Check("disk", well)]
    report = await examine(checks, lambda finding: told.append(finding.name))
    assert told == ["any.timeout", "any.skipped", "any.broken", "disk.enough"]
    assert report.findings[2].values == {"reason": "RuntimeError: a fall"}
    assert report.exit_code == 3
    assert report.summary == {"ok": 1, "warning": 0, "problem": 2, "skipped": 1}


async def test_what_blocks_for_ever_keeps_nobody_waiting() -> None:
    import threading

    gate = threading.Event()
    try:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await aside(gate.wait)
    finally:
        gate.set()
    with pytest.raises(OSError, match="no"):
        await aside(lambda: os.stat("/no/such/place"))


async def test_a_machine_with_loopback_alone_still_looks_at_a_server_here(sandbox: Running, tmp_path: Path) -> None:
    """The name of the server leads to this very machine, which has no other network."""
    patient = Patient(tmp_path, sandbox.base_url.replace("http://127.0.0.1", "https://till.shop.example"))
    found = await patient.examine(
        own_address=lambda: None, proxies=lambda host: {}, resolve=lambda host, port: ["127.0.0.1"]
    )
    assert outcomes(found, "network", "dns") == ["network.local", "dns.found"]
    assert found["tcp"].outcome != "skipped"


async def test_a_proxy_whose_name_nobody_knows_is_called_the_proxy(tmp_path: Path) -> None:
    def nobody(host: str, port: int) -> list[str]:
        raise sockets.gaierror(-2, "Name or service not known")

    patient = Patient(tmp_path, "https://shop.example.com/api/v1")
    found = await patient.examine(
        own_address=lambda: "10.0.0.7", proxies=lambda host: {"https": "http://proxy.nowhere:3128"}, resolve=nobody
    )
    assert found["dns"].name == "dns.proxy_unknown"
    assert found["dns"].values["host"] == "proxy.nowhere"
