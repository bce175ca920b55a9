// The rectifier of n elements in place, a kernel to itself in later Darknets; one thread an element.
#include "harden.cuh"

extern "C" __global__ void activate_array_relu_kernel(float *x, int n HARDENED WORDS(x))
{
    Span<float> X = SPAN(x);
    harden<1>(HARDENING, [=](auto) { return n; }, [=](auto, int i, auto &sink) {
        float value = X[i];
        sink.store(0, X, i, value * (value > 0));
    });
}
