"""The results of a race as Markdown tables, of the legs that are finished."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Results = Mapping[str, dict[str, Any]]


def report(results: Results) -> str:
    """All tables; `results` are those of the finished legs by name."""
    parts = [
        _machine(results.get("machine")),
        _training(_named(results, "train-")),
        _translation(_named(results, "translate-")),
        _quality(_named(results, "quality-")),
        _curves(_named(results, "quality-")),
        _provenance(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table: the first column text, the rest numbers."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _named(results: Results, start: str) -> dict[str, dict[str, Any]]:
    return {
        name.removeprefix(start): result
        for name, result in results.items()
        if name.startswith(start)
    }


def _machine(result: dict[str, Any] | None) -> str:
    if result is None:
        return ""
    rows = [
        [f"matrix product, {name}", *(f"{found[key]:,.0f}" for key in ("float32", "bfloat16"))]
        for name, found in result["gflop_per_s"].items()
    ]
    bfloat16 = ", ".join(result["bfloat16_in_hardware"]) or "not in hardware"
    return "\n\n".join(
        [
            "## Machine",
            f"{result['processor']}, {result['threads']} threads, torch "
            f"{result['versions']['torch']}, bfloat16: {bfloat16}; "
            f"a copy moves {result['copied_gb_per_s']:.1f} GB/s.",
            table(["GFLOP/s", "float32", "bfloat16"], rows),
        ]
    )


def _training(results: Results) -> str:
    if not results:
        return ""
    rows = [
        [
            name,
            f"{found['parameters']:,}",
            f"{found['updates']:,}",
            f"{found['target_tokens_per_s']:,.0f}",
            _ratio(found, results),
            f"{found['seconds']:,.0f}",
            f"{found['peak_mib']:,.0f}",
            "" if found["dev_nats_per_piece"] is None else f"{found['dev_nats_per_piece']:.3f}",
        ]
        for name, found in results.items()
    ]
    head = ["training", "parameters", "updates", "target tokens/s", "of eole float32"]
    head += ["seconds in all", "peak MiB", "dev nats a piece"]
    return "## Training\n\n" + table(head, rows)


def _ratio(found: dict[str, Any], results: Results) -> str:
    """A speed beside that of eole in float32 with the same seed."""
    other = results.get(f"eole-float32-seed{found['seed']}")
    if other is None:
        return ""
    return f"{found['target_tokens_per_s'] / other['target_tokens_per_s']:.2f}"


def _translation(results: Results) -> str:
    if not results:
        return ""
    rows = []
    for name, found in results.items():
        for how, seconds in found["seconds"].items():
            best = min(seconds)
            rows.append(
                [
                    f"{name}, attention {how.replace('_', ' ')}",
                    found["search_precision"],
                    f"{best:.2f}",
                    f"{found['sentences'] / best:,.0f}",
                    _search_ratio(found, best, results),
                    f"{found['pieces'] / best:,.0f}",
                    *_one_by_one(found),
                    f"{found['bleu']:.2f}",
                ]
            )
    head = ["translation, beam 5", "searched in", "best seconds", "sentences/s"]
    head += ["of eole float32", "pieces/s", "mean score", "one by one", "differ", "BLEU"]
    return "## Translation\n\n" + table(head, rows) + _signatures(results)


def _search_ratio(found: dict[str, Any], seconds: float, results: Results) -> str:
    """Sentences a second beside those of eole in float32 with the same seed."""
    other = results.get(f"eole-float32-seed{found['seed']}")
    if other is None:
        return ""
    theirs = other["sentences"] / min(other["seconds"]["not_recorded"])
    return f"{found['sentences'] / seconds / theirs:.2f}"


def _one_by_one(found: dict[str, Any]) -> list[str]:
    """What searching sentence by sentence changes: the mean score, and how many translations.

    Scores of different models say nothing about each other, so a peer's is left out.
    """
    if "mean_score_one_by_one" not in found:
        return ["", "", ""]
    return [
        f"{found['mean_score']:.4f}",
        f"{found['mean_score_one_by_one']:.4f}",
        f"{found['different_one_by_one']:,}",
    ]


def _quality(results: Results) -> str:
    if not results:
        return ""
    rows = [
        [
            name,
            found["model"],
            f"{found['parameters']:,}",
            f"{found['updates']:,}",
            f"{found['seconds']:,.0f}",
            f"{found['peak_mib']:,.0f}",
            found["penalty"],
            f"{found['bleu']:.2f}",
            f"{found['tutorial_bleu']:.2f}",
        ]
        for name, found in results.items()
    ]
    head = ["quality", "model", "parameters", "updates", "seconds in all", "peak MiB"]
    head += ["length penalty", "BLEU", "BLEU, tutorial's form"]
    return "## Quality after the same time\n\n" + table(head, rows) + _signatures(results)


def _curves(results: Results) -> str:
    rows = [
        [name, f"{point['minutes']:.1f}", f"{point['dev_bleu']:.1f}"]
        for name, found in results.items()
        for point in found["curve"]
    ]
    if not rows:
        return ""
    head = ["BLEU of dev, greedy", "minutes", "BLEU"]
    return "## The way there\n\n" + table(head, rows)


def _signatures(results: Results) -> str:
    keys = ("signature", "tutorial_signature")
    found = sorted({result[key] for result in results.values() for key in keys})
    return "\n\nBLEU: " + ", ".join(f"`{signature}`" for signature in found)


def _provenance(results: Results) -> str:
    """Versions, and the commits of this repository that legs were run with."""
    if not results:
        return ""
    versions = {
        f"{name} {version}"
        for result in results.values()
        for name, version in result["versions"].items()
    }
    commits = {result["commit"] for result in results.values()}
    threads = {str(result["threads"]) for result in results.values()}
    return (
        f"Versions: {', '.join(sorted(versions))}. Commit: {', '.join(sorted(commits))}. "
        f"Threads: {', '.join(sorted(threads))}."
    )
