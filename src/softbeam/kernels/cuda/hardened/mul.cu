// Multiplies N elements of Y by those of X; one thread an element.
#include "harden.cuh"

extern "C" __global__ void mul_kernel(int N, float *X, int INCX, float *Y, int INCY HARDENED
                                      WORDS(X) WORDS(Y))
{
    Span<float> XS = SPAN(X), YS = SPAN(Y);
    harden<1>(HARDENING, [=](auto) { return N; }, [=](auto, int i, auto &sink) {
        sink.store(0, YS, i * INCY, YS[i * INCY] * XS[i * INCX]);
    });
}
