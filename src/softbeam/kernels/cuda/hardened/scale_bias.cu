// Multiplies every filter's outputs by its scale; a grid of (elements, filters, batch).
#include "harden.cuh"

extern "C" __global__ void scale_bias_kernel(float *output, float *biases, int n, int size HARDENED
                                             WORDS(output) WORDS(biases))
{
    Span<float> OUTPUT = SPAN(output), BIASES = SPAN(biases);
    harden<1, AlongX>(HARDENING, [=](auto) { return size; }, [=](auto copy, int offset, auto &sink) {
        int filter = copy.own((int)blockIdx.y);
        int place = (copy.own((int)blockIdx.z) * n + filter) * size + offset;
        sink.store(0, OUTPUT, place, OUTPUT[place] * BIASES[filter]);
    });
}
