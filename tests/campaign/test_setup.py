"""Setting up: scopes, fault spaces, and injectors that agree wherever and whenever they work."""

from __future__ import annotations

import dataclasses
import hashlib
import pickle
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from softbeam.campaign.choices import Target
from softbeam.campaign.setup import (
    InjectorSetup,
    fault_space_sizes,
    inject_in_worker,
    launches_in_scope,
    specify_again,
)
from softbeam.campaign.specification import (
    CampaignSpecification,
    first_difference,
)
from softbeam.campaign.streams import InjectionName
from softbeam.errors import CampaignError
from softbeam.faults.models import MODELS
from softbeam.faults.modes import MODES
from softbeam.injection.choices import BoxRule, MaskRule, TextRule, ValueRule
from softbeam.network.workload import Workload

#: A stratum of each mode that is not of kernels in layers.
STRATA = {"weights": "2/weights", "activations": "2/output", "permanent": "-1/FFMA"}

Specified = Callable[..., CampaignSpecification]


def all_names(number: int) -> list[InjectionName]:
    """Return injections of all modes and models, some of them of a stratum."""
    return [
        InjectionName(mode, model, stratum, index)
        for mode in MODES
        if mode != "shared"
        for model in MODELS
        if MODES[mode].takes(model) and (MODELS[model].listed or model == "7-bit")
        for stratum in ("", STRATA.get(mode, "1/maxpool"))
        for index in range(number)
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernels": ("gemm",)}, "tiny has no kernel 'gemm' to strike; it has activate_array,"),
        ({"kernels": ("fill", "im2row")}, "tiny has no kernel 'im2row' to strike"),
        ({"layers": (0, 5)}, "tiny has no layer 5 to strike; it has 0, 1, 2, 3, 4"),
        ({"layers": (-1,)}, "tiny has no layer -1 to strike"),
        ({"groups": ("fp16",)}, "there is no group of opcodes 'fp16'; the groups are "),
        (
            {"layers": (0, 2), "kernels": ("softmax",)},
            "no launch of tiny is in scope: none of the layers 0, 2 launches any of the "
            "kernels softmax",
        ),
    ],
)
def test_a_scope_names_what_the_network_has(
    specified: Specified, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(CampaignError) as caught:
        specified(**options)
    assert str(caught.value).startswith(message)


def test_the_scope_is_the_launches_that_are_named(workload: Workload, specified: Specified) -> None:
    launches = workload.plan.launches

    def scope(**options: Any) -> list[tuple[int, str]]:
        chosen = launches_in_scope(workload.plan, specified(**options))
        return [(launches[number].layer, launches[number].kernel) for number in chosen]

    everything = [(one.layer, one.kernel) for one in launches]
    assert scope() == everything
    assert scope(layers=(2, 0)) == [place for place in everything if place[0] in (0, 2)]
    assert scope(kernels=("softmax", "fill")) == [
        place for place in everything if place[1] in ("softmax", "fill")
    ]
    assert scope(layers=(4,), kernels=("fill",)) == [(4, "fill")]


def test_fault_spaces_add_up(prepared: Any) -> None:
    modes = set(MODES) - {"shared"}
    sizes = fault_space_sizes(prepared.setup, modes)
    for injector in prepared.setup.injectors():
        for mode in modes:
            own = [one for one in sizes if (one.image, one.mode) == (injector.image, mode)]
            assert sum(one.size for one in own) == injector.space(mode).size
            assert all(one.size > 0 for one in own)
            for one in own:
                assert one.size == injector.space(mode, f"{one.layer}/{one.kernel}").size
    # The inputs differ: what a pixel is decides what a thread executes.
    assert {one.image for one in sizes} == {0, 1}


def test_a_group_of_opcodes_narrows_the_space(prepared: Any, specified: Specified) -> None:
    setup = prepared.setup
    loads = changed(setup, groups=("load",))
    whole = {
        (s.image, s.mode, s.layer, s.kernel): s.size for s in fault_space_sizes(setup, {"iov"})
    }
    narrow = fault_space_sizes(loads, {"iov"})
    assert 0 < sum(one.size for one in narrow) < sum(whole.values())
    assert all(one.size <= whole[one.image, one.mode, one.layer, one.kernel] for one in narrow)
    inject = inject_in_worker(loads)
    opcodes = {inject(InjectionName("iov", "single-bit", "", n)).opcode for n in range(40)}
    assert all(opcode.startswith("LD") for opcode in opcodes)


def test_a_campaign_is_found_again_by_its_workload_alone(
    specified: Specified, workload: Workload
) -> None:
    chosen = {
        "fault_semantics": "sassifi",
        "kernels": ("fill",),
        "layers": (1,),
        "groups": ("integer",),
        "multiprocessors": 3,
        "sampling": "stratified",
        "seed": 5,
        "target": Target(margin=0.1),
        "boxes": BoxRule(threshold=0.3),
        "judge": "judge.py:judge",
        "judge_sha256": "a" * 64,
        "mask": MaskRule(overlap=0.5),
        "text": TextRule(blank=-1),
        "values": ValueRule(tolerance=0.5),
    }
    of_the_workload = {
        "network", "plan_sha256", "weights_sha256", "inputs_sha256", "architecture",
        "kernels_sha256", "emulator_semantics", "campaign_semantics", "im2col",
        "gemm", "input_shape", "output", "constants", "harden",
    }  # fmt: skip
    others = {"streams", "results_schema", "loads"}
    assert set(CampaignSpecification.model_fields) == {*chosen, *of_the_workload, *others}
    specification = specified().model_copy(update=chosen)
    assert specify_again(specification, workload) == specification
    fewer = dataclasses.replace(workload, inputs_sha256=workload.inputs_sha256[:1])
    difference = first_difference(specification, specify_again(specification, fewer))
    assert difference is not None
    assert difference.field == "inputs_sha256"


def changed(setup: InjectorSetup, **fields: Any) -> InjectorSetup:
    specification = setup.specification.model_copy(update=fields)
    return dataclasses.replace(setup, specification=specification)


def test_an_injection_depends_on_its_name_alone(prepared: Any) -> None:
    names = all_names(12)
    inject = inject_in_worker(prepared.setup)
    records = [inject(name) for name in names]
    # Another process's injectors, in another order, after other injections.
    other = inject_in_worker(pickle.loads(pickle.dumps(prepared.setup)))
    for index in range(100, 110):
        other(InjectionName("rf", "single-bit", "", index))
    shuffled = names.copy()
    Random(5).shuffle(shuffled)
    again = {name: other(name) for name in shuffled}
    assert list(map(repr, records)) == [repr(again[name]) for name in names]
    for name, record in zip(names, records, strict=True):
        assert (record.mode, record.model) == (name.mode, name.model)
        assert (record.stratum, record.index) == (name.stratum, name.index)
        assert record.image == name.index % 2
        if name.stratum:
            assert f"{record.layer}/{record.kernel}" == name.stratum
    assert len({record.outcome for record in records}) == 3


def test_another_campaign_draws_others(prepared: Any) -> None:
    other = changed(prepared.setup, seed=2)
    one, another = inject_in_worker(prepared.setup), inject_in_worker(other)
    names = [InjectionName("rf", "single-bit", "", index) for index in range(20)]
    assert sum(repr(one(name)) == repr(another(name)) for name in names) < 3


def test_strikes_leave_the_golden_memory_as_it_was(prepared: Any) -> None:
    def hashes() -> list[str]:
        return [
            hashlib.sha256(one.golden.read_bytes()).hexdigest() for one in prepared.setup.inputs
        ]

    before = hashes()
    injectors = prepared.setup.injectors()
    pools = [hashlib.sha256(one.device.golden.words.tobytes()).digest() for one in injectors]
    propagated = 0
    for name in all_names(8):
        record = injectors[name.index % 2].inject(name.mode, name.model, name.index, name.stratum)
        propagated += record.propagated
    assert propagated > 20
    after = [hashlib.sha256(one.device.golden.words.tobytes()).digest() for one in injectors]
    assert after == pools
    assert hashes() == before
