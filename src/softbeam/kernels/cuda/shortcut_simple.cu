// The sum of two maps of one shape; one thread an element.
#include "thread_index.cuh"

extern "C" __global__ void shortcut_singlelayer_simple_kernel(int size, float *add, float *out,
                                                              float *input)
{
    int id = thread_index();
    if (id < size) out[id] = input[id] + add[id];
}
