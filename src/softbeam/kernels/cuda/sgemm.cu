// Matrix products in single precision: C += A B for row-major A (M by K), B (K by N) and C (M by
// N), of which a row begins LDA, LDB or LDC words behind the one before.  There are COUNT products;
// block z of the grid does the one that lies z times SKIPA, SKIPB and SKIPC words on.
//
// Each element is one chain of fused multiply-adds from +0 over k = 0, 1, ..., then added to C:
// what is computed beside it, and in which tile, decides no bit.  A block computes one tile of C.
// It takes STEP steps of k at a time from shared memory, which holds two such slices: while one is
// multiplied, the next is on its way from global memory to registers and then to the other.

// Whether rows of so many words, which begin `leading` words behind each other, can be read and
// written 128 bits at a time.
__device__ __forceinline__ bool aligned(const float *p, int words, int leading)
{
    return (((unsigned)(size_t)p & 15) | (words & 3) | (leading & 3)) == 0;
}

// Loads and stores that depend on a predicate, so that threads at an edge take no way of their own.
__device__ __forceinline__ void load(float &v, const float *p, bool there)
{
    asm volatile("{.reg .pred there; setp.ne.b32 there, %2, 0; @there ld.global.f32 %0, [%1];}"
                 : "+f"(v)
                 : "l"(p), "r"((int)there));
}

__device__ __forceinline__ void load(float4 &v, const float *p, bool there)
{
    asm volatile("{.reg .pred there; setp.ne.b32 there, %5, 0;"
                 " @there ld.global.v4.f32 {%0, %1, %2, %3}, [%4];}"
                 : "+f"(v.x), "+f"(v.y), "+f"(v.z), "+f"(v.w)
                 : "l"(p), "r"((int)there));
}

__device__ __forceinline__ void store(float *p, float v, bool there)
{
    asm volatile("{.reg .pred there; setp.ne.b32 there, %2, 0; @there st.global.f32 [%0], %1;}" ::"l"(
                     p),
                 "f"(v), "r"((int)there)
                 : "memory");
}

__device__ __forceinline__ void store(float *p, float4 v, bool there)
{
    asm volatile("{.reg .pred there; setp.ne.b32 there, %5, 0;"
                 " @there st.global.v4.f32 [%0], {%1, %2, %3, %4};}" ::"l"(p),
                 "f"(v.x), "f"(v.y), "f"(v.z), "f"(v.w), "r"((int)there)
                 : "memory");
}

// Four neighbouring words, of which the first `left` are there and the others are `missing`; with
// WHOLE p is aligned, and all four are there or none.
template <bool WHOLE>
__device__ __forceinline__ float4 load4(const float *p, int left, float missing)
{
    float4 v = make_float4(missing, missing, missing, missing);
    if (WHOLE) {
        load(v, p, left > 0);
    } else {
        load(v.x, p, left > 0);
        load(v.y, p + 1, left > 1);
        load(v.z, p + 2, left > 2);
        load(v.w, p + 3, left > 3);
    }
    return v;
}

// Adds what was summed for them to four neighbouring words, of which the first `left` are there.
template <bool WHOLE>
__device__ __forceinline__ void add4(float *p, int left, const float *sums)
{
    float4 v = load4<WHOLE>(p, left, 0.f);
    v = make_float4(v.x + sums[0], v.y + sums[1], v.z + sums[2], v.w + sums[3]);
    if (WHOLE) {
        store(p, v, left > 0);
    } else {
        store(p, v.x, left > 0);
        store(p + 1, v.y, left > 1);
        store(p + 2, v.z, left > 2);
        store(p + 3, v.w, left > 3);
    }
}

// COUNT words of shared memory, 128 bits at a time where that fits.
template <int COUNT> __device__ __forceinline__ void read(float *to, const float *shared)
{
    if (COUNT % 4 == 0) {
#pragma unroll
        for (int i = 0; i < COUNT; i += 4) *(float4 *)(to + i) = *(const float4 *)(shared + i);
    } else {
#pragma unroll
        for (int i = 0; i < COUNT; ++i) to[i] = shared[i];
    }
}

// Steps behind the last are padded with A = -0 and B = +0: their product is -0, and a sum to which
// -0 is added keeps all its bits.  Rows and columns that are not there are computed and not stored.

// Two slices of A, its columns one after another, and two of B.  A column of A takes four words
// more, so that threads which store one meet fewer of each other.
template <int ROWS, int COLUMNS, int STEP> struct Slices {
    float4 left[2][STEP][ROWS / 4 + 1];
    float4 right[2][STEP][COLUMNS / 4];
};

// A tile of ROWS by COLUMNS sums, in each thread UP by ACROSS of them.
template <bool WHOLE, int ROWS, int COLUMNS, int STEP, int UP, int ACROSS>
__device__ __forceinline__ void tile(Slices<ROWS, COLUMNS, STEP> &shared, int M, int N, int K,
                                     const float *A, int LDA, const float *B, int LDB, float *C,
                                     int LDC)
{
    constexpr int WIDE = COLUMNS / ACROSS, THREADS = ROWS / UP * WIDE;
    constexpr int QUADS_A = ROWS * STEP / 4, QUADS_B = COLUMNS * STEP / 4;
    constexpr int TURNS_A = (QUADS_A + THREADS - 1) / THREADS;
    constexpr int TURNS_B = (QUADS_B + THREADS - 1) / THREADS;
    constexpr int PITCH = sizeof(shared.left[0][0]) / 4, HALF_A = STEP * PITCH;
    constexpr int HALF_B = STEP * COLUMNS;
    unsigned t = threadIdx.x;
    // What this thread loads of a slice: from where, how many words are left there, to where.
    const float *from_a[TURNS_A], *from_b[TURNS_B];
    int left_a[TURNS_A], left_b[TURNS_B], steps_b[TURNS_B];
    float *to_a[TURNS_A], *to_b[TURNS_B];
    float4 next_a[TURNS_A], next_b[TURNS_B];
#pragma unroll
    for (int i = 0; i < TURNS_A; ++i) {
        unsigned quad = t + i * THREADS, r = quad / (STEP / 4), c = quad % (STEP / 4) * 4;
        from_a[i] = A + (size_t)r * LDA + c;
        left_a[i] = (int)r < M ? K - (int)c : 0;
        to_a[i] = (float *)shared.left + c * PITCH + r;
    }
#pragma unroll
    for (int i = 0; i < TURNS_B; ++i) {
        unsigned quad = t + i * THREADS, r = quad / (COLUMNS / 4), c = quad % (COLUMNS / 4) * 4;
        from_b[i] = B + (size_t)r * LDB + c;
        left_b[i] = N - (int)c;
        steps_b[i] = K - (int)r;
        to_b[i] = (float *)shared.right + r * COLUMNS + c;
    }

    auto fetch = [&]() {
#pragma unroll
        for (int i = 0; i < TURNS_A; ++i) {
            next_a[i] = load4<WHOLE>(from_a[i], left_a[i], -0.f);
            from_a[i] += STEP;
            left_a[i] -= STEP;
        }
#pragma unroll
        for (int i = 0; i < TURNS_B; ++i) {
            next_b[i] = load4<WHOLE>(from_b[i], steps_b[i] > 0 ? left_b[i] : 0, 0.f);
            from_b[i] += (size_t)STEP * LDB;
            steps_b[i] -= STEP;
        }
    };
    auto put = [&](int half) {
#pragma unroll
        for (int i = 0; i < TURNS_A; ++i)
            if (QUADS_A % THREADS == 0 || t + i * THREADS < QUADS_A) {
                float *to = to_a[i] + half * HALF_A;
                to[0] = next_a[i].x;
                to[PITCH] = next_a[i].y;
                to[2 * PITCH] = next_a[i].z;
                to[3 * PITCH] = next_a[i].w;
            }
#pragma unroll
        for (int i = 0; i < TURNS_B; ++i)
            if (QUADS_B % THREADS == 0 || t + i * THREADS < QUADS_B)
                *(float4 *)(to_b[i] + half * HALF_B) = next_b[i];
        __syncthreads();
    };

    unsigned y = t / WIDE * UP, x = t % WIDE * ACROSS;
    const float *left = (const float *)shared.left + y, *right = (const float *)shared.right + x;
    float sums[UP][ACROSS] = {};
    int half = 0;
    fetch();
    put(0);
    for (int k = STEP;; k += STEP) {
        fetch();
#pragma unroll
        for (int i = 0; i < STEP; ++i) {
            float p[UP], q[ACROSS];
            read<UP>(p, left + half * HALF_A + i * PITCH);
            read<ACROSS>(q, right + half * HALF_B + i * COLUMNS);
#pragma unroll
            for (int u = 0; u < UP; ++u)
#pragma unroll
                for (int v = 0; v < ACROSS; ++v) sums[u][v] = fmaf(p[u], q[v], sums[u][v]);
        }
        if (k >= K) break;
        half ^= 1;
        put(half);
    }
    C += (size_t)y * LDC + x;
#pragma unroll
    for (int u = 0; u < UP; ++u, C += LDC)
#pragma unroll
        for (int v = 0; v < ACROSS; v += 4)
            add4<WHOLE>(C + v, (int)y + u < M ? N - (int)x - v : 0, &sums[u][v]);
}

// A product in tiles: the way of 128 bits where all three matrices allow it.
template <int ROWS, int COLUMNS, int STEP, int UP, int ACROSS>
__device__ __forceinline__ void tiles(int M, int N, int K, const float *A, int LDA, const float *B,
                                      int LDB, float *C, int LDC, int SKIPA, int SKIPB, int SKIPC)
{
    __shared__ Slices<ROWS, COLUMNS, STEP> shared;
    int row = blockIdx.y * ROWS, column = blockIdx.x * COLUMNS;
    A += (size_t)blockIdx.z * SKIPA + (size_t)row * LDA;
    B += (size_t)blockIdx.z * SKIPB + column;
    C += (size_t)blockIdx.z * SKIPC + (size_t)row * LDC + column;
    M -= row;
    N -= column;
    if (aligned(A, K, LDA) && aligned(B, N, LDB) && aligned(C, N, LDC))
        tile<true, ROWS, COLUMNS, STEP, UP, ACROSS>(shared, M, N, K, A, LDA, B, LDB, C, LDC);
    else
        tile<false, ROWS, COLUMNS, STEP, UP, ACROSS>(shared, M, N, K, A, LDA, B, LDB, C, LDC);
}

// ROWS elements of one column of C, one in each thread.  A row of A takes four words more, so that
// threads which read their rows do not meet in a bank.
template <int ROWS, int STEP> struct Rows {
    float4 left[2][ROWS][STEP / 4 + 1];
    float4 right[2][STEP / 4];
};

template <bool WHOLE, int ROWS, int STEP>
__device__ __forceinline__ void column(Rows<ROWS, STEP> &shared, int M, int K, const float *A,
                                       int LDA, const float *B, int LDB, float *C, int LDC)
{
    constexpr int QUADS = STEP / 4;
    unsigned t = threadIdx.x;
    const float *from_a[QUADS], *from_b = B + (size_t)t * LDB;
    int left_a[QUADS], steps_b = t < STEP ? K - (int)t : 0;
    float4 next_a[QUADS];
    float next_b;
#pragma unroll
    for (int i = 0; i < QUADS; ++i) {
        unsigned quad = t + i * ROWS, r = quad / QUADS, c = quad % QUADS * 4;
        from_a[i] = A + (size_t)r * LDA + c;
        left_a[i] = (int)r < M ? K - (int)c : 0;
    }

    auto fetch = [&]() {
#pragma unroll
        for (int i = 0; i < QUADS; ++i) {
            next_a[i] = load4<WHOLE>(from_a[i], left_a[i], -0.f);
            from_a[i] += STEP;
            left_a[i] -= STEP;
        }
        next_b = 0;
        load(next_b, from_b, steps_b > 0);
        from_b += (size_t)STEP * LDB;
        steps_b -= STEP;
    };
    auto put = [&](int half) {
#pragma unroll
        for (int i = 0; i < QUADS; ++i) {
            unsigned quad = t + i * ROWS;
            shared.left[half][quad / QUADS][quad % QUADS] = next_a[i];
        }
        if (t < STEP) ((float *)shared.right[half])[t] = next_b;
        __syncthreads();
    };

    float sum = 0;
    int half = 0;
    fetch();
    put(0);
    for (int k = STEP;; k += STEP) {
        fetch();
        float p[STEP], q[STEP];
        read<STEP>(p, (const float *)shared.left[half][t]);
        read<STEP>(q, (const float *)shared.right[half]);
#pragma unroll
        for (int i = 0; i < STEP; ++i) sum = fmaf(p[i], q[i], sum);
        if (k >= K) break;
        half ^= 1;
        put(half);
    }
    float before = 0;
    C += (size_t)t * LDC;
    load(before, C, (int)t < M);
    store(C, before + sum, (int)t < M);
}

// A product column by column, for matrices with a single one.
template <int ROWS, int STEP>
__device__ __forceinline__ void columns(int M, int N, int K, const float *A, int LDA,
                                        const float *B, int LDB, float *C, int LDC, int SKIPA,
                                        int SKIPB, int SKIPC)
{
    __shared__ Rows<ROWS, STEP> shared;
    int row = blockIdx.y * ROWS;
    A += (size_t)blockIdx.z * SKIPA + (size_t)row * LDA;
    B += (size_t)blockIdx.z * SKIPB + blockIdx.x;
    C += (size_t)blockIdx.z * SKIPC + (size_t)row * LDC + blockIdx.x;
    if (aligned(A, K, LDA))
        column<true, ROWS, STEP>(shared, M - row, K, A, LDA, B, LDB, C, LDC);
    else
        column<false, ROWS, STEP>(shared, M - row, K, A, LDA, B, LDB, C, LDC);
}

extern "C" __global__ void __launch_bounds__(256)
    sgemm_64x128_kernel(int COUNT, int M, int N, int K, float *A, int LDA, float *B, int LDB,
                        float *C, int LDC, int SKIPA, int SKIPB, int SKIPC)
{
    if (blockIdx.z < COUNT)
        tiles<64, 128, 16, 8, 4>(M, N, K, A, LDA, B, LDB, C, LDC, SKIPA, SKIPB, SKIPC);
}

extern "C" __global__ void __launch_bounds__(64)
    sgemm_32x32_kernel(int COUNT, int M, int N, int K, float *A, int LDA, float *B, int LDB,
                       float *C, int LDC, int SKIPA, int SKIPB, int SKIPC)
{
    if (blockIdx.z < COUNT)
        tiles<32, 32, 16, 4, 4>(M, N, K, A, LDA, B, LDB, C, LDC, SKIPA, SKIPB, SKIPC);
}

extern "C" __global__ void __launch_bounds__(32)
    sgemm_1x128_kernel(int COUNT, int M, int N, int K, float *A, int LDA, float *B, int LDB,
                       float *C, int LDC, int SKIPA, int SKIPB, int SKIPC)
{
    if (blockIdx.z < COUNT)
        tiles<1, 128, 8, 1, 4>(M, N, K, A, LDA, B, LDB, C, LDC, SKIPA, SKIPB, SKIPC);
}

extern "C" __global__ void __launch_bounds__(128)
    sgemm_128x1_kernel(int COUNT, int M, int N, int K, float *A, int LDA, float *B, int LDB,
                       float *C, int LDC, int SKIPA, int SKIPB, int SKIPC)
{
    if (blockIdx.z < COUNT)
        columns<128, 16>(M, N, K, A, LDA, B, LDB, C, LDC, SKIPA, SKIPB, SKIPC);
}
