"""Proves from an audit trail alone that nothing in it was edited, removed, moved or added."""

from workers.verify.report import PartitionReport, Report, Verifier, verify
from workers.verify.trail import AuditRecord

__all__ = ["AuditRecord", "PartitionReport", "Report", "Verifier", "verify"]
