"""The real pynvml over a small C library in the place of NVIDIA's: loading, old drivers, an upgrade."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import fixtures
import pytest

SOURCE = Path(fixtures.__file__).with_name("nvml.c")
LIBRARY = "libnvidia-ml.so.1"
STORY = """
import json, os, sys
from dataclasses import asdict
from lineside.jobs.devices.nvml import RETRY_S, Nvml

asked, told = Nvml(), []

def look(at, driver):
    with open(os.environ["FAKE_DRIVER"], "w") as file:
        file.write(str(driver))
    told.append(asdict(asked.look(at=at)))

look(0.0, 1)
look(5.0, 0)  # the old driver is unloaded
os.replace("new.so", sys.argv[1])
look(5.0 + RETRY_S, 2)
asked.close()
look(100.0, 3)  # another one, whose library is not there yet
print(json.dumps(told))
"""


@pytest.fixture
def told(tmp_path: Path) -> list[dict[str, Any]]:
    """What was seen of a driver that goes away, comes back as another version, and then as a third."""
    if (compiler := shutil.which("cc")) is None:
        pytest.skip("no C compiler here")
    for name, version in ((LIBRARY, 1), ("new.so", 2)):
        shared = [compiler, "-shared", "-fPIC", "-w", f"-DVERSION={version}", f"-Wl,-soname,{LIBRARY}"]
        subprocess.run([*shared, "-o", str(tmp_path / name), str(SOURCE)], check=True)
    env = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path), "FAKE_DRIVER": str(tmp_path / "driver")}
    out = subprocess.check_output([sys.executable, "-c", STORY, LIBRARY], env=env, cwd=tmp_path, text=True)
    seen: list[dict[str, Any]] = json.loads(out)
    return seen


def test_the_library_is_read_through_pynvml_and_follows_an_upgrade_of_the_driver(
    told: list[dict[str, Any]],
) -> None:
    first, gone, upgraded, mismatch = told

    [gpu] = first["gpus"]
    assert (gpu["uuid"], gpu["name"], gpu["util"], gpu["temp_c"]) == ("GPU-c", "C1", 7, 41)
    assert (gpu["mem_used_bytes"], gpu["mem_total_bytes"], gpu["watts"]) == (60, 80, 70.5)
    assert gpu["energy_j"] is None
    assert [(each["pid"], each["bytes"]) for each in gpu["held"]] == [(41, 20), (42, None)]
    assert gone["words"].startswith("the NVIDIA driver does not answer (Driver Not Loaded)")
    assert [each["name"] for each in upgraded["gpus"]] == ["C2"]
    assert mismatch["gpus"] == []
    assert mismatch["words"].startswith("the NVIDIA driver was upgraded and its old half still runs")
