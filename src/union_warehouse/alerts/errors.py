"""What can go wrong with alerts."""

from __future__ import annotations

from union_warehouse.errors import UnionWarehouseError


class UnknownAlert(UnionWarehouseError):
    """An id that no standing alert has."""

    code = "unknown_alert"
    message_zh = "没有编号为“{event_id}”的告警；uw alerts list 列出全部编号。"
    message_en = "no standing alert has the id {event_id!r}; `uw alerts list` lists them."


class UnreadableAlerts(UnionWarehouseError):
    """What was sent to whom cannot be read: without it, everything would be sent again."""

    code = "unreadable_alerts"
    message_zh = "{path} 无法读取，未发送任何告警：请从备份恢复该文件；没有备份则删除它，所有未了结的告警将重新发送。"
    message_en = (
        "{path} cannot be read, and nothing was sent: restore it from a backup; without one delete it, and all that is still open is "
        "sent again."
    )


class AlertsWentBack(UnionWarehouseError):
    """A time before that of the last messages: what was found since would look as if it were gone."""

    code = "alerts_went_back"
    message_zh = "告警已处理到 {last}，不能回到 {as_of}；重放请另用一个 UW_HOME。"
    message_en = "alerts are at {last} already and cannot go back to {as_of}; replay in a home of its own."


class InvalidTargets(UnionWarehouseError):
    """Targets that are not understood; the message never quotes a value, which may be a password."""

    code = "invalid_targets"
    message_zh = "{path} 中的 {place} 不对：应为已知的受众或单位，值为地址或地址列表。格式见 docs/alerts.md。"
    message_en = "{place} of {path} is not understood: a known audience or unit has a URL or a list of URLs; see docs/alerts.md."


class AlertsNotDelivered(UnionWarehouseError):
    """Messages that their servers did not take."""

    code = "alerts_not_delivered"
    message_zh = "{count} 条告警未送达（{channels}）；请检查地址和网络，下次运行会重发。"
    message_en = "{count} alerts were not delivered ({channels}); check the targets and the network, the next run tries again."
