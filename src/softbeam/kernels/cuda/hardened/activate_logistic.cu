// The logistic function of n elements in place, a kernel to itself in later Darknets; one thread an
// element.
#include "harden.cuh"

extern "C" __global__ void activate_array_logistic_kernel(float *x, int n HARDENED WORDS(x))
{
    Span<float> X = SPAN(x);
    harden<1>(HARDENING, [=](auto) { return n; }, [=](auto, int i, auto &sink) {
        sink.store(0, X, i, 1.f / (1.f + expf(-X[i])));
    });
}
