"""Prints TAP, version 12: numbered lines, diagnostics after the line they explain, the plan last."""

import sys

SHORT = 12  # diagnostics of one line that are shown without -v


class Tap:
    def __init__(self, verbose=False, only_failures=False, out=sys.stdout):
        self.verbose = verbose
        self.only_failures = only_failures
        self.out = out
        self.count = 0
        self.failed = 0

    def test(self, passed, name, diagnostics=()):
        self.count += 1
        self.failed += not passed
        if passed and self.only_failures:
            return
        self._print(f"{'ok' if passed else 'not ok'} {self.count} - {name.replace('#', '')}")
        if not passed or self.verbose:
            self.note(diagnostics)

    def note(self, lines):
        lines = list(lines)
        shown = lines if self.verbose else lines[:SHORT]
        for line in shown:
            self._print(f"#   {line}")
        if len(shown) < len(lines):
            self._print(f"#   ... and {len(lines) - len(shown)} more (-v shows them)")

    def finish(self):
        """The plan comes last, since only then the number of tests is known; gives the exit code."""
        self._print(f"1..{self.count}")
        return 1 if self.failed else 0

    def _print(self, line):
        # One capture can take a minute: whoever watches wants each line when it is known.
        print(line, file=self.out, flush=True)


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    return 0


def bail_out(reason):
    print(f"# gives up: {reason}")
    return 1
