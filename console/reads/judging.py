"""Which metrics judge a run, and which of them people look at first: told by their names."""

import re

from lineside.console.reads.walls import MAIN_METRICS

_NEUTRAL = frozenset(
    {
        "lr", "grad", "norm", "epoch", "epochs", "step", "time", "s", "ms", "sec", "secs", "seconds",
        "momentum", "rate", "progress", "holdout",
    }
)  # fmt: skip
_WORD = re.compile(r"[a-z]+")


def judged(metric: str) -> bool:
    """Whether one value of a metric is better than another: nobody wins by a learning rate.

    Of a hold-out the name does not tell whether it is an accuracy or an error.

    >>> judged("val_loss"), judged("train/grad_norm"), judged("lr")
    (True, False, False)
    """
    return not _NEUTRAL & set(_WORD.findall(metric.lower()))


def of_validation(metric: str) -> bool:
    """Whether it judges a run by rows that it did not learn from.

    >>> of_validation("val_mae"), of_validation("loss"), of_validation("eval/epoch")
    (True, False, False)
    """
    return metric.startswith(("val", "test", "eval")) and judged(metric)


def foremost(metric: str) -> tuple[int, str]:
    """Sorts metrics: those of validation, those people look at first, the others, what judges nothing."""
    kind = 0 if of_validation(metric) else 1 if metric in MAIN_METRICS else 2
    return (kind if judged(metric) else 3, metric)
