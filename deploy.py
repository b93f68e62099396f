#!/usr/bin/env python
"""Make, look at and unmake the site's AWS environment: `python deploy.py --help`."""

import sys

from cli.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
