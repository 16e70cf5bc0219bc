"""`bench new` and `bench check`: components of one's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from bench.cli import codes, options
from bench.cli.output import console, emit, say
from bench.cli.requests import need_training, plugins_of
from bench.errors import UserError, nearest

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
MARKS = {"holds": ("ok", "green"), "broken": ("BROKEN", "bold red"), "not reached": ("not reached", "yellow")}


def new(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="score, method, dataset or network.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What suites will call it, such as my-score.")],
    out: Annotated[Path | None, typer.Option(help="The file to write; default: the name.", metavar="FILE")] = None,
    as_json: options.AsJson = False,
) -> int:
    """Write a small working file with a component of your own, to be changed to your taste."""
    kinds = sorted(file.stem for file in TEMPLATES.glob("*.py") if file.stem != "__init__")
    if kind not in kinds:
        raise UserError(f"new: {kind!r} is nothing that can be written; {nearest(kind, kinds)}")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise UserError(f"new: {name!r} is no name; use small letters, digits and dashes, such as my-{kind}")
    _refuse_known(kind, name)
    function = name.replace("-", "_")
    file = out or Path(f"{function}.py")
    if file.suffix != ".py":
        raise UserError(f"{file}: a plugin's name ends in .py; give --out {file.with_suffix('.py')}")
    text = (TEMPLATES / f"{kind}.py").read_text(encoding="utf-8")
    text = text.replace(f"my_{kind}", function).replace(f"my-{kind}", name).replace("FILE", str(file))
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UserError(f"{file}: is there already and stays as it is; give another file with --out") from None
    except OSError as error:
        raise UserError(f"{file}: cannot be written ({error.strerror}); give another file with --out") from error
    if as_json:
        emit({"kind": kind, "name": name, "file": file})
    else:
        say(console(), f"{file} written: a {kind} that works. Change it, then: bench check {file}")
    return codes.DONE


def _refuse_known(kind: str, name: str) -> None:
    """A name that one of ours has would be refused when the file is loaded."""
    import keyword

    from bench.registry import registry

    if keyword.iskeyword(name):
        raise UserError(f"new: {name!r} is a word of Python's own; choose another name")
    if kind != "method":
        need_training()
    known = registry(kind)
    if name in known.names() or known.alias_of(name):
        raise UserError(f"new: there is a {kind} {name!r} already; choose another name")


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plugin file.")],
    as_json: options.AsJson = False,
) -> int:
    """Hold a file of your own to what every component of its kind promises, and show where it fails."""
    need_training()
    import torch

    from bench.contract import SECONDS, examine

    torch.set_num_threads(1)  # what is tried is small: threads would wait for each other more than they work
    components = plugins_of([file])
    seconds = SECONDS / len(components)
    found: list[dict[str, Any]] = []
    kept = True
    screen = console()
    for component in components:
        if not as_json:
            say(screen, f"{component.kind} {component.name}", "bold")
        verdicts = []
        for verdict in examine(component, seconds):
            verdicts.append(verdict)
            mark, style = MARKS[verdict.outcome]
            if not as_json:
                say(screen, f"  {mark}: {verdict.promise}", style)
                if verdict.counter_example:
                    say(screen, f"      {verdict.counter_example}")
        held = all(verdict.outcome == "holds" for verdict in verdicts)
        kept &= held
        found.append(
            {
                "kind": component.kind,
                "name": component.name,
                "holds": held,
                "promises": [
                    {"promise": one.promise, "outcome": one.outcome, "counter_example": one.counter_example}
                    for one in verdicts
                ],
            }
        )
    if as_json:
        emit({"file": file, "holds": kept, "components": found})
    else:
        say(screen, "every promise holds" if kept else "not every promise holds", "bold" if kept else "bold red")
    return codes.DONE if kept else codes.FAILED
