"""What actors need, imported once by the server that forks them; some of it SQLAlchemy would import only when it is first used."""

import psycopg
import pymysql  # type: ignore[import-untyped]  # it has no types
from sqlalchemy.dialects import mysql, postgresql, sqlite

from drill import actors

__all__ = ["actors", "mysql", "postgresql", "psycopg", "pymysql", "sqlite"]
