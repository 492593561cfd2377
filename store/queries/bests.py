"""`acc@best(val_loss)`: one metric where another was best. The syntax, and which way is better."""

import re
from dataclasses import dataclass

_KEY = re.compile(r"(?:metric:)?(?P<metric>.+)@(?P<side>best|min|max)\((?P<of>[^()\s]+)\)\Z")
_PART = re.compile(r"[/.:]")
_TOKEN = re.compile(r"[a-z0-9]+")
_HIGH = frozenset(
    {
        "acc", "accuracy", "auc", "auroc", "auprc", "f1", "f2", "fbeta", "score", "r2", "precision", "recall",
        "reward", "return", "returns", "ap", "map", "mrr", "ndcg", "iou", "miou", "dice", "jaccard", "bleu",
        "rouge", "sensitivity", "specificity", "kappa", "mcc", "psnr", "ssim", "likelihood", "throughput",
    }
)  # fmt: skip
_HIGH_ENDS = ("accuracy", "auc", "f1", "score", "reward", "precision", "recall")
_LOW = frozenset({"loss", "error", "err", "errors", "regret", "brier", "fid"})
_LOW_ENDS = ("loss", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class AtBest:
    """The value of `metric` at the step where `of` has its lowest or highest value."""

    metric: str
    side: str  # "min" or "max"
    of: str


def at_best(text: str) -> AtBest | None:
    """The key that `text` is; None: it is no such key.

    >>> at_best("acc@best(val_loss)"), at_best("acc")
    (AtBest(metric='acc', side='min', of='val_loss'), None)
    """
    match = _KEY.match(text)
    if match is None:
        return None
    side = better_side(match["of"]) if match["side"] == "best" else match["side"]
    return AtBest(metric=match["metric"], side=side, of=match["of"])


def better_side(metric: str) -> str:
    """Which values of a metric are the better ones: "max" where its name says so, else "min".

    The name is read from its last part: `accuracy/loss` is a loss. "loss" and "error" outweigh the words that
    ask for more, and a leading "neg" turns the side round, as scikit-learn's names do.

    >>> [better_side(m) for m in ("val_loss", "valAccuracy", "eval/f1", "accuracy/train", "brier_score", "x")]
    ['min', 'max', 'max', 'max', 'min', 'min']
    >>> better_side("neg_mean_squared_error"), better_side("precision@10"), better_side("score_loss")
    ('max', 'max', 'min')
    """
    for part in reversed(_PART.split(metric.lower())):
        tokens = _TOKEN.findall(part)
        plain = {*tokens, *(token.rstrip("0123456789") for token in tokens)}
        turned = tokens[:1] == ["neg"]
        if plain & _LOW or any(token.endswith(_LOW_ENDS) for token in tokens):
            return "max" if turned else "min"
        if plain & _HIGH or any(token.endswith(_HIGH_ENDS) for token in tokens):
            return "min" if turned else "max"
        if turned:
            return "max"
    return "min"
