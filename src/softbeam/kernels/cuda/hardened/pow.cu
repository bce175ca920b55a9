// Sets N elements of Y to those of X to the power ALPHA; one thread an element.
#include "harden.cuh"

extern "C" __global__ void pow_kernel(int N, float ALPHA, float *X, int INCX, float *Y,
                                      int INCY HARDENED WORDS(X) WORDS(Y))
{
    Span<float> XS = SPAN(X), YS = SPAN(Y);
    harden<1>(HARDENING, [=](auto) { return N; }, [=](auto copy, int i, auto &sink) {
        sink.store(0, YS, i * INCY, powf(XS[i * INCX], copy.own(ALPHA)));
    });
}
