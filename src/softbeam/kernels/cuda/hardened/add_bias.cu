// Adds each filter's bias to its outputs; one thread an element.
#include "harden.cuh"

extern "C" __global__ void add_bias_kernel(float *output, float *biases, int batch, int n,
                                           int size HARDENED WORDS(output) WORDS(biases))
{
    Span<float> OUTPUT = SPAN(output), BIASES = SPAN(biases);
    auto threads = [=](auto copy) { return copy.own(n) * copy.own(size) * batch; };
    harden<1>(HARDENING, threads, [=](auto copy, int index, auto &sink) {
        int filters = copy.own(n), spatial = copy.own(size);
        int i = index % spatial;
        index /= spatial;
        int j = index % filters;
        int k = index / filters;
        int place = (k * filters + j) * spatial + i;
        sink.store(0, OUTPUT, place, OUTPUT[place] + BIASES[j]);
    });
}
