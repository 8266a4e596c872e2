"""Steps as a graph: each in a column after those that it comes after."""

from kubernaut.ui.run_graph import GAP_X, HEIGHT, WIDTH, Step, graph_of


def columns(*steps):
    return {node.step.name: (node.x - 8) // (WIDTH + GAP_X) for node in graph_of(steps).nodes}


def step(name, *after, phase=""):
    return Step(name, "scale", phase, after=tuple((before, "Succeeded") for before in after))


def test_a_step_is_right_of_all_that_it_comes_after():
    assert columns(step("a"), step("b", "a"), step("c", "a"), step("d", "b", "a")) == {"a": 0, "b": 1, "c": 1, "d": 2}


def test_steps_of_one_column_are_below_each_other():
    first, second = graph_of([step("a"), step("b")]).nodes
    assert second.y - first.y > HEIGHT


def test_an_edge_is_followed_once_its_step_has_ended_as_it_says():
    fails, ends = ((("a", when),) for when in ("Failed", "Ended"))
    steps = [
        step("a", phase="Failed"),
        Step("b", "scale", "", after=fails),
        step("c", "a"),
        Step("d", "scale", "", after=ends),
    ]
    followed = [(edge.when, edge.followed) for edge in graph_of(steps).edges]
    assert followed == [("Failed", True), ("Succeeded", False), ("Ended", True)]


def test_a_step_that_is_waited_for_through_another_has_no_line_of_its_own():
    steps = [step("act"), step("check", "act"), step("undo", "check", "act")]
    assert len(graph_of(steps).edges) == 2


def test_a_cycle_and_a_step_that_is_missing_are_drawn_as_far_as_they_go():
    graph = graph_of([step("a", "b"), step("b", "a", "gone"), step("self", "self")])
    assert len(graph.nodes) == 3
    assert len(graph.edges) == 3
    assert graph.width < 3 * (WIDTH + GAP_X) + 20


def test_no_steps_make_no_picture():
    assert graph_of([]).nodes == []
