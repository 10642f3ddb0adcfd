"""The experimenter signs in by a one-time link that the terminal prints."""

import hashlib
import secrets
from datetime import timedelta

import sqlalchemy as sa
from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import UserMixin, current_user, login_user, logout_user

from webapp.core.database import db, now, writes
from webapp.core.extensions import login
from webapp.core.security import public
from webapp.models import SigninLink

bp = Blueprint("signin", __name__)

_EXPERIMENTER = "experimenter"


class Experimenter(UserMixin):
    """Whoever holds the terminal: the one account of an instance."""

    id = _EXPERIMENTER


def init_app(app: Flask) -> None:
    """Tell Flask-Login who the experimenter is."""
    login.user_loader(lambda user_id: Experimenter() if user_id == _EXPERIMENTER else None)
    app.config["REMEMBER_COOKIE_DURATION"] = timedelta(days=app.config["SETTINGS"]["signin_days"])


def new_token() -> str:
    """Store a new sign-in link and return its token, which is known to nobody else."""
    token = secrets.token_urlsafe(24)
    db.session.add(SigninLink(token_sha256=_digest(token)))
    db.session.commit()
    return token


def use_token(token: str) -> bool:
    """Return whether `token` signs in, and use it up: of two who try, one gets in."""
    oldest = now() - timedelta(minutes=current_app.config["SETTINGS"]["signin_minutes"])
    used = db.session.execute(
        sa.update(SigninLink)
        .where(
            SigninLink.token_sha256 == _digest(token),
            SigninLink.used_at.is_(None),
            SigninLink.made_at > oldest,
        )
        .values(used_at=now())
    )
    db.session.commit()
    return used.rowcount == 1


@bp.get("/signin/<token>")
@public
def signin(token: str) -> ResponseReturnValue:
    """Sign in by a one-time link."""
    if request.method == "HEAD":
        return ""  # who only looks, as link checkers do, does not use the link up
    writes()
    if current_user.is_authenticated:
        return redirect(url_for("home.home"))  # and the link stays good for another browser
    if not use_token(token):
        return render_template("signin.html", used=True), 403
    login_user(Experimenter(), remember=True)
    return redirect(url_for("home.home"))


@bp.post("/signout")
def signout() -> ResponseReturnValue:
    """Sign out."""
    logout_user()
    flash(_("You are signed out."))
    return redirect(url_for("home.home"))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
