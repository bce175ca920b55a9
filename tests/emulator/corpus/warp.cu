// What the threads of a warp tell each other; blocks have whole warps.
#define FULL 0xffffffffu
#define OF(name, expression) \
    extern "C" __global__ void name##_k(unsigned *out, const unsigned *a, const unsigned *b, int n) { \
        int i = blockIdx.x * blockDim.x + threadIdx.x; \
        unsigned x = a[i], y = b[i]; \
        out[i] = expression; \
    }

OF(shfl, __shfl_sync(FULL, x, y))
OF(shfl_8, __shfl_sync(FULL, x, y, 8))
OF(shfl_up, __shfl_up_sync(FULL, x, 3))
OF(shfl_up_16, __shfl_up_sync(FULL, x, 5, 16))
OF(shfl_down, __shfl_down_sync(FULL, x, 7))
OF(shfl_down_y, __shfl_down_sync(FULL, x, y & 31, 8))
OF(shfl_xor, __shfl_xor_sync(FULL, x, 13))
OF(shfl_float, __float_as_uint(__shfl_xor_sync(FULL, __uint_as_float(x), 1)))
OF(ballot, __ballot_sync(FULL, x & 1))
OF(any, __any_sync(FULL, x > 0xf0000000u))
OF(all, __all_sync(FULL, x > 0x00100000u))
OF(uni, __any_sync(FULL, y == 3) + 2 * __all_sync(FULL, y < 64))
OF(match_any, __match_any_sync(FULL, y & 3))
OF(active, (y & 1) ? __activemask() : 0)
OF(rank, __popc(__ballot_sync(FULL, x & 1) & ((1u << (threadIdx.x & 31)) - 1)))
OF(diverged, ({ unsigned r; if (x & 1) r = __popc(__activemask()); else r = 100 + __popc(__activemask()); r; }))

extern "C" __global__ void shfl_64_k(unsigned *out, const unsigned *a, const unsigned *b, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    unsigned long long x = (unsigned long long)a[i] << 32 | b[i];
    x = __shfl_xor_sync(FULL, x, 16);
    out[i] = (unsigned)(x >> 32) ^ (unsigned)x;
}
extern "C" __global__ void sum_k(unsigned *out, const unsigned *a, const unsigned *b, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    unsigned x = a[i];
    for (int offset = 16; offset; offset >>= 1) x += __shfl_xor_sync(FULL, x, offset);
    out[i] = x;
}
extern "C" __global__ void scan_k(unsigned *out, const unsigned *a, const unsigned *b, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x & 31;
    unsigned x = a[i];
    for (int offset = 1; offset < 32; offset <<= 1) {
        unsigned left = __shfl_up_sync(FULL, x, offset);
        if (lane >= offset) x += left;
    }
    out[i] = x;
}
extern "C" __global__ void match_all_k(unsigned *out, const unsigned *a, const unsigned *b, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x, same;
    unsigned mask = __match_all_sync(FULL, b[i] >> 6, &same);
    out[i] = same ? mask : 7;
}
#if __CUDA_ARCH__ >= 800
OF(reduce_add, __reduce_add_sync(FULL, x))
OF(reduce_max, __reduce_max_sync(FULL, x))
OF(reduce_min_signed, (unsigned)__reduce_min_sync(FULL, (int)x))
OF(reduce_xor, __reduce_xor_sync(FULL, x))
OF(reduce_and, __reduce_and_sync(FULL, x | 0xff))
#endif
#if __CUDA_ARCH__ >= 900
OF(elect, ({ unsigned one; asm volatile("{.reg .pred p; elect.sync _|p, 0xffffffff; selp.b32 %0, 1, 0, p;}" : "=r"(one)); one; }))
#endif
