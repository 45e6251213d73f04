from crm.jobs.schedule import periodic

__all__ = ["periodic"]
