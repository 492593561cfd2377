"""The control socket: who may ask what, and how wrong requests are answered."""

import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
import threading
from typing import Any

import pytest
from fixtures.runners import RunnerUnderTest
from fixtures.waiting import PATIENCE_S, until

from lineside.jobs import commands, wire
from lineside.jobs.control import permitted
from lineside.jobs.peers import Peer, actor_of, in_job
from lineside.store import homes
from lineside.store.actors import Actor, Role
from lineside.store.config import Config
from lineside.store.errors import HomeProblem, NotPermitted, Refused, RunnerDown, Usage
from lineside.store.homes import Home
from lineside.store.queries import audit


def test_the_runner_says_who_it_is_and_who_is_asking(busy_runner: RunnerUnderTest) -> None:
    info = busy_runner.ask("runner.info")

    assert (info["pid"], info["home"]) == (busy_runner.pid, str(busy_runner.home.path))
    assert info["you"]["role"] == "admin"
    assert info["problems"] == []
    assert info["slots"] == 2


def test_the_socket_is_open_to_owner_and_group_only(busy_runner: RunnerUnderTest) -> None:
    assert stat.S_IMODE(busy_runner.home.socket.stat().st_mode) == 0o660


def test_a_second_runner_on_one_home_exits_3_and_says_who_holds_it(busy_runner: RunnerUnderTest) -> None:
    command = [sys.executable, "-P", "-m", "lineside.jobs.runner", "--home", str(busy_runner.home.path)]

    second = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    assert second.returncode == 3
    assert f"the runner with pid {busy_runner.pid} already holds" in second.stderr
    assert busy_runner.ask("runner.info")["pid"] == busy_runner.pid


def test_six_starters_at_once_get_one_runner(home: Home) -> None:
    pids: list[int] = []
    racers = [threading.Thread(target=lambda: pids.append(commands.start_runner(home))) for _ in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()

    assert len(pids) == 6
    assert len(set(pids)) == 1
    assert commands.stop_runner(home)
    assert commands.stop_runner(home) is False


def test_ensuring_a_runner_twice_starts_one(home: Home) -> None:
    commands.ensure_runner(home)
    first = commands.runner_info(home)
    commands.ensure_runner(home)

    assert commands.runner_info(home) is not None
    assert first is not None
    assert (commands.runner_info(home) or {})["pid"] == first["pid"]
    commands.stop_runner(home)


def test_asking_where_no_runner_is_says_how_to_start_one(home: Home) -> None:
    assert commands.runner_info(home) is None
    with pytest.raises(RunnerDown, match="no runner is up") as caught:
        commands.ask(home, "jobs.submit", {})
    assert "lineside runner start" in caught.value.hint


def test_a_home_whose_config_is_wrong_gets_no_runner_and_the_reason(home: Home) -> None:
    home.config.write_text("[runner]\nslotz = 1\n")

    with pytest.raises(RunnerDown, match="line 2: unknown key 'slotz'"):
        commands.start_runner(home)


def test_a_folder_that_is_no_home_gets_no_runner(home: Home) -> None:
    home.identity.unlink()
    command = [sys.executable, "-P", "-m", "lineside.jobs.runner", "--home", str(home.path)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    assert (done.returncode, HomeProblem.exit_code) == (1, 1)
    assert "lineside init" in done.stderr
    assert not home.db.exists()


def test_a_home_with_a_very_long_path_has_a_socket(home: Home) -> None:
    deep = Home(home.path / ("d" * 90) / ("e" * 90))
    homes.create(deep)

    commands.start_runner(deep)

    assert (commands.runner_info(deep) or {})["home"] == str(deep.path)
    commands.stop_runner(deep)


def test_wrong_requests_are_answered_in_words_and_end_nothing(busy_runner: RunnerUnderTest) -> None:
    lines = [
        b"not json\n",
        b"[1]\n",
        b'{"v": 9, "id": 7, "verb": "runner.info"}\n',
        b'{"v": 1, "id": 8, "verb": "runner.inof"}\n',
        b'{"v": 1, "id": 9, "verb": "runner.info", "args": 5}\n',
        b'{"v": 1, "id": 10, "verb": "runner.info", "extra": 5}\n',
        b'{"v": 1, "id": 11, "verb": "runner.info", "as": "demo:ana"}\n',
        b'{"v": 1, "id": 12, "verb": "runner.info"}\n',
    ]

    answers = _talk(busy_runner.home, lines)

    assert [a.get("error", {}).get("code") for a in answers[1:]] == ["Usage"] * 6 + ["Refused", None]
    assert answers[4]["error"]["hint"] == "did you mean 'runner.info'?"
    assert answers[8]["id"] == 12


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('{"job": 1180591620717411303424}', "more than 64 bits"),
        ('{"job": "\\ud800"}', "is not text"),
        ('{"a\\u0000b": 1}', "is not text"),
        ("[" * 100_000, "too many brackets"),
        ('{"job": "²"}', "no job '²'"),
        ('{"job": "99999999999999999999"}', "no job '99999999999999999999'"),
    ],
)
def test_what_no_column_can_hold_is_the_askers_fault(
    busy_runner: RunnerUnderTest, value: str, words: str
) -> None:
    line = f'{{"v": 1, "id": 1, "verb": "jobs.cancel", "args": {value}}}\n'

    error = _talk(busy_runner.home, [line.encode()])[1]["error"]

    assert words in error["message"]
    assert error["code"] in ("Usage", "NotFound")


def test_a_line_over_the_limit_is_refused_in_words_and_the_runner_lives(busy_runner: RunnerUnderTest) -> None:
    with wire.connect(busy_runner.home.socket, timeout_s=PATIENCE_S) as sock, sock.makefile("rb") as lines:
        lines.readline()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(b"x" * (2 * wire.LIMIT))
        assert b"a line has at most 1048576 bytes" in lines.readline()

    assert busy_runner.ask("runner.info")["pid"] == busy_runner.pid


def test_half_a_request_does_nothing(busy_runner: RunnerUnderTest) -> None:
    with wire.connect(busy_runner.home.socket, timeout_s=PATIENCE_S) as sock, sock.makefile("rb") as lines:
        lines.readline()
        sock.sendall(b'{"v": 1, "id": 1, "verb": "jobs.submit", "args": {"jobs": [{"argv": ["true"]}]}}')
        sock.shutdown(socket.SHUT_WR)
        assert lines.readline() == b""


def test_silent_clients_leave_room_for_others(runner: RunnerUnderTest) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            sock = stack.enter_context(wire.connect(runner.home.socket, timeout_s=PATIENCE_S))
            stack.enter_context(sock.makefile("rb")).readline()
        with (
            wire.connect(runner.home.socket, timeout_s=PATIENCE_S) as one_more,
            one_more.makefile("rb") as lines,
        ):
            assert "200 connections are open" in json.loads(lines.readline())["error"]["message"]

    until(lambda: _is_free(runner))


def _is_free(runner: RunnerUnderTest) -> bool:
    """The runner notices a moment later that the others have hung up."""
    try:
        return bool(runner.ask("runner.info")["pid"] == runner.pid)
    except Refused:
        return False


def test_a_runner_of_another_version_is_named(home: Home) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other, wire.short_path(home.socket) as name:
        other.bind(name)
        other.listen()
        hello = {"hello": "lineside", "v": 99, "version": "9.0", "pid": 7}

        def speak() -> None:
            with other.accept()[0] as asker:
                asker.sendall(wire.encode(hello))

        speaker = threading.Thread(target=speak)
        speaker.start()
        with pytest.raises(RunnerDown, match=r"lineside 9\.0 and speaks protocol 99"):
            commands.ask(home, "runner.info", {})
        speaker.join()


def test_a_peer_that_has_ended_counts_as_a_job() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()

    assert in_job(ended.pid)
    assert not in_job(os.getpid())


def test_two_people_may_choose_the_same_key(runner: RunnerUnderTest) -> None:
    jobs = {"jobs": [{"argv": ["true"], "cwd": "/"}]}
    runner.home.identity.write_text(json.dumps({"demo": True}))

    first = commands.ask(runner.home, "jobs.submit", jobs, key="k", acting_as="demo:ana")
    second = commands.ask(runner.home, "jobs.submit", jobs, key="k", acting_as="demo:ben")

    assert first != second
    assert commands.ask(runner.home, "jobs.submit", jobs, key="k", acting_as="demo:ana") == first


def test_a_job_may_submit_but_not_stop_the_runner(busy_runner: RunnerUnderTest) -> None:
    code = (
        "import os; from pathlib import Path\n"
        "from lineside.jobs import commands; from lineside.store.homes import Home\n"
        "home = Home(Path(os.environ['LINESIDE_HOME']))\n"
        "print(commands.ask(home, 'jobs.submit', {'jobs': [{'argv': ['true']}]}))\n"
        "try: commands.ask(home, 'runner.stop', {})\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    job = busy_runner.python(code)

    assert busy_runner.wait_for(job).state == "SUCCEEDED"
    assert "NotPermitted runner.stop cannot be asked from inside a job" in busy_runner.log(job)
    assert busy_runner.wait_for(job + 1).state == "SUCCEEDED"


def test_a_mask_is_for_demo_homes_only_and_stands_in_the_audit(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    demo = Home(tmp_path_factory.mktemp("masked") / "home")
    homes.create(demo, demo=True)
    plain = Home(tmp_path_factory.mktemp("plain") / "home")
    homes.create(plain)
    me = Peer(pid=os.getpid(), uid=os.getuid(), in_job=False)

    assert actor_of(me, demo, Config(), acting_as="demo:ana").label == "demo:ana"
    for home, mask in ((plain, "demo:ana"), (demo, "ana"), (demo, "demo:Ana"), (demo, "demo:"), (demo, 5)):
        with pytest.raises(Refused, match="nobody may act as"):
            actor_of(me, home, Config(), acting_as=mask)


def test_roles_come_from_the_config_and_the_owner_is_admin(home: Home) -> None:
    config = Config(roles={"nobody": Role.APPROVER})
    import pwd

    nobody = pwd.getpwnam("nobody").pw_uid
    assert actor_of(Peer(pid=1, uid=nobody, in_job=False), home, config).role == Role.APPROVER
    assert actor_of(Peer(pid=1, uid=nobody, in_job=False), home, Config()).role == Role.VIEWER
    assert actor_of(Peer(pid=1, uid=54321, in_job=False), home, config).name == "54321"
    me = Peer(pid=os.getpid(), uid=os.getuid(), in_job=False)
    assert actor_of(me, home, Config()).role == Role.ADMIN


def test_a_role_that_does_not_reach_is_told_what_it_takes(busy_runner: RunnerUnderTest) -> None:
    import lineside.jobs.verbs.runner  # noqa: F401  # registers what is asked for below

    with pytest.raises(NotPermitted, match=r"eve is viewer; runner\.stop takes admin"):
        permitted("runner.stop", Actor(uid=7, name="eve", role=Role.VIEWER))
    with pytest.raises(Usage, match="no verb"):
        permitted("runner.dance", Actor(uid=7, name="eve", role=Role.ADMIN))


def test_nan_and_the_infinities_cross_the_socket_as_words() -> None:
    line = wire.encode({"a": [float("nan"), float("inf"), -float("inf"), 1.5]})

    assert json.loads(line) == {"a": ["NaN", "Infinity", "-Infinity", 1.5]}
    assert wire.number("-Infinity") == -float("inf")
    assert wire.number(2.0) == 2.0
    assert wire.number(None) is None


def test_stopping_is_written_down(runner: RunnerUnderTest) -> None:
    runner.ask("runner.stop")

    assert audit.newest(runner.db)[0].verb == "runner.stop"


def _talk(home: Home, lines: list[bytes]) -> list[dict[str, Any]]:
    """Send each line on one connection; the hello and all answers."""
    with wire.connect(home.socket, timeout_s=PATIENCE_S) as sock, sock.makefile("rb") as answers:
        return [json.loads(answers.readline()), *(_one(sock, answers, line) for line in lines)]


def _one(sock: socket.socket, answers: Any, line: bytes) -> dict[str, Any]:
    sock.sendall(line)
    answer: dict[str, Any] = json.loads(answers.readline())
    return answer
