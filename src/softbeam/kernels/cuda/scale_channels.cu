// Multiplies every channel of a map by its number, or every pixel by its own (scale_wh), where
// batch_size is the number of elements of an image; one thread an element.
#include "thread_index.cuh"

extern "C" __global__ void scale_channels_kernel(float *in_w_h_c, int size, int channel_size,
                                                 int batch_size, int scale_wh, float *scales_c,
                                                 float *out)
{
    int index = thread_index();
    if (index >= size) return;
    int scale = scale_wh ? index % channel_size + index / batch_size * channel_size
                         : index / channel_size;
    out[index] = in_w_h_c[index] * scales_c[scale];
}
