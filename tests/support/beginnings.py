"""What many tests begin with: made once by the services, its rows put back for each other test."""

from tests.support.tables import TABLES

SCHEMA = "beginnings"
USED = """
    SELECT schemaname || '.' || sequencename, last_value
    FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
"""


class Beginnings:
    """Of one database, whose tables are empty whenever one is asked for."""

    def __init__(self, connection):
        self._connection, self._kept = connection, {}
        connection.execute(f"CREATE SCHEMA {SCHEMA}")

    def forget(self):
        self._connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")

    def begin_with(self, make, *facts):
        """What `make(*facts)` returned when it was first asked for, its rows as they were then."""
        if make not in self._kept:
            self._kept[make] = made, put_back = make(*facts), self._keep()
        else:
            made, put_back = self._kept[make]
            self._connection.execute(put_back)
        return made

    def _keep(self):
        """Copy all rows; returns the statements that put them back."""
        back = ["BEGIN", "SET LOCAL session_replication_role = replica"]
        for table in TABLES.split(", "):
            (has_rows,) = self._connection.execute(f"SELECT EXISTS (TABLE {table})").fetchone()
            if has_rows:
                copy = f"{SCHEMA}.{table}_{len(self._kept)}"
                self._connection.execute(f"CREATE TABLE {copy} AS TABLE {table}")
                back.append(f"INSERT INTO {table} TABLE {copy}")
        for sequence, last in self._connection.execute(USED):
            back.append(f"SELECT setval('{sequence}', {last})")
        return "; ".join([*back, "COMMIT"])
