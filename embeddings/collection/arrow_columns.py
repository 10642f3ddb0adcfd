"""Which columns of a table hold the audio, the labels and the ids, and what they say."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embeddings.collection.label_cells import read_label_cells
from embeddings.collection.sources import Options
from embeddings.collection.tableless import labels_in, text_of
from embeddings.errors import InputError

_LABELS = ("labels", "label", "category", "categories", "class", "classes", "tags")
_LISTS = ("Sequence", "List", "LargeList")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table.

    Attributes
    ----------
    audio : the column of the audio
    bytes_field, path_field : what of it holds a file's content and its path; "" where nothing does
    label : the column of the labels
    names : of the classes, where labels are numbers of a ClassLabel
    separator : what stands between labels in a text
    id : the column of the ids, "" for none
    plain : all columns that hold a value, or a list of texts, and the labels'
    """

    audio: str
    bytes_field: str
    path_field: str
    label: str
    names: tuple[str, ...]
    separator: str
    id: str
    plain: tuple[str, ...]
    class_names: dict[str, tuple[str, ...]]

    @property
    def read(self) -> tuple[str, ...]:
        """The columns that every file must have."""
        return (self.audio, *self.plain)

    @property
    def taken(self) -> tuple[str, ...]:
        """The columns that are not kept as they are, because labels and ids are made of them."""
        return (self.label, self.id)

    def paths(self, audio: Any) -> list[str | None]:
        """Return the paths in a batch's column of audio; [] where it has none."""
        if not self.path_field or audio is None:
            return []
        return (audio if self.path_field == self.audio else audio.field("path")).to_pylist()

    def bytes_are_there(self, audio: Any) -> list[bool]:
        """Tell of each row of a batch whether the file's content lies in it."""
        content = audio if self.bytes_field == self.audio else audio.field("bytes")
        return content.is_valid().to_pylist()

    def contents(self, audio: Any) -> list[bytes | None]:
        """Return the files' contents in a batch's column of audio."""
        return (audio if self.bytes_field == self.audio else audio.field("bytes")).to_pylist()

    def labels(self, values: dict[str, Any]) -> tuple[tuple[str, ...], str]:
        """Return the labels of a row, and the problem that it has none, or one without a name."""
        value = values[self.label]
        if isinstance(value, str):
            labels, problem = read_label_cells([value], self.separator)[0]
            return labels, problem or ("" if labels else "there is no label")
        items = value if isinstance(value, list) else [value]
        if self.names:
            numbers = [one for one in items if one is not None and one != -1]  # -1 is unlabelled
            for number in numbers:
                if not 0 <= number < len(self.names):
                    return (), f"the label {number} has no name; there are {len(self.names)}"
            items = [self.names[number] for number in numbers]
        labels = labels_in(items)
        return labels, "" if labels else "there is no label"

    def text(self, column: str, values: dict[str, Any]) -> str:
        """Return a value of a row on one line; numbers of a ClassLabel by name, lists as JSON."""
        value, names = values[column], self.class_names.get(column, ())
        if isinstance(value, int) and 0 <= value < len(names):
            value = names[value]
        return text_of(json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value)


def choose_columns(file: Path, schema: Any, features: dict[str, Any], options: Options) -> Columns:
    """Return the columns of a table, by what `datasets` says of them or else by their types.

    The audio is the only column of the feature Audio, or of a struct of bytes and path. The labels
    are in the column asked for; else in the first called labels, label, category, categories,
    class, classes or tags that holds texts, lists of them or a ClassLabel; else in the only
    ClassLabel.

    Raises
    ------
    InputError
        There is no such column, several could be meant, or a column's name is there twice.
    """
    import pyarrow.types as kinds

    twice = [name for place, name in enumerate(schema.names) if name in schema.names[:place]]
    if twice:
        raise InputError(
            f"{file}: the column {twice[0]!r} is there twice; every name may occur once."
        )
    audio = _audio_column(file, schema, features)
    classes = {name: _class_names(features.get(name)) for name in schema.names}
    named = {name: names for name, names in classes.items() if names}
    label = options.label_column or _label_column(file, schema, named)
    for column, option in ((label, "--label-column"), (options.id_column, "--id-column")):
        if column and column not in schema.names:
            raise InputError(
                f"{file}: there is no column {column!r} ({option}); the columns are: "
                f"{', '.join(schema.names)}."
            )
    plain = [
        field.name
        for field in schema
        if field.name != audio and (field.name in (*named, label) or _is_plain(field.type))
    ]
    for column in filter(None, (label, options.id_column)):
        kind = schema.field(column).type
        if not (column in named or _is_plain(kind)):
            raise InputError(f"{file}: the column {column!r} holds {kind}, which is no text.")
    kind = schema.field(audio).type
    fields = [kind.field(n).name for n in range(kind.num_fields)] if kinds.is_struct(kind) else []
    is_bytes = not fields and (kinds.is_binary(kind) or kinds.is_large_binary(kind))
    return Columns(
        audio=audio,
        bytes_field=f"{audio}.bytes" if "bytes" in fields else audio if is_bytes else "",
        path_field=f"{audio}.path" if "path" in fields else "" if fields or is_bytes else audio,
        label=label,
        names=named.get(label, ()),
        # a list is at hand here, and a comma is part of many names
        separator="none" if options.label_separator == "," else options.label_separator,
        id=options.id_column or "",
        plain=tuple(plain),
        class_names=named,
    )


def _audio_column(file: Path, schema: Any, features: dict[str, Any]) -> str:
    import pyarrow.types as kinds

    said = [
        name
        for name in schema.names
        if isinstance(one := features.get(name), dict) and one.get("_type") == "Audio"
    ]
    structs = [
        field.name
        for field in schema
        if kinds.is_struct(field.type)
        and {"bytes", "path"} & {field.type.field(n).name for n in range(field.type.num_fields)}
    ]
    found = said or structs
    if "audio" in found:
        return "audio"
    if len(found) != 1:
        which = f"could be any of {', '.join(found)}" if found else "is missing"
        raise InputError(
            f"{file}: the column of audio (bytes and path) {which}; the columns are: "
            f"{', '.join(schema.names)}."
        )
    return found[0]


def _label_column(file: Path, schema: Any, classes: dict[str, tuple[str, ...]]) -> str:
    for name in _LABELS:
        if name in schema.names and (name in classes or _is_text(schema.field(name).type)):
            return name
    if len(classes) == 1:
        return next(iter(classes))
    which = f"could be any of {', '.join(classes)}" if classes else "was not found"
    raise InputError(
        f"{file}: the column of labels {which} (--label-column); the columns are: "
        f"{', '.join(schema.names)}."
    )


def _class_names(feature: Any) -> tuple[str, ...]:
    """Return the names of a feature that is a ClassLabel or a list of them; () for any other."""
    if isinstance(feature, list):  # as datasets wrote lists once
        return _class_names(feature[0]) if len(feature) == 1 else ()
    if not isinstance(feature, dict):
        return ()
    if feature.get("_type") in _LISTS:
        return _class_names(feature.get("feature"))
    names = feature.get("names") if feature.get("_type") == "ClassLabel" else None
    return tuple(map(str, names)) if isinstance(names, list) else ()


def _is_plain(kind: Any) -> bool:
    import pyarrow.types as kinds

    content = kinds.is_binary(kind) or kinds.is_large_binary(kind)
    return _is_text(kind) or not (kinds.is_nested(kind) or content)


def _is_text(kind: Any) -> bool:
    import pyarrow.types as kinds

    if kinds.is_list(kind) or kinds.is_large_list(kind):
        return _is_text(kind.value_type)
    return (
        kinds.is_string(kind)
        or kinds.is_large_string(kind)
        or (kinds.is_dictionary(kind) and _is_text(kind.value_type))
    )
