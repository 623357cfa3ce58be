"""Starts, kills and restarts signalbox processes for tests and benchmarks.

Standard library only, so that it runs before any virtual environment exists. Each Broker owns its
process and, when none was given, its data directory; both are gone after close(). Data directories
lie on a real disk: a durability test on tmpfs proves nothing.
"""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MEMORY_FILE_SYSTEMS = ("tmpfs", "ramfs", "devtmpfs")
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 15.0
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class BrokerError(Exception):
    """The broker did not do what a test needs in order to go on."""


def binary_path():
    """$SIGNALBOX, or the release build."""
    path = os.environ.get("SIGNALBOX") or str(REPOSITORY / "build" / "release" / "signalbox")
    if not os.access(path, os.X_OK):
        raise BrokerError(f"no broker at {path}: build it with script/build or set $SIGNALBOX")
    return path


def file_system_of(path):
    """The type of the file system that holds path, as /proc/self/mountinfo names it."""
    device = os.stat(path).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    best_point, best_type = "", "unknown"
    real = os.path.realpath(path)
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        for line in mounts:
            left, _, right = line.partition(" - ")
            fields = left.split()
            point = fields[4]
            inside = real == point or real.startswith(point.rstrip("/") + "/")
            if inside and (fields[2] == wanted or best_type == "unknown"):
                if len(point) >= len(best_point):
                    best_point, best_type = point, right.split()[0]
    return best_type


def disk_directory(prefix):
    """A new directory on a disk: in $SIGNALBOX_TEST_DIR, else /var/tmp, else the build folder."""
    candidates = [os.environ.get("SIGNALBOX_TEST_DIR"), "/var/tmp", str(REPOSITORY / "build")]
    for parent in filter(None, candidates):
        if os.path.isdir(parent) and os.access(parent, os.W_OK):
            if file_system_of(parent) not in MEMORY_FILE_SYSTEMS:
                return tempfile.mkdtemp(prefix=prefix, dir=parent)
    raise BrokerError("no writable directory on a disk: set SIGNALBOX_TEST_DIR to one")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    """One signalbox process. Options are the flags of `signalbox serve` as a list of strings."""

    def __init__(self, options=(), data_dir=None, environment=None, binary=None):
        self.options = list(options)
        self.environment = dict(environment or {})
        self.binary = binary or binary_path()
        self.work_dir = disk_directory("signalbox-test-")
        self.data_dir = data_dir or os.path.join(self.work_dir, "data")
        self.log_path = os.path.join(self.work_dir, "stderr.log")
        self.ready_path = os.path.join(self.work_dir, "ready")
        self.process = None
        self.host, self.port = "127.0.0.1", 0

    @property
    def pid(self):
        return self.process.pid

    @property
    def endpoint(self):
        return f"http://{self.host}:{self.port}"

    def command(self, listen="127.0.0.1:0"):
        return [self.binary, "serve", "--listen", listen, "--data-dir", self.data_dir,
                "--ready-file", self.ready_path, *self.options]

    def spawn(self, environment=None):
        """Starts the process without waiting for it."""
        if os.path.exists(self.ready_path):
            os.unlink(self.ready_path)
        # SIGNALBOX_* are settings of the broker: a test's broker has those of its options only.
        inherited = {name: value for name, value in os.environ.items()
                     if not name.startswith("SIGNALBOX")}
        variables = {**inherited, **self.environment, **(environment or {})}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=variables)

    def start(self, environment=None):
        """Starts the process and returns once its health answers 200."""
        self.spawn(environment)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._is_ready():
            if self.process.poll() is not None:
                raise BrokerError(f"the broker exited with {self.process.returncode} while "
                                  f"starting:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                self.kill()
                raise BrokerError(f"the broker was not ready in {START_TIMEOUT_S} s:\n"
                                  f"{self.log_tail()}")
            time.sleep(0.002)
        return self

    def _is_ready(self):
        try:
            with open(self.ready_path, encoding="utf-8") as ready:
                address = ready.read().split()
        except FileNotFoundError:
            return False
        if not address:
            return False
        host, _, port = address[0].rpartition(":")
        self.host, self.port = host, int(port)
        try:
            return self.get("/_signalbox/health")[0] == 200
        except OSError:
            return False

    def get(self, path, headers=None, timeout_s=10):
        """(status, headers, body) of one GET on a fresh connection."""
        return self.request("GET", path, b"", headers, timeout_s)

    def request(self, method, path, body=b"", headers=None, timeout_s=30):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout_s)
        try:
            connection.request(method, path, body=body or None, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def advance(self, duration):
        """Moves a --test-clock broker's time; duration as in ISO 8601, e.g. PT5M."""
        body = json.dumps({"advance": duration}).encode()
        status, _, answer = self.request("POST", "/_signalbox/clock", body,
                                         {"Content-Type": "application/json"})
        if status != 200:
            raise BrokerError(f"advancing the clock answered {status}: {answer[:300]!r}")

    def kill(self):
        """SIGKILL: what the process had not handed to the kernel is gone."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def terminate(self):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self, timeout_s=STOP_TIMEOUT_S):
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise BrokerError(f"the broker did not exit in {timeout_s} s:\n{self.log_tail()}")

    def restart(self, environment=None):
        self.kill()
        return self.start(environment)

    def close(self):
        self.kill()
        shutil.rmtree(self.work_dir, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def log_tail(self, lines=30):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as log:
                return "".join(log.readlines()[-lines:])
        except FileNotFoundError:
            return "(no log)"

    def rss_bytes(self):
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * PAGE_BYTES

    def cpu_seconds(self):
        """User and system time of all its threads so far."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S
