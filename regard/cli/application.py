"""The application that commands are added to, and the options that several of them share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="regard",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Attention you can train, see and test.\n\nStart with: regard demo",
)

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a trained run.")]
SourceFile = Annotated[
    Path, typer.Argument(metavar="SOURCE", help="Source sentences, one a line; may be .gz.")
]
TargetFile = Annotated[
    Path, typer.Argument(metavar="TARGET", help="Their translations, line by line; may be .gz.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Device = Annotated[
    str, typer.Option(metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps.", show_default=True)
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting: --set model.hidden=512"),
]
RecipeFile = Annotated[
    Path | None, typer.Option("--recipe", metavar="FILE", help="A recipe (TOML).")
]


@app.callback()
def regard() -> None:
    """Do nothing on its own: there is always a command."""
