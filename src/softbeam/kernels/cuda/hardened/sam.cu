// Multiplies two maps of one shape, element by element; one thread an element.
#include "harden.cuh"

extern "C" __global__ void sam_kernel(float *in_w_h_c, int size, int channel_size, float *scales_c,
                                      float *out HARDENED WORDS(in_w_h_c) WORDS(scales_c)
                                      WORDS(out))
{
    Span<float> IN_W_H_C = SPAN(in_w_h_c), SCALES_C = SPAN(scales_c), OUT = SPAN(out);
    harden<1>(HARDENING, [=](auto) { return size; }, [=](auto, int index, auto &sink) {
        sink.store(0, OUT, index, IN_W_H_C[index] * SCALES_C[index]);
    });
}
