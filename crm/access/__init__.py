"""Who may do what. Everything that shows or changes a record starts from `visible_to` or `editable_by`."""
