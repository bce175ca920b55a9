// What makes a hardened kernel of a plain one.  A hardened source says once what a thread computes
// and stores; which techniques guard it is chosen when it is compiled: DUPLICATION or TRIPLICATION,
// RANGE, BOUNDS, in any combination.
//
//     extern "C" __global__ void kernel(int n, float *x HARDENED WORDS(x))
//     {
//         Span<float> X = SPAN(x);
//         harden<1>(HARDENING, [=](auto) { return n; }, [=](auto, int i, auto &sink) {
//             sink.store(0, X, i, 2.f * X[i]);
//         });
//     }
//
// The body runs once, or twice, or thrice; each time it stores into a sink, naming each of its
// stores by a number from 0.  The techniques' parameters are behind the kernel's own, in the order
//
//     DUPLICATION, TRIPLICATION  int ZERO, unsigned *REPORT
//     RANGE                      float LOW, float HIGH
//     BOUNDS                     int WORDS_p for each pointer p: the words from where it points on
//
// variants.cu includes a source once for each variant, so there is no #pragma once.
#undef COPIES
#undef COPIED_PARAMETERS
#undef COPIED_VALUES
#undef RANGE_PARAMETERS
#undef RANGE_VALUES
#undef WORDS
#undef SPAN
#undef HARDENED
#undef HARDENING

#if defined(TRIPLICATION)
#define COPIES 3
#elif defined(DUPLICATION)
#define COPIES 2
#else
#define COPIES 1
#endif

#if COPIES > 1
#define COPIED_PARAMETERS , int ZERO, unsigned *REPORT
#define COPIED_VALUES ZERO, REPORT
#else
#define COPIED_PARAMETERS
#define COPIED_VALUES 0, nullptr
#endif

#ifdef RANGE
#define RANGE_PARAMETERS , float LOW, float HIGH
#define RANGE_VALUES , LOW, HIGH
#else
#define RANGE_PARAMETERS
#define RANGE_VALUES , 0.f, 0.f
#endif

#ifdef BOUNDS
#define WORDS(POINTER) , int WORDS_##POINTER
#define SPAN(POINTER) {POINTER, WORDS_##POINTER}
#else
#define WORDS(POINTER)
#define SPAN(POINTER) {POINTER}
#endif

#define HARDENED COPIED_PARAMETERS RANGE_PARAMETERS
#define HARDENING Hardening{COPIED_VALUES RANGE_VALUES}

struct Hardening {
    int zero;
    unsigned *report;
    float low, high;
};

enum Count { DETECTED, CORRECTED };

__device__ __forceinline__ unsigned bits(float value) { return __float_as_uint(value); }

__device__ __forceinline__ unsigned bits(int value) { return (unsigned)value; }

__device__ __forceinline__ float word_as(unsigned word, const float *) { return __uint_as_float(word); }

__device__ __forceinline__ int word_as(unsigned word, const int *) { return (int)word; }

// Stores a word, with BOUNDS only if it is held, else always.
__device__ __forceinline__ void store_word(size_t address, unsigned word, bool held)
{
#ifdef BOUNDS
    asm volatile("{ .reg .pred p; setp.ne.s32 p, %2, 0; @p st.global.b32 [%0], %1; }"
                 :: "l"(address), "r"(word), "r"((int)held) : "memory");
#else
    *(unsigned *)__cvta_global_to_generic(address) = word;
#endif
}

// A buffer from where a parameter points on.  With BOUNDS it is a word's very address that is looked
// at, right before the access, so that a fault anywhere before counts: whether it lies within the
// words, of which there are less than 2^30, and is a multiple of 4.
template <class T>
struct Span {
    T *first;
#ifdef BOUNDS
    int words;
#endif

    // Where a word lies.  The compiler may not see where that comes from, lest it looks at, or
    // compares between copies, the place instead of the address.
    template <class Place>
    __device__ __forceinline__ size_t at(Place place) const
    {
        size_t address = __cvta_generic_to_global(first + place);
        asm volatile("" : "+l"(address));
        return address;
    }

    __device__ __forceinline__ bool holds(size_t address) const
    {
#ifdef BOUNDS
        size_t offset = address - __cvta_generic_to_global(first);
        unsigned low = (unsigned)offset, high = (unsigned)(offset >> 32);
        return ((low & 3) | high) == 0 & low < 4u * words;
#else
        return true;
#endif
    }

    // The word; with BOUNDS 0 for one outside.
    template <class Place>
    __device__ __forceinline__ T operator[](Place place) const
    {
#ifdef BOUNDS
        size_t address = at(place);
        unsigned word;
        asm volatile("{ .reg .pred p; setp.ne.s32 p, %2, 0; mov.b32 %0, 0;"
                     "@p ld.global.b32 %0, [%1]; }"
                     : "=r"(word)
                     : "l"(address), "r"((int)holds(address))
                     : "memory");
        return word_as(word, first);
#else
        return first[place];
#endif
    }
};

// What is stored in place of a value: with RANGE a float within the limits, LOW for a NaN; a
// negative zero counts as less than a positive one.
__device__ __forceinline__ float limited(float value, const Hardening &hardening)
{
#ifdef RANGE
    return fminf(fmaxf(value, hardening.low), hardening.high);
#else
    return value;
#endif
}

__device__ __forceinline__ int limited(int value, const Hardening &) { return value; }

// A sink that stores at once.
struct Direct {
    const Hardening &hardening;

    template <class T, class Place>
    __device__ __forceinline__ void store(int number, Span<T> to, Place place, T value)
    {
        keep(number, to, place, limited(value, hardening));
    }

    // Stores what a later store of the same thread replaces, to which limits do not apply.
    template <class T, class Place>
    __device__ __forceinline__ void keep(int, Span<T> to, Place place, T value)
    {
#ifdef BOUNDS
        size_t address = to.at(place);
        store_word(address, bits(value), to.holds(address));
#else
        to.first[place] = value;
#endif
    }
};

// A sink that keeps up to STORES stores: where to, and which word.
template <int STORES>
struct Kept {
    Hardening hardening;
    size_t where[STORES];
    unsigned word[STORES];
    bool held[STORES];

    __device__ __forceinline__ Kept(const Hardening &hardening) : hardening(hardening) {}

    template <class T, class Place>
    __device__ __forceinline__ void store(int number, Span<T> to, Place place, T value)
    {
        keep(number, to, place, limited(value, hardening));
    }

    template <class T, class Place>
    __device__ __forceinline__ void keep(int number, Span<T> to, Place place, T value)
    {
        where[number] = to.at(place);
        word[number] = bits(value);
        held[number] = to.holds(where[number]);
    }

    __device__ __forceinline__ bool differs(const Kept &other) const
    {
        bool so = false;
#pragma unroll
        for (int i = 0; i < STORES; ++i)
            so |= where[i] != other.where[i] || word[i] != other.word[i];
        return so;
    }

    __device__ __forceinline__ void make() const
    {
#pragma unroll
        for (int i = 0; i < STORES; ++i) store_word(where[i], word[i], held[i]);
    }
};

// Which of the copies a body computes.  All are the same, but the compiler cannot know that ZERO is
// 0, so it cannot compute for two copies at once what depends on the thread, or on own(parameter).
template <int NUMBER>
struct Copy {
    int zero;

    // A parameter from which the body computes something that no thread's number is part of.
    __device__ __forceinline__ int own(int parameter) const
    {
        return NUMBER == 0 ? parameter : NUMBER == 1 ? parameter + zero : parameter ^ zero;
    }

    __device__ __forceinline__ float own(float parameter) const
    {
        return __int_as_float(own(__float_as_int(parameter)));
    }

    // The thread's number along x, and in its launch: a grid of more than 65,535 blocks is folded
    // into x and y.
    __device__ __forceinline__ int along_x() const
    {
        return (int)block_x() * own((int)blockDim.x) + (int)thread_x();
    }

    __device__ __forceinline__ int thread() const
    {
        return (int)(block_x() + block_y() * own((int)gridDim.x)) * own((int)blockDim.x)
             + (int)thread_x();
    }

private:
#if COPIES > 1
    // Volatile, so that each copy reads its own.
#define READ(NAME, REGISTER) \
    __device__ __forceinline__ unsigned NAME() const \
    { \
        unsigned value; \
        asm volatile("mov.u32 %0, %%" REGISTER ";" : "=r"(value)); \
        return value; \
    }
    READ(block_x, "ctaid.x")
    READ(block_y, "ctaid.y")
    READ(thread_x, "tid.x")
#undef READ
#else
    __device__ __forceinline__ unsigned block_x() const { return blockIdx.x; }
    __device__ __forceinline__ unsigned block_y() const { return blockIdx.y; }
    __device__ __forceinline__ unsigned thread_x() const { return threadIdx.x; }
#endif
};

// What numbers a launch's threads: all of them, or those along x only.
struct AlongAll {
    template <class Copy>
    __device__ __forceinline__ int operator()(Copy copy) const { return copy.thread(); }
};

struct AlongX {
    template <class Copy>
    __device__ __forceinline__ int operator()(Copy copy) const { return copy.along_x(); }
};

// Runs a body of STORES stores a thread in the threads whose number is below a count.
template <int STORES, class Number = AlongAll, class Threads, class Body>
__device__ __forceinline__ void harden(const Hardening &hardening, Threads threads, Body body)
{
    Number number;
    Copy<0> one{0};
    int i = number(one);
#if COPIES == 1
    if (i >= threads(one)) return;
    Direct sink{hardening};
    body(one, i, sink);
#else
    Copy<1> other{hardening.zero};
    int j = number(other);
    if (i >= threads(one) && j >= threads(other)) return;
    Kept<STORES> first(hardening), second(hardening);
    body(one, i, first);
    body(other, j, second);
    if (__builtin_expect(first.differs(second), 0)) {
        Count count = DETECTED;
#ifdef TRIPLICATION
        Copy<2> last{hardening.zero};
        Kept<STORES> third(hardening);
        body(last, number(last), third);
        if (!third.differs(first) || !third.differs(second)) count = CORRECTED;
        first = third;
#endif
        atomicAdd(hardening.report + count, 1);
        // What the compiler sees no sense in keeps it from joining the two ways before the store.
        asm volatile("");
        first.make();
        asm volatile("");
        return;
    }
    first.make();
#endif
}

// The copies of a body that stores as often as its loops say, one step after the other.  State is
// what such a copy is at: its own loops' numbers and what it has computed.
template <class State>
struct Walk {
    const Hardening &hardening;
    State copies[COPIES];
    bool detected = false, corrected = false;

    template <class Begin>
    __device__ __forceinline__ Walk(const Hardening &hardening, Begin begin) : hardening(hardening)
    {
        copies[0] = begin(Copy<0>{0});
#if COPIES > 1
        copies[1] = begin(Copy<1>{hardening.zero});
#endif
#if COPIES > 2
        copies[2] = begin(Copy<2>{hardening.zero});
#endif
    }

    // Whether to go on: of two copies either, so that a difference is found; of three most.
    template <class Test>
    __device__ __forceinline__ bool any(Test test) const
    {
#if COPIES == 1
        return test(copies[0]);
#elif COPIES == 2
        return test(copies[0]) | test(copies[1]);
#else
        bool a = test(copies[0]), b = test(copies[1]), c = test(copies[2]);
        return (a & b) | (b & c) | (a & c);
#endif
    }

    template <class Step>
    __device__ __forceinline__ void each(Step step)
    {
#pragma unroll
        for (int i = 0; i < COPIES; ++i) step(copies[i]);
    }

    // Makes the stores that every copy puts into its sink.
    template <int STORES, class Put>
    __device__ __forceinline__ void store(Put put)
    {
#if COPIES == 1
        Direct sink{hardening};
        put(copies[0], sink);
#else
        Kept<STORES> first(hardening), second(hardening);
        put(copies[0], first);
        put(copies[1], second);
        bool differ = first.differs(second);
#if COPIES == 2
        detected |= differ;
#else
        Kept<STORES> third(hardening);
        put(copies[2], third);
        if (__builtin_expect(differ, 0)) {
            if (third.differs(first) && third.differs(second)) detected = true;
            else corrected = true;
            first = third;
        }
#endif
        first.make();
#endif
    }

    // Adds to the report what was found.
    __device__ __forceinline__ void finish() const
    {
#if COPIES > 1
        if (detected) atomicAdd(hardening.report + DETECTED, 1);
        else if (corrected) atomicAdd(hardening.report + CORRECTED, 1);
#endif
    }
};
