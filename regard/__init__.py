"""regard: attention you can train, see and test.

`regard.load(path)` gives a translator from the folder of a training run. Importing this package
imports nothing heavy; each room is imported where it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regard.translation.translator import load

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def __getattr__(name: str) -> object:
    if name == "load":
        from regard.translation.translator import load

        return load
    raise AttributeError(f"module 'regard' has no attribute {name!r}")
