"""Text that an experimenter wrote, as HTML that is safe to show to raters."""

from functools import lru_cache

from markupsafe import Markup

_TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_MOST = 64  # texts that are kept as HTML


@lru_cache(_MOST)  # a study's instructions stand on each of its pages
def markdown(text: str) -> Markup:
    """Return Markdown as HTML: no scripts, no styles, no pictures, links to http(s) and mail.

    A heading of the first level becomes one of the second: the page has its own.
    """
    import nh3
    from markdown_it import MarkdownIt

    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    html = html.replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    return Markup(clean)
