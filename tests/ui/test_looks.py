"""Every view in light and dark, on a phone and on a desk: accessible, nothing beyond the edge, nothing that jumps; and the screenshots."""

import asyncio
from itertools import product
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe

from kubernaut.plugins.registry import Registry
from kubernaut.ui.server import PAGES
from tests.e2e.test_plans import proposed

REHEARSALS = ["initContainer"]
WIDTHS = {"phone": 390, "desk": 1400}
JUDGED = {("light", "desk"), ("dark", "phone")}


@pytest.fixture
async def views(site, runbook):
    """Fill a site, and return the paths of all views by a name."""
    names = ("done", "failed")
    keys = [
        await site.create(
            "patch-configmap", {"name": "app-config", "set": {"app.conf": "a\nb\n", "MODE": "x" * 300}}, name="done"
        ),
        await site.create("scale", {"name": "nope", "replicas": 3}, name="failed"),
    ]
    for key in keys:
        await site.end(key)
    await proposed(site)
    await site.create("scale", {"name": "web", "replicas": 9}, name="waits", suspend=True)
    space = site.namespace
    return {
        "executions": "/",
        "nothing": "/?text=none",
        **{name: f"/executions/{space}/{name}" for name in (*names, "waits")},
        "proposal": f"/executions/{space}/more",
        "proposals": "/proposals",
        "runbooks": "/runbooks",
        "runbook": f"/runbooks/{space}/{runbook}",
        "actions": "/actions",
        "action": "/actions/set-resources",
        "missing": f"/executions/{space}/none",
    }


async def test_every_view_is_accessible_and_fits(open_page, views):
    """Colours are those of a scheme and places those of a width: axe-core judges two pairs, and the width is measured in all four."""
    problems = []
    async with open_page() as opened:
        for scheme, width in product(("light", "dark"), WIDTHS):
            await opened.page.emulate_media(color_scheme=scheme)
            await opened.page.set_viewport_size({"width": WIDTHS[width], "height": 900})
            for name, path in views.items():
                await opened.go(path)
                await opened.page.wait_for_selector("main h1")
                beyond = await opened.page.evaluate("document.documentElement.scrollWidth - innerWidth")
                if beyond > 0:
                    problems.append(f"{name}, {scheme}, {width}: {beyond} px beyond the edge")
                if (scheme, width) in JUDGED:
                    found = await Axe().run(opened.page)
                    if found.violations_count:
                        problems.append(f"{name}, {scheme}, {width}: {found.generate_report()}")
    assert problems == []


async def test_nothing_jumps_while_a_page_is_brought_up_to_date(open_page, views):
    watch = """new PerformanceObserver((list) => { for (const one of list.getEntries()) window.shift = (window.shift ?? 0) + one.value; })
        .observe({type: "layout-shift", buffered: true})"""
    async with open_page() as opened:
        for path in views.values():
            await opened.go(path)
            await opened.page.evaluate(watch)
            await asyncio.sleep(0.6)
            assert await opened.page.evaluate("window.shift ?? 0") < 0.02, path


async def test_the_screenshots_of_the_documentation(request, open_page, site, views, runbook, tmp_path):
    folder = Path(request.config.getoption("--screenshots") or tmp_path)
    for scheme in ("light", "dark"):
        async with open_page(
            color_scheme=scheme, viewport={"width": 1280, "height": 800}, device_scale_factor=1
        ) as opened:
            for name in ("executions", "proposal"):
                await opened.go(views[name])
                await asyncio.sleep(0.5)
                taken = await opened.page.screenshot(path=folder / f"{name}-{scheme}.png")
                assert taken.startswith(b"\x89PNG")


def test_every_view_is_looked_at(registry: Registry):
    assert len(PAGES) == 8, "a new view belongs into `views` above"
