// Adds scale times every pixel of x to the stride x stride pixels of out that it covers; one thread
// an element of out.  The other direction, which only training takes, is left out.
#include "harden.cuh"

extern "C" __global__ void upsample_kernel(size_t N, float *x, int w, int h, int c, int batch,
                                           int stride, float scale, float *out HARDENED WORDS(x)
                                           WORDS(out))
{
    Span<float> X = SPAN(x), OUT = SPAN(out);
    // Darknet counts in size_t; N is the number of out's words, so that an int holds it.
    harden<1>(HARDENING, [=](auto) { return (int)N; }, [=](auto copy, int id, auto &sink) {
        int side = copy.own(stride), high = copy.own(h), wide = copy.own(w), channels = copy.own(c);
        size_t i = id;
        int out_w = i % (wide * side);
        i /= wide * side;
        int out_h = i % (high * side);
        i /= high * side;
        int k = i % channels;
        i /= channels;
        int b = i % copy.own(batch);

        int in_index = ((b * channels + k) * high + out_h / side) * wide + out_w / side;
        sink.store(0, OUT, id, OUT[id] + scale * X[in_index]);
    });
}
