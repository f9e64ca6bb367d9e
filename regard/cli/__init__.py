"""The command line: what each command is called and takes. Heavy imports are inside functions.

A person's mistake is one line on standard error and exit status 2; Ctrl-C is 130.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import typer
from typer.main import get_command

from regard.cli import align, data, demo, evaluate, settings, train, translate
from regard.cli.application import app

__all__ = ["align", "app", "data", "demo", "evaluate", "main", "settings", "train", "translate"]

TRACEBACK = "REGARD_TRACEBACK"
# Every mistake in the words of a command line. Typer has no public name for it.
UsageError: type[typer.BadParameter] = typer.BadParameter.__bases__[0]


def main() -> None:
    """Run the command that the command line names, and leave with its exit status.

    `ValueError`, `OSError` and a missing extra are mistakes or refusals that say what to do: they
    become one line.
    With the environment variable REGARD_TRACEBACK set, the whole traceback is shown.
    """
    _write_utf8()
    try:
        # Not `app()`: it ends the program at Ctrl-C, a closed pipe or a mistake in its own way.
        command = get_command(app)
        with command.make_context("regard", sys.argv[1:] or ["--help"]) as context:
            command.invoke(context)
    except typer.Exit as end:
        sys.exit(end.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader had enough
    except (KeyboardInterrupt, typer.Abort):
        print("regard: stopped", file=sys.stderr)
        sys.exit(130)
    except UsageError as error:
        print(f"regard: {_in_a_line(error)}", file=sys.stderr)
        sys.exit(2)
    except (ValueError, OSError, ModuleNotFoundError) as error:
        if os.environ.get(TRACEBACK):
            raise
        print(f"regard: {error}", file=sys.stderr)
        sys.exit(2)
    sys.exit(0)


def _in_a_line(error: Any) -> str:
    """What is wrong with the words of a command line, and where to read how they should be."""
    said = " ".join(error.format_message().split())
    where = "regard" if error.ctx is None else error.ctx.command_path
    return f"{said} (see: {where} --help)"


def _write_utf8() -> None:
    """Write UTF-8 whatever the locale; names of files that are not UTF-8 stay what they are."""
    for stream, errors in ((sys.stdout, "surrogateescape"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=errors)
