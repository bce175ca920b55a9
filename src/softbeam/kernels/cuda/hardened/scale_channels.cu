// Multiplies every channel of a map by its number, or every pixel by its own (scale_wh), where
// batch_size is the number of elements of an image; one thread an element.
#include "harden.cuh"

extern "C" __global__ void scale_channels_kernel(float *in_w_h_c, int size, int channel_size,
                                                 int batch_size, int scale_wh, float *scales_c,
                                                 float *out HARDENED WORDS(in_w_h_c) WORDS(scales_c)
                                                 WORDS(out))
{
    Span<float> IN_W_H_C = SPAN(in_w_h_c), SCALES_C = SPAN(scales_c), OUT = SPAN(out);
    harden<1>(HARDENING, [=](auto) { return size; }, [=](auto copy, int index, auto &sink) {
        int elements = copy.own(channel_size);
        int scale = copy.own(scale_wh) ? index % elements + index / copy.own(batch_size) * elements
                                       : index / elements;
        sink.store(0, OUT, index, IN_W_H_C[index] * SCALES_C[scale]);
    });
}
