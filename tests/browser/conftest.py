"""Servers that the browser tests visit."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embeddings.collection.clips import Collection
from embeddings.maps.stored_maps import make_map
from embeddings.systems.store import Ranking, open_embedding
from tests.support.browser.players import Players, store
from tests.support.browser.served_study import practised, serving
from tests.support.browser.thread_study import STUDY
from tests.support.server import Server


@pytest.fixture(scope="module")
def players(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Players]:
    """The page of players, of a collection with loudness and of one without."""
    data = tmp_path_factory.mktemp("players")
    store(data, "mixed", with_loudness=True)
    store(data, "plain", with_loudness=False)
    serving = Players(data)
    yield serving
    serving.stop()


@pytest.fixture
def start(
    data: Path, ranked: list[Ranking], tmp_path: Path, kind_of_server: type[Server]
) -> Iterator[Callable[..., Server]]:
    """Return a function that serves an open study; what it gets is put into its protocol."""
    yield from serving(data, tmp_path / "which.toml", kind_of_server)


@pytest.fixture
def mapped(data: Path, small: Collection, ranked: list[Ranking]) -> Iterator[Server]:
    """The app with two embeddings and a map of each."""
    make_map(small, open_embedding(small, "good"))
    make_map(small, open_embedding(small, "random"), "tsne")
    running = Server(data)
    yield running
    running.stop()


@pytest.fixture
def server(
    data: Path, ranked: list[Ranking], tmp_path: Path, kind_of_server: type[Server]
) -> Iterator[Server]:
    """The app with the small collection, two systems and an open study."""
    running = kind_of_server(data)
    (tmp_path / "which.toml").write_text(STUDY)
    running.flask("studies", "create", str(tmp_path / "which.toml"))
    running.flask("studies", "open", "which")
    yield running
    running.stop()


@pytest.fixture
def rater_link(server: Server) -> str:
    """The link to the open study of a rater who has practised."""
    return practised(server, 1)[0]
