// Adds each filter's bias to its outputs; one thread an element.
#include "thread_index.cuh"

extern "C" __global__ void add_bias_kernel(float *output, float *biases, int batch, int n,
                                           int size)
{
    int index = thread_index();
    if (index >= n * size * batch) return;
    int i = index % size;
    index /= size;
    int j = index % n;
    int k = index / n;
    output[(k * n + j) * size + i] += biases[j];
}
