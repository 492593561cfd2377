"""The systemd unit of a home's runner, as text."""

import sys
from pathlib import Path

_UNIT = """\
[Unit]
Description=lineside runner for {shown}
StartLimitIntervalSec=0

[Service]
Type=exec
Environment={home}
ExecStart={program} -P -m lineside.console runner start --foreground
Restart=on-failure
RestartSec=2
# 3: another runner holds the home, 2: it is told something it does not know. Trying again changes neither.
RestartPreventExitStatus=2 3
# Jobs outlive their runner: neither its restart nor a job that ran out of memory may take the others along.
KillMode=process
OOMPolicy=continue
TasksMax=infinity

[Install]
WantedBy=default.target
"""


def unit(home: Path) -> str:
    """For `systemctl --user`; whoever wants it up without a login needs `loginctl enable-linger`."""
    return _UNIT.format(
        shown=_plain(str(home)), home=_quoted(f"LINESIDE_HOME={home}"), program=_quoted(sys.executable)
    )


def _quoted(text: str) -> str:
    """One word for systemd, whatever is in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_plain(escaped)}"'


def _plain(text: str) -> str:
    return text.replace("%", "%%")
