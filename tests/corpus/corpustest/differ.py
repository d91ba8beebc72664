"""Says in few lines where two JSON-lines outputs part."""

import json
from itertools import zip_longest

LINES = 4       # differing lines that are shown: the first ones explain the rest
PATHS = 6       # differing values of one line


def differences(left, right, names):
    found = []
    for number, (one, other) in enumerate(zip_longest(left.splitlines(), right.splitlines()), 1):
        if one != other:
            found.append((number, one, other))
    lines = [line for item in found[:LINES] for line in _line(*item, names)]
    if len(found) > LINES:
        lines.append(f"{len(found) - LINES} more lines differ")
    # Bytes can differ where no line does: in the last newline.
    return lines or ([] if left == right else ["only the line ends differ"])


def _line(number, one, other, names):
    if one is None or other is None:
        only, line = (names[1], other) if one is None else (names[0], one)
        return [f"line {number}: only {only}: {_cut(line.decode('utf-8', 'backslashreplace'))}"]
    try:
        values = [dict(_flatten(json.loads(line))) for line in (one, other)]
    except ValueError:
        return [f"line {number}: {name}: {_cut(line.decode('utf-8', 'backslashreplace'))}"
                for name, line in zip(names, (one, other))]
    paths = [path for path in dict.fromkeys([*values[0], *values[1]]) if values[0].get(path) != values[1].get(path)]
    if not paths:
        return [f"line {number}: the same values, written in another way"]
    return [f"line {number}: {path}: {names[0]} {_value(values[0], path)}, {names[1]} {_value(values[1], path)}"
            for path in paths[:PATHS]]


def _flatten(value, path=""):
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flatten(inner, f"{path}.{name}" if path else name)
    else:
        yield path, json.dumps(value)


def _value(values, path):
    return _cut(values[path]) if path in values else "nothing"


def _cut(text, width=80):
    return text if len(text) <= width else f"{text[:width]}..."
