// Mean of every channel; one thread a channel.
#include "harden.cuh"

extern "C" __global__ void forward_avgpool_kernel(int n, int w, int h, int c, float *input,
                                                  float *output HARDENED WORDS(input) WORDS(output))
{
    Span<float> INPUT = SPAN(input), OUTPUT = SPAN(output);
    harden<1>(HARDENING, [=](auto) { return n; }, [=](auto copy, int id, auto &sink) {
        int channels = copy.own(c), elements = copy.own(w) * copy.own(h);
        int k = id % channels;
        int b = id / channels;
        float sum = 0;
        for (int i = 0; i < elements; ++i) sum += INPUT[i + elements * (k + b * channels)];
        sink.store(0, OUTPUT, k + channels * b, sum / elements);
    });
}
