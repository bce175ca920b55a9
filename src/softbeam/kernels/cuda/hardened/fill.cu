// Sets N elements of X, INCX apart, to ALPHA; one thread an element.
#include "harden.cuh"

extern "C" __global__ void fill_kernel(int N, float ALPHA, float *X, int INCX HARDENED WORDS(X))
{
    Span<float> XS = SPAN(X);
    harden<1>(HARDENING, [=](auto) { return N; }, [=](auto copy, int i, auto &sink) {
        sink.store(0, XS, i * INCX, copy.own(ALPHA));
    });
}
