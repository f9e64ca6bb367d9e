"""The application that commands are added to, and the options that several of them share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regard import __version__

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
Precision = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Of the search: auto, float32 or bfloat16; auto: bfloat16 where hardware has it.",
        show_default=True,
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting: --set model.hidden=512"),
]
RecipeFile = Annotated[
    Path | None, typer.Option("--recipe", metavar="FILE", help="A recipe (TOML).")
]

LinksFile = Annotated[
    Path | None,
    typer.Option(
        "--links",
        metavar="FILE",
        help="Word links of the text to guide attention by, a line each: 0-0 1-2 (source-target).",
    ),
]


def _say_version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"regard {__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def regard(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_say_version, help="Say which it is."),
    ] = False,
) -> None:
    """Do nothing on its own: there is always a command."""


def check_folder(option: str, path: Path | None) -> None:
    """Raise ValueError if what an option names as a file is a folder, or has no folder to be in."""
    if path is not None and path.is_dir():
        raise ValueError(f"{option} {path}: is a folder; name a file in it")
    if path is not None and not path.parent.is_dir():
        raise ValueError(f"{option} {path}: there is no folder {path.parent}; make it first")
