"""What Alembic runs for each command; the connection comes from the caller."""

from alembic import context

from webtv.db.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    compare_type=True,
    render_as_batch=True,  # SQLite can alter little in place
    transactional_ddl=False,  # the caller's one transaction holds everything
)
context.run_migrations()
