"""The annual and the monthly report, through its command, read back as Word and as HTML."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docx
import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audited_year import MONTH, land_two_months
from tests.releases import publish_approved
from tests.report_reading import (
    RELEASE,
    changed,
    mentions,
    of_federation,
    page_texts,
    report,
    summary_of,
    tables,
    word_texts,
    written,
)
from union_warehouse.paths import Home
from union_warehouse.reporting.figures import figures
from union_warehouse.reporting.report import build_document
from union_warehouse.reporting.report.clauses import told
from union_warehouse.reporting.report.document import Chart, Note, Paragraph, Table
from union_warehouse.reporting.report.release_data import ReportData, read_report_data
from union_warehouse.reporting.report.template import TEMPLATE_FILE
from union_warehouse.reporting.report.wording import spelled_number, value_text
from union_warehouse.warehouse.build import run_dbt
from union_warehouse.warehouse.plan import plan_close


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with January 2014 released; two of the departments reported."""
    home = Home(tmp_path_factory.mktemp("report") / "home")
    land_two_months(home)
    plan = plan_close(home, MONTH, datetime(2014, 3, 1, 10, tzinfo=UTC))
    run_dbt(home, plan["close_id"])
    publish_approved(home, plan["close_id"])
    return home


@pytest.fixture(scope="module")
def two_years(tmp_path_factory: pytest.TempPathFactory, published: Home) -> Home:
    """The same with a January 2013 in the release, in which everything was half as much, and one who joined two unions."""
    home = Home(Path(shutil.copytree(published.root, tmp_path_factory.mktemp("two_years") / "home", symlinks=True)))
    with duckdb.connect(str(home.releases / RELEASE / "warehouse.duckdb")) as connection:
        connection.execute(
            """
            insert into dim_month select * replace ('2013-01' as month, date '2013-01-01' as first_on, date '2013-01-31' as last_on)
            from dim_month where month = '2014-01';
            insert into rpt_indicators select * replace ('2013-01' as month, value_month / 2 as value_month,
                value_year_to_date / 2 as value_year_to_date) from rpt_indicators;
            update rpt_indicators set value_month = 3, value_year_to_date = 3
            where indicator_code = 'member.joined' and is_federation and month = '2014-01';
            insert into fct_commitment_progress (commitment_progress_key, commitment_no, commitment_year, month, indicator_code,
                target_value, progress_value, progress_rate, earlier_progress_value, forecast_value, forecast_low_value,
                forecast_high_value, commitment_status, milestone)
            values ('1', '10', 2014, '2014-01', 'member.joined', 60, 3, 0.05, 4, 57, 47.4, 66.7, 'as_last_year', null),
                ('2', '2a', 2014, '2014-01', 'project.culture_centre', 1, 1, 1, null, 1, null, null, 'done', '样例：建成');
            insert into fct_commitments (commitment_month_key, commitment_no, commitment_year, indicator_code, target_value,
                submission_month, reporting_unit_code, submission_id)
            values ('1', '1', 2015, 'culture.films', 90, '2014-01', 'BG', 's1'), ('2', '1', 2015, 'culture.films', 120, '2014-02', 'BG', 's2')
            """
        )
    manifest = home.releases / RELEASE / "release.json"
    release = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps(release | {"closed_months": ["2013-01", "2014-01"]}), encoding="utf-8")
    return home


def test_word_and_page_hold_the_same(published: Home, tmp_path: Path) -> None:
    files = written(published, "--year", "2014", "--out", tmp_path)
    assert [path.name for path in files] == ["2014_年报.docx", "2014_年报.html", "2014_年报_附录.docx", "2014_年报_附录.html"]
    word, page, appendices_word, appendices_page = files
    assert word_texts(word) == page_texts(page)
    assert word_texts(appendices_word) == page_texts(appendices_page)
    assert "下城区总工会2014年1月工作报告" in word_texts(word)
    assert "下城区总工会2014年1月工作报告附录" in word_texts(appendices_word)
    assert "2014年1月第1版，数据截至2014年3月1日18:00，2014年1月为初步数" in page_texts(page)
    content = page.read_text("utf-8")
    assert not re.search(r"src=\"(?!data:)", content), "the page needs nothing else"
    links = set(re.findall(r"href=\"([^\"#]*)#([^\"]+)\"", content))
    assert {file for file, _ in links} == {"", appendices_page.name}, "numbers lead to their definitions"
    anchors = set(re.findall(r" id=\"([^\"]+)\"", appendices_page.read_text("utf-8")))
    assert {anchor for file, anchor in links if file} <= anchors
    assert len(docx.Document(str(word)).inline_shapes) == content.count("<img ")


def test_the_report_goes_to_its_release(published: Home) -> None:
    shown = report(published, "--month", "2014-01")
    folder = published.reports / RELEASE
    assert shown.stdout.split() == [str(folder / f"2014-01_月报{end}") for end in (".docx", ".html", "_附录.docx", "_附录.html")]
    assert "下城区总工会2014年1月工作月报" in word_texts(folder / "2014-01_月报.docx")


def test_the_same_release_gives_the_same_bytes(published: Home, tmp_path: Path) -> None:
    first = [path.read_bytes() for path in written(published, "--year", "2014", "--out", tmp_path / "a")]
    again = written(published, "--year", "2014", "--out", tmp_path / "b")
    assert first == [path.read_bytes() for path in again]
    properties = docx.Document(str(again[0])).core_properties
    assert properties.created == properties.modified == datetime(2014, 3, 1, 10, tzinfo=UTC)
    assert properties.keywords == RELEASE


def test_every_published_indicator_is_in_the_report(published: Home) -> None:
    document = build_document(published, 2014)
    said = {code for code, _ in mentions(document)}
    said |= {
        cell for section in document.sections for block in section.blocks if isinstance(block, Table) for cell in block.header
    }
    found = figures(published, 2014).to_pandas()
    assert len(found) == 88
    missing = {row.indicator_code for row in found.itertuples() if row.indicator_code not in said}
    assert missing == {"project.culture_centre", "policy.innovation_incentive"}, "no commitments of the year"


def test_every_number_in_the_text_is_a_figure(published: Home) -> None:
    document = build_document(published, 2014)
    values = figures(published, 2014).to_pandas().set_index("indicator_code")
    for code, words in mentions(document):
        figure = values.loc[code]
        if words == figure["name_zh"]:
            assert figure["value"] == 0 or figure["value"] != figure["value"], "nil or unknown"
        else:
            assert words == value_text(float(str(figure["value"])), str(figure["unit"]), str(figure["unit_zh"]))
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Paragraph):
                rest = (
                    "".join(words for words, code in block.parts if not code).replace("2014年1月", "").replace("为零的指标", "")
                )
                assert spelled_number(rest) is None, rest
    said = dict(mentions(document))
    assert said["member.joined"] == "4人"
    assert said["safety.inspections"] == "2次"
    assert said["congress.non_public_enterprise_rate"] == "100%"
    assert said["congress.public_institution_rate"] == "事业单位职代会和厂务公开建制率"


def test_what_is_nil_or_unknown_is_told_in_one_sentence(published: Home) -> None:
    sections = {
        part.key: [block.text for block in part.blocks if isinstance(block, Paragraph)]
        for part in build_document(published, 2014).sections
    }
    assert sections["organisation"] == [
        "发展新会员4人。期末建会企业3家。",
        "非公企业职代会和厂务公开建制率100%。",
        "2014年1月为零的指标：新建独立基层工会、新建联合工会、新建工会涵盖企业；暂无数据的指标：事业单位职代会和厂务公开建制率。",
    ]
    assert sections["culture"][0].startswith("2014年1月未报送的指标：交友联谊活动、送文艺演出、")
    assert len(sections["culture"]) == 1


@pytest.fixture(scope="module")
def january(published: Home) -> ReportData:
    return read_report_data(published, 2014, "2014-01", None)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_whatever_clauses_a_paragraph_has_each_figure_is_told_once(january: ReportData, data: st.DataObject) -> None:
    known = ["member.joined", "safety.inspections", "org.enterprises_with_union", "congress.non_public_enterprise_rate"]
    folded = [
        "org.unions_established.joint",
        "org.unions_established.independent",
        "culture.films",
        "congress.public_institution_rate",
    ]
    codes = data.draw(st.lists(st.sampled_from(known + folded), min_size=1, unique=True))
    marks = data.draw(st.lists(st.sampled_from("，；。、"), min_size=len(codes), max_size=len(codes)))
    words = data.draw(
        st.lists(st.sampled_from(["开展", "其中", "看望患病、遭遇意外的家庭"]), min_size=len(codes), max_size=len(codes))
    )
    text = "".join(f"{word}{{{code}}}{mark}" for word, code, mark in zip(words, codes, marks, strict=True))
    paragraphs = told(january, [text])
    told_codes = [code for paragraph in paragraphs for _, code in paragraph.parts if code]
    assert sorted(told_codes) == sorted(codes)
    assert all(paragraph.text.endswith("。") for paragraph in paragraphs)
    assert not re.search(r"[，；。、：]{2}|^[，；。、]", "".join(paragraph.text for paragraph in paragraphs))
    in_place = [code for code in codes if code in known]
    assert [code for _, code in paragraphs[0].parts if code][: len(in_place)] == in_place


def test_who_did_not_report_is_said(published: Home, tmp_path: Path) -> None:
    texts = word_texts(written(published, "--year", "2014", "--out", tmp_path)[0])
    assert any(
        text.startswith("说明：") and "“会员变动”" in text and "另有9个单位未报送（见附录报送情况）" in text for text in texts
    )
    table = tables(build_document(published, 2014))["各单位组织建设情况"]
    rows = {row[0]: row for row in table.rows}
    assert table.header == (
        "单位",
        "建会企业（家）",
        "发展新会员（人）",
        "事业单位职代会和厂务公开建制率",
        "非公企业职代会和厂务公开建制率",
    )
    assert rows["天水街道总工会"][1:] == ("未报送",) * 4
    assert rows["长庆街道总工会"][2] == "3"


def test_the_whole_is_counted_not_summed(two_years: Home) -> None:
    table = tables(build_document(two_years, 2014))["各单位组织建设情况"]
    assert table.has_total
    column = table.header.index("发展新会员（人）")
    rows = {row[0]: row[column] for row in table.rows}
    assert table.rows[0][0] == "全区"
    assert (rows["全区"], rows["长庆街道总工会"], rows["武林街道总工会"]) == ("3", "3", "1")
    assert [row[0] for row in table.rows[1:4]] == ["长庆街道总工会", "武林街道总工会", "天水街道总工会"]


def test_numbers_are_compared_with_last_year(two_years: Home) -> None:
    said = dict(mentions(build_document(two_years, 2014)))
    assert said["member.joined"] == "3人（同比增加1人）"
    assert said["safety.inspections"] == "2次（同比增加1次）"
    assert said["congress.non_public_enterprise_rate"] == "100%（同比提高50个百分点）"
    assert said["training.free_courses"] == "职业技能免费培训", "nil as a year before"


def test_a_month_is_told_with_the_year_to_date(published: Home, tmp_path: Path) -> None:
    home = Home(Path(shutil.copytree(published.root, tmp_path / "home", symlinks=True)))
    with duckdb.connect(str(home.releases / RELEASE / "warehouse.duckdb")) as connection:
        connection.execute(
            """
            insert into dim_month select * replace ('2014-02' as month, date '2014-02-01' as first_on, date '2014-02-28' as last_on)
            from dim_month where month = '2014-01';
            insert into rpt_indicators select * replace ('2014-02' as month, value_year_to_date + 5 as value_year_to_date)
            from rpt_indicators where month = '2014-01'
            """
        )
    document = build_document(home, 2014, "2014-02")
    said = dict(mentions(document))
    assert document.title == "下城区总工会2014年2月工作月报"
    assert said["member.joined"] == "4人（年内累计9人）"
    assert said["org.enterprises_with_union"] == "3家"
    assert tables(document)["全部指标"].header == ("指标", "单位", "本月", "年内累计")
    chart = next(block for part in document.sections for block in part.blocks if isinstance(block, Chart))
    assert (chart.labels, chart.series[0].values, chart.series[0].year_to_date) == (("1月", "2月"), (4, 4), (4, 9))


def test_commitments_are_told_in_the_order_of_their_numbers(two_years: Home) -> None:
    document = build_document(two_years, 2014)
    assert tables(document)["实事项目进展"].rows == (
        ("2a", "职工文化活动中心筹建进度", "100%", "100%", "100%", "", "100%", "已完成", "样例：建成"),
        ("10", "发展新会员", "60人", "3人", "5%", "4人", "57 (47–67)", "与去年同期相当", ""),
    )
    assert tables(document)["2015年实事项目目标"].rows == (("1", "免费放映电影", "90场"),), "as known at the end of January"
    assert "policy.innovation_incentive" not in dict(mentions(document)), "no commitment of the year"
    charts = [block for part in document.sections for block in part.blocks if isinstance(block, Chart)]
    assert [chart.series[0].values for chart in charts if chart.kind == "commitments"] == [(1, 0.05)]


def test_the_summary_says_what_stands_out_what_went_wrong_and_what_comes_next(two_years: Home, tmp_path: Path) -> None:
    home = changed(
        two_years,
        tmp_path,
        of_federation("safety.inspections", "2013-01", 700),
        of_federation("safety.inspections", "2014-01", 1000),
        of_federation("member.joined", "2013-01", 100),
        of_federation("member.joined", "2014-01", 85),
        "update fct_commitment_progress set commitment_status = 'at_risk' where commitment_no = '10'",
    )
    said = summary_of(build_document(home, 2014, "2014-01"))
    changes, commitments = said["与上年同期和实事项目相比"]
    assert "安全生产检查1,000次（增加300次，42.9%）" in changes
    assert "发展新会员" not in changes, "15 of 100 may be chance"
    assert commitments == "2014年2项实事项目，已完成1项、进度滞后1项。"
    late, reports, rows = said["存在问题"]
    assert late == "实事项目进度滞后或未完成的有：发展新会员（目标60人，已完成3人，预计年末57人）。"
    assert re.fullmatch(
        r"应报\d+份报表中未报\d+份（未报：长庆街道总工会、武林街道总工会、天水街道总工会、潮鸣街道总工会等18个单位）。", reports
    )
    assert rows == "1个单位报送的2行数据有误，更正前不计入指标。"
    remaining, targets, issues = said["下一步工作"]
    assert remaining == "对照实事项目目标，年内还需完成：发展新会员57人。"
    assert targets == "2015年实事项目目标：免费放映电影90场。"
    assert re.match(r"有关单位须更正或补报：长庆街道总工会\d+项、", issues)


def test_a_person_adds_sentences_to_the_summary(published: Home, tmp_path: Path) -> None:
    template = yaml.safe_load(TEMPLATE_FILE.read_text("utf-8"))
    path = tmp_path / "template.yml"
    for sentence in ("继续推进“五水共治”技能竞赛，{period}已检查{safety.inspections}。", "再办三场。"):
        template["summary"]["parts"][-1]["paragraphs"] = [sentence]
        path.write_text(yaml.safe_dump(template, allow_unicode=True), encoding="utf-8")
        shown = report(published, "--year", "2014", "--template", path, "--out", tmp_path)
        if shown.exit_code == 0:
            assert "继续推进“五水共治”技能竞赛，2014年1月已检查2次。" in word_texts(tmp_path / "2014_年报.docx")
    assert "error number_without_indicator" in shown.stderr


def test_what_is_counted_stands_after_its_measure_word(two_years: Home, tmp_path: Path) -> None:
    home = changed(two_years, tmp_path, of_federation("honour.pioneer_teams", "2014-01", 24))
    texts = [block.text for part in build_document(home, 2014).sections for block in part.blocks if isinstance(block, Paragraph)]
    assert any("命名区工人先锋号24个班组" in text for text in texts)


def test_money_of_a_column_is_in_one_unit(published: Home, tmp_path: Path) -> None:
    home = changed(
        published,
        tmp_path,
        "update rpt_indicators set value_month = 4500, value_year_to_date = 4500, is_missing = false "
        "where indicator_code = 'assist.hardship_relief.amount' and month = '2014-01'",
        of_federation("assist.hardship_relief.amount", "2014-01", 657920),
        of_federation("assist.model_worker_hardship.amount", "2014-01", 9870),
    )
    found = tables(build_document(home, 2014))
    helped = found["各单位帮扶救助情况"]
    column = helped.header.index("困难职工救济金（万元）")
    assert {row[column] for row in helped.rows} == {"65.79", "0.45"}
    (row,) = (row for row in found["表彰荣誉和劳模服务情况"].rows if row[0] == "困难劳模慰问金")
    assert row[1:3] == ("元", "9,870")


def test_restatements_are_told_by_their_causes(two_years: Home, tmp_path: Path) -> None:
    home = changed(
        two_years,
        tmp_path,
        """
        insert into rpt_restatements by name
        select '2014-03-r1' as release_id, '2014-03' as closed_month, now() as known_at,
            code as indicator_code, '2014-01' as month, 1 as old_value_month, 2 as new_value_month, cause, caused_by, reason,
            (select any_value(reporting_unit_code) from rpt_indicators where is_federation) as reporting_unit_code
        from (values
            (1, 'member.joined', 'submission', '2014-03/CQ/v0001', null),
            (2, 'safety.inspections', 'submission', '2014-03/CQ/v0001, 2014-03/WL/v0001', null),
            (3, 'member.joined', 'submission', '2014-01/WL/v0002', null),
            (4, 'member.joined', 'submission', '2014-02/WL/v0001', null),
            (5, 'member.joined', 'definition', 'indicator member.joined', '按人去重')
        ) as causes (number, code, cause, caused_by, reason)
        """,
    )
    document = build_document(home, 2014)
    rows = {row[0]: row[1:] for row in tables(document)["全区各月指标更正的原因"].rows}
    assert set(rows) == {"以后月份补报", "更正后重新报送", "迟报", "口径变更：按人去重"}
    assert rows["以后月份补报"] == ("2", "2014年1月", "长庆街道总工会、武林街道总工会", "发展新会员1处、安全生产检查1处")
    assert rows["更正后重新报送"][2] == "武林街道总工会"
    assert "全区指标发布后更正5处，原因见附录。" in summary_of(document)["存在问题"]


def test_a_report_without_commitments_says_so(published: Home, tmp_path: Path) -> None:
    texts = word_texts(written(published, "--year", "2014", "--out", tmp_path)[0])
    assert "2014年1月第1版没有2014年的实事项目。" in texts


def test_a_sum_is_not_compared_with_a_part_of_last_year(two_years: Home, tmp_path: Path) -> None:
    home = Home(Path(shutil.copytree(two_years.root, tmp_path / "home", symlinks=True)))
    with duckdb.connect(str(home.releases / RELEASE / "warehouse.duckdb")) as connection:
        connection.execute(
            "update rpt_indicators set is_reported_year_to_date = false where month = '2013-01' and indicator_kind = 'flow'"
        )
    said = dict(mentions(build_document(home, 2014)))
    assert said["member.joined"] == "3人"
    assert said["org.enterprises_with_union"].startswith("3家（同比增加")


def test_the_appendices_say_what_the_report_rests_on(published: Home) -> None:
    document = build_document(published, 2014)
    assert [part.title for part in document.appendices] == [
        "指标一览",
        "指标口径",
        "报送情况",
        "待更正数据",
        "数据更正",
        "发布版本",
    ]
    found = tables(document)
    assert len(found["全部指标"].rows) == len(found["指标的口径、单位和责任部门"].rows) == 88
    definitions = {row[0]: row[1:] for row in found["指标的口径、单位和责任部门"].rows}
    assert definitions["发展新会员"] == ("当期入会的职工人数，按人去重", "按明细所列工会的所属单位", "人", "组织部", "会员变动")
    assert definitions["职工晋升一级职业资格等级"][1] == "按明细所列工会的所属单位", "whoever sends it"
    assert definitions["安全生产检查"][1] == "按报送单位"
    assert definitions["开展和谐企业创建的建会企业"][1] == "按涵盖该企业的工会的所属单位"
    assert definitions["和谐企业创建覆盖率"][1] == "分子、分母各按其归属"
    assert "自首次报告两项均已建制之月起计" in definitions["非公企业职代会和厂务公开建制率"][0]
    waiting = {row[:4] for row in found["待更正数据行"].rows}
    assert waiting == {("隐患整改", "尚未收到对应的安全检查", "1", "1"), ("技能晋级", "填写的内容不在规定选项内", "1", "1")}
    reported = {row[0]: row[1:] for row in found["各单位报送情况（份）"].rows}
    expected, received, on_time, late, missing, rate = reported["长庆街道总工会"]
    assert (int(expected), int(received)) == (int(on_time) + int(late) + int(missing), int(on_time) + int(late))
    assert received == "9"
    assert rate == f"{int(on_time) / int(expected) * 100:.2f}".rstrip("0").rstrip(".")
    assert reported["天水街道总工会"][1] == "0"
    release = {row[0]: row[1] for row in found["本报告所依据的发布版本"].rows}
    assert release["发布版本"] == "2014年1月第1版"
    assert release["数据截至"] == "2014年3月1日18:00（上海时间）"


def test_a_table_that_counts_for_different_units_says_so(published: Home) -> None:
    notes = {
        part.title: "".join(block.text for block in part.blocks if isinstance(block, Note) and block.text.startswith("注："))
        for part in build_document(published, 2014).sections
    }
    assert "开展和谐企业创建的建会企业按涵盖该企业的工会的所属单位统计，其余按报送单位统计。" in notes["职工维权"]
    assert "所属单位统计" not in notes["安全生产"] + notes["组织建设"], "all of a table alike"
    assert "不一定等于各单位之和" in notes["组织建设"]
    assert "不等于" not in "".join(notes.values())


@pytest.mark.parametrize("number", ["3", "３", "一百", "两", "百分之九", "10%", "Ⅳ", "①", "半", "三万", "五一千", "１９"])
def test_a_number_without_indicator_cannot_be_written(number: str, published: Home, tmp_path: Path) -> None:
    template = written_template(tmp_path, f"开展检查{number}次。")
    shown = report(published, "--year", "2014", "--template", template, "--out", tmp_path)
    assert shown.exit_code == 1
    assert "错误 number_without_indicator" in shown.stderr
    assert "error number_without_indicator" in shown.stderr
    assert not list(tmp_path.glob("*.docx"))


def test_names_and_indicators_can_be_written(published: Home, tmp_path: Path) -> None:
    template = written_template(tmp_path, "五一劳动奖章、五水共治、双爱和一线职工；{period}检查{safety.inspections}。")
    word, *_ = written(published, "--year", "2014", "--template", template, "--out", tmp_path)
    texts = word_texts(word)
    assert "五一劳动奖章、五水共治、双爱和一线职工；2014年1月检查2次。" in texts
    assert "十一、其他指标" not in texts
    assert any(text.endswith("、其他指标") for text in texts), "what the template does not name is listed"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"paragraphs": ["检查{safety.nothing}。"]}, "unknown_report_indicator"),
        ({"paragraphs": ["{congress.public_institutions}。"]}, "unknown_report_indicator"),
        ({"tables": [{"title_zh": "表", "by": "departments", "indicators": ["safety.nothing"]}]}, "unknown_report_indicator"),
        ({"paragraphs": ["检查{safety.inspections。"]}, "malformed_report_template"),
        ({"paragraphs": "检查"}, "malformed_report_template"),
        ({"title_zh": None}, "malformed_report_template"),
        ({"remark": "不认识的项"}, "malformed_report_template"),
        ({"charts": [{"title_zh": "图", "by": "weeks", "indicators": ["safety.inspections"]}]}, "malformed_report_template"),
        ({"charts": [{"title_zh": "图", "by": "months"}]}, "malformed_report_template"),
        ({"tables": [{"title_zh": "表1", "by": "commitments"}]}, "number_without_indicator"),
    ],
)
def test_a_wrong_template_is_told_by_name(change: dict[str, Any], error: str, published: Home, tmp_path: Path) -> None:
    shown = report(published, "--year", "2014", "--template", written_template(tmp_path, "检查。", **change), "--out", tmp_path)
    assert shown.exit_code == 1
    assert f"error {error}" in shown.stderr


def written_template(folder: Path, paragraph: str, **change: Any) -> Path:
    document = yaml.safe_load(TEMPLATE_FILE.read_text("utf-8"))
    section = {"key": "one", "title_zh": "检查", "paragraphs": [paragraph]} | change
    path = folder / "template.yml"
    path.write_text(yaml.safe_dump(document | {"sections": [section]}, allow_unicode=True), encoding="utf-8")
    return path


def test_what_the_release_does_not_hold_is_told(published: Home, home: Home) -> None:
    for arguments, error in (
        (("--year", "2013"), "no_figures"),
        (("--month", "2014-02"), "no_figures"),
        (("--year", "2014", "--release", "2014-09-r1"), "unknown_release"),
    ):
        shown = report(published, *arguments)
        assert (shown.exit_code, f"error {error}" in shown.stderr) == (1, True)
    assert "no_release" in report(home, "--year", "2014").stderr
