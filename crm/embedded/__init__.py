"""The PostgreSQL that comes with the package: right for one machine and one person, see docs/running.md."""
