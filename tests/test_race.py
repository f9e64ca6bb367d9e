"""The race against peers: what is read from their output, the files that all read, and resuming."""

from __future__ import annotations

import json
import math
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.append(str(REPOSITORY))  # benchmarks are no installed package

from benchmarks.figures import draw_or_say  # noqa: E402
from benchmarks.legs import begin_folder, read_result  # noqa: E402
from benchmarks.race import __main__ as program  # noqa: E402
from benchmarks.race import eole_peer, joeynmt_peer  # noqa: E402
from benchmarks.race import figure as race_figure  # noqa: E402
from benchmarks.race.bench import PlainText, make_bench, plain  # noqa: E402
from benchmarks.race.child import RaceError, run  # noqa: E402
from benchmarks.race.environments import Environments  # noqa: E402
from benchmarks.race.given_pieces import GivenPieces, read_part, read_vocabulary  # noqa: E402
from benchmarks.race.regard_peer import (  # noqa: E402
    TrainingJob,
    dev_batches,
    new_model,
    recipe_of,
    reports,
)
from benchmarks.race.reports import Report, report_every, tokens_per_s  # noqa: E402
from benchmarks.race.scores import TUTORIAL_BLEU, tutorial_form  # noqa: E402
from benchmarks.race.state import (  # noqa: E402
    Leg,
    Race,
    Settings,
    run_leg,
)
from benchmarks.race.tables import report  # noqa: E402
from regard.translation.corpus import prepare  # noqa: E402
from regard.translation.model import EOS, UNK  # noqa: E402
from regard.translation.run import create_run  # noqa: E402

SETTINGS = Settings(
    threads=1,
    updates=30,
    joeynmt_updates=12,
    quality_seconds=60.0,
    sentences=2,
    repeats=1,
    bench="f00d",
)

EOLE_TRAINING = """
[2026-01-02 10:00:00,001 INFO] * number of parameters: 22536000
[2026-01-02 10:00:09,001 INFO] Step 10/   30; acc: 0.2; ppl: 79.58; xent: 8.98; aux: 0.000; \
mtp: 0.000; attn_ent: 0.000; lr: 1e-03; sents:     640; \
bsz:  330/ 400/64; 795/1000 tok/s;      4 sec;
[2026-01-02 10:00:12,001 INFO] Step 20/   30; acc: 0.2; ppl: 79.58; xent: 8.98; aux: 0.000; \
mtp: 0.000; attn_ent: 0.000; lr: 1e-03; sents:     640; \
bsz:  330/ 600/64; 795/2000 tok/s;      7 sec;
[2026-01-02 10:00:15,001 INFO] Step 30/   30; acc: 0.2; ppl: 79.58; xent: 8.98; aux: 0.000; \
mtp: 0.000; attn_ent: 0.000; lr: 1e-03; sents:     640; \
bsz:  330/ 500/63;  95/ 500 tok/s;     17 sec;
[2026-01-02 10:00:18,001 INFO] Validation perplexity: 20.0855
"""
EOLE_SEARCH = """
[2026-01-02 10:00:00,001 INFO] Build and loading model took 1.19 sec.
[2026-01-02 10:00:00,002 INFO] Inference runtime: torch=2.13.0+cpu, CUDA build=None, device=cpu, \
dtype=torch.bfloat16
[2026-01-02 10:00:09,001 INFO] PRED SCORE: -7.9888, PRED PPL: 2947.81 NB SENTENCES: 40
[2026-01-02 10:00:09,001 INFO] Step 0 time (s): 1.25
[2026-01-02 10:00:09,001 INFO] Enc/Step 0 tokens / sec: 43550.7
[2026-01-02 10:00:09,001 INFO] Subsequent prediction time including all (s): 20.50
"""
JOEYNMT_TRAINING = """
2026-01-02 10:00:00,500 - INFO - joeynmt.model - Total params: 29352448
2026-01-02 10:00:01,000 - INFO - joeynmt.training - EPOCH 1
2026-01-02 10:00:05,000 - INFO - joeynmt.training - Epoch   1, Step:        4, Batch Loss:     \
8.954581, Batch Acc: 0.063502, Tokens per Sec:      100, Lr: 0.000990
2026-01-02 10:00:07,500 - INFO - joeynmt.training - Epoch   1, Step:        8, Batch Loss:     \
8.705825, Batch Acc: 0.099905, Tokens per Sec:      400, Lr: 0.000990
"""


def test_a_speed_is_all_tokens_over_all_seconds_without_the_first_report() -> None:
    assert tokens_per_s([Report(1, 100), Report(30, 1), Report(10, 4)]) == 8
    with pytest.raises(ValueError, match="1 reports are too few"):
        tokens_per_s([Report(1, 100)])


def test_a_short_trial_has_three_reports_and_a_long_one_a_report_every_twenty_updates() -> None:
    assert [report_every(updates) for updates in (6, 30, 60, 1804)] == [2, 10, 20, 20]


def test_what_eole_prints_is_read() -> None:
    assert eole_peer.reports(EOLE_TRAINING) == [Report(4000, 4), Report(6000, 3), Report(5000, 10)]
    assert eole_peer.parameters(EOLE_TRAINING) == 22_536_000
    assert eole_peer.dev_nats_per_piece(EOLE_TRAINING) == pytest.approx(3, abs=1e-5)
    assert eole_peer.search_seconds(EOLE_SEARCH) == 21.75
    assert eole_peer.search_precision(EOLE_SEARCH) == "bfloat16"
    assert eole_peer.mean_score(EOLE_SEARCH) == -7.9888


def test_what_eole_does_not_print_is_missed() -> None:
    with pytest.raises(RaceError, match="did not print the number of parameters"):
        eole_peer.parameters(EOLE_SEARCH)


def test_what_joeynmt_prints_is_read() -> None:
    assert joeynmt_peer.reports(JOEYNMT_TRAINING) == [Report(400, 4), Report(1000, 2.5)]
    assert joeynmt_peer.parameters(JOEYNMT_TRAINING) == 29_352_448


def test_the_tutorial_s_form_keeps_small_letters_and_five_marks() -> None:
    assert tutorial_form("¿Qué  hora es?") == "¿ que hora es ?"
    assert tutorial_form("It's 5 o'clock, Tom-") == "its oclock , tom"


@pytest.fixture
def text(tmp_path: Path) -> PlainText:
    """Seven pairs to train on, one to validate with and two to test on."""
    folder = tmp_path / "text"
    folder.mkdir()
    words = ("casa", "perro", "gato", "mesa", "libro", "silla", "mar")
    parts = {"train": words, "dev": words[:1], "test": words[1:3]}
    for part, chosen in parts.items():
        for ending, sentence in (("es", "¿Ves la {}?"), ("en", "Do you see the  {}?")):
            lines = [sentence.format(word) for word in chosen]
            (folder / f"{part}.{ending}").write_text("".join(f"{line}\n" for line in lines))
    return PlainText(folder, "es", "en")


def test_pieces_give_the_plain_text_again_and_both_sides_one_new_order(
    text: PlainText, tmp_path: Path
) -> None:
    bench = make_bench(tmp_path / "bench", text)
    sources = plain([pair.source for pair in read_part(bench, "train")])
    targets = plain([pair.target for pair in read_part(bench, "train")])
    written = text.lines("train", "src")
    assert sorted(sources) == sorted(written)
    assert sources != written
    assert [one.split()[-1] for one in sources] == [one.split()[-1] for one in targets]
    assert plain([pair.target for pair in read_part(bench, "test")]) == [
        "Do you see the perro?",
        "Do you see the gato?",
    ]
    listed = bench.vocabulary("joey").read_text(encoding="utf-8").splitlines()
    assert listed[:4] == ["<unk>", "<pad>", "<s>", "</s>"]
    assert listed[4:] == bench.vocabulary("eole").read_text(encoding="utf-8").splitlines()


def test_a_bench_that_lacks_a_file_is_refused(text: PlainText, tmp_path: Path) -> None:
    bench = make_bench(tmp_path / "bench", text)
    bench.path("dev", "tgt").unlink()
    with pytest.raises(RaceError, match=r"has no dev\.tgt"):
        bench.digest()


def test_given_pieces_are_what_stands_between_spaces() -> None:
    tokens = GivenPieces(["▁la", "▁cas", "a"])
    pieces = tokens.encode("▁la ▁cas a ▁a")
    assert [piece.id for piece in pieces] == [4, 5, 6, UNK]
    assert [(piece.start, piece.end) for piece in pieces] == [(0, 3), (4, 8), (9, 10), (11, 13)]
    assert tokens.encode_ids(["▁la ▁cas a ▁a", ""]) == [[4, 5, 6, UNK], []]
    assert tokens.decode([4, 5, 6, UNK, EOS]) == "la casa"


def test_regard_s_reports_count_the_labels_of_its_updates(text: PlainText, tmp_path: Path) -> None:
    bench = make_bench(tmp_path / "bench", text)
    tokens = read_vocabulary(bench)
    job = TrainingJob(str(bench.folder), str(tmp_path / "run"), "float32", seed=1, updates=30)
    run = create_run(Path(job.run), recipe_of(job))
    corpus = prepare(run.corpus, read_part(bench, "train"), tokens, tokens, max_pieces=100)
    logged = [(10, 5.0), (20, 2.0), (24, 1.0)]  # the last one is shorter than the others
    run.log.write_text(
        "".join(
            json.dumps({"event": "training", "update": update, "target_tokens_per_s": speed}) + "\n"
            for update, speed in logged
        )
    )
    pieces = corpus.target_pieces + len(corpus)  # an update is an epoch of this text
    assert reports(run, corpus) == [
        Report(10 * pieces, 10 * pieces / 5.0),
        Report(10 * pieces, 10 * pieces / 2.0),
    ]


def test_regard_s_model_has_as_many_weights_as_eole_s(tmp_path: Path) -> None:
    tokens = GivenPieces([f"▁{number}" for number in range(7996)])
    job = TrainingJob("bench", "run", "float32", seed=1, updates=30)
    model = new_model(recipe_of(job), tokens)
    assert sum(each.numel() for each in model.parameters()) == eole_peer.parameters(EOLE_TRAINING)


def test_the_dev_part_is_all_of_it(text: PlainText, tmp_path: Path) -> None:
    bench = make_bench(tmp_path / "bench", text)
    [batch] = dev_batches(bench, read_vocabulary(bench))
    assert len(batch.source) == 1
    assert int(batch.label_mask.sum()) == len(read_part(bench, "dev")[0].target.split()) + 1


def test_a_checkpoint_that_was_not_saved_whole_does_not_count(tmp_path: Path) -> None:
    for update, configured in ((5, True), (50, True), (100, False), (105, True)):
        folder = tmp_path / f"step_{update}"
        folder.mkdir()
        save_file({"weight": torch.zeros(3, 5)}, folder / "model.00.safetensors")
        if configured:
            (folder / "config.json").write_text("{}")
    weights = tmp_path / "step_105" / "model.00.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    assert [each.update for each in eole_peer.checkpoints(tmp_path)] == [5, 50]


def test_a_process_is_measured(tmp_path: Path) -> None:
    code = "import os; x = b'x' * (800 << 20); print(os.environ['OMP_NUM_THREADS'])"
    done = run([sys.executable, "-c", code], tmp_path / "log", threads=3)
    assert (done.stopped, done.output) == (False, "3\n")
    assert 800 < done.peak_mib < 8000
    assert 0 < done.seconds < 60


def test_a_process_whose_time_is_up_is_stopped_with_its_children(tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    writes = f"import time\nwhile True: open({str(mark)!r}, 'w'); time.sleep(0.01)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {writes!r}])"
    done = run([sys.executable, "-c", code], tmp_path / "log", threads=1, stop_after_seconds=1)
    assert done.stopped
    assert 1 <= done.seconds < 30
    mark.unlink()
    time.sleep(0.2)
    assert not mark.exists()


def test_a_process_that_fails_says_what_it_printed_last(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('first'); raise SystemExit('no such model')"]
    with pytest.raises(RaceError, match="status 1: first / no such model"):
        run(command, tmp_path / "log", threads=1)


@pytest.fixture
def race(text: PlainText, tmp_path: Path) -> Race:
    """A race with nothing finished."""
    folder = tmp_path / "race"
    begin_folder(folder, "race", asdict(SETTINGS))
    bench = make_bench(folder / "bench", text)
    return Race(folder, SETTINGS, bench, text, Environments(folder / "environments", {}))


def test_a_leg_is_finished_when_it_measured_something(race: Race) -> None:
    measured: list[list[str]] = []

    def measure(race: Race, leg: str) -> dict[str, Any]:
        measured.append([path.name for path in race.work(leg).iterdir()])
        (race.work(leg) / "half").touch()
        if len(measured) == 1:
            raise KeyboardInterrupt
        return {"seconds": 2.5}

    leg = Leg("slow", measure)
    with pytest.raises(KeyboardInterrupt):
        run_leg(race, leg)
    assert read_result(race.folder, "slow") is None
    run_leg(race, leg)
    result = read_result(race.folder, "slow")
    assert result is not None
    assert (result["seconds"], result["threads"]) == (2.5, 1)
    assert measured == [[], []]  # it began anew


def test_a_leg_whose_model_is_missing_says_which_leg_to_run(race: Race) -> None:
    leg = Leg("translate-x", lambda race, leg: {}, needs=("train-x",))
    with pytest.raises(RaceError, match="needs the model of train-x"):
        run_leg(race, leg)


def test_a_leg_runs_after_what_it_needs_however_they_are_named(
    race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = Leg("train-x", lambda race, leg: {})
    translate = Leg("translate-x", lambda race, leg: {}, needs=("train-x",))
    monkeypatch.setattr(program, "LEGS", {leg.name: leg for leg in (train, translate)})
    program.run_all(race, ["translate-x", "train-x"])
    assert read_result(race.folder, "translate-x") is not None


def test_a_folder_holds_one_race_that_git_does_not_see(race: Race) -> None:
    begin_folder(race.folder, "race", asdict(SETTINGS))
    with pytest.raises(ValueError, match="began with threads = 1, not 2"):
        begin_folder(race.folder, "race", asdict(replace(SETTINGS, threads=2)))
    assert (race.folder / ".gitignore").read_text() == "# made by benchmarks/race\n*\n"


def test_a_race_that_was_stopped_before_it_had_settings_goes_on(
    text: PlainText, tmp_path: Path
) -> None:
    words = ["--data", str(text.folder), "--source", text.source, "--target", text.target]
    arguments = program.read_arguments([*words, "--folder", str(tmp_path / "new")])
    assert program.open_race(arguments).folder == tmp_path / "new"
    (tmp_path / "new" / "race.json").unlink()  # its bench is there
    with pytest.raises(ValueError, match=r"holds \.gitignore, bench and was not begun"):
        begin_folder(tmp_path / "new", "ladder", {})
    program.open_race(arguments)
    assert (tmp_path / "new" / "race.json").exists()
    with pytest.raises(ValueError, match="was not begun by benchmarks/race"):
        program.open_race(program.read_arguments([*words, "--folder", str(text.folder)]))


def test_the_tables_show_what_is_finished() -> None:
    trained = {
        "toolkit": "eole",
        "seed": 1,
        "parameters": 22_536_000,
        "updates": 1804,
        "target_tokens_per_s": 1000.0,
        "seconds": 900.0,
        "peak_mib": 1200.0,
        "dev_nats_per_piece": math.pi,
        "versions": {"eole": "0.6.4"},
        "commit": "abc1234",
        "threads": 2,
    }
    faster = {**trained, "target_tokens_per_s": 1500.0, "versions": {"regard": "0.1.0"}}
    found = report({"train-eole-float32-seed1": trained, "train-regard-bfloat16-seed1": faster})
    assert "| regard-bfloat16-seed1 | 22,536,000 | 1,804 | 1,500 | 1.50 |" in found
    assert "3.142" in found
    assert "Versions: eole 0.6.4, regard 0.1.0. Commit: abc1234. Threads: 2." in found
    assert "Translation" not in found


def test_the_figure_marks_each_system_where_its_own_time_was_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(race_figure, "write_png", lambda path, figure: drawn.append(figure))
    curve = [{"minutes": 2.0, "dev_bleu": 20.0}, {"minutes": 9.5, "dev_bleu": 40.0}]
    one = {
        **{"toolkit": "eole", "model": "2 x 512", "curve": curve},
        **{"tutorial_bleu": 40.0, "seconds": 180.0},
    }
    other = {**one, "toolkit": "regard", "tutorial_bleu": 52.0, "seconds": 900.0}
    race_figure.write_minutes(tmp_path / "figure.png", {"quality-a": one, "quality-b": other})
    [axes] = drawn[0].axes
    marks = [line for line in axes.lines if line.get_marker() in ("o", "s")]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in marks] == [
        (3.0, 40.0),
        (15.0, 52.0),
        (10.0, TUTORIAL_BLEU),
    ]
    names = sorted((text.get_position()[1], text.get_text()) for text in axes.texts)
    assert [name for _, name in names] == [
        "eole, 2 x 512 40.0",
        f"TensorFlow's tutorial {TUTORIAL_BLEU:.1f}",
        "regard, 2 x 512 52.0",
    ]
    assert names[1][0] - names[0][0] == pytest.approx(race_figure.APART)  # moved to be read


def test_a_figure_that_cannot_be_drawn_says_why_and_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(path: Path) -> None:
        raise PermissionError(f"{path}: cannot be written")

    draw_or_say(tmp_path / "figure.png", fails)
    assert capsys.readouterr().err == f"({tmp_path / 'figure.png'}: cannot be written)\n"
    draw_or_say(tmp_path / "figure.png", lambda path: None)
    assert capsys.readouterr().err == f"The figure: {tmp_path / 'figure.png'}\n"
