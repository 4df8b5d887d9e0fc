"""Run all benchmarks, or those named, one after the other."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import bench
from bench.machine import describe


def main() -> None:
    """Each module of this package that has a ``main`` is a benchmark."""
    names = [module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_")]
    wanted = sys.argv[1:] or names
    unknown = [name for name in wanted if name not in names]
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are {', '.join(names)}")
    if len(wanted) == 1:
        print(describe(), flush=True)
        _run(wanted[0])
        return
    # each in a process of its own: a child's peak memory begins with what its parent has, and that has what others left
    for name in wanted:
        subprocess.run((sys.executable, "-m", "bench", name), check=True)


def _run(name: str) -> None:
    module = importlib.import_module(f"bench.{name}")
    if hasattr(module, "main"):
        print(f"\n== {name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
        module.main()


if __name__ == "__main__":
    main()
