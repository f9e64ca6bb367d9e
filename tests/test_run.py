"""A run folder is a run, whole, or refused with what is wrong."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import jaxtyping
import pytest
import torch
from safetensors import SafetensorError

from regard.translation.checkpoint import (
    put_weights,
    read_checkpoint,
    weights_of,
    with_prefix,
    without_prefix,
    write_checkpoint,
)
from regard.translation.durable import RunError, locked, write_text
from regard.translation.families import build
from regard.translation.recipe_file import change
from regard.translation.run import (
    change_limits,
    create_run,
    keep_recipe,
    load_model,
    new_model,
    open_run,
    settle_alpha,
    write_scores,
)
from regard.translation.schedule import first_plan
from regard.translation.state import circumstances, differences, make_learner
from toy_training import At, Bigram, go, new_run, recipe

CPU = torch.device("cpu")


def test_a_new_run_is_opened_with_its_recipe(tmp_path: Path) -> None:
    run = create_run(tmp_path / "deep" / "run", recipe(seed=7))
    assert open_run(run.folder) == run
    assert run.missing() == ["tokens.source.json", "tokens.target.json", "corpus"]


def test_a_prepared_run_misses_nothing(tmp_path: Path) -> None:
    assert new_run(tmp_path, recipe()).missing() == []


def test_a_run_is_not_made_where_there_is_one(tmp_path: Path) -> None:
    create_run(tmp_path, recipe())
    with pytest.raises(RunError, match=f"holds a run already: .*--resume {tmp_path}"):
        create_run(tmp_path, recipe(seed=2))
    assert open_run(tmp_path).recipe.training.seed == 1


def test_a_run_is_not_made_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RunError, match=r"holds thesis\.tex and is not a run"):
        create_run(tmp_path, recipe())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(RunError, match="is a file"):
        create_run(tmp_path / "thesis.tex", recipe())
    with pytest.raises(RunError, match="is a file; a run is a folder"):
        open_run(tmp_path / "thesis.tex")


def test_a_creation_that_was_killed_half_way_can_be_done_again(tmp_path: Path) -> None:
    run = create_run(tmp_path, recipe())
    (tmp_path / "recipe.toml").unlink()
    (tmp_path / ".recipe.toml.99.partial").touch()
    with pytest.raises(RunError, match=r"has no recipe\.toml"):
        open_run(tmp_path)
    assert create_run(tmp_path, recipe()) == run


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "is not a run: it has no run.json"),
        ("", "run.json: damaged"),
        ("{", "run.json: damaged"),
        ("[]", "is not a run: run.json says something else"),
        ('{"format": "regard run", "version": 99}', "another version of regard"),
    ],
)
def test_a_foreign_folder_is_refused(tmp_path: Path, content: str | None, complaint: str) -> None:
    create_run(tmp_path, recipe())
    (tmp_path / "run.json").unlink()
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(RunError, match=complaint.replace(".", r"\.")):
        open_run(tmp_path)


def test_no_folder_and_a_broken_recipe_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such folder"):
        open_run(tmp_path / "none")
    create_run(tmp_path, recipe())
    (tmp_path / "recipe.toml").write_text("[model]\nhiden = 3\n")
    with pytest.raises(RunError, match=r"recipe\.toml: \[model\] has no key hiden"):
        open_run(tmp_path)


def test_opening_changes_nothing_while_another_process_writes(tmp_path: Path) -> None:
    run = create_run(tmp_path, recipe())
    writing = tmp_path / ".last.safetensors.5.partial"
    with locked(tmp_path):
        writing.touch()
        assert open_run(tmp_path) == run
    assert writing.exists()


def test_only_limits_can_change(tmp_path: Path) -> None:
    run = create_run(tmp_path, recipe())
    longer = change_limits(run, ["training.seconds=60", "training.patience=9", "search.beam=2"])
    assert longer.recipe.training.seconds == 60
    assert open_run(tmp_path) == run, "nothing is written yet"
    keep_recipe(longer)
    assert open_run(tmp_path) == longer
    with pytest.raises(RunError, match=r"model\.hidden = 8, not 10"):
        change_limits(run, ["model.hidden=10"])


def test_the_exponent_that_dev_chose_is_written_under_the_lock_over_nothing_else(
    tmp_path: Path,
) -> None:
    assert not create_run(tmp_path / "set", recipe()).alpha_is_open
    run = create_run(tmp_path / "open", recipe(), alpha_is_open=True)
    assert open_run(run.folder) == run
    with locked(run.folder), pytest.raises(RunError, match="is in use"):
        settle_alpha(run, 1.5)
    assert open_run(run.folder) == run
    keep_recipe(change_limits(run, ["training.patience=9"]))
    settled = settle_alpha(run, 1.5)  # of a run that does not know of the 9
    assert open_run(run.folder) == settled
    assert (settled.recipe.search.length_alpha, settled.recipe.training.patience) == (1.5, 9)
    assert not settled.alpha_is_open


def test_an_exponent_that_dev_chose_counts_as_chosen_if_killed_before_run_json_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run(tmp_path, recipe(), alpha_is_open=True)

    def write_once(path: Path, text: str) -> None:
        write_text(path, text)
        raise KeyboardInterrupt

    monkeypatch.setattr("regard.translation.run.write_text", write_once)
    with pytest.raises(KeyboardInterrupt):
        settle_alpha(run, 1.5)
    found = open_run(run.folder)
    assert (found.recipe.search.length_alpha, found.alpha_is_open) == (1.5, False)


def test_an_exponent_that_was_edited_by_hand_or_set_to_what_it_was_is_set(tmp_path: Path) -> None:
    run = create_run(tmp_path / "a", recipe(), alpha_is_open=True)
    path = run.folder / "recipe.toml"
    path.write_text(path.read_text().replace("length_alpha = 0.6", "length_alpha = 0.9"))
    assert not open_run(run.folder).alpha_is_open
    assert settle_alpha(run, 1.5).recipe.search.length_alpha == 0.9
    same = create_run(tmp_path / "b", recipe(), alpha_is_open=True)
    assert change_limits(same, ["training.epochs=4"]).alpha_is_open
    keep_recipe(change_limits(same, [" search.length_alpha = 0.6"]))
    assert not open_run(same.folder).alpha_is_open


def test_a_new_model_is_the_seed_s_and_leaves_the_generators_alone(tmp_path: Path) -> None:
    run, other = new_run(tmp_path / "a", recipe(seed=3)), new_run(tmp_path / "b", recipe(seed=4))
    before = torch.get_rng_state()
    models = [new_model(each)[0] for each in (run, run, other)]
    assert torch.equal(torch.get_rng_state(), before)
    one, same, another = [next(model.parameters()) for model in models]
    assert torch.equal(one, same)
    assert not torch.equal(one, another)


def test_limits_cannot_change_under_a_training(tmp_path: Path) -> None:
    run = new_run(tmp_path, recipe())
    with locked(tmp_path), pytest.raises(RunError, match="is in use"):
        go(change_limits(run, ["training.epochs=9"]))
    assert open_run(tmp_path) == run


def test_the_best_and_the_last_model_are_loaded_ready_to_translate(tmp_path: Path) -> None:
    run = new_run(tmp_path, recipe(average=0.9))
    with pytest.raises(RunError, match=rf"no best\.safetensors yet: .* --resume {run.folder}\)"):
        load_model(run, "best", CPU)
    go(run)
    for which in ("best", "last"):
        model, source, target = load_model(run, which, CPU)
        assert not model.training
        assert source.decode([4, 5]) != target.decode([4, 5])
    averages, _ = read_checkpoint(run.last, "a training state")
    model = load_model(run, "last", CPU)[0]
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, averages[f"average/{name}"])
        assert not torch.equal(parameter, averages[f"model/{name}"])


def test_there_are_no_other_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as it is for everybody else
    with pytest.raises(ValueError, match="which = 'newest': must be 'best' or 'last'"):
        load_model(new_run(tmp_path, recipe()), "newest", CPU)  # pyright: ignore[reportArgumentType]


def test_weights_of_another_model_do_not_fit(tmp_path: Path) -> None:
    chosen = recipe().model
    model, path = build(chosen, 9, 11), tmp_path / "a.safetensors"
    write_checkpoint(path, weights_of(model), {"update": 3}, "weights")
    weights, facts = read_checkpoint(path, "weights")
    assert facts == {"update": 3}
    put_weights(build(chosen, 9, 11), weights, path)
    with pytest.raises(RunError, match=r"\[13, 6\] in the model, \[9, 6\] in the file.*put back"):
        put_weights(build(chosen, 13, 11), weights, path)
    shallow = change(recipe(), ["model.layers=1"]).model
    with pytest.raises(RunError, match=r"only the file has.*put back the recipe"):
        put_weights(build(shallow, 9, 11), weights, path)
    with pytest.raises(RunError, match="holds weights, not a training state: put each"):
        read_checkpoint(path, "a training state")


def test_tied_weights_are_written_once_and_come_back_tied(tmp_path: Path) -> None:
    chosen = change(recipe(), ["model.embedding=8", "model.tied=true"]).model
    model = build(chosen, 9, 11)
    write_checkpoint(tmp_path / "a", weights_of(model), {}, "weights")
    other = build(chosen, 9, 11)
    put_weights(other, read_checkpoint(tmp_path / "a", "weights")[0], tmp_path / "a")
    state = other.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert len(weights_of(model)) < len(state)


def test_a_flipped_bit_anywhere_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    tensors = {"a": torch.arange(7.0), "b": torch.tensor(3), "c": torch.zeros(0, 2)}
    write_checkpoint(path, tensors, {"note": "x"}, "weights")
    back, _ = read_checkpoint(path, "weights")
    assert all(torch.equal(back[name], tensors[name]) for name in tensors)
    whole = path.read_bytes()
    begins = whole.index(b'"note') - 40
    for place in [*range(0, 8), *range(begins, len(whole))]:
        damaged = bytearray(whole)
        damaged[place] ^= 1
        path.write_bytes(bytes(damaged))
        with pytest.raises(RunError, match=r"^[^\n]*$"):
            read_checkpoint(path, "weights")


def test_a_disk_that_fills_while_weights_are_written_leaves_the_old_ones_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.safetensors"
    write_checkpoint(path, {"a": torch.ones(3)}, {}, "weights")

    def fill(tensors: object, partial: Path, metadata: object) -> None:
        partial.write_bytes(b"half")
        raise SafetensorError(
            "Error while serializing: I/O error: No space left on device (os error 28)"
        )

    monkeypatch.setattr("regard.translation.checkpoint.save_file", fill)
    with pytest.raises(RunError, match=r"a\.safetensors: the disk is full"):
        write_checkpoint(path, {"a": torch.zeros(3)}, {}, "weights")
    assert torch.equal(read_checkpoint(path, "weights")[0]["a"], torch.ones(3))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_who_may_read_the_run_may_read_its_weights(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_checkpoint(tmp_path / "a.safetensors", {"a": torch.ones(3)}, {}, "weights")
    finally:
        os.umask(before)
    assert (tmp_path / "a.safetensors").stat().st_mode & 0o777 == 0o640


def test_scores_are_json_for_people(tmp_path: Path) -> None:
    run = create_run(tmp_path, recipe())
    write_scores(run, {"bleu_percent": 31.25, "signature": "größer"})
    assert json.loads(run.scores.read_text(encoding="utf-8"))["bleu_percent"] == 31.25
    assert "größer" in run.scores.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "saved", "now"),
    [("threads", 4711, str(torch.get_num_threads())), ("precision", "bfloat16", "float32")],
)
def test_going_on_in_other_circumstances_says_that_the_bits_will_differ(
    tmp_path: Path, name: str, saved: object, now: str
) -> None:
    run = new_run(tmp_path, recipe(epochs=1))
    display = At(3, lambda: os.kill(os.getpid(), signal.SIGINT))
    go(run, display)
    go(run, display)  # the first time that it goes on, it is in the same circumstances
    assert not any("bit-identical" in line for line in display.lines)
    path = run.last
    tensors, facts = read_checkpoint(path, "a training state")
    assert str(facts[name]) == now
    facts[name] = saved
    write_checkpoint(
        path,
        tensors,
        {**facts, "standing": {**facts["standing"], "finished": None}},
        "a training state",
    )
    go(run, display)
    warning = (
        f"Saved with {name} {saved}, going on with {now}: the numbers will not be bit-identical"
    )
    assert any(warning in line for line in display.lines)


def test_automatic_precision_is_kept_as_what_it_was_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regard.translation.device.has_bfloat16", lambda device: True)
    run = new_run(tmp_path, recipe(epochs=1, precision="auto"))
    display = At(3, lambda: os.kill(os.getpid(), signal.SIGINT))
    go(run, display)
    monkeypatch.setattr("regard.translation.device.has_bfloat16", lambda device: False)
    go(run, display)
    warning = "Saved with precision bfloat16, going on with float32: the numbers will not be"
    assert any(warning in line for line in display.lines)


@pytest.mark.parametrize(("device", "lines"), [("cpu", 0), ("cuda", 1)])
def test_the_same_bits_are_promised_on_the_processor_alone(device: str, lines: int) -> None:
    settings = recipe().training
    learner = make_learner(Bigram(5), settings, first_plan(settings, 8), CPU)
    elsewhere = replace(learner, device=torch.device(device))  # which need not be there
    said = differences(circumstances(elsewhere), elsewhere)
    assert [f"On {device} the last bits may differ" in line for line in said] == [True] * lines


def test_tensors_under_a_prefix_come_back_without_it_and_without_the_others() -> None:
    first, second = {"a": torch.zeros(2), "b/c": torch.ones(3)}, {"a": torch.ones(5)}
    beside = with_prefix("one/", first) | with_prefix("other/", second)
    assert sorted(beside) == ["one/a", "one/b/c", "other/a"]
    assert without_prefix("one/", beside) == first
    assert without_prefix("other/", beside) == second
