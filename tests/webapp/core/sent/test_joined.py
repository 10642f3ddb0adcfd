"""What a rater's page needs, in one script and one style sheet."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from embeddings.errors import InputError
from tests.support.places import ROOT
from webapp.core.sent.joined import SCRIPTS, STYLES, joined, joined_script

STATIC = ROOT / "static"
KEPT = "public, max-age=31536000, immutable"
MODULES = {
    "a/top.js": 'import { one, two } from "../b/low.js";\nimport "../b/other.js";\n'
    'console.log(one(two), (await import("./later.js")).x);\n',
    "b/low.js": "const own = 1;\nexport const two = 2;\nexport function one(x) {\n"
    "  return own + x;\n}\n",
    "b/other.js": 'import {\n  two,\n} from "./low.js";\nconst own = two;\nconsole.log(own);\n',
}


def test_each_file_is_once_there_and_before_those_that_need_it() -> None:
    text = joined_script(MODULES.__getitem__, "a/top.js")
    assert text.count("const two = 2") == 1
    places = [text.index(one) for one in ("function one", "console.log(own)", "console.log(one")]
    assert places == sorted(places)
    assert not re.search(r"^(import|export)\b", text, re.MULTILINE)


def test_what_is_loaded_later_is_found_from_where_the_joined_script_lies() -> None:
    assert 'import("../../a/later.js")' in joined_script(MODULES.__getitem__, "a/top.js")


@pytest.mark.skipif(not shutil.which("node"), reason="no node on this machine")
def test_two_may_use_one_name(tmp_path: Path) -> None:
    text = joined_script(MODULES.__getitem__, "a/top.js")
    script = tmp_path / "joined.mjs"
    script.write_text(text.replace('await import("../../a/later.js")', "{ x: 7 }"))
    done = subprocess.run(["node", script], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["2", "3", "7"]


@pytest.mark.parametrize(
    "text", ["export default 1;\n", "export let a = 1;\n", 'import * as low from "./b.js";\n']
)
def test_what_is_not_understood_is_not_sent(text: str) -> None:
    with pytest.raises(InputError, match="cannot be joined"):
        joined_script({"a.js": text}.__getitem__, "a.js")


def test_scripts_that_import_each_other_are_told() -> None:
    both = {"a.js": 'import { b } from "./b.js";\n', "b.js": 'import { a } from "./a.js";\n'}
    with pytest.raises(InputError, match="imports itself"):
        joined_script(both.__getitem__, "a.js")


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_of_raters_is_joined_whole(name: str) -> None:
    text = joined(STATIC, f"js/rating/{name}.js").decode()
    taken = {one for names in re.findall(r"const \{ ([^}]*) \} = j\d+;", text)
             for one in re.split(r"[,\s]+", names) if one}  # fmt: skip
    given = {one for names in re.findall(r"Object\.assign\(j\d+, \{ (.*) \}\);", text)
             for one in names.split(", ")}  # fmt: skip
    assert taken <= given


def test_pages_of_raters_ask_for_one_style_and_one_script(app: Flask, client: FlaskClient) -> None:
    page = client.get("/rate/nothing/nobody").text
    found = re.findall(r'<(?:link rel="stylesheet"|script)[^>]* (?:src|href)="([^"]+)"', page)
    names = [one.removeprefix(f"{app.static_url_path}/") for one in found]
    assert names == ["js/core/theme.js", "joined/css/rater.css", "joined/js/rating/gone.js"]
    assert f'rel="modulepreload" href="{found[-1]}"' in page
    for address in found[1:]:
        answer = client.get(address)
        assert answer.headers["Cache-Control"] == KEPT
        assert answer.content_type.startswith(("text/css", "text/javascript"))
        old = client.get(re.sub("/static/[0-9a-f]+/", "/static/0123456789ab/", address))
        assert old.data == answer.data
        assert old.headers["Cache-Control"] == "no-cache"


def test_only_what_is_joined_is_there(app: Flask, client: FlaskClient) -> None:
    for name in ("js/rating/queue.js", "css/rating.css", "../webapp/__init__.py"):
        assert client.get(f"{app.static_url_path}/joined/{name}").status_code == 404


def test_the_style_sheet_of_raters_needs_nothing_of_bootstrap() -> None:
    sheet = joined(STATIC, "css/rater.css").decode()
    assert all((STATIC / part).read_text(encoding="utf-8") in sheet
               for part in STYLES["css/rater.css"])  # fmt: skip
    assert not re.search(r"(?<!-)\bvar\(--bs-", sheet)
