"""How a person wants the console: the nearest place wins, and a mistake is told by its line."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from lineside.console.preferences import SHARES
from lineside.console.settings import VARIABLES, Settings, person_file, read
from lineside.console.themes import NAMES
from lineside.store import config
from lineside.store.errors import BadConfig, Usage
from lineside.store.homes import Home

load = Settings.load


def test_who_says_nothing_has_all_defaults() -> None:
    assert load(None, None, {}) == Settings()
    assert load("[runner]\nslots = 2\n", "", {"ascii": None}) == Settings()


def test_the_person_wins_over_the_team_the_environment_over_both_and_a_flag_over_all() -> None:
    team = "[runner]\nslots = 2\n[console]\ntheme = 'light'\nmouse = false\nkeys.runs.compare = 'X'\n"
    person = '[console]\ntheme = "contrast"\n[console.keys]\n"jobs.output" = ["O", "ctrl+o"]\n'

    both = load(team, person)
    assert (both.theme, both.mouse) == ("lineside-contrast", False)
    assert both.keys == {"runs.compare": ("X",), "jobs.output": ("O", "ctrl+o")}

    environ = {"LINESIDE_THEME": "dark-safe", "LINESIDE_ASCII": "1"}
    here = load(team, person, {"ascii": False, "read_only": True}, environ=environ)
    assert (here.theme, here.ascii, here.read_only) == ("lineside-dark-safe", False, True)


def test_a_key_may_be_written_with_quotes_or_with_a_dot() -> None:
    assert load(None, '[console.keys]\nruns.compare = "X"\n').keys == {"runs.compare": ("X",)}
    assert load(None, "[console.layout]\nruns.table = 0.6\n").layout == {"runs.table": 0.6}
    assert load(None, '[console.layout]\nstart = "last"\n').layout == {"start": "last"}


def test_two_commands_may_change_places() -> None:
    text = '[console.keys]\n"everywhere.pause" = "M"\n"everywhere.mouse" = "p"\n'
    assert load(None, text).keys == {"everywhere.pause": ("M",), "everywhere.mouse": ("p",)}


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ("[console]\nthem = 'dark'\n", r"\[console\]: line 2: unknown key 'them'", "'theme'?"),
        ("\n[consol]\n", "line 2: unknown key 'consol'", "'console'?"),
        ("[runner]\nslots = 2\n", "line 1: unknown key 'runner'", "console"),
        ("[console]\n\ntheme = 'drak'\n", "line 3: 'drak' is not a theme", "'dark'?"),
        ("[console]\nmouse = 1\n", "line 2: mouse = 1 is not of type bool", "true or false"),
        ("[console]\nkeys = 1\n", "line 2: keys = 1 is not a table", "[console.keys]"),
        ("console = 1\n", "line 1: console = 1 is not a table", "[console]"),
        ("[console.keys]\n'runs.compar' = 'X'\n", "line 2: unknown key 'runs.compar'", "'runs.compare'?"),
        ("[console.keys]\nruns.compare = 7\n", "line 2: runs.compare = 7 is no key", '["x", "ctrl+x"]'),
        ("[console.keys]\nruns.compare = 'ctl+x'\n", r"line 2: 'ctl\+x' is no key", "'ctrl+x'?"),
        ("[console.keys]\nruns.compare = 'q'\n", "'q' is the key of everywhere.quit too", "give every"),
        ("[console.keys]\nruns.compare = '. x'\n", "may not stand behind '.'", "its own key is 'x'"),
        ("[console.keys]\njobs.cancel = 'x'\n", "jobs.cancel stays behind '.'", "its own key is '. c'"),
        ("[console.keys]\neverywhere.do = ','\n", "everywhere.do stays on '.'", "second keys"),
        ("[console.layout]\nstart = 'job'\n", r"\[console.layout\]: line 2: 'job' is no area", "'jobs'?"),
        ("[console.layout]\nruns.table = 2\n", "line 2: runs.table = 2", "from 0.15 to 0.85"),
        ("[console.layout]\nruns.table = 'half'\n", "is not of type float", "0.4"),
        ("[console.layout]\nwall.table = 0.5\n", "line 2: unknown key 'wall.table'", "runs.table"),
        ("[console\n", "Expected", "https://toml.io"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_line_and_what_was_meant(text: str, words: str, hint: str) -> None:
    with pytest.raises(BadConfig, match=words) as caught:
        load(None, text)

    assert hint in caught.value.hint
    assert "lineside/config.toml" in str(caught.value)


def test_a_flag_that_nobody_understands_is_a_wrong_usage() -> None:
    with pytest.raises(Usage, match="'drak' is not a theme"):
        load(flags={"theme": "drak"})
    with pytest.raises(Usage, match="'perhaps' is neither yes nor no"):
        load(environ={"LINESIDE_MOUSE": "perhaps"})


def test_the_runner_reads_over_what_is_the_consoles() -> None:
    assert config.parse("[console]\ntheme = 'light'\n[runner]\nslots = 3\n").runner.slots == 3


def test_a_person_keeps_the_settings_where_the_desktop_says(tmp_path: Path) -> None:
    place = person_file({"XDG_CONFIG_HOME": str(tmp_path)})
    place.parent.mkdir()
    place.write_text("[console]\nascii = true\n")

    assert read(Home(tmp_path / "home"), environ={"XDG_CONFIG_HOME": str(tmp_path)}).ascii
    assert person_file({"HOME": "/nobody"}).name == "config.toml"


def test_settings_cost_nothing_where_nobody_wrote_any(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from lineside.store.homes import Home\n"
        "from lineside.console.settings import read\n"
        "read(Home(Path(sys.argv[1])), environ={'XDG_CONFIG_HOME': '/none'})\n"
        "print({'tomllib', 'lineside.console.preferences', 'lineside.console.commands'} & set(sys.modules))"
    )
    (tmp_path / "config.toml").write_text('[roles]\nmaria = "approver"\n')
    said = subprocess.check_output([sys.executable, "-c", code, str(tmp_path)], text=True)
    assert said.strip() == "set()"


def test_every_key_theme_and_variable_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    words = [f"`[console] {key}`" for key in ("theme", "mouse", "ascii", "read_only")]
    words += [f"`[console.layout] {key}`" for key in ("start", *(f'"{share}"' for share in SHARES))]
    words += [
        "`[console.keys] ",
        *(f"`{name}`" for name in NAMES),
        *(f"`{name}`" for name in VARIABLES.values()),
    ]
    assert [word for word in words if word not in text] == []
    assert {field.name for field in fields(Settings)} == {
        "theme",
        "mouse",
        "ascii",
        "read_only",
        "keys",
        "layout",
    }


def test_the_example_of_the_docs_is_right() -> None:
    text = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    found = load(None, text.partition("### [console]")[2].split("```toml\n")[1].partition("```")[0])
    assert (found.theme, found.layout["start"], found.keys["runs.compare"]) == (
        "lineside-light",
        "jobs",
        ("X",),
    )


def test_a_file_that_is_no_text_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "lineside" / "config.toml"
    file.parent.mkdir()
    file.write_bytes(b"[console]\n# \xff\n")
    with pytest.raises(BadConfig, match="byte 12 is not UTF-8"):
        read(Home(tmp_path / "home"), environ={"XDG_CONFIG_HOME": str(tmp_path)})
