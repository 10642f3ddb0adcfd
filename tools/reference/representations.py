"""representations.md: the fourteen, from their cards, and how long and large extraction was."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from embeddings.representations import CARDS, Card
from tools.reference import markdown
from tools.reference.markdown import code, codes, plain

MEASURED = Path(__file__).resolve().parents[2] / "benchmarks" / "extract.toml"

_HEAD = """\
The representations of the paper, in its order. `flask representations` says of each what is here to
compute it, and `flask weights list` which checkpoints. Weights are the authors', under the authors'
licences. Learned from: A audio, I image, L language, O others. The system is the one that
`flask rankings build` makes unless told another processing or search."""
_VARIATIONS = ("checkpoint", "file", "numbers", "licence", "where it is published")


def page() -> str:
    """Return the page of the representations."""
    parts = [_HEAD, _overview()]
    for card in CARDS.values():
        parts += _described(card)
    return markdown.page("Representations", *parts)


def _overview() -> str:
    measured = tomllib.loads(MEASURED.read_text(encoding="utf-8"))
    rows = [
        (
            f"[{card.name}](#{card.embedding})", card.modality, card.parameters or "–",
            f"{card.dim}{' a frame' if card.frame_level else ''}",
            code(f"{card.embedding}.{card.recipe.slug(card.frame_level)}.{card.search}"),
            f"{measured['seconds'][card.name]:.2f}", f"{measured['gigabytes'][card.name]:.2f}",
        )
        for card in CARDS.values()
    ]  # fmt: skip
    heads = (
        "representation", "learned from", "parameters", "numbers", "system", "s per 10 s", "GB",
    )  # fmt: skip
    said = (
        f"The last columns are a file of 10 s on {measured['machine']}, and the process's peak of "
        f"memory (`python -m benchmarks.extract`, {measured['date']})."
    )
    return f"{markdown.table(heads, rows)}\n{said}"


def _described(card: Card) -> Iterator[str]:
    yield f"## {card.name}"
    yield plain(card.description)
    facts = {
        "Objective": card.objective,
        "Training data": card.training_data,
        "Heard sounds of FSD50K in training": card.test_data,
        "Processing and search": f"{card.recipe.title(card.frame_level)}, {card.search.upper()}",
        "Packages": codes(package for _, package in card.packages),
        "Licence of the code": card.code_licence,
        "Published in": card.citation,
    }
    yield "".join(f"- {name}: {text}\n" for name, text in facts.items() if text)
    yield _choices("extraction", card.extractions)
    if card.backends:
        yield _choices("backend", card.backends)
    if card.variations:
        rows = [
            (code(one.name), code(one.file), str(one.dim), one.licence,
             f"<{one.address}>" + (f" ({one.note})" if one.note else ""))
            for one in card.variations
        ]  # fmt: skip
        yield "`--variation` is one of these checkpoints, the first unless told:"
        yield markdown.table(_VARIATIONS, rows)


def _choices(option: str, known: dict[str, str]) -> str:
    lines = "".join(f"- `{name}`: {plain(about)}\n" for name, about in known.items())
    return f"`--{option}` is one of these, the first unless told:\n\n{lines}"
