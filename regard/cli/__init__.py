"""The command line: what each command is called and takes. Heavy imports are inside functions.

A person's mistake is one line on standard error and exit status 2; Ctrl-C is 130.
"""

from __future__ import annotations

import os
import sys

from regard.cli import data, demo, judge, train, write
from regard.cli.application import app

__all__ = ["app", "data", "demo", "judge", "main", "train", "write"]

TRACEBACK = "REGARD_TRACEBACK"


def main() -> None:
    """Run the command that the command line names.

    `ValueError`, `OSError` and a missing extra are mistakes or refusals that say what to do: they
    become one line.
    With the environment variable REGARD_TRACEBACK set, the whole traceback is shown.
    """
    try:
        app()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader had enough
        sys.exit(0)
    except KeyboardInterrupt:
        print("regard: stopped", file=sys.stderr)
        sys.exit(130)
    except (ValueError, OSError, ModuleNotFoundError) as error:
        if os.environ.get(TRACEBACK):
            raise
        print(f"regard: {error}", file=sys.stderr)
        sys.exit(2)
