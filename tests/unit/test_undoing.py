"""The way back from a deed: only where all of it can be taken back, and with the values from before."""

from lineside.console.deeds.deed import Answer, Ask, Deed, FormField
from lineside.console.deeds.undoing import requests, told, way_back


def hold(*jobs: int) -> list[Ask]:
    return [Ask(verb="jobs.hold", args={"job": job}, said=f"job {job}: held") for job in jobs]


def test_what_was_held_is_released_all_of_it() -> None:
    back = way_back(Deed(title="Hold"), hold(57, 58))
    assert back is not None
    assert [(ask.verb, ask.args) for ask in back.asks] == [
        ("jobs.release", {"job": 57}),
        ("jobs.release", {"job": 58}),
    ]
    (then,) = ("".join(text for text, _ in line) for line in back.lines)
    assert back.title == "Take back: 2 jobs held: 57, 58?"
    assert then == "then  2 jobs back in the queue: 57, 58"


def test_an_old_name_is_given_again() -> None:
    ask = Ask(verb="runs.rename", args={"run": 4}, said="run 4: name kept")
    deed = Deed(title="rename", asks=[ask], fields=[FormField(key="name", label="name", value="mlp")])
    (done,) = requests(deed, Answer(values={"name": "tall mlp"}))
    assert done.args == {"run": 4, "name": "tall mlp"}
    back = way_back(deed, [done])
    assert back is not None
    assert back.asks[0].args == {"run": 4, "name": "mlp"}


def test_a_deed_with_one_part_that_cannot_be_taken_back_has_no_way_back() -> None:
    cancel = Ask(verb="jobs.cancel", args={"job": 1}, said="job 1: asked to stop")
    assert way_back(Deed(title="both"), [*hold(57), cancel]) is None
    assert way_back(Deed(title="nothing"), []) is None


def test_a_deed_may_know_its_own_way_back() -> None:
    tag = Ask(verb="runs.tag", args={"run": 1, "tags": {"a": None}}, said="run 1: tag a taken off")
    back = way_back(Deed(title="tag"), [Ask(verb="runs.tag", args={"run": 1}, said="run 1: tag a", undo=tag)])
    assert back is not None
    assert list(back.asks) == [tag]


def test_a_batch_is_told_in_one_breath() -> None:
    assert told(hold(57, 58, 60)) == "3 jobs held: 57, 58, 60"
    assert told(hold(57)) == "job 57: held"


def test_a_reason_goes_with_every_request() -> None:
    deed = Deed(title="Hold", asks=hold(1, 2), reason="why")
    assert [ask.args["reason"] for ask in requests(deed, Answer(reason="disk"))] == ["disk", "disk"]
