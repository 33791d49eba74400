"""Calls the Python functions of task files on rows made for them, and writes what they give, a line each.

Reads lines {"file", "name", "role", "constants"}; for each, rows are grown until the function takes them: a column that
it misses is added, a value that it cannot take is drawn again. Arguments: a seed and the rows wanted of each function.
"""

import copy
import importlib.util
import json
import logging
import math
import random
import signal
import sys
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

TEXTS = [
    "", " ", "yes", "No.", "A", "B", "the answer is 4", " lead", "trail ", "two  spaces", "a\nb", "naïve café", "日本語の文",
    "emoji 😀", "x\u0301", "Ünïcode ẞ", "1", "42", "3.14", "-7", "#### 12", "(A)", "[\"a\", \"b\"]", "{\"k\": 1}", "A. one\nB. two",
    "$\\frac{1}{2}$", "\\boxed{7}", "tab\there", "Question: why?", "a,b,c", "He said \"hi\"", "it's", "100%", "[title] Step", "A) x",
    "ﬁn", "\u00a0nbsp", "ς", "İstanbul", "0", "True", "None", "x; y", "a/b/c", "end.", "!", "A、B",
]


def value(rng, constants, depth=0):
    kind = rng.random()
    if kind < 0.45 or depth > 2:
        pool = constants if constants and rng.random() < 0.5 else TEXTS
        return rng.choice(pool)
    if kind < 0.6:
        return rng.choice([0, 1, 2, 3, 7, -1, 100])
    if kind < 0.65:
        return rng.choice([0.5, 1.0, 2.25, -0.1, 1e-7, 1e22])
    if kind < 0.7:
        return rng.choice([True, False])
    if kind < 0.73:
        return None
    if kind < 0.93:
        kinds = rng.random()
        length = rng.choice([1, 2, 3, 4, 4, 5, 10])
        if kinds < 0.7:
            return [rng.choice(TEXTS) for _ in range(length)]
        if kinds < 0.85:
            return [rng.randrange(4) for _ in range(length)]
        return [value(rng, constants, depth + 1) for _ in range(length)]
    return Columns(rng, constants, depth + 1)


class Columns(dict):
    """A dict that remembers which keys it was asked for in vain."""

    wanted = []

    def __init__(self, rng, constants, depth):
        super().__init__()
        self.rng, self.constants, self.depth = rng, constants, depth

    def __missing__(self, key):
        Columns.wanted.append((self, key))
        raise KeyError(key)

    def __deepcopy__(self, memo):
        twin = Columns(self.rng, self.constants, self.depth)
        dict.update(twin, {k: copy.deepcopy(v, memo) for k, v in self.items()})
        return twin


def plain(data):
    if isinstance(data, dict):
        return {k: plain(v) for k, v in data.items()}
    if isinstance(data, list):
        return [plain(v) for v in data]
    return data


def printable(data):
    """What both sides can be compared by; tuples and sets are told from lists."""
    name = type(data).__name__
    if data is None or isinstance(data, (bool, str)):
        return data
    if name in ("int", "int64", "int32"):
        return {"int": str(int(data))}
    if name in ("float", "float64"):
        return {"float": repr(float(data))}
    if isinstance(data, list):
        return [printable(v) for v in data]
    if isinstance(data, tuple):
        return {"tuple": [printable(v) for v in data]}
    if isinstance(data, dict):
        return {"dict": [[printable(k), printable(v)] for k, v in data.items()]}
    return {"other": name}


def load(path, modules={}):
    if path not in modules:
        try:
            spec = importlib.util.spec_from_file_location(f"helpers_{len(modules)}", path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            modules[path] = module
        except BaseException as error:
            modules[path] = error
    return modules[path]


class Timeout(Exception):
    pass


LAST_ERROR = [None]


def on_alarm(*_):
    raise Timeout


signal.signal(signal.SIGALRM, on_alarm)


def attempt(call):
    signal.setitimer(signal.ITIMER_REAL, 2)
    try:
        return call(), None
    except Timeout:
        return None, "Timeout"
    except Exception as error:
        LAST_ERROR[0] = error
        return None, type(error).__name__
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def grow(function, rng, constants, others):
    """A row that the function takes, if one is found, with what it gives."""
    row = tried = Columns(rng, constants, 0)
    error = None
    for _ in range(60):
        Columns.wanted = []
        given = copy.deepcopy(row)
        tried = copy.deepcopy(row)
        result, error = attempt(lambda: function(given, *copy.deepcopy(others)))
        if error is None:
            return row, result, None
        wanted = [(owner, key) for owner, key in Columns.wanted if isinstance(key, str)]
        if error == "KeyError" and wanted:
            # The row that was asked is a copy: find its place in the original by the path of keys.
            for owner, key in wanted:
                place(row, given, owner, key, value(rng, constants))
        elif row:
            mutate(row, rng, constants)
        else:
            break
    return tried, None, error


def place(row, given, owner, key, made):
    if owner is given:
        row[key] = made
        return
    for name, member in given.items():
        twin = row.get(name)
        if isinstance(member, Columns) and isinstance(twin, Columns):
            place(twin, member, owner, key, made)
        if isinstance(member, list) and isinstance(twin, list):
            for one, other in zip(member, twin):
                if isinstance(one, Columns):
                    place(other, one, owner, key, made)


def mutate(row, rng, constants):
    name = rng.choice(list(row))
    if isinstance(row[name], Columns) and row[name] and rng.random() < 0.7:
        mutate(row[name], rng, constants)
    else:
        row[name] = value(rng, constants)


def cases(function, role, rng, constants, wanted):
    found = []
    for _ in range(wanted * 3):
        if len(found) >= wanted:
            break
        if role == "samples":
            result, error = attempt(function)
            return [{"error": error} if error else {"value": printable(result)}]
        if role == "process_docs":
            made = process_case(function, rng, constants)
            if made is not None:
                found.append(made)
            continue
        others = []
        if role == "process_results":
            others = [results(rng, constants)]
        row, result, error = grow(function, rng, constants, others)
        if error == "Timeout":
            continue
        case = {"row": plain(row), "others": printable(others)}
        found.append({**case, "error": error} if error else {**case, "value": printable(result)})
    return found


def results(rng, constants):
    if rng.random() < 0.5:
        return [rng.choice(TEXTS + (constants or []))]
    return [(round(-10 * rng.random(), 3), rng.random() < 0.5) for _ in range(rng.choice([1, 2, 4, 5]))]


def process_case(function, rng, constants):
    import datasets

    datasets.disable_progress_bars()
    row = Columns(rng, constants, 0)
    rows = None
    for _ in range(40):
        Columns.wanted = []
        rows = [copy.deepcopy(plain(row)) for _ in range(3)]
        # Other rows of the same shape, so that the columns keep their types.
        for other in rows[1:]:
            for name, member in other.items():
                if isinstance(member, str):
                    other[name] = rng.choice(TEXTS + (constants or []))
        try:
            dataset = datasets.Dataset.from_list(rows) if row else datasets.Dataset.from_list([{"nothing_": 1}])
        except Exception:
            mutate(row, rng, constants)
            continue
        result, error = attempt(lambda: function(dataset))
        if error is None:
            try:
                listed = list(result)
            except Exception:
                return None
            if not isinstance(result, datasets.Dataset):
                return None
            return {"rows": list(dataset), "value": printable(listed)}
        if error == "KeyError":
            missing = LAST_ERROR[0].args[0]
            if isinstance(missing, str) and missing not in row:
                row[missing] = plain(value(rng, constants))
                continue
        if not row:
            return None
        mutate(row, rng, constants)
        for name in row:
            row[name] = plain(row[name])
    return None


def main():
    seed, wanted = int(sys.argv[1]), int(sys.argv[2])
    out = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        task = json.loads(line)
        rng = random.Random(f"{seed} {task['file']} {task['name']} {task['role']}")
        module = load(task["file"])
        answer = {"file": task["file"], "name": task["name"], "role": task["role"]}
        function = None if isinstance(module, BaseException) else getattr(module, task["name"], None)
        if function is None:
            answer["missing"] = repr(module)[:200]
        else:
            answer["cases"] = cases(function, task["role"], rng, task.get("constants"), wanted)
        print(json.dumps(answer), file=out, flush=True)


main()
