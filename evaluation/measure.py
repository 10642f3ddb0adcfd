"""What a measure is, whatever it is of: what tables, tooltips, CSV files and the docs say of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure as data; each kind of measures adds how it is computed.

    Attributes
    ----------
    name : its id: in protocols, addresses and CSV files
    title : what people read
    says : what it says, a sentence
    definition : what exactly is computed; where it holds braces, parameters are filled in
    higher : whether more is better; None where neither is
    parameters : parameter -> what it is
    interval : where its interval comes from, or what its bounds are; "" where it has none
    figure : the name of the figure that it is drawn in; "" for none
    """

    name: str
    title: str
    says: str
    definition: str
    higher: bool | None = True
    parameters: Mapping[str, str] = field(default_factory=dict)
    interval: str = ""
    figure: str = ""

    @property
    def definitions(self) -> Mapping[str, str]:
        """What exactly is computed, by what distinguishes it from its namesakes; "" for nothing."""
        return {"": self.definition}
