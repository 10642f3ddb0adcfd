"""flask studies model: fit the mixed model, which a page then shows."""

from typing import Any

import click
from flask.cli import with_appcontext

from evaluation.numerals import numeral
from webapp.core import database
from webapp.results import mixed
from webapp.study import lifecycle


@click.command("model")
@click.argument("slug")
@click.option("--facet", help="What was asked; the protocol's first facet unless told.")
@click.option(
    "--screened/--all-raters", default=None,
    help="Without or with raters who do not pass; as the protocol has it unless told.",
)  # fmt: skip
@with_appcontext
def model_command(slug: str, facet: str | None, screened: bool | None) -> None:
    """Fit the mixed model to the mean grades of the study SLUG, and keep the result.

    score ~ system + random query, rater, query x system, rater x system. It takes seconds for some
    thousand scores, and a quarter of an hour for 17,000.
    """
    database.prepare()
    database.reads()
    study = lifecycle.find_study(slug)
    click.echo("Fitting the mixed model; Ctrl-C stops it, and nothing is stored then.", err=True)
    found = mixed.fit_model(study, facet, screened=screened)
    for line in model_lines(found):
        click.echo(line)


def model_lines(found: dict[str, Any]) -> list[str]:
    """Return what a fitted model says, line by line."""
    basis = f"{found['rows']} scores, {found['queries']} queries, {found['raters']} raters"
    made = ", simulated" if found["simulated"] else ""
    lines = [f"{found['formula']}", f"{basis}{made}; statsmodels {found['statsmodels']}"]
    lines.append(found["whose"])
    lines += [f"note: {note}" for note in found["notes"]]
    if found["reason"]:
        return [*lines, f"There is no model: {found['reason']}."]
    width = max(len(name) for name in found["means"])
    lines += ["", f"{'system':{width}}   mean  std. error"]
    for name, mean in sorted(found["means"].items(), key=lambda item: -item[1]):
        level = numeral(mean, "{:.1f}")
        lines.append(f"{name:{width}}  {level:>5}  {found['errors'][name]:10.2f}")
    parts = ", ".join(f"{name.replace('+', ' x ')} {value**0.5:.2f}"
                      for name, value in found["variances"].items())  # fmt: skip
    surely = sum(one["p"] <= 0.05 for one in found["pairs"])
    return [
        *lines, "", f"standard deviations, in grades: {parts}",
        f"{surely} of {len(found['pairs'])} differences have p <= 0.05, by the normal "
        "approximation and not adjusted",
    ]  # fmt: skip
