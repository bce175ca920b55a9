// The matrix products of ../sgemm.cu, hardened: the same bits, in the same tiles, and in addition
// what is asked for when this is compiled:
//
// DUPLICATION    The block computes its tile twice, one pass after the other, each from operands
//                that it loads itself and from a thread index and a place of its own.  What a
//                thread would store and where is compared bit by bit; a thread that finds a
//                difference adds 1 to REPORT[0], and stores what the first pass says.
// TRIPLICATION   The same, but elements that differ are computed a third time, from global memory
//                and by the thread alone, and two of three decide; each adds 1 to REPORT[1], or to
//                REPORT[0] where all three differ.
// RANGE          What is stored is kept between LOW and HIGH; a NaN becomes LOW.
// BOUNDS         A load behind the WORDS_A, WORDS_B or WORDS_C words from its pointer on, or before
//                them, gives 0 and is not made; nor is such a store.  The very register that holds
//                an access's place is compared, right before the access, so that a fault anywhere
//                before counts.  Of 2^30 words a matrix has at most.
//
// The trailing parameters stand in this order.  ZERO is 0, which the compiler does not know.

#if defined(DUPLICATION) || defined(TRIPLICATION)
#define TWICE
#define TRAILING_REPORT , int ZERO, unsigned *REPORT
#else
#define TRAILING_REPORT
#endif
#ifdef RANGE
#define TRAILING_RANGE , float LOW, float HIGH
#else
#define TRAILING_RANGE
#endif
#ifdef BOUNDS
#define TRAILING_BOUNDS , int WORDS_A, int WORDS_B, int WORDS_C
#else
#define TRAILING_BOUNDS
#endif

// What a launch is: its parameters, together.
struct Given {
    int M, N, K;
    const float *A;
    int LDA;
    const float *B;
    int LDB;
    float *C;
    int LDC, SKIPA, SKIPB, SKIPC;
#ifdef TWICE
    int zero;
    unsigned *report;
#endif
#ifdef RANGE
    float low, high;
#endif
#ifdef BOUNDS
    int words_a, words_b, words_c;
#endif
};

#ifdef BOUNDS
#define WORDS(matrix) (unsigned)given.words_##matrix
#else
#define WORDS(matrix) 0u
#endif

// Loads and stores that depend on a predicate, so that threads at an edge take no way of their own;
// the compiler makes each of them, and joins no two.
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

// The index of this thread, read anew.
__device__ __forceinline__ unsigned thread()
{
    unsigned t;
    asm volatile("mov.u32 %0, %%tid.x;" : "=r"(t));
    return t;
}

// A place in a matrix, from which some words are loaded or to which they are stored; with WHOLE
// four, and the place is aligned to 128 bits, as is the pointer that the matrix begins at.
template <bool WHOLE> struct Place {
    float *p;
#ifdef BOUNDS
    const float *first;
    unsigned words;
#endif

    Place() = default;

    __device__ __forceinline__ Place(const float *matrix, size_t at, unsigned count)
        : p((float *)matrix + at)
    {
#ifdef BOUNDS
        first = matrix;
        words = count;
#endif
    }

    __device__ __forceinline__ void step(size_t count) { p += count; }

    // How many of `left` words are in the matrix; with WHOLE all of them, or none.
    __device__ __forceinline__ int inside(int left) const
    {
#ifdef BOUNDS
        // How far p is from the first word.  The lower half in bytes is turned into words, or four
        // of them, so that a place between two is far away too.
        unsigned number, high;
        asm("{.reg .u64 d; .reg .u32 low; sub.u64 d, %2, %3; mov.b64 {low, %1}, d;"
            " shf.r.wrap.b32 %0, low, low, %4;}"
            : "=r"(number), "=r"(high)
            : "l"(p), "l"(first), "n"(WHOLE ? 4 : 2));
        if (WHOLE) return (left > 0) & (number < words / 4) & (high == 0);
        return min(left, (int)(words - (high ? words : min(number, words))));
#else
        return left;
#endif
    }

    __device__ __forceinline__ unsigned difference(const Place &other) const
    {
        unsigned long long bits = (size_t)p ^ (size_t)other.p;
        return (unsigned)bits | (unsigned)(bits >> 32);
    }
};

// Four neighbouring words, of which the first `left` are there and the others are `missing`; with
// WHOLE all four are there or none.
template <bool WHOLE>
__device__ __forceinline__ float4 load4(const Place<WHOLE> &from, int left, float missing)
{
    float4 v = make_float4(missing, missing, missing, missing);
    const float *p = from.p;
    left = from.inside(left);
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

template <bool WHOLE>
__device__ __forceinline__ void store4(const Place<WHOLE> &to, int left, float4 v)
{
    float *p = to.p;
    left = to.inside(left);
    if (WHOLE) {
        store(p, v, left > 0);
    } else {
        store(p, v.x, left > 0);
        store(p + 1, v.y, left > 1);
        store(p + 2, v.z, left > 2);
        store(p + 3, v.w, left > 3);
    }
}

// One word, which is there or not.
template <bool WHOLE>
__device__ __forceinline__ float load1(const Place<WHOLE> &from, bool there)
{
    float v = 0;
    load(v, from.p, from.inside(there) > 0);
    return v;
}

// What is stored of a sum and of what was there before.
__device__ __forceinline__ float total(const Given &given, float before, float sum)
{
    float v = before + sum;
#ifdef RANGE
    // The maximum of +0 and -0 is +0, the minimum -0: limits of zero must let both through.
    v = fmaxf(v, given.low == 0 ? -0.f : given.low);
    v = fminf(v, given.high == 0 ? 0.f : given.high);
#endif
    return v;
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

// What one pass of a thread leaves: sums, and where in C they belong.  `rows` and `columns` say how
// many of them are there.
template <bool WHOLE, int UP, int ACROSS> struct Pass {
    float sums[UP][ACROSS];
    Place<WHOLE> c;
    int rows, columns;
};

// Which tile of which product a pass is for, and which thread of it this is.  `zero` is 0, but not
// for the compiler: so each pass has all this of its own.
template <int ROWS, int COLUMNS> struct Tile {
    size_t batch;
    int row, column, m, n;
    unsigned t;

    __device__ __forceinline__ Tile(const Given &given, int zero)
        : batch(blockIdx.z + zero), row(blockIdx.y * ROWS + zero),
          column(blockIdx.x * COLUMNS + zero), m(given.M - row), n(given.N - column),
          t(thread() + zero)
    {
    }

    template <bool WHOLE>
    __device__ __forceinline__ Place<WHOLE> in_a(const Given &given, int r, int k) const
    {
        return {given.A, batch * given.SKIPA + (size_t)(row + r) * given.LDA + k, WORDS(a)};
    }

    template <bool WHOLE>
    __device__ __forceinline__ Place<WHOLE> in_b(const Given &given, int k, int c) const
    {
        return {given.B, batch * given.SKIPB + (size_t)k * given.LDB + column + c, WORDS(b)};
    }

    template <bool WHOLE>
    __device__ __forceinline__ Place<WHOLE> in_c(const Given &given, int r, int c) const
    {
        return {given.C, batch * given.SKIPC + (size_t)(row + r) * given.LDC + column + c,
                WORDS(c)};
    }
};

// A pass over a tile of ROWS by COLUMNS sums, in each thread UP by ACROSS of them.
template <int ROWS, int COLUMNS, int STEP, int UP, int ACROSS> struct Tiles {
    typedef Slices<ROWS, COLUMNS, STEP> Shared;
    static constexpr int HEIGHT = ROWS, WIDTH = COLUMNS, TALL = UP, WIDE = ACROSS;
    static constexpr int SIDE = COLUMNS / ACROSS, THREADS = ROWS / UP * SIDE;

    // The first row and column of a thread's sums.
    static __device__ __forceinline__ unsigned y(unsigned t) { return t / SIDE * UP; }
    static __device__ __forceinline__ unsigned x(unsigned t) { return t % SIDE * ACROSS; }

    template <bool WHOLE>
    static __device__ __forceinline__ void pass(Shared &shared, const Given &given, int zero,
                                                Pass<WHOLE, UP, ACROSS> &found)
    {
        constexpr int QUADS_A = ROWS * STEP / 4, QUADS_B = COLUMNS * STEP / 4;
        constexpr int TURNS_A = (QUADS_A + THREADS - 1) / THREADS;
        constexpr int TURNS_B = (QUADS_B + THREADS - 1) / THREADS;
        constexpr int PITCH = sizeof(shared.left[0][0]) / 4, HALF_A = STEP * PITCH;
        constexpr int HALF_B = STEP * COLUMNS;
        const Tile<ROWS, COLUMNS> tile(given, zero);
        unsigned t = tile.t;
        int K = given.K;
        // What this thread loads of a slice: from where, how many words are left there, to where.
        Place<WHOLE> from_a[TURNS_A], from_b[TURNS_B];
        int left_a[TURNS_A], left_b[TURNS_B], steps_b[TURNS_B];
        float *to_a[TURNS_A], *to_b[TURNS_B];
        float4 next_a[TURNS_A], next_b[TURNS_B];
#pragma unroll
        for (int i = 0; i < TURNS_A; ++i) {
            unsigned quad = t + i * THREADS, r = quad / (STEP / 4), c = quad % (STEP / 4) * 4;
            from_a[i] = tile.template in_a<WHOLE>(given, r, c);
            left_a[i] = (int)r < tile.m ? K - (int)c : 0;
            to_a[i] = (float *)shared.left + c * PITCH + r;
        }
#pragma unroll
        for (int i = 0; i < TURNS_B; ++i) {
            unsigned quad = t + i * THREADS, r = quad / (COLUMNS / 4), c = quad % (COLUMNS / 4) * 4;
            from_b[i] = tile.template in_b<WHOLE>(given, r, c);
            left_b[i] = tile.n - (int)c;
            steps_b[i] = K - (int)r;
            to_b[i] = (float *)shared.right + r * COLUMNS + c;
        }

        auto fetch = [&]() {
#pragma unroll
            for (int i = 0; i < TURNS_A; ++i) {
                next_a[i] = load4(from_a[i], left_a[i], -0.f);
                from_a[i].step(STEP);
                left_a[i] -= STEP;
            }
#pragma unroll
            for (int i = 0; i < TURNS_B; ++i) {
                next_b[i] = load4(from_b[i], steps_b[i] > 0 ? left_b[i] : 0, 0.f);
                from_b[i].step((size_t)STEP * given.LDB);
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

        unsigned y = Tiles::y(t), x = Tiles::x(t);
        const float *left = (const float *)shared.left + y;
        const float *right = (const float *)shared.right + x;
#pragma unroll
        for (int u = 0; u < UP; ++u)
#pragma unroll
            for (int v = 0; v < ACROSS; ++v) found.sums[u][v] = 0;
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
                    for (int v = 0; v < ACROSS; ++v)
                        found.sums[u][v] = fmaf(p[u], q[v], found.sums[u][v]);
            }
            if (k >= K) break;
            half ^= 1;
            put(half);
        }
        found.c = tile.template in_c<WHOLE>(given, y, x);
        found.rows = tile.m - (int)y;
        found.columns = tile.n - (int)x;
    }
};

// ROWS elements of one column of C, one in each thread.  A row of A takes four words more, so that
// threads which read their rows do not meet in a bank.
template <int ROWS, int STEP> struct Rows {
    float4 left[2][ROWS][STEP / 4 + 1];
    float4 right[2][STEP / 4];
};

// A pass over one column, for matrices with a single one; words of B and C are single ones too.
template <int ROWS, int STEP> struct Columns {
    typedef Rows<ROWS, STEP> Shared;
    static constexpr int HEIGHT = ROWS, WIDTH = 1, TALL = 1, WIDE = 1;

    static __device__ __forceinline__ unsigned y(unsigned t) { return t; }
    static __device__ __forceinline__ unsigned x(unsigned) { return 0; }

    template <bool WHOLE>
    static __device__ __forceinline__ void pass(Shared &shared, const Given &given, int zero,
                                                Pass<false, 1, 1> &found)
    {
        constexpr int QUADS = STEP / 4;
        const Tile<ROWS, 1> tile(given, zero);
        unsigned t = tile.t;
        int K = given.K;
        Place<WHOLE> from_a[QUADS];
        Place<false> from_b = tile.template in_b<false>(given, t, 0);
        int left_a[QUADS], steps_b = t < STEP ? K - (int)t : 0;
        float4 next_a[QUADS];
        float next_b;
#pragma unroll
        for (int i = 0; i < QUADS; ++i) {
            unsigned quad = t + i * ROWS, r = quad / QUADS, c = quad % QUADS * 4;
            from_a[i] = tile.template in_a<WHOLE>(given, r, c);
            left_a[i] = (int)r < tile.m ? K - (int)c : 0;
        }

        auto fetch = [&]() {
#pragma unroll
            for (int i = 0; i < QUADS; ++i) {
                next_a[i] = load4(from_a[i], left_a[i], -0.f);
                from_a[i].step(STEP);
                left_a[i] -= STEP;
            }
            next_b = load1(from_b, steps_b > 0);
            from_b.step((size_t)STEP * given.LDB);
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
        found.sums[0][0] = sum;
        found.c = tile.template in_c<false>(given, t, 0);
        found.rows = tile.m - (int)t;
        found.columns = 1;
    }
};

// Some neighbouring elements of a pass, of which the first `left` are there: four, or one.
template <bool WHOLE, int UP, int ACROSS> struct Part {
    static constexpr int COUNT = ACROSS < 4 ? 1 : 4;
    Place<WHOLE> c;
    int left;

    __device__ __forceinline__ Part(const Pass<WHOLE, UP, ACROSS> &found, int ldc, int u, int v)
        : c(found.c), left(u < found.rows ? found.columns - v : 0)
    {
        c.step((size_t)u * ldc + v);
    }

    // What is to be stored of sums.
    __device__ __forceinline__ void totals(const Given &given, const float *sums, float *to) const
    {
        if (COUNT == 1) {
            to[0] = total(given, load1(c, left > 0), sums[0]);
        } else {
            float4 v = load4(c, left, 0.f);
            to[0] = total(given, v.x, sums[0]);
            to[1] = total(given, v.y, sums[1]);
            to[2] = total(given, v.z, sums[2]);
            to[3] = total(given, v.w, sums[3]);
        }
    }

    __device__ __forceinline__ void put(const float *from) const
    {
        if (COUNT == 1)
            store(c.p, from[0], c.inside(left) > 0);
        else
            store4(c, left, make_float4(from[0], from[1], from[2], from[3]));
    }
};

#ifdef TWICE
// Adds 1 to a word of the report, if so.
__device__ __forceinline__ void report(unsigned *word, bool so)
{
    asm volatile("{.reg .pred so; setp.ne.b32 so, %1, 0; @so red.global.add.u32 [%0], 1;}" ::"l"(
                     word),
                 "r"((int)so)
                 : "memory");
}

// The bits in which two parts differ, of what they store and of where.
template <class SOME>
__device__ __forceinline__ unsigned places_differ(const SOME &one, const SOME &other)
{
    return one.c.difference(other.c) | (unsigned)(one.left ^ other.left);
}
#endif

#ifdef TRIPLICATION
// What two of three say.
__device__ __forceinline__ unsigned majority(unsigned a, unsigned b, unsigned c)
{
    return (a & b) | (a & c) | (b & c);
}

// Computes elements once more that two passes have computed, by this thread alone, and decides
// which values are stored, and where.  Bit u * ACROSS + v of `wrong` is that of an element.
template <class WAY, bool WHOLE_C, int UP, int ACROSS>
__device__ __forceinline__ void decide(const Given &given, unsigned wrong,
                                       Pass<WHOLE_C, UP, ACROSS> &one,
                                       const Pass<WHOLE_C, UP, ACROSS> &other)
{
    const Tile<WAY::HEIGHT, WAY::WIDTH> tile(given, -given.zero);
    int y = WAY::y(tile.t), x = WAY::x(tile.t);
    int rows = tile.m - y, columns = tile.n - x;
    const Place<WHOLE_C> c = tile.template in_c<WHOLE_C>(given, y, x);
    size_t first = (size_t)one.c.p, second = (size_t)other.c.p, third = (size_t)c.p;
    one.c.p = (float *)((first & second) | (first & third) | (second & third));
    one.rows = majority(one.rows, other.rows, rows);
    one.columns = majority(one.columns, other.columns, columns);
#pragma unroll 1
    for (int e = 0; e < UP * ACROSS; ++e) {
        int u = e / ACROSS, v = e % ACROSS;
        if (!(wrong >> e & 1) || u >= rows || v >= columns) continue;
        Place<false> a = tile.template in_a<false>(given, y + u, 0);
        Place<false> b = tile.template in_b<false>(given, 0, x + v);
        float sum = 0;
#pragma unroll 1
        for (int k = 0; k < given.K; ++k, a.step(1), b.step(given.LDB))
            sum = fmaf(load1(a, true), load1(b, true), sum);
        Place<false> word = tile.template in_c<false>(given, y + u, x + v);
        unsigned value = __float_as_uint(total(given, load1(word, true), sum));
        bool decided = false;
#pragma unroll
        for (int i = 0; i < UP * ACROSS; ++i) {
            float &mine = one.sums[i / ACROSS][i % ACROSS];
            unsigned a = __float_as_uint(mine);
            unsigned b = __float_as_uint(other.sums[i / ACROSS][i % ACROSS]);
            if (i != e) continue;
            decided = a == b || a == value || b == value;
            if (decided) mine = __uint_as_float(majority(a, b, value));
        }
        atomicAdd(given.report + decided, 1);
    }
}
#endif

template <class WAY, bool WHOLE, bool WHOLE_C>
__device__ __forceinline__ void compute(typename WAY::Shared &shared, const Given &given)
{
    constexpr int UP = WAY::TALL, ACROSS = WAY::WIDE;
    typedef Part<WHOLE_C, UP, ACROSS> Some;
    Pass<WHOLE_C, UP, ACROSS> found;
    WAY::template pass<WHOLE>(shared, given, 0, found);
#ifdef TWICE
    unsigned wrong = 0;
    Pass<WHOLE_C, UP, ACROSS> again;
    // The last slice of the first pass may be read still.
    __syncthreads();
    WAY::template pass<WHOLE>(shared, given, given.zero, again);
#endif
#pragma unroll
    for (int u = 0; u < UP; ++u)
#pragma unroll
        for (int v = 0; v < ACROSS; v += Some::COUNT) {
            const Some some(found, given.LDC, u, v);
            float *values = found.sums[u] + v;
            some.totals(given, values, values);
#ifdef TWICE
            const Some twin(again, given.LDC, u, v);
            float *others = again.sums[u] + v;
            twin.totals(given, others, others);
            unsigned elsewhere = places_differ(some, twin);
#pragma unroll
            for (int i = 0; i < Some::COUNT; ++i) {
                unsigned bits = __float_as_uint(values[i]) ^ __float_as_uint(others[i]);
                bool there = max(some.left, twin.left) > i;
#ifdef DUPLICATION
                wrong |= there ? bits | elsewhere : 0;
#else
                wrong |= (unsigned)(there & ((bits | elsewhere) != 0)) << (u * ACROSS + v + i);
#endif
            }
#endif
#ifndef TRIPLICATION
            some.put(values);
#endif
        }
#ifdef DUPLICATION
    report(given.report, wrong != 0);
#endif
#ifdef TRIPLICATION
    if (wrong) decide<WAY>(given, wrong, found, again);
#pragma unroll
    for (int u = 0; u < UP; ++u)
#pragma unroll
        for (int v = 0; v < ACROSS; v += Some::COUNT)
            Some(found, given.LDC, u, v).put(found.sums[u] + v);
#endif
}

// Whether rows of so many words, of which the first begins `at` words behind `p` and each `leading`
// words behind the one before, can be read and written 128 bits at a time.
__device__ __forceinline__ bool aligned(const float *p, size_t at, int words, int leading)
{
    size_t address = (size_t)(p + at);
#ifdef BOUNDS
    // Places are counted from the pointer.
    address |= (size_t)p;
#endif
    return (((unsigned)address & 15) | (words & 3) | (leading & 3)) == 0;
}

// A product in tiles: the way of 128 bits where all three matrices allow it.
template <int ROWS, int COLUMNS, int STEP, int UP, int ACROSS>
__device__ __forceinline__ void tiles(const Given &given)
{
    typedef Tiles<ROWS, COLUMNS, STEP, UP, ACROSS> Way;
    __shared__ typename Way::Shared shared;
    int row = blockIdx.y * ROWS, column = blockIdx.x * COLUMNS, n = given.N - column;
    size_t batch = blockIdx.z;
    if (aligned(given.A, batch * given.SKIPA + (size_t)row * given.LDA, given.K, given.LDA) &&
        aligned(given.B, batch * given.SKIPB + column, n, given.LDB) &&
        aligned(given.C, batch * given.SKIPC + (size_t)row * given.LDC + column, n, given.LDC))
        compute<Way, true, true>(shared, given);
    else
        compute<Way, false, false>(shared, given);
}

// A product column by column.
template <int ROWS, int STEP> __device__ __forceinline__ void columns(const Given &given)
{
    typedef Columns<ROWS, STEP> Way;
    __shared__ typename Way::Shared shared;
    int row = blockIdx.y * ROWS;
    size_t batch = blockIdx.z;
    if (aligned(given.A, batch * given.SKIPA + (size_t)row * given.LDA, given.K, given.LDA))
        compute<Way, true, false>(shared, given);
    else
        compute<Way, false, false>(shared, given);
}

#ifdef TWICE
#define GIVEN_REPORT , ZERO, REPORT
#else
#define GIVEN_REPORT
#endif
#ifdef RANGE
#define GIVEN_RANGE , LOW, HIGH
#else
#define GIVEN_RANGE
#endif
#ifdef BOUNDS
#define GIVEN_BOUNDS , WORDS_A, WORDS_B, WORDS_C
#else
#define GIVEN_BOUNDS
#endif
#define KERNEL(NAME, THREADS, COMPUTE)                                                             \
    extern "C" __global__ void __launch_bounds__(THREADS)                                          \
        NAME(int COUNT, int M, int N, int K, float *A, int LDA, float *B, int LDB, float *C,       \
             int LDC, int SKIPA, int SKIPB,                                                        \
             int SKIPC TRAILING_REPORT TRAILING_RANGE TRAILING_BOUNDS)                             \
    {                                                                                              \
        if (blockIdx.z < COUNT)                                                                    \
            COMPUTE({M, N, K, A, LDA, B, LDB, C, LDC, SKIPA, SKIPB,                                \
                     SKIPC GIVEN_REPORT GIVEN_RANGE GIVEN_BOUNDS});                                \
    }

KERNEL(sgemm_64x128_kernel, 256, (tiles<64, 128, 16, 8, 4>))
KERNEL(sgemm_32x32_kernel, 64, (tiles<32, 32, 16, 4, 4>))
KERNEL(sgemm_1x128_kernel, 32, (tiles<1, 128, 8, 1, 4>))
KERNEL(sgemm_128x1_kernel, 128, (columns<128, 16>))
