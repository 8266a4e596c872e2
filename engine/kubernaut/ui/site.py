"""What every view needs: the cluster, as this user; the executions; the installed actions; the templates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web
from jinja2 import Environment
from markupsafe import Markup

from kubernaut.kube.client import Cluster
from kubernaut.plugins.registry import Registry
from kubernaut.ui.fragments import Fragment, Regions, fragment
from kubernaut.ui.identity import Identity
from kubernaut.ui.proposals import open_proposals
from kubernaut.ui.rendering import macro
from kubernaut.ui.store import ExecutionStore


@dataclass(frozen=True, slots=True)
class Site:
    """One running page server."""

    cluster: Cluster
    store: ExecutionStore
    registry: Registry
    env: Environment
    identity: Identity
    root: str
    """What the path of each address of this page begins with."""
    rows: dict[str, tuple[str, Fragment]] = field(default_factory=dict, repr=False)
    """By uid, the row of an execution and the version of the object that it shows."""

    def path_of(self, request: web.Request) -> str:
        """Return the path and query of a request, within this page."""
        return request.path_qs.removeprefix(self.root)

    def macro(self, template: str, name: str) -> Callable[..., Markup]:
        """Return a macro of a template in `parts`."""
        return macro(self.env, template, name)

    def frame(self) -> Regions:
        """Return the regions that every page has: whether the cluster answers, how many proposals wait, and who one is."""
        proposals = len(open_proposals(self.store))
        return {
            "connection": [self.fragment("outage", "common.html", "outage", self.store.outage)],
            "nav-proposals": [self.fragment("proposal-count", "common.html", "proposal_count", proposals)],
            "who": [self.fragment("user", "common.html", "user", self.identity.name)],
        }

    def problem(self, title: str, text: str, path: str) -> str:
        """Return a page that says what is wrong."""
        template = self.env.get_template("problem.html")
        return template.render(site=self, title=title, problem=text, regions=self.frame(), path=path)

    def fragment(self, id_: str, template: str, name: str, *values: object, **named: object) -> Fragment:
        """Return what a macro renders as an element with this id; the macro takes it as its first argument."""
        return fragment(id_, self.macro(template, name)(id_, *values, **named))
