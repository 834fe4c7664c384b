"""What Alembic runs for each migration: everything in the one transaction of the caller.

The connection comes from `migrate.to_head`, which has begun the transaction and will commit it.
"""

from alembic import context

from axisor_server.adapters.database.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
