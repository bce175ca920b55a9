"""The chain of layers: shares of the damage, and what hardening leaves of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.hardened_twin import hardened_twin

from softbeam.analysis.hardening.chain import ChainPicture, chain_picture, techniques_in
from softbeam.analysis.results import Results
from softbeam.campaign.results.facts import KernelFacts, LayerFacts
from softbeam.errors import ResultsError


@pytest.fixture(scope="module")
def plain(made_up_run: Path) -> Results:
    return Results.load(made_up_run)


@pytest.fixture(scope="module")
def picture(plain: Results) -> ChainPicture:
    found = chain_picture(plain)
    assert found is not None
    return found


def test_every_layer_has_its_share_of_each_damage(plain: Results, picture: ChainPicture) -> None:
    assert [one.layer for one in picture.layers] == [0, 1, 2, 26]
    assert picture.injections == len(plain.records)
    for of, seen in picture.seen.items():
        assert sum(one.before[of].successes for one in picture.layers) == seen
        # Every stream has as many injections, so shares are those of the injections.
        for one in picture.layers:
            assert one.before[of].estimate == pytest.approx(one.before[of].successes / seen)
    assert picture.seen["sdc"] == sum(record.outcome == "SDC" for record in plain.records)
    assert picture.hardened is None
    assert all(one.after == {} for one in picture.layers)


def test_instructions_are_counted_from_the_fault_space(picture: ChainPicture) -> None:
    sizes = {0: 2 * 30 * 100, 1: 30 * 107, 2: 30 * 114, 26: 30 * 282}
    for one in picture.layers:
        assert one.instructions == pytest.approx(sizes[one.layer] / sum(sizes.values()))


def test_without_counts_of_instructions_there_are_none(plain: Results) -> None:
    found = chain_picture(replace(plain, sizes=()))
    assert found is not None
    assert [one.instructions for one in found.layers] == [None] * 4


def test_a_network_beside_itself_keeps_its_damage(plain: Results) -> None:
    found = chain_picture(plain, plain)
    assert found is not None
    assert found.hardened is not None
    assert found.hardened.cost == 0.0
    for left in found.hardened.left.values():
        assert left.estimate == pytest.approx(1.0)
        assert left.low < 1.0 < left.high
    for of in found.seen:
        for one in found.layers:
            assert one.after[of].estimate == pytest.approx(one.before[of].estimate)


def test_what_hardening_leaves_is_a_rate_and_not_a_share(plain: Results) -> None:
    found = chain_picture(hardened_twin(plain, growth=2, keep=4), plain)
    assert found is not None
    assert found.hardened is not None
    left = found.hardened.left
    # A quarter of the critical SDCs is left, in code with twice the places.
    assert left["critical"].estimate == pytest.approx(
        2 * left["critical"].successes / found.seen["critical"]
    )
    assert left["due"].estimate == pytest.approx(2.0)
    assert found.hardened.cost == pytest.approx(1.0)
    assert found.hardened.before["sdc"] == found.seen["sdc"]
    # All DUEs are undetected, so that what is left is SDCs and DUEs.
    assert left["undetected"] == left["due"]
    assert left["left"].successes == left["sdc"].successes + left["due"].successes
    for of in found.seen:
        parts = sum(one.after[of].estimate for one in found.layers)
        assert parts == pytest.approx(left[of].estimate)
    assert found.layers[0].techniques == ("fill: range", "im2col: range")


def test_nothing_left_is_not_said_to_be_nothing(plain: Results) -> None:
    found = chain_picture(hardened_twin(plain, keep=10**6), plain)
    assert found is not None
    assert found.hardened is not None
    left = found.hardened.left["critical"]
    assert (left.successes, left.estimate, left.low) == (0, 0.0, 0.0)
    assert left.high > 0.0


def test_parts_hold_what_their_layers_hold(plain: Results) -> None:
    found = chain_picture(hardened_twin(plain), plain, [(0, 1), (2, 26)])
    assert found is not None
    assert [one.layer for one in found.parts] == [0, 2]
    for place, own in enumerate((found.layers[:2], found.layers[2:])):
        part = found.parts[place]
        for of in part.before:
            for name in ("before", "after"):
                whole = sum(getattr(one, name)[of].estimate for one in own)
                assert getattr(part, name)[of].estimate == pytest.approx(whole)
        assert part.instructions == pytest.approx(sum(one.instructions or 0.0 for one in own))


def test_campaigns_that_do_not_compare_are_refused(plain: Results) -> None:
    for name, value, words in (
        ("network", "googlenet", "networks"),
        ("inputs_sha256", ("3" * 64,), "inputs"),
        ("weights_sha256", "4" * 64, "weights"),
        ("gemm", "library" if plain.specification.gemm != "library" else "sgemm", "products"),
    ):
        specification = plain.specification.model_copy(update={name: value})
        with pytest.raises(ResultsError, match=f"do not compare: they have other .*{words}"):
            chain_picture(replace(plain, specification=specification), plain)
    half = tuple(record for record in plain.records if record.mode != "iov")
    with pytest.raises(ResultsError, match="only one of them has injections of iov random-value"):
        chain_picture(replace(plain, records=half), plain)


def test_no_layer_no_chain(plain: Results) -> None:
    assert chain_picture(replace(plain, records=())) is None


def test_techniques_are_told_by_the_names_of_kernels() -> None:
    names = ("maxpool+range+bounds", "fill", "check_product", "add_bias+duplication")
    kernels = tuple(KernelFacts(name=name, launches=1) for name in names)
    assert techniques_in(LayerFacts(number=0, name="", kernels=kernels)) == (
        "maxpool: range, bounds",
        "products: checksum",
        "add_bias: duplication",
    )
