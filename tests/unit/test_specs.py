"""What may be submitted."""

import pytest

from lineside.jobs.execution import specs
from lineside.store.errors import Usage


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ({}, "argv is not a list"),
        ({"argv": []}, "argv is not a list"),
        ({"argv": ["a\0b"]}, "argv holds a NUL"),
        ({"argv": ["x"], "gpu": 1}, "unknown key 'gpu'"),
        ({"argv": ["x"], "cpus": -1}, "cpus = -1"),
        ({"argv": ["x"], "gpus": True}, "gpus = True"),
        ({"argv": ["x"], "cwd": "/no/such/folder"}, "no folder /no/such/folder"),
        ({"argv": ["x"], "retry_on": ["bad luck"]}, "retry on bad luck"),
        ({"argv": ["x"], "after": [{"index": 0}]}, "index 0 is not an earlier job"),
        ({"argv": ["x"], "after": [{"job": 1, "index": 0}]}, "neither a job nor an index"),
        ({"argv": ["x"], "after": [{"job": 1, "condition": "maybe"}]}, "condition 'maybe'"),
        ({"argv": ["x"], "time_limit_s": 0}, "time_limit_s = 0"),
        ({"argv": ["x"], "kind": "cron"}, "kind 'cron'"),
        ({"argv": ["x"], "kind": ["batch"]}, "kind must be text"),
        ({"argv": ["x"], "cwd": "here"}, "no folder here"),
        ({"argv": ["x"], "env": ["A"]}, "env is not an object"),
        ({"argv": ["x"], "env": {"A=B": "1"}}, "no variable can be called 'A=B'"),
        ({"argv": ["x"], "params": 5}, "params is not an object"),
        ({"argv": ["x"], "inputs": [5]}, "inputs is not an object"),
        ({"argv": ["x"], "inputs": [{"name": "digits"}]}, "a name and a version_id"),
        ({"argv": ["x"], "after": 5}, "after is not a list"),
        ({"argv": ["x"], "after": [{"job": "5"}]}, "whole numbers"),
        ({"argv": ["x"], "retry_on": "exit"}, "retry_on is not a list"),
        ({"argv": ["x"], "experiment": 7}, "experiment must be text"),
        ({"argv": ["x"], "priority": 10**12}, "priority = 1000000000000"),
        ({"argv": ["x"], "time_limit_s": float("inf")}, "time_limit_s = inf"),
        ({"argv": ["x"], "name": "n" * 201}, "a name of 201 characters"),
    ],
)
def test_a_bad_job_is_refused_in_words(job: dict[str, object], words: str) -> None:
    with pytest.raises(Usage, match=words):
        specs.read_all([job])


def test_an_unknown_key_is_answered_with_the_one_that_was_meant() -> None:
    with pytest.raises(Usage) as caught:
        specs.read_all([{"argv": ["x"], "prority": 3}])

    assert caught.value.hint == "did you mean 'priority'?"


def test_a_job_without_a_name_is_called_like_its_program() -> None:
    assert specs.read_all([{"argv": ["/usr/bin/python3", "train.py"]}])[0].name == "python3"


def test_nothing_to_submit_is_wrong_usage() -> None:
    with pytest.raises(Usage, match="no job"):
        specs.read_all([])
