"""Where the power-cut shim is and how a process is run under it."""

import os
import pathlib

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CUT_EXIT_STATUS = 137


def library():
    """$PCUT, or the shim of the same build as the broker, or of the release build."""
    beside_broker = pathlib.Path(os.environ.get("SIGNALBOX", "")).parent / "tests" / "pcut.so"
    candidates = [os.environ.get("PCUT"), beside_broker,
                  REPOSITORY / "build" / "release" / "tests" / "pcut.so"]
    for path in filter(None, candidates):
        if os.path.isfile(path):
            return os.path.abspath(path)
    raise FileNotFoundError("no pcut.so: build the target pcut, or set $PCUT")


def environment(data_dir, work_dir):
    """Variables that put a process under the shim. work_dir: on data_dir's disk, not below it."""
    stash = pathlib.Path(work_dir) / "removed"
    stash.mkdir(exist_ok=True)
    return {"LD_PRELOAD": library(), "PCUT_ROOT": os.path.realpath(data_dir),
            "PCUT_STASH": os.path.realpath(stash),
            "PCUT_REPORT": os.path.join(os.path.realpath(work_dir), "cuts.txt")}
