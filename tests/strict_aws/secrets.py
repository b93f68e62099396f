"""Secrets Manager's, Parameter Store's and S3's rules."""
