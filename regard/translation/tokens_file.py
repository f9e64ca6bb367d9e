"""A vocabulary from its file, which `Tokens.save` wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from regard.translation.byte_pairs import BytePairs
from regard.translation.tokens import FORMAT, VERSION, TokensError
from regard.translation.whole_words import Words

KINDS: dict[str, type[BytePairs] | type[Words]] = {
    BytePairs.kind: BytePairs,
    Words.kind: Words,
}


def load_tokens(path: Path) -> BytePairs | Words:
    """Read what `save` wrote.

    Raises `TokensError`, in one line, for a file that is foreign, damaged or of another version.
    """
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise TokensError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise TokensError(f"{path}: is not a tokens file, or a damaged one ({error})") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise TokensError(f"{path}: is not a tokens file of regard")
    if document.get("version") != VERSION:
        raise TokensError(
            f"{path}: has version {document.get('version')!r}; this regard reads {VERSION}"
        )
    try:
        return _from_document(document)
    except (KeyError, TypeError, ValueError) as error:
        raise TokensError(f"{path}: is damaged ({error})") from error


def _from_document(document: dict[str, Any]) -> BytePairs | Words:
    lowercase = document["lowercase"]
    if not isinstance(lowercase, bool):
        raise TypeError("lowercase is neither true nor false")
    if document["kind"] not in KINDS:
        raise ValueError(f"unknown kind {document['kind']!r}")
    return KINDS[document["kind"]].from_content(document, lowercase=lowercase)
