// Mish, x * tanh(log(1 + exp(x))), of n elements of x into output, and x itself into input, which
// training reads; one thread an element.  Not in Darknet's own tree, but in its best-known
// continuation, from which later networks' .cfg files come.
#include "harden.cuh"

extern "C" __global__ void activate_array_mish_kernel(float *x, int n, float *input,
                                                      float *output HARDENED WORDS(x) WORDS(input)
                                                      WORDS(output))
{
    Span<float> X = SPAN(x), INPUT = SPAN(input), OUTPUT = SPAN(output);
    harden<2>(HARDENING, [=](auto) { return n; }, [=](auto, int i, auto &sink) {
        float value = X[i];
        // tanh(log(1 + e)) = ((1 + e)^2 - 1) / ((1 + e)^2 + 1); above 20 it is 1 to the last bit.
        float e = expf(value);
        float n2 = e * (e + 2.f);
        sink.store(0, INPUT, i, value);
        sink.store(1, OUTPUT, i, value > 20.f ? value : value * (n2 / (n2 + 2.f)));
    });
}
