"""What stands beside a table follows the cursor once it rests: a key that is held is not slowed by it."""

from typing import Any, Generic

from textual.timer import Timer

from lineside.console.screens.base.area import Area
from lineside.console.screens.base.reading import V

REST_S = 0.1
"""So long the cursor has to stand still."""


class Following(Area[V], Generic[V]):
    """An area whose other parts are read, or drawn, for the row under the cursor."""

    def __init__(self, store: Any, actions: Any) -> None:
        super().__init__(store, actions)
        self._following: Timer | None = None

    def follow(self) -> None:
        """The cursor has moved: `followed` is called when it rests."""
        if self._following is not None:
            self._following.stop()
        self._following = self.set_timer(REST_S, self._follow)

    def _follow(self) -> None:
        self._following = None
        self.followed()

    def followed(self) -> None:
        """The cursor rests: read what belongs to its row."""
        self.reload(whole=False)

    @property
    def awaiting(self) -> bool:
        return super().awaiting or self._following is not None
