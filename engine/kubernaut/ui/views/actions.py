"""The installed actions: their parameters, their permissions, an example."""

from __future__ import annotations

from aiohttp import web

from kubernaut.caller.action_reference import attempts_phrase, field_type, permission_phrases
from kubernaut.caller.commands import execute_command
from kubernaut.errors import InputError
from kubernaut.ui.fragments import Page
from kubernaut.ui.site import Site


async def actions_page(site: Site, _: web.Request) -> Page:
    """Return all actions, the broken ones last."""
    actions = [(name, action.spec) for name, action in sorted(site.registry.actions.items())]
    broken = [(name, str(error)) for name, error in sorted(site.registry.broken.items())]
    return Page("Actions", "actions.html", {"actions": actions, "broken": broken})


async def action_page(site: Site, request: web.Request) -> Page:
    """Return the page of the action that the path names. Raises InputError if it is not installed here."""
    name = request.match_info["name"]
    action = site.registry.actions.get(name)
    if action is None:
        raise InputError(
            f"action {name} is not installed here: the actions are {', '.join(sorted(site.registry.actions))}"
        )
    spec = action.spec
    schema = spec.parameters.model_json_schema()
    required, definitions = schema.get("required", []), schema.get("$defs", {})
    fields = [
        (name, field_type(field, definitions), name in required, field.get("default"), field.get("description", ""))
        for name, field in schema.get("properties", {}).items()
    ]
    context = {
        "name": name,
        "spec": spec,
        "distribution": action.distribution,
        "attempts": attempts_phrase(spec),
        "permissions": permission_phrases(spec.rules),
        "reasons": [rule.why for rule in spec.rules],
        "fields": fields,
        "example": execute_command(name, "production", spec.examples[0]) if spec.examples else "",
    }
    return Page(name, "action.html", context)
