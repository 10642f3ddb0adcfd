"""The pages by which an experimenter comes in and goes out: link, sessions, tokens, sign-out."""

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user

from embeddings.errors import InputError
from webapp.core.database import db, reading, row_id, writes
from webapp.core.security import public, viewers_too
from webapp.models import Account, Study
from webapp.signin import access_tokens, links, sessions

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
    """Show who is signed in, on which browsers, and the account's tokens."""
    return _account()


@bp.post("/account/tokens")
@viewers_too
def make_token() -> ResponseReturnValue:
    """Make a token of the account, and show it: this once."""
    form = request.form
    name, study = form.get("name", "").strip(), form.get("study", "")
    days = form.get("days", access_tokens.DAYS, type=int)
    owner = db.session.get_one(Account, current_user.account)
    try:
        made = access_tokens.make(owner, name, form.getlist("scope"), study=study, days=days)
    except InputError as error:
        return _account(problem=str(error)), 400
    return _account(made=made)


@bp.post("/account/tokens/revoke")
@viewers_too
def revoke_token() -> ResponseReturnValue:
    """Revoke a token of the account."""
    own = {one.id: one for one in access_tokens.every(current_user.account)}
    token = own.get(request.form.get("token", 0, type=row_id))
    if token is None:
        abort(404)
    if access_tokens.is_good(token):
        access_tokens.revoke(token)
        db.session.commit()
    flash(_("The token %(name)s opens nothing any more.", name=token.name))
    return redirect(url_for("signin.account"))


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


def _account(made: str = "", problem: str = "") -> str:
    studies = sa.select(Study.slug).where(Study.state != "draft").order_by(Study.slug)
    return render_template(
        "signin/account.html",
        sessions=sessions.running(current_user.account),
        tokens=access_tokens.every(current_user.account),
        why_not=access_tokens.why_not,
        studies=list(db.session.scalars(studies)),
        days=(access_tokens.DAYS, access_tokens.MOST_DAYS),
        made=made,
        problem=problem,
    )


def _out(sentence: str) -> ResponseReturnValue:
    db.session.commit()
    logout_user()
    flash(sentence)
    return redirect(url_for("home.home"))
