"""What is installed is pinned once, and the files that install it name no host."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import bench
from tests.setup.checkouts import ROOT
from tools import requirements

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = [Requirement(line) for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if line]
EVERYTHING = [*PROJECT["project"]["dependencies"], *requirements.dev(PROJECT)]


@pytest.mark.parametrize(
    "name", ["constraints.txt", "pyproject.toml", "Makefile", "tools/setup.sh", "tools/requirements.py", ".ci/run"]
)
def test_no_address_in_what_installs(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"\w+://|index-url|extra-index|find-links| @ ", text)


def test_every_constraint_is_one_release() -> None:
    for pin in PINS:
        (specifier,) = pin.specifier
        assert specifier.operator == "==", pin
        assert not pin.extras, f"{pin}: pip takes no extras in a constraint"


@pytest.mark.parametrize("python", ["3.11", "3.12"])
@pytest.mark.parametrize("wanted", EVERYTHING)
def test_every_requirement_is_pinned_within_its_bounds(wanted: str, python: str) -> None:
    requirement = Requirement(wanted)
    place = {"python_version": python, "python_full_version": f"{python}.1", "sys_platform": "linux"}
    pins = [
        pin
        for pin in PINS
        if canonicalize_name(pin.name) == canonicalize_name(requirement.name)
        and (pin.marker is None or pin.marker.evaluate(place))
    ]
    assert len(pins) == 1
    (release,) = pins[0].specifier
    assert requirement.specifier.contains(release.version)


def test_facenet_is_the_release_that_works_with_this_torch() -> None:
    assert "facenet-pytorch==2.5.3" in [str(pin) for pin in PINS]


def test_the_light_list_is_the_project_without_training() -> None:
    light = requirements.light(PROJECT)
    heavy = set(PROJECT["tool"]["bench"]["training-only"])
    assert {requirements.package(one) for one in light} | heavy == {
        requirements.package(one) for one in PROJECT["project"]["dependencies"]
    }
    assert not heavy & {requirements.package(one) for one in light}


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("torch>=2.8", "torch"),
        ("ruamel.yaml>=0.18", "ruamel-yaml"),
        ("psycopg[binary]>=3", "psycopg"),
        ("a_B <2", "a-b"),
    ],
)
def test_the_package_of_a_requirement(requirement: str, name: str) -> None:
    assert requirements.package(requirement) == name


def test_the_version_is_the_same_everywhere() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {bench.__version__}\n" in citation
    assert f"\n## {bench.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
