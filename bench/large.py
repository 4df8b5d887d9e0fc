"""``xds status`` and ``xds tree`` of 10 000 and 100 000 resources: processor time and memory of the whole command."""

from __future__ import annotations

import os
import subprocess
import sys

SIZES = (1_667, 16_670)
"""Istio services, six resources each."""


def measured(command: str, address: str) -> tuple[float, float]:
    """Processor seconds and peak MiB of one run."""
    program = (sys.executable, "-m", "meshtui", "xds", command, address, "--timeout", "300")
    child = subprocess.Popen(program, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command} ended with {child.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)


def main() -> None:
    for services in SIZES:
        target = (sys.executable, "-m", "bench._csds_target", str(services))
        with subprocess.Popen(target, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as serving:
            assert serving.stdin is not None
            assert serving.stdout is not None
            address = serving.stdout.readline().strip()
            for command in ("status", "tree"):
                seconds, mebibytes = measured(command, address)
                print(f"{services * 6:>7} resources  {command:<6}  {seconds:6.1f} s  {mebibytes:5.0f} MiB")
            serving.stdin.close()


if __name__ == "__main__":
    main()
