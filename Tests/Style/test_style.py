"""What no compiler checks: the arrows between floors, what may be imported, the length of files."""

import re
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]
MANIFEST = (PACKAGE / "Package.swift").read_text()
FILE_LINES_LIMIT = 500
SYSTEM_MODULES = {"Glibc", "Synchronization", "Testing", "Builtin", "Swift"}
TOP_FLOORS = {"nearcached": 7}
SKIPPED = {".build", ".git", "__pycache__", ".venv"}


def floors():
    """The floor of every target: rooms name theirs, what has none stands on the ground."""
    found = {name: 0 for name in re.findall(r'\.(?:target|systemLibrary)\(\s*name: "(\w+)"', MANIFEST)}
    found |= {name: int(floor) for name, floor in re.findall(r'room\(\s*"(\w+)",\s*floor: (\d+)', MANIFEST)}
    return found | TOP_FLOORS


def sources(*folders, suffixes=(".swift",)):
    for folder in folders:
        for path in sorted((PACKAGE / folder).rglob("*")):
            if path.suffix in suffixes and not SKIPPED & set(path.relative_to(PACKAGE).parts):
                yield path


def imports(path):
    return re.findall(r"^\s*(?:@\S+\s+)*(?:public |internal |private )?import (?:\w+ )?(\w+)", path.read_text(), re.M)


def test_arrows_run_downward():
    floor_of, wrong = floors(), []
    for path in sources("Sources"):
        room = path.relative_to(PACKAGE / "Sources").parts[0]
        for name in imports(path):
            if name in SYSTEM_MODULES:
                continue
            # On the ground floor the C targets carry the Swift one.
            is_below = floor_of.get(name, 99) < floor_of[room]
            is_ground = floor_of.get(name) == floor_of[room] == 0 and name.startswith("C")
            if not is_below and not is_ground:
                wrong.append(f"{path.relative_to(PACKAGE)} imports {name}")
    assert not wrong, wrong


def test_no_foundation_and_no_dispatch():
    wrong = [str(path) for path in sources("Sources") if {"Foundation", "FoundationEssentials", "Dispatch"} & set(imports(path))]
    assert not wrong, wrong


def test_files_are_short():
    suffixes = (".swift", ".c", ".h", ".py")
    long = {str(path.relative_to(PACKAGE)): count for path in sources("Sources", "Tests", "Benchmarks", "Examples", suffixes=suffixes)
            if (count := len(path.read_text().splitlines())) > FILE_LINES_LIMIT}
    assert not long, long


def committed_text():
    folders = ("Sources", "Tests", "Benchmarks", "Examples", "conf", "scripts", "docs", ".ci")
    paths = [path for folder in folders for path in sorted((PACKAGE / folder).rglob("*")) if path.is_file()]
    paths += [PACKAGE / name for name in ("Package.swift", "README.md", "CONTRIBUTING.md")]
    for path in paths:
        if path.exists() and not SKIPPED & set(path.relative_to(PACKAGE).parts) and path != Path(__file__).resolve():
            data = path.read_bytes()
            if b"\0" not in data:
                yield path.relative_to(PACKAGE), data.decode(errors="replace")


def lines_with(pattern):
    return [f"{path}:{number}: {line.strip()[:100]}" for path, text in committed_text()
            for number, line in enumerate(text.splitlines(), 1) if re.search(pattern, line)]


def test_nothing_is_left_to_do():
    found = lines_with(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert not found, found


def test_no_paths_of_one_machine():
    found = lines_with(r"(?<![\w.$}/])/(work|root|home/\w+|opt/swift|Users)/")
    assert not found, found
