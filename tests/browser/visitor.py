"""Someone who looks at pages in Chromium, and notes whatever a page should not do."""

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
SIZES = {"phone": PHONE, "desktop": DESKTOP}
PATIENCE = 60_000  # milliseconds, for a busy machine
FAILED = "Failed to load resource"


class Visitor:
    """Opens pages. `complaints`: what they wrote to the console as an error, and requests to other hosts."""

    def __init__(self, browser: Browser, hosts: tuple[str, ...]) -> None:
        self.complaints: list[str] = []
        self._browser = browser
        self.hosts = hosts
        self._contexts: list[BrowserContext] = []

    def open(
        self,
        url: str = "",
        *,
        size: dict[str, int] = DESKTOP,
        scheme: str = "light",
        scripts: bool = True,
        motion: str = "reduce",
    ) -> Page:
        """A page in a fresh profile: no cookie, nothing in the browser's cache."""
        context = self._browser.new_context(
            viewport=size, color_scheme=scheme, java_script_enabled=scripts, reduced_motion=motion
        )
        context.set_default_timeout(PATIENCE)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._asked)
        if url:
            page.goto(url)
        return page

    def expected(self, complaint: str) -> None:
        """Forget the complaints so far, each of which has to contain this."""
        assert [one for one in self.complaints if complaint not in one] == []
        assert self.complaints
        self.complaints.clear()

    def leave(self) -> None:
        """Close every page."""
        for context in self._contexts:
            context.close()

    def _heard(self, message: ConsoleMessage) -> None:
        # A page that comes with another status than 200 is an error to Chromium; its test knows the status.
        own_status = message.text.startswith(FAILED) and message.location["url"] == message.page.url
        if message.type == "error" and not own_status:
            self.complaints.append(f"{message.page.url}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((*(f"{host}/" for host in self.hosts), "data:")):
            self.complaints.append(f"{request.frame.url} asked for {request.url}")


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def drawn(page: Page) -> None:
    """Wait until the page's charts, if it has any, are drawn."""
    page.wait_for_function(
        "[...document.querySelectorAll('figure.plot canvas')].filter(one => one.checkVisibility())"
        ".every(one => Chart.getChart(one))"
    )
