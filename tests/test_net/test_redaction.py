"""Secrets leave no trace, wherever they stand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clutch_tui.security import redaction
from clutch_tui.security.redaction import HIDDEN, hide_body, hide_headers, hide_people, hide_text, hide_value

SECRET = "hunter2"


@pytest.mark.parametrize(
    "text",
    [
        '{"password": "hunter2", "email": "a@b"}',
        '{"user":{"refresh_token":"hunter2"}}',
        '{"accessToken" : "hunter2"}',
        '{"apiKey":"hunter2',
        json.dumps({"log": json.dumps({"token": SECRET})}),
        json.dumps(json.dumps(json.dumps({"api_key": SECRET}))),
        "wss://h/ws?v=1&token=hunter2#x",
        "token=hunter2",
        "https://sara:hunter2@example.com/",
        "Authorization: Bearer hunter2",
    ],
)
def test_a_secret_is_hidden(text: str) -> None:
    hidden = hide_text(text)
    assert SECRET not in hidden
    assert HIDDEN in hidden


def test_what_is_no_secret_stays() -> None:
    text = '{"name": "طلمبة", "tokens_left": 3, "note": "the token is new"} https://h/p?page=2'
    assert hide_text(text) == text


def test_a_token_is_known_by_its_looks() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1LTAifQ.c2lnbmF0dXJl"
    assert hide_text(f"refused {token} at once") == f"refused {HIDDEN} at once"


def test_headers_keep_their_names() -> None:
    headers = {"Authorization": f"Bearer {SECRET}", "X-API-Key": SECRET, "Set-Cookie": SECRET, "X-Shop-ID": "s"}
    assert hide_headers(headers) == {
        "authorization": HIDDEN,
        "x-api-key": HIDDEN,
        "set-cookie": HIDDEN,
        "x-shop-id": "s",
    }


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))))
def test_any_password_is_hidden_whole(password: str) -> None:
    body = json.dumps(
        {"email": "a@b", "password": f"§1{password}§2", "n": 0, "after": "still here"}, ensure_ascii=False
    )
    hidden = hide_text(body)
    assert "§1" not in hidden
    assert "§2" not in hidden
    assert "a@b" in hidden
    nested = hide_text(json.dumps({"log": body}, ensure_ascii=False))
    assert "§1" not in nested
    assert "§2" not in nested


@pytest.mark.parametrize("limit", range(1, 60))
def test_a_cut_never_shows_half_a_secret(limit: int) -> None:
    body = b'{"token": "hunter2hunter2hunter2", "x": 1}'
    assert "hunter2" not in hide_body(body, limit)


@pytest.fixture
def told() -> Iterator[None]:
    yield
    redaction._known.clear()


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("secret", ['quoted"secret', "سر المحل الكبير", "a&b=c/d?secret", "sk-0123456789"])
def test_what_we_were_told_is_hidden_wherever_it_stands(secret: str) -> None:
    redaction.remember(secret)
    for text in (
        f"refused {secret}!",
        json.dumps({"note": secret}),
        json.dumps({"note": secret}, ensure_ascii=False),
        f"https://h/p?x={quote(secret, safe='')}",
    ):
        assert HIDDEN in hide_text(text)
        assert secret not in hide_text(text)
    redaction.remember("short", None, "")
    assert hide_text("a short text") == "a short text"


def test_json_stays_json() -> None:
    body = json.dumps({"log": json.dumps({"token": SECRET, "n": 1}), "after": 2})
    assert json.loads(json.loads(hide_text(body))["log"]) == {"token": HIDDEN, "n": 1}


def test_values_are_hidden_by_name_and_by_looks() -> None:
    found = hide_value({"token": "x", "list": [{"Cookie": "y"}, "Bearer z", 3], "n": None, "api_key": ""})
    assert found == {"token": HIDDEN, "list": [{"Cookie": HIDDEN}, f"Bearer {HIDDEN}", 3], "n": None, "api_key": ""}


@pytest.mark.parametrize("phone", ["01001234567", "+201112345678", "0020 122 345 6789", "٠١٠٠١٢٣٤٥٦٧", "010-1234-5678"])
def test_telephone_numbers_are_no_business_of_support(phone: str) -> None:
    assert phone not in hide_people(f'search={phone} "customer_phone": "{phone}"')
    assert hide_people('{"phone": "022345678", "n": 1}') == f'{{"phone": "{HIDDEN}", "n": 1}}'


def test_numbers_that_are_no_telephones_stay() -> None:
    text = "2026-11-22T09:15:00.123Z 01930000-0000-7000-8000-0000000000f1 6221000000017 26300-35503 1010101010101010"
    assert hide_people(text) == text


@pytest.mark.parametrize("text", ["\\" * 100_000, 'token"' * 20_000, '\\"' * 50_000, "   " * 30_000, "010" * 30_000])
def test_a_hostile_text_comes_to_an_end(text: str) -> None:
    """Looked at from each of them, a hundred thousand backslashes took minutes, in the loop that draws the screen. That
    four times the length is four times the work: `python -m tests.bench --only text`."""
    assert hide_people(hide_text(f"token{text}")).startswith("token")
