// Reorders layers x spatial elements: forward to pixel after pixel, else back to layer after layer;
// one thread an element.
#include "thread_index.cuh"

extern "C" __global__ void flatten_kernel(int N, float *x, int spatial, int layers, int batch,
                                          int forward, float *out)
{
    int i = thread_index();
    if (i >= N) return;
    int in_s = i % spatial;
    i /= spatial;
    int in_c = i % layers;
    i /= layers;
    int first = i * layers * spatial;

    int by_layer = first + in_c * spatial + in_s;
    int by_pixel = first + in_s * layers + in_c;
    if (forward) out[by_pixel] = x[by_layer];
    else out[by_layer] = x[by_pixel];
}
