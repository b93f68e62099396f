"""EC2's rules: networks, addresses, security groups, instances."""
