"""RDS's rules."""
