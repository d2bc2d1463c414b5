"""Configuration as a person meets it: a file, some variables, options, and the sentence for what is wrong."""

from __future__ import annotations

import os
import stat
import string
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

import pytest

from clutch_tui.config import settings as config
from clutch_tui.config.paths import Home, device_id, write_private
from clutch_tui.config.settings import ConfigError, Settings
from clutch_tui.text import strings

EXAMPLE = Path(__file__).parents[1] / "config.example.toml"


@pytest.fixture(autouse=True)
def arabic_again() -> Iterator[None]:
    yield
    strings.use("ar")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home.find({"CLUTCH_HOME": str(tmp_path / "home")})
    home.prepare()
    return home


def test_whatever_is_written_first_makes_private_folders(tmp_path: Path) -> None:
    root = tmp_path / "new" / "home"
    load(Home.find({"CLUTCH_HOME": str(root)}))
    assert [stat.S_IMODE(one.stat().st_mode) for one in (root.parent, root, root / "cache")] == [0o700] * 3


def load(home: Home, environ: dict[str, str] | None = None, **overrides: object) -> Settings:
    options = {name.replace("__", "."): value for name, value in overrides.items()}
    return config.load(home, environ=environ or {}, overrides=options)


def complaint(home: Home, text: str = "", environ: dict[str, str] | None = None) -> ConfigError:
    if text:
        home.config_file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(home, environ)
    return caught.value


def test_the_example_holds_every_setting_with_its_default(home: Home) -> None:
    home.config_file.write_bytes(EXAMPLE.read_bytes())
    assert load(home) == Settings()
    written = tomllib.loads(EXAMPLE.read_text("utf-8"))
    defaults = asdict(Settings())
    assert {name: set(table) for name, table in written.items()} == {
        name: set(table) for name, table in defaults.items()
    }


def test_environment_wins_over_file_and_options_over_both(home: Home) -> None:
    home.config_file.write_text('[text]\nlanguage = "en"\ndigits = "arabic"\n[log]\nlevel = "error"\n')
    assert load(home).text.language == "en"
    settings = load(home, {"CLUTCH_LANG": "ar", "CLUTCH_LOG__LEVEL": "debug"})
    assert (settings.text.language, settings.text.digits, settings.log.level) == ("ar", "arabic", "debug")
    assert load(home, {"CLUTCH_LANG": "ar"}, text__language="en").text.language == "en"
    assert load(home, {"CLUTCH_LANG": ""}, text__language=None).text.language == "en"


def test_variables_are_read_as_numbers_and_switches(home: Home) -> None:
    settings = load(
        home,
        {
            "CLUTCH_SHOP__TAX_RATE": "12.5",
            "CLUTCH_BACKEND__HTTP2": "false",
            "CLUTCH_SYNC__PAGE_SIZE": "500",
            "CLUTCH_SYNC__POLICIES__NAME": "local_wins",
        },
    )
    assert settings.shop.tax_rate == Decimal("12.5")
    assert settings.backend.http2 is False
    assert settings.sync.page_size == 500
    assert [settings.sync.policy(name) for name in ("name", "price", "location")] == [
        "local_wins",
        "server_wins",
        "ask",
    ]


@pytest.mark.parametrize(
    ("text", "key", "setting"),
    [
        ("[backend\n", "not_toml", None),
        ("backend = 3\n", "not_a_section", "backend"),
        ('[text]\nlanguage = "fr"\n', "not_a_choice", "text.language"),
        ("[text]\nlanguage = 3\n", "not_a_choice", "text.language"),
        ('[backend]\nread_timeout = "soon"\n', "not_a_number", "backend.read_timeout"),
        ("[backend]\nread_timeout = 0\n", "too_small", "backend.read_timeout"),
        ("[backend]\nread_timeout = nan\n", "not_a_number", "backend.read_timeout"),
        ("[sync]\npage_size = 100000\n", "too_large", "sync.page_size"),
        ('[ui]\nbell = "maybe"\n', "not_a_switch", "ui.bell"),
        ("[shop]\nreceipt_footer = 3\n", "not_a_text", "shop.receipt_footer"),
        ('[shop]\ncurrency = "pounds"\n', "currency", "shop.currency"),
        ('[shop]\ntimezone = "Africa/Kairo"\n', "timezone", "shop.timezone"),
        ('[backend]\nbase_url = "api.example.com"\n', "bad_url", "backend.base_url"),
        ('[backend]\nbase_url = "http://api.example.com/v1"\n', "not_encrypted", "backend.base_url"),
        ('[backend]\nbase_url = "https://me:pw@example.com"\n', "password_in_url", "backend.base_url"),
        ('[backend]\nws_url = "ws://10.0.0.7/ws"\n', "not_encrypted", "backend.ws_url"),
        ('[backend]\nws_url = "wss://h/ws/{shop}"\n', "ws_template", "backend.ws_url"),
        ('[backend]\nproxy = "ftp://h:1"\n', "proxy", "backend.proxy"),
        ('[backend]\nca_file = "/nowhere/ca.pem"\n', "no_ca_file", "backend.ca_file"),
        ('[backend]\napi_key = "k"\n', "secret", "backend.api_key"),
        ("[wind]\nspeed = 3\n", "unknown", "wind"),
        ('[text]\nlangage = "ar"\n', "unknown_did_you_mean", "text.langage"),
        ('[sync.policies]\nprise = "ask"\n', "unknown_did_you_mean", "sync.policies.prise"),
        ('[sync.policies]\nwheels = "ask"\n', "unknown_policy", "sync.policies.wheels"),
    ],
)
def test_a_wrong_value_names_file_key_and_remedy(home: Home, text: str, key: str, setting: str | None) -> None:
    error = complaint(home, text)
    assert error.key == f"error.config.{key}"
    assert error.values["place"] == str(home.config_file)
    assert error.values.get("setting") == setting
    for language in strings.LANGUAGES:
        strings.use(language)
        sentence = strings.t(error.key, **error.values)
        assert str(home.config_file) in sentence
        wanted = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
        assert wanted <= {"shop", "shop_id", "token"}, f"arguments missing in {sentence}"


def test_an_address_that_cannot_be_filled_is_no_fault_of_the_program(home: Home) -> None:
    assert complaint(home, '[backend]\nws_url = "wss://h/ws/{shop}"\n').__cause__ is None


def test_a_wrong_variable_is_named_instead_of_the_file(home: Home) -> None:
    assert complaint(home, environ={"CLUTCH_LANG": "fr"}).values["place"] == "CLUTCH_LANG"
    error = complaint(home, environ={"CLUTCH_TEXT__DIGIT": "arabic"})
    assert (error.values["place"], error.values["known"]) == ("CLUTCH_TEXT__DIGIT", "text.digits")


def test_the_refusal_of_an_open_line_says_how_to_write_it(home: Home) -> None:
    error = complaint(home, environ={"CLUTCH_BASE_URL": "http://api.example.com:8080/v1"})
    assert error.values["fixed"] == "https://api.example.com:8080/v1"


@pytest.mark.parametrize("host", ["localhost:8765", "127.0.0.1", "127.8.9.1:80", "[::1]:8765"])
def test_this_machine_may_be_reached_over_an_open_line(home: Home, host: str) -> None:
    backend = load(home, {"CLUTCH_BASE_URL": f"http://{host}/api/v1/"}).backend
    assert backend.base_url == f"http://{host}/api/v1"
    assert backend.socket_template == f"ws://{host}/ws"


def test_a_file_that_is_not_utf8_and_one_that_cannot_be_read(home: Home, tmp_path: Path) -> None:
    home.config_file.write_bytes(b"[shop]\nreceipt_footer = '\xd4\xdf'\n")
    assert complaint(home).key == "error.config.not_utf8"
    home.config_file.unlink()
    home.config_file.mkdir()
    assert complaint(home).key == "error.config.unreadable"


def test_saving_keeps_comments_and_refuses_what_could_not_be_loaded(home: Home) -> None:
    home.config_file.write_text('# the till by the door\n[text]\nlanguage = "en"  # for Sara\n')
    config.save(home, {"text.language": "ar", "shop.tax_rate": Decimal("12.5"), "sync.policies.name": "ask"})
    text = home.config_file.read_text()
    assert "# the till by the door" in text
    assert "# for Sara" in text
    settings = load(home)
    assert (settings.text.language, settings.shop.tax_rate) == ("ar", Decimal("12.5"))
    assert stat.S_IMODE(home.config_file.stat().st_mode) == 0o600
    with pytest.raises(ConfigError):
        config.save(home, {"backend.base_url": "http://shop.example.com"})
    assert home.config_file.read_text() == text
    config.save(home, {"text.language": None})
    assert load(home).text.language == "ar"


def test_saving_into_a_damaged_file_says_so_and_leaves_it(home: Home) -> None:
    home.config_file.write_text("[text\n")
    with pytest.raises(ConfigError) as caught:
        config.save(home, {"text.language": "en"})
    assert caught.value.key == "error.config.not_toml"
    assert home.config_file.read_text() == "[text\n"


@pytest.mark.parametrize(
    ("written", "used"), [(0, 0), (1, 0), (3, 5), (5, 5), (7, 5), (15, 5), (16, 25), (30, 25), (100, 100), (9_999, 100)]
)
def test_a_coin_that_does_not_exist_is_replaced_by_the_nearest_one(home: Home, written: int, used: int) -> None:
    home.config_file.write_text(f"[shop]\ncash_rounding = {written}\n")
    assert load(home).shop.coin == used
    assert load(home, {"CLUTCH_SHOP__CASH_ROUNDING": str(written)}).shop.coin == used


def test_no_coin_is_saved_that_does_not_exist(home: Home) -> None:
    home.config_file.write_text("[shop]\ncash_rounding = 7\n")
    config.save(home, {"text.language": "en"})  # what stands there from before keeps nothing else from being saved
    with pytest.raises(ConfigError) as caught:
        config.save(home, {"shop.cash_rounding": 10})
    assert caught.value.key == "error.config.no_such_coin"
    assert caught.value.values == {
        "place": str(home.config_file),
        "setting": "shop.cash_rounding",
        "value": 10,
        "coins": "0, 5, 25, 50, 100",
    }
    assert load(home).text.language == "en"
    config.save(home, {"shop.cash_rounding": 100})
    assert load(home).shop.coin == 100


def test_the_second_start_needs_no_pydantic_and_sees_every_change(home: Home) -> None:
    home.config_file.write_text('[text]\nlanguage = "en"\n')
    program = (
        "import sys; from clutch_tui.config import settings as config; from clutch_tui.config.paths import Home\n"
        "settings = config.load(Home.find())\n"
        "print(settings.text.language, settings.shop.tax_rate + 1, 'pydantic' in sys.modules)"
    )
    environ = {**os.environ, "CLUTCH_HOME": str(home.config_dir)}

    def start() -> str:
        run = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, timeout=180)
        return run.stdout.strip() or run.stderr

    assert [start(), start()] == ["en 15 True", "en 15 False"]
    home.config_file.write_text('[text]\nlanguage = "ar"\n')
    assert [start(), start()] == ["ar 15 True", "ar 15 False"]
    (home.cache_dir / "config.json").write_text('{"stamp": "torn')
    assert start() == "ar 15 True"


def test_a_password_for_the_proxy_is_not_copied_into_the_cache(home: Home) -> None:
    load(home, {"CLUTCH_BACKEND__PROXY": "http://me:hunter2@proxy.example.com:3128"})
    for path in home.cache_dir.iterdir():
        assert b"hunter2" not in path.read_bytes()


def test_the_folders_are_private_and_one_variable_moves_them_all(home: Home) -> None:
    for folder in (home.config_dir, home.data_dir, home.log_dir, home.cache_dir):
        assert folder.is_relative_to(home.config_dir)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_every_shop_and_backend_has_a_database_of_its_own(home: Home) -> None:
    places = [("", ""), ("https://a.example/v1", "s1"), ("https://a.example/v1", "s2"), ("https://b.example/v1", "s1")]
    assert len({home.database(*place) for place in places}) == 4
    assert home.database("https://a.example/v1/", "s1") == home.database("https://a.example/v1", "s1")
    assert home.database("https://a.example/v1", "../../etc").parent == home.data_dir


def test_all_processes_that_start_together_share_one_device_id(home: Home) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: device_id(home), range(32)))
    assert found == {device_id(home)}
    home.device_id_file.write_text("")
    assert device_id(home) not in found
    assert [path.name for path in home.data_dir.iterdir()] == ["device-id"]


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "inner" / "file"
    write_private(path, b"one")
    write_private(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["file"]
