// The rectifier up to 6 of n elements in place; one thread an element.
#include "harden.cuh"

extern "C" __global__ void activate_array_relu6_kernel(float *x, int n HARDENED WORDS(x))
{
    Span<float> X = SPAN(x);
    harden<1>(HARDENING, [=](auto) { return n; }, [=](auto, int i, auto &sink) {
        float value = X[i];
        float above = value > 0.f ? value : 0.f;
        sink.store(0, X, i, above < 6.f ? above : 6.f);
    });
}
