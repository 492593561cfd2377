"""The built-in torch trainer: convolutional where the columns are a picture, dense where they are a table.

python -P -m lineside.jobs.trainers.network --data DIR --target C [--epochs N] [--lr X] [--width N]
"""

import argparse
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import lineside
from lineside.jobs.packaging.encoding import Encoder
from lineside.jobs.trainers import networks, package
from lineside.jobs.trainers.checkpoints import Keeper
from lineside.jobs.trainers.columns import Table, Unusable
from lineside.jobs.trainers.talk import STOPPED, Stop, flags, main, open_table, package_folder, say, verdict

RECIPES: Mapping[str, Mapping[str, float]] = {
    "classification": {"epochs": 30, "lr": 2e-3, "dropout": 0.25},
    "regression": {"epochs": 60, "lr": 1e-2, "dropout": 0.0},
}
"""What a flag that is not given means: found on the digits and the census, and on the bicycles."""


@dataclass(slots=True)
class Training:
    """All that moves while a network learns."""

    table: Table
    encoder: Encoder
    network: Any
    target: tuple[float, float] | None  # shift and spread of a regression's target
    device: Any
    optimizer: Any
    schedule: Any
    batch: int
    epoch: int = 0  # finished ones

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {
            "epoch": self.epoch,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
        }

    def resume(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.epoch = state["epoch"]


def train(argv: list[str]) -> int:
    """Train, judge, pack, log: the whole job."""
    args = _flags().parse_args(argv)
    lineside.start_run()
    stop = Stop()
    table = open_table(args)
    follow_recipe(args, table)
    training = prepare(table, args)
    say(f"on {_device_in_words(training.device)}: {_size(training.network):,} weights, {args.epochs} epochs")
    keeper = Keeper(config={key: str(value) for key, value in vars(args).items() if key != "out"})
    if left := keeper.newest():
        training.resume(left)
        say(f"going on after epoch {training.epoch}, where an earlier attempt stopped")
    began = time.perf_counter()
    if not learn(training, epochs=args.epochs, stop=stop, keeper=keeper):
        if keeper.path:
            lineside.log_artifact(str(keeper.path), kind="checkpoint")
        say(f"told to stop: kept the state after epoch {training.epoch}")
        lineside.finish("KILLED")
        return STOPPED
    _finish(training, args, train_s=time.perf_counter() - began)
    return 0


def follow_recipe(args: argparse.Namespace, table: Table) -> None:
    """Fill in the flags that were not given, and tell the run."""
    for name, value in RECIPES[table.task].items():
        if getattr(args, name) is None:
            setattr(args, name, value)
        lineside.log_params({name: getattr(args, name)})


def prepare(table: Table, args: argparse.Namespace) -> Training:
    """A fresh network for this table, on the GPU where the job has one."""
    torch.manual_seed(args.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    encoder = table.fit_encoder()
    rows = table.matrix(encoder, table.train)
    classify = table.task == "classification"
    network = networks.build(
        rows, image=table.image, outputs=len(table.classes) if classify else 1, width=args.width,
        dropout=args.dropout,
    ).to(device)  # fmt: skip
    batch = args.batch or min(512, max(32, 2 ** round(math.log2(max(1, len(rows) / 40)))))
    optimizer = torch.optim.AdamW(network.parameters(), lr=args.lr, weight_decay=0.01)
    steps = args.epochs * math.ceil(len(rows) / batch)
    return Training(
        table=table, encoder=encoder, network=network, device=device, optimizer=optimizer, batch=batch,
        target=None if classify else _target_scale(table),
        schedule=torch.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, total_steps=steps),
    )  # fmt: skip


def learn(training: Training, *, epochs: int, stop: Stop, keeper: Keeper) -> bool:
    """Train to the last epoch, logging each; False when told to stop before.

    Raises:
        Unusable: the loss is no number any more.
    """
    table = training.table
    rows, answers = _tensors(training, table.train)
    unseen, truth = _tensors(training, table.holdout)
    while training.epoch < epochs:
        losses = list(_epoch(training, rows, answers, stop))
        if stop:
            keeper.write(training.state())
            return False
        training.epoch += 1
        loss = float(torch.stack(losses).mean())
        if not math.isfinite(loss):
            raise Unusable(f"the loss is {loss} after epoch {training.epoch}: try a smaller --lr")
        with torch.no_grad():
            said = training.network.eval()(unseen)
            val_loss = float(_loss(training, said, truth))
        value = package.judge(table, _spoken(training, said)).value
        lineside.log_metrics(
            {"loss": loss, "val_loss": val_loss, f"val_{package.metric(table)}": value}, step=training.epoch
        )
        if training.epoch in (1, epochs) or training.epoch % 10 == 0:
            say(f"epoch {training.epoch}: loss {loss:.4f}, held-out {package.metric(table)} {value:.4g}")
        if keeper.due:
            keeper.write(training.state())
    return True


def finished(training: Training) -> package.Trained:
    """The network as ONNX, and what it says of the hold-out rows."""
    classify = training.target is None
    model = networks.answering(training.network, target=training.target)
    output = "probabilities" if classify else "values"
    unseen = torch.from_numpy(training.table.matrix(training.encoder, training.table.holdout))
    with torch.no_grad():
        said = model(unseen).numpy()
    return package.Trained(
        framework="torch",
        onnx=networks.to_onnx(model, features=training.encoder.width, output=output),
        output=output,
        said=said if classify else said[:, 0],
    )


def _finish(training: Training, args: argparse.Namespace, *, train_s: float) -> None:
    """Judge, pack and log what was learnt."""
    trained = finished(training)
    holdout = package.judge(training.table, trained.said, seed=args.seed)
    verdict(training.table, holdout, train_s=train_s)
    folder = package_folder(args)
    package.write(folder, training.table, training.encoder, trained, holdout=holdout)
    lineside.log_model(str(folder))
    lineside.finish()


def _epoch(training: Training, rows: Any, answers: Any, stop: Stop) -> Iterator[Any]:
    """One pass over the rows in a new order; the loss of each batch, left on the device."""
    training.network.train()
    order = torch.randperm(len(rows)).to(training.device)
    for start in range(0, len(rows), training.batch):
        if stop:
            return
        pick = order[start : start + training.batch]
        loss = _loss(training, training.network(rows[pick]), answers[pick])
        training.optimizer.zero_grad()
        loss.backward()
        training.optimizer.step()
        if training.schedule.last_epoch < training.schedule.total_steps - 1:
            training.schedule.step()  # a resumed training repeats part of an epoch: it has more steps
        yield loss.detach()


def _loss(training: Training, said: Any, answers: Any) -> Any:
    """Cross entropy of classes; a mean absolute error, rounded at its tip, of numbers."""
    if training.target is None:
        return nn.functional.cross_entropy(said, answers, ignore_index=-1)
    return nn.functional.smooth_l1_loss(said[:, 0], answers, beta=0.1)


def _tensors(training: Training, picked: NDArray[np.int64]) -> tuple[Any, Any]:
    """Encoded rows and answers on the device: class numbers, or values scaled to spread 1."""
    table = training.table
    rows = torch.from_numpy(table.matrix(training.encoder, picked)).to(training.device)
    answers = torch.from_numpy(table.answers[picked])
    if training.target is None:
        return rows, answers.long().to(training.device)
    shift, spread = training.target
    return rows, ((answers - shift) / spread).to(training.device)


def _spoken(training: Training, said: Any) -> NDArray[np.float32]:
    """Raw outputs as `package.judge` takes them: scores of classes, or values in their own unit."""
    raw: NDArray[np.float32] = said.cpu().numpy()
    if training.target is None:
        return raw
    shift, spread = training.target
    return raw[:, 0] * spread + shift


def _target_scale(table: Table) -> tuple[float, float]:
    known = table.answers[table.train]
    return float(known.mean()), float(known.std()) or 1.0


def _size(network: Any) -> int:
    return sum(weight.numel() for weight in network.parameters())


def _device_in_words(device: Any) -> str:
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"the CPU ({torch.get_num_threads()} threads; no GPU was given)"


def _flags() -> argparse.ArgumentParser:
    parser = flags("Train a network on a dataset version and pack it as ONNX.")
    parser.add_argument("--epochs", type=int, help="passes over the rows (default: by the task)")
    parser.add_argument("--lr", type=float, help="highest learning rate (default: by the task)")
    parser.add_argument("--width", type=int, default=16, help="channels of the first convolution")
    parser.add_argument(
        "--dropout", type=float, help="share of units left out in a step (default: by the task)"
    )
    parser.add_argument("--batch", type=int, help="rows a step (default: by the number of rows)")
    return parser


if __name__ == "__main__":
    main(train)
