"""Which clips a choice takes, and which a search finds: the same as plain sets give."""

import random
from pathlib import Path

import numpy as np
import pytest

from embeddings.collection.clips import Clip, Collection
from embeddings.errors import InputError
from evaluation.browsing.filters import Choice, Labels
from evaluation.objective.per_query import MICRO

CLASSES = [f"class_{letter}" for letter in "abcdefgh"]
FAMILIES = {"First": ("class_a", "class_b"), "Second": ("class_c", "of_no_clip"), "None": ("nil",)}


def collection(seed: int, clips: int = 80) -> Collection:
    """Return a collection whose clips carry one to four of eight classes at random."""
    rng = random.Random(seed)
    made = [
        Clip(f"c{row}", "", tuple(rng.sample(CLASSES, rng.randint(1, 4))), 1.0, 16000, 1)
        for row in range(clips)
    ]
    return Collection(Path("none"), {"name": "made"}, made, FAMILIES)


def plainly(of: Collection, choice: Choice) -> list[int]:
    """Return what `Labels.chosen` should, clip by clip."""
    rows = []
    for row, clip in enumerate(of.clips):
        own = set(clip.labels)
        fits = not choice.family or bool(own & set(of.families[choice.family]))
        if choice.classes:
            wanted = set(choice.classes)
            fits = fits and (wanted <= own if choice.match == "all" else bool(wanted & own))
        if fits and not own & set(choice.exclude):
            rows.append(row)
    return rows


@pytest.mark.parametrize("seed", range(8))
def test_a_choice_takes_what_plain_sets_take(seed: int) -> None:
    of = collection(seed)
    labels = Labels(of)
    rng = random.Random(seed)
    sizes = set()
    for _ in range(60):
        choice = Choice(
            rng.choice(["", "", *FAMILIES]),
            tuple(rng.sample(labels.classes, rng.randint(0, 3))),
            rng.choice(["any", "all"]),
            tuple(rng.sample(labels.classes, rng.randint(0, 3))),
        )
        assert labels.chosen(choice).tolist() == plainly(of, choice), choice
        sizes.add(len(plainly(of, choice)))
    assert len(sizes) > 10
    assert labels.chosen(Choice()).tolist() == list(range(80))
    assert 0 in sizes


def test_families_are_counted_by_clips() -> None:
    of = collection(1)
    first = sum(bool({"class_a", "class_b"} & set(clip.labels)) for clip in of.clips)
    second = sum("class_c" in clip.labels for clip in of.clips)
    assert Labels(of).family_counts == {"First": first, "Second": second, "None": 0}


def test_a_query_is_asked_about_the_first_class_that_it_carries() -> None:
    of = collection(2)
    labels = Labels(of)
    rows = np.array([5, 3, 60, 61, 2])
    preferred = ("class_c", "class_a")
    expected = [
        next((label for label in preferred if label in of.clips[row].labels), None) for row in rows
    ]
    names = [None if one == MICRO else labels.classes[one] for one in labels.asked(rows, preferred)]
    assert names == expected
    assert len(set(expected)) == 3
    assert labels.asked(rows, ()).tolist() == [MICRO] * 5


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (Choice(family="Third"), "The collection 'made' has no family 'Third'."),
        (Choice(classes=("class_a", "x")), "The collection 'made' has no class 'x'."),
        (Choice(exclude=("y",)), "The collection 'made' has no class 'y'."),
        (Choice(match="some"), "match must be one of any, all, not 'some'."),
    ],
)
def test_a_choice_that_cannot_be_is_said(choice: Choice, sentence: str) -> None:
    with pytest.raises(InputError) as error:
        Labels(collection(1)).chosen(choice)
    assert str(error.value) == sentence


def test_a_search_finds_words_in_ids_titles_and_labels() -> None:
    clips = [
        Clip("100", "", ("Dog", "Domestic_animals"), 1.0, 16000, 1, title="Rex at the Door"),
        Clip("1001", "", ("Cat",), 1.0, 16000, 1, title="a dog? no"),
        Clip("rain-1", "", ("Rain",), 1.0, 16000, 1),
    ]
    labels = Labels(Collection(Path("none"), {"name": "made"}, clips, {}))
    assert labels.find("100") == [0]  # exactly this id
    assert labels.find(" 1001 ") == [1]
    assert labels.find("10") == [0, 1]
    assert labels.find("DOG") == [0, 1]
    assert labels.find("dog door") == [0]
    assert labels.find("domestic animals") == labels.find("Domestic_animals") == [0]
    assert labels.find("dog rain") == []
    assert labels.find("  ") == []
