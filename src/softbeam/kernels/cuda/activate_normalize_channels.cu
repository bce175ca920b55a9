// Divides every positive element by the sum of those of its pixel's channels and 1e-4, and clears
// the others; one thread a pixel.
#include "thread_index.cuh"

extern "C" __global__ void activate_array_normalize_channels_kernel(float *x, int size, int batch,
                                                                    int channels, int wh_step,
                                                                    float *output)
{
    int i = thread_index();
    if (i >= size) return;
    int first = i % wh_step + i / wh_step * wh_step * channels;
    float sum = .0001f;
    for (int k = 0; k < channels; ++k) {
        float value = x[first + k * wh_step];
        if (value > 0) sum += value;
    }
    for (int k = 0; k < channels; ++k) {
        float value = x[first + k * wh_step];
        output[first + k * wh_step] = value > 0 ? value / sum : 0;
    }
}
