// The number of a thread in its launch; a grid of more than 65,535 blocks is folded into x and y.
#pragma once

__device__ __forceinline__ int thread_index()
{
    return (blockIdx.x + blockIdx.y * gridDim.x) * blockDim.x + threadIdx.x;
}
