// Clamps N elements of X, INCX apart, to -ALPHA ... ALPHA; one thread an element.
#include "harden.cuh"

extern "C" __global__ void constrain_kernel(int N, float ALPHA, float *X, int INCX HARDENED
                                            WORDS(X))
{
    Span<float> XS = SPAN(X);
    harden<1>(HARDENING, [=](auto) { return N; }, [=](auto copy, int i, auto &sink) {
        float most = copy.own(ALPHA);
        sink.store(0, XS, i * INCX, fminf(most, fmaxf(-most, XS[i * INCX])));
    });
}
