"""Native twins: what each kernel computes, on the host, bit for bit as the SASS does.

Twins take a kernel's parameters in order, pointers as 1-D float32 arrays (int32 for ``int *``)
that begin where the pointer points, and write in place; activate_array and softmax take
MUFU.EX2's table as a last argument.  That they equal the emulated machine code
is a tested property.  GEMM, which is not struck, has no machine code to follow and is defined in
:mod:`softbeam.kernels.native.matrix`.
"""

from softbeam.kernels.native.elementwise import (
    activate_array,
    add_bias,
    copy,
    fill,
    normalize,
    scale_bias,
)
from softbeam.kernels.native.matrix import gemm, im2col
from softbeam.kernels.native.pooling import avgpool, maxpool
from softbeam.kernels.native.softmax import softmax

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
    "gemm": gemm,
}

#: Activation functions (Darknet's numbers) that the twin of activate_array computes:
#: LOGISTIC, RELU, LINEAR, LEAKY.
NATIVE_ACTIVATIONS = frozenset({0, 1, 3, 7})

__all__ = ["NATIVE_ACTIVATIONS", "TWINS"]
