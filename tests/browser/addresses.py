"""The site's pages: what each is called here, its address, and the status that it comes with."""

from covid.questions import REPORTS

PAGES = {
    "home": ("/", 200),
    "uncached": ("/uncached/?query=sentences&word=delta&rows=20", 200),
    "rows": ("/rows/?query=sentences&word=delta&rows=20", 200),
    "cached": ("/cached/?query=sentences&word=delta&rows=20", 200),
    "fulltext": ("/cached/?query=fulltext&word=delta&rows=20", 200),
    **{question.name: (f"/cached/?query={question.name}", 200) for question in REPORTS},
    "table": ("/cached/table/?query=sentences&word=delta&rows=20", 200),
    "table-of-months": ("/cached/table/?query=months", 200),
    "reports": ("/reports/", 200),
    "compare": ("/compare/", 200),
    "compared": ("/compare/?repetitions=5", 200),
    "cache": ("/cache/", 200),
    "clear": ("/cache/clear/", 200),
    "no-match": ("/cached/?word=nowhere", 200),
    "refused": ("/cached/?word=x", 400),
    "missing": ("/nowhere/", 404),
}
OUTAGES = {"out-home": ("/", 200), "out-cached": ("/cached/", 503), "out-cache": ("/cache/", 200)}
