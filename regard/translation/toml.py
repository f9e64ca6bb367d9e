"""Values as TOML: the half that Python's own `tomllib` leaves out, as far as a recipe needs it."""

from __future__ import annotations

from typing import Any

ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def format_value(value: Any) -> str:
    """A value as TOML writes it; text is escaped, so that it comes back letter for letter."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return repr(value)
        case str():
            return f'"{"".join(_escape(character) for character in value)}"'
        case list() | tuple():
            return f"[{', '.join(format_value(item) for item in value)}]"
        case dict():
            items = (
                f"{format_value(str(key))} = {format_value(item)}" for key, item in value.items()
            )
            return f"{{ {', '.join(items)} }}"
        case _:
            return format_value(str(value))


def _escape(character: str) -> str:
    if character in ESCAPES:
        return ESCAPES[character]
    # TOML allows no control characters in a line, and no lone surrogates anywhere.
    if ord(character) < 0x20 or ord(character) == 0x7F:
        return f"\\u{ord(character):04x}"
    return character
