// Copies N elements of X to Y, with offsets and strides; one thread an element.
#include "harden.cuh"

extern "C" __global__ void copy_kernel(int N, float *X, int OFFX, int INCX, float *Y, int OFFY,
                                       int INCY HARDENED WORDS(X) WORDS(Y))
{
    Span<float> XS = SPAN(X), YS = SPAN(Y);
    harden<1>(HARDENING, [=](auto) { return N; }, [=](auto, int i, auto &sink) {
        sink.store(0, YS, i * INCY + OFFY, XS[i * INCX + OFFX]);
    });
}
