"""What AlexeyAB's Darknet lets a ``.cfg`` file say beyond Darknet itself.

What its inference adds stands with the layers.  Keys that only its training, its drawing of boxes
or its video tracking uses are passed over.  Keys that change inference in ways that softbeam does
not know are read where they say what Darknet does anyway, and are errors elsewhere.  A file that
says what only this Darknet knows is run as it runs it.
Source: its ``parser.c`` (github.com/AlexeyAB/darknet, commit 0d0144e), section by section.
"""

from __future__ import annotations

from collections.abc import Mapping

from softbeam.network.darknet.keys import Invalid, Key, Values

EVERY_LAYER = "burnin_update dont_update train_only_bn"

TRAINING: Mapping[str, str] = {
    "net": """adversarial_lr attention augment_speed badlabels_rejection_percentage blur contrastive
        contrastive_color contrastive_jit_flip cutmix dynamic_minibatch ema_alpha equidistant_point
        flip gaussian_noise label_smooth_eps learning_rate_min letter_box loss_scale mosaic_bound
        num_sigmas_reject_badlabels optimized_memory resize_step sequential_subdivisions sgdr_cycle
        sgdr_mult show_receptive_field try_fix_nan unsupervised use_cuda_graph weights_reject_freq
        workspace_size_limit_MB""",
    # The angle is that by which filters are turned while they are trained.
    "convolutional": "angle assisted_excitation dot grad_centr stream wait_stream",
    "detection": "resize",
    "dropout": "dropblock dropblock_size_abs dropblock_size_rel",
    "maxpool": "maxpool_zero_nonmax",
    "region": "focal_loss resize",
    "route": "stream wait_stream",
    "yolo": """beta1 cls_normalizer counters_per_class delta_normalizer dets_for_show
        dets_for_track embedding_layer focal_loss iou_loss iou_normalizer iou_thresh
        iou_thresh_kind label_smooth_eps max_delta obj_normalizer objectness_smooth resize
        show_details sim_thresh track_ciou_norm track_history_size uc_normalizer""",
}
"""Keys that inference does not depend on, by section, with blanks between them."""


def _neutral(*values: float) -> Key:
    """Return a key of which softbeam knows those values alone that change nothing."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if value not in values:
            said = " or ".join(f"{one:g}" for one in values)
            raise Invalid(f"must be {said}, as softbeam knows nothing else")
        return value

    return Key(read, values[0])


_NO = _neutral(0)

NEUTRAL: Mapping[str, Mapping[str, Key]] = {
    "convolutional": {
        **dict.fromkeys(("bin_output", "cbn", "coordconv", "reverse"), _NO),
        **dict.fromkeys(("rotate", "stretch", "stretch_sway", "sway"), _NO),
    },
}
"""Keys of inference that are read where they change nothing, by section."""


def spoken(keys: Mapping[str, Key], values: Values) -> bool:
    """Return whether a section's values say what only AlexeyAB's Darknet knows."""
    return any(key.alexeyab(values[name]) for name, key in keys.items())
