"""The HTML page: complete, safe, self-contained, and looked at by a real browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from constructs_lib.check import Report, check
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Instance, Pool, Store
from constructs_lib.model.quantity import Quantity
from constructs_lib.readers.reading import Unread
from constructs_lib.reporters import html
from constructs_lib.reporters.html.names import names_of
from constructs_lib.reporters.html.nodes import nodes_and_edges
from constructs_lib.reporters.html.relations import MOST_CONSUMERS
from constructs_lib.reporters.unsettled import outspoken

Sample = tuple[str, Report, tuple[Unread, ...]]
BROWSERS = (
    "chromium",
    "google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
#: Marks and words of a picture that stick out of it, and text that is wider than its box.
_OUTSIDE = """() => {
  const found = [];
  if (document.documentElement.scrollWidth > window.innerWidth) found.push('the page scrolls sideways');
  for (const svg of document.querySelectorAll('svg')) {
    const frame = svg.getBoundingClientRect();
    for (const mark of svg.querySelectorAll('rect, text, path')) {
      const box = mark.getBoundingClientRect();
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
        found.push(`${mark.tagName} ${mark.textContent} leaves its picture`);
    }
    for (const box of svg.querySelectorAll('rect.node')) {
      const edge = box.getBoundingClientRect().right;
      for (const label of box.parentElement.querySelectorAll('text'))
        if (label.getBoundingClientRect().right > edge - 3) found.push(`${label.textContent} is wider than its box`);
    }
  }
  return found;
}"""


def crowd(functions: int) -> Report:
    """Functions of every second kind of name on one pool and one table."""
    store = Store("Database", "rds-instance", "postgres", instances=(Instance("Database", "db.t4g.micro"),))
    table = Store("Table", "dynamodb-table", "dynamodb")
    pool = Pool("Proxy", "Database", percent=Quantity.exact(50))
    names = [f"WWWWAccountSettingsOfTenantsWithALongName{number:03}WWWW" for number in range(functions)]
    consumers = tuple(
        Consumer(name, reserved_concurrency=Quantity.exact(1 + number)) for number, name in enumerate(names)
    )
    links = [Connection(name, "Database", via="proxy", pool="Proxy", certainty="likely") for name in names]
    links += [Connection(name, "Table", via="http") for name in names[::2]]
    return check(Fleet((store, table), (pool,), consumers, tuple(links)))


def without_rules(page: str) -> str:
    """The page without the rules' own pages: one that is written better must not change a report's snapshot."""
    return re.sub(r'<section class="rules">.*?</section>', "", page, flags=re.DOTALL)


def test_snapshot(sample: Sample, snapshot: Callable[[str, str], None]) -> None:
    name, report, unread = sample
    body = without_rules(html.render(report, unread))
    snapshot(
        f"{name}.html", re.sub(r"<style>.*?</style>", "<style></style>", body, flags=re.DOTALL).replace("><", ">\n<")
    )


def test_everything_a_report_says_is_on_the_page(sample: Sample) -> None:
    _, report, unread = sample
    page = re.sub(r"\s+", " ", html.render(report, unread).replace("&#x27;", "'").replace("&lt;", "<"))
    for finding in report.findings:
        assert finding.code in page
    for finding in outspoken(report):
        assert finding.message in page or finding.acknowledged is not None
    for gap in report.not_decided:
        assert gap.missing in page
    for item in unread:
        assert item.reason in page


def test_the_page_needs_nothing_from_elsewhere(sample: Sample) -> None:
    _, report, unread = sample
    page = html.render(report, unread)
    assert not re.search(r"<script|<link|<img|<iframe|url\(|@import|src=", page)
    outside = re.findall(r'(?:href|action)="(?!#)([^"]*)', without_rules(page))
    assert outside == []


def test_names_of_a_template_cannot_write_html_or_turn_text() -> None:
    evil = '<script>alert(1)</script>"onload="x\u202e\x1b[31m'
    report = check(Fleet((Store(evil, "rds-instance", "postgres"),), (), (Consumer(evil),), (Connection(evil, evil),)))
    page = html.render(report)
    assert "<script" not in page
    assert '"onload="' not in page
    assert not re.search("[\x1b\u202e]", page)


def test_pictures_are_well_formed(sample: Sample) -> None:
    _, report, unread = sample
    for picture in re.findall(r"<svg.*?</svg>", html.render(report, unread), flags=re.DOTALL):
        assert ElementTree.fromstring(picture).attrib["aria-label"]


def test_a_crowd_that_connects_alike_is_drawn_as_one_and_nobody_is_forgotten() -> None:
    report = crowd(300)
    nodes, edges = nodes_and_edges(report, names_of(report))
    consumers = [node for node in nodes if node.column == "consumer"]
    assert len(consumers) == 2
    assert sum(node.members for node in consumers) == 300
    assert {edge.end for edge in edges} == {"pool:Proxy", "store:Table", "store:Database"}


def test_a_wall_of_different_consumers_is_cut_and_said_so() -> None:
    stores = tuple(Store(f"Table{n}", "dynamodb-table", "dynamodb") for n in range(100))
    consumers = tuple(Consumer(f"F{n}") for n in range(100))
    links = tuple(Connection(f"F{n}", f"Table{n}", via="http") for n in range(100))
    page = html.render(check(Fleet(stores, (), consumers, links)))
    assert page.count('<rect class="node"') == 2 * MOST_CONSUMERS
    assert f"{100 - MOST_CONSUMERS} further functions" in page


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium without any connection to the outside."""
    from playwright.sync_api import sync_playwright

    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert executable, "Chromium is missing: .ci/prepare installs it"
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield running
        running.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_shows_it_whole(sample: Sample, browser: Any, tmp_path: Path, scheme: Any, width: int) -> None:
    _, report, unread = sample
    assert problems(browser, html.render(report, unread), tmp_path, scheme, width) == []


@pytest.mark.browser
def test_long_names_stay_inside_their_boxes(browser: Any, tmp_path: Path) -> None:
    assert problems(browser, html.render(crowd(20)), tmp_path, "light", 1280) == []


def problems(browser: Any, page: str, folder: Path, scheme: Any, width: int) -> list[str]:
    """What a browser complains about, asks the outside for, or cannot show inside its frame."""
    file = folder / "report.html"
    file.write_text(page, encoding="utf-8")
    found: list[str] = []
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    opened = context.new_page()
    opened.on("console", lambda message: found.append(message.text))
    opened.on("pageerror", lambda error: found.append(str(error)))
    opened.on("request", lambda request: found.append(request.url) if not request.url.startswith("file:") else None)
    opened.goto(file.as_uri())
    found += opened.evaluate(_OUTSIDE)
    dark = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(16, 22, 28)") is (scheme == "dark")
    for panel in opened.locator("summary").all():
        panel.click()
    assert all(panel.is_visible() for panel in opened.locator("details h4").all())
    context.close()
    return found
