"""What the clients in Python share: unittest, closed by the line that the runner reads."""

import sys
import unittest


def run_tests():
    program = unittest.main(exit=False, verbosity=2, module="__main__")
    result = program.result
    # Each test counts once, however many of its subtests failed.
    broken = {getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors}
    failed = len(broken) + len(result.unexpectedSuccesses) + len(result.skipped)
    sys.stderr.flush()
    print(f"{max(result.testsRun, failed) - failed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed else 0)
