"""What can go wrong when a month is closed."""

from __future__ import annotations

from union_warehouse.errors import UnionWarehouseError


class EarlierMonthOpen(UnionWarehouseError):
    """Months close in order (domain: Months and releases)."""

    code = "earlier_month_open"
    message_zh = "不能关账 {month}：月份须按顺序关账，起始月份为 {beginning_month}，下一个应关账的月份为 {open_month}。"
    message_en = "cannot close {month}: months close in order, from {beginning_month} on; the next to close is {open_month}."


class MonthNotOver(UnionWarehouseError):
    """A month cannot be closed before it ended."""

    code = "month_not_over"
    message_zh = "不能关账 {month}：在 {known_at} 该月尚未结束。"
    message_en = "cannot close {month}: it was not over at {known_at}; close it later, or give a later --known-at."


class KnownAtTooEarly(UnionWarehouseError):
    """A close cannot know less than the release before it."""

    code = "known_at_too_early"
    message_zh = "数据截止时间 {known_at} 早于当前版本 {release_id} 的截止时间 {release_known_at}；请给出不早于它的 --known-at；没有指定时间的，请核对本机时钟是否被调回。"
    message_en = "release {release_id} already knows what arrived until {release_known_at}; give a --known-at not before it, not {known_at}; if none was given, look at this machine's clock."


class DefinitionsChanged(UnionWarehouseError):
    """What figures are made by is not what the current release was made by: the months before would keep the old rule."""

    code = "definitions_changed"
    message_zh = (
        "当前版本 {release_id} 之后，统计口径有变更：{changes}。若直接关账，以前月份仍按旧口径，序列前后不一致，因此未关账。"
        "请先用 uw rebuild --dry-run 查看影响，在 definitions_changelog.yml 登记变更，再用 uw rebuild --comment 说明 按新口径重算并发布，然后重新关账。{months_zh}"
    )
    message_en = (
        "what the figures are made by has changed since release {release_id}: {changes}. The months before would keep the old rule, so "
        "nothing was closed. See what it would restate with `uw rebuild --dry-run`, say why in definitions_changelog.yml, publish the same months "
        "by the new definitions with `uw rebuild --comment WHY`, then close again.{months_en}"
    )


class ProjectReplaced(UnionWarehouseError):
    """The models were replaced between the plan of a close and its build: what it holds was made by neither alone."""

    code = "project_replaced"
    message_zh = "{close_id} 构建期间项目文件被替换，构建结果作废，未发布任何内容；请重新关账。"
    message_en = (
        "the project's files were replaced while {close_id} was built: it was thrown away, nothing was published; close again."
    )


class DefinitionsUnexplained(UnionWarehouseError):
    """A changed definition needs a line that says what, why, who and since when."""

    code = "definitions_unexplained"
    message_zh = "口径变更没有登记，未重算：请在 {path} 中登记下列变更后重试（把 … 换成说明）：\n{lines}"
    message_en = "nothing says why definitions changed, so nothing was rebuilt: add this to {path}, each … in words, and rebuild again:\n{lines}"


class DefinitionsMisdated(UnionWarehouseError):
    """An indicator is said to hold from a month on, but all of its history would be made by it."""

    code = "definitions_misdated"
    message_zh = (
        "登记为自 {since} 起执行的口径（{definition}）没有保留以前的口径，重算会改变全部历史：请在指标定义中加 earlier（until: {until}），"
        "或把登记改为 since: beginning。"
    )
    message_en = (
        "{definition} is said to hold since {since}, but keeps no rule for the months before, so all of its history would change: "
        "add an `earlier` rule with `until: {until}` to the indicator, or say `since: beginning`."
    )


class RebuildDiffers(UnionWarehouseError):
    """A rebuild makes other figures than the release, and no changed definition feeds them."""

    code = "rebuild_differs"
    message_zh = (
        "重算 {release_id} 得到的数字与已发布的不同，而没有口径变更可以解释（{count} 处：{figures}）。未发布任何内容；"
        "请用 uw verify --all 检查，排除原因后再重算。"
    )
    message_en = (
        "rebuilding {release_id} makes other figures than were published, and no changed definition explains them ({count}: {figures}). "
        "Nothing was published; check with `uw verify --all`, and rebuild again when the cause is found."
    )


class NothingSubmitted(UnionWarehouseError):
    """No submission counts as known at the close."""

    code = "nothing_submitted"
    message_zh = "截至 {known_at} 没有任何被接受的报送，无法关账 {month}；请先报送（uw submit），用 uw status 查看。"
    message_en = "no accepted submission had arrived by {known_at}: nothing to close for {month}; submit first (uw submit), see `uw status`."


class HashKeyChanged(UnionWarehouseError):
    """Personal hashes of different keys cannot be compared (docs/architecture.md, Landing)."""

    code = "hash_key_changed"
    message_zh = (
        "报送所用的散列密钥不一致（{fingerprints}），同一人会被算作不同的人；请恢复原来的 UW_HASH_KEY 后重新读取（uw reread）。"
    )
    message_en = "submissions were hashed with different keys ({fingerprints}); restore the former UW_HASH_KEY, then `uw reread` the months."


class BuildChanged(UnionWarehouseError):
    """The working file that the current release came from is not what was audited."""

    code = "build_changed"
    message_zh = (
        "{path} 与发布 {release_id} 时不一致（被改动），未使用其内容：请删除 {folder} 后重新关账（将从落地区全部重建）；"
        "uw verify --all 检查全部内容。"
    )
    message_en = (
        "{path} is not what release {release_id} was published from, and was not used: delete {folder}, then close again, which builds "
        "everything from the landing zone; `uw verify --all` checks everything."
    )


class BuildIncomplete(UnionWarehouseError):
    """The working files of a close are not there, or were cut off by a power cut or a full disk."""

    code = "build_incomplete"
    message_zh = "{close_id} 的工作文件不完整（{path}），未发布任何内容，当前版本不受影响：请重新关账（uw close 月份）。"
    message_en = (
        "the working files of {close_id} are not complete ({path}); nothing was published, the current release stands: "
        "close the month again (uw close MONTH)."
    )


class BuildFailed(UnionWarehouseError):
    """dbt could not build or test the warehouse; the previous release stands."""

    code = "build_failed"
    message_zh = "构建 {close_id} 失败：{failures}。上一个发布版本不受影响；详见 {log}。"
    message_en = "the build of {close_id} failed: {failures}. The previous release stands; see {log}."


class AwaitingApproval(UnionWarehouseError):
    """A close is built and audited; a person decides whether it is published (decision 11)."""

    code = "awaiting_approval"
    exit_code = 3
    message_zh = (
        "{close_id} 已构建并通过审计，待批准后发布（{reasons_zh}）。"
        "批准：uw approve {month} --by 姓名 --comment 说明；不批准：加 --reject。当前版本不受影响。"
    )
    message_en = (
        "{close_id} is built and audited, and waits for approval ({reasons_en}). To publish it: "
        "uw approve {month} --by NAME --comment TEXT; with --reject to refuse it. The current release stands."
    )


class ApprovalRejected(UnionWarehouseError):
    """A person refused to publish a close; the previous release stands."""

    code = "approval_rejected"
    message_zh = "{by} 未批准发布 {close_id}：{comment}。未发布任何内容，当前版本不受影响；处理后请重新关账（uw close {month}）。"
    message_en = (
        "{by} rejected {close_id}: {comment}. Nothing was published, the current release stands; "
        "set right what is wrong, then close again (uw close {month})."
    )


class ApprovalTimedOut(UnionWarehouseError):
    """Nobody decided in time, which counts as a rejection; the previous release stands."""

    code = "approval_timed_out"
    message_zh = "{close_id} 在期限内无人批准，视为不批准：未发布任何内容，当前版本不受影响；请重新关账（uw close {month}）。"
    message_en = (
        "nobody decided on {close_id} in time, so it is rejected: nothing was published, the current release stands; "
        "close again (uw close {month})."
    )


class InvalidQualityWaivers(UnionWarehouseError):
    """A line of the file of waivers waives nothing."""

    code = "invalid_quality_waivers"
    message_zh = "质量豁免 {file} 有误：{detail}。请改正后重新关账。"
    message_en = "{file}: {detail}; correct it and close the month again."


class ApprovalMissing(UnionWarehouseError):
    """A build that needs approval must not be published without one, whatever was skipped or marked as done before."""

    code = "approval_missing"
    message_zh = "{close_id} 需要批准才能发布，但没有针对这些问题的批准记录；请重新关账并批准。"
    message_en = "{close_id} needs approval and has none for these very reasons; close the month again and approve it."


class NothingAwaitsApproval(UnionWarehouseError):
    """No close of the month waits for a decision."""

    code = "nothing_awaits_approval"
    message_zh = "{month} 没有待批准的关账；请先关账（uw close {month}），用 uw status 查看。"
    message_en = "no close of {month} waits for approval; close it first (uw close {month}), see `uw status`."


class ApproverMissing(UnionWarehouseError):
    """A decision has a name."""

    code = "approver_missing"
    message_zh = "没有审批人姓名，未批准任何内容：请用 --by 写明审批人；在服务器上请先登录。"
    message_en = "nobody is named, so nothing is approved: say who decides with --by; on a server sign in."


class NotAnApprover(UnionWarehouseError):
    """Approvers are named, and this person is none of them."""

    code = "not_an_approver"
    message_zh = "{by} 不是审批人（UW_APPROVERS：{approvers}）；请由审批人批准。"
    message_en = "{by} is not one of the approvers (UW_APPROVERS: {approvers}); one of them has to decide."


class CommentMissing(UnionWarehouseError):
    """A decision says why."""

    code = "comment_missing"
    message_zh = "请用 --comment 写明理由：它会随版本保存。"
    message_en = "say why with --comment: it is kept with the release."
