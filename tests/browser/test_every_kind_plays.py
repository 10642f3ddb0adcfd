"""Every kind of sound file that is imported plays on the browse page: its time moves."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from embeddings.collection.clips import Collection
from embeddings.collection.importing import import_collection
from tests.support.browser.tab import Page
from tests.support.labelled import ranked_at_random
from tests.support.server import Thread
from tests.support.sounds.sound_kinds import kinds, other_kinds, unseekable, why_not, write_folder
from webapp import create_app

pytestmark = pytest.mark.browser

# Plays the sounds of the page one after the other, and tells of each how far it came in which time.
PLAY_ALL = """
async () => {
    const audio = document.querySelector("audio");
    const moved = (player) => new Promise((resolve) => {
        const give = setTimeout(() => resolve(`stuck at ${audio.currentTime} s`), 20000);
        const look = () => {
            const { currentTime, error, src } = audio;
            if (error) resolve(`${error.code} ${error.message}`);
            else if (src.endsWith(player.dataset.src) && currentTime > 0.02) resolve("moves");
            else return void setTimeout(look, 5);
            clearTimeout(give);
        };
        player.play();
        look();
    });
    const told = {};
    for (const player of document.querySelectorAll("sound-player"))
        told[player.dataset.name] = await moved(player);
    audio.pause();
    return told;
}
"""


@contextmanager
def served(data: Path) -> Iterator[str]:
    """Serve the app of a data folder, and give a link that signs in."""
    app = create_app({"DATA": data})
    running = Thread(app)
    said = app.test_cli_runner().invoke(args=["signin-link", "--base", running.url])
    yield said.stdout.split()[-1]
    running.stop()


def play_all(page: Page, link: str, collection: Collection) -> dict[str, str]:
    """Play every clip on the pages of the browse page; return what came of each."""
    page.goto(link)
    told: dict[str, str] = {}
    number = 1
    while len(told) < len(collection.clips):
        query = collection.clips[0].id
        page.goto(
            f"{link.partition('/signin')[0]}/browse/{collection.name}?query={query}&page={number}"
        )
        found = page.evaluate(PLAY_ALL)
        assert set(found) - set(told), f"nothing new on page {number}"
        told |= found
        number += 1
    return told


def test_every_kind_of_file_plays(page: Page, tmp_path: Path, subtests: Any) -> None:
    writers = kinds() | {name: write for name, write in other_kinds().items() if not why_not(name)}
    source = write_folder(tmp_path / "source", writers)
    collection, _ = import_collection(
        tmp_path / "data", "kinds", source, "csv", skip_broken=True, workers=1
    )
    missing = {Path(name).stem for name in writers} - set(collection.index)
    assert {name for name in missing if not unseekable(name)} == set()
    ranked_at_random(collection, "Random", 1)
    with served(tmp_path / "data") as link:
        told = play_all(page, link, collection)
    assert {clip: said for clip, said in told.items() if said != "moves"} == {}
    for name in missing:
        with subtests.test(name):
            pytest.skip(f"{name} cannot be decoded here")
    for name in other_kinds():
        with subtests.test(name):
            if why_not(name):
                pytest.skip(f"{name}: {why_not(name)}")
            assert told[Path(name).stem] == "moves"
