"""Made sounds for the demo: 31 classes of FSD50K's vocabulary, each a small synthesis of its own.

Every class is a function ``(rng) -> float64 [samples]`` at `tools.RATE`, whose parameters are
drawn from `rng`: a listener can tell the classes apart, and no two clips of one are the same.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from embeddings.simulation.synthesis import ambiguous, animal, human, music, nature, plain, things


@dataclass(frozen=True, slots=True)
class MadeClass:
    """A class that can be made: its labels, the class itself first, then its parents."""

    labels: tuple[str, ...]
    make: Callable[[np.random.Generator], np.ndarray]

    @property
    def name(self) -> str:
        """The class's name in FSD50K's vocabulary."""
        return self.labels[0]


_CAT_AND_DOG = ("Domestic_animals_and_pets", "Animal")
_WILD = ("Wild_animals", "Animal")
_INSTRUMENT = ("Musical_instrument", "Music")
_PERCUSSION = ("Percussion", *_INSTRUMENT)

CLASSES: tuple[MadeClass, ...] = (
    MadeClass(("Bark", "Dog", *_CAT_AND_DOG), animal.bark),
    MadeClass(("Meow", "Cat", *_CAT_AND_DOG), animal.meow),
    MadeClass(("Bird_vocalization_and_bird_call_and_bird_song", "Bird", *_WILD), animal.bird),
    MadeClass(("Cricket", "Insect", *_WILD), animal.cricket),
    MadeClass(("Frog", *_WILD), animal.frog),
    MadeClass(("Applause", "Human_group_actions"), human.applause),
    MadeClass(("Breathing", "Respiratory_sounds"), human.breathing),
    MadeClass(("Finger_snapping", "Hands"), human.finger_snapping),
    MadeClass(("Singing", "Human_voice"), human.singing),
    MadeClass(("Walk_and_footsteps",), human.footsteps),
    MadeClass(
        ("Acoustic_guitar", "Guitar", "Plucked_string_instrument", *_INSTRUMENT), music.guitar
    ),
    MadeClass(("Glockenspiel", "Mallet_percussion", *_PERCUSSION), music.glockenspiel),
    MadeClass(("Hi-hat", "Cymbal", *_PERCUSSION), music.hi_hat),
    MadeClass(("Organ", "Keyboard_(musical)", *_INSTRUMENT), music.organ),
    MadeClass(("Snare_drum", "Drum", *_PERCUSSION), music.snare_drum),
    MadeClass(("Rain", "Water"), nature.rain),
    MadeClass(("Thunder", "Thunderstorm"), nature.thunder),
    MadeClass(("Waves_and_surf", "Ocean", "Water"), nature.waves),
    MadeClass(("Wind",), nature.wind),
    MadeClass(("Computer_keyboard", "Typing", "Domestic_sounds_and_home_sounds"), things.keyboard),
    MadeClass(("Idling", "Engine"), things.engine),
    MadeClass(("Ringtone", "Telephone", "Alarm"), things.ringtone),
    MadeClass(("Siren", "Alarm"), things.siren),
    MadeClass(("Tick-tock", "Clock", "Mechanisms"), things.tick_tock),
    MadeClass(("Crumpling_and_crinkling",), ambiguous.crumpling),
    MadeClass(("Crushing",), ambiguous.crushing),
    MadeClass(("Screech",), ambiguous.screech),
    MadeClass(("Tearing",), ambiguous.tearing),
    MadeClass(("Church_bell", "Bell"), plain.church_bell),
    MadeClass(("Crackle",), plain.crackle),
    MadeClass(("Knock",), plain.knock),
)
