// Softmax over every pixel's channels with 1e-4 more in the sum, less the largest first where
// use_max_val says so; one thread a pixel.
#include "thread_index.cuh"

extern "C" __global__ void activate_array_normalize_channels_softmax_kernel(
    float *x, int size, int batch, int channels, int wh_step, float *output, int use_max_val)
{
    int i = thread_index();
    if (i >= size) return;
    int first = i % wh_step + i / wh_step * wh_step * channels;
    float sum = .0001f;
    float largest = 0;
    if (use_max_val) {
        largest = -3.402823466e+38f;
        for (int k = 0; k < channels; ++k) {
            float value = x[first + k * wh_step];
            if (value > largest || k == 0) largest = value;
        }
    }
    for (int k = 0; k < channels; ++k) sum += expf(x[first + k * wh_step] - largest);
    for (int k = 0; k < channels; ++k)
        output[first + k * wh_step] = expf(x[first + k * wh_step] - largest) / sum;
}
