"""The program's own log: JSON lines for their owner alone, rotated, never with a secret in them."""

from __future__ import annotations

import io
import json
import logging
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from clutch_tui import cli
from clutch_tui.config.settings import ConfigError
from clutch_tui.core.errors import ShopError
from clutch_tui.core.journal import LogEntry
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.security import redaction
from clutch_tui.support import logs
from clutch_tui.text import strings
from clutch_tui.text.format import isolate
from clutch_tui.text.strings import t
from clutch_tui.ui.errors import note


@pytest.fixture(autouse=True)
def own_root() -> Iterator[None]:
    root = logging.getLogger()
    before, level, factory = list(root.handlers), root.level, logging.getLogRecordFactory()
    root.handlers = []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers = before
    root.setLevel(level)
    logs._unwritten.clear()
    logging.setLogRecordFactory(factory)
    redaction._known.clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    logs.start(tmp_path / "log", debug=False)
    return tmp_path / "log"


def lines(folder: Path) -> list[logs.LogLine]:
    return list(logs.read(folder))


def test_secrets_are_taken_out_of_messages_and_tracebacks(folder: Path) -> None:
    logs.start(folder, debug=False)
    try:
        raise ValueError("Bearer eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl")
    except ValueError:
        logging.getLogger("clutch_tui.test").exception('sent {"password": "hunter2", "n": 1}')
    text = (folder / logs.NAME).read_text("utf-8")
    (line,) = lines(folder)
    assert "hunter2" not in text
    assert "c2lnbmF0dXJl" not in text.replace('ValueError(\\"Bearer', "")
    assert line.message == 'sent {"password": "•••", "n": 1}'
    assert line.traceback.startswith("Traceback")
    assert (line.level, line.category) == ("error", logs.PROGRAM)
    assert stat.S_IMODE((folder / logs.NAME).stat().st_mode) == 0o600


def test_libraries_with_handlers_of_their_own_go_through_the_same_filter(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uvicorn's access log takes the arguments apart by itself; websockets prints the handshake at debug level."""
    redaction.remember("an-unheard-of-secret")
    printed = io.StringIO()
    logger = logging.getLogger("uvicorn.access")
    monkeypatch.setattr(logger, "propagate", True)  # uvicorn turns it off where a server has run
    handler = logging.StreamHandler(printed)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        logger.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:5", "GET", "/ws?token=hunter2hunter2", "1.1", 403)
        logger.debug("> Authorization: Basic aHVudGVyMmh1bnRlcjI=")
        logger.debug("> X-API-Key: hunter2hunter2")
        logger.debug("< Set-Cookie: session=hunter2hunter2; HttpOnly")
        logger.debug("headers=%r", [(b"x-api-key", b"hunter2hunter2"), (b"date", b"today")])
        logger.debug("state %r", {"token": "hunter2hunter2", "n": 1})
        logger.warning("refused an-unheard-of-secret, said the server")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    for text in (printed.getvalue(), (folder / logs.NAME).read_text("utf-8")):
        assert "hunter2" not in text
        assert "aHVudGVy" not in text
        assert "unheard" not in text
        assert "/ws?token=•••" in text
        assert "said the server" in text


def test_an_entry_of_the_connection_keeps_its_shape(folder: Path) -> None:
    at = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    entry = LogEntry(at, "warning", "api", "connection.no_answer", {"endpoint": "x", "token": "hunter2"}, {"ms": 3})
    logging.getLogger("clutch_tui.connection").warning("%s", entry.event, extra={"entry": entry})
    (line,) = lines(folder)
    assert (line.at, line.category, line.event) == (at, "api", "connection.no_answer")
    assert line.values == {"endpoint": "x", "token": "•••"}
    assert json.loads(line.raw)["exchange"] == {"ms": 3}


def test_what_an_exchange_carried_is_not_written_into_the_file(folder: Path) -> None:
    problem = {"key": "error.api.invalid", "values": {"status": 422, "message": "زينب owes 76543.21", "path": "/x"}}
    seen = {
        **{"url": "/customers?search=%D8%B2&phone=0101", "status": 422, "problem": problem},
        **{"request_body": '{"name": "زينب"}', "response_body": '{"price": 76543.21}'},
        **{"response_headers": {"location": "/x?name=0101", "content-type": "application/json"}},
    }
    values = {"endpoint": "customers.list", "ms": 3, "reason": "زينب", "frame": "زينب", "message": "زينب"}
    entry = LogEntry(datetime(2026, 11, 22, 9, 0, tzinfo=UTC), "warning", "api", "connection.exchange", values, seen)
    logging.getLogger("clutch_tui.connection").warning("%s", entry.event, extra={"entry": entry})
    logging.getLogger("httpx").warning('HTTP Request: GET http://x/customers?search=%D8%B2&limit=5 "HTTP/1.1 422"')
    text = (folder / logs.NAME).read_text("utf-8")
    assert not any(word in text for word in ("زينب", "76543", "0101", "%D8"))
    line, library = lines(folder)
    assert line.values == {"endpoint": "customers.list", "ms": 3, "reason": "•••", "frame": "•••", "message": "•••"}
    assert json.loads(line.raw)["exchange"] == {
        **{"url": "/customers?search=•••&phone=•••", "status": 422},
        "problem": {"key": problem["key"], "values": {"status": 422, "message": "•••", "path": "/x"}},
        "response_headers": {"location": "/x?name=•••", "content-type": "application/json"},
    }
    assert library.message == 'HTTP Request: GET http://x/customers?search=•••&limit=••• "HTTP/1.1 422"'


def test_a_refusal_is_logged_by_its_key_without_the_names_that_it_holds(folder: Path) -> None:
    name, owed = "زينب", 7654321  # in variables: a traceback shows the lines of the source

    def refuse() -> None:
        try:
            raise ValueError(f"{name} is no number")
        except ValueError as error:
            raise ShopError("error.customer.owes", name=name, amount=owed) from error

    try:
        refuse()
    except ShopError as error:
        note(error)
        logging.getLogger("clutch_tui.test").exception("a form was refused")
    try:
        raise ExceptionGroup("both", [ShopError("error.part.taken", name=name), KeyError(name)])
    except ExceptionGroup as group:
        note(group)
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <Task exception=X(%r)>", name)
    text = (folder / logs.NAME).read_text("utf-8")
    assert name not in text
    assert str(owed) not in text
    told, form, both, task = lines(folder)
    assert (told.level, told.message) == ("warning", "error.customer.owes")
    assert told.traceback.splitlines()[-1] == "clutch_tui.core.errors.ShopError: error.customer.owes"
    assert told.traceback == form.traceback
    assert "builtins.ValueError: •••" in told.traceback
    assert "in refuse" in told.traceback
    assert (both.level, both.message) == ("error", "ExceptionGroup")
    assert "ShopError: error.part.taken" in both.traceback
    assert "KeyError: •••" in both.traceback
    assert task.message == "Task exception was never retrieved"


def test_a_polite_refusal_is_no_fault_of_the_program(folder: Path) -> None:
    note(ShopError("error.sale.quantity", name="زينب"))
    note(ConfigError("error.config.tax_rate"))
    assert [(line.level, line.message, line.traceback) for line in lines(folder)] == [
        ("info", "refused: error.sale.quantity", ""),
        ("info", "refused: error.config.tax_rate", ""),
    ]


def test_a_refusal_that_follows_from_another_is_no_fault_either(folder: Path) -> None:
    refused = ApiError(Kind.UNAUTHORIZED, status=401)
    for error in (ApiError(Kind.BAD_CREDENTIALS, status=401), ShopError("error.part.taken", name="زينب")):
        error.__cause__ = refused
        note(error)
    assert [(line.level, line.message, line.traceback) for line in lines(folder)] == [
        ("info", "refused: error.api.bad_credentials", ""),
        ("info", "refused: error.part.taken", ""),
    ]
    refused.__cause__ = ValueError("what the program did wrong")
    note(error)
    (*_, last) = lines(folder)
    assert (last.level, last.message) == ("warning", "error.part.taken")
    assert "builtins.ValueError" in last.traceback


@pytest.mark.parametrize(("level", "kept"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_the_level_of_the_configuration_is_obeyed(tmp_path: Path, level: logs.Level, kept: int) -> None:
    logs.start(tmp_path, debug=False, level=level)
    for word in logs.LEVELS:
        logging.getLogger("clutch_tui.test").log(getattr(logging, word.upper()), word)
    assert len(lines(tmp_path)) == kept


def test_debug_wins_over_the_level_and_can_be_switched_while_it_runs(tmp_path: Path) -> None:
    logs.start(tmp_path, debug=True, level="error")
    logging.getLogger("httpx").debug("one")
    logs.set_level("error")
    logging.getLogger("httpx").warning("two")
    logs.set_level("info")
    logging.getLogger("httpx").info("three")
    logging.getLogger("clutch_tui").info("four")
    assert [line.message for line in lines(tmp_path)] == ["one", "four"]


def test_files_rotate_and_stay_private(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = next(one for one in logging.getLogger().handlers if isinstance(one, RotatingFileHandler))
    monkeypatch.setattr(handler, "maxBytes", 1_000)
    for n in range(60):
        logging.getLogger("clutch_tui.test").info("entry %d", n)
    there = logs.files(folder)
    assert [path.name for path in there] == [*(f"{logs.NAME}.{n}" for n in (3, 2, 1)), logs.NAME]
    assert {stat.S_IMODE(path.stat().st_mode) for path in there} == {0o600}
    numbers = [int(line.message.split()[1]) for line in lines(folder)]
    assert numbers == list(range(numbers[0], 60))


def test_a_process_writes_on_where_another_has_rotated(folder: Path) -> None:
    logging.getLogger("clutch_tui.test").info("before")
    (folder / logs.NAME).rename(folder / f"{logs.NAME}.1")
    logging.getLogger("clutch_tui.test").info("after")
    assert [line.message for line in logs.parse((folder / logs.NAME).open(encoding="utf-8"))] == ["after"]
    assert [line.message for line in lines(folder)] == ["before", "after"]


def test_what_is_wanted(folder: Path) -> None:
    logging.getLogger("clutch_tui.test").warning("old")
    now = datetime.now(UTC)
    with (folder / logs.NAME).open("a", encoding="utf-8") as file:
        for level, category in (("info", "api"), ("error", "api"), ("error", "sync")):
            row = {"at": (now + timedelta(hours=1)).isoformat(), "level": level, "category": category, "event": "e"}
            file.write(json.dumps(row) + "\n")
        file.write("a line of an older program\n" + '{"at": "2026-11-22T09:00:00Z", "lev')
    wanted = logs.Wanted("warning", now + timedelta(minutes=1), "api")
    assert [(line.level, line.category) for line in logs.read(folder, wanted)] == [("error", "api")]
    assert len(lines(folder)) == 4


def test_a_folder_that_cannot_be_made_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "log").write_text("a file where the folder should be")
    logs.start(tmp_path / "log", debug=False)
    assert not any(isinstance(handler, logging.FileHandler) for handler in logging.getLogger().handlers)


UNWRITTEN = """
import logging, resource, signal, sys
from pathlib import Path
from clutch_tui.phrases.errors import unexpected
from clutch_tui.support import logs
from clutch_tui.text import strings
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
strings.use("en")
folder = Path(sys.argv[1])
logs.start(folder, debug=False)
log = logging.getLogger("clutch_tui.test")
log.error("the first")
for room in (folder / logs.NAME).stat().st_size, resource.RLIM_INFINITY:
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    log.error("the next")
    print(unexpected())
"""


def test_a_disk_that_takes_no_line_costs_no_stack_and_the_sentence_says_so(folder: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", UNWRITTEN, str(folder)], capture_output=True, text=True, timeout=180)
    assert ran.stderr == ""
    full, room = ran.stdout.splitlines()
    assert "cannot be written in" in full
    assert str(folder) in full
    assert "The log file has the details" in room


@pytest.mark.parametrize("language", ["ar", "en"])
def test_a_folder_that_takes_no_log_is_told_in_the_persons_language(
    tmp_path: Path, language: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log").write_text("no folder")
    monkeypatch.setenv("CLUTCH_HOME", str(tmp_path))
    monkeypatch.setenv("CLUTCH_SECRETS", "file")
    monkeypatch.setattr("sys.argv", ["clutch-tui", "--lang", language, "key", "status"])
    with pytest.raises(SystemExit):
        cli.main()
    told = capsys.readouterr().err
    strings.use(language)  # type: ignore[arg-type]
    assert t("cli.logs.unwritten", folder=isolate(str(tmp_path / "log"))) in told
    assert "no log file" not in told
