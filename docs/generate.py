"""The tables and help pages of the documents, made from the code.

    python docs/generate.py           write them anew
    python docs/generate.py --check   exit status 1 if one is out of date

A document marks where one stands: `<!-- generated: NAME -->` ... `<!-- end of NAME -->`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regard.record.measures import Measure

DOCUMENTS = Path(__file__).resolve().parent
MARKED = re.compile(
    r"(?P<begin><!-- generated: (?P<name>[\w -]+) -->\n).*?(?P<end><!-- end of (?P=name) -->)", re.S
)


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def scores() -> str:
    """Every score of `regard.attention`."""
    from regard.attention import SCORES

    rows = [[f"`{name}`", f"`{it.equation}`", it.source, it.note] for name, it in SCORES.items()]
    return table(["score", "equation", "source", "to know"], rows)


def scopes() -> str:
    """Every scope of `regard.attention`."""
    from regard.attention import SCOPES

    rows = [[f"`{name}`", it.rule, it.source, it.cost] for name, it in SCOPES.items()]
    return table(["scope", "a query may look at", "source", "cost per query"], rows)


def measures() -> str:
    """Every measure of `regard.record`."""
    from regard.record.measures import MEASURES

    return _measures("measure", MEASURES)


def comparisons() -> str:
    """Every measure of `regard.record` that compares two maps."""
    from regard.record.measures import COMPARISONS

    return _measures("comparison", COMPARISONS)


def _measures(kind: str, measured: Mapping[str, Measure]) -> str:
    rows = [
        [name, it.what, f"{it.unit}, {it.values}", it.source, it.misleads]
        for name, it in measured.items()
    ]
    return table([kind, "what it computes", "unit", "source", "when it misleads"], rows)


def settings() -> str:
    """Every setting of a recipe."""
    from regard.translation.recipe import settings_table

    return settings_table()


def commands() -> str:
    """The help page of every command, as a terminal of 90 columns shows it."""
    import typer.main

    from regard import cli

    group = typer.main.get_command(cli.app)
    pages = []
    for name, command in sorted(getattr(group, "commands", {}).items()):
        with command.make_context(name, [], resilient_parsing=True, terminal_width=90) as context:
            context.info_name = f"regard {name}"
            pages.append(f"### regard {name}\n\n```text\n{command.get_help(context).strip()}\n```")
    return "\n\n".join(pages)


def sizes() -> str:
    """The rule by which `regard train` chooses a recipe."""
    from regard.translation.choice import sizes_table

    return sizes_table()


TABLES: dict[str, Callable[[], str]] = {
    "scores": scores,
    "scopes": scopes,
    "measures": measures,
    "comparisons": comparisons,
    "settings": settings,
    "sizes": sizes,
    "commands": commands,
}


def renewed(markdown: str) -> str:
    """The document with every marked part made anew."""
    return MARKED.sub(
        lambda found: found["begin"] + TABLES[found["name"]]().rstrip() + "\n" + found["end"],
        markdown,
    )


def main() -> int:
    """Write what is out of date, or with --check only name it."""
    stale = []
    for path in sorted(DOCUMENTS.glob("*.md")):
        before = path.read_text(encoding="utf-8")
        after = renewed(before)
        if after != before:
            stale.append(path.name)
            if "--check" not in sys.argv[1:]:
                path.write_text(after, encoding="utf-8")
    if stale:
        print("out of date:" if "--check" in sys.argv[1:] else "written:", ", ".join(stale))
    return int(bool(stale) and "--check" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
