"""Finds the tests of this folder and runs them, one process per module, several at a time.

Each module starts its own brokers on free ports, so modules do not see each other. The last line is
`N passed, M failed`; what failed is printed with its traceback above it.
"""

import argparse
import concurrent.futures
import io
import os
import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "support"))


def run_module(name, pattern):
    """Runs in a process of its own. (name, passed, failed, skipped, seconds, text)."""
    started = time.monotonic()
    loader = unittest.TestLoader()
    if pattern:
        loader.testNamePatterns = [f"*{pattern}*"]
    stream = io.StringIO()
    result = unittest.TextTestRunner(stream=stream, verbosity=0).run(loader.loadTestsFromName(name))
    import support  # pylint: disable=import-outside-toplevel
    support.stop_brokers()
    # Each test counts once, however many of its subtests failed.
    broken = {getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors}
    failed = len(broken) + len(result.unexpectedSuccesses)
    # An error in setUpClass or an import is no test that ran, but a failure all the same.
    ran = max(result.testsRun, failed)
    skipped = len(result.skipped)
    text = stream.getvalue() if failed else ""
    return name, ran - failed - skipped, failed, skipped, time.monotonic() - started, text


def main():
    parser = argparse.ArgumentParser(description="SDK tests of the broker")
    parser.add_argument("modules", nargs="*", help="such as queues or test_queues; default: all")
    parser.add_argument("--long", action="store_true", help="races and sizes in their long form")
    parser.add_argument("-j", "--jobs", type=int, default=max(2, os.cpu_count() or 2))
    parser.add_argument("-k", dest="pattern", help="only tests whose name contains this")
    arguments = parser.parse_args()
    if arguments.long:
        os.environ["SIGNALBOX_LONG_TESTS"] = "1"

    names = sorted(path.stem for path in HERE.glob("test_*.py"))
    if arguments.modules:
        wanted = {"test_" + name.removesuffix(".py").removeprefix("test_")
                  for name in arguments.modules}
        names = [name for name in names if name in wanted]
    passed = failed = skipped = 0
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs, max_tasks_per_child=1) as pool:
        runs = [pool.submit(run_module, name, arguments.pattern) for name in names]
        for run in concurrent.futures.as_completed(runs):
            name, *counts, seconds, text = run.result()
            passed, failed, skipped = (total + count for total, count in
                                       zip((passed, failed, skipped), counts))
            print(text, end="")
            print(f"{name}: {counts[0]} passed, {counts[1]} failed in {seconds:.1f} s", flush=True)
    if skipped:
        print(f"{skipped} skipped: they need --long")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
