from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from softbeam.present.parts import FEW, parts_of
from softbeam.text import visible

word = st.sampled_from(["blocks", "blocks.0", "blocks.1", "conv", "stem", "head", "features.3"])
name = st.one_of(
    st.just(""),
    st.lists(word, min_size=1, max_size=4).map("/".join),
    st.lists(word, min_size=1, max_size=4).map(".".join),
    st.text(max_size=12),
)


@given(st.lists(name, min_size=FEW + 1, max_size=200), st.integers(0, 5))
def test_every_layer_is_in_one_part_and_parts_are_few(names: list[str], first: int) -> None:
    layers = range(first, first + len(names))
    parts = parts_of(layers, dict(zip(layers, names, strict=True)))
    assert [layer for part in parts for layer in part.layers] == list(layers)
    assert 2 < len(parts) <= 18
    assert all(part.title and part.title == visible(part.title) for part in parts)


def test_few_layers_have_no_parts() -> None:
    assert parts_of(range(FEW), {}) == ()


def test_names_of_exporters_give_blocks() -> None:
    names = {0: "/conv_stem/Conv", 1: "/act_stem/Clip"}
    for block in range(6):
        for layer in range(12):
            scope = f"/blocks/blocks.{block}/blocks.{block}.{layer // 6}"
            names[2 + 12 * block + layer] = f"{scope}/conv_{layer}/Conv"
    names |= {74: "/conv_head/Conv", 75: "/global_pool/GlobalAveragePool", 76: "/classifier/Gemm"}
    parts = parts_of(range(77), names)
    assert [part.title for part in parts] == [
        "conv_stem … act_stem",
        *(f"blocks.{block}.{half}" for block in range(6) for half in range(2)),
        "conv_head … classifier",
    ]
    assert parts[1].span == "2–7"


def test_names_that_say_nothing_give_runs_of_equal_length() -> None:
    names = {layer: f"conv 64 {layer % 3}x{layer % 3}/1" for layer in range(94)}
    parts = parts_of(range(94), names)
    assert len(parts) == 12
    assert [part.title for part in parts[:2]] == ["layers 0–7", "layers 8–15"]
