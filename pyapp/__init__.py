"""The thin layer around the database: it carries, the database decides."""

__version__ = "0.1.0.dev0"
