"""Pools of jobs, which take a job is at, and how far its work is."""

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one revision forward."""
    # Made anew as a whole, so that the table is written as a new one would be; rows are carried over.
    with op.batch_alter_table("jobs", recreate="always") as jobs:
        jobs.drop_index("ix_jobs_state_rank_id")
        jobs.add_column(sa.Column("pool", sa.String(), server_default="cores", nullable=False))
        jobs.add_column(sa.Column("take", sa.Integer(), server_default="1", nullable=False))
        jobs.add_column(sa.Column("progress", sa.JSON(none_as_null=True), nullable=True))
    op.create_index("ix_jobs_state_pool_rank_id", "jobs", ["state", "pool", "rank", "id"], unique=False)
    # Until now every lease moved the seed on: what is open goes on with the one that it is at.
    op.execute("UPDATE jobs SET take = attempts + 1 WHERE state = 'queued'")
    op.execute("UPDATE jobs SET take = attempts WHERE state = 'leased'")


def downgrade() -> None:
    """Go one revision back."""
    with op.batch_alter_table("jobs", recreate="always") as jobs:
        jobs.drop_index("ix_jobs_state_pool_rank_id")
        jobs.drop_column("progress")
        jobs.drop_column("take")
        jobs.drop_column("pool")
    op.create_index("ix_jobs_state_rank_id", "jobs", ["state", "rank", "id"], unique=False)
