"""The command that lists what can be set."""

from __future__ import annotations

from regard.cli.application import app
from regard.cli.output import write_line


@app.command()
def settings() -> None:
    """List every setting of a recipe: its values, default and meaning (a Markdown table).

    regard settings | grep search

    A setting is changed with --set KEY=VALUE, or by a line of the recipe.
    """
    from regard.translation.recipe import settings_table

    write_line(settings_table().rstrip("\n"))
