"""Lists, declared: see `base.List`. What an app writes is in docs/lists.md."""

from crm.web.lists.base import List
from crm.web.lists.bulk import BulkAction, BulkForm
from crm.web.lists.bulk_editing import deleting, editing
from crm.web.lists.columns import Column, RowButton

__all__ = ["BulkAction", "BulkForm", "Column", "List", "RowButton", "deleting", "editing"]
