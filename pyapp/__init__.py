"""The thin layer around the database: it carries, the database decides."""

__version__ = "0.0.1"
