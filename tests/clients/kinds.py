"""The kinds of clients: how libraries are fetched as locked, and how a program is made and run.

A kind is one row of KINDS and is known by its lock file. A client works in build/clients/NAME,
where its sources are copied to, since Node.js looks for libraries above a program's own place.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "clients"
BUILD = ROOT / "build" / "clients"
LIBRARIES = "libraries"


class ToolFailed(Exception):
    def __init__(self, what, output=""):
        super().__init__(what)
        self.output = output


def run_tool(command, folder):
    # Go would fetch another toolchain where a library asks for one; the locked ones do not.
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    done = subprocess.run([str(part) for part in command], cwd=folder, env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise ToolFailed(f"{' '.join(str(part) for part in command[:3])} ... failed", done.stdout)


class Python:
    tools = ("python3",)
    option = "--tests"
    libraries = LIBRARIES

    @staticmethod
    def install(work):
        # Debian's own interpreter: another python3 on PATH may lack venv, or be gone tomorrow.
        python = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else "python3"
        run_tool([python, "-m", "venv", "--clear", LIBRARIES], work)
        run_tool([f"{LIBRARIES}/bin/python", "-m", "pip", "install", "--quiet",
                  "--disable-pip-version-check", "-r", "requirements.txt"], work)

    @staticmethod
    def make(work):
        return [work / LIBRARIES / "bin" / "python", "main.py"]


class Node:
    tools = ("node", "npm")
    option = "--clients"
    libraries = "node_modules"

    @staticmethod
    def install(work):
        run_tool(["npm", "ci", "--no-audit", "--no-fund"], work)

    @staticmethod
    def make(_):
        return ["node", "main.mjs"]


class Go:
    tools = ("go",)
    option = "--clients"
    libraries = LIBRARIES

    @staticmethod
    def install(work):
        # Into Go's own cache, which checks them against go.sum.
        run_tool(["go", "mod", "download"], work)
        (work / LIBRARIES).mkdir(exist_ok=True)

    @staticmethod
    def make(work):
        # A package is a folder: what clients share has to stand in it.
        for source in (BUILD / "support").glob("*.go"):
            shutil.copy(source, work)
        run_tool(["go", "build", "-mod=readonly", "-o", "client", "."], work)
        return [work / "client"]


class Rust:
    tools = ("cargo",)
    option = "--clients"
    libraries = LIBRARIES

    @staticmethod
    def install(work):
        # Into Cargo's own cache, which checks them against Cargo.lock.
        run_tool(["cargo", "fetch", "--locked"], work)
        (work / LIBRARIES).mkdir(exist_ok=True)

    @staticmethod
    def make(work):
        run_tool(["cargo", "build", "--locked", "--offline", "--target-dir", "target"], work)
        return [work / "target" / "debug" / "client"]


class Java:
    tools = ("javac", "mvn")
    option = "--clients"
    libraries = LIBRARIES

    @staticmethod
    def install(work):
        run_tool(["mvn", "-q", "-B", "dependency:copy-dependencies",
                  f"-DoutputDirectory={LIBRARIES}"], work)

    @staticmethod
    def make(work):
        sources = sorted([*work.glob("*.java"), *(BUILD / "support").glob("*.java")])
        run_tool(["javac", "-parameters", "-d", "classes", "-cp", f"{LIBRARIES}/*", *sources], work)
        return ["java", "-cp", f"classes:{LIBRARIES}/*", "Main"]


KINDS = {"requirements.txt": Python, "package-lock.json": Node, "go.sum": Go, "pom.xml": Java,
         "Cargo.lock": Rust}


def client_names():
    """Every folder but the one that clients share."""
    return sorted(path.name for path in HERE.iterdir()
                  if path.is_dir() and path.name not in ("support", "__pycache__"))


def copy_files(source, target):
    """The files of source, and no older ones. Folders stay: the libraries are one."""
    target.mkdir(parents=True, exist_ok=True)
    for path in target.iterdir():
        if path.is_file():
            path.unlink()
    for path in source.iterdir():
        if path.is_file():
            shutil.copy(path, target)


class Client:
    def __init__(self, folder):
        self.folder = folder
        self.name = folder.name
        self.work = BUILD / folder.name
        locks = [folder / name for name in KINDS if (folder / name).is_file()]
        if len(locks) != 1:
            raise SystemExit(f"{folder}: exactly one of {', '.join(KINDS)} says what kind of "
                             f"client it is; there are {len(locks)}")
        self._lock = locks[0]
        self._kind = KINDS[self._lock.name]
        self._stamp = self.work / self._kind.libraries / ".installed"

    def problem(self):
        """Why it cannot run, with the command that helps; nothing when it can."""
        missing = [tool for tool in self._kind.tools if not shutil.which(tool)]
        if missing:
            what = f"there is no {' and no '.join(missing)} here"
        elif not self._stamp.is_file() or self._stamp.read_text() != self._digest():
            what = f"its libraries are not installed as {self._lock.name} says"
        else:
            return ""
        return f"{self.name}: {what}. To install them: script/bootstrap {self._kind.option}"

    def install(self):
        copy_files(self.folder, self.work)
        shutil.rmtree(self.work / self._kind.libraries, ignore_errors=True)
        self._kind.install(self.work)
        # Last, so that an interrupted installation is made again.
        self._stamp.write_text(self._digest())

    def make(self):
        """Copies and compiles the program; returns the command that runs it in self.work."""
        copy_files(self.folder, self.work)
        return [str(part) for part in self._kind.make(self.work)]

    def _digest(self):
        return hashlib.sha256(self._lock.read_bytes()).hexdigest()
