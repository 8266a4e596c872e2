"""ValidatingAdmissionPolicy: what matches, what is refused, and with which words, codes and reasons."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from tests.conformance.client import Client, Object
from tests.conformance.policies import (
    ADMISSION,
    CONFIG_MAPS,
    DRY,
    config_map,
    config_maps,
    created,
    in_namespace,
    unique_name,
    validating,
)

MISSING = "object.data.missing == 'x'"


def denial(policy: str, words: str, name: str = "one") -> str:
    return (
        f"configmaps \"{name}\" is forbidden: ValidatingAdmissionPolicy '{policy}' with binding '{policy}' "
        f"denied request: {words}"
    )


@pytest.mark.parametrize(
    ("validation", "words", "code", "reason"),
    [
        ({"expression": "false"}, "failed expression: false", 422, "Invalid"),
        ({"expression": "  1 == 2 "}, "failed expression: 1 == 2", 422, "Invalid"),
        ({"expression": "false", "message": " no more "}, "no more", 422, "Invalid"),
        ({"expression": "false", "message": "no", "reason": "Forbidden"}, "no", 403, "Forbidden"),
        (
            {"expression": "false", "message": "no", "reason": "RequestEntityTooLarge"},
            "no",
            413,
            "RequestEntityTooLarge",
        ),
        (
            {"expression": "false", "message": "no", "messageExpression": "'not ' + object.metadata.name"},
            "not one",
            422,
            "Invalid",
        ),
        ({"expression": "false", "message": "no", "messageExpression": "'a\\nb'"}, "no", 422, "Invalid"),
        ({"expression": "false", "message": "no", "messageExpression": "' '"}, "no", 422, "Invalid"),
        (
            {"expression": "false", "message": "no", "messageExpression": "object.data.missing + ''"},
            "no",
            422,
            "Invalid",
        ),
    ],
    ids=[
        "the expression",
        "the expression without spaces",
        "the message",
        "Forbidden",
        "RequestEntityTooLarge",
        "a message expression",
        "a message of two lines",
        "an empty message",
        "a message that cannot be evaluated",
    ],
)
async def test_a_denial_has_the_words_code_and_reason_of_the_validation(
    cluster: Client, namespace: str, validation: Object, words: str, code: int, reason: str
) -> None:
    async with validating(cluster, namespace, validation) as name:
        answer = await cluster.post(config_maps(namespace), config_map(), **DRY)
        assert (answer.code, answer.reason, answer.message) == (code, reason, denial(name, words))
        causes = [{"message": answer.message.partition("forbidden: ")[2]}]
        assert answer.body["details"] == {"name": "one", "kind": "configmaps", "causes": causes}
        assert (await cluster.post(config_maps(namespace), config_map(), **DRY)).code == code


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (MISSING, "no such key: missing"),
        ("object.data.a + 1 == 2", "no such overload"),
        ("[1, 2][5] == 1", "index out of bounds: 5"),
        ("1 / int(object.data.zero) == 1", "division by zero"),
        ("1 % int(object.data.zero) == 1", "modulus by zero"),
        (
            "duration(object.data.a) == duration('1h')",
            "type conversion error from 'string' to 'google.protobuf.Duration'",
        ),
        ("int(object.data.a) == 1", "type conversion error from 'string' to 'int'"),
        ("object.data == null || object.data.missing == 'x'", "no such key: missing"),
    ],
)
async def test_an_error_denies_where_the_policy_fails_and_allows_where_it_ignores(
    cluster: Client, namespace: str, expression: str, words: str
) -> None:
    body = config_map(a="b", zero="0")
    async with validating(cluster, namespace, {"expression": expression}) as name:
        answer = await cluster.post(config_maps(namespace), body, **DRY)
        assert (answer.code, answer.reason) == (422, "Invalid")
        beginning = denial(name, f"expression '{expression}' resulted in error: ")
        assert answer.message.startswith(beginning)
        assert words in answer.message.removeprefix(beginning)
    async with validating(cluster, namespace, {"expression": expression}, failurePolicy="Ignore"):
        assert (await cluster.post(config_maps(namespace), body, **DRY)).code == 201


async def test_an_error_that_decides_nothing_is_none(cluster: Client, namespace: str) -> None:
    either = {"expression": "object.data.missing == 'x' || true"}
    async with validating(cluster, namespace, either, {"expression": "!(object.data.missing == 'x' && false)"}):
        assert (await cluster.post(config_maps(namespace), config_map(a="b"), **DRY)).code == 201


async def test_a_variable_is_used_by_name_and_by_later_variables(cluster: Client, namespace: str) -> None:
    variables = [
        {"name": "keys", "expression": "object.?data.orValue({}).map(k, k)"},
        {"name": "count", "expression": "variables.keys.size()"},
        {"name": "never", "expression": MISSING},
    ]
    used = {
        "expression": "variables.count < 2 || variables.never",
        "messageExpression": "string(variables.count) + ' keys: ' + variables.keys.join(', ')",
    }
    async with validating(cluster, namespace, used, variables=variables) as name:
        assert (await cluster.post(config_maps(namespace), config_map(a="b"), **DRY)).code == 201
        answer = await cluster.post(config_maps(namespace), config_map(a="b", c="d"), **DRY)
        failure = 'composited variable "never" fails to evaluate: no such key: missing'
        assert answer.message == denial(name, f"expression '{used['expression']}' resulted in error: {failure}")


async def test_a_message_expression_has_variables_and_no_authorizer(cluster: Client, namespace: str) -> None:
    variables = [{"name": "greeting", "expression": "'hello ' + request.userInfo.username"}]
    validation = {"expression": "false", "messageExpression": "variables.greeting"}
    async with validating(cluster, namespace, validation, variables=variables) as name:
        answer = await cluster.impersonating("kubernetes-admin").post(config_maps(namespace), config_map(), **DRY)
        if answer.code != 403 or "cannot" not in answer.message:  # a real cluster may not know this user
            assert answer.message == denial(name, "hello kubernetes-admin")
        refused = {
            "expression": "false",
            "messageExpression": "string(authorizer.group('').resource('a').check('b').allowed())",
        }
        spec = {"matchConstraints": {"resourceRules": [CONFIG_MAPS]}, "validations": [refused]}
        path = f"{ADMISSION}/validatingadmissionpolicies"
        answer = await cluster.post(path, {"metadata": {"name": unique_name()}, "spec": spec}, **DRY)
        assert answer.code == 422
        assert "undeclared reference to 'authorizer' (in container '')" in answer.message


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        ([("a", "object.metadata.name == 'one'")], 422),
        ([("a", "object.metadata.name == 'two'")], 201),
        ([("a", "true"), ("b", "false")], 201),
        ([("a", MISSING), ("b", "false")], 201),
        ([("a", MISSING), ("b", "true")], 422),
        (
            [
                (
                    "a",
                    "authorizer.group('').resource('configmaps').namespace(request.namespace).check('create').allowed()",
                )
            ],
            422,
        ),
    ],
    ids=["true", "false", "one of two", "an error beside false", "an error", "what RBAC allows"],
)
async def test_a_policy_applies_where_all_its_conditions_hold(
    cluster: Client, namespace: str, conditions: list[tuple[str, str]], code: int
) -> None:
    listed = [{"name": name, "expression": expression} for name, expression in conditions]
    async with validating(cluster, namespace, {"expression": "false"}, matchConditions=listed):
        assert (await cluster.post(config_maps(namespace), config_map(a="b"), **DRY)).code == code


async def test_the_words_of_a_condition_that_cannot_be_evaluated(cluster: Client, namespace: str) -> None:
    conditions = [{"name": "a", "expression": MISSING}]
    async with validating(cluster, namespace, {"expression": "true"}, matchConditions=conditions) as name:
        answer = await cluster.post(config_maps(namespace), config_map(a="b"), **DRY)
        assert answer.message == denial(name, f"expression '{MISSING}' resulted in error: no such key: missing")


@pytest.mark.parametrize(
    ("constraints", "code"),
    [
        ({"objectSelector": {"matchLabels": {"a": "b"}}}, 422),
        ({"objectSelector": {"matchLabels": {"a": "c"}}}, 201),
        ({"objectSelector": {"matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]}}, 422),
        ({"namespaceSelector": {"matchLabels": {"no": "such"}}}, 201),
        ({"excludeResourceRules": [{**CONFIG_MAPS, "operations": ["CREATE"]}]}, 201),
        ({"excludeResourceRules": [{**CONFIG_MAPS, "operations": ["UPDATE"]}]}, 422),
        ({"excludeResourceRules": [{**CONFIG_MAPS, "resourceNames": ["one"]}]}, 201),
        ({"resourceRules": [{**CONFIG_MAPS, "resourceNames": ["two"]}]}, 201),
        ({"resourceRules": [{**CONFIG_MAPS, "resourceNames": ["one"]}]}, 422),
        ({"resourceRules": [{**CONFIG_MAPS, "operations": ["UPDATE"]}]}, 201),
        ({"resourceRules": [{**CONFIG_MAPS, "operations": ["*"], "resources": ["*"], "apiGroups": ["*"]}]}, 422),
        ({"resourceRules": [{**CONFIG_MAPS, "resources": ["*/*"]}]}, 422),
        ({"resourceRules": [{**CONFIG_MAPS, "resources": ["configmaps/status"]}]}, 201),
        ({"resourceRules": [{**CONFIG_MAPS, "apiVersions": ["v2"]}]}, 201),
        ({"resourceRules": [{**CONFIG_MAPS, "scope": "Cluster"}]}, 201),
        ({"resourceRules": [{**CONFIG_MAPS, "scope": "Namespaced"}]}, 422),
    ],
)
async def test_a_policy_matches_what_its_constraints_say(
    cluster: Client, namespace: str, constraints: Object, code: int
) -> None:
    body = {"metadata": {"name": "one", "labels": {"a": "b"}}}
    async with validating(cluster, namespace, {"expression": "false"}, constraints=constraints):
        assert (await cluster.post(config_maps(namespace), body, **DRY)).code == code


async def test_each_operation_has_its_objects(cluster: Client, namespace: str) -> None:
    every = {**CONFIG_MAPS, "operations": ["CREATE", "UPDATE", "DELETE"]}
    seen = (
        "request.operation + ' ' + string(object == null) + ' ' + string(oldObject == null) + ' '"
        " + request.name + ' ' + request.namespace + ' ' + request.resource.resource + ' ' + request.kind.kind"
        " + ' ' + string(request.dryRun) + ' ' + request.options.kind + ' ' + namespaceObject.metadata.name"
    )
    validation = {"expression": f"{{'never': 1}} == {{}} || ({seen}) == ''", "messageExpression": seen}
    path = config_maps(namespace)
    await cluster.made(path, config_map())
    async with validating(cluster, namespace, validation, rules=[every]) as name:
        where = f"one {namespace} configmaps ConfigMap true"
        answers = {
            f"CREATE false true {where} CreateOptions {namespace}": cluster.post(path, config_map(), **DRY),
            f"UPDATE false false {where} UpdateOptions {namespace}": cluster.patch(
                f"{path}/one", {"data": {"a": "b"}}, **DRY
            ),
            f"DELETE true false {where} DeleteOptions {namespace}": cluster.delete(f"{path}/one", **DRY),
        }
        for words, answer in answers.items():
            assert (await answer).message == denial(name, words)
        answer = await cluster.put(f"{path}/one", config_map(a="b"), **DRY)
        assert answer.message == denial(name, f"UPDATE false false {where} UpdateOptions {namespace}")
        answer = await cluster.delete(path, **DRY)
        assert answer.message.startswith('configmaps "Unknown" is forbidden: ')
        assert answer.message.endswith("resulted in error: no such key: name")


async def test_an_object_has_its_defaults_and_no_name_of_its_own_making(cluster: Client, namespace: str) -> None:
    rule = {**CONFIG_MAPS, "resources": ["services"]}
    validation = {
        "expression": "false",
        "messageExpression": "object.spec.type + ' ' + string(has(request.name)) + ' ' + string(has(object.metadata.uid))",
    }
    body = {"metadata": {"generateName": "made-"}, "spec": {"ports": [{"port": 80}]}}
    async with validating(cluster, namespace, validation, rules=[rule]) as name:
        answer = await cluster.post(f"/api/v1/namespaces/{namespace}/services", body, **DRY)
        words = f"ValidatingAdmissionPolicy '{name}' with binding '{name}' denied request: ClusterIP true true"
        assert answer.message.partition(" is forbidden: ")[2] == words
        assert answer.message.startswith('services "made-')


async def test_subresources_are_matched_apart(cluster: Client, namespace: str) -> None:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "none"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    await cluster.made(path, {"metadata": {"name": "web"}, "spec": spec})
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["deployments/scale"]}
    validation = {
        "expression": "object.spec.replicas < 3",
        "messageExpression": "request.kind.kind + ' ' + request.subResource + ' ' + object.metadata.name + ' '"
        " + string(object.spec.replicas) + ' ' + request.resource.resource",
    }
    async with validating(cluster, namespace, validation, rules=[rule]) as name:
        scale = {"spec": {"replicas": 3}}
        answer = await cluster.patch(f"{path}/web/scale", scale, **DRY)
        words = (
            f"ValidatingAdmissionPolicy '{name}' with binding '{name}' denied request: Scale scale web 3 deployments"
        )
        assert (answer.code, answer.message) == (422, f'deployments.apps "web" is forbidden: {words}')
        assert (await cluster.patch(f"{path}/web/scale", {"spec": {"replicas": 2}}, **DRY)).code == 200
        assert (await cluster.patch(f"{path}/web", scale, **DRY)).code == 200


async def test_warnings_are_sent_and_audit_is_silent(cluster: Client, namespace: str) -> None:
    async with validating(
        cluster, namespace, {"expression": "false", "message": "no"}, actions=("Warn", "Audit")
    ) as name:
        answer = await cluster.post(config_maps(namespace), config_map(), **DRY)
        words = f"Validation failed for ValidatingAdmissionPolicy '{name}' with binding '{name}': no"
        assert (answer.code, answer.warnings) == (201, (f'299 - "{words}"',))
    async with validating(cluster, namespace, {"expression": "false"}, actions=("Audit",)):
        answer = await cluster.post(config_maps(namespace), config_map(), **DRY)
        assert (answer.code, answer.warnings) == (201, ())


async def test_the_first_denial_is_the_answer(cluster: Client, namespace: str) -> None:
    two = [
        {"expression": "false", "message": f"number {n}", "reason": reason}
        for n, reason in ((1, "Forbidden"), (2, "Invalid"))
    ]
    async with validating(cluster, namespace, *two) as name:
        answer = await cluster.post(config_maps(namespace), config_map(), **DRY)
        assert (answer.code, answer.message) == (403, denial(name, "number 1"))
        assert len(answer.body["details"]["causes"]) == 1


async def test_params_are_found_by_name_and_by_selector(cluster: Client, namespace: str) -> None:
    path = config_maps(namespace)
    for name, limit in (("limits", "2"), ("more-limits", "3")):
        await cluster.made(path, {"metadata": {"name": name, "labels": {"a": "b"}}, "data": {"limit": limit}})
    validation = {
        "expression": "int(params.data.limit) > size(object.data)",
        "messageExpression": "'at most ' + params.data.limit",
    }
    kind = {"apiVersion": "v1", "kind": "ConfigMap"}
    one, two = config_map(a="b"), config_map(a="b", c="d")

    def policy(reference: Object) -> AbstractAsyncContextManager[str]:
        return validating(cluster, namespace, validation, paramKind=kind, binding={"paramRef": reference})

    reference = {"name": "limits", "namespace": namespace, "parameterNotFoundAction": "Deny"}
    nothing = {**reference, "name": "nothing"}
    async with policy({**nothing, "parameterNotFoundAction": "Allow"}):  # it keeps the API server's cache of parameters
        assert (await cluster.post(path, two, **DRY)).code == 201
        async with policy(reference) as name:
            answer = await cluster.post(path, two, **DRY)
            if "no params found" in answer.message:
                pytest.skip("an API server finds no parameters once a policy with some was deleted: kubernetes#130887")
            assert answer.message == denial(name, "at most 2")
            assert (await cluster.post(path, one, **DRY)).code == 201
        async with policy({"selector": {"matchLabels": {"a": "b"}}, "parameterNotFoundAction": "Deny"}) as name:
            answer = await cluster.post(path, two, **DRY)
            assert answer.message == denial(name, "at most 2")
        async with policy(nothing) as name:
            answer = await cluster.post(path, one, **DRY)
            words = (
                "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
            )
            assert (answer.code, answer.message) == (422, denial(name, words))


async def test_the_authorizer_asks_rbac_about_the_user_and_about_accounts(cluster: Client, namespace: str) -> None:
    account = f"authorizer.serviceAccount('{namespace}', 'default')"
    conditions = {
        "authorizer.group('').resource('configmaps').namespace(request.namespace).check('create').allowed()": True,
        "authorizer.group('').resource('pods').subresource('log').namespace('a').name('b').check('get').allowed()": True,
        "authorizer.requestResource.check('create').allowed()": True,
        "authorizer.path('/healthz').check('get').allowed()": True,
        f"{account}.group('').resource('secrets').namespace('{namespace}').check('get').allowed()": False,
        f"{account}.group('').resource('secrets').check('get').errored()": False,
        f"{account}.group('').resource('secrets').check('get').error() == ''": True,
    }
    validations = [
        {"expression": f"({text}) == {str(holds).lower()}", "message": text} for text, holds in conditions.items()
    ]
    async with validating(cluster, namespace, *validations):
        answer = await cluster.post(config_maps(namespace), config_map(), **DRY)
        assert answer.code == 201, answer.message


async def test_an_expression_may_ask_the_authorizer_twice_and_one_with_variables_more_often(
    cluster: Client, namespace: str
) -> None:
    check = "authorizer.group('').resource('configmaps').namespace(request.namespace).check('{}').allowed()"
    checks = [check.format(verb) for verb in ("create", "get", "update")]
    variables = [{"name": f"v{number}", "expression": text} for number, text in enumerate(checks)]
    for expression in (" && ".join(checks[:2]), "variables.v0 && variables.v1 && variables.v2"):
        async with validating(cluster, namespace, {"expression": expression}, variables=variables):
            answer = await cluster.post(config_maps(namespace), config_map(), **DRY)
            assert answer.code == 201, answer.message
    async with validating(cluster, namespace, {"expression": " && ".join(checks)}):
        answer = await cluster.post(config_maps(namespace), config_map(), **DRY)
        assert "resulted in error: operation cancelled: actual cost limit exceeded" in answer.message


async def test_functions_of_kubernetes_are_known(cluster: Client, namespace: str) -> None:
    expressions = [
        "quantity('1Gi').isGreaterThan(quantity('1G'))",
        "quantity('1000m') == quantity('1') && quantity('1').add(quantity('500m')).compareTo(quantity('1500m')) == 0",
        "isQuantity('1Mi') && !isQuantity('one') && quantity('2k').asInteger() == 2000 && sign(quantity('-1')) == -1",
        "[1, 2, 3].isSorted() && !['b', 'a'].isSorted() && [1, 2].sum() == 3 && [1.5, 2.5].max() == 2.5 && ['b', 'a'].min() == 'a'",
        "['a', 'b', 'a'].indexOf('a') == 0 && ['a', 'b', 'a'].lastIndexOf('a') == 2 && ['a'].indexOf('z') == -1",
        "'abc 123'.find('[0-9]+') == '123' && 'a1b2'.findAll('[0-9]') == ['1', '2'] && 'a1b2'.findAll('[0-9]', 1) == ['1']",
        "ip('192.168.0.1').family() == 4 && ip('::1').isLoopback() && isIP('10.0.0.1') && !isIP('10.0.0')",
        "ip('127.0.0.1').isLoopback() && ip('8.8.8.8').isGlobalUnicast() && ip('fe80::1').isLinkLocalUnicast()",
        "cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsIP(ip('11.0.0.1'))",
        "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
        "cidr('10.0.0.0/8').prefixLength() == 8 && cidr('10.0.0.0/8').ip() == ip('10.0.0.0') && isCIDR('::/0')",
        "!format.dns1123Label().validate('abc').hasValue() && format.dns1123Label().validate('A').hasValue()",
        "format.qualifiedName().validate('a b').hasValue() && !format.labelValue().validate('a_b').hasValue()",
        "format.named('dns1123Subdomain').hasValue() && !format.named('other').hasValue()",
        "sets.contains([1, 2, 3], [1, 3]) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 1], [1])",
        "'a,b'.split(',') == ['a', 'b'] && ' x '.trim() == 'x' && 'Ab'.lowerAscii() == 'ab' && ['a', 'b'].join('-') == 'a-b'",
        "'hello'.substring(1, 3) == 'el' && 'hello'.replace('l', 'L', 1) == 'heLlo' && 'x'.charAt(0) == 'x'",
        "object.?data[?'no'].orValue('other') == 'other' && object.?metadata.?name.hasValue() && !object.?nothing.hasValue()",
        "'%s is %d'.format(['a', 1]) == 'a is 1'",
        "[1, 2].exists_one(x, x == 1) && [1, 2].map(x, x > 1, x * 2) == [4] && {'a': 1}.all(k, k == 'a')",
        "1 < 1.5 && 2u > 1 && timestamp('2026-01-01T00:00:00Z') < timestamp('2027-01-01T00:00:00Z')",
    ]
    validations = [{"expression": text, "message": text} for text in expressions]
    async with validating(cluster, namespace, *validations):
        answer = await cluster.post(config_maps(namespace), config_map(), **DRY)
        assert answer.code == 201, answer.message


INVALID_POLICIES: list[tuple[str, Object, str, str]] = [
    (
        "no sense",
        {"validations": [{"expression": "1 +"}]},
        "spec.validations[0].expression",
        "Syntax error: mismatched input '<EOF>'",
    ),
    (
        "an unknown name",
        {"validations": [{"expression": "thing == 1"}]},
        "spec.validations[0].expression",
        "compilation failed: ERROR: <input>:1:1: undeclared reference to 'thing' (in container '')\n | thing == 1\n | ^",
    ),
    (
        "a string",
        {"validations": [{"expression": "'a'"}]},
        "spec.validations[0].expression",
        "must evaluate to bool but got string",
    ),
    (
        "anything",
        {"validations": [{"expression": "object.x"}]},
        "spec.validations[0].expression",
        "must evaluate to bool but got dyn",
    ),
    (
        "a message that is no string",
        {"validations": [{"expression": "true", "messageExpression": "1"}]},
        "spec.validations[0].messageExpression",
        "must evaluate to string but got int",
    ),
    (
        "a later variable",
        {
            "variables": [{"name": "a", "expression": "variables.b"}, {"name": "b", "expression": "1"}],
            "validations": [{"expression": "true"}],
        },
        "spec.variables[0].expression",
        "undefined field 'b'",
    ),
    (
        "a variable that is not there",
        {"variables": [{"name": "a", "expression": "1"}], "validations": [{"expression": "variables.b == 1"}]},
        "spec.validations[0].expression",
        "compilation failed: ERROR: <input>:1:10: undefined field 'b'\n | variables.b == 1\n | .........^",
    ),
    (
        "a variable of another type",
        {"variables": [{"name": "a", "expression": "'x'"}], "validations": [{"expression": "variables.a > 1"}]},
        "spec.validations[0].expression",
        "found no matching overload for '_>_' applied to '(string, int)'",
    ),
    (
        "variables where there are none",
        {"validations": [{"expression": "variables.a"}]},
        "spec.validations[0].expression",
        "undeclared reference to 'variables' (in container '')",
    ),
    (
        "a variable in a condition",
        {
            "variables": [{"name": "a", "expression": "true"}],
            "matchConditions": [{"name": "a", "expression": "variables.a"}],
            "validations": [{"expression": "true"}],
        },
        "spec.matchConditions[0].expression",
        "undeclared reference to 'variables' (in container '')",
    ),
    (
        "a field that a request does not have",
        {"validations": [{"expression": "request.user == 'x'"}]},
        "spec.validations[0].expression",
        "compilation failed: ERROR: <input>:1:8: undefined field 'user'\n | request.user == 'x'\n | .......^",
    ),
    (
        "params without a kind",
        {"validations": [{"expression": "params.x == 1"}]},
        "spec.validations[0].expression",
        "undeclared reference to 'params' (in container '')",
    ),
    (
        "a condition that is no bool",
        {"matchConditions": [{"name": "a", "expression": "1"}], "validations": [{"expression": "true"}]},
        "spec.matchConditions[0].expression",
        "must evaluate to bool but got int",
    ),
    (
        "no expression",
        {"validations": [{"expression": " "}]},
        "spec.validations[0].expression",
        "expression is not specified",
    ),
    (
        "a reason that is none",
        {"validations": [{"expression": "true", "reason": "Why"}]},
        "spec.validations[0].reason",
        "supported values",
    ),
    (
        "a message of two lines",
        {"validations": [{"expression": "true", "message": "a\nb"}]},
        "spec.validations[0].message",
        "must not contain line breaks",
    ),
    (
        "a variable without a proper name",
        {"variables": [{"name": "a-b", "expression": "1"}], "validations": [{"expression": "true"}]},
        "spec.variables[0].name",
        "must be a valid CEL identifier",
    ),
    (
        "a function of another kind of value",
        {"validations": [{"expression": "quantity('1').family() == 4"}]},
        "spec.validations[0].expression",
        "found no matching overload for 'family' applied to 'kubernetes.Quantity.()'",
    ),
    (
        "an authorizer used otherwise",
        {"validations": [{"expression": "authorizer.check('x').allowed()"}]},
        "spec.validations[0].expression",
        "found no matching overload for 'check' applied to 'kubernetes.authorization.Authorizer.(string)'",
    ),
]


@pytest.mark.parametrize(
    ("spec", "field", "words"), [case[1:] for case in INVALID_POLICIES], ids=[case[0] for case in INVALID_POLICIES]
)
async def test_a_policy_that_does_not_compile_is_invalid(cluster: Client, spec: Object, field: str, words: str) -> None:
    whole = {"matchConstraints": {"resourceRules": [CONFIG_MAPS]}, **spec}
    path = f"{ADMISSION}/validatingadmissionpolicies"
    answer = await cluster.post(path, {"metadata": {"name": unique_name()}, "spec": whole}, **DRY)
    assert (answer.code, answer.reason) == (422, "Invalid")
    causes = [cause for cause in answer.body["details"]["causes"] if cause["field"] == field]
    assert causes, answer.message
    assert words in causes[0]["message"]


async def test_a_binding_of_a_policy_that_is_not_there_has_no_effect(cluster: Client, namespace: str) -> None:
    spec = {"policyName": unique_name(), "validationActions": ["Deny"], "matchResources": in_namespace(namespace)}
    binding = {"metadata": {"name": unique_name()}, "spec": spec}
    async with (
        created(cluster, "validatingadmissionpolicybindings", binding),
        validating(cluster, namespace, {"expression": "true"}),
    ):
        assert (await cluster.post(config_maps(namespace), config_map(), **DRY)).code == 201


async def test_no_policy_decides_on_policies(cluster: Client, namespace: str) -> None:
    rule = {
        "apiGroups": ["admissionregistration.k8s.io"],
        "apiVersions": ["*"],
        "operations": ["*"],
        "resources": ["*"],
    }
    async with validating(
        cluster, namespace, {"expression": "false"}, rules=[rule], binding={"matchResources": {}}
    ) as name:
        made = await cluster.patch(
            f"{ADMISSION}/validatingadmissionpolicies/{name}", {"metadata": {"labels": {"a": "b"}}}
        )
        assert made.code == 200


async def test_a_policy_gets_its_defaults_and_a_status(cluster: Client, namespace: str) -> None:
    async with validating(cluster, namespace, {"expression": "true"}) as name:
        policies = f"{ADMISSION}/validatingadmissionpolicies"
        policy = await cluster.until(policies, name, lambda p: "typeChecking" in p.get("status", {}))
        assert policy["status"] == {"observedGeneration": 1, "typeChecking": {}}
        assert policy["spec"]["failurePolicy"] == "Fail"
        constraints = policy["spec"]["matchConstraints"]
        assert (constraints["matchPolicy"], constraints["namespaceSelector"], constraints["objectSelector"]) == (
            "Equivalent",
            {},
            {},
        )
        assert constraints["resourceRules"][0]["scope"] == "*"


async def test_a_policy_that_is_deleted_decides_no_more(cluster: Client, namespace: str) -> None:
    path = config_maps(namespace)
    async with validating(cluster, namespace, {"expression": "false"}):
        assert (await cluster.post(path, config_map(), **DRY)).code == 422
    await _allowed(cluster, path)


async def _allowed(cluster: Client, path: str) -> None:
    async with asyncio.timeout(30):
        while (await cluster.post(path, config_map(), **DRY)).code != 201:
            await asyncio.sleep(0.2)


async def test_the_controllers_of_kubernetes_are_subject_to_policies(cluster: Client, namespace: str) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    validation = {
        "expression": "request.userInfo.username != 'system:serviceaccount:kube-system:job-controller'",
        "messageExpression": "'no pods by ' + request.userInfo.username + ' in ' + request.userInfo.groups.join(' ')",
        "reason": "Forbidden",
    }
    container = {"name": "c", "image": "example.invalid/a", "command": ["true"]}
    template: dict[str, Any] = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"
    async with validating(cluster, namespace, validation, rules=[rule]):
        await cluster.made(jobs, {"metadata": {"name": "denied"}, "spec": {"template": template}})
        events = f"/api/v1/namespaces/{namespace}/events"
        event = await _event(cluster, events, "FailedCreate")
        assert (
            "no pods by system:serviceaccount:kube-system:job-controller in system:serviceaccounts" in event["message"]
        )
        assert (await cluster.get(f"/api/v1/namespaces/{namespace}/pods")).body["items"] == []
    pods = f"/api/v1/namespaces/{namespace}/pods"
    async with asyncio.timeout(90):
        while not (await cluster.get(pods)).body["items"]:
            await asyncio.sleep(0.2)


async def _event(cluster: Client, path: str, reason: str) -> Object:
    async with asyncio.timeout(30):
        while True:
            for event in (await cluster.get(path)).body["items"]:
                if event["reason"] == reason:
                    found: Object = event
                    return found
            await asyncio.sleep(0.1)


async def test_the_garbage_collector_is_subject_to_policies(cluster: Client, namespace: str) -> None:
    path = config_maps(namespace)
    owner = await cluster.made(path, config_map("owner"))
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    await cluster.made(path, {"metadata": {"name": "owned", "ownerReferences": [reference]}})
    rule = {**CONFIG_MAPS, "operations": ["DELETE"]}
    validation = {"expression": "!request.userInfo.username.endsWith(':generic-garbage-collector')"}
    async with validating(cluster, namespace, validation, rules=[rule]):
        assert (await cluster.delete(f"{path}/owner")).code == 200
        await asyncio.sleep(2)
        assert (await cluster.get(f"{path}/owned")).code == 200
    await cluster.gone(f"{path}/owned", 90)


async def test_an_expression_over_many_items_is_evaluated(cluster: Client, namespace: str) -> None:
    body = {"metadata": {"name": "one"}, "data": {f"k{number}": "x" for number in range(5000)}}
    async with validating(cluster, namespace, {"expression": "object.?data.orValue({}).all(k, object.data[k] == 'x')"}):
        assert (await cluster.post(config_maps(namespace), body, **DRY)).code == 201
        body["data"]["k4999"] = "y"
        assert (await cluster.post(config_maps(namespace), body, **DRY)).code == 422


async def test_an_expression_that_takes_too_long_is_an_error(cluster: Client, namespace: str) -> None:
    body = {"metadata": {"name": "one"}, "data": {f"k{number}": "x" for number in range(2000)}}
    quadratic = "object.?data.orValue({}).all(k, object.data.all(l, k != l || object.data[k] == 'x'))"
    async with validating(cluster, namespace, {"expression": quadratic}) as name:
        answer = await cluster.post(config_maps(namespace), body, **DRY)
        assert (answer.code, "actual cost limit exceeded" in answer.message) == (422, True), answer.message
        assert name in answer.message


async def test_a_large_object_is_decided_on(cluster: Client, namespace: str) -> None:
    large = {"metadata": {"name": "one"}, "data": {"a": "x" * 900_000}}
    too_large = {"metadata": {"name": "one"}, "data": {"a": "x" * 2 * 1024 * 1024}}
    async with validating(
        cluster, namespace, {"expression": "size(object.?data.?a.orValue('')) < 900000", "message": "too long"}
    ) as name:
        answer = await cluster.post(config_maps(namespace), large, **DRY)
        assert (answer.code, answer.message) == (422, denial(name, "too long"))
        answer = await cluster.post(config_maps(namespace), too_large, **DRY)
        assert answer.code in (413, 422)
