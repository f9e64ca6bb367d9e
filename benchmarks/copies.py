"""Text that a benchmark copies into its folder once, so that all its legs read the same lines.

FOLDER/text.json     the digest of the files, and what else is known of them; written last
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from regard.translation.durable import write_text

FACTS = "text.json"


def keep_copy(
    folder: Path, contents: Mapping[str, str], facts: Mapping[str, Any], given: str
) -> None:
    """Write files, their contents by name, or see that those that are there are the same.

    Files that are all there without a digest get it noted. Raises ValueError, which names what was
    `given`, where others are there.
    """
    digest, known = digest_of(contents), _digest_there(folder, contents)
    if known is not None and known != digest:
        raise ValueError(
            f"{folder}: holds another text than {given}; name the one that was given first, or "
            "another --folder"
        )
    if known is None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            write_text(folder / name, content)
    if not (folder / FACTS).exists():
        write_text(folder / FACTS, json.dumps({"digest": digest, **facts}, indent=2) + "\n")


def read_facts(folder: Path) -> dict[str, Any] | None:
    """What is known of a copy; None if it is not there, or not whole."""
    path = folder / FACTS
    return json.loads(path.read_bytes()) if path.exists() else None


def as_lines(lines: Iterable[str]) -> str:
    """The content of a file with these lines."""
    return "".join(f"{line}\n" for line in lines)


def digest_of(contents: Mapping[str, str]) -> str:
    """What files hold, in a few letters."""
    ordered = "\0".join(contents[name] for name in sorted(contents))
    return hashlib.sha256(ordered.encode()).hexdigest()[:16]


def _digest_there(folder: Path, names: Iterable[str]) -> str | None:
    """The digest that is noted, or that of the files if all are there."""
    facts = read_facts(folder)
    if facts is not None:
        return facts["digest"]
    paths = [folder / name for name in names]
    if not all(path.is_file() for path in paths):
        return None
    return digest_of({path.name: path.read_bytes().decode() for path in paths})
