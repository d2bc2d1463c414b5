"""A tester's report as JUnit XML, which build servers and dashboards read."""

from __future__ import annotations

import re
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from clutch_tui.net.endpoint_tester.tester import EndpointReport, EndpointResult
from clutch_tui.phrases.errors import explain
from clutch_tui.text.strings import t

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: EndpointReport) -> bytes:
    """One suite a category, one case an endpoint; what does not work has failed, with its reason and its remedy."""
    root = Element("testsuites", {"name": "clutch-tui test-backend", **_counts(report.results)})
    for category, group in groupby(report.results, key=lambda result: result.category):
        results = tuple(group)
        suite = SubElement(root, "testsuite", {"name": category, "hostname": report.base_url, **_counts(results)})
        for result in results:
            _add_case(suite, result)
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _counts(results: tuple[EndpointResult, ...]) -> dict[str, str]:
    skipped = sum(result.state == "skipped" for result in results)
    failed = sum(not result.works for result in results) - skipped
    seconds = sum(result.latency_ms or 0 for result in results) / 1000
    return {"tests": str(len(results)), "failures": str(failed), "skipped": str(skipped), "time": f"{seconds:.3f}"}


def _add_case(suite: Element, result: EndpointResult) -> None:
    seconds = (result.latency_ms or 0) / 1000
    case = SubElement(suite, "testcase", classname=result.category, name=result.name, time=f"{seconds:.3f}")
    remedy = "" if result.remedy is None else t(result.remedy)
    if result.state == "skipped":
        SubElement(case, "skipped", message=remedy)
    elif not result.works:
        message = t(f"tester.state.{result.state}") if result.problem is None else explain(result.problem)
        failure = SubElement(case, "failure", type=result.state, message=_NO_XML.sub("\ufffd", message))
        failure.text = f"{result.method} {result.path} {result.status or ''}\n{remedy}"
