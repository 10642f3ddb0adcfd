"""Names that people write, and the ids that are meant."""

import pytest

from embeddings.collection.clip_names import clip_id, leads_out, spelled, unusable


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.wav", "a"),
        ("a.WAV", "a"),
        ("a", "a"),
        ("a.b.flac", "a.b"),
        ("a.txt", "a.txt"),
        (" a.wav\u00a0", "a"),
        ("fold1\\a.ogg", "fold1/a"),
        ("./fold1//a.mp3", "fold1/a"),
        ("u\u0308.wav", "\u00fc"),
        ("\u1112\u1161\u11ab.wav", "\ud55c"),
        ("a .wav", "a"),
        (".wav", ".wav"),
        (".", ""),
        ("犬\u3000声.wav", "犬\u3000声"),
        ("2024-01-01T12:00.wav", "2024-01-01T12:00"),
    ],
)
def test_an_id_is_the_files_name_in_one_spelling_without_its_suffix(name: str, wanted: str) -> None:
    assert clip_id(name) == wanted
    assert clip_id(wanted) == wanted


def test_what_leads_out_of_a_folder() -> None:
    out = ("/etc/passwd", "../a", "a/../../b", "C:\\a", "c:/a", "\\\\host\\a")
    inside = ("a", "a/b", "12:00", "a:b/c", "a..b", ".../a")
    assert [leads_out(spelled(name)) for name in out] == [True] * len(out)
    assert [leads_out(spelled(name)) for name in inside] == [False] * len(inside)


def test_only_what_no_line_may_hold_is_unusable() -> None:
    for bad in "\0\n\r\t\x1b\x7f\x85\u2028\u2029\ud800\udcff\ufffe\U0001ffff\ufdd0":
        assert unusable(f"a{bad}b") == bad
    assert (
        unusable("é e\u0301 \u00a0\u3000\u200d\u200f\u202e\u00ad\ufeff\ue000 👩‍🚀 :?%#\"'<>&|,;")
        == ""
    )


@pytest.mark.parametrize("name", ["..wav", "...flac", "fold 1/..wav", "fold 1/...wav", "a/ .wav"])
def test_a_suffix_stays_where_no_name_would_be_left(name: str) -> None:
    """Browsers take a part of an address that is one dot or two for a folder."""
    assert clip_id(name) == name
