"""Print what an installation consists of, one requirement a line, from the one list of pyproject.toml.

    python tools/requirements.py light      what shows, queries and reports; no PyTorch
    python tools/requirements.py dev        what the tests and checks need besides the project itself

It runs before anything is installed, so it uses the standard library alone.
"""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any


def package(requirement: str) -> str:
    """The package that a requirement such as `ruamel.yaml>=0.18` names, in its normal form."""
    name = re.match(r"[A-Za-z0-9._-]*", requirement)
    return re.sub(r"[._-]+", "-", name.group() if name else "").lower()


def light(content: dict[str, Any]) -> list[str]:
    """The dependencies of the project without those that only training needs."""
    heavy = {package(name) for name in content["tool"]["bench"]["training-only"]}
    return [requirement for requirement in content["project"]["dependencies"] if package(requirement) not in heavy]


def dev(content: dict[str, Any]) -> list[str]:
    """The tools of the tests, and all extras, since the tests try them."""
    extras = content["project"]["optional-dependencies"].values()
    return [*content["dependency-groups"]["dev"], *(requirement for extra in extras for requirement in extra)]


def main(arguments: list[str]) -> int:
    lists = {"light": light, "dev": dev}
    if len(arguments) != 1 or arguments[0] not in lists:
        print("usage: python tools/requirements.py light|dev", file=sys.stderr)
        return 2
    content = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    print("\n".join(lists[arguments[0]](content)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
