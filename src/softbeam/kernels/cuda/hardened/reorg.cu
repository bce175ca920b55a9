// Moves pixels between channels and stride x stride squares; one thread an element.  Forward: from
// channels to squares; else from squares to channels.
#include "harden.cuh"

extern "C" __global__ void reorg_kernel(int N, float *x, int w, int h, int c, int batch, int stride,
                                        int forward, float *out HARDENED WORDS(x) WORDS(out))
{
    Span<float> X = SPAN(x), OUT = SPAN(out);
    harden<1>(HARDENING, [=](auto) { return N; }, [=](auto copy, int i, auto &sink) {
        int wide = copy.own(w), high = copy.own(h), channels = copy.own(c), images = copy.own(batch);
        int side = copy.own(stride);
        int in_index = i;
        int in_w = i % wide;
        i /= wide;
        int in_h = i % high;
        i /= high;
        int in_c = i % channels;
        i /= channels;
        int b = i % images;

        int out_c = channels / (side * side);
        int c2 = in_c % out_c;
        int offset = in_c / out_c;
        int w2 = in_w * side + offset % side;
        int h2 = in_h * side + offset / side;
        int out_index = w2 + wide * side * (h2 + high * side * (c2 + out_c * b));
        bool to_squares = copy.own(forward);
        sink.store(0, OUT, to_squares ? out_index : in_index, X[to_squares ? in_index : out_index]);
    });
}
