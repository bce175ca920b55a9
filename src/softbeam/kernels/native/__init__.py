"""Native twins: what each kernel computes, on the host, bit for bit as the SASS does.

Twins take a kernel's parameters in order, pointers as 1-D float32 arrays (int32 for ``int *``)
that begin where the pointer points, and write in place; those that :data:`TABLES` names take
tables of the special function unit as last arguments.  That they equal the emulated machine code
is a tested property.  Matrix products, which are not struck, have no machine code to follow and
are defined in :mod:`softbeam.kernels.native.matrix` and :mod:`softbeam.kernels.native.products`.
"""

from softbeam.kernels.native.activation import activate_array, activate_mish
from softbeam.kernels.native.crop import crop, levels_image
from softbeam.kernels.native.elementwise import (
    add_bias,
    axpy,
    constrain,
    copy,
    fill,
    mul,
    normalize,
    scal,
    scale_bias,
)
from softbeam.kernels.native.matrix import gemm, im2col
from softbeam.kernels.native.pooling import avgpool, maxpool
from softbeam.kernels.native.power import power
from softbeam.kernels.native.products import gemm_batched, gemm_local
from softbeam.kernels.native.softmax import softmax
from softbeam.kernels.native.wiring import flatten, reorg, shortcut, upsample

#: The twins by short name of their kernel.
TWINS = {
    "fill": fill,
    "copy": copy,
    "im2col": im2col,
    "normalize": normalize,
    "scale_bias": scale_bias,
    "add_bias": add_bias,
    "activate_array": activate_array,
    "maxpool": maxpool,
    "avgpool": avgpool,
    "softmax": softmax,
    # Darknet's const_kernel does what its fill_kernel does.
    "const": fill,
    "axpy": axpy,
    "scal": scal,
    "mul": mul,
    "pow": power,
    "constrain": constrain,
    "shortcut": shortcut,
    "upsample": upsample,
    "reorg": reorg,
    "flatten": flatten,
    "levels_image": levels_image,
    "crop": crop,
    "activate_mish": activate_mish,
    "gemm": gemm,
    "gemm_local": gemm_local,
    "gemm_batched": gemm_batched,
}

#: Tables of the special function unit that twins take as last arguments, by short name.
TABLES = {
    "softmax": ("ex2",),
    "activate_array": ("ex2",),
    "activate_mish": ("ex2",),
    "pow": ("rcp",),
}

__all__ = ["TABLES", "TWINS"]
