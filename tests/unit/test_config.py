"""config.toml: every mistake names its line and what was probably meant."""

import pytest

from lineside.store import config, toml
from lineside.store.actors import Role
from lineside.store.errors import BadConfig
from lineside.store.homes import Home


def test_a_home_without_a_file_has_all_defaults(home: Home) -> None:
    assert config.load(home) == config.Config()


def test_what_the_file_says_is_read() -> None:
    read = config.parse(
        '[roles]\nmaria = "approver"\n[runner]\nslots = 3\npoll_s = 2\n[policy]\nttl_h = 1.5\n'
    )

    assert read.roles == {"maria": Role.APPROVER}
    assert (read.runner.slots, read.runner.poll_s) == (3, 2)
    assert (read.policy.ttl_h, read.policy.approvals_min) == (1.5, 1)


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ("[runner]\nslots = 2\nslotz = 3\n", r"\[runner\]: line 3: unknown key 'slotz'", "'slots'?"),
        ("\n[runer]\nslots = 2\n", "config.toml: line 2: unknown key 'runer'", "did you mean 'runner'?"),
        ("[runner]\nslots = 'two'\n", "line 2: slots = 'two' is not of type int", "for the default"),
        ("[policy]\napprovals_min = true\n", "line 2: approvals_min = True is not of type int", "default, 1"),
        ("[queue]\ngpu_slots = 0\n", r"\[queue\]: gpu_slots = 0", "1 or more"),
        ("[queue]\nper_person_gpus = -1\n", r"\[queue\]: per_person_gpus = -1", "0 or more"),
        ('[roles]\nann = "admin"\nbob = "aprover"\n', "line 3: 'aprover' is not a role", "'approver'?"),
        ("[runner\n", "config.toml: Expected ']'", "https://toml.io"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_line_and_what_was_meant(text: str, words: str, hint: str) -> None:
    with pytest.raises(BadConfig, match=words) as caught:
        config.parse(text)

    assert hint in caught.value.hint


def test_lines_are_found_for_tables_dotted_keys_and_quoted_names() -> None:
    _, line_of = toml.parse(
        'a = 1\n[pipeline."my one".stage.train]\ncmd = "x"\nlimits.time = 3\n', "lineside.toml"
    )

    assert [line_of(keys) for keys in (
        ["a"], ["pipeline", "my one", "stage", "train"], ["pipeline", "my one", "stage", "train", "cmd"],
        ["pipeline", "my one", "stage", "train", "limits", "time"],
        ["pipeline", "my one", "stage", "train", "no such key"], ["nothing"],
    )] == [1, 2, 3, 4, 2, 1]  # fmt: skip
