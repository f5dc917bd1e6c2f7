"""What can go wrong between a command and Airflow."""

from __future__ import annotations

from union_warehouse.errors import UnionWarehouseError


class StepStopped(UnionWarehouseError):
    """A step of a run stopped with a named error; it says what the step said.

    ``code`` is the code of the step's own error; the facts ``zh`` and ``en`` are its messages, ``task`` the step.
    """

    code = "step_stopped"
    message_zh = "{zh}"
    message_en = "{en}"


class RunFailed(UnionWarehouseError):
    """A run failed for a reason that is not a verdict on the data."""

    code = "run_failed"
    message_zh = "Airflow 运行 {dag_id} 失败（任务：{tasks}；原因：{reason}）；详见日志 {log}，排除后请重新执行。"
    message_en = "the Airflow run of {dag_id} failed (tasks: {tasks}; reason: {reason}); see {log}, then run it again."


class AirflowUnreachable(UnionWarehouseError):
    """The Airflow of ``AIRFLOW_API_URL`` does not answer."""

    code = "airflow_unreachable"
    message_zh = "无法连接 Airflow（{url}）：{reason}。请检查 AIRFLOW_API_URL 与服务状态；不设该变量则在本机运行。"
    message_en = "Airflow at {url} cannot be reached: {reason}; check AIRFLOW_API_URL, or unset it to run in this process."


class AirflowRefused(UnionWarehouseError):
    """The Airflow of ``AIRFLOW_API_URL`` refused a request."""

    code = "airflow_refused"
    message_zh = (
        "Airflow（{url}）拒绝了请求 {request}：{status} {reason}。"
        "请检查 AIRFLOW_API_USER、AIRFLOW_API_PASSWORD 或 AIRFLOW_API_TOKEN 及其权限。"
    )
    message_en = (
        "Airflow at {url} refused {request}: {status} {reason}; "
        "check AIRFLOW_API_USER and AIRFLOW_API_PASSWORD, or AIRFLOW_API_TOKEN, and what they may do."
    )


class NotAssigned(UnionWarehouseError):
    """A human-in-the-loop task waits for others than the signed-in user."""

    code = "not_an_approver"
    message_zh = "当前登录用户不是审批人：{reason}。请由 UW_APPROVERS 中的用户登录后批准。"
    message_en = "the signed-in user is not an approver: {reason}; sign in as one of UW_APPROVERS."


class AnswerNotTakenUp(UnionWarehouseError):
    """Airflow accepted an answer, and the task goes on waiting."""

    code = "answer_not_taken_up"
    message_zh = (
        "Airflow 已收下对运行 {run_id} 的答复，但任务仍在等待；请检查 triggerer 是否运行，清除（clear）该任务后重新批准。"
    )
    message_en = (
        "Airflow took the answer to the run {run_id}, but the task still waits: check that the triggerer runs, "
        "clear the task and approve again."
    )


class WaitsInAirflow(UnionWarehouseError):
    """The answer has to be given to the run that waits for it."""

    code = "waits_in_airflow"
    message_zh = "{close_id} 在 Airflow 运行 {run_id} 中待批准；请在其页面批准，或设置 AIRFLOW_API_URL 后重试。"
    message_en = "{close_id} waits in Airflow's run {run_id}: answer on its page, or set AIRFLOW_API_URL and try again."


class DagPaused(UnionWarehouseError):
    """A run of a paused DAG would wait for ever."""

    code = "dag_paused"
    message_zh = "DAG {dag_id} 处于暂停状态；请在 Airflow 页面启用，或执行 airflow dags unpause {dag_id}。"
    message_en = "the DAG {dag_id} is paused; switch it on in Airflow's page, or run `airflow dags unpause {dag_id}`."


class SchedulerDown(UnionWarehouseError):
    """A run stays queued because no scheduler is alive."""

    code = "scheduler_down"
    message_zh = "运行 {run_id} 一直排队：Airflow 调度器未运行（状态：{status}）。请启动 scheduler 后重试。"
    message_en = "the run {run_id} stays queued: Airflow's scheduler is not running (status: {status}); start it and try again."


class NotCollected(UnionWarehouseError):
    """Files are in the inbox, but a run left them without an outcome."""

    code = "not_collected"
    message_zh = "以下文件已放入收件箱但尚未处理：{files}。请检查 UW_HOME 是否与 Airflow 共享同一卷，然后重新执行。"
    message_en = (
        "in the inbox, but without an outcome: {files}; check that UW_HOME is the volume that Airflow uses, then run again."
    )


class NoMonthGiven(UnionWarehouseError):
    """A close without a month."""

    code = "no_month_given"
    message_zh = "未指定关账月份；手动触发 close_month 时请填写参数 month，例如 2014-03。"
    message_en = "no month to close: a run triggered by hand needs the parameter `month`, such as 2014-03."


class ReleaseNotCurrent(UnionWarehouseError):
    """The gate after a publish found another release."""

    code = "release_not_current"
    message_zh = "发布校验未通过：当前版本是 {current}，应为 {expected}；请查看日志后重新关账。"
    message_en = "the published release is not current: found {current}, expected {expected}; close the month again."
