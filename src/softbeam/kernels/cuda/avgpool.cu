// Mean of every channel; one thread a channel.
#include "thread_index.cuh"

extern "C" __global__ void forward_avgpool_kernel(int n, int w, int h, int c, float *input,
                                                  float *output)
{
    int id = thread_index();
    if (id >= n) return;
    int k = id % c;
    id /= c;
    int b = id;

    int out_index = k + c * b;
    output[out_index] = 0;
    for (int i = 0; i < w * h; ++i) {
        int in_index = i + h * w * (k + b * c);
        output[out_index] += input[in_index];
    }
    output[out_index] /= w * h;
}
