"""The domain classifier: can a learner tell the rows of a window from the rows of training?"""

import numpy as np
from numpy.typing import NDArray

MOST_ROWS = 4_000
"""Rows taken of each side; more sharpen the answer little and cost time."""
FOLDS = 5


def auc(reference: NDArray[np.float64], live: NDArray[np.float64]) -> float | None:
    """Area under the ROC curve of a gradient boosting that tells both sides apart, on rows it did not see.

    Args:
        reference: training rows, shape (N, k); NaN is a value like others; categories as ranks.
        live: rows of the window, shape (n, k).

    Returns:
        About 0.5: it cannot tell them apart; 1.0: every row gives itself away. None when a side has fewer
        rows than folds, or there are no columns.

    Source:
        scikit-learn's HistGradientBoostingClassifier, 60 rounds, 15 leaves; pooled out-of-fold scores of
        five stratified folds. Seeded: the same rows give the same answer. Season alone moves it, so it is
        a witness, not a verdict about the model.
    """
    reference, live = _sample(reference), _sample(live)
    if min(len(reference), len(live)) < FOLDS or reference.shape[1] == 0:
        return None
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold
    from threadpoolctl import threadpool_limits

    rows = np.vstack([reference, live])
    side = np.repeat([0, 1], [len(reference), len(live)])
    score = np.empty(len(rows))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    with threadpool_limits(1):  # the box is for training; and more threads gain nothing at this size
        for train, test in folds.split(rows, side):
            model = HistGradientBoostingClassifier(
                max_iter=60, max_leaf_nodes=15, learning_rate=0.1, early_stopping=False, random_state=0
            )
            score[test] = model.fit(rows[train], side[train]).predict_proba(rows[test])[:, 1]
    return float(roc_auc_score(side, score))


def _sample(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(rows) <= MOST_ROWS:
        return rows
    picked = np.random.default_rng(0).choice(len(rows), MOST_ROWS, replace=False)
    return rows[np.sort(picked)]
