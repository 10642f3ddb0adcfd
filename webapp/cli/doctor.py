"""flask doctor: looks at a deployment, and says what to do."""

import json
from collections import Counter
from dataclasses import asdict

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp.cli import Command


@click.command(
    "doctor", cls=Command, short_help="Look at this installation, and say what to do about it."
)
@click.option(
    "--at", default="", metavar="URL", help="Ask the running app there; base_url unless told."
)
@click.option("--json", "as_json", is_flag=True, help="Print a list of JSON objects.")
@with_appcontext
def doctor_command(at: str, as_json: bool) -> None:
    """Look at this installation, and at the server that runs: one line a finding.

    A line says ok, warning or fault, and what to do. Nothing is changed. Exits with 1 where there
    is a fault.
    """
    from webapp.doctor import registry
    from webapp.doctor.patient import Patient

    found = []
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    for one in registry.findings(Patient(app, at)):
        found.append(one)
        if not as_json:
            click.echo(one.line())
    counts = Counter(one.state for one in found)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=1, ensure_ascii=False))
    else:
        click.echo(
            f"Faults: {counts[registry.FAULT]}, warnings: {counts[registry.WARNING]}, "
            f"ok: {counts[registry.OK]}."
        )
    if counts[registry.FAULT]:
        raise SystemExit(1)


commands = (doctor_command,)
