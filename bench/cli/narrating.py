"""`bench findings`: what holds of what others published, as a page, and a first screen. It needs no PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import codes, options
from bench.cli.output import console, say
from bench.cli.requests import DATABASE
from bench.errors import UserError

if TYPE_CHECKING:
    from analysis.illustrations import Illustration

PICTURES, OF_README = Path("docs/pictures/findings"), Path("docs/pictures")


def findings(
    db: options.Database = DATABASE,
    out: Annotated[Path, typer.Option(help="The page to write.", metavar="FILE")] = Path("FINDINGS.md"),
    pictures: Annotated[
        Path | None,
        typer.Option(help=f"The folder for its figures; default: {PICTURES}.", metavar="DIR", show_default=False),
    ] = None,
    readme: Annotated[
        Path | None,
        typer.Option(help="Write a first screen into this page instead, between its marks.", metavar="FILE"),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 where the page is stale.")] = False,
) -> int:
    """Write what holds of each project's story, from the verdicts and the runs of the database alone."""
    page, pictures = readme or out, pictures or (PICTURES if readme is None else OF_README)
    folder = _seen_from(pictures, page)
    if readme is None:
        from analysis.story import story

        told = story(db, folder)
        text, drawn = told.text, told.pictures
    else:
        from analysis.frontpage import front_page, put_in

        front = front_page(db, folder)
        text = put_in(_read(readme), front.text, str(readme))
        drawn = (front.picture,) if front.picture else ()
    if check:
        fresh = page.is_file() and page.read_text(encoding="utf-8") == text
        lacking = [one.name for one in drawn if not (pictures / f"{one.name}.svg").is_file()]
        said = "is what the database says" if fresh else "is stale; `bench findings` writes it anew"
        say(console(), f"{page}: {said}")
        for name in lacking:
            say(console(), f"{pictures / name}.svg: is not there; `bench findings` draws it")
        return codes.FAILED if lacking or not fresh else codes.DONE
    try:
        page.write_text(text, encoding="utf-8")
        _draw(pictures, drawn, sweep=readme is None)
    except OSError as error:
        raise UserError(
            f"{error.filename}: cannot be written ({error.strerror}); give another place with --out or --pictures"
        ) from error
    figures = "1 figure" if len(drawn) == 1 else f"{len(drawn)} figures"
    say(console(), f"{page} written, with {figures} in {pictures}")
    return codes.DONE


def _seen_from(folder: Path, page: Path) -> str:
    """The folder as a link of the page names it."""
    import os

    return Path(os.path.relpath(folder, page.parent)).as_posix()


def _read(page: Path) -> str:
    try:
        return page.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{page}: cannot be read ({error.strerror}); give a page with --readme") from error


def _draw(folder: Path, drawn: Sequence[Illustration], sweep: bool) -> None:
    """Write the figures; those of an earlier time that the page no longer shows go."""
    if not drawn:
        return
    folder.mkdir(parents=True, exist_ok=True)
    if sweep:
        for old in folder.glob("*.svg"):
            old.unlink()
    for one in drawn:
        (folder / f"{one.name}.svg").write_bytes(one.svg())
