"""The measures of graded lists, by the names that a protocol's `primary_measure` has."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of a graded list.

    Attributes
    ----------
    name : as in a protocol's `primary_measure`
    title : what people read
    definition : an id that names every choice, with {depth} and {threshold} filled in
    higher : whether more is better
    of_panel : whether it is made of the panel's mean grades
    threshold : whether it needs a grade that counts as good
    """

    name: str
    title: str
    definition: str
    higher: bool = True
    of_panel: bool = False
    threshold: bool = False


MEASURES: dict[str, Measure] = {
    one.name: one
    for one in (
        Measure("mean_grade", "Mean grade", "mean_grade@{depth}/judged-only"),
        Measure("graded_precision", "Graded precision", "gP@{depth}/missing=0"),
        Measure("precision", "Precision", "P(g>={threshold:g})@{depth}/missing=0", threshold=True),
        Measure("ndcg", "nDCG", "ndcg@{depth}/gain=linear/ideal=pool/missing=0", of_panel=True),
        Measure(
            "condensed_ndcg", "nDCG′ (condensed)",
            "ndcg'@{depth}/gain=linear/ideal=pool/condensed", of_panel=True,
        ),
        Measure("graded_ap", "Graded AP", "gap@{depth}/ideal=pool/missing=0", of_panel=True),
        Measure("rbp", "Rank-biased precision", "rbp(0.8)@{depth}/base"),
        Measure(
            "first_relevant", "First good rank", "r1(g>={threshold:g})@{depth}/beyond={depth}+1",
            higher=False, of_panel=True, threshold=True,
        ),
        *(Measure(name, title, f"{name}@{{depth}}/mirex/judged-only") for name, title in (
            ("psum", "PSum"), ("wcsum", "WCsum"), ("sdsum", "SDsum"),
            ("greater0", "Greater0"), ("greater1", "Greater1"),
        )),
    )
}  # fmt: skip
