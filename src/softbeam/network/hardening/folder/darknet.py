"""Where Darknet launches the kernels: which host function of which file has to change."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: By a kernel's short name the file below Darknet's ``src`` and the function that launches it, as
#: of pjreddie/darknet; the kernels of AlexeyAB's dialect as of AlexeyAB/darknet.
HOSTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "activate_array": ("activation_kernels.cu", "activate_array_gpu"),
        "activate_leaky": ("activation_kernels.cu", "activate_array_ongpu"),
        "activate_logistic": ("activation_kernels.cu", "activate_array_ongpu"),
        "activate_relu": ("activation_kernels.cu", "activate_array_ongpu"),
        "activate_relu6": ("activation_kernels.cu", "activate_array_ongpu"),
        "activate_swish": ("activation_kernels.cu", "activate_array_swish_ongpu"),
        "activate_mish": ("activation_kernels.cu", "activate_array_mish_ongpu"),
        "activate_hard_mish": ("activation_kernels.cu", "activate_array_hard_mish_ongpu"),
        "add_bias": ("blas_kernels.cu", "add_bias_gpu"),
        "avgpool": ("avgpool_layer_kernels.cu", "forward_avgpool_layer_gpu"),
        "axpy": ("blas_kernels.cu", "axpy_gpu_offset"),
        "const": ("blas_kernels.cu", "const_gpu"),
        "constrain": ("blas_kernels.cu", "constrain_gpu"),
        "copy": ("blas_kernels.cu", "copy_gpu_offset"),
        "crop": ("crop_layer_kernels.cu", "forward_crop_layer_gpu"),
        "fill": ("blas_kernels.cu", "fill_gpu"),
        "flatten": ("blas_kernels.cu", "flatten_gpu"),
        "im2col": ("im2col_kernels.cu", "im2col_gpu"),
        "im2col_ext": ("im2col_kernels.cu", "im2col_gpu_ext"),
        "levels_image": ("crop_layer_kernels.cu", "forward_crop_layer_gpu"),
        "maxpool": ("maxpool_layer_kernels.cu", "forward_maxpool_layer_gpu"),
        "maxpool_depth": ("maxpool_layer_kernels.cu", "forward_maxpool_layer_gpu"),
        "maxpool_xy": ("maxpool_layer_kernels.cu", "forward_maxpool_layer_gpu"),
        "mul": ("blas_kernels.cu", "mul_gpu"),
        "normalize": ("blas_kernels.cu", "normalize_gpu"),
        "pow": ("blas_kernels.cu", "pow_gpu"),
        "reorg": ("blas_kernels.cu", "reorg_gpu"),
        "sam": ("blas_kernels.cu", "sam_gpu"),
        "scal": ("blas_kernels.cu", "scal_gpu"),
        "scal_add": ("blas_kernels.cu", "scal_add_gpu"),
        "scale_bias": ("blas_kernels.cu", "scale_bias_gpu"),
        "scale_channels": ("blas_kernels.cu", "scale_channels_gpu"),
        "shortcut": ("blas_kernels.cu", "shortcut_gpu"),
        "shortcut_multilayer": ("blas_kernels.cu", "shortcut_multilayer_gpu"),
        "shortcut_simple": ("blas_kernels.cu", "shortcut_multilayer_gpu"),
        "softmax": ("blas_kernels.cu", "softmax_gpu"),
        "upsample": ("blas_kernels.cu", "upsample_gpu"),
    }
)

#: The same of matrix products, which Darknet leaves to cuBLAS.
PRODUCTS = ("gemm.c", "gemm_gpu")


def host_of(base: str) -> tuple[str, str] | None:
    """Return where Darknet launches a kernel; None of kernels that are softbeam's alone.

    Examples
    --------
    >>> host_of("maxpool"), host_of("reduce")
    (('maxpool_layer_kernels.cu', 'forward_maxpool_layer_gpu'), None)
    """
    return PRODUCTS if base.startswith("sgemm") else HOSTS.get(base)
