"""tests/corpus/exceptions.tsv: rows where hellogate may differ from the truth, each with its reason."""

import re
from dataclasses import dataclass

HEADER = ["capture", "frame", "field", "reason"]
REASON = re.compile(r"RFC \d+ (section|appendix) [0-9A-Z]|\btruth\b", re.IGNORECASE)
LIMIT = re.compile(r"\bdocs/limits\.md\b")
REASON_OR_LIMIT = re.compile(f"{REASON.pattern}|{LIMIT.pattern}", re.IGNORECASE)
KERNEL_EMPTY = "kernel-empty"


@dataclass
class Excuse:
    line: int
    capture: str
    frame: str
    field: str
    reason: str
    used: bool = False

    def __str__(self):
        return f"line {self.line}: {self.capture} frame {self.frame} {self.field}"


class Excuses:
    """All entries are checked for form; only those of `own` fields count here, the rest is the other program's."""

    def __init__(self, path, known_fields, own, reason=REASON):
        self.reason = reason
        self.faults = []
        self.entries = {}
        for excuse in self._read(path):
            self._take(excuse, known_fields)
        self.entries = {key: excuse for key, excuse in self.entries.items() if excuse.field in own}

    def excuses(self, capture, frame, field):
        found = self.entries.get((capture, str(frame), field))
        if found:
            found.used = True
        return found is not None

    def stale(self, captures):
        """Entries of these captures that excused nothing."""
        chosen = set(captures)
        return [str(excuse) for excuse in self.entries.values() if excuse.capture in chosen and not excuse.used]

    def unknown_captures(self, all_captures):
        known = set(all_captures)
        return [f"{excuse}: no such capture" for excuse in self.entries.values() if excuse.capture not in known]

    def _take(self, excuse, known_fields):
        key = (excuse.capture, excuse.frame, excuse.field)
        if excuse.field not in known_fields:
            self.faults.append(f"{excuse}: no such field")
        elif key in self.entries:
            self.faults.append(f"{excuse}: a second time")
        elif not self._is_reason(excuse):
            self.faults.append(f"{excuse}: the reason names neither an RFC section nor the fault of the truth")
        else:
            self.entries[key] = excuse

    def _read(self, path):
        header_seen = False
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            columns = line.split("\t")
            if not line.strip() or line.startswith("#"):
                continue
            if not header_seen:
                header_seen = True
                if columns != HEADER:
                    self.faults.append(f"line {number}: the header is not {' '.join(HEADER)}, tab-separated")
                continue
            if len(columns) != len(HEADER):
                self.faults.append(f"line {number}: {len(columns)} columns, not {len(HEADER)}")
                continue
            yield Excuse(number, *columns)

    def _is_reason(self, excuse):
        allowed = self.reason.search(excuse.reason)
        return allowed or (excuse.field == KERNEL_EMPTY and LIMIT.search(excuse.reason))
