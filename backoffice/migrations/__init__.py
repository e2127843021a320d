"""The history of the tables (Alembic); `python -m backoffice migrate` applies what is new."""
