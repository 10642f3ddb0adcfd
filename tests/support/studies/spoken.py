"""A study in several languages, and what of its pages is in the wrong one."""

import re
from html.parser import HTMLParser

from evaluation.protocol.languages import ENGLISH
from tools.messages import texts_of
from webapp.core.languages.translating import read_catalogue

_TEXTS = """
[[texts]]
language = "{code}"
title = "{title}"
consent = "{consent}"
[[texts.questions]]
id = "age"
text = "{age}"
[[texts.questions]]
id = "device"
text = "{device}"
choices = ["{one}", "{other}"]
"""
_WORDS = {
    "es": ("Todo", "Acepto escuchar.", "¿Qué edad tiene?", "¿Con qué escuchó?", "auriculares",
           "altavoces"),
    "ja": ("すべて", "聞くことに同意します。", "年齢は。", "何で聞きましたか。", "ヘッドホン",
           "スピーカー"),
    "ar": ("الكل", "أوافق على الاستماع.", "كم عمرك؟", "بماذا استمعت؟", "سماعات", "مكبرات"),
}  # fmt: skip
CODES = tuple(_WORDS)

ALLOWED = {
    "Sounding", "Board", "Tab", "JavaScript", "ID", "JSON", "Code", "DONE", "NO", "example", "org",
    "http", "https", "PROLIFIC", "PID", "cc", "localhost", "rate", "way", "kbd",
}  # fmt: skip
"""Names, codes and addresses: no word of any language."""

_TOLD = ("aria-label", "title", "alt", "placeholder")


def spoken(protocol: str, codes: tuple[str, ...] = CODES) -> str:
    """Return a protocol (`tests.support.studies.full_study.FULL`) that is in more languages."""
    names = ("title", "consent", "age", "device", "one", "other")
    texts = [
        _TEXTS.format(code=code, **dict(zip(names, _WORDS[code], strict=True))) for code in codes
    ]
    return f"languages = {[ENGLISH, *codes]}".replace("'", '"') + protocol + "".join(texts)


class _Told(HTMLParser):
    """What a page says: its text, and what its attributes say to whom they are read."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if (
            tag in ("script", "style", "code")
            or (tag != "html" and "lang" in given)
            or given.get("class") == "code"
        ):
            self.silent.append(tag)
        self.said += [given[name] or "" for name in _TOLD if name in given]
        # words for scripts have a blank in them, names of sounds have none
        self.said += [text or "" for name, text in attrs if name.startswith("data-")
                      and " " in (text or "") and name != "data-allowed"]  # fmt: skip

    def handle_endtag(self, tag: str) -> None:
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.said.append(data.strip())


def told(page: str) -> list[str]:
    """Return everything that an HTML page says, but for codes and names of languages."""
    parser = _Told()
    parser.feed(page)
    return parser.said


def english(said: list[str], code: str) -> list[str]:
    """Return what is English of what is said in a language that is written in its own letters."""
    words = re.sub(r"https?://\S+", "", " ".join(said))
    if code in ("ar", "ja"):
        found = re.findall(r"[A-Za-z]{2,}", re.sub(r"\{(count|name|time|at|from|to)\}", "", words))
        names = {"graded", "all", "reason", "few", "many", "one", "two", "other", "zero", "count"}
        return sorted(set(found) - ALLOWED - names)
    left = []
    for one in read_catalogue(code):
        ids = one.id if isinstance(one.id, tuple) else (one.id,)
        for text in ids:
            bare = text.replace("%(num)d", "{count}")
            own = " ".join(texts_of(one)) if text else ""
            if text and " " in text and text not in own and bare in said:
                left.append(text)
    return left
