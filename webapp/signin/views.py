"""The pages by which an experimenter comes in and goes out: link, sessions, sign-out."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user

from webapp.core.database import db, reading, writes
from webapp.core.security import public, viewers_too
from webapp.signin import links, sessions

bp = Blueprint("signin", __name__)


@bp.get("/signin/<token>")
@public
def signin(token: str) -> ResponseReturnValue:
    """Sign in by a one-time link."""
    if request.method == "HEAD":
        return ""  # who only looks, as link checkers do, does not use the link up
    with reading():  # who only guesses takes no rater's turn
        is_good = links.account_of(token) is not None
    if is_good:
        writes()
    account = links.account_of(token) if is_good else None
    if current_user.is_authenticated:  # the link stays good, for another browser or for later
        if account is not None and account.id != current_user.account:
            flash(
                _(
                    "You are signed in as %(name)s. To come in as %(other)s, sign out first.",
                    name=current_user.name,
                    other=account.name,
                )
            )
        return redirect(url_for("home.home"))
    if account is None or not links.use(token):
        return render_template("signin/page.html", used=True), 403
    signed_in = sessions.begin(account, request.user_agent.string)
    db.session.commit()
    login_user(signed_in, remember=True)
    return redirect(url_for("home.home"))


@bp.get("/account")
def account() -> ResponseReturnValue:
    """Show who is signed in, and on which browsers."""
    return render_template("signin/account.html", sessions=sessions.running(current_user.account))


@bp.post("/signout")
@viewers_too
def signout() -> ResponseReturnValue:
    """Sign out on this browser."""
    sessions.end(id=current_user.session)
    return _out(_("You are signed out."))


@bp.post("/signout/everywhere")
@viewers_too
def signout_everywhere() -> ResponseReturnValue:
    """Sign out on every browser."""
    sessions.end(account_id=current_user.account)
    return _out(_("You are signed out everywhere."))


def _out(sentence: str) -> ResponseReturnValue:
    db.session.commit()
    logout_user()
    flash(sentence)
    return redirect(url_for("home.home"))
