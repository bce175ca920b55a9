// The sum of squares of an array: each block through shared memory, then one block over the blocks.

extern "C" __global__ void squares(int count, const float *values, float *parts)
{
    __shared__ float shared[256];
    int thread = threadIdx.x;
    float sum = 0.0f;
    for (int i = blockIdx.x * 256 + thread; i < count; i += gridDim.x * 256)
        sum += values[i] * values[i];
    shared[thread] = sum;
    __syncthreads();
    for (int half = 128; half >= 32; half >>= 1) {
        if (thread < half) shared[thread] += shared[thread + half];
        __syncthreads();
    }
    if (thread < 32) {
        sum = shared[thread];
        for (int half = 16; half; half >>= 1) sum += __shfl_down_sync(0xffffffff, sum, half);
        if (thread == 0) parts[blockIdx.x] = sum;
    }
}

extern "C" __global__ void total(int count, const float *parts, float *sum)
{
    float mine = 0.0f;
    for (int i = threadIdx.x; i < count; i += 32) mine += parts[i];
    for (int half = 16; half; half >>= 1) mine += __shfl_down_sync(0xffffffff, mine, half);
    if (threadIdx.x == 0) *sum = mine;
}
