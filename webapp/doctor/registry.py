"""The checks of a deployment: functions that modules `*_checks` here name, found by themselves.

    @check("secret key")
    def secret_key(patient: Patient) -> Iterator[Said]:
        yield fault("others can read it", "chmod 600 FILE")

What a check says in several sentences is several findings; one that says nothing has nothing to
look at here. A check that fails is a finding, and stops no other.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from webapp import doctor
from webapp.doctor.patient import Patient

OK, WARNING, FAULT = "ok", "warning", "fault"


@dataclass(frozen=True, slots=True)
class Said:
    """What a check says: how bad it is (OK, WARNING or FAULT), what is, and what to do about it."""

    state: str
    words: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check says, with its name."""

    check: str
    state: str
    words: str
    remedy: str

    def line(self) -> str:
        """Return it as one line."""
        words = " ".join(f"{self.check}: {self.words}".split())
        remedy = f" -> {' '.join(self.remedy.split())}" if self.remedy else ""
        return f"{self.state:8}{words}{remedy}"


Look = Callable[[Patient], Iterable[Said]]
_CHECKS: dict[str, Look] = {}


def check(name: str) -> Callable[[Look], Look]:
    """Make a function a check, under a name that no other has."""

    def add(look: Look) -> Look:
        if name in _CHECKS:
            raise ValueError(f"there is a check {name!r} already")
        _CHECKS[name] = look
        return look

    return add


def ok(words: str) -> Said:
    """Say that something is as it should be."""
    return Said(OK, words)


def warning(words: str, remedy: str) -> Said:
    """Say that something may go wrong, and what to do."""
    return Said(WARNING, words, remedy)


def fault(words: str, remedy: str) -> Said:
    """Say that something is wrong, and what to do."""
    return Said(FAULT, words, remedy)


def findings(patient: Patient) -> Iterator[Finding]:
    """Look at everything, and yield what is found, in the order of the modules and their checks."""
    for one in sorted(module.name for module in pkgutil.iter_modules(doctor.__path__)):
        if one.endswith("_checks"):
            importlib.import_module(f"{doctor.__name__}.{one}")
    for name, look in list(_CHECKS.items()):
        try:
            for said in look(patient):
                yield Finding(name, said.state, said.words, said.remedy)
        except Exception as error:
            words = " ".join(str(getattr(error, "orig", None) or error).split())
            told = f"it could not be looked at ({words or type(error).__name__})"
            yield Finding(name, FAULT, told, "Put right what that says, and ask again.")
