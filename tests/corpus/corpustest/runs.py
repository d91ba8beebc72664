"""Runs the binary on a capture, within a time limit, two at a time."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

TIME_LIMIT = 60
PROCESSES = 2
SANITIZER = (b"AddressSanitizer", b"UndefinedBehaviorSanitizer", b"LeakSanitizer", b"runtime error: ")


@dataclass(frozen=True)
class Run:
    code: int
    out: bytes
    err: bytes
    timed_out: bool = False

    @property
    def crash(self):
        """What went wrong in the process itself, or None."""
        if self.timed_out:
            return f"still running after {TIME_LIMIT} s"
        if self.code < 0:
            return f"killed by signal {-self.code}"
        if self.code >= 128:
            return f"exit code {self.code} (a signal, seen through a wrapper)"
        # UBSan goes on after a finding and leaves the exit code alone, so stderr must be read.
        if any(word in self.err for word in SANITIZER):
            return "a sanitizer reported"
        return None

    def last_words(self):
        return [line for line in self.err.decode("utf-8", "replace").splitlines() if line.strip()][-3:]


def run(argv):
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired as late:
        return Run(-9, late.stdout or b"", late.stderr or b"", timed_out=True)
    except OSError as refused:
        # A wrong binary must fail each test by name, not end the suite in a traceback.
        return Run(126, b"", str(refused).encode())
    return Run(done.returncode, done.stdout, done.stderr)


def in_pool(function, items):
    """Yields results in the order of items, each as soon as it and those before it are there."""
    with ThreadPoolExecutor(PROCESSES) as pool:
        yield from pool.map(function, items)
