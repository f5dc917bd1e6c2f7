"""One stage of February 2014, as a process of its own: ``python -m tests.faults.stage close HOME``.

It ends as ``uw`` does: code 1 after a named error, told on standard error; a traceback is a fault.
"""

from __future__ import annotations

import csv
import os
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from union_warehouse.orchestration.airflow_home import ASKS_BY_COMMAND
from union_warehouse.orchestration.approval import Asking, ask
from union_warehouse.orchestration.close_steps import CLOSE_STEPS
from union_warehouse.orchestration.records import describe_error
from union_warehouse.paths import Home
from union_warehouse.warehouse.approvals import APPROVED, decide_on_request, pending_request
from union_warehouse.warehouse.errors import AwaitingApproval
from union_warehouse.warehouse.plan import plan_close

MONTH, RELEASE = "2014-02", "2014-02-r1"
_STEPS = {step.task_id: step.run for step in CLOSE_STEPS if step.run}


def collect(home: Home, given: Path) -> None:
    """Everything in the folder ``submissions`` arrives and is collected."""
    from union_warehouse.submissions import collect_file, place_in_inbox, scan_inbox

    place_in_inbox(home, [given / "submissions"], _arrivals(given))
    for item in scan_inbox(home):
        collect_file(home, item)


def submit(home: Home, given: Path) -> None:
    """The same as ``uw submit`` does it, by Airflow in this process."""
    from union_warehouse.orchestration.connect import connect
    from union_warehouse.orchestration.jobs import submit as submit_files

    with connect(home) as runner:
        submit_files(home, runner, [given / "submissions"], _arrivals(given), lambda _record: None)


def _arrivals(given: Path) -> dict[str, datetime]:
    with (given / "arrivals.csv").open(encoding="utf-8") as file:
        return {Path(row["file"]).name: datetime.fromisoformat(row["received_at"]) for row in csv.DictReader(file)}


def close(home: Home, given: Path) -> None:
    """The month is planned, built and audited, and a person is asked."""
    known_at = datetime.fromisoformat((given / f"closing-{MONTH}").read_text("utf-8"))
    plan = plan_close(home, MONTH, known_at)
    if not plan["is_needed"]:
        return
    for name in ("build_warehouse", "audit_warehouse"):
        _STEPS[name](home, plan["close_id"])
    os.environ[ASKS_BY_COMMAND] = "1"
    with suppress(AwaitingApproval):
        ask(home, plan["close_id"], Asking("manual", None, None))


def publish(home: Home, _given: Path) -> None:
    """The person approves, and the build is published, as on a server, where the run that asked goes on."""
    request = pending_request(home, MONTH)
    if request.state != APPROVED:
        decide_on_request(home, request, APPROVED, "王主席", "已核实")
    for name in ("list_restatements", "publish_release", "confirm_release"):
        _STEPS[name](home, request.close_id)


STAGES = {stage.__name__: stage for stage in (collect, submit, close, publish)}


def main() -> int:
    """Run the stage that the command line names."""
    name, home, given = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    try:
        STAGES[name](Home(home), given)
    except Exception as error:
        told = describe_error(error)
        if told["code"] == "unexpected":
            raise
        sys.stderr.write(f"error {told['code']}: {told['message_en']}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
