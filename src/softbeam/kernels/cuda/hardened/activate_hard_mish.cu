// A parabola in place of mish between -2 and 0, of n elements of x into output, and x itself into
// input, which training reads; one thread an element.
#include "harden.cuh"

extern "C" __global__ void activate_array_hard_mish_kernel(float *x, int n, float *input,
                                                           float *output HARDENED WORDS(x)
                                                           WORDS(input) WORDS(output))
{
    Span<float> X = SPAN(x), INPUT = SPAN(input), OUTPUT = SPAN(output);
    harden<2>(HARDENING, [=](auto) { return n; }, [=](auto, int i, auto &sink) {
        float value = X[i];
        sink.store(0, INPUT, i, value);
        sink.store(1, OUTPUT, i, value > 0 ? value : value > -2 ? value * value / 2 + value : 0);
    });
}
