"""Join addresses that a panel signs, so that nobody comes by an id that the panel did not send."""

import hashlib
import hmac
from collections.abc import Mapping

from flask_babel import gettext as _

from embeddings.errors import InputError
from webapp.core.config import secret_in
from webapp.study.lifecycle import study_folder

PARAMETER = "signature"


def join_secret(slug: str, *, new: bool = False) -> str:
    """Return the secret that a study shares with its panel, made at first; `new` replaces it.

    It lies in the study's folder, for the owner's eyes, and is in no protocol and no bundle.
    """
    path = study_folder(slug) / "join_secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    if new:
        path.unlink(missing_ok=True)
    return secret_in(path)


def signature(secret: str, value: str) -> str:
    """Return the HMAC-SHA256 of an id, both as UTF-8, in hexadecimal: what a panel appends."""
    return hmac.digest(secret.encode(), value.encode(), hashlib.sha256).hex()


def check_signature(slug: str, name: str, value: str, given: Mapping[str, str]) -> None:
    """Raise InputError unless an address is signed for the id `value` that it brings as `name`."""
    told = given.get(PARAMETER, "").strip().lower()
    right = signature(join_secret(slug), value)
    if not hmac.compare_digest(told.encode(errors="replace"), right.encode()):
        raise InputError(
            _(
                "The %(signature)s of this address is not the one of its %(name)s: please come by "
                "the link you were given.",
                signature=PARAMETER,
                name=name,
            )
        )
