// Swish, x / (1 + exp(-x)), of n elements of x into output, and the sigmoid into sigmoid, which
// training reads; one thread an element.
#include "harden.cuh"

extern "C" __global__ void activate_array_swish_kernel(float *x, int n, float *sigmoid,
                                                       float *output HARDENED WORDS(x)
                                                       WORDS(sigmoid) WORDS(output))
{
    Span<float> X = SPAN(x), SIGMOID = SPAN(sigmoid), OUTPUT = SPAN(output);
    harden<2>(HARDENING, [=](auto) { return n; }, [=](auto, int i, auto &sink) {
        float value = X[i];
        float share = 1.f / (1.f + expf(-value));
        sink.store(0, SIGMOID, i, share);
        sink.store(1, OUTPUT, i, value * share);
    });
}
