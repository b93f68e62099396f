"""AWS's rules over the emulator. The emulator forgives what AWS punishes; here it no longer does.

`layer` hooks into a boto3 session and knows no rule; the rules are in one file for each family of services.
A rule is a function with the calls that it is about and the source that it was learnt from:

- `refuses(...)` sees a call before it is made, and raises Refusal with AWS's own code to prevent it;
- `answers(...)` sees the answer afterwards, and changes it to what AWS would say;
- `lives` keeps what is on its way: a thing passes through its states as the test's clock goes on, stays
  visible while it is deleted, and keeps its name reserved.
"""

from tests.strict_aws import caches, commands, databases, identity, network, secrets, visibility
from tests.strict_aws.layer import Call, Lost, Refusal, StrictAws

__all__ = ("Call", "Lost", "Refusal", "StrictAws")

RULES = (network, databases, caches, identity, secrets, commands, visibility)
"""The modules whose rules are in force, in this order."""
