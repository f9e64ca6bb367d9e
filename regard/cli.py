"""The command line: one line a command; heavy imports inside."""

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def regard() -> None:
    """Attention you can train, see and test."""


def main() -> None:
    """Run the command that the command line names."""
    app()
