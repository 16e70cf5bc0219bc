"""The model card: what the database knows of a run, for people who were not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.markup import markdown_text
from analysis.stats import accuracy_interval
from analysis.wording import number, percent, signed
from bench.explain import Explanation, explain
from bench.grid import Cell
from bench.opening import OpenedRun
from bench.registry import registry
from bench.shipping.numbers import Numbers
from bench.shipping.parcel import FACTS, ONNX, PT2, SOURCE, WEIGHTS, Parcel
from bench.shipping.using import code

_SHOWN_LABELS = 20
_WHAT = {
    WEIGHTS: "the whole network as it was trained: its weights, zero where pruned, and its masks (`….weight_mask`)",
    PT2: "the smaller network, without what is pruned, of `torch.export`: runs without the code of this project",
    ONNX: "the same smaller network for ONNX runtimes",
    SOURCE: "the file that defines the network, as it was",
    FACTS: "labels, preprocessing and all that the database knows, for programs",
}


def card(parcel: Parcel, numbers: Numbers) -> str:
    """The text of README.md."""
    opened = parcel.opened
    parts = [
        _head(opened),
        _warning(opened),
        _results(parcel, numbers),
        _method(opened),
        _data(opened),
        _files(parcel),
        code(parcel),
        _origin(opened),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(opened: OpenedRun) -> str:
    facts = opened.facts
    sparsity = f"{percent(facts['target_sparsity'])} sparse" if facts["level"] else "dense"
    return f"# {_md(facts['model'])} on {_md(facts['data'])}, {_md(facts['method'])}, {sparsity} (run {opened.name})"


def _warning(opened: OpenedRun) -> str:
    facts = opened.facts
    lines = []
    if facts["standin"]:
        lines.append(
            f"**Trained on a stand-in.** {_md(facts['data'])} ({_md(opened.ground.data.source)}) takes the place of a "
            f"real set, asked for was {_md(opened.ground.problem.data.name)}. Neither the numbers below nor the "
            "predictions of this network say anything about the real set."
        )
    if facts["status"] == "collapsed":
        lines.append(f"**Collapsed:** {_md(str(facts['reason']))}. It answers the same whatever it is given.")
    return "\n\n".join(f"> {line}" for line in lines)


def _results(parcel: Parcel, numbers: Numbers) -> str:
    facts = parcel.opened.facts
    interval = f"[{_percent(numbers.low)}, {_percent(numbers.high)}]"
    rows = [
        (
            "test accuracy",
            f"{_percent(numbers.accuracy)} % {interval}, {numbers.correct:,} of {numbers.count:,} samples",
        ),
        ("test loss", f"{facts['test_loss']:.4g} nats"),
    ]
    if numbers.dense and numbers.difference is not None and facts["level"]:
        rows.append(
            (
                "the dense network of the same seed",
                f"{_percent(numbers.dense.accuracy)} % (run {numbers.dense.name}); "
                f"the difference is {signed(100 * numbers.difference, 2)} points",
            )
        )
    if len(numbers.seeds) > 1:
        mean = accuracy_interval(numbers.seeds, numbers.count)
        spread = (
            f" [{_percent(mean.low)}, {_percent(mean.high)}]" if mean.low is not None and mean.high is not None else ""
        )
        rows.append((f"mean of its {mean.n} seeds", f"{_percent(mean.mean)} %{spread}"))
    rows += [
        (
            "sparsity",
            f"asked {percent(facts['target_sparsity'])}, counted {percent(facts['sparsity'])}, effective "
            f"{percent(facts['effective_sparsity'])} (weights that no path connects count as gone)",
        ),
        ("weights that are not zero", f"{facts['weights_kept']:,} of {facts['weights']:,}"),
        ("parameters", f"{parcel.whole.parameters:,}; {parcel.shrunk.parameters:,} in the smaller network"),
        (
            "multiply-adds a sample",
            f"{parcel.whole.multiply_adds:,}; {parcel.shrunk.multiply_adds:,} in the smaller network",
        ),
    ]
    note = (
        "Intervals are 95 %: of one accuracy Wilson's, over the test samples; of a mean Student's, over seeds. Test "
        "data chose nothing."
    )
    return "\n".join(["## Results", "", *_table(("", ""), rows), "", note])


def _method(opened: OpenedRun) -> str:
    facts = opened.facts
    explained = _explained(opened)
    steps = [f"{place}. {_md(step.words)}" for place, step in enumerate(explained.steps, start=1)]
    reference = f" ({_md(facts['reference'])})" if facts["reference"] else ""
    cost = (
        f"Alone this takes {explained.steps_alone:,} training steps, {explained.cost:.3g} times the dense training"
        + (f", about {facts['flops_alone']:.2g} FLOP" if facts["flops_alone"] else "")
        + ". Seed "
        + f"{facts['seed']} gave the split, the initial weights and the order of the data."
    )
    return "\n".join(["## How it was made", "", f"Method {_md(facts['method'])}{reference}:", "", *steps, "", cost])


def _explained(opened: OpenedRun) -> Explanation:
    return explain(opened.plan, _own_cell(opened))


def _own_cell(opened: OpenedRun) -> Cell:
    """Under the label that its row has: cells of other labels may lead to the same run."""
    facts = opened.facts
    for cell, keys in opened.plan.keys.items():
        named = (cell.method.label, cell.level) == (facts["method"], facts["level"])
        if named and any(key == opened.key for _, key in keys):
            return cell
    return opened.cell


def _data(opened: OpenedRun) -> str:
    info, choice = opened.dataset.info, opened.ground.problem.data
    component = registry("dataset").get(info.name if info.standin else choice.name)
    counts = ", ".join(f"{count:,} {part}" for part, count in info.counts.items())
    shape = " x ".join(str(length) for length in info.shape)
    lines = [f"{_md(component.summary)} Samples: {counts}. The network gets {shape} numbers a sample."]
    lines.append(f"Classes ({info.classes}): {_md(_listed(opened.labels))}.")
    if component.reference:
        lines.append(f"Origin: {_md(component.reference)}.")
    if not info.standin:
        unknown = "The terms of use of these data are not known here; see where they come from."
        lines.append(_md(str(component.extra.get("terms", unknown))))
    return "\n".join(["## Data", "", *lines])


def _listed(labels: Sequence[str]) -> str:
    shown = ("; " if any("," in label for label in labels) else ", ").join(labels[:_SHOWN_LABELS])
    return shown + (f" and {len(labels) - _SHOWN_LABELS} more" if len(labels) > _SHOWN_LABELS else "")


def _files(parcel: Parcel) -> str:
    sizes = {name: f"{len(content):,} bytes" for name, content in parcel.files.items()}
    rows = [(f"`{name}`", sizes.get(name, ""), _WHAT[name]) for name in (*parcel.files, FACTS)]
    checks = [f"- `{one.file}`: {one.words.split(': ', 1)[1]}" for one in parcel.agreements]
    return "\n".join(
        [
            "## Files",
            "",
            *_table(("file", "size", "what it is"), rows),
            "",
            *(f"{line}." for line in parcel.not_written),
            "Held against the network of the run on real test samples before they were written:",
            "",
            f"- the network itself: {parcel.judged.words}",
            *checks,
        ]
    )


def _origin(opened: OpenedRun) -> str:
    facts = opened.facts
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    rows = [
        ("run", opened.key),
        ("suite", f"{_md(facts['suite'])}, profile {_md(facts['profile'])}: {_md(facts['title'])}"),
        ("environment", _md(facts["environment"])),
        ("Python and packages", _md(f"Python {facts['python']}, {packages}")),
        ("code", _commit(opened)),
        ("finished", str(facts["finished_at"])),
    ]
    return "\n".join(["## Where it comes from", "", *_table(("", ""), rows)])


def _commit(opened: OpenedRun) -> str:
    commit, dirty = opened.facts["code_commit"], opened.facts["dirty_code"]
    if not commit:
        return "an installed package; its commit is not known"
    return f"commit {commit}" + (", with changes that were not committed" if dirty else "")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"


def _md(text: str) -> str:
    return markdown_text(text)


def _percent(share: float) -> str:
    return number(100 * share, 2)
