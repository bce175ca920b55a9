// Multiplies N elements of X, INCX apart, by ALPHA; one thread an element.
#include "harden.cuh"

extern "C" __global__ void scal_kernel(int N, float ALPHA, float *X, int INCX HARDENED WORDS(X))
{
    Span<float> XS = SPAN(X);
    harden<1>(HARDENING, [=](auto) { return N; }, [=](auto, int i, auto &sink) {
        sink.store(0, XS, i * INCX, XS[i * INCX] * ALPHA);
    });
}
