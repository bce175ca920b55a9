// Asynchronous copies to shared memory, and atomics that are told by no address space.
#include <cuda_fp16.h>
typedef unsigned long long U;
#define K extern "C" __global__ void
#define ME (blockIdx.x * blockDim.x + threadIdx.x)

// Blocks of 64 threads: each thread's 16 bytes, copied 4, 8 or 16 at once, read by the last first.
template <int SIZE> __device__ void copied(uint4 *out, const uint4 *in, unsigned) {
    __shared__ uint4 kept[64];
#if __CUDA_ARCH__ >= 800
    unsigned to = (unsigned)__cvta_generic_to_shared(kept + threadIdx.x);
    const char *from = (const char *)(in + ME);
    for (int at = 0; at < 16; at += SIZE)
        asm volatile("cp.async.ca.shared.global [%0], [%1], %2;" ::"r"(to + at), "l"(from + at),
                     "n"(SIZE));
    asm volatile("cp.async.commit_group;\n cp.async.wait_group 0;" ::: "memory");
#else
    kept[threadIdx.x] = in[ME];
#endif
    __syncthreads();
    out[ME] = kept[63 - threadIdx.x];
}
K copy_4_k(uint4 *out, const uint4 *in, unsigned n) { copied<4>(out, in, n); }
K copy_8_k(uint4 *out, const uint4 *in, unsigned n) { copied<8>(out, in, n); }
K copy_16_k(uint4 *out, const uint4 *in, unsigned n) { copied<16>(out, in, n); }

#if __CUDA_ARCH__ >= 800
// Of 16, 8 and 4 bytes only so many are copied, the others become zeros; or none, by a predicate.
K copy_parts_k(uint4 *out, const uint4 *in, unsigned n) {
    __shared__ uint4 kept[64][4];
    unsigned to = (unsigned)__cvta_generic_to_shared(kept[threadIdx.x]), some = (n + threadIdx.x) % 17;
    const uint4 *from = in + ME;
    kept[threadIdx.x][1] = kept[threadIdx.x][2] = make_uint4(7, 7, 7, 7);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(some));
    asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" ::"r"(to + 16), "l"(from), "r"(some % 9));
    asm volatile("cp.async.ca.shared.global.L2::128B [%0], [%1], 4, %2;" ::"r"(to + 32), "l"(from), "r"(some % 5));
    asm volatile("{ .reg .pred none;\n setp.gt.u32 none, %2, 9;\n"
                 "cp.async.cg.shared.global [%0], [%1], 16, none; }" ::"r"(to + 48), "l"(from), "r"(some));
    asm volatile("cp.async.wait_all;" ::: "memory");
    for (int part = 0; part < 4; part++) out[4 * ME + part] = kept[threadIdx.x][part];
}

// Two stages: while one is summed up the next is on its way.
K copy_stages_k(unsigned *out, const unsigned *in, unsigned n) {
    __shared__ unsigned kept[2][64];
    unsigned sum = 0, to = (unsigned)__cvta_generic_to_shared(&kept[0][threadIdx.x]);
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(to), "l"(in + threadIdx.x));
    asm volatile("cp.async.commit_group;");
    for (unsigned k = 1; k <= n; k++) {
        if (k < n)
            asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(to + (k & 1) * 256),
                         "l"(in + 64 * k + threadIdx.x));
        asm volatile("cp.async.commit_group;\n cp.async.wait_group 1;" ::: "memory");
        __syncthreads();
        sum = sum * 3 + kept[(k - 1) & 1][63 - threadIdx.x];
        __syncthreads();
    }
    out[ME] = sum;
}
#endif

// A cell of global memory or one of shared memory, as the thread's number says.
#define ANYWHERE(name, type, count, operation) \
    K name##_k(type *cells, type *kept, const type *in) { \
        __shared__ type own[4]; \
        if (threadIdx.x < 4) own[threadIdx.x] = cells[threadIdx.x]; \
        __syncthreads(); \
        type *cell = (threadIdx.x & 1 ? own : cells) + (threadIdx.x >> 1) % count, x = in[ME]; \
        operation; \
        __syncthreads(); \
        if (threadIdx.x < 4) kept[threadIdx.x] = own[threadIdx.x]; \
    }
ANYWHERE(any_cas, unsigned, 4, atomicCAS(cell, 5u, x))
ANYWHERE(any_cas_64, U, 4, atomicCAS(cell, 5ull, x))
ANYWHERE(any_add, unsigned, 4, atomicAdd(cell, x))
ANYWHERE(any_half, __half, 4, atomicAdd(cell, x))
ANYWHERE(any_halves, __half2, 2, atomicAdd(cell, x))

// Constants at places that a whole warp agrees upon, one of them the high word of a product.
__constant__ U table[24];
K uniform_table_k(U *out, unsigned a, unsigned b) {
    U sum = a;
#pragma unroll 1
    for (int k = 0; k < 24; k++) sum = sum * 5 ^ table[k];
#pragma unroll 1
    for (unsigned k = 0; k < b; k++) sum = sum * 5 ^ table[__umulhi(a + 9 * k, 0xAAAAAAABu) % 24u];
    out[ME] = sum + threadIdx.x;
}
K uniform_quotient_k(unsigned *out, unsigned a, unsigned b) {
    __shared__ unsigned kept[64];
    unsigned row = (blockIdx.x * 77777u + a) / b, rest = (blockIdx.x * 77777u + a) % b;
    kept[threadIdx.x] = row;
    __syncthreads();
    out[ME] = kept[63 - threadIdx.x] + rest * threadIdx.x;
}
