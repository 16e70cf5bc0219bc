"""The command `bench`: its commands, and what becomes of errors."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any, cast

import typer

from bench.cli import (
    asking,
    choosing,
    claiming,
    codes,
    datasets,
    describing,
    explaining,
    exporting,
    listing,
    making,
    moving,
    narrating,
    powering,
    predicting,
    publishing,
    referencing,
    running,
    runs,
    showing,
    speeding,
    standing,
    tuning,
)
from bench.cli.output import warn
from bench.errors import UserError
from bench.masking import shown

# All that typer says of a wrong command line is of this class, in every release that we take.
UsageError = cast("type[Exception]", typer.BadParameter.__bases__[0])

app = typer.Typer(
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    help="Compare ways of pruning neural networks, and keep every result in a database.",
)
RUNNING, LOOKING, KEEPING, USING, OWN = "Run", "Look", "The database", "Use a network", "Components of your own"
app.command(rich_help_panel=RUNNING)(running.run)
app.command(rich_help_panel=RUNNING)(running.plan)
app.command(rich_help_panel=RUNNING)(tuning.tune)
app.command(rich_help_panel=RUNNING)(speeding.speed)
app.command(rich_help_panel=RUNNING)(referencing.reference)
app.command(rich_help_panel=LOOKING)(showing.show)
app.command(rich_help_panel=LOOKING)(showing.report)
app.command(rich_help_panel=LOOKING)(powering.power)
app.command(rich_help_panel=LOOKING)(runs.runs)
app.command(rich_help_panel=LOOKING)(standing.status)
app.command(rich_help_panel=LOOKING)(choosing.choose)
app.command(rich_help_panel=LOOKING)(claiming.claims)
app.command(rich_help_panel=LOOKING)(narrating.findings)
app.command(rich_help_panel=LOOKING)(publishing.paper)
app.command(rich_help_panel=LOOKING)(asking.sql)
app.command(rich_help_panel=LOOKING)(describing.schema)
app.command(rich_help_panel=LOOKING)(describing.browse)
app.command("list", rich_help_panel=LOOKING)(listing.list_)
app.add_typer(datasets.group, name="data", rich_help_panel=LOOKING)
app.command(rich_help_panel=LOOKING)(explaining.explain)
app.command(rich_help_panel=KEEPING)(moving.merge)
app.command(rich_help_panel=KEEPING)(moving.forget)
app.add_typer(moving.group, name="db", rich_help_panel=KEEPING)
app.command(rich_help_panel=USING)(exporting.export)
app.command(rich_help_panel=USING)(predicting.predict)
app.command(rich_help_panel=OWN)(making.new)
app.command(rich_help_panel=OWN)(making.check)


def _version(wanted: bool) -> None:
    if wanted:
        from bench import __version__

        print(f"bench {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code; what the user did wrong is told in a line each, without a traceback."""
    try:
        code = app(args=None if arguments is None else list(arguments), prog_name="bench", standalone_mode=False)
        sys.stdout.flush()
    except UserError as error:
        warn(error.lines)
        return codes.BAD_INPUT
    except UsageError as error:
        warn([_usage(error)])
        return codes.BAD_INPUT
    except BrokenPipeError:
        # Whoever read our output has had enough of it; nothing more is to be written, at the very end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return codes.DONE
    except KeyboardInterrupt:
        return codes.INTERRUPTED
    except Exception as error:
        return _fault(error)
    return code if isinstance(code, int) else codes.DONE


def _usage(error: Any) -> str:
    command = error.ctx.command_path if error.ctx is not None else "bench"
    message = error.format_message().replace(". Did you mean", "; did you mean").rstrip(".")
    return f"{message} See {command} --help" if message.endswith("?") else f"{message}; see {command} --help"


def _fault(error: Exception) -> int:
    """A fault of ours: named in a line; all of it is there for who wants to report it."""
    if os.environ.get("BENCH_TRACEBACK"):
        sys.stderr.write(shown("".join(traceback.format_exception(error))))
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(last.filename)}:{last.lineno}"
    told = " ".join(str(error).split())
    warn(
        [
            f"internal error: {type(error).__name__}: {told} ({where}); this is a fault of bench, please report it. "
            "With BENCH_TRACEBACK=1 the same command shows more"
        ]
    )
    return codes.FAILED
