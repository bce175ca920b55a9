// Multiplies two maps of one shape, element by element; one thread an element.
#include "thread_index.cuh"

extern "C" __global__ void sam_kernel(float *in_w_h_c, int size, int channel_size, float *scales_c,
                                      float *out)
{
    int index = thread_index();
    if (index < size) out[index] = in_w_h_c[index] * scales_c[index];
}
