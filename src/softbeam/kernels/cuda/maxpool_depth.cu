// Largest element of every out_c-th channel at every pixel, for each of out_c output channels, and
// where it was; one thread a pixel.
#include "thread_index.cuh"

extern "C" __global__ void forward_maxpool_depth_layer_kernel(int n, int w, int h, int c, int out_c,
                                                              int batch, float *input,
                                                              float *output, int *indexes)
{
    int id = thread_index();
    if (id >= n) return;
    int j = id % w;
    id /= w;
    int i = id % h;
    id /= h;
    int b = id % batch;
    for (int g = 0; g < out_c; ++g) {
        int out_index = j + w * (i + h * (g + out_c * b));
        float largest = -3.402823466e+38f;
        int winner = -1;
        for (int k = g; k < c; k += out_c) {
            int in_index = j + w * (i + h * (k + c * b));
            float value = input[in_index];
            winner = value > largest ? in_index : winner;
            largest = value > largest ? value : largest;
        }
        output[out_index] = largest;
        indexes[out_index] = winner;
    }
}
