"""The page of scores in a real browser: sorted, searched and switched, by everybody."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embeddings.collection.clips import Collection
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Ranking, open_embedding
from evaluation.objective.scoring import score_ranking
from tests.support.browser.barriers import looked_at, looks, violations
from tests.support.browser.drawn import draw_all
from tests.support.browser.tab import Page, expect, sideways, sign_in, told, whole
from tests.support.scoreboard import disguise
from tests.support.server import Server

pytestmark = pytest.mark.browser

SYSTEMS = "#systems-table tbody tr:not(.group) th"
CLASSES = "#classes-table tbody tr:not([hidden]) th"


@pytest.fixture
def server(data: Path, small: Collection, ranked: list[Ranking]) -> Iterator[Server]:
    """The app with six systems: three imported (one not scored), three simulated."""
    disguise(small)
    for name, pca in (("good", 2), ("good", 3), ("random", 4)):
        vectors = open_embedding(small, name)
        score_ranking(small, build_ranking(small, vectors, Recipe(pca=pca), "mcss"))
    build_ranking(small, open_embedding(small, "good"), Recipe(pca=4), "mips")
    running = Server(data)
    yield running
    running.stop()


def address(server: Server, part: str, query: str = "") -> str:
    return f"{server.url}/scores/small{part}?convention=cbmi2024{query}"


def drawn(page: Page) -> None:
    """Bring all figures into view, and wait until they are drawn."""
    draw_all(page)
    expect(page.locator("figure[data-figure]:visible:not([data-drawn])")).to_have_count(0)


def texts(page: Page, rows: str) -> list[str]:
    return [" ".join(text.split()) for text in whole(page, rows).all_text_contents()]


def texts_sent(page: Page, url: str, rows: str) -> list[str]:
    """Return the texts of a page as the server sends it, before any script ran."""
    answer = page.context.request.get(url)
    assert answer.ok, url
    found = page.evaluate(
        """([html, rows]) => {
            const sent = new DOMParser().parseFromString(html, "text/html");
            return [...sent.querySelectorAll(rows)].map((one) => one.textContent);
        }""",
        [answer.text(), rows],
    )
    return [" ".join(text.split()) for text in found]


def test_columns_sort_by_keyboard_without_asking_the_server(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(address(server, "/systems"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))  # the icon is fetched anew
    button = page.locator("#systems-table").get_by_role("button", name="MR1 class-wise")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#systems-table th[aria-sort]")).to_have_attribute("aria-sort", "ascending")
    expect(page.locator("#said")).to_have_text("Sorted by MR1, ascending")
    expect(button).to_be_focused()
    first = texts(page, SYSTEMS)
    page.keyboard.press("Space")
    expect(page.locator("#systems-table th[aria-sort]")).to_have_attribute(
        "aria-sort", "descending"
    )
    assert texts(page, SYSTEMS) != first
    assert "sort=-mr1" in page.url
    assert [url for url in asked if "/static/" not in url] == []
    shown = texts(page, SYSTEMS)
    page.reload()
    assert texts(page, SYSTEMS) == shown
    with page.expect_navigation():
        page.get_by_role("link", name="corrected").click()  # what leads on keeps the order
    assert "sort=-mr1" in page.url
    assert texts(page, SYSTEMS) == shown


@pytest.mark.parametrize("table", ["systems", "classes"])
def test_the_page_sorts_as_the_server_does(page: Page, server: Server, table: str) -> None:
    rows = {"systems": SYSTEMS, "classes": CLASSES}[table]
    sign_in(page, server)
    page.goto(address(server, f"/{table}"))
    buttons = page.locator(f"#{table}-table thead button")
    seen = []
    for number in range(buttons.count()):
        for _ in range(2):
            buttons.nth(number).click()
            seen.append((page.url, texts(page, rows)))
    assert len(seen) == 2 * buttons.count() > 10
    for url, order in seen:
        assert texts_sent(page, url, rows) == order, url


def test_without_javascript_the_server_sorts_and_finds(browser: Any, server: Server) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, server)
    page.goto(address(server, "/classes", "&find=nature"))
    page.locator("#classes-table").get_by_role("button", name="Class").click()
    assert texts(page, CLASSES) == ["Weather", "Hiss"]
    page.get_by_label("Find a class or family").fill("things")
    page.get_by_role("button", name="Show").click()
    assert texts(page, CLASSES) == ["Machine", "Hum", "Beep"]
    assert "convention=cbmi2024" in page.url
    context.close()


def test_classes_are_found_while_one_types(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(address(server, "/classes", "&find=beep"))
    assert texts(page, CLASSES) == ["Beep"]
    page.get_by_label("Find a class or family").fill("NATUre")
    expect(page.locator("#found")).to_have_text("2 of 5 classes")
    assert texts(page, CLASSES) == ["Hiss", "Weather"]
    expect(page).to_have_url(f"{address(server, '/classes')}&find=NATUre")
    link = page.locator("a[href*='tables/classes.csv']")
    assert "find=NATUre" in (link.get_attribute("href") or "")
    with page.expect_download() as download:
        link.click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()[1:]
    assert {line.split(",")[0] for line in lines} == {"Hiss", "Weather"}
    page.get_by_label("Find a class or family").fill("")
    expect(page.locator("#found")).to_have_text("5 of 5 classes")


def test_two_systems_are_chosen_by_their_names(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.goto(address(server, "/compare", "&sort=title"))
    drawn(page)
    page.get_by_label("First system").select_option("random.l2.mcss")
    page.get_by_label("Second system").select_option("good.l2-pca3.mcss")
    page.get_by_role("button", name="Compare").click()
    assert "a=random.l2.mcss&b=good.l2-pca3.mcss" in page.url
    assert "sort=title" in page.url
    expect(page.get_by_text("One of the two is simulated")).to_be_visible()
    expect(page.locator("#comparison-table thead th").nth(2)).to_contain_text("Random ranking")
    drawn(page)


def test_what_is_below_a_figure_stays_where_it_is_when_it_is_drawn(
    page: Page, server: Server
) -> None:
    top = "document.getElementById('figure-parameters').getBoundingClientRect().top + scrollY"
    sign_in(page, server)
    held: list[Any] = []
    page.route("**/plotly/*.js", lambda route: held.append(route))
    page.goto(f"{address(server, '/size')}#figure-parameters", wait_until="commit")
    expect(page.locator("#said")).to_be_attached()
    page.wait_for_function("document.styleSheets.length >= 3")
    assert page.locator("figure[data-drawn]").count() == 0
    before = page.evaluate(top)
    told(page, lambda: held, "the page asks for no plotting script")
    held[0].continue_()
    expect(page.locator("figure[data-drawn]")).not_to_have_count(0)
    assert page.evaluate(top) == pytest.approx(before, abs=2)


def test_the_answer_is_one_screen_and_each_part_has_an_address(page: Page, server: Server) -> None:
    sign_in(page, server)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{server.url}/scores/small")
    drawn(page)
    expect(page.locator(".answer").first).to_contain_text("leads by MAP@15 (class-wise, corrected)")
    for part in (".answer", "#figure-systems .figure-plot", "#overview-table"):
        box = page.locator(part).first.bounding_box()
        assert box["y"] + box["height"] <= 800
    page.get_by_role("link", name="MR1").click()
    page.wait_for_url("**measure=mr1")
    page.get_by_role("navigation", name="Parts of the scores").get_by_text("Families").click()
    page.wait_for_url("**/scores/small/families?measure=mr1")
    expect(page.locator("#families-table caption")).to_contain_text("MR1 (class-wise, corrected)")


PARTS = {
    1280: ("", "/systems", "/families", "/size", "/meaning"),
    360: ("", "/classes", "/compare", "/modality", "/processing"),
}
"""Width of the window -> the parts that are looked at in it."""


@looks("width", PARTS)
def test_no_barrier_at_any_width(browser: Any, server: Server, scheme: str, width: int) -> None:
    context = looked_at(browser, width, scheme)
    page = context.new_page()
    sign_in(page, server)
    for part in PARTS[width]:
        page.goto(address(server, part, "&average=micro&measure=mr1&order=-clips"))
        drawn(page)
        assert violations(page) == "", part
        assert sideways(page) <= 0, part
        small = page.evaluate(  # but for words in a sentence, which are as high as its lines
            "() => [...document.querySelectorAll("
            "'main :is(button:not(.term), select, input, nav a)')]"
            ".filter(one => one.offsetParent)"
            ".map(one => one.getBoundingClientRect())"
            ".filter(box => box.width < 24 || box.height < 24).length"
        )
        assert small == 0, part
    context.close()


def test_every_number_of_the_first_figure_is_whole_on_a_phone(browser, server: Server) -> None:
    context = looked_at(browser, 360, "light")
    page = context.new_page()
    sign_in(page, server)
    page.goto(address(server, ""))
    drawn(page)
    plot = page.locator("#figure-systems .figure-plot")
    edge = plot.bounding_box()
    numbers = [one.bounding_box() for one in plot.locator(".textpoint text").all()]
    assert len(numbers) >= 2
    assert all(box["x"] + box["width"] <= edge["x"] + edge["width"] for box in numbers)
    assert plot.evaluate("one => one.scrollWidth <= one.parentElement.clientWidth")
    context.close()
