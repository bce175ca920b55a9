// Threads of a warp or block that act in parts: masks that are not constant, groups, functions that
// call themselves, barriers of some warps.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
namespace cg = cooperative_groups;
#define FULL 0xffffffffu
#define OF(NAME, EXPRESSION)                                                                       \
    extern "C" __global__ void NAME##_k(unsigned *out, const unsigned *a, const unsigned *b,       \
                                        int n) {                                                   \
        int i = blockIdx.x * blockDim.x + threadIdx.x;                                             \
        unsigned x = a[i], y = b[i];                                                               \
        out[i] = EXPRESSION;                                                                       \
    }
// The lanes with the same label, and how to work with them alone.
#define LABEL __match_any_sync(FULL, y & 3)
// In a branch that some take: of those the same; r stays 3 where it is not taken.
#define IN_BRANCH(EXPRESSION)                                                                      \
    ({ unsigned r = 3, there = __ballot_sync(FULL, y & 4);                                         \
       if (y & 4) { unsigned mask = __match_any_sync(there, y & 3); r = EXPRESSION; } r; })

__device__ unsigned match_all(unsigned mask, unsigned x) {
    int same;
    unsigned found = __match_all_sync(mask, x, &same);
    return same ? found : 7;
}
OF(ballot, __ballot_sync(LABEL, x & 1))
OF(any, __any_sync(LABEL, x > 0xc0000000u))
OF(all, __all_sync(LABEL, x > 0x20000000u))
OF(match_any, __match_any_sync(LABEL, x & 1))
OF(match_all, match_all(LABEL, x >> 31))
OF(shuffle, __shfl_sync(LABEL, x, 31 - __clz(LABEL)))
OF(ballot_in_branch, IN_BRANCH(__ballot_sync(mask, x & 1)))
OF(ballot_of_b, __ballot_sync(y, x & 1))
OF(shuffle_of_b, __shfl_xor_sync(y, x, 1))

// Fewer lanes each round, with masks of their own.
extern "C" __global__ void rounds_k(unsigned *out, const unsigned *a, const unsigned *b, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    unsigned sum = 0;
    for (unsigned round = 0; round < 7; round++) {
        unsigned going = __ballot_sync(FULL, round < (b[i] & 7));
        if (round >= (b[i] & 7)) continue;
        unsigned mask = __match_any_sync(going, a[i] >> round & 1);
        sum = sum * 33 + __ballot_sync(mask, a[i] >> 8 + round & 1);
    }
    out[i] = sum;
}

// Places in out for the lanes that have something, one atomic a warp and round (out[0] counts).
__device__ int next_place(unsigned *counter) {
    cg::coalesced_group active = cg::coalesced_threads();
    unsigned first = 0;
    if (active.thread_rank() == 0) first = atomicAdd(counter, active.size());
    return active.shfl(first, 0) + active.thread_rank();
}
extern "C" __global__ void filter_k(unsigned *out, const unsigned *a, const unsigned *b, int n) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += 64)
        if (a[i] & 1) out[1 + next_place(out)] = a[i];
}

#if __CUDA_ARCH__ >= 800
OF(reduce_add, __reduce_add_sync(LABEL, x))
OF(reduce_min, (unsigned)__reduce_min_sync(LABEL, (int)x))
OF(reduce_of_b, __reduce_max_sync(y, x))
OF(reduce_halves, __reduce_xor_sync((threadIdx.x & 16) ? 0xffff0000u : 0xffffu, x))
OF(reduce_in_branch, IN_BRANCH(__reduce_or_sync(mask, x)))
OF(largest_in_group, cg::reduce(cg::labeled_partition(cg::coalesced_threads(), y & 7), (int)x, cg::greater<int>()))
OF(sum_of_tile, cg::reduce(cg::tiled_partition<8>(cg::this_thread_block()), x, cg::plus<unsigned>()))
#endif
#if __CUDA_ARCH__ >= 800 && __CUDA_ARCH__ < 1000
extern "C" __global__ void odd_even_k(unsigned *out, const unsigned *a, const unsigned *b, int n) {
    cg::thread_block_tile<32> tile = cg::tiled_partition<32>(cg::this_thread_block());
#pragma unroll 1
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += 64) {
        auto part = cg::binary_partition(tile, a[i] & 1);
        if (a[i] & 1) {
            unsigned sum = cg::reduce(part, a[i], cg::plus<unsigned>());
            if (part.thread_rank() == 0) atomicAdd(out, part.size()), atomicAdd(out + 1, sum);
        } else {
            unsigned sum = cg::reduce(part, a[i], cg::plus<unsigned>());
            if (part.thread_rank() == 0) atomicAdd(out + 2, sum);
        }
        cg::sync(tile);
    }
}
#endif

// Functions that call themselves, from several places, as deep as each thread's data says.
__device__ __noinline__ unsigned ackermann(unsigned m, unsigned n) {
    if (m == 0) return n + 1;
    if (n == 0) return ackermann(m - 1, 1);
    return ackermann(m - 1, ackermann(m, n - 1));
}
extern "C" __global__ void ackermann_k(unsigned *out, const unsigned *a, const unsigned *b, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    out[i] = ackermann(a[i] % 3, b[i] % 5);
}
__device__ __noinline__ void quicksort(unsigned char *x, int left, int right) {
    while (left < right) {
        unsigned char middle = x[(left + right) / 2], held;
        int i = left, j = right;
        while (i <= j) {
            while (x[i] < middle) i++;
            while (x[j] > middle) j--;
            if (i <= j) held = x[i], x[i++] = x[j], x[j--] = held;
        }
        if (j - left < right - i) quicksort(x, left, j), left = i;
        else quicksort(x, i, right), right = j;
    }
}
extern "C" __global__ void quicksort_k(unsigned *out, const unsigned *a, const unsigned *b, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    unsigned char x[16];
    for (int k = 0; k < 16; k++) x[k] = a[(i + k) % n] >> (b[i] & 24);
    quicksort(x, 0, 15);
    unsigned hash = 0;
    for (int k = 0; k < 16; k++) hash = hash * 31 + x[k];
    out[i] = hash;
}
__device__ __noinline__ unsigned collatz_tree(unsigned x, int depth) {
    if (depth == 0 || x == 0) return x & 15;
    unsigned sum = 0;
    for (int k = 0; k < 3; k++) {
        if (x >> k & 16) break;
        sum += collatz_tree(x & 1 ? 3 * x + k : x / 2, depth - 1);
    }
    return sum + 1;
}
OF(tree, collatz_tree(x & 0xff, y & 3))

// Pairs of warps reverse what they have, three times, at barriers of their own.
extern "C" __global__ void pairs_k(unsigned *out, const unsigned *a, const unsigned *b, int n) {
    __shared__ unsigned held[256];
    unsigned i = threadIdx.x, pair = i / 64, x = a[i];
    for (int round = 0; round <= pair; round++) {
        held[i] = x + round;
        asm volatile("bar.sync %0, 64;" ::"r"(pair + 1) : "memory");
        x = held[i ^ 63];
        asm volatile("bar.sync %0, %1;" ::"r"(pair + 1), "r"(n) : "memory");
    }
    __syncthreads();
    out[i] = x + held[(i + 64) % 256];
}
// The first half of the block makes what the second half takes, two rounds ahead of it at most.
extern "C" __global__ void pipe_k(unsigned *out, const unsigned *a, const unsigned *b, int n) {
    __shared__ unsigned held[2][64];
    unsigned i = threadIdx.x % 64, sum = 0;
    if (threadIdx.x < 64) {
        for (int round = 0; round < 6; round++) {
            if (round >= 2) asm volatile("bar.sync %0, 128;" ::"r"(4 + round % 2) : "memory");
            held[round % 2][i] = a[i] * (round + n);
            __threadfence_block();
            asm volatile("bar.arrive %0, 128;" ::"r"(2 + round % 2) : "memory");
        }
    } else {
        for (int round = 0; round < 6; round++) {
            asm volatile("bar.sync %0, 128;" ::"r"(2 + round % 2) : "memory");
            sum = sum * 3 + held[round % 2][63 - i];
            if (round < 4) asm volatile("bar.arrive %0, 128;" ::"r"(4 + round % 2) : "memory");
        }
        out[i] = sum;
    }
    asm volatile("bar.sync 7;" ::: "memory");
}
