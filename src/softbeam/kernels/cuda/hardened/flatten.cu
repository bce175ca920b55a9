// Reorders layers x spatial elements: forward to pixel after pixel, else back to layer after layer;
// one thread an element.
#include "harden.cuh"

extern "C" __global__ void flatten_kernel(int N, float *x, int spatial, int layers, int batch,
                                          int forward, float *out HARDENED WORDS(x) WORDS(out))
{
    Span<float> X = SPAN(x), OUT = SPAN(out);
    harden<1>(HARDENING, [=](auto) { return N; }, [=](auto copy, int i, auto &sink) {
        int elements = copy.own(spatial), channels = copy.own(layers);
        int in_s = i % elements;
        i /= elements;
        int in_c = i % channels;
        i /= channels;
        int first = i * channels * elements;

        int by_layer = first + in_c * elements + in_s;
        int by_pixel = first + in_s * channels + in_c;
        bool to_pixels = copy.own(forward);
        sink.store(0, OUT, to_pixels ? by_pixel : by_layer, X[to_pixels ? by_layer : by_pixel]);
    });
}
