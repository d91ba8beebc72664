"""The table at the end: each field over all rows, and evenly over captures."""

from collections import Counter

from . import fields, judge

CAP = 25    # hellos of one capture that count: some have hundreds and would hide the others (the corpus' README, 2)


def fields_of(verdicts):
    names = [field.name for field in fields.FIELDS] + [judge.TIME]
    return [name for name in names if any(_rows(verdict, name) for verdict in verdicts)]


def totals(verdicts, name):
    total = Counter()
    for verdict in verdicts:
        for outcome in (judge.RIGHT, judge.WRONG, judge.MISSING, judge.EXCUSED):
            total[outcome] += verdict.tally[name, outcome]
    return total


def share(total):
    judged = total[judge.RIGHT] + total[judge.WRONG] + total[judge.MISSING]
    return total[judge.RIGHT] / judged if judged else 1.0


def capped_share(verdicts, name):
    """The mean over captures, each weighted with its hellos, at most CAP of them."""
    weighted = [(min(_rows(verdict, name), CAP), share(totals([verdict], name))) for verdict in verdicts]
    weight = sum(hellos for hellos, _ in weighted)
    return sum(hellos * right for hellos, right in weighted) / weight if weight else 1.0


def _rows(verdict, name):
    return sum(verdict.tally[name, outcome] for outcome in (judge.RIGHT, judge.WRONG, judge.MISSING))


def write(verdicts, out):
    write_fields(verdicts, fields_of(verdicts), out)
    _write_classes(verdicts, out)


def write_fields(verdicts, names, out):
    print(f"\n{'field':24}{'right':>8}{'wrong':>8}{'missing':>9}{'excused':>9}{'share':>9}"
          f"{f'capped at {CAP}':>15}", file=out)
    for name in names:
        total = totals(verdicts, name)
        print(f"{name:24}{total[judge.RIGHT]:8}{total[judge.WRONG]:8}{total[judge.MISSING]:9}{total[judge.EXCUSED]:9}"
              f"{share(total):9.2%}{capped_share(verdicts, name):15.2%}", file=out)


def _write_classes(verdicts, out):
    classes = sum((verdict.classes for verdict in verdicts), Counter())
    print(f"\n{'rows':24}{'in truth':>9}{'events':>8}{'all core fields right':>23}", file=out)
    for kind in sorted({kind for kind, _ in classes}):
        # Second and repeated hellos ask for no event of their own, scored rows are in the table above.
        found = f"{classes[kind, 'found']:8}{classes[kind, 'right']:23}" if kind not in ("scored", "second", "repeat") \
            else ""
        print(f"{kind:24}{classes[kind, 'rows']:9}{found}", file=out)
