"""Where the corpus and the binary are, and which captures were asked for."""

import argparse
import fnmatch
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
EXCEPTIONS = Path(__file__).resolve().parents[1] / "exceptions.tsv"
ANSWERS = EXCEPTIONS.with_name("answers.tsv")


def corpus():
    return Path(os.environ.get("CORPUS") or ROOT.parent / "shared" / "corpus")


def binary():
    return Path(os.environ.get("HELLOGATE") or ROOT / "build" / "hellogate")


def corpus_missing(place):
    """The reason to skip, or None."""
    if (place / "pcap").is_dir() and (place / "truth" / "ALL.client_hellos.dev.tsv").is_file():
        return None
    return f"corpus not found at {place}: set CORPUS=DIR"


def binary_missing(path):
    """The reason to bail out, or None: a suite without its subject must not look like a pass."""
    if os.access(path, os.X_OK) and path.is_file():
        return None
    return f"no executable at {path}: build it, or set HELLOGATE=FILE"


def captures(place, globs):
    names = sorted(path.name for path in (place / "pcap").iterdir() if path.is_file())
    if not globs:
        return names
    return [name for name in names if any(fnmatch.fnmatch(name, glob) for glob in globs)]


def options(description, argv):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("-k", metavar="GLOB", action="append", default=[], dest="globs",
                        help="only captures whose name matches (may be given again)")
    parser.add_argument("-v", action="store_true", dest="verbose", help="all diagnostics, of passing tests too")
    parser.add_argument("--only-failures", action="store_true", help="leave out the lines of passing tests")
    return parser.parse_args(argv)
