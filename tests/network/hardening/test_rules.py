"""Rules of hardening: what is read, what is refused, and which launches are meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softbeam.errors import NetworkError
from softbeam.kernels.hardened import IN_KERNEL, base_of, techniques_of, variant
from softbeam.kernels.signatures import KERNELS
from softbeam.network import load_network
from softbeam.network.choices import WorkloadChoices
from softbeam.network.hardening.rules import (
    CHECKSUM,
    TECHNIQUES,
    Rule,
    chosen,
    read_rules,
    reports,
    rows_of_check,
    rules_text,
)
from softbeam.network.plan import Plan

BASES = sorted({base_of(name) for name in KERNELS})


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_network("extraction").plan()


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Return any rule."""
    if draw(st.integers(0, 5)) == 0:
        return Rule("", None, ("lean",))
    numbers = st.sets(st.integers(0, 60), min_size=1, max_size=6)
    layers = draw(st.none() | numbers.map(lambda some: tuple(sorted(some))))
    wanted = draw(st.sets(st.sampled_from(TECHNIQUES), min_size=1))
    if {"duplication", "triplication"} <= wanted:
        wanted.remove("duplication")
    techniques = tuple(one for one in TECHNIQUES if one in wanted)
    return Rule(draw(st.sampled_from(["*", "gemm", *BASES])), layers, techniques)


@given(st.lists(rules(), min_size=1, max_size=5), st.randoms())
def test_rules_are_read_as_they_are_written_in_any_order(made: list[Rule], random) -> None:  # type: ignore[no-untyped-def]
    found = read_rules(rules_text(made))
    assert set(found) == set(made)
    shuffled = [*made]
    random.shuffle(shuffled)
    assert read_rules(rules_text(shuffled)) == found
    assert read_rules(rules_text(found)) == found


@given(st.text(alphabet="ab*=+@,-0123456789 leanmaxpoolrange", max_size=40))
def test_any_text_is_rules_or_refused_in_a_sentence(text: str) -> None:
    said = ""
    try:
        found = read_rules(text)
    except NetworkError as error:
        said = str(error)
    else:
        assert found == read_rules(rules_text(found))
    assert "\n" not in said


def test_runs_and_spaces() -> None:
    (rule,) = read_rules(" normalize @ 0-2 , 5 = bounds + range ")
    assert rule == Rule("normalize", (0, 1, 2, 5), ("range", "bounds"))
    assert str(rule) == "normalize@0-2,5=range+bounds"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no rule"),
        ("maxpool", "'maxpool' is no rule"),
        ("maxpool=", "is no rule"),
        ("maxpool=range;lean", "is no rule"),
        ("maxpool=clamping", "no technique 'clamping'"),
        ("maxpool=lean", "lean, which stands alone"),
        ("maxpool=range+range", "range is named twice"),
        ("maxpool=duplication+triplication", "exclude each other"),
        ("maxpol=range", "no kernel 'maxpol'"),
        ("maxpool@7-5=range", "7-5 is no run of layers"),
        ("lean, im2col=range, copy=magic", "copy=magic: there is no technique"),
    ],
)
def test_bad_rules(text: str, said: str) -> None:
    with pytest.raises(NetworkError, match=said):
        read_rules(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("maxpool@27=range", "extraction has no layer 27; its layers are 0 to 26"),
        ("maxpool@0=range", "launches no such kernel there"),
        ("maxpool@0=range", "it launches (?!.*maxpool)"),
        ("resize=range", "launches no such kernel there"),
        ("maxpool=checksum", "maxpool in layer 1 has no checksum; it has .*range"),
        ("copy=range, copy@0=bounds", "say different things of copy in layer 0"),
        ("*=range, copy@0=range+bounds", "say different things of copy in layer 0"),
    ],
)
def test_rules_that_do_not_fit_the_network(plan: Plan, text: str, said: str) -> None:
    with pytest.raises(NetworkError, match=said):
        chosen(plan, read_rules(text))


def test_a_librarys_product_has_checksum_alone() -> None:
    plan = load_network("extraction").plan(WorkloadChoices(gemm="library"))
    products = [one.index for one in plan.launches if one.product is not None]
    assert [*chosen(plan, read_rules("sgemm=checksum"))] == products
    with pytest.raises(NetworkError, match="is a library's, whose code cannot be hardened"):
        chosen(plan, read_rules("gemm@0=range"))


def test_the_same_said_twice_is_no_contradiction(plan: Plan) -> None:
    once = chosen(plan, read_rules("maxpool=range"))
    assert once
    assert chosen(plan, read_rules("maxpool=range, maxpool@1=range")) == once


def test_every_kernel_that_has_it(plan: Plan) -> None:
    found = chosen(plan, read_rules("*=range"))
    for launch in plan.launches:
        has = variant(launch.kernel, ["range"]) is not None
        assert (launch.index in found) == has
    assert {plan.launches[number].kernel for number in found} >= {"maxpool", "im2col"}
    sums = chosen(plan, read_rules("*=checksum"))
    assert [*sums] == [one.index for one in plan.launches if one.product is not None]
    assert set(sums.values()) == {(CHECKSUM,)}


def test_names_of_variants() -> None:
    shipped = [name for name in KERNELS if "+" in name]
    assert shipped
    for name in shipped:
        techniques = techniques_of(name)
        assert [one for one in IN_KERNEL if one in techniques] == list(techniques)
        assert variant(base_of(name), reversed(techniques)) == name
        own = KERNELS[name].parameters
        base = KERNELS[base_of(name)].parameters
        assert own[: len(base)] == base
        trailing = [one.name for one in own[len(base) :]]
        wanted = ["ZERO", "REPORT"] if {"duplication", "triplication"} & {*techniques} else []
        wanted += ["LOW", "HIGH"] if "range" in techniques else []
        if "bounds" in techniques:
            wanted += [f"WORDS_{one.name}" for one in base if one.kind == "pointer"]
        assert trailing == wanted
    assert variant("copy", []) == "copy"


def test_a_check_of_so_many_rows_is_a_technique() -> None:
    (rule,) = read_rules("gemm@0-2 = checksum64+bounds")
    assert str(rule) == "gemm@0-2=bounds+checksum64"
    assert rows_of_check(rule.techniques) == 64
    assert reports("gemm=checksum64")
    for text in ("gemm=checksum+checksum64", "gemm=checksum0", "gemm=range64"):
        with pytest.raises(NetworkError):
            read_rules(text)
