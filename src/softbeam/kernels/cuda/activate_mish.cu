// Mish, x * tanh(log(1 + exp(x))), of n elements of x into output, and x itself into input, which
// training reads; one thread an element.  Not in Darknet's own tree, but in its best-known
// continuation, from which later networks' .cfg files come.
#include "thread_index.cuh"

extern "C" __global__ void activate_array_mish_kernel(float *x, int n, float *input, float *output)
{
    int i = thread_index();
    if (i >= n) return;
    float value = x[i];
    input[i] = value;
    // tanh(log(1 + e)) = ((1 + e)^2 - 1) / ((1 + e)^2 + 1); above 20 it is 1 to the last bit.
    float e = expf(value);
    float n2 = e * (e + 2.f);
    output[i] = value > 20.f ? value : value * (n2 / (n2 + 2.f));
}
