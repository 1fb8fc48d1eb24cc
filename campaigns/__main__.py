"""`python -m campaigns`: the command line."""

from __future__ import annotations

import sys

from campaigns.cli import main

sys.exit(main())
