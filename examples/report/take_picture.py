"""Writes report.png, the picture in the README, from shop.yaml: `make tools`, then `python examples/report/take_picture.py`."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from constructs_lib.check import check
from constructs_lib.readers.sources import read
from constructs_lib.reporters import html

HERE = Path(__file__).parent
WIDTH = 1120


def main() -> None:
    """From the heading of the picture of relations to the end of the budgets."""
    page = html.render(check(read([HERE / "shop.yaml"]).fleet))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "report.html"
        file.write_text(page, encoding="utf-8")
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        opened = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
        opened.goto(file.as_uri())
        top, bottom = (
            opened.get_by_role("heading", name=name).bounding_box()["y"]
            for name in ("Who connects to what", "Every connection and its evidence")
        )
        clip = {"x": 0, "y": top - 24, "width": WIDTH, "height": bottom - top - 24}
        opened.screenshot(path=HERE / "report.png", full_page=True, clip=clip)
        browser.close()


if __name__ == "__main__":
    main()
