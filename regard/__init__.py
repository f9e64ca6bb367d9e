"""regard: attention you can train, see and test.

`regard.train(source, target, out=run)` trains a translator from two text files, and
`regard.load(run)` gives the translator of a run that was trained before, or of several together.
`regard.evaluate(run)` measures them. Importing this package imports nothing heavy; each room is
imported where it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regard.translation.judge import evaluate_run as evaluate
    from regard.translation.load import load
    from regard.translation.workflow import train_translator as train

__version__ = "0.1.0"
__all__ = ["__version__", "evaluate", "load", "train"]


def __getattr__(name: str) -> object:
    match name:
        case "evaluate":
            from regard.translation.judge import evaluate_run

            return evaluate_run
        case "load":
            from regard.translation.load import load

            return load
        case "train":
            from regard.translation.workflow import train_translator

            return train_translator
        case _:
            raise AttributeError(f"module 'regard' has no attribute {name!r}")
