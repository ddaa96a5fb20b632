"""A whole run: the texts of all files before and after, and what is to be said about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from hooks.convert.comments import Comment
from hooks.convert.config_maps import find_config_map
from hooks.convert.configs import Named, Request, name_configs
from hooks.convert.edits import CannotEdit
from hooks.convert.left_out import BY_HAND
from hooks.convert.objects import VERSIONS, WORKLOADS, Converted, converted, is_ours, is_partial, refer
from hooks.convert.parts import NotConvertible
from hooks.convert.rewrite import Addition, Change, added, comments_of, rewritten
from hooks.convert.sources import Source
from hooks.convert.workload import PLACEMENT
from hooks.go_json import same
from hooks.kubernetes.objects import Object
from hooks.text import title, where

_ANY_NAME = "name-of-a-config"


@dataclass
class Result:
    """What a run comes to."""

    texts: list[str] = field(default_factory=list)
    """The text of each file, in the order of the files."""
    converted: list[str] = field(default_factory=list)
    """The objects that are written anew."""
    added: list[str] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    """Texts, each with the objects that it is about."""
    warnings: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Files that this command doesn't convert."""
    failed: list[str] = field(default_factory=list)
    """Objects that can't be said in the current fields, with the reason."""
    secrets: list[str] = field(default_factory=list)
    """Values that no difference may show."""


@dataclass
class _Job:
    """An object to write anew."""

    number: int
    path: tuple[str | int, ...]
    old: Object
    new: Converted

    @property
    def change(self) -> Change:
        return Change(self.number, self.path, self.old, self.new.obj)


def run(files: Sequence[Source]) -> Result:
    """Convert all objects of these files; the text of a file in which nothing is to be converted stays."""
    result = Result()
    result.left += [f"{file.name}: {file.left}: {BY_HAND}" for file in files if file.left]
    jobs = [_editable(file, _jobs(file, files, result), result) for file in files]
    scopes = _scopes(files)
    objects = [(scopes[file.name], obj) for file in files for _, _, obj in file.objects()]
    requests = [
        Request(scopes[file.name], job.old, wanted)
        for file, of_file in zip(files, jobs, strict=True)
        for job in of_file
        for wanted in job.new.wanted
    ]
    additions = _additions(files, jobs, scopes, iter(name_configs(requests, objects)), result)
    for file, of_file, added_to_it in zip(files, jobs, additions, strict=True):
        for job in of_file:
            result.converted.append(f"{file.name}: {title(job.old)}")
            for note in job.new.notes:
                result.notes.setdefault(note, []).append(title(job.old))
        text = rewritten(file, [job.change for job in of_file])
        result.texts.append(added(text, added_to_it, is_json=file.is_json))
        _report(file, added_to_it, result)
    return result


def _additions(
    files: Sequence[Source],
    jobs: Sequence[list[_Job]],
    scopes: dict[str, str],
    answers: Iterator[Named],
    result: Result,
) -> list[list[Addition]]:
    """Set the references to configs; return the objects to add to each file, with the comments of their settings."""
    found: list[list[Addition]] = []
    made: dict[tuple[str, ...], list[Addition]] = {}
    for file, of_file in zip(files, jobs, strict=True):
        found.append([])
        for job, wanted in ((each, wanted) for each in of_file for wanted in each.new.wanted):
            answer = next(answers)
            refer(job.new, wanted, answer.name)
            old_field = PLACEMENT.instead[wanted.ref]
            comments = comments_of(file, job.change, old_field)
            config = (scopes[file.name], str(job.old["metadata"].get("namespace")), wanted.kind, answer.name)
            if answer.additions:
                made[config] = [Addition(obj, []) for obj in answer.additions]
                found[-1] += made[config]
            if config in made:
                _keep(comments, made[config])
            elif comments:
                note = f"comments in {old_field} are left out: {wanted.kind} {answer.name} says the same as that field"
                result.notes.setdefault(note, []).append(title(job.old))
    return found


def _keep(comments: Sequence[Comment], additions: Sequence[Addition]) -> None:
    """Put comments to a config or, where they are about a client secret, to the Secret behind it."""
    for comment in comments:
        there = additions[-1 if comment.path[-1:] == ("clientSecret",) else 0].comments
        if comment not in there:
            there.append(comment)


def _report(file: Source, additions: Sequence[Addition], result: Result) -> None:
    for obj, _ in additions:
        result.added.append(f"{file.name}: {title(obj)}")
        if obj["kind"] == "Secret":
            result.secrets += obj["stringData"].values()
            result.warnings.append(
                f"{file.name}: {title(obj)} contains a plaintext client secret, as the spec did: keep it out of "
                "version control, and replace a secret that was ever committed"
            )


def _jobs(file: Source, files: Sequence[Source], result: Result) -> list[_Job]:
    """The objects of a file that are to be written anew."""
    jobs = []
    for number, path, obj in file.objects():
        if not is_ours(obj):
            continue
        if obj["apiVersion"] not in VERSIONS:
            result.left.append(
                f"{file.name}: document {number}, {obj['kind']}: ToolHive 0.3 to 0.44 have no {obj['apiVersion']}"
            )
            continue
        if is_partial(obj):
            lacks = " or ".join(("name", *WORKLOADS.get(obj["kind"], ())))
            what = f"document {number}, {obj['kind']}, has no {lacks}, as a Kustomize patch has none"
            result.left.append(f"{file.name}: {what}: {BY_HAND}")
            continue
        try:
            new = converted(obj, partial(find_config_map, files, file, obj))
        except NotConvertible as error:
            result.failed.append(f"{file.name}: {title(obj)}: {error}")
            continue
        if new.wanted or not same(obj, new.obj):
            jobs.append(_Job(number, path, obj, new))
    return jobs


def _scopes(files: Sequence[Source]) -> dict[str, str]:
    """The scope of each file by its name: one for all, or one each where two files have the same workload.

    Such files are those of several clusters.
    """
    count = Counter(
        (obj["kind"], where(obj))
        for file in files
        for _, _, obj in file.objects()
        if is_ours(obj) and not is_partial(obj)
    )
    return {file.name: file.name if max(count.values(), default=0) > 1 else "" for file in files}


def _editable(file: Source, jobs: list[_Job], result: Result) -> list[_Job]:
    """Those whose text can be edited: tried with any name for the configs, before their names are given."""
    for job in jobs:
        for wanted in job.new.wanted:
            refer(job.new, wanted, _ANY_NAME)
    try:
        rewritten(file, [job.change for job in jobs])
    except CannotEdit:
        return _one_by_one(file, jobs, result)
    return jobs


def _one_by_one(file: Source, jobs: list[_Job], result: Result) -> list[_Job]:
    editable: list[_Job] = []
    for job in jobs:
        try:
            rewritten(file, [each.change for each in (*editable, job)])
        except CannotEdit as error:
            result.failed.append(f"{file.name}: {title(job.old)}: {error}")
        else:
            editable.append(job)
    return editable
