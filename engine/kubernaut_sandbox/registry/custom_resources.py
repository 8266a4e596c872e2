"""Custom resources: the strategy of their definitions, the kinds that those define, and the strategy of their objects."""

from __future__ import annotations

from kubernaut_sandbox.model.kinds import Kind, Kinds
from kubernaut_sandbox.model.objects import Object, meta, name_of, spec_of, with_meta
from kubernaut_sandbox.model.statuses import Cause, invalid_value, not_implemented, required
from kubernaut_sandbox.model.store import Change
from kubernaut_sandbox.registry.cel_rules import cel_causes, has_rules
from kubernaut_sandbox.registry.schemas import apply_defaults, schema_causes
from kubernaut_sandbox.registry.strategies.base import Strategy, immutable, with_defaults
from kubernaut_sandbox.registry.structural_schema import structural_causes

CRD_RESOURCE = "customresourcedefinitions.apiextensions.k8s.io"
_BLOCKING = frozenset(
    f"FieldValue{suffix}" for suffix in ("NotSupported", "Required", "TooLong", "TooMany", "TypeInvalid")
)
_RULES_SKIPPED = Cause(
    "<nil>",
    "Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation",
)
CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"


class CustomResourceDefinitionStrategy(Strategy):
    """Defaults and validates CustomResourceDefinitions."""

    def prepare(self, obj: Object) -> Object:
        spec = spec_of(obj)
        names = spec.get("names") or {}
        kind = names.get("kind", "")
        names = with_defaults(names, singular=kind.lower(), listKind=f"{kind}List")
        return {**obj, "spec": with_defaults({**spec, "names": names}, conversion={"strategy": "None"})}

    def prepare_create(self, obj: Object) -> Object:
        stored = [v["name"] for v in spec_of(obj).get("versions") or () if v.get("storage")]
        return {
            **with_meta(obj, finalizers=[*(meta(obj).get("finalizers") or ()), CLEANUP_FINALIZER]),
            "status": {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored},
        }

    def validate(self, obj: Object) -> list[Cause]:
        spec = spec_of(obj)
        if spec["conversion"].get("strategy") != "None":
            raise not_implemented("conversion webhooks of a CustomResourceDefinition")
        versions, names = spec.get("versions") or [], spec["names"]
        causes = [required(f"spec.{field}") for field in ("group", "scope") if not spec.get(field)]
        causes += [required(f"spec.names.{field}") for field in ("plural", "kind") if not names.get(field)]
        if name_of(obj) != f"{names.get('plural')}.{spec.get('group')}":
            causes.append(invalid_value("metadata.name", name_of(obj), 'must be spec.names.plural+"."+spec.group'))
        if sum(bool(version.get("storage")) for version in versions) != 1:
            causes.append(
                invalid_value(
                    "spec.versions",
                    [v.get("name") for v in versions],
                    "must have exactly one version marked as storage version",
                )
            )
        for index, version in enumerate(versions):
            at = (
                "spec.validation.openAPIV3Schema"
                if len(versions) == 1
                else f"spec.versions[{index}].schema.openAPIV3Schema"
            )
            schema = (version.get("schema") or {}).get("openAPIV3Schema")
            causes += (
                structural_causes(schema, at, root=True)
                if schema is not None
                else [required(at, "schemas are required")]
            )
        return causes

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        return immutable(spec_of(new), spec_of(old), "spec", ("group", "scope"))


class CustomResourceStrategy(Strategy):
    """Defaults and validates the objects of one version of a custom resource."""

    def __init__(self, version: Object) -> None:
        self._schema: Object = version["schema"]["openAPIV3Schema"]

    def prepare(self, obj: Object) -> Object:
        defaulted: Object = apply_defaults(self._schema, obj)
        return defaulted

    def validate(self, obj: Object) -> list[Cause]:
        causes = schema_causes(self._schema, obj)
        if not has_rules(self._schema):
            return causes
        return [*causes, _RULES_SKIPPED] if _blocking(causes) else [*causes, *cel_causes(self._schema, obj)]

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        if _blocking(schema_causes(self._schema, new)):
            return []
        unrelated = {str(cause) for cause in cel_causes(self._schema, new)}
        return [cause for cause in cel_causes(self._schema, new, old) if str(cause) not in unrelated]


def _blocking(causes: list[Cause]) -> bool:
    """Whether the causes prevent the CEL rules from being evaluated."""
    return any(cause.reason in _BLOCKING for cause in causes)


class CustomKinds:
    """Updates the served kinds when a definition is stored or removed."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds

    def __call__(self, change: Change) -> None:
        """Handle a change; this is the listener of the store."""
        if change.resource != CRD_RESOURCE:
            return
        versions = [] if change.type == "DELETED" else list(_served(change.new))
        self._kinds.replace_custom(name_of(change.new), versions)


def selectable_fields(kind: Kind) -> tuple[str, ...]:
    """Return the field paths that a field selector may use for a custom kind."""
    return tuple(field["jsonPath"].removeprefix(".") for field in (kind.custom or {}).get("selectableFields") or ())


def _served(definition: Object) -> list[Kind]:
    spec, names = definition["spec"], definition["spec"]["names"]
    return [
        Kind(
            spec["group"],
            version["name"],
            names["plural"],
            names["kind"],
            spec["scope"] == "Namespaced",
            tuple(names.get("shortNames") or ()),
            tuple(names.get("categories") or ()),
            tuple(part for part in ("status", "scale") if part in (version.get("subresources") or {})),
            singular=names["singular"],
            list_kind=names["listKind"],
            custom=version,
            has_generation=True,
            unconditional_update=False,
        )
        for version in spec["versions"]
        if version.get("served")
    ]
