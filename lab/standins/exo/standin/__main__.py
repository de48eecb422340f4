# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Start the stand-in; run as a file by its launcher, so the package is put on the path first."""

import sys
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from exo_standin.cli import main  # type: ignore[import-not-found]  # below the folder that was just added

sys.exit(main())
