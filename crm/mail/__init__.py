"""Letters themselves: names, fields, servers, and the reading of what strangers sent. Tables: crm/actions."""
