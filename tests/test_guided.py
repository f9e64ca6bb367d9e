"""Guided alignment: its loss by hand, where its gradient goes, and what it does to a training."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from regard import cli
from regard.attention import Hook, Site, spread, watching
from regard.record.alignment import alignment_error_rate, format_links
from regard.translation.batches import to_batch
from regard.translation.families import build
from regard.translation.guided import alignment_nats
from regard.translation.judge import evaluate_run
from regard.translation.load import load
from regard.translation.model import Batch, Loss, TranslationModel
from regard.translation.phrasebook import held_out, pairs
from regard.translation.recipe import ModelRecipe, Recipe, TrainingRecipe
from regard.translation.recipe_file import change
from regard.translation.rnn import Rnn
from regard.translation.run import Run, open_run
from regard.translation.train import TrainingError, train
from regard.translation.update import Step, find_gradient
from regard.translation.workflow import begin_run, train_run
from tests.contracts import scatter_windows
from toy_training import (
    At,
    ask_to_stop,
    assert_same_results,
    events,
    new_run,
    parts,
    recipe,
)

CPU = torch.device("cpu")


def test_the_loss_is_the_cross_entropy_of_the_linked_pieces_by_hand() -> None:
    scores = torch.tensor([[[0.0, 0.0, math.log(2)], [0.0, 1.0, 2.0]]], requires_grad=True)
    links = torch.tensor([[0, 0, 0], [0, 0, 1]])  # piece 0 to the first two; piece 1 to none
    nats = alignment_nats(scores.softmax(-1)[:, None], links)
    # Weights 1/4 1/4 1/2, wanted 1/2 1/2 0: each of them costs half of log 4.
    assert nats.item() == pytest.approx(math.log(4))
    nats.backward()
    # What there is less what is wanted, as with any softmax.
    expected = torch.tensor([[[-0.25, -0.25, 0.5], [0.0, 0.0, 0.0]]])
    torch.testing.assert_close(scores.grad, expected)


def test_the_row_of_the_step_that_reads_a_piece_is_the_next() -> None:
    weights = torch.tensor([[[[0.5, 0.5], [0.125, 0.875]]], [[[1.0, 0.0], [0.75, 0.25]]]])
    links = torch.tensor([[0, 0, 0], [1, 0, 1]])
    assert alignment_nats(weights, links, 1).item() == pytest.approx(math.log(8) + math.log(4))


def test_heads_are_averaged_and_no_link_costs_nothing() -> None:
    weights = torch.tensor([[[[0.25, 0.75]], [[0.75, 0.25]]]])
    assert float(alignment_nats(weights, torch.tensor([[0, 0, 1]]))) == pytest.approx(math.log(2))
    assert float(alignment_nats(weights, torch.zeros(0, 3, dtype=torch.long))) == 0


def test_a_link_that_no_weight_reaches_is_left_out_of_its_piece_s_share() -> None:
    scores = torch.tensor([[[0.0, 0.0, -math.inf]]], requires_grad=True)
    links = torch.tensor([[0, 0, 1], [0, 0, 2]])
    nats = alignment_nats(scores.softmax(-1)[:, None], links)
    assert nats.item() == pytest.approx(math.log(2))  # all of the share is the second's
    nats.backward()
    torch.testing.assert_close(scores.grad, torch.tensor([[[0.5, -0.5, 0.0]]]))
    alone = alignment_nats(scores.softmax(-1)[:, None], links[1:])
    assert alone.item() == 0


def small(**other: Any) -> Rnn:
    torch.manual_seed(3)
    recipe = ModelRecipe(embedding=6, hidden=8, dropout=0.0, **other)
    model = build(recipe, 11, 12)
    assert isinstance(model, Rnn)
    return model


def linked_batch() -> Batch:
    batch = to_batch([[4, 5, 6, 7], [8, 9]], [[4, 5, 6], [7, 8, 9, 10]])
    return replace(batch, links=torch.tensor([[0, 0, 3], [0, 2, 0], [0, 2, 1], [1, 1, 1]]))


def training(**other: Any) -> TrainingRecipe:
    return TrainingRecipe(clip=0.0, label_smoothing=0.0, **other)


def gradient(model: TranslationModel, **other: Any) -> tuple[Step, dict[str, Tensor]]:
    model.zero_grad()
    step = find_gradient(model, [linked_batch()], training(**other), CPU, torch.float32)
    return step, {
        name: torch.zeros_like(p) if p.grad is None else p.grad.clone()
        for name, p in model.named_parameters()
    }


class Looks(Hook):
    """Keeps the looks of a model, over all keys."""

    def __init__(self, count: int) -> None:
        self.count, self.seen = count, []

    def see(self, site: Site, weights: Tensor, values: Tensor) -> None:
        self.seen.append(spread(weights, site, self.count))


@pytest.mark.parametrize("rows", ["predicted", "input"])
@pytest.mark.parametrize("feeding", [True, False])
@pytest.mark.parametrize("scope", ["everything", "local-m", "local-p"])
def test_an_update_adds_the_weighted_gradient_of_the_links(
    scope: str, feeding: bool, rows: str
) -> None:
    model = small(scope=scope, radius=1, input_feeding=feeding)
    scatter_windows(model)
    looks, batch = Looks(5), linked_batch()
    assert batch.links is not None
    with watching(model, looks):
        model(batch)
    nats = alignment_nats(torch.cat(looks.seen, dim=2), batch.links, int(rows == "input"))
    of_links = torch.autograd.grad(nats, list(model.parameters()), allow_unused=True)
    plain, without = gradient(model)
    guided, found = gradient(model, guided_alignment=2.0, guided_rows=rows)
    assert guided.nats == pytest.approx(plain.nats)  # what is reported is the labels' alone
    assert guided.alignment_nats == pytest.approx(nats.item())
    assert nats.item() > 0
    assert plain.alignment_nats == 0
    for (name, before), share in zip(without.items(), of_links, strict=True):
        more = torch.zeros_like(before) if share is None else 2 * share / 9  # 9 labels
        torch.testing.assert_close(found[name], before + more, rtol=1e-4, atol=1e-6)
    assert found["attention.score_weights.W_a"].ne(without["attention.score_weights.W_a"]).any()


def test_links_move_the_centre_of_local_p() -> None:
    model = small(scope="local-p", radius=2, input_feeding=False)
    batch = replace(linked_batch(), links=torch.tensor([[0, 0, 3]]))

    def centre() -> float:
        seen: list[Tensor] = []

        class Centres(Hook):
            def see(self, site: Site, weights: Tensor, values: Tensor) -> None:
                assert site.centre is not None
                seen.append(site.centre)

        with watching(model, Centres()), torch.no_grad():
            model(batch)
        return float(seen[0][0, 0])

    before = centre()
    optimiser = torch.optim.SGD(model.attention.parameters(), lr=0.5)  # type: ignore[union-attr]
    for _ in range(100):
        model.zero_grad()
        find_gradient(model, [batch], training(guided_alignment=1.0), CPU, torch.float32)
        optimiser.step()
    assert abs(centre() - 3) < abs(before - 3) - 0.2


class Unwatched(Rnn):
    """A model that notices whether anybody looks while it works out its loss."""

    watched: bool

    def loss(self, batch: Batch, label_smoothing: float = 0.0) -> Loss:
        assert self.attention is not None
        self.watched = self.attention.hook is not None
        return super().loss(batch, label_smoothing)


def test_nobody_looks_where_nothing_guides() -> None:
    model = Unwatched(ModelRecipe(embedding=6, hidden=8), 11, 12)
    gradient(model)
    assert not model.watched
    gradient(model, guided_alignment=1.0)
    assert model.watched


# --- a training -----------------------------------------------------------------------------------

SETTINGS = [
    *("tokens.kind=words", "tokens.size=3000"),
    *("model.embedding=32", "model.hidden=64", "model.dropout=0.1"),
    *("training.batch=16", "training.learning_rate=0.01", "training.stop_by=loss"),
    *("training.patience=0", "training.label_smoothing=0.0", "training.precision=float32"),
    "search.length_alpha=0.6",
]


def write_text(folder: Path, count: int) -> None:
    """Pairs of the phrasebook, and their gold links."""
    chosen = list(islice(pairs(1), count))
    lines = {
        "es": [one.source for one in chosen],
        "en": [one.target for one in chosen],
        "links": [format_links(one.links) for one in chosen],
    }
    for name, written in lines.items():
        (folder / name).write_text("".join(f"{line}\n" for line in written), encoding="utf-8")


def begin(folder: Path, text: Path, *settings: str, links: Path | None = None) -> Run:
    return begin_run(
        folder, text / "es", text / "en", settings=[*SETTINGS, *settings], seconds=None, links=links
    )


def error_rate(run: Run) -> float:
    translator = load(run.folder)
    examples = held_out(100, seed=1)
    found = translator.align([one.source for one in examples], [one.target for one in examples])
    gold = [one.links for one in examples]
    return alignment_error_rate([one.alignment for one in found], gold, gold).aer


def test_links_teach_attention_in_few_updates(tmp_path: Path) -> None:
    write_text(tmp_path, 1_000)
    few = (
        "training.epochs=0",
        "training.updates=300",
        "model.input_feeding=false",
        "training.validate_every=300",
    )
    plain = begin(tmp_path / "plain", tmp_path, *few)
    guided = begin(tmp_path / "guided", tmp_path, *few, links=tmp_path / "links")
    for run in (plain, guided):
        train_run(run.folder)
    assert error_rate(guided) < error_rate(plain) / 2
    lines = [line for line in events(guided) if line["event"] == "training"]
    assert lines[-1]["alignment_nats_per_piece"] < lines[0]["alignment_nats_per_piece"] / 2
    assert not any("alignment_nats_per_piece" in line for line in events(plain))


@pytest.mark.parametrize("feeding", ["true", "false"])
def test_a_guided_run_that_was_stopped_goes_on_with_the_same_bits(
    tmp_path: Path, feeding: str
) -> None:
    write_text(tmp_path, 200)
    few = (
        *("training.epochs=0", "training.updates=12", "training.validate_every=5"),
        *("training.log_every=4", f"model.input_feeding={feeding}"),
    )
    whole, broken = (
        begin(tmp_path / name, tmp_path, *few, links=tmp_path / "links")
        for name in ("whole", "broken")
    )
    train_run(whole.folder)
    assert train_run(broken.folder, display=At(7, ask_to_stop)).reason == "interrupted"
    train_run(broken.folder)
    assert_same_results(whole, broken)


def test_links_that_are_named_guide_by_the_recipe_s_weight_or_by_one(tmp_path: Path) -> None:
    write_text(tmp_path, 60)
    links = tmp_path / "links"
    found = begin(tmp_path / "a", tmp_path, links=links).recipe
    assert (found.data.links, found.training.guided_alignment) == (str(links), 1.0)
    weight = "training.guided_alignment=0.25"
    assert begin(tmp_path / "b", tmp_path, weight, links=links).recipe.training == (
        found.training.model_copy(update={"guided_alignment": 0.25})
    )
    chosen = change(Recipe(), [*SETTINGS, weight, "data.links=other"])
    begun = begin_run(tmp_path / "c", tmp_path / "es", tmp_path / "en", recipe=chosen, links=links)
    assert begun.recipe.training.guided_alignment == 0.25
    assert open_run(begun.folder).recipe.data.links == str(links)


def test_a_run_is_read_by_the_rows_that_its_links_guided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_text(tmp_path, 60)
    few = ("training.epochs=0", "training.updates=1", "training.guided_rows=input")
    guided = begin(tmp_path / "guided", tmp_path, *few, links=tmp_path / "links")
    plain = begin(tmp_path / "plain", tmp_path, *few)
    files = (tmp_path / "es", tmp_path / "en")
    for run, rows in ((guided, "input"), (plain, "predicted")):
        train_run(run.folder)
        assert load(run.folder).reader.rows == rows
        gold = {"gold": tmp_path / "links", "tokenised": True}
        assert evaluate_run(run.folder, *files, **gold).rows == rows
        assert evaluate_run(run.folder, *files, rows="predicted", **gold).rows == "predicted"
        written = {}
        for more in ((), ("--rows", "input"), ("--rows", "predicted")):
            words = ("align", run.folder, *files, *more)
            monkeypatch.setattr(sys, "argv", ["regard", *map(str, words)])
            with pytest.raises(SystemExit) as end:
                cli.main()
            assert not end.value.code
            written[more] = capsys.readouterr().out
        assert written[()] == written["--rows", rows]
        assert len(set(written.values())) == 2


def test_links_of_another_text_are_not_kept(tmp_path: Path) -> None:
    write_text(tmp_path, 60)
    chosen = change(Recipe(), [*SETTINGS, "training.guided_alignment=1.0", "data.links=other"])
    with pytest.raises(ValueError, match=r"guided_alignment needs word links .* set data\.links"):
        begin_run(tmp_path / "run", tmp_path / "es", tmp_path / "en", recipe=chosen)
    assert not (tmp_path / "run").exists()


def test_links_that_do_not_belong_to_the_text_leave_no_run(tmp_path: Path) -> None:
    write_text(tmp_path, 60)
    links = tmp_path / "links"
    whole = links.read_text(encoding="utf-8")
    for written, said in (
        (whole + "0-0\n", r"links has 61 lines, but .*es has 60"),
        (whole.replace("0-0", "0-99", 1), r"links, line \d+: 0-99 is outside its pair of "),
        (whole.replace("0-0", "0:0", 1), r"links, line \d+: '0:0' is not a link"),
    ):
        links.write_text(written, encoding="utf-8")
        with pytest.raises(ValueError, match=said):
            begin(tmp_path / "run", tmp_path, links=links)
        assert not (tmp_path / "run").exists()


def test_a_store_without_links_guides_nothing(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", recipe())
    guided = change(run.recipe, ["data.links=there", "training.guided_alignment=1.0"])
    model, corpus, dev = parts(run)
    with pytest.raises(TrainingError, match="a text that came with links"):
        train(replace(run, recipe=guided), model, corpus, dev, device=CPU)


def test_the_command_takes_links_for_a_new_run_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_text(tmp_path, 60)
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["regard", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code, capsys.readouterr().err

    given = [part for setting in SETTINGS for part in ("--set", setting)]
    status, said = call("prepare", "es", "en", "--out", "run", "--links", "links", *given)
    assert not status
    assert "to guide attention by: " in said
    assert open_run(tmp_path / "run").recipe.data.links == str(tmp_path / "links")
    status, said = call("train", "--resume", "run", "--links", "links")
    assert status == 2
    assert "--resume takes text, links and recipe from the run" in said
    more = ["--set", "training.updates=2", "--quiet"]
    status, said = call("train", "es", "en", "--out", "more", "--links", "links", *given, *more)
    assert not status
    assert open_run(tmp_path / "more").recipe.training.guided_alignment == 1.0
