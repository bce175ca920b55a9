// Threads that wait for each other: lanes of a warp, warps of a block, and blocks of a grid.

#define K(name) extern "C" __global__ void name

// A lane waits for what the other part of its warp stores afterwards.
K(lanes_k)(volatile int *flag, int *out) {
    int t = threadIdx.x;
    if (t == 0) {
        while (flag[0] == 0) {
        }
        out[0] = 7;
    } else {
        if (t == 31) flag[0] = 1;
        out[t] = t;
    }
}

// A lane waits for another one, which the compiler lets wait for that lane: it means to let both
// go on together.
K(barrier_k)(volatile int *flag, int *out) {
    int t = threadIdx.x;
    if (t == 31) {
        while (flag[0] == 0) {
        }
        out[32] = 7;
    }
    if (t == 3) flag[0] = 1;
    out[t] = t;
}

// The first warp waits for the last one, through memory.
K(warps_k)(volatile int *flag, int *out) {
    int t = threadIdx.x;
    if (t < 32) {
        while (flag[0] == 0) {
        }
    }
    if (t == 95) flag[0] = 1;
    out[t] = t;
}

// The same through shared memory, between barriers.
K(shared_k)(int *out) {
    __shared__ volatile int flag;
    int t = threadIdx.x;
    if (t == 0) flag = 0;
    __syncthreads();
    if (t == 0) {
        while (flag == 0) {
        }
    }
    if (t == 64) flag = 5;
    __syncthreads();
    out[blockIdx.x * 96 + t] = flag + t;
}

// The first block waits for the last one.
K(blocks_k)(volatile int *flag, int *out) {
    int t = threadIdx.x, b = blockIdx.x;
    if (b == 0 && t == 0) {
        while (flag[0] == 0) {
        }
    }
    if (b == gridDim.x - 1 && t == 0) flag[0] = 1;
    out[b * 32 + t] = b;
}

// Threads take a lock one after the other.
K(lock_k)(int *lock, volatile int *count) {
    bool done = false;
    while (!done) {
        if (atomicCAS(lock, 0, 1) == 0) {
            count[0] = count[0] + 1;
            __threadfence();
            atomicExch(lock, 0);
            done = true;
        }
    }
}

// Sums from the first element on; every block waits for the one before it.
K(look_back_k)(int *out, const int *a, volatile int *sums, volatile int *flags) {
    __shared__ int s[64];
    __shared__ int before;
    int t = threadIdx.x, b = blockIdx.x, i = b * 64 + t;
    s[t] = a[i];
    __syncthreads();
    for (int d = 1; d < 64; d *= 2) {
        int other = t >= d ? s[t - d] : 0;
        __syncthreads();
        s[t] += other;
        __syncthreads();
    }
    if (t == 0) {
        int sum = 0;
        if (b > 0) {
            while (flags[b - 1] == 0) {
            }
            __threadfence();
            sum = sums[b - 1];
        }
        sums[b] = sum + s[63];
        __threadfence();
        flags[b] = 1;
        before = sum;
    }
    __syncthreads();
    out[i] = s[t] + before;
}

// All blocks wait for all blocks, twice; each then reads what the next one stored.
K(grid_barrier_k)(volatile int *x, int *out, int *arrived) {
    int b = blockIdx.x, n = gridDim.x;
    for (int round = 1; round < 3; ++round) {
        if (threadIdx.x == 0) x[b] = round * 100 + b;
        __syncthreads();
        if (threadIdx.x == 0) {
            __threadfence();
            atomicAdd(arrived, 1);
            while (*(volatile int *)arrived < (2 * round - 1) * n) {
            }
            out[(round - 1) * n + b] = x[(b + 1) % n];
            __threadfence();
            atomicAdd(arrived, 1);
            while (*(volatile int *)arrived < 2 * round * n) {
            }
        }
        __syncthreads();
    }
}

// What no other thread ever stores.
K(never_k)(volatile int *flag, int *out) {
    while (flag[0] == 0) {
    }
    out[threadIdx.x] = 1;
}

// The same, but it counts, so that it is never as it was.
K(counting_k)(volatile int *flag, int *out) {
    int times = 0;
    while (flag[0] == 0) ++times;
    out[threadIdx.x] = times;
}

// A long loop that waits for nobody.
K(long_k)(int *out) {
    unsigned sum = threadIdx.x;
#pragma unroll 1
    for (int i = 0; i < 100000; ++i) sum = sum * 1664525u + i;
    out[blockIdx.x * 32 + threadIdx.x] = sum;
}
