"""flask jobs: list, cancel, resume what was asked for on pages."""

import click

from webapp.cli import Group
from webapp.core import database
from webapp.work import board, running

group = Group("jobs", help="List, cancel and resume the jobs that pages began.")
commands = (group,)

_SHOWN = 50


@group.command("list")
@click.option("--all", "everything", is_flag=True, help=f"Not only the newest {_SHOWN}.")
def list_command(everything: bool) -> None:
    """List the jobs, the newest first: state, how far, and how it ended."""
    database.prepare()
    found = board.listed(2**31 if everything else _SHOWN + 1)
    for job in found if everything else found[:_SHOWN]:
        far = f"{job.done / job.total:4.0%}" if job.total else "    "
        said = f"  {job.message.splitlines()[0]}" if job.message else ""
        click.echo(f"{board.title(job):44} {board.state_of(job):10} {far}  {job.who}{said}")
    if not found:
        click.echo("There is no job yet: pages begin them.")
    if not everything and len(found) > _SHOWN:
        click.echo("Older ones: --all")


@group.command("cancel")
@click.argument("number", type=int)
def cancel_command(number: int) -> None:
    """Stop the job NUMBER as Ctrl-C does; what it finished is kept."""
    database.prepare()
    job = board.find(number)
    board.cancel(job)
    click.echo(f"Job {number} is {board.state_of(job)}.")


@group.command("resume")
@click.argument("number", type=int)
def resume_command(number: int) -> None:
    """Go on with the job NUMBER, which was stopped, failed, or lost its process."""
    database.prepare()
    board.resume(board.find(number))
    click.echo(f"Job {number} goes on, in a process of its own.")


@group.command("run", hidden=True)
@click.argument("number", type=int)
def run_command(number: int) -> None:
    """Do the job NUMBER here; `resume` starts a process that does."""
    database.prepare()
    running.run(number)
