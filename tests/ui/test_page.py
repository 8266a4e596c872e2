"""What somebody does on the page: watch, approve, reject, cancel, undo, run a runbook; also while the cluster goes away."""

import asyncio

import yaml
from aiohttp import web

from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS, SERVICE_ACCOUNTS
from tests.e2e.test_plans import proposed, replicas
from tests.support.alerting import bind, make_account, token_of
from tests.support.site import CONFIG_MAPS, DEPLOYMENTS, kubeconfig_with

REHEARSALS = ["initContainer"]
MORE = {"name": "web", "replicas": 3}


async def test_executions_appear_and_end_without_a_reload(site, open_page):
    async with open_page() as opened:
        await opened.sees("Nothing has been carried out here yet.")
        await opened.page.evaluate("window.same = true")
        key = await site.create("scale", MORE, name="more-web")
        row = opened.page.locator("#rows tr", has_text="more-web")
        await row.get_by_text("Succeeded").wait_for()
        assert "spec.replicas: 2 → 3" in await row.inner_text()
        assert await opened.page.locator("#empty *").count() == 0
        await site.cluster.delete(
            EXECUTIONS, key.namespace, key.name, uid=(await site.get(EXECUTIONS, key.name))["metadata"]["uid"]
        )
        await row.wait_for(state="detached")
        assert await opened.page.evaluate("window.same")
        assert opened.console == []


async def test_the_list_is_filtered_and_walked_by_keyboard(site, open_page):
    for name, replicas_ in (("one", 3), ("two", 4)):
        await site.end(await site.create("scale", {"name": "web", "replicas": replicas_}, name=name))
    await site.end(await site.create("patch-configmap", {"name": "app-config", "set": {"A": "1"}}, name="three"))
    async with open_page() as opened:
        await opened.page.select_option("select[name=action]", "scale")
        await opened.sees("2 of 3")
        assert opened.page.url.endswith("/?action=scale")
        await opened.page.keyboard.press("/")
        await opened.page.keyboard.type("three")
        await opened.page.keyboard.press("Enter")
        await opened.sees("No executions match these filters.")
        await opened.page.keyboard.press("Tab")
        await opened.page.locator("body").press("e")
        await opened.page.locator("#rows tr").nth(2).wait_for()
        first = await opened.page.locator("#rows tr a").first.inner_text()
        await opened.page.keyboard.press("j")
        await opened.page.keyboard.press("j")
        await opened.page.keyboard.press("k")
        await opened.page.keyboard.press("Enter")
        await opened.page.wait_for_url(f"**/executions/**/{first}")
        await opened.page.keyboard.press("?")
        assert await opened.page.locator("#keys").is_visible()
        assert opened.console == []


async def test_a_proposal_is_approved_as_it_was_shown(site, open_page):
    async with open_page() as opened:
        await opened.go("/proposals")
        await opened.sees("No proposals are waiting.")
        await proposed(site)
        await opened.sees("more", ".card")
        assert await opened.text("#nav-proposals") == "1\nopen"
        await opened.page.get_by_role("link", name="Look at it and decide").click()
        assert "2 → 4" in (await opened.text("#s-changes")).replace("\n", " ")
        await opened.page.get_by_text("Approve…").click()
        await opened.page.get_by_role("button", name="Carry out just this").click()
        await opened.page.wait_for_url("**/more-approved")
        await opened.sees("Succeeded", "#s-heading")
        assert await replicas(site) == 4
        await opened.go(f"/executions/{site.namespace}/more")
        await opened.sees("carried out as")
        assert await opened.page.get_by_text("Approve…").count() == 0
        assert opened.console == []


async def test_what_has_changed_since_it_was_shown_is_not_approved(site, open_page):
    await proposed(site)
    async with open_page() as opened:
        await opened.go(f"/executions/{site.namespace}/more")
        await opened.page.evaluate("document.querySelector('[name=digest]').value = 'sha256:0'")
        await opened.page.get_by_text("Approve…").click()
        await opened.page.get_by_role("button", name="Carry out just this").click()
        await opened.sees("is not what this page showed", "#notice")
        assert await replicas(site) == 2


async def test_a_deadline_that_was_set_since_it_was_shown_is_not_approved(site, open_page):
    await proposed(site)
    async with open_page() as opened:
        await opened.go(f"/executions/{site.namespace}/more")
        await opened.page.get_by_text("Approve…").click()
        await site.patch(EXECUTIONS, "more", {"spec": {"deadlineSeconds": 1}})
        await opened.page.get_by_role("button", name="Carry out just this").click()
        await opened.sees("is not what this page showed", "#notice")
        assert await replicas(site) == 2
        await opened.go(f"/executions/{site.namespace}/more")
        await opened.page.get_by_text("Approve…").click()
        await opened.sees("as you, within 1 s. If")


async def test_a_proposal_is_rejected(site, open_page):
    await proposed(site)
    async with open_page() as opened:
        await opened.go(f"/executions/{site.namespace}/more")
        await opened.page.get_by_text("Reject…").click()
        await opened.page.get_by_role("button", name="Reject it").click()
        await opened.sees("It was rejected")
        assert (await site.get(EXECUTIONS, "more"))["spec"]["cancel"]


async def test_an_execution_is_cancelled_and_another_one_undone(site, open_page):
    await site.create("scale", {"name": "web", "replicas": 5}, name="waits", suspend=True)
    await site.end(await site.create("scale", MORE, name="done"))
    async with open_page() as opened:
        await opened.go(f"/executions/{site.namespace}/waits")
        await opened.page.get_by_text("Cancel…").click()
        await opened.page.get_by_role("button", name="Cancel it").click()
        await opened.sees("Cancelled", "#s-heading")
        await opened.go(f"/executions/{site.namespace}/done")
        await opened.page.get_by_role("button", name="Show what its pods wrote").click()
        await opened.sees("execute", "#log-lines")
        await opened.page.get_by_role("button", name="Undo…").click()
        await opened.sees("The undo would change")
        assert "3 → 2" in (await opened.text("#undo")).replace("\n", " ")
        assert await replicas(site) == 3
        await opened.page.get_by_role("button", name="Undo it").click()
        await opened.page.wait_for_url("**/done-undone-*")
        await opened.sees("Succeeded", "#s-heading")
        assert await replicas(site) == 2
        assert opened.console == []


async def test_a_runbook_is_proposed_from_its_form_and_its_run_lights_up(site, open_page, runbook):
    async with open_page() as opened:
        await opened.go("/runbooks")
        await opened.page.get_by_role("link", name=runbook).click()
        await opened.page.get_by_label("replicas").fill("4")
        await opened.page.get_by_label("wanted").fill("99")
        await opened.page.get_by_role("button", name="Propose: rehearse every step").click()
        await opened.page.wait_for_url("**/runs/**")
        await opened.sees("The run would change")
        assert "2 → 4" in (await opened.text("#head")).replace("\n", " ")
        await opened.sees("2 rehearsed", "#r-head")
        proposal = opened.page.url
        await opened.go("/proposals")
        assert await opened.text("#nav-proposals") == "1\nopen", "one decision, not one for each step"
        card = await opened.text(".card")
        assert all(text in card for text in ("act: scale on Deployment/web", "check: check-workload"))
        await opened.page.get_by_role("link", name="Look at it and decide").click()
        await opened.page.get_by_text("Approve…").click()
        await opened.page.get_by_role("button", name="Carry out just this").click()
        await opened.page.wait_for_url(lambda url: "/runs/" in url and url != proposal)
        await opened.page.locator(".node.failed").wait_for(timeout=30_000)
        await opened.page.locator(".node.succeeded").nth(1).wait_for(timeout=30_000)
        assert await opened.page.locator(".edge.followed").count() == 2
        assert await replicas(site) == 2, "it did not help, so it was undone"
        await opened.page.goto(proposal)
        await opened.sees("It was approved by")
        assert await opened.page.get_by_text("Approve…").count() == 0
        assert opened.console == []


async def test_a_proposed_run_with_a_step_that_failed_says_that_it_cannot_be_approved(site, open_page, runbook):
    await site.cluster.delete(
        DEPLOYMENTS, site.namespace, "web", uid=(await site.get(DEPLOYMENTS, "web"))["metadata"]["uid"]
    )
    async with open_page() as opened:
        await opened.go(f"/runbooks/{site.namespace}/{runbook}")
        await opened.page.get_by_label("wanted").fill("3")
        await opened.page.get_by_role("button", name="Propose: rehearse every step").click()
        await opened.sees("It cannot be approved, as not every step was rehearsed with success", seconds=30)


async def test_a_form_that_is_filled_in_wrongly_says_so_and_creates_nothing(site, open_page, runbook):
    async with open_page() as opened:
        await opened.go(f"/runbooks/{site.namespace}/{runbook}")
        await opened.page.evaluate(
            "document.querySelectorAll('input').forEach((one) => { one.type = 'text'; one.required = false; })"
        )
        await opened.page.get_by_role("button", name="Propose: rehearse every step").click()
        await opened.sees("parameter wanted: it is required", "#notice")
        await opened.page.get_by_label("wanted").fill("many")
        await opened.page.get_by_role("button", name="Propose: rehearse every step").click()
        await opened.sees("parameter wanted", "#notice")
        await opened.page.get_by_label("wanted").fill("1")
        await opened.page.get_by_text("Run it…").click()
        await opened.page.get_by_role("button", name="Run it now").click()
        await opened.page.wait_for_url("**/runs/**")
        assert len((await site.cluster.list(EXECUTIONS, site.namespace)).items) == 3


async def test_a_cluster_that_goes_away_and_comes_back_is_told(site, open_page):
    async with open_page() as opened:
        await opened.sees("Nothing has been carried out here yet.")
        async with site.sandbox.outage():
            await opened.sees("The cluster has not answered since", "#connection", 20)
        await opened.page.locator("#outage").wait_for(state="hidden")
        await site.create("scale", MORE, name="afterwards")
        await opened.sees("afterwards", "#rows")


async def test_a_login_that_ends_is_told_and_a_new_one_is_used_without_a_restart(site, open_page, tmp_path):
    file = tmp_path / "config"
    accounts = {name: make_account(site.namespace, name) for name in ("anna", "berta")}
    binding = bind(site.namespace, "kubernaut-run-scale")
    subjects = [{"kind": "ServiceAccount", "name": name, "namespace": site.namespace} for name in accounts]
    await site.sandbox.apply([*accounts.values(), {**binding, "subjects": subjects}])

    async def log_in(name):
        token = await token_of(site.cluster, site.namespace, name)
        file.write_text(yaml.safe_dump(kubeconfig_with(site.cluster, token)), "utf-8")

    await log_in("anna")
    async with await Cluster.connect(file) as anna, open_page(anna) as opened:
        await opened.sees(f"system:serviceaccount:{site.namespace}:anna", ".who")
        gone = await site.get(SERVICE_ACCOUNTS, "anna")
        await site.cluster.delete(SERVICE_ACCOUNTS, site.namespace, "anna", uid=gone["metadata"]["uid"])
        async with site.sandbox.outage():
            await opened.sees("The cluster has not answered since", "#connection", 20)
        await opened.sees("The cluster has not accepted your login since", "#connection", 20)
        await log_in("berta")
        await opened.page.locator("#outage").wait_for(state="hidden")
        await opened.sees(f"system:serviceaccount:{site.namespace}:berta", ".who")
        await site.create("scale", MORE, name="afterwards")
        await opened.sees("afterwards", "#rows")
        assert opened.console == []


async def test_a_page_that_the_browser_kept_is_loaded_anew(open_page):
    async with open_page() as opened:
        await opened.page.evaluate("window.same = true")
        async with opened.page.expect_navigation():
            await opened.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
        assert not await opened.page.evaluate("window.same")


async def test_texts_of_the_cluster_are_text(site, open_page):
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202e{{ 7 * 7 }}"
    ended = await site.run(
        "patch-configmap", {"name": "app-config", "set": {"A": evil, "B": f"{evil}\nsecond\n"}}, name="evil"
    )
    assert ended["phase"] == "Succeeded"
    await site.end(await site.create("scale", {"name": "web", "replicas": "<b>3</b>"}, name="wrong"))
    async with open_page() as opened:
        bad = ("/?text=<script>alert(3)</script>", "/actions/<img src=x onerror=alert(4)>")
        for path in ("/", *(f"/executions/{site.namespace}/{name}" for name in ("evil", "wrong")), *bad):
            await opened.go(path)
            await asyncio.sleep(0.5)
            assert await opened.page.locator("main img, main script, main b").count() == 0
        await opened.go(f"/executions/{site.namespace}/evil")
        shown = await opened.text("#s-changes")
        assert "<script>alert(2)</script>\ufffd{{ 7 * 7 }}" in shown
        assert [said for said in opened.console if "404" not in said] == []


async def test_who_may_only_propose_is_told_so(site, open_page, agent):
    await proposed(site)
    async with open_page(agent) as opened:
        assert await opened.text(".who") == f"agent {site.namespace}"
        await opened.go(f"/executions/{site.namespace}/more")
        await opened.page.get_by_text("Approve…").click()
        await opened.page.get_by_role("button", name="Carry out just this").click()
        await opened.sees("agent is not allowed to run action scale", "#notice")
        assert await replicas(site) == 2


async def test_an_open_question_stays_open_while_the_page_changes(site, open_page):
    await proposed(site)
    async with open_page() as opened:
        await opened.go(f"/executions/{site.namespace}/more")
        await opened.page.get_by_text("Reject…").click()
        await site.patch(EXECUTIONS, "more", {"metadata": {"annotations": {"a": "b"}}})
        await site.patch(CONFIG_MAPS, "app-config", {"data": {"A": "1"}})
        await asyncio.sleep(1)
        assert await opened.page.get_by_role("button", name="Reject it").is_visible()


async def test_what_is_undone_is_the_execution_whose_undo_was_shown(site, open_page):
    await site.end(await site.create("scale", MORE, name="done"))
    async with open_page() as opened:
        await opened.go(f"/executions/{site.namespace}/done")
        await opened.page.get_by_role("button", name="Undo…").click()
        await opened.sees("The undo would change")
        shown = await site.get(EXECUTIONS, "done")
        await site.cluster.delete(EXECUTIONS, site.namespace, "done", uid=shown["metadata"]["uid"])
        await site.end(await site.create("scale", {"name": "web", "replicas": 5}, name="done"))
        await opened.page.get_by_role("button", name="Undo it").click()
        await opened.sees("is not the one that this page showed", "#notice")
        assert await replicas(site) == 5


async def test_a_server_on_another_port_of_this_machine_gets_no_cookie_and_no_page(open_page):
    seen = []

    async def respond(request):
        seen.append(request.headers.get("Cookie", ""))
        return web.Response(text="<p>other</p>", content_type="text/html")

    application = web.Application()
    application.router.add_get("/{path:.*}", respond)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with open_page() as opened:
        await opened.page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
        await opened.page.reload()
        for read in (f"fetch('{opened.base}/live/', {{credentials: 'include'}})", f"fetch('{opened.base}/proposals')"):
            assert await opened.page.evaluate(f"{read}.then((answer) => answer.text(), () => 'refused')") == "refused"
        assert set(seen) == {""}
    await runner.cleanup()
