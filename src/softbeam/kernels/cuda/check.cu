// Checks of matrix products C = A B (M by K, K by N, row-major) and of convolutions, by checksums:
// algorithm-based fault tolerance.  The sum of a column of C is compared with the sum that the
// column of B and the sums of A's columns give.  A column whose sums differ by more than rounding
// explains is computed again, each element as the product computes it (sgemm.cu), and words that
// differ are stored; REPORT[1] counts columns in which any did.  So a check that fires in vain
// changes nothing, and one that fires corrects any number of wrong words of a column.
//
// CHECK holds, from the weights: the tolerance for each unit of TOLERANCE and of the norm of B's
// column, what is added to it, the square of what is allowed beside that, and what is added to the
// norm's square; then the sums of A's columns in single precision, for each pixel of the window
// those of its channels, padded to a multiple of four words.
//
// 2^SHARE lanes of a warp, 32 / 2^SHARE apart, share a column.
#include "thread_index.cuh"

#define EVERY 0xffffffffu
#define BLOCK 16
#define HEAD 4

// What one thread knows of its column: the difference of the two sums so far, and the sum of the
// squares of B's column.
struct Sums {
    double difference;
    float squares;
};

// The sum of BLOCK words, `stride` apart, in a tree; zeros for those of which less are `left`.
template <bool WHOLE>
__device__ __forceinline__ float tree(const float *p, int at, int stride, int left)
{
    float v[BLOCK];
#pragma unroll
    for (int u = 0; u < BLOCK; ++u, at += stride) v[u] = WHOLE || u < left ? p[at] : 0.f;
#pragma unroll
    for (int u = 0; u < 8; ++u) v[u] += v[u + 8];
#pragma unroll
    for (int u = 0; u < 4; ++u) v[u] += v[u + 4];
    return (v[0] + v[2]) + (v[1] + v[3]);
}

// Adds the rows of a column of C, BLOCK at a time in single precision.
__device__ __forceinline__ void add_rows(Sums &sums, int M, const float *p, int stride, int part,
                                         int SHARE)
{
    int left = M - part * BLOCK, turn = BLOCK << SHARE;
    int at = part * BLOCK * stride;
#pragma unroll 1
    for (; left >= BLOCK; left -= turn, at += turn * stride)
        sums.difference += tree<true>(p, at, stride, left);
    if (left > 0) sums.difference += tree<false>(p, at, stride, left);
}

// Takes away what the channels of one pixel, or a column of B, give: chains of BLOCK multiply-adds.
// The words of B, `stride` apart, begin at p[at], and what belongs to them at CHECK[w].
__device__ __forceinline__ void take_channels(Sums &sums, int left, const float *CHECK, int w,
                                              const float *p, int pixel, int at,
                                              int stride, int turn)
{
#pragma unroll 1
    for (; left >= BLOCK; left -= turn, at += turn * stride, w += turn) {
        float v[BLOCK], chain = 0;
#pragma unroll
        for (int u = 0; u < BLOCK; ++u) v[u] = (p + pixel)[at + u * stride];
#pragma unroll
        for (int u = 0; u < BLOCK; u += 4) {
            float4 four = *(const float4 *)(CHECK + w + u);
            chain = fmaf(four.x, v[u], chain);
            chain = fmaf(four.y, v[u + 1], chain);
            chain = fmaf(four.z, v[u + 2], chain);
            chain = fmaf(four.w, v[u + 3], chain);
        }
#pragma unroll
        for (int u = 0; u < BLOCK; ++u) sums.squares = fmaf(v[u], v[u], sums.squares);
        sums.difference -= chain;
    }
    if (left > 0) {
        // Above pointers are added up and here numbers: so the compiler takes fewest instructions.
        at += pixel;
        // Weights are padded with zeros, and so is what they multiply: nothing changes by it.
        float chain = 0;
#pragma unroll 1
        for (; left > 0; left -= 4, at += 4 * stride, w += 4) {
            float4 four = *(const float4 *)(CHECK + w), v;
            v.x = p[at];
            v.y = left > 1 ? p[at + stride] : 0.f;
            v.z = left > 2 ? p[at + 2 * stride] : 0.f;
            v.w = left > 3 ? p[at + 3 * stride] : 0.f;
            chain = fmaf(four.y, v.y, fmaf(four.x, v.x, chain));
            chain = fmaf(four.w, v.w, fmaf(four.z, v.z, chain));
            sums.squares = fmaf(v.y, v.y, fmaf(v.x, v.x, sums.squares));
            sums.squares = fmaf(v.w, v.w, fmaf(v.z, v.z, sums.squares));
        }
        sums.difference -= chain;
    }
}

// Adds up what the lanes of a column know; each of them knows all then.
__device__ __forceinline__ void join(Sums &sums, int SHARE)
{
    for (int apart = 32 >> SHARE; apart < 32; apart *= 2) {
        sums.difference += __shfl_xor_sync(EVERY, sums.difference, apart);
        sums.squares += __shfl_xor_sync(EVERY, sums.squares, apart);
    }
}

// Whether the sums differ by more than rounding explains; so they do where they are no numbers.
__device__ __forceinline__ bool differ(const Sums &sums, const float *CHECK, float TOLERANCE)
{
    float4 head = *(const float4 *)CHECK;
    double times = fmaf(TOLERANCE, head.x, head.y);
    double allowed = __fma_rn(__dmul_rn(times, times), sums.squares + head.w, (double)head.z);
    return !(__dmul_rn(sums.difference, sums.difference) <= allowed);
}

// Computes columns of C again, all lanes of a warp together; `exact` gives an element.
template <typename Exact>
__device__ __forceinline__ void correct(unsigned alarmed, int first, int M, int N, float *C,
                                        unsigned *REPORT, Exact exact)
{
    int lane = threadIdx.x & 31;
    while (alarmed) {
        int column = first + __ffs(alarmed) - 1;
        alarmed &= alarmed - 1;
        int wrong = 0;
        for (int row = lane; row < M; row += 32) {
            float value = __fadd_rn(0.f, exact(row, column));
            float *word = C + (size_t)row * N + column;
            if (__float_as_uint(*word) != __float_as_uint(value)) {
                *word = value;
                wrong = 1;
            }
        }
        if (__any_sync(EVERY, wrong) && lane == 0) atomicAdd(REPORT + 1, 1u);
    }
}

extern "C" __global__ void
    check_product_kernel(int M, int N, int K, const float *A, const float *B, float *C,
                         const float *CHECK, float TOLERANCE, int SHARE, unsigned *REPORT)
{
    int across = 32 >> SHARE, lane = threadIdx.x & 31, part = lane >> (5 - SHARE);
    int first = (thread_index() >> 5) * across, column = first + (lane & (across - 1));
    Sums sums = {0, 0};
    if (column < N) {
        add_rows(sums, M, C + column, N, part, SHARE);
        int skip = part * BLOCK;
        take_channels(sums, K - skip, CHECK, HEAD + skip, B, column, skip * N, N, BLOCK << SHARE);
    }
    join(sums, SHARE);
    bool alarm = column < N && part == 0 && differ(sums, CHECK, TOLERANCE);
    correct(__ballot_sync(EVERY, alarm), first, M, N, C, REPORT, [&](int row, int column) {
        float sum = 0;
        const float *a = A + (size_t)row * K, *b = B + column;
        for (int k = 0; k < K; ++k) sum = fmaf(a[k], b[(size_t)k * N], sum);
        return sum;
    });
}

// The same for a convolution, from the image that im2col lays out: channels of height by width.
extern "C" __global__ void check_convolution_kernel(
    int M, int N, int channels, const float *A, const float *im, float *C, int height, int width,
    int kernel_h, int kernel_w, int pad_h, int pad_w, int stride_h, int stride_w, int dilation_h,
    int dilation_w, int width_col, const float *CHECK, float TOLERANCE, int SHARE,
    unsigned *REPORT)
{
    int across = 32 >> SHARE, lane = threadIdx.x & 31, part = lane >> (5 - SHARE);
    int first = (thread_index() >> 5) * across, column = first + (lane & (across - 1));
    Sums sums = {0, 0};
    if (column < N) {
        add_rows(sums, M, C + column, N, part, SHARE);
        int stride = height * width, skip = part * BLOCK, padded = channels + 3 & ~3;
        int w = HEAD + skip, left = channels - skip;
        int h_in = column / width_col * stride_h - pad_h;
        int w_in = column % width_col * stride_w - pad_w;
#pragma unroll 1
        for (int y = h_in; y < h_in + kernel_h * dilation_h; y += dilation_h) {
#pragma unroll 1
            for (int x = w_in; x < w_in + kernel_w * dilation_w; x += dilation_w, w += padded)
                if (y >= 0 && x >= 0 && y < height && x < width)
                    take_channels(sums, left, CHECK, w, im, y * width + x, skip * stride, stride,
                                  BLOCK << SHARE);
        }
    }
    join(sums, SHARE);
    bool alarm = column < N && part == 0 && differ(sums, CHECK, TOLERANCE);
    correct(__ballot_sync(EVERY, alarm), first, M, N, C, REPORT, [&](int row, int column) {
        const float *a = A + (size_t)row * channels * kernel_h * kernel_w;
        int h_in = column / width_col * stride_h - pad_h;
        int w_in = column % width_col * stride_w - pad_w;
        float sum = 0;
        for (int c = 0; c < channels; ++c)
            for (int i = 0; i < kernel_h; ++i)
                for (int j = 0; j < kernel_w; ++j) {
                    int y = h_in + i * dilation_h, x = w_in + j * dilation_w;
                    bool inside = y >= 0 && x >= 0 && y < height && x < width;
                    float v = inside ? im[((size_t)c * height + y) * width + x] : 0.f;
                    sum = fmaf(*a++, v, sum);
                }
        return sum;
    });
}
