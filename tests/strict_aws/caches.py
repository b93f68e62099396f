"""ElastiCache's rules."""
