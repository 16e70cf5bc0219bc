"""Alembic runs this file for every upgrade, on the connection and in the transaction that it is given.

Views are no part of a revision: they are dropped before and made afresh after it, always as views.py has them. A change
of a view alone needs a revision all the same, with an empty body, so that older files are seen to be older.
"""

from __future__ import annotations

from alembic import context

from bench.store.base import Base
from bench.store.documentation import write_documentation
from bench.store.migrations.head import VERSION_TABLE
from bench.store.views import create_statements, drop_statements

connection = context.config.attributes["connection"]
dialect = connection.dialect.name

for statement in drop_statements(dialect):
    connection.exec_driver_sql(statement)
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,  # a name of our own: other tools keep an alembic_version in the same file
    render_as_batch=True,
)
context.run_migrations()
if context.get_head_revision() == context.get_context().get_current_revision():
    for statement in create_statements(dialect):
        connection.exec_driver_sql(statement.replace("%", "%%") if dialect == "postgresql" else statement)
    write_documentation(connection)
