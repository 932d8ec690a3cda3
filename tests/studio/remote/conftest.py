"""The studio's contract suite and the servers of these tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # contract.py
