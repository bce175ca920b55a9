// What hardened kernels have in common: limits of what they store, copies that are compared.
#pragma once
#include "../thread_index.cuh"

// NaN and what is below becomes the lower limit, what is above the upper one.
__device__ inline float within(float value, float low, float high)
{
    return fminf(fmaxf(value, low), high);
}
