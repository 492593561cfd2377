"""The way back from a deed that has one: what was held is released, an old name is given again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lineside.console.deeds.deed import Answer, Ask, Deed

LASTS_S = 60.0
"""So long the last deed can be taken back."""

_OPPOSITE: Mapping[str, tuple[str, str]] = {
    "jobs.hold": ("jobs.release", "back in the queue"), "jobs.release": ("jobs.hold", "held again"),
    "schedules.pause": ("schedules.resume", "goes on"),
    "schedules.resume": ("schedules.pause", "paused again"),
    "runner.drain": ("runner.undrain", "takes jobs again"),
    "runner.undrain": ("runner.drain", "takes no jobs"),
}  # fmt: skip
"""Verb → the verb that takes it back with the same args, and what is said then."""

_WRITES: Mapping[str, str] = {"runs.rename": "name", "runs.note": "note"}
"""Verb → the field that it writes; its form began with what stood there before."""

_QUIET_MIN = 0.01


def way_back(deed: Deed, done: Sequence[Ask]) -> Deed | None:
    """The deed that undoes these requests; None when one of them cannot be undone.

    Args:
        deed: what was asked of the person: its form knows the values from before.
        done: the requests that were made, without the answers of the form.
    """
    back = [inverse(deed, ask) for ask in done]
    asks = [ask for ask in back if ask is not None]
    if not asks or len(asks) < len(back):
        return None
    return Deed(
        title=f"Take back: {_first(done)}?",
        lines=[[("then  ", "dim"), (_first(asks), "")]],
        asks=asks,
        yes="take it back",
    )


def inverse(deed: Deed, ask: Ask) -> Ask | None:
    """The request that takes one back; None: there is none."""
    subject = ask.said.partition(":")[0]
    if ask.undo is not None:
        return ask.undo
    if ask.verb in _OPPOSITE:
        verb, words = _OPPOSITE[ask.verb]
        return Ask(verb=verb, args=ask.args, said=f"{subject}: {words}")
    if ask.verb == "alerts.silence":
        args = {"alert": ask.args["alert"], "minutes": _QUIET_MIN}
        return Ask(verb=ask.verb, args=args, said=f"{subject}: heard again")
    old = {field.key: field.value for field in deed.fields}
    key = _WRITES.get(ask.verb, "")
    if key in old:
        return replace(
            ask, args={**ask.args, key: old[key]}, said=f"{subject}: {key} {old[key] or 'empty'} again"
        )
    return None


def _first(done: Sequence[Ask]) -> str:
    return told(done).partition("\n")[0]


_NAMED = 8


def told(done: Sequence[Ask]) -> str:
    """What was done in one breath.

    >>> told([Ask(verb="", args={}, said=f"job {n}: held") for n in (57, 58)])
    '2 jobs held: 57, 58'
    """
    if len(done) == 1:
        return done[0].said
    parts = [ask.said.partition(": ") for ask in done]
    if parts and len({tail for _, _, tail in parts}) == 1 and parts[0][2]:
        heads, tail = [head for head, _, _ in parts], parts[0][2]
        kinds = {head.partition(" ")[0] for head in heads}
        more = ", …" if len(heads) > _NAMED else ""
        if len(kinds) == 1 and all(" " in head for head in heads):
            names = ", ".join(head.partition(" ")[2] for head in heads[:_NAMED])
            return f"{len(heads)} {kinds.pop()}s {tail}: {names}{more}"
        return f"{len(heads)} {tail}: {', '.join(heads[:_NAMED])}{more}"
    return "\n".join(ask.said for ask in done)


def requests(deed: Deed, answer: Answer) -> list[Ask]:
    """What a yes asks of the runner, the answers of the form and the reason in it."""
    asks = deed.then(answer) if deed.then else deed.asks
    out = []
    for ask in asks:
        args = ask.args if deed.then else {**ask.args, **answer.values}
        out.append(replace(ask, args={**args, "reason": answer.reason} if answer.reason else args))
    return out
