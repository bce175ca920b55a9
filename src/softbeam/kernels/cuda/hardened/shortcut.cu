// Adds s2 times another layer's output to s1 times this one's, where they overlap: every stride-th
// pixel of the larger, every sample-th of the smaller; one thread an element that both have.
#include "harden.cuh"

extern "C" __global__ void shortcut_kernel(int size, int minw, int minh, int minc, int stride,
                                           int sample, int batch, int w1, int h1, int c1,
                                           float *add, int w2, int h2, int c2, float s1, float s2,
                                           float *out HARDENED WORDS(add) WORDS(out))
{
    Span<float> ADD = SPAN(add), OUT = SPAN(out);
    harden<1>(HARDENING, [=](auto) { return size; }, [=](auto copy, int id, auto &sink) {
        int columns = copy.own(minw), rows = copy.own(minh), channels = copy.own(minc);
        int i = id % columns;
        id /= columns;
        int j = id % rows;
        id /= rows;
        int k = id % channels;
        id /= channels;
        int b = id % copy.own(batch);

        int out_index = i * sample + w2 * (j * sample + h2 * (k + c2 * b));
        int add_index = i * stride + w1 * (j * stride + h1 * (k + c1 * b));
        sink.store(0, OUT, out_index, s1 * OUT[out_index] + s2 * ADD[add_index]);
    });
}
