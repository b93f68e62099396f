"""The picture in README.md, of a race: `python -m tests.browser.picture` makes it again."""

import base64
import shutil

from playwright.sync_api import Page, expect

from tests.browser import staging
from tests.browser.staging import ROOT
from tests.browser.visitor import PATIENCE, drawn

PICTURE = ROOT / "images/compare.webp"
ROWS = 100_000  # as many as a host makes up that cannot reach the data set
SIZE = {"width": 1120, "height": 800}


def webp(page: Page) -> bytes:
    """The whole page, as a picture a third as large as a PNG, which is all that `screenshot` can make."""
    height = page.evaluate("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": SIZE["width"], "height": height, "scale": 1}
    taken = {"format": "webp", "quality": 90, "clip": clip, "captureBeyondViewport": True}
    answer = page.context.new_cdp_session(page).send("Page.captureScreenshot", taken)
    return base64.b64decode(answer["data"])


def main() -> None:
    directory = ROOT / "var/picture"
    shutil.rmtree(directory, ignore_errors=True)
    PICTURE.parent.mkdir(exist_ok=True)
    try:
        with (
            staging.site(directory / "site", ROWS) as site,
            staging.chromium(directory / "chromium") as browser,
        ):
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            page.set_default_timeout(PATIENCE)
            page.goto(site.url + "/compare/")
            page.get_by_label("Repetitions").select_option("20")
            page.get_by_role("button", name="Start the race").click()
            expect(page.get_by_role("status")).to_contain_text("times faster", timeout=PATIENCE)
            drawn(page)
            page.mouse.move(0, 0)
            PICTURE.write_bytes(webp(page))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
