// The leaky rectifier of n elements in place, a kernel to itself in later Darknets; one thread an
// element.
#include "harden.cuh"

extern "C" __global__ void activate_array_leaky_kernel(float *x, int n HARDENED WORDS(x))
{
    Span<float> X = SPAN(x);
    harden<1>(HARDENING, [=](auto) { return n; }, [=](auto, int i, auto &sink) {
        float value = X[i];
        sink.store(0, X, i, value > 0 ? value : .1f * value);
    });
}
