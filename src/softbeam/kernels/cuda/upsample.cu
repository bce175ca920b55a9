// Adds scale times every pixel of x to the stride x stride pixels of out that it covers; one thread
// an element of out.  The other direction, which only training takes, is left out.
#include "thread_index.cuh"

extern "C" __global__ void upsample_kernel(size_t N, float *x, int w, int h, int c, int batch,
                                           int stride, float scale, float *out)
{
    size_t i = thread_index();
    if (i >= N) return;
    size_t out_index = i;
    int out_w = i % (w * stride);
    i /= w * stride;
    int out_h = i % (h * stride);
    i /= h * stride;
    int k = i % c;
    i /= c;
    int b = i % batch;

    int in_index = ((b * c + k) * h + out_h / stride) * w + out_w / stride;
    out[out_index] += scale * x[in_index];
}
