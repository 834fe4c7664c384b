"""What holds for every test: drawn cases have no deadline, as a busy machine is no fault.

Processes that tests start keep their compiled modules, whatever the environment says: hundreds of
them start, and to compile Axisor anew takes each as long as all else that it does to begin.
"""

from __future__ import annotations

import os
import sys

from hypothesis import settings

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile("house", deadline=None)
settings.load_profile("house")
