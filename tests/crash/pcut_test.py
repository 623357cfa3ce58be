"""What the power-cut shim keeps, drops and damages, seen on small programs that cut themselves."""

import os
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from broker_process import disk_directory  # noqa: E402

import shim  # noqa: E402

SEEDS = range(1, 17)
# Ends every program below: the cut comes while other threads may still be at work.
CUT = "\nos.kill(os.getpid(), signal.SIGUSR2)\ntime.sleep(20)\n"


class PowerCutShim(unittest.TestCase):
    def setUp(self):
        self.work_dir = disk_directory("pcut-test-")
        self.addCleanup(shutil.rmtree, self.work_dir, ignore_errors=True)

    def cut(self, program, seed, mode=None, before=None):
        """Runs program with the root as its working directory; returns the root after the cut."""
        root = pathlib.Path(self.work_dir, f"data-{seed}-{mode}")
        root.mkdir()
        if before:
            before(root)
        environment = shim.environment(root, pathlib.Path(self.work_dir))
        environment["PCUT_SEED"] = str(seed)
        if mode:
            environment["PCUT_MODE"] = mode
        code = "import os, signal, threading, time\n" + program + CUT
        result = subprocess.run([sys.executable, "-c", code], cwd=root, timeout=60,
                                env={**os.environ, **environment}, capture_output=True, check=False)
        self.assertEqual(result.returncode, shim.CUT_EXIT_STATUS, result.stderr.decode())
        return root

    def test_synced_bytes_stay_and_unsynced_bytes_go_or_are_damaged(self):
        program = """
fd = os.open("log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
os.write(fd, b"a" * 10000); os.fdatasync(fd)
directory = os.open(".", os.O_RDONLY); os.fsync(directory)
os.write(fd, b"b" * 20000)
os.close(fd)
"""
        lengths, damaged = set(), 0
        for seed in SEEDS:
            for mode in ("truncate", "damage"):
                content = (self.cut(program, seed, mode) / "log").read_bytes()
                self.assertEqual(content[:10000], b"a" * 10000)
                lengths.add(len(content))
                if content[10000:].strip(b"b"):
                    damaged += 1
                    self.assertEqual(mode, "damage")
        self.assertIn(10000, lengths)
        self.assertGreater(len(lengths), 4)
        self.assertGreater(damaged, len(SEEDS) // 2)

    def test_everything_synced_survives_every_cut(self):
        program = """
os.mkdir("sub")
for name in ("one", "two"):
    fd = os.open("sub/" + name + ".tmp", os.O_CREAT | os.O_WRONLY)
    os.write(fd, name.encode() * 5000); os.fsync(fd); os.close(fd)
    os.rename("sub/" + name + ".tmp", "sub/" + name)
os.unlink("old")
for name in ("sub", "."):
    directory = os.open(name, os.O_RDONLY); os.fsync(directory); os.close(directory)
"""
        for seed in SEEDS:
            root = self.cut(program, seed, before=lambda root: (root / "old").write_bytes(b"x"))
            self.assertEqual(sorted(os.listdir(root)), ["sub"])
            self.assertEqual(sorted(os.listdir(root / "sub")), ["one", "two"])
            self.assertEqual((root / "sub" / "two").read_bytes(), b"two" * 5000)

    def test_names_without_a_directory_sync_may_be_undone(self):
        program = """
fd = os.open("new", os.O_CREAT | os.O_WRONLY)
os.write(fd, b"new"); os.fsync(fd); os.close(fd)
os.rename("new", "current")
os.unlink("old")
"""

        def before(root):
            (root / "current").write_bytes(b"before")
            (root / "old").write_bytes(b"old")

        seen = set()
        for seed in range(1, 41):
            root = self.cut(program, seed, before=before)
            current = (root / "current").read_bytes()
            self.assertIn(current, (b"before", b"new"))
            if (root / "old").exists():
                self.assertEqual((root / "old").read_bytes(), b"old")
            else:
                self.assertEqual(current, b"new", "names are undone newest first")
            seen.add((current, (root / "new").exists(), (root / "old").exists()))
        self.assertIn((b"before", False, True), seen)
        self.assertIn((b"before", True, True), seen)
        self.assertIn((b"new", False, False), seen)

    def test_overwritten_bytes_are_old_new_or_mixed_by_sector(self):
        program = """
fd = os.open("mark", os.O_RDWR)
os.pwrite(fd, b"n" * 2048, 512)
"""
        seen = set()
        for seed in SEEDS:
            root = self.cut(program, seed,
                            before=lambda root: (root / "mark").write_bytes(b"o" * 4096))
            content = (root / "mark").read_bytes()
            self.assertEqual(len(content), 4096)
            self.assertEqual(content[:512] + content[2560:], b"o" * 2048)
            for at in range(512, 2560, 512):
                self.assertIn(content[at:at + 512], (b"n" * 512, b"o" * 512))
            inside = content[512:2560].strip(b"n")
            seen.add("new" if not inside else "old" if inside == b"o" * 2048 else "mixed")
        self.assertEqual(seen, {"old", "new", "mixed"})

    def test_a_truncation_that_was_not_synced_may_be_undone(self):
        program = 'os.close(os.open("log", os.O_WRONLY | os.O_TRUNC))\n'
        seen = set()
        for seed in SEEDS:
            root = self.cut(program, seed,
                            before=lambda root: (root / "log").write_bytes(b"x" * 400))
            seen.add((root / "log").read_bytes())
        self.assertEqual(seen, {b"", b"x" * 400})

    def test_nothing_is_sent_after_the_cut(self):
        # Each number is synced before it is sent, by threads that never stop: a number that arrived
        # but is not in the file was sent from behind the cut.
        program = """
def work(me):
    fd = os.open(f"log{me}", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    directory = os.open(".", os.O_RDONLY); os.fsync(directory)
    for number in range(10**9):
        os.write(fd, b"%12d" % number); os.fdatasync(fd)
        os.write(1, b"%d %12d\\n" % (me, number))
for me in range(4):
    threading.Thread(target=work, args=(me,), daemon=True).start()
time.sleep(0.15)
"""
        for seed in list(SEEDS)[:6]:
            root = pathlib.Path(self.work_dir, f"sent-{seed}")
            root.mkdir()
            environment = shim.environment(root, pathlib.Path(self.work_dir))
            code = "import os, signal, threading, time\n" + program + CUT
            result = subprocess.run([sys.executable, "-c", code], cwd=root, timeout=60,
                                    env={**os.environ, **environment}, capture_output=True,
                                    check=False)
            last = {}
            for line in result.stdout.decode().splitlines():
                me, number = line.split()
                last[me] = int(number)
            self.assertGreater(sum(last.values()), 20, "no load")
            for me, number in last.items():
                content = (root / f"log{me}").read_bytes()
                self.assertEqual(content[12 * number:12 * number + 12], b"%12d" % number)


if __name__ == "__main__":
    unittest.main()
