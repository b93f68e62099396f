"""Pages walked through by keyboard alone."""

from playwright.sync_api import Locator, Page

FOCUSABLE = """() => [...document.querySelectorAll("a[href], button, input, select, [tabindex='0']")]
    .filter(one => one.type !== "hidden" && !one.disabled && one.checkVisibility({checkVisibilityCSS: true}))
    .map(one => one.outerHTML)"""
FOCUS = """() => {
    const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return {
        html: one === document.body ? "" : one.outerHTML,
        seen: (ring || style.boxShadow !== "none") && box.width > 4 && box.height > 4,
    };
}"""


def tab_to(page: Page, wanted: Locator, most: int = 40) -> None:
    """Press the tab key until the element has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{most} tabs do not lead to {wanted}")


def tabbed_through(page: Page) -> list[dict[str, object]]:
    """Each element that the tab key leads to from the top: its HTML, and whether its focus shows."""
    page.evaluate("scrollTo(0, 0)")
    stops: list[dict[str, object]] = []
    for _ in page.evaluate(FOCUSABLE):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUS))
    return stops


def focusable(page: Page) -> list[str]:
    """The HTML of what the page wants to be reached, in its order."""
    return page.evaluate(FOCUSABLE)
