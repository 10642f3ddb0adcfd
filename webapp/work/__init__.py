"""Long work that is asked for on a page: the same as commands do, in a process of its own.

A job is a row of the table ``job`` and, while it works, a process ``flask jobs run ID``, which
outlives the server. Whether the process lives is told by a lock (`webapp.core.jobs`), on PostgreSQL
by one that holds on every machine; what it says lies beside the lock. Libraries go on where they
were stopped, so that resuming a job is running it again.
"""
