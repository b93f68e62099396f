"""What holds for every page: seen in both colour schemes, kept as pictures, held to axe-core."""

from dataclasses import dataclass
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.visitor import SIZES, drawn, overflow

SCHEMES = ("light", "dark")
OPTIONS = {"preload": False}  # it puts style sheets into the page, which the site's own policy refuses
AT_REST = "Promise.allSettled(document.getAnimations().map(one => one.finished)).then(() => null)"
TALLEST = 3000  # pixels of a page that a screenshot shows


@dataclass(frozen=True)
class Look:
    """Takes a page's pictures, and holds the page to what holds for every one."""

    screenshots: Path

    def __call__(self, page: Page, name: str) -> None:
        assert overflow(page) == 0
        size = next(size for size in SIZES if SIZES[size] == page.viewport_size)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            drawn(page)
            page.evaluate(AT_REST)
            height = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
            picture = {"x": 0, "y": 0, "width": page.viewport_size["width"], "height": height}
            page.screenshot(
                path=self.screenshots / f"{name}-{size}-{scheme}.png", clip=picture, full_page=True
            )
            found = violations(page)
            assert not found, "\n".join(found)


def violations(page: Page) -> list[str]:
    """What axe-core finds, a line for each element."""
    return [
        f"{page.url}: {violation['id']}: {node['target'][-1]}: {node['failureSummary']}"
        for violation in Axe().run(page, options=OPTIONS).response["violations"]
        for node in violation["nodes"]
    ]
