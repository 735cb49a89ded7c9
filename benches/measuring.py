"""What the benchmarks share: a command run to its end, and what it took."""

import os
import subprocess
import sys
import tempfile
import time


def measure(command: list[str], environment: dict | None = None) -> dict:
    """Wall and CPU seconds, peak memory in MiB, and the last line of output.

    The measuring process must be small when it calls this: on Linux what it holds counts as its child's memory.
    """
    with tempfile.TemporaryFile("w+") as output:
        began = time.perf_counter()
        child = os.posix_spawnp(
            command[0],
            command,
            os.environ if environment is None else environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, output.fileno(), 1)],
        )
        _, status, usage = os.wait4(child, 0)
        wall = time.perf_counter() - began
        if status != 0:
            sys.exit(f"{' '.join(command)} failed with status {os.waitstatus_to_exitcode(status)}")
        size = output.seek(0, os.SEEK_END)
        output.seek(max(0, size - 200_000))
        last = output.read().splitlines()[-1:]
    peak = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": peak, "last": last[0] if last else ""}


class Sandbox:
    """The built sandbox at work, and the environment that leads clients to it."""

    def __init__(self, binary: str, *options: str):
        import json

        self.process = subprocess.Popen(
            [binary, "sandbox", "--output", "json", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the sandbox did not start")
        about = json.loads(line)
        self.endpoint = about["endpoint"]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.environment = inherited | about["environment"]

    def suffer(self, plan: str) -> None:
        import urllib.request

        request = urllib.request.Request(f"{self.endpoint}/_sandbox/faults", data=plan.encode(), method="PUT")
        urllib.request.urlopen(request).close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
