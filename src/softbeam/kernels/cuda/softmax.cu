// Softmax of every group of n elements, stride apart; one thread a group.
#include "thread_index.cuh"

__device__ void softmax(float *input, int n, float temp, int stride, float *output)
{
    float sum = 0;
    float largest = -INFINITY;
    for (int i = 0; i < n; ++i) {
        float value = input[i * stride];
        largest = value > largest ? value : largest;
    }
    for (int i = 0; i < n; ++i) {
        float e = expf(input[i * stride] / temp - largest / temp);
        sum += e;
        output[i * stride] = e;
    }
    for (int i = 0; i < n; ++i) output[i * stride] /= sum;
}

extern "C" __global__ void softmax_kernel(float *input, int n, int batch, int batch_offset,
                                          int groups, int group_offset, int stride, float temp,
                                          float *output)
{
    int id = thread_index();
    if (id >= batch * groups) return;
    int b = id / groups;
    int g = id % groups;
    softmax(input + b * batch_offset + g * group_offset, n, temp, stride,
            output + b * batch_offset + g * group_offset);
}
