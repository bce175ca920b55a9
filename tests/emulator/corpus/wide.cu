// What Blackwell has instructions of its own for: 64-bit integers in pairs of registers, minima of
// three floats, arithmetic on the uniform datapath; and products that are scaled.
typedef long long L;
typedef unsigned long long U;
#define OF(name, type, expression) \
    extern "C" __global__ void name##_k(L *out, const L *a, const L *b, int n) { \
        int i = blockIdx.x * blockDim.x + threadIdx.x; \
        if (i < n) { type x = (type)a[i], y = (type)b[i]; out[i] = (L)(expression); } \
    }

OF(less_one, L, x - 1)
OF(plus_word, L, x + 0xfffffff0ll)
OF(plus_long, L, x + 0x123456789abcll)
OF(negative, L, -x)
OF(three, L, x - y - 0x40)
OF(from_constant, L, 0x40 - x)
OF(least, L, min(x, y))
OF(most, L, max(x, y))
OF(least_u, U, min(x, y))
OF(most_u, U, max(x, y))
OF(clamp, L, min(max(x, -7ll), 7ll))
OF(clamp_long, L, min(max(x, -0x123456789abll), 0x123456789abll))
OF(absolute, L, llabs(x))
OF(compared, L, (x < y) | (U)x >> 1 > (U)y << 1 ? 1 : (x != -5) << 1 | (x > 0x1234567890ll) << 2)
OF(compared_u, U, (x >= y) | (x > 0xfffffff0ull) << 1 | (x == 7) << 2 | (x <= -7ull) << 3)
OF(either, L, x < 0 && y > 3 || x == y ? x : y)
OF(first_not, U, x > y != (x & 1) ? x : 5ull)
OF(mean, L, (x & y) + ((x ^ y) >> 1))
OF(saturated, L, ((x ^ x + y) & (y ^ x + y)) < 0 ? (x < 0 ? -0x8000000000000000ll : 0x7fffffffffffffffll) : x + y)

// What all threads of a block share.
#define SHARED(name, body) \
    extern "C" __global__ void name##_k(L *out, const L *a, const L *b, int n) { \
        int i = blockIdx.x * blockDim.x + threadIdx.x; \
        L s = (L)n << 33 | blockIdx.x; \
        U u = (U)s * 0x9e3779b97f4a7c15ull; \
        body \
        if (i < n) out[i] = s + a[i]; \
    }

SHARED(shared_sum, for (int k = 0; k < n; k += 7) { s += (L)u - 0x40; u ^= u << 13; })
SHARED(shared_choice, L t = (L)u; s = t < s ? t - s : max(s, (L)(u >> 3)); if (u > 1ull << 62) s += 3; )
SHARED(shared_rows, const L *row = b; for (int k = 0; k < n / 8; k++) { s += row[k & 3]; row += 4; })
SHARED(shared_floats, float f = (float)n; for (int k = 0; k < 5; k++) f = fmaxf(f * 0.75f + (float)k, 2.5f); s += (L)f; )
SHARED(shared_divide, s = (n * 7 + blockIdx.x) / (unsigned)(n - 3) + (L)((unsigned)n % (blockIdx.x + 3)); )

#define FLOAT(name, expression) \
    extern "C" __global__ void name##_k(L *out, const L *a, const L *b, int n) { \
        int i = blockIdx.x * blockDim.x + threadIdx.x; \
        if (i < n) { \
            float x = __int_as_float((int)a[i]), y = __int_as_float((int)b[i]); \
            float z = __int_as_float((int)(a[i] >> 32)); \
            out[i] = __float_as_uint(expression); \
        } \
    }

FLOAT(least_of_three, fminf(fminf(x, y), z))
FLOAT(most_of_three, fmaxf(fmaxf(x, -y), fabsf(z)))
FLOAT(relu_of_two, fmaxf(fmaxf(x, 0.f), y))
FLOAT(half_product, x * y * 0.5f)
FLOAT(eighth_product, (x * y) * 0.125f)
FLOAT(twice_product, x * y * 2.f)
FLOAT(four_products, (x * -y) * 4.f)
