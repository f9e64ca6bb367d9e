"""The first look, short: it runs to its end, with matplotlib and without."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from regard.cli import demo
from regard.translation.load import load
from regard.translation.phrasebook import held_out
from regard.translation.progress import Silence
from regard.translation.recipe_file import change
from regard.translation.workflow import begin_run, train_run

pytestmark = pytest.mark.slow

WITHOUT_FIGURES = (
    "import sys; sys.modules['matplotlib'] = None; from regard.cli import main; main()"
)


def run(program: list[str], folder: Path) -> str:
    result = subprocess.run(
        [sys.executable, *program], cwd=folder, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_demo_measures_three_translators(tmp_path: Path) -> None:
    program = ["-m", "regard", "demo", "--seconds", "12", "--json"]
    results = {one["name"]: one for one in json.loads(run(program, tmp_path))}
    assert set(results) == {"global", "local-p", "none"}
    assert results["none"]["aer"] is None
    assert all(one["updates"] > 0 for one in results.values())
    assert (tmp_path / "regard-demo" / "global" / "best.safetensors").is_file()


def test_without_matplotlib_the_demo_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "regard-demo").mkdir()  # somebody's: it must not be touched
    said = run(["-c", WITHOUT_FIGURES, "demo", "--seconds", "12"], tmp_path)
    assert 'pip install "regard[figure]"' in said
    assert "Try next:" in said
    assert "regard-demo-2/global" in said
    assert list((tmp_path / "regard-demo").iterdir()) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_window_of_local_p_is_stuck_at_an_end_of_the_source(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first tenth of the updates that the demo trains it for."""
    monkeypatch.setattr(demo, "SENTENCES", 6400)
    demo.write_text_files(tmp_path, seed, Silence())
    recipe = demo.recipe_for(38.0, demo.KINDS["local-p"][1])
    limits = ["training.seconds=0.0", "training.updates=100", "training.schedule=constant"]
    recipe = change(recipe, [*limits, f"training.seed={seed}"])
    begin_run(tmp_path / "run", tmp_path / "train.es", tmp_path / "train.en", recipe=recipe)
    train_run(tmp_path / "run", device="cpu")
    translator = load(tmp_path / "run", device="cpu")
    places: list[float] = []
    for example in held_out(20, seed):
        seen = translator.translate(example.source).record.map("decoder.cross")
        assert seen.centre is not None
        places += [float(centre) / len(seen.key_tokens) for centre in seen.centre]
    stuck = [place for place in places if not 0.03 < place < 0.97]
    assert len(stuck) < 0.1 * len(places)
