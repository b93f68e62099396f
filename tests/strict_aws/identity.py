"""IAM's rules, and those of what instances carry."""
