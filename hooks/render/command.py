"""`toolhive-hooks render`, less its command line: what is read, where it is written, and the exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import BinaryIO, TextIO

from hooks.api.crd import crds
from hooks.controllers import CONTROLLERS
from hooks.installation import Installation
from hooks.kubernetes.objects import Object
from hooks.manifests.load import Loaded, Source, load_all
from hooks.manifests.problems import UNREADABLE, Problem, located
from hooks.manifests.shape import NAME_INVALID
from hooks.render.failures import failure_problem, warning_problem
from hooks.render.gate import NOT_SERVED, Gated, gate, unknown_fields
from hooks.render.output import to_json, to_yaml, wants_colour
from hooks.render.placeholders import left_in_place
from hooks.render.presumed import presumed, without_sops
from hooks.render.report import REPORTS, Counts
from hooks.render.summary import to_summary, to_tree
from hooks.simulator.admission import schemas_of
from hooks.simulator.parallel import ProcessLost, settled_in_processes, usable_processes
from hooks.simulator.run import NoFixedPoint, Result, Settled, render, render_by, settled
from hooks.simulator.webhooks import Hooks, Unreachable, in_process
from hooks.text import title

DONE, FAILED, UNUSABLE = 0, 1, 2
"""Exit codes: all is well; an object would be refused or ends Failed; something can't be read, or nothing is ours."""

OUTPUTS = ("yaml", "json", "summary", "tree", "none")
"""What `-o` takes."""

CLOCK = datetime(1970, 1, 1, tzinfo=UTC)

MANY = 500
"""From so many resources on, several processes are faster: the start of one takes half a second of processor time."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a user asks `render` for."""

    source: Source
    output: str = "yaml"
    """One of `OUTPUTS`."""
    report: str = "text"
    """One of `REPORTS`."""
    lenient: bool = False
    assume_secrets: bool = False


def render_command(
    options: Options,
    *,
    installation: Installation,
    stdin: BinaryIO,
    stdout: TextIO,
    stderr: TextIO,
    hooks: Hooks | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> int:
    """Render manifests.

    Args:
        options: what the user asked for.
        installation: the installation's settings; a server has its own.
        stdin: what `-` reads.
        stdout: gets the objects, those that failed too.
        stderr: gets the report.
        hooks: a running server to ask, in place of this process.
        progress: is called with a text about how far this is.

    Returns:
        The exit code: see `DONE`.
    """
    if options.assume_secrets:
        installation = replace(installation, read_secrets=False)
    loaded = load_all(options.source, stdin, progress)
    gated, extra = _admitted(loaded, options)
    problems = loaded.problems + gated.problems
    if not gated.ours and not any(problem.level == "error" or problem.reason in NOT_SERVED for problem in problems):
        problems.append(_nothing(options))
    try:
        result = _run([*gated.objects, *extra], gated.ours, hooks, installation, progress)
    except NoFixedPoint as error:
        problems.append(Problem("failed", str(error), "NoFixedPoint"))
        result = error.result
    except (Unreachable, ProcessLost) as error:
        stderr.write(f"error: {error}\n")
        return UNUSABLE
    problems += list(unknown_fields(gated, dict(result.unknown), lenient=options.lenient))
    shown = _without(result, gated.refused)
    parents = {title(parent): parent for parent in shown.parents}
    problems += [failure_problem(failure, parents, gated.places) for failure in shown.failed]
    problems += [warning_problem(warning, gated.places) for warning in shown.warnings]
    problems += list(left_in_place(gated.objects, problems, gated.places))
    if options.output != "none":
        stdout.writelines(_text(options.output, shown, [*gated.objects, *extra], colour=wants_colour(stdout)))
        stdout.flush()
    problems = located(dict.fromkeys(problems), loaded.texts)
    stderr.write(REPORTS[options.report](problems, _counts(problems, gated.ours, len(shown.children), loaded.files)))
    return _code(problems)


def _counts(problems: list[Problem], resources: int, children: int, files: int) -> Counts:
    levels = [problem.level for problem in problems]
    return Counts(
        resources=resources,
        children=children,
        files=files,
        errors=levels.count("error"),
        failed=levels.count("failed"),
        warnings=levels.count("warning"),
    )


def _code(problems: list[Problem]) -> int:
    faults = [problem for problem in problems if problem.level in ("error", "failed")]
    if any(problem.reason in (UNREADABLE, _NOTHING) for problem in faults):
        return UNUSABLE
    return FAILED if faults else DONE


_NOTHING = "NothingFound"


def _admitted(loaded: Loaded, options: Options) -> tuple[Gated, list[Object]]:
    """Return the manifests that a cluster would take, and the stand-ins for what other controllers make."""
    manifests, notes = without_sops(loaded.objects.values())
    unnamed = {problem.object for problem in loaded.problems if problem.reason == NAME_INVALID}
    gated = gate(manifests, unnamed=unnamed, lenient=options.lenient)
    extra, presumptions = presumed(manifests)
    gated.problems += notes + presumptions
    return gated, extra


def _text(output: str, result: Result, objects: Iterable[Object], *, colour: bool) -> Iterable[str]:
    """A result in the form that was asked for; a tree says which of these objects are there."""
    match output:
        case "json":
            return [to_json(result)]
        case "yaml":
            return to_yaml(result)
        case "summary":
            return [to_summary(result, colour=colour)]
    there = {(obj["kind"], obj["metadata"].get("namespace") or "default", obj["metadata"]["name"]) for obj in objects}
    return [to_tree(result, there, colour=colour)]


def _nothing(options: Options) -> Problem:
    paths = ", ".join([*options.source.paths, *options.source.kustomizations]) or "nothing"
    message = f"nothing to do: no object of toolhive.stacklok.dev in {paths}. Is it the right path?"
    return Problem("warning" if options.lenient else "error", message, _NOTHING)


def _run(
    manifests: list[Object],
    resources: int,
    hooks: Hooks | None,
    installation: Installation,
    progress: Callable[[str], None],
) -> Result:
    """Run the controllers: in this process, which alone asks a server, or in several where that is faster."""
    namespaces = {obj["metadata"].get("namespace") for obj in manifests}
    processes = usable_processes() if hooks is None and resources >= MANY and len(namespaces) > 1 else 1
    here = hooks or in_process(CONTROLLERS, installation, CLOCK)
    calls = 0

    def ask(path: str, body: bytes) -> bytes:
        nonlocal calls
        calls += 1
        progress(f"{resources} resources, {calls} calls of the hooks")
        return here(path, body)

    def settle(objects: list[Object]) -> Iterator[Settled]:
        progress(f"{resources} resources, 0 done")
        elsewhere = partial(_settled, installation)
        for done, each in enumerate(settled_in_processes(objects, elsewhere, processes), 1):
            progress(f"{resources} resources, {done} done")
            yield each

    if processes > 1:
        return render_by(settle, manifests, CONTROLLERS, schemas_of(crds()))
    return render(manifests, ask, CONTROLLERS, schemas_of(crds()))


def _settled(installation: Installation, objects: list[Object]) -> list[Settled]:
    return settled(objects, in_process(CONTROLLERS, installation, CLOCK), CONTROLLERS)


def _without(result: Result, refused: set[str]) -> Result:
    """A result less what a cluster would have refused, which has neither status nor children."""
    rendered = tuple(each for each in result.rendered if title(each.parent) not in refused)
    failed = tuple(failure for failure in result.failed if failure.parent not in refused)
    return replace(result, rendered=rendered, failed=failed)
