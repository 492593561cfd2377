"""The story, step by step. Every step is a request that any person could make; every number comes back."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lineside.console.demo import project
from lineside.console.demo.tables import Plan
from lineside.console.demo.traffic import Traffic
from lineside.console.demo.witness import Tell, Witness
from lineside.jobs import commands
from lineside.jobs.context import Json
from lineside.jobs.projects import pipelines
from lineside.jobs.projects.project import parse
from lineside.store.db import reader
from lineside.store.errors import LinesideError
from lineside.store.homes import Home
from lineside.store.queries import datasets, deployments, evidence, jobs, promotions, runs, summaries
from lineside.store.states import JOB_ENDED, JobState, PromotionState

ANA, BEN = "demo:ana", "demo:ben"
"""Ana trains and asks; Ben approves. Only a demo home lets one uid be both."""


_PATIENCE_S = 120.0


class Story:
    """Data, train, compare, register, gate, approve, serve, watch, retrain: once around."""

    def __init__(self, home: Home, plan: Plan, *, tell: Tell, rows_per_s: float) -> None:
        self._home, self._plan, self._tell, self._speed = home, plan, tell, rows_per_s
        self._db = reader(home)
        self._folder = home.path / "demo"
        self._winner = ""

    def run(self) -> None:
        """Tell it to the end; raises LinesideError when a step fails."""
        try:
            self._add_data()
            best = self._train()
            self._register_and_promote(best)
            url = self._serve()
            self._live_through(url)
        finally:
            self._db.close()

    def _ask(self, verb: str, who: str = ANA, **args: object) -> Json:
        return commands.ask(self._home, verb, args, acting_as=who, timeout_s=_PATIENCE_S)

    def _add_data(self) -> None:
        plan = self._plan
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"{plan.name}.parquet"
        plan.past.write_parquet(path)
        added = self._ask(
            "data.add", name=plan.name, path=str(path), target=plan.target, time=plan.time,
            exclude=list(plan.exclude),
        )  # fmt: skip
        self._apply("network")
        self._tell(f"ana adds {plan.name}@{added['version']}: {plan.what}", "4")

    def _apply(self, winner: str) -> None:
        text = project.text(self._plan, winner=winner)
        (self._folder / "lineside.toml").write_text(text)
        self._ask("project.apply", text=text, folder=str(self._folder))

    def _train(self) -> runs.RunRow:
        """Run both stages of the pipeline; return the better run."""
        specs = pipelines.plan(
            parse((self._folder / "lineside.toml").read_text(), where="lineside.toml"),
            "train",
            params={},
            datasets=datasets.newest_by_name(self._db),
            home=self._home,
            python=sys.executable,
            folder=self._folder,
            env=dict(os.environ),
        )
        started = self._ask("jobs.submit", jobs=specs)["jobs"]
        names = " and ".join(f"job {j['job']} {spec['name']}" for j, spec in zip(started, specs, strict=True))
        self._tell(f"ana trains two models on the first part: {names}", "3")
        for job in started:
            self._wait_for_job(job["job"])
        found = [
            (runs.find(self._db, str(j["run"])), spec["stage"])
            for j, spec in zip(started, specs, strict=True)
        ]
        scored = sorted(found, key=lambda pair: self._holdout(pair[0]), reverse=not self._plan.regression)
        said = ", ".join(f"{stage} {self._holdout(run):.3g}" for run, stage in scored)
        best, self._winner = scored[0]
        self._tell(f"compared on 20 % held out: {said}; run {best.id} is better", "2")
        self._apply(self._winner)
        return best

    def _wait_for_job(self, job_id: int) -> None:
        self._until(lambda: JobState(jobs.get(self._db, job_id).state) in JOB_ENDED, f"job {job_id} to end")
        row = jobs.get(self._db, job_id)
        if row.state != JobState.SUCCEEDED:
            log = self._home.attempt(row.id, row.attempt) / "log"
            raise LinesideError(
                f"job {job_id} {row.name} ended {row.state}: {row.reason}", hint=f"read {log}"
            )
        self._until(lambda: self._has_holdout(row.run_id), f"the metrics of job {job_id}")

    def _has_holdout(self, run_id: int | None) -> bool:
        return run_id is not None and any(
            m.metric == "holdout" for m in summaries.summaries(self._db, run_id)
        )

    def _holdout(self, run: runs.RunRow) -> float:
        last = {m.metric: m.last for m in summaries.summaries(self._db, run.id)}["holdout"]
        return float("nan") if last is None else last

    def _register_and_promote(self, best: runs.RunRow) -> None:
        name = self._plan.name
        version = self._ask("models.register", run=best.id, name=name)["version"]
        self._tell(f"ana registers run {best.id} as {name}@v{version}", "5")
        asked = self._ask(
            "promotions.request",
            model=name,
            version=version,
            alias="champion",
            reason="the first one that is good",
        )["request"]
        state = promotions.get(self._db, asked).state
        if state != PromotionState.PENDING_MANUAL_APPROVAL:
            raise LinesideError(f"request {asked} is {state}", hint=f"lineside promotions show {asked}")
        gates = evidence.gates(self._db, asked)
        passed = f"{sum(g.passed for g in gates)} of {len(gates)} gates pass"
        self._tell(f"ana asks for {name}@v{version} → champion: {passed}", "5")
        self._ask("promotions.approve", who=BEN, request=asked, reason="numbers look right")
        self._tell(f"ben approves request {asked}: {name}@champion is v{version}", "5")

    def _serve(self) -> str:
        served = self._ask("serving.serve", model=self._plan.name, alias="champion")
        self._until(
            lambda: deployments.find(self._db, served["deployment"]).state == "LIVE",
            "the model server to answer",
        )
        self._tell(f"{self._plan.name}@champion is served at {served['url']}", "7")
        return str(served["url"])

    def _live_through(self, url: str) -> None:
        """Send the rest of the table as requests; labels come one window late."""
        witness = Witness(self._home, self._db, self._plan, tell=self._tell, approver=BEN)
        traffic = Traffic(self._home, self._plan, url=url, rows_per_s=self._speed, witness=witness, who=ANA)
        try:
            for number in range(len(self._plan.windows)):
                traffic.send_window(number)
                if number:
                    traffic.send_labels(number - 1)
            traffic.send_labels(len(self._plan.windows) - 1)
            tally = traffic.tally
            told = f"{tally.rows:,} rows served in {tally.requests:,} requests, {tally.failed} failed"
            self._tell(told, "7")  # before it settles: the last line is the one that asks for the newcomer
            self._settle(witness)
        finally:
            witness.close()
            traffic.close()

    def _settle(self, witness: Witness) -> None:
        """Wait until every window is measured and no retraining is on its way."""
        self._until(lambda: witness.settled(len(self._plan.windows)), "the last windows")

    def _until(self, look: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not look():
            if time.monotonic() > deadline:
                raise LinesideError(
                    f"waited {_PATIENCE_S:.0f} s for {what}", hint="see: lineside runner logs"
                )
            time.sleep(0.1)


def folder_of(home: Home) -> Path:
    """Where the demo keeps its project file."""
    return home.path / "demo"
