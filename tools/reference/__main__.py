"""Writes docs/reference anew, and removes what is no page of it any more."""

from tools.reference.pages import FOLDER, pages


def main() -> None:
    """Write every page."""
    made = pages()
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.md"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
