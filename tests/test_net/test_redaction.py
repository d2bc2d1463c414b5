"""Secrets leave no trace, wherever they stand."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clutch_tui.net.redaction import HIDDEN, hide_body, hide_headers, hide_text

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
