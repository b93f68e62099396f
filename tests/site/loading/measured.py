"""manage.py, and then a line with its peak memory in kB.

Not getrusage(): that counts the process which this one was forked from, too.
"""

import re
import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).resolve().parents[3] / "manage.py"), run_name="__main__")
[peak] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
print(peak)  # noqa: T201  (the test reads it)
