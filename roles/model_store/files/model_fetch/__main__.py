# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Do the work that a file describes, and say in another how far it is.

The token of the hub comes in HF_TOKEN, which nobody but this program and root can read.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import job, mount
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

from model_fetch.client import HubClient
from model_fetch.progress import Progress
from model_fetch.work import run

DONE, FAILED, REFUSED = 0, 1, 2
MINUTE = 60.0


def main() -> int:
    """Run the program; return how it ended."""
    parser = argparse.ArgumentParser(prog="model_fetch", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="the file with the work")
    parser.add_argument("--models", type=Path, required=True, help="the directory of models")
    parser.add_argument("--state", type=Path, required=True, help="the file that says how far it is")
    parser.add_argument("--state-directory", required=True, help="where the disk of the models is remembered")
    parser.add_argument("--patience", type=float, default=15.0, help="minutes without a byte before it gives up")
    arguments = parser.parse_args()
    work = read(arguments.work)
    if not work:
        return DONE
    progress = Progress(arguments.state, str(work["job"]))
    try:
        wrong = mount.problem(str(arguments.models), arguments.state_directory)
        if wrong:
            raise ModelError(wrong)
        with job.lock(arguments.models):
            progress.begin()
            client = HubClient(str(work["endpoint"]), os.environ.get("HF_TOKEN") or None)
            sentences = run(work, arguments.models, client, progress, arguments.patience * MINUTE)
    except (ModelError, OSError) as error:
        sentences = [str(error)]
        print(*sentences, sep="\n", file=sys.stderr)
        if job.holder(arguments.models) is not None:
            return REFUSED
    progress.end(sentences)
    return FAILED if sentences else DONE


def read(path: Path) -> dict[str, Any]:
    """Return the work, or nothing where there is none."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


if __name__ == "__main__":
    sys.exit(main())
