"""What can be undone of what the audit trail tells, and by which decisions."""
