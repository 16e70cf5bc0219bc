import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.store import EnvironmentInfo
from bench.store.texts import compact, fit_to_keep, integer, points_text, real


def test_an_environment_has_a_readable_label() -> None:
    info = EnvironmentInfo("cpu", "AMD  EPYC 9V74 ", "2.15.1+cpu")
    assert info.label == "cpu AMD EPYC 9V74, torch 2.15, float32, deterministic"


def test_an_environment_is_the_same_across_patch_releases_and_spaces() -> None:
    one = EnvironmentInfo("cpu", "AMD EPYC", "2.15.1+cpu")
    assert one == EnvironmentInfo("cpu", "AMD   EPYC", "2.15.0")
    assert one.hash == EnvironmentInfo("cpu", "AMD EPYC", "2.15.9+cu130").hash


def test_the_hash_of_an_environment_stays() -> None:
    assert EnvironmentInfo("cpu", "AMD EPYC 9V74", "2.15").hash == "e3cce472ddee88727aeb50f14f54c4d7014877bf"


def test_every_part_of_an_environment_tells_it_apart() -> None:
    different = [
        EnvironmentInfo("cpu", "A", "2.15"),
        EnvironmentInfo("cuda", "A", "2.15"),
        EnvironmentInfo("cpu", "B", "2.15"),
        EnvironmentInfo("cpu", "A", "2.14"),
        EnvironmentInfo("cpu", "A", "2.15", "bfloat16"),
        EnvironmentInfo("cpu", "A", "2.15", deterministic=False),
    ]
    assert len({info.hash for info in different}) == len({info.label for info in different}) == 6


@pytest.mark.parametrize(
    "value", [0.5, np.float64(0.5), np.float32(0.5), torch.tensor(0.5), np.array(0.5)], ids=lambda value: type(value)
)
def test_a_scalar_of_any_kind_becomes_a_plain_float(value: object) -> None:
    assert real(value) == 0.5
    assert type(real(value)) is float


@pytest.mark.parametrize("value", [7, np.int64(7), np.uint8(7), torch.tensor(7), 7.0, np.float32(7)])
def test_a_whole_number_of_any_kind_becomes_a_plain_int(value: object) -> None:
    assert integer(value) == 7
    assert type(integer(value)) is int


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan"), torch.tensor(math.inf), None])
def test_what_is_not_finite_is_null(value: object) -> None:
    assert real(value) is None


@given(st.lists(st.tuples(st.integers(0, 10**6), st.none() | st.floats(allow_nan=False, allow_infinity=False))))
def test_a_curve_is_json_like_any_other_with_seven_digits(values: list[tuple[int, float | None]]) -> None:
    rounded = [(step, None if value is None else float(f"{value:.7g}")) for step, value in values]
    read = json.loads(points_text(values))
    assert read == [list(pair) for pair in rounded]
    assert {type(value) for _, value in read} <= {float, type(None)}
    assert points_text([(1, math.nan), (np.int64(2), np.float32(0.5))]) == "[[1,null],[2,0.5]]"


@pytest.mark.parametrize("value", ["0.5", [1.0], True, object()])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no number"):
        real(value)


@pytest.mark.parametrize("value", [0.5, "7", True, np.float32(0.5), np.bool_(True)])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no whole number"):
        integer(value)


def test_json_has_one_form_and_no_nan() -> None:
    assert compact({"b": (1, np.int64(2)), "a": [math.nan, "ü"]}) == '{"a":[null,"ü"],"b":[1,2]}'


def test_settings_are_kept_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    given = {"path": "/home/ada/photos", "all": ["postgresql://ada:sesame@host/x", 3], "size": 64, "grey": False}
    kept = {"path": "~/photos", "all": ["postgresql://ada:***@host/x", 3], "size": 64, "grey": False}
    assert fit_to_keep(given) == kept
