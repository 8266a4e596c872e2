"""The page in a real browser, on a site with the engine at work. Without a Chromium these tests skip, and say so."""

from __future__ import annotations

import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import yaml
from playwright.async_api import Page, async_playwright

from kubernaut.kube.client import Cluster
from kubernaut.plugins.registry import Registry
from kubernaut.ui.server import serve

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
RUNBOOK = """
apiVersion: kubernaut.io/v1alpha1
kind: Runbook
metadata: {name: more-web}
spec:
  summary: More replicas, unless that does not help.
  parameters:
    replicas: {type: integer, default: 3, description: How many it gets.}
    wanted: {type: integer, description: How many of them have to be ready.}
  steps:
  - {name: act, action: scale, parameters: {name: web, replicas: $(params.replicas), wait: false}}
  - {name: check, action: check-workload, after: [{step: act}],
     parameters: {name: web, expression: object.status.readyReplicas == $(params.wanted), timeoutSeconds: 8}}
  - {name: undo, action: scale, undoes: act, after: [{step: check, when: Failed}]}
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add where the screenshots of the documentation are written."""
    parser.addoption("--screenshots", default="", help="a folder that the page's screenshots are written into")


@dataclass
class Opened:
    """A browser that is on the page, and what its console said."""

    page: Page
    base: str = ""
    console: list[str] = field(default_factory=list)

    async def go(self, path: str) -> None:
        """Open a path of the page, and wait until it is connected."""
        await self.page.goto(f"{self.base}{path}")

    async def text(self, selector: str = "main") -> str:
        """Return the text of an element."""
        return await self.page.inner_text(selector)

    async def sees(self, text: str, selector: str = "main", seconds: float = 15) -> None:
        """Wait until an element has this text."""
        await self.page.locator(selector).get_by_text(text).first.wait_for(timeout=seconds * 1000)


@pytest.fixture
def open_page(site):
    """Return a context manager that serves the page on the site and opens it in a browser."""
    if not CHROMIUM:
        pytest.skip("no Chromium is installed: apt-get install chromium")

    @asynccontextmanager
    async def opened(cluster: Cluster | None = None, **context):
        async with (
            serve(cluster or site.cluster, site.namespace, Registry.discover()) as address,
            async_playwright() as playwright,
        ):
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = await (await browser.new_context(**context)).new_page()
            page.set_default_timeout(15_000)
            made = Opened(page)
            page.on("console", lambda said: made.console.append(f"{said.type}: {said.text}"))
            page.on("pageerror", lambda error: made.console.append(f"error: {error}"))
            page.on("dialog", lambda dialog: made.console.append(f"dialog: {dialog.message}"))
            await page.goto(address)
            made.base = page.url.rstrip("/")
            yield made
            await browser.close()

    return opened


@pytest.fixture
async def agent(site):
    """Return a connection as the user who may only propose."""
    if site.sandbox is None:
        pytest.skip("only the sandbox can authenticate any user")
    async with await Cluster.connect(site.sandbox.kubeconfig("agent")) as cluster:
        yield cluster


@pytest.fixture
async def runbook(site):
    """Create a runbook that acts, checks and undoes, and return its name."""
    await site.apply({**yaml.safe_load(RUNBOOK), "metadata": {"name": "more-web", "namespace": site.namespace}})
    return "more-web"
