// Multiplies every filter's outputs by its scale; a grid of (elements, filters, batch).
extern "C" __global__ void scale_bias_kernel(float *output, float *biases, int n, int size)
{
    int offset = blockIdx.x * blockDim.x + threadIdx.x;
    int filter = blockIdx.y;
    int image = blockIdx.z;
    if (offset < size) output[(image * n + filter) * size + offset] *= biases[filter];
}
